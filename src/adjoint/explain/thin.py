"""The document of a large story without what follows from the rest of it, and the way back.

Most of a large document repeats itself: the number of a node in its list, its symbol, the parts of a
backward step, which are the edges that come in, and what each passes back, which is the product of two
numbers that stand elsewhere. ``thinned`` leaves out what ``filled`` would put there (and nothing else: it
compares). The page does what ``filled`` does, in ``view/player/thin.js``. ``docs/story.md`` has the rules.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import zip_longest
from typing import Any

Table = dict[str, Any]


def thinned(whole: Mapping[str, Any]) -> Table:
    """The same document with ``thin`` set, without what follows from the rest of it."""
    found = dict(whole)
    found["thin"] = True
    specs = Counter(node["spec"] for node in whole["nodes"])
    found["spec"] = specs.most_common(1)[0][0] if specs else ""
    found["symbols"] = {}
    nodes = whole["nodes"]
    found["nodes"] = [_thin_node(node, found) for node in nodes]
    found["edges"] = [_thin_edge(edge, nodes) for edge in whole["edges"]]
    if all(step == known for step, known in zip_longest(whole["forward"], _forward(nodes))):
        found["forward"] = []
    if all(_same_bytes(kept, known) for kept, known in zip_longest(whole["memory"], _memory(nodes))):
        found["memory"] = []
    found["backward"] = _thin_steps(whole)
    return found


def filled(thin: Mapping[str, Any]) -> Table:
    """The document with everything that ``thinned`` left out; one that is whole comes back as it is."""
    found = dict(thin)
    if not found.pop("thin", False):
        return found
    spec = found.pop("spec")
    symbols = found.pop("symbols")
    nodes = []
    for i, given in enumerate(thin["nodes"]):
        node = {"id": i, "kind": "op" if "op" in given else "const", "spec": spec, **given}
        if node["kind"] == "op":
            symbol, gate = symbols[node["op"]]
            node = {"role": "intermediate", "symbol": symbol, "gate": gate, "saves": [], **node}
        nodes.append(node)
    edges = []
    for i, given in enumerate(thin["edges"]):
        edge = {"id": i, "slot": 0, **given}
        if edge.get("contrib") == "grad":
            edge["contrib"] = nodes[edge["src"]]["grad"]
        elif "contrib" not in edge and "local" in edge:
            edge["contrib"] = nodes[edge["dst"]]["grad"] * edge["local"]
        edges.append(edge)
    found["nodes"], found["edges"] = nodes, edges
    if not thin["forward"]:
        found["forward"] = list(_forward(nodes))
    if not thin["memory"]:
        found["memory"] = list(_memory(nodes))
    steps = _Steps(nodes, edges)
    found["backward"] = [steps.filled(step) for step in thin["backward"]]
    return found


class _Steps:
    """The backward steps as they follow from the edges, one after the other."""

    def __init__(self, nodes: list[Table], edges: list[Table]) -> None:
        self.nodes, self.edges = nodes, edges
        self.ins: dict[int, list[Table]] = {}
        self.uses: dict[int, int] = {}
        for edge in edges:
            if "contrib" in edge:
                self.ins.setdefault(edge["dst"], []).append(edge)
                self.uses[edge["src"]] = self.uses.get(edge["src"], 0) + 1
        self.sums: dict[int, Any] = {}

    def filled(self, step: Mapping[str, Any]) -> Table:
        """One step with its parts and what arrives; the totals of its inputs grow."""
        found = {"lines": [], **step}
        if "seed" in step:
            return found
        if "up" not in step:
            found["up"] = self.nodes[step["node"]]["grad"]
        given = step.get("parts")
        if given is None:
            found["parts"] = self.parts(step["node"])
        elif given and "edge" not in given[0]:
            # Only what does not follow stands there, part by part.
            found["parts"] = [part | more for part, more in zip(self.parts(step["node"]), given, strict=True)]
        self.passed(found["parts"])
        return found

    def passed(self, parts: list[Table]) -> None:
        """The totals after a step."""
        for part in parts:
            if part["of"] > 1:
                self.sums[self.edges[part["edge"]]["src"]] = part["sum"]

    def parts(self, gate: int) -> list[Table]:
        """What a gate passes back: one part for each of its inputs, in their order."""
        found = []
        sums: dict[int, Any] = {}
        for edge in self.ins.get(gate, ()):
            src, down = edge["src"], edge["contrib"]
            total = sums.get(src, self.sums.get(src))
            if total is None:
                total = down
            elif isinstance(total, Mapping | str) or isinstance(down, Mapping | str):
                # Arrays stand here as summaries, which do not add up: after the last branch it is the gradient.
                total = {key: kept for key, kept in self.nodes[src]["grad"].items() if key != "thumb"}
            else:
                total = total + down
            sums[src] = total
            part = {"edge": edge["id"], "down": down, "sum": total, "of": self.uses[src]}
            found.append({**part, "local": edge["local"]} if "local" in edge else part)
        return found


def _thin_node(node: Mapping[str, Any], found: Table) -> Table:
    given = dict(node)
    del given["id"]
    if given["kind"] in ("op", "const"):
        del given["kind"]
    if given["spec"] == found["spec"]:
        del given["spec"]
    if "op" in given:
        usual = found["symbols"].setdefault(given["op"], [given["symbol"], given["gate"]])
        for key, word in zip(("symbol", "gate"), usual, strict=True):
            if given[key] == word:
                del given[key]
        if given["role"] == "intermediate":
            del given["role"]
        if not given["saves"]:
            del given["saves"]
    return given


def _thin_edge(edge: Mapping[str, Any], nodes: list[Table]) -> Table:
    given = dict(edge)
    del given["id"]
    if not given["slot"]:
        del given["slot"]
    if "contrib" not in given:
        assert "local" not in given, "a local derivative stands only where a gradient passes"
        return given
    share, arrived = given["contrib"], nodes[given["dst"]].get("grad")
    if _plain(share) and _plain(arrived) and _plain(given.get("local")) and arrived * given["local"] == share:
        del given["contrib"]
    elif share == nodes[given["src"]].get("grad"):
        given["contrib"] = "grad"
    return given


def _plain(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _thin_steps(whole: Mapping[str, Any]) -> list[Table]:
    """The steps without what arrives and without parts, where both follow from nodes and edges."""
    steps = _Steps(whole["nodes"], whole["edges"])
    found = []
    for step in whole["backward"]:
        given = dict(step)
        if "seed" not in step:
            if step["up"] == whole["nodes"][step["node"]].get("grad"):
                del given["up"]
            more = _beyond(step["parts"], steps.parts(step["node"]))
            if more is not None:
                del given["parts"]
                if any(more):
                    given["parts"] = more
            steps.passed(step["parts"])
        if not given["lines"]:
            del given["lines"]
        found.append(given)
    return found


def _beyond(parts: list[Table], known: list[Table]) -> list[Table] | None:
    """What parts have beyond what follows, one by one; None where they say something else."""
    if len(parts) != len(known):
        return None
    if parts == known:
        return [{}] * len(parts)
    if any(part.get(key) != value for part, own in zip(parts, known, strict=True) for key, value in own.items()):
        return None
    return [{k: v for k, v in part.items() if k not in own} for part, own in zip(parts, known, strict=True)]


def _forward(nodes: list[Table]) -> Iterator[Table]:
    for i, node in enumerate(nodes):
        if node["kind"] == "op":
            yield {"node": i, "line": node["line"]} if "line" in node else {"node": i}


def _memory(nodes: list[Table]) -> Iterator[Table]:
    for i, node in enumerate(nodes):
        for kept in node.get("saves", ()):
            yield {"node": kept, "bytes": sum(map(_bytes, nodes[kept]["spec"].split())), "by": i, "why": ""}


@cache
def _bytes(spec: str) -> int:
    """How many bytes an array of this type and shape takes.

    >>> _bytes("f32[3,4]"), _bytes("f64[]"), _bytes("i16[0]")
    (48, 8, 0)
    """
    name, _, shape = spec.partition("[")
    width = 1 if name == "bool" else int("".join(filter(str.isdigit, name)) or 0) // 8
    return width * math.prod(int(n) for n in shape.rstrip("]").split(",") if n)


def _same_bytes(kept: Table | None, known: Table | None) -> bool:
    return kept is not None and known is not None and all(kept[key] == known[key] for key in ("node", "bytes", "by"))
