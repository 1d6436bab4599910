"""docs/compiler.md, replayed: its examples run in order, and what they print stands under them.

    PYTHONPATH=src python tests/compile/page.py

writes the outputs on the page again. An example with the comment ``# for example`` prints what depends on the
machine or the moment: the page keeps what it has, unless it is written again.
"""

import contextlib
import doctest
import io
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "compiler.md"
BLOCK = re.compile(r"(?<=^```python\n)>>> .*?(?=^```$)", re.MULTILINE | re.DOTALL)


def replayed(text, *, whole=False):
    """The page as its examples give it, and what each example printed: (first line, output) pairs."""
    names = {"__name__": "__main__"}
    printed = []

    def block(match):
        rows = []
        for example in doctest.DocTestParser().get_examples(match[0]):
            got = run(example.source, names)
            printed.append((example.source.splitlines()[0], got))
            first, *more = example.source.rstrip("\n").splitlines()
            rows += [f">>> {first}", *(f"... {line}".rstrip() for line in more)]
            keep = "# for example" in first and not whole
            rows += (example.want if keep else got).rstrip("\n").splitlines()
        return "\n".join(rows) + "\n"

    sys.path.insert(0, str(ROOT / "examples"))
    try:
        return BLOCK.sub(block, text), printed
    finally:
        sys.path.remove(str(ROOT / "examples"))


def run(source, names):
    """What a line of a session prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(source, "session", "single"), names)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


if __name__ == "__main__":
    PAGE.write_text(replayed(PAGE.read_text(), whole=True)[0])
