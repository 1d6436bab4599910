"""The player in a page, as tests speak to it: what it shows is read from the page, what it does is asked by keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

READ = """() => {
  const one = (place, query) => { const found = place.querySelector(query); return found ? found.textContent : ""; };
  const values = {}, gradients = {}, shares = {}, notes = {};
  for (const item of document.querySelectorAll(".graph .items [data-node]")) {
    const [value, gradient, note] = [one(item, ".value"), one(item, ".grad"), one(item, ".note")];
    if (value) values[item.dataset.node] = value;
    if (gradient) gradients[item.dataset.node] = gradient;
    if (note) notes[item.dataset.node] = note;
  }
  for (const wire of document.querySelectorAll(".graph [data-edge]")) {
    const share = one(wire, ".share");
    if (share) shares[wire.dataset.edge] = share;
  }
  const rows = Array.from(document.querySelectorAll("section.told tr[data-edge]"), (row) =>
    [Number(row.dataset.edge), ...["up", "local", "down"].map((what) => one(row, `[data-tile=${what}]`))]);
  const facts = {};
  for (const row of document.querySelectorAll("#panel-node .facts > div")) facts[one(row, "dt")] = one(row, "dd");
  const lines = Array.from(document.querySelectorAll(".code .line-button"), (line) =>
    [one(line, ".line-text"), one(line, ".line-value"), line.hasAttribute("aria-current")]);
  const table = Array.from(document.querySelectorAll("#panel-gradients tbody tr"), (row) =>
    Array.from(row.children, (cell) => cell.textContent));
  const range = document.querySelector(".transport input[type=range]");
  return {
    values, gradients, shares, notes, rows, facts, lines, table,
    heading: one(document, ".step-heading"), sentence: one(document, ".sentence"),
    equation: one(document, ".equation"), said: one(document, "[role=status].for-readers"),
    head: one(document, ".node-head h2"), at: Number(range.value), last: Number(range.max), where: range.ariaValueText,
    lit: Array.from(document.querySelectorAll(".formula .lit"), (part) => Number(part.getAttribute("data-n"))),
  };
}"""

GO = """(at) => {
  const range = document.querySelector(".transport input[type=range]");
  range.value = String(at);
  range.dispatchEvent(new Event("input", {bubbles: true}));
}"""


class Player:
    """A page with a story in it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.wait_for_selector("main.work, .trouble", timeout=60_000)  # long stories are inflated first
        if page.locator(".trouble").count():
            raise AssertionError(page.locator(".trouble").inner_text())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def read(self) -> dict[str, Any]:
        """Everything that is shown now; places by their numbers."""
        return self._numbered(self.page.evaluate(READ))

    def read_each(self, stops: Iterable[int]) -> list[dict[str, Any]]:
        """The same at several stops, each reached as when the track is dragged there."""
        script = "(stops) => stops.map((at) => { (" + GO + ")(at); return (" + READ + ")(); })"
        return [self._numbered(seen) for seen in self.page.evaluate(script, list(stops))]

    def _numbered(self, seen: dict[str, Any]) -> dict[str, Any]:
        for what in ("values", "gradients", "shares", "notes"):
            seen[what] = {int(i): text for i, text in seen[what].items() if i.isdigit()}
        return seen

    def go(self, at: int) -> None:
        """To a stop, as when the track is dragged there."""
        self.page.evaluate(GO, at)

    def tab(self, name: str) -> None:
        """Chooses a tab of the inspector; the keyboard is then at the page again, where arrows are steps."""
        self.page.click(f"#tab-{name}")
        self.page.evaluate("document.activeElement.blur()")

    def select(self, node: int) -> None:
        """A click on a node in the graph."""
        self.page.locator(f".graph .items [data-node='{node}'] .shape").first.click()

    def choose(self, node: int) -> None:
        """The same by keyboard, which also reaches what is out of view."""
        self.page.evaluate("(n) => document.querySelector(`.graph .items [data-node='${n}']`).focus()", node)
        self.press("Enter")

    def facts(self) -> dict[str, str]:
        """The rows of the inspector."""
        return self.read()["facts"]

    def text(self, query: str) -> str:
        return self.page.locator(query).first.inner_text()

    @property
    def focused(self) -> str:
        """The name of what the keyboard is on."""
        return self.page.evaluate(
            "() => { const a = document.activeElement; return a.getAttribute('aria-label') || a.textContent || a.id; }"
        )
