"""Pages: making a story of many operations and its page, opening it in a browser, panning over it.

Needs a browser (chromium, or the one that ADJOINT_BROWSER names) and playwright. Opening is measured from the start
of the navigation to the first frame with the graph in it; panning by the frames that a browser without a graphics
card draws while the graph moves by a few pixels in each.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import _harness
import numpy as np

import adjoint as ad
import adjoint.numpy as anp
from adjoint.view.page import player_script, player_style, story_page

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
READY = (
    "() => document.querySelector('.graph') && document.querySelector('.graph [data-node], .graph [data-group],"
    " canvas:not([hidden])') && performance.now()"
)
#: Drags the graph for two seconds and tells the time of each frame.
PAN = """() => new Promise((done) => {
  const graph = document.querySelector(".graph");
  const box = graph.getBoundingClientRect();
  const times = [];
  let x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  const send = (name) => graph.dispatchEvent(new PointerEvent(name, {
    bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, pointerType: "mouse", button: 0, buttons: 1,
    clientX: x, clientY: y }));
  send("pointerdown");
  const frame = (at) => {
    times.push(at);
    x += 7 * (Math.floor(times.length / 30) % 2 ? -1 : 1);
    send("pointermove");
    if (at - times[0] < 2000) requestAnimationFrame(frame);
    else { send("pointerup"); done(times); }
  };
  requestAnimationFrame(frame);
})"""


def cell(h: Any, x: Any, w: Any) -> Any:
    """A step of a small recurrent cell: eight operations."""
    a = w[0] * h + w[1] * x
    b = anp.tanh(a + w[2])
    return b * b + h


def layer(h: Any, xs: Any, w: Any) -> Any:
    """A run of cells."""
    for x in xs:
        h = cell(h, x, w)
    return h


def network(h: Any, w: Any, steps: int = 1250) -> Any:
    """About ten operations a step, in groups of a few dozen steps."""
    xs = np.linspace(-1.0, 1.0, steps).tolist()
    for start in range(0, steps, 25):
        h = layer(h, xs[start : start + 25], w)
    return h


def main() -> None:
    """Prints a table."""
    asked = _harness.options(__doc__, operations=10_000)
    path = os.environ.get("ADJOINT_BROWSER") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        sys.exit("no browser is found: install chromium, or name one with ADJOINT_BROWSER.")
    from playwright.sync_api import sync_playwright

    rows: list[tuple[str, str]] = [
        ("viewer, scripts and styles", f"{len((player_script() + player_style()).encode()) / 1000:.0f} KB")
    ]
    rounds = max(1, min(asked.rounds, 5))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        for count in (20, asked.operations, 10 * asked.operations):
            began = perf_counter()
            story = ad.explain(network)(0.5, [0.3, -0.7, 0.1], max(1, count // 8))
            document = story.to_dict()
            made = perf_counter() - began
            nodes = len(document["nodes"])
            for form in ("as it opens", "all groups open") if count == asked.operations else ("as it opens",):
                if form == "all groups open":
                    for group in document["groups"]:
                        group["open"] = True
                text = story_page(document)
                place = Path(folder) / "page.html"
                place.write_text(text, encoding="utf-8")
                opened, frames = [], []
                for _ in range(rounds):
                    page = browser.new_page(viewport={"width": 1440, "height": 900})
                    page.goto(place.as_uri())
                    opened.append(page.wait_for_function(READY).json_value())
                    times = page.evaluate(PAN)
                    frames.append(1000 * (len(times) - 1) / (times[-1] - times[0]))
                    page.close()
                name = f"{nodes:,} nodes, {form}"
                rows.append((f"{name}: story made", f"{made:.2f} s"))
                rows.append((f"{name}: size of the page", f"{len(text.encode()) / 1e6:.2f} MB"))
                rows.append((f"{name}: opened", f"{statistics.median(opened) / 1000:.2f} s"))
                rows.append((f"{name}: panning", f"{statistics.median(frames):.0f} frames a second"))
        browser.close()
    print("| what | measured |\n|---|---|")
    for what, measured in rows:
        print(f"| {what} | {measured} |")


if __name__ == "__main__":
    main()
