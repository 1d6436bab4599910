"""The report of a check: one line an input, and below it whatever is not plainly right, in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from adjoint.errors import CheckError
from adjoint.graph.display import Shown
from adjoint.graph.spec import Spec
from adjoint.graph.text import clean
from adjoint.numbers import apart, format_number
from adjoint.verify.culprit import Culprit

_WIDTH = 100

#: Verdicts that let a check pass.
PASSING = frozenset({"ok", "unused", "kink", "edge", "jump"})

WORDS = {
    "ok": "agrees",
    "unused": "unused",
    "kink": "kink",
    "edge": "edge",
    "jump": "jump",
    "unsure": "unproven",
    "flat": "FLAT",
    "cut": "CUT",
    "left": "PATH LOST",
    "nan": "NaN",
    "wrong": "WRONG",
}


@dataclass
class InputReport:
    """What was found for one input: the largest errors, the bound of the differences, and the verdict."""

    name: str
    spec: Spec
    #: What was compared: "all 12" entries, or "8 directions".
    checked: str
    verdict: str
    absolute: float
    relative: float
    bound: float
    #: The worst entry: its index as text, its mode, and both values.
    entry: str = ""
    mode: str = ""
    analytic: float = float("nan")
    numeric: float = float("nan")
    #: Slopes to the left and right of a kink.
    left: float = float("nan")
    right: float = float("nan")
    #: What the verdict means here, in a sentence ("" where all agrees).
    words: str = ""

    @property
    def ok(self) -> bool:
        """Whether this input's derivative passed."""
        return self.verdict in PASSING


@dataclass
class Report(Shown):
    """The outcome of ``ad.check``: true when every derivative agrees with its numeric check.

    ``report["x"]`` is what was found for input x; ``print(report)`` shows a table.
    """

    name: str
    inputs: list[InputReport] = field(default_factory=list)
    #: Which modes were compared: "reverse", "forward".
    modes: list[str] = field(default_factory=list)
    #: Operations whose own rule is wrong.
    culprits: list[Culprit] = field(default_factory=list)
    #: Why nothing could be compared ("" where it could): the function is not deterministic, its output is NaN.
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    #: How often the function was called.
    calls: int = 0
    precision: str = "float64"
    where: str | None = None

    @property
    def ok(self) -> bool:
        """Whether everything that was checked passed."""
        return not self.problem and all(i.ok for i in self.inputs)

    def __bool__(self) -> bool:
        return self.ok

    def __getitem__(self, name: str | int) -> InputReport:
        """The report of one input by name or position; raises KeyError for an unknown name."""
        if isinstance(name, int):
            return self.inputs[name]
        for one in self.inputs:
            if one.name == name:
                return one
        raise KeyError(name)

    def raise_if_failed(self) -> None:
        """Raises CheckError with the worst entry, both its values and the operation at fault, unless all passed."""
        if self.ok:
            return
        if self.problem:
            raise CheckError(f"{self.name} cannot be checked: {self.problem}", where=self.where)
        worst = next(i for i in self.inputs if not i.ok)
        what = f"the derivative of {self.name} by {worst.name}{worst.entry} did not pass"
        if worst.verdict == "wrong":
            analytic, numeric = apart(worst.analytic, worst.numeric)
            what = (
                f"the {worst.mode}-mode derivative of {self.name} by {worst.name}{worst.entry} is wrong: "
                f"analytic {analytic}, numeric {numeric} ± {format_number(worst.bound)}"
            )
        if self.culprits:
            culprit = self.culprits[0]
            raise CheckError(what + ".", where=culprit.node.describe(), help=f"{culprit}.")
        raise CheckError(what + ".", where=self.where, help=worst.words or None)

    def __str__(self) -> str:
        lines = [self._title()]
        if self.problem:
            lines += ["", *wrapped(self.problem, "  ")]
        if self.inputs:
            lines += ["", *self._table()]
        told = [f"{i.name}: {i.words}" for i in self.inputs if i.words]
        told += [str(c) for c in self.culprits]
        told += self.notes
        for line in told:
            lines += wrapped(line, "  ")
        return "\n".join(lines)

    __repr__ = __str__

    def _title(self) -> str:
        if self.problem:
            verdict = "could not be checked"
        elif self.ok:
            verdict = "passed"
        else:
            count = sum(not i.ok for i in self.inputs)
            verdict = f"FAILED for {count} of {len(self.inputs)} input{'' if len(self.inputs) == 1 else 's'}"
        how = f": {', '.join(self.modes)}; differences in {self.precision}, {self.calls} calls" if self.modes else ""
        return _cut(f"check of {clean(self.name)} {verdict}{how}", _WIDTH)

    def _table(self) -> list[str]:
        head = ("input", "type", "checked", "abs error", "rel error", "bound", "verdict")
        rows = [
            (
                i.name,
                repr(i.spec),
                i.checked,
                format_number(i.absolute),
                format_number(i.relative),
                format_number(i.bound),
                WORDS[i.verdict],
            )
            for i in self.inputs
        ]
        most = (26, 14, 14, 12, 12, 12, 10)
        widths = [min(m, max(len(r[c]) for r in (head, *rows))) for c, m in enumerate(most)]
        lines = []
        for row in (head, *rows):
            cells = [_cut(t, w) for t, w in zip(row, widths, strict=True)]
            shown = [t.rjust(w) if 3 <= c <= 5 else t.ljust(w) for c, (t, w) in enumerate(zip(cells, widths))]
            lines.append(("  " + "  ".join(shown)).rstrip())
        return lines


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def wrapped(text: str, margin: str) -> list[str]:
    """The text in lines of at most 100 columns, following ones indented."""
    lines: list[str] = []
    line = margin
    for word in clean(text.replace("\n", " ")).split(" "):
        while len(margin) + 2 + len(word) > _WIDTH:
            line, word = _flush(lines, line, margin), word
            lines.append(margin + "  " + word[: _WIDTH - len(margin) - 2])
            word = word[_WIDTH - len(margin) - 2 :]
        if len(line) + 1 + len(word) > _WIDTH:
            line = _flush(lines, line, margin)
        line += word if not line.strip() else " " + word
    if line.strip():
        lines.append(line)
    return lines


def _flush(lines: list[str], line: str, margin: str) -> str:
    if line.strip():
        lines.append(line)
    return margin + "  "
