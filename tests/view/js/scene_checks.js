// What must not happen in a scene, as sentences; put in front of what a test runs. Lanes stand beside the middle of a
// wire by at most WIDEST, so a wire is taken to be that wide.
const WIDEST = 7.5;
const SHAPES = new Set(["op", "group", "variable", "root", "const"]);
const overlaps = (a, b) =>
  a.x < b.x + b.w - 0.01 && b.x < a.x + a.w - 0.01 && a.y < b.y + b.h - 0.01 && b.y < a.y + a.h - 0.01;
const said = (box, scene) => `${box.kind} ${JSON.stringify(box.text)} of ${scene.visible.items[box.item].key}`;
function faults(scene) {
  const found = [];
  const boxes = scene.boxes.flat().sort((a, b) => a.x - b.x);
  boxes.forEach((box, i) => {
    if (box.x < -0.01 || box.y < -0.01 || box.x + box.w > scene.width + 0.01 || box.y + box.h > scene.height + 0.01)
      found.push(`${said(box, scene)} outside`);
    for (let k = i + 1; k < boxes.length && boxes[k].x < box.x + box.w; k++)
      if (overlaps(box, boxes[k])) found.push(`${said(box, scene)} on ${said(boxes[k], scene)}`);
  });
  const level = [];
  scene.wires.forEach((wire, index) => {
    const ends = new Set([wire.item, wire.run < 0 ? wire.item : scene.visible.ends[wire.run][1]]);
    const points = samplePath(wire.path).map(([u, v]) => (scene.flip ? [v, u] : [u, v]));
    const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    const around = {x: Math.min(...xs) - WIDEST, y: Math.min(...ys) - WIDEST};
    around.w = Math.max(...xs) + WIDEST - around.x;
    around.h = Math.max(...ys) + WIDEST - around.y;
    for (const box of [...boxes, ...scene.frames.filter(() => !scene.flip).map((f) => ({...f.tab, kind: "tab", item: -1}))]) {
      if (box === wire.pill || box.kind === "dot" || !overlaps(box, around)) continue;
      let reach = SHAPES.has(box.kind) && ends.has(box.item) ? 0 : WIDEST;
      if (box.kind === "branch") reach = box.item === wire.item ? 0 : 3;
      const [dx, dy] = scene.flip ? [reach, 0] : [0, reach];
      const inside = ([x, y]) => x + 0.01 > box.x - dx && x < box.x + box.w + dx - 0.01 && y > box.y - dy + 0.01 && y < box.y + box.h + dy - 0.01;
      const edge = ([x, y]) => x <= box.x + 0.02 || x >= box.x + box.w - 0.02 || y <= box.y + 0.02 || y >= box.y + box.h - 0.02;
      if (points.some((p) => inside(p) && !(reach === 0 && edge(p))))
        found.push(`wire ${index} from ${scene.visible.items[wire.item].key} through ${box.kind} ${box.item < 0 ? "" : said(box, scene)}`);
    }
    for (const c of wire.path) if (isLevel(c) && c[6] - c[0] > 4) level.push([c[1], c[0], c[6], index]);
  });
  level.sort((a, b) => a[0] - b[0]);
  level.forEach(([v, from, to, index], i) => {
    for (let k = i + 1; k < level.length && level[k][0] - v < 9; k++)
      if (level[k][3] !== index && Math.min(to, level[k][2]) - Math.max(from, level[k][1]) > 1)
        found.push(`wires ${index} and ${level[k][3]} together at ${v}`);
  });
  for (const f of scene.frames)
    for (const other of scene.frames)
      if (f !== other && overlaps(f, other) && !(inFrame(f, other) || inFrame(other, f))) found.push(`frames ${f.group} and ${other.group}`);
  for (const f of scene.frames)
    for (const box of boxes)
      if (overlaps(f, box) && !inFrame(f, box)) found.push(`frame ${f.group} cuts ${said(box, scene)}`);
  return found;
}
const inFrame = (f, b) => b.x >= f.x && b.y >= f.y && b.x + b.w <= f.x + f.w && b.y + b.h <= f.y + f.h;
const opened = (groups, how) => new Set(groups.filter((g, i) => how === "all" || (how === "some" && i % 2 === 0)).map((g) => g.id));
