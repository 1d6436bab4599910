"""``python -m adjoint.rewrite.document`` writes docs/rewrites.md from the rules of the passes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from adjoint.rewrite.passes import ALL, BEFORE_DERIVATIVE, LARGE, MANY, PASSES, Pass
from adjoint.rewrite.rule import Rule

_HEAD = """# The rewrites

Written by `python -m adjoint.rewrite.document` from the rules in `src/adjoint/rewrite/`; a test compares
it with them. A rule states an identity and the condition under which it is used. *Exact* rules keep
every bit of every result (NaNs count as equal), so they run in strict mode as well; the others do not.
NaN and infinity keep their meaning: nothing here takes `x * 0` for 0 or `x - x` for 0 where x is of
floating point. What a condition says is taken for granted: it is not always tested.

*Stabilising* rules change a value for the better: the left side overflows or loses digits where the right
side does not. Each step that was taken stands in the log (`optimise(graph).log`) with the user's line.

| passes | in this order, again and again until nothing changes |
|---|---|
"""


def page() -> str:
    """The text of docs/rewrites.md."""
    rows = [
        ("all", "no derivative of the graph is taken any more", PASSES),
        ("before a derivative", "changes neither a derivative nor a convention at a kink", BEFORE_DERIVATIVE),
        (f"of more than {MANY:,} nodes", "once", LARGE),
    ]
    lines = [f"| {name}: {why} | {', '.join(p.name for p in passes)} |" for name, why, passes in rows]
    return _HEAD + "\n".join(lines) + "\n" + "".join(_section(p, seen) for p, seen in _new(ALL))


def _new(passes: Iterable[Pass]) -> list[tuple[Pass, list[Rule]]]:
    """The passes, each with the rules that no earlier one has."""
    known: set[Rule] = set()
    found = []
    for one in passes:
        found.append((one, [r for r in one.rules if r not in known]))
        known.update(one.rules)
    return found


def _section(one: Pass, rules: list[Rule]) -> str:
    text = f"\n## {one.name}\n\n{one.purpose[:1].upper()}{one.purpose[1:]}.\n"
    if len(rules) < len(one.rules):
        text += "The rules of earlier passes run in it too.\n"
    if not rules:
        return text
    text += "\n| rule | identity | condition | exact | stabilising |\n|---|---|---|---|---|\n"
    return text + "".join(
        f"| {r.name} | {_cell(r.identity)} | {_cell(r.condition)} | {_yes(r.strict)} | {_yes(r.stabilises)} |\n"
        for r in rules
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def _yes(flag: bool) -> str:
    return "yes" if flag else ""


def main() -> None:
    """Writes the page into the docs folder of the project, or to the path given."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[3] / "docs" / "rewrites.md"
    target.write_text(page(), encoding="utf-8")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
