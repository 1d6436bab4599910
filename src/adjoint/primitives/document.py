"""``python -m adjoint.primitives.document`` writes docs/primitives.md from the records."""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path

from adjoint.primitives import (
    compare,
    contract,
    cumulate,
    determinant,
    elementwise,
    index,
    inverse,
    linalg,
    logarithms,
    movement,
    order,
    reduce,
    rounding,
    select,
    smooth,
    structure,
)
from adjoint.primitives.families import __doc__ as families_text
from adjoint.primitives.record import REGISTRY, Primitive
from adjoint.primitives.words import sentence

#: The page's parts, in its order: the modules whose records they show.
PARTS = {
    "Arithmetic and elementary functions": elementwise,
    "Inverses of circular and hyperbolic functions": inverse,
    "Logarithms, powers and roots": logarithms,
    "Smooth functions and the parts of complex numbers": smooth,
    "Choosing": select,
    "Comparisons and logic": compare,
    "Rounding": rounding,
    "Reductions": reduce,
    "Running sums and products": cumulate,
    "Movement": movement,
    "Order": order,
    "Indexing": index,
    "Contractions": contract,
    "Linear algebra": linalg,
    "Determinants": determinant,
    "Structure": structure,
}

_HEAD = """# The primitives

Written by `python -m adjoint.primitives.document` from the records in `src/adjoint/primitives/`;
a test compares it with them. In formulas x, y, z are the inputs, `out` is the output and g the
upstream gradient. *Keeps* names what the forward pass holds for the derivative. *Kinds* are f for
floating point and c for complex inputs (others compute, and have no derivative).

{families}
"""


def page() -> str:
    """The whole page as text."""
    blocks = [_HEAD.format(families=_table_of_families())]
    shown: set[str] = set()
    for title, module in PARTS.items():
        here = [v for v in vars(module).values() if isinstance(v, Primitive)]
        records = [op for op in REGISTRY.values() if op in here and op.name not in shown]
        shown |= {op.name for op in records}
        blocks.append(f"## {title}\n\n" + "\n".join(map(_entry, records)))
    return "\n".join(blocks).rstrip() + "\n"


def _table_of_families() -> str:
    text = (families_text or "").splitlines()
    ruler = next(i for i, line in enumerate(text) if line.startswith("===="))
    starts = [m.start() for m in re.finditer("=+", text[ruler])] + [None]
    rows = []
    for line in text[ruler + 1 :]:
        if line.startswith("===="):
            rows.append("|---|---|---|")
            if len(rows) > 2:
                break
            continue
        cells = [line[a:b].strip().replace("``", "`") for a, b in itertools.pairwise(starts)]
        rows.append(f"| {' | '.join(cells)} |".replace("*", "\\*"))
    return "\n".join(rows[:-1])


def _entry(op: Primitive) -> str:
    facts = [("family", f"{op.family}, {op.gate}")]
    if op.params:
        facts.append(("parameters", ", ".join(op.params)))
    slopes = [_letters(op, s) for s in op.slopes if s]
    if slopes:
        facts.append(("slopes", "; ".join(f"`{s}`" for s in slopes)))
    if op.differentiable:
        kept = sorted(set().union(*op.needs), key="xyz out xs outs indices".find) if op.needs else []
        facts.append(("keeps", ", ".join(kept) or "nothing"))
    facts.append(("kinds", ", ".join(op.dtypes) or "none"))
    if op.domain != "all reals":
        facts.append(("domain", op.domain))
    if op.kinks:
        facts.append(("kinks", op.kinks))
    if op.source:
        facts.append(("source", op.source))
    lines = [f"### {op.name}", "", f"`{_letters(op, op.formula)}`", "", sentence(op), ""]
    return "\n".join([*lines, *(f"- {name}: {text}" for name, text in facts), ""])


def _letters(op: Primitive, text: str) -> str:
    """A formula template with plain letters in its places."""
    return re.sub(r"\{(\w+)\}", r"\1", text)


def main() -> None:
    """Writes the page to the place given, or to docs/primitives.md of a source checkout."""
    here = Path(__file__).resolve().parents[3] / "docs" / "primitives.md"
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    place.write_text(page(), encoding="utf-8")
    print(f"wrote {place}")


if __name__ == "__main__":
    main()
