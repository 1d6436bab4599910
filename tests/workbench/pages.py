"""What the tests of the workbench's page share: a server that is started and ended, and a page that is read."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: The picture itself is the player's, whose own tests look at it.
AXE = """async () => (await axe.run({exclude: [[".graph"]]}, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})).violations"""
WAIT = 15.0


class Server:
    """A workbench in a process of its own, on a port that was free."""

    def __init__(self, folder, *arguments):
        self.out = folder / "out.txt"
        settings = {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "adjoint", "workbench", "--no-browser", *arguments],
                env=os.environ | settings, stdout=out, stderr=out, cwd=folder,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while "Ctrl-C" not in self.out.read_text():
            assert self.process.poll() is None, self.out.read_text()
            assert time.monotonic() < deadline, self.out.read_text()
            time.sleep(0.05)
        self.address = re.search(r"http://\S+", self.out.read_text())[0]
        self.origin = self.address.partition("/?")[0]

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=30)


@contextlib.contextmanager
def started(folder, *arguments):
    """A server for as long as the block runs."""
    running = Server(folder, *arguments)
    try:
        yield running
    finally:
        running.end()


class Bench:
    """An open page of the workbench, and what can be read from it."""

    def __init__(self, browser, server, fragment="", **settings):
        settings.setdefault("viewport", {"width": 1440, "height": 900})
        settings.setdefault("reduced_motion", "reduce")
        self.context = browser.new_context(**settings)
        self.page = self.context.new_page()
        self.origin, self.requests, self.complaints = server.origin, [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(server.address + fragment)
        self.ready()

    def ready(self):
        self.page.locator(".graph [data-node]").first.wait_for(state="attached")
        self.until(lambda: self.page.title() != "adjoint workbench")

    def close(self):
        """Closes the page, which must have asked only its server and had nothing to complain of."""
        outside = [url for url in self.requests if not url.startswith((self.origin + "/", "blob:", "data:"))]
        self.context.close()
        assert outside == []
        assert self.complaints == []

    def until(self, holds):
        deadline = time.monotonic() + WAIT
        while not holds():
            assert time.monotonic() < deadline, "it did not come true"
            self.page.wait_for_timeout(40)

    def typed(self):
        return self.page.locator("input.w-typed").input_value()

    def line(self):
        return self.page.locator(".w-line").inner_text()

    def type(self, text):
        self.page.locator("input.w-typed").fill(text)

    def set(self, name, text, exact=True):
        """Types another number for an input."""
        box = self.page.locator(".w-inputs").get_by_label(name, exact=exact).first
        box.fill(text)
        box.press("Enter")

    def tab(self, name):
        self.page.get_by_role("tab", name=name, exact=True).click()

    def selected(self):
        return self.page.locator(".w-tablist [aria-selected=true]").inner_text()

    def violations(self, axe):
        """What axe-core finds: the rules, and where they are broken."""
        self.page.evaluate(axe)
        return [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in self.page.evaluate(AXE)]

    def numbers(self):
        """The inputs beside the picture, by name."""
        return self._rows("row.querySelector('input').value")

    def gradients(self):
        """Their gradients."""
        return self._rows("row.querySelector('.w-grad').textContent")

    def _rows(self, what):
        script = f"rows => rows.map((row) => [row.querySelector('.w-name').textContent, {what}])"
        found = self.page.locator(".w-list > li > .w-number").evaluate_all(script)
        return {name: float(text.replace("−", "-").replace(" …", "")) for name, text in found}
