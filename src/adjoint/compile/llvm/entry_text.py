"""The text of one native entry, assembled line by line.

An entry is made at every compilation, so its text is put together as strings: an order of magnitude faster than
through a builder of objects. This file has what every part of it is made of: names, loads, checks that leave.
"""

from __future__ import annotations

from enum import IntEnum

from adjoint.compile.llvm.entry_layout import FUNCTIONS, TUPLE_ITEMS


class Reason(IntEnum):
    """Why a call was handed to Python: what `miss` receives as its third argument.

    ARGUMENTS: their number or their names; INPUT: the type, dtype, shape, layout or structure of one; CAPTURED: the
    same of a captured one; DONATED: a donated array is a view, read-only, or overlaps another input; ASKED: the
    program met what only Python handles (an index out of range); STORED: it failed and left no exception set.
    """

    ARGUMENTS = 0
    INPUT = 1
    CAPTURED = 2
    DONATED = 3
    ASKED = 4
    STORED = 5


class Place(IntEnum):
    """What stands where in the tuple that is an entry's ``self``, after one way out for each `Reason`."""

    NAMES = len(Reason)  # of the parameters, None for one without
    KEYS = NAMES + 1  # of all dicts among the arguments, then of those among the results
    CONTEXT = KEYS + 1
    CELL = CONTEXT + 1  # an array of one word: the arena that lies ready
    CAPTURED = CELL + 1
    STATIC = CAPTURED + 1
    KEPT = STATIC + 1  # whatever the entry needs alive


class Text:
    """The body of one function, and what it needs around it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.head: list[str] = []  # what stands once, first in the function: its memory on the stack
        self.constants: list[str] = []
        self.named: set[str] = set()  # symbols that are used and must be declared
        self.helpers: set[str] = set()
        self._count = 0
        self._states: dict[int, str] = {}

    def fresh(self, stem: str = "v") -> str:
        """A name that nothing has yet."""
        self._count += 1
        return f"{stem}{self._count}"

    def let(self, code: str) -> str:
        """A value, by its name."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {code}")
        return name

    def do(self, code: str) -> None:
        """An instruction without a value."""
        self.lines.append(f"  {code}")

    def label(self, name: str) -> None:
        """Begin a block."""
        self.lines.append(f"{name}:")

    def symbol(self, name: str) -> str:
        """A constant object of Python or NumPy, by the name under which it is bound."""
        self.named.add(name)
        return f"@{name}"

    def call(self, name: str, *operands: str) -> str:
        """Call a function of Python's C-API; the name of its result, empty where it has none."""
        self.named.add(name)
        result = FUNCTIONS[name][0]
        code = f"call {result} @{name}({', '.join(operands)})"
        if result == "void":
            self.do(code)
            return ""
        return self.let(code)

    def helper(self, name: str, result: str, *operands: str) -> str:
        """Call one of the functions of `entry_support`."""
        self.helpers.add(name)
        code = f"call {result} @entry.{name}({', '.join(operands)})"
        if result == "void":
            self.do(code)
            return ""
        return self.let(code)

    def at(self, pointer: str, offset: int | str) -> str:
        """A pointer so many bytes further."""
        return self.let(f"getelementptr i8, ptr {pointer}, i64 {offset}") if offset else pointer

    def load(self, pointer: str, offset: int = 0, kind: str = "ptr") -> str:
        """What stands so many bytes behind a pointer."""
        return self.let(f"load {kind}, ptr {self.at(pointer, offset)}, align {_ALIGN[kind]}")

    def store(self, value: str, pointer: str, offset: int = 0) -> None:
        """Put a value, written with its type, so many bytes behind a pointer."""
        self.do(f"store {value}, ptr {self.at(pointer, offset)}, align {_ALIGN[value.partition(' ')[0]]}")

    def stack(self, kind: str, align: int = 8) -> str:
        """Memory of the function's own."""
        self._count += 1
        name = f"%m{self._count}"
        self.head.append(f"  {name} = alloca {kind}, align {align}")
        return name

    def constant(self, name: str, kind: str, values: tuple[int, ...]) -> str:
        """A table of integers; equal ones are one."""
        size = f"[{len(values)} x {kind}]"
        line = f"{size} [{', '.join(f'{kind} {value}' for value in values)}]"
        for known in self.constants:
            if known.endswith(f" constant {line}"):
                return known.partition(" ")[0]
        name = self.fresh(f"@entry.{name}.")
        self.constants.append(f"{name} = private unnamed_addr constant {line}")
        return name

    def require(self, condition: str, otherwise: str) -> None:
        """Go on where a condition holds, and leave to another block where it does not."""
        on = self.fresh("on")
        self.do(f"br i1 {condition}, label %{on}, label %{otherwise}")
        self.label(on)

    def require_equal(self, value: str, other: str, otherwise: str, kind: str = "ptr") -> None:
        """Go on where two values are the same."""
        self.require(self.let(f"icmp eq {kind} {value}, {other}"), otherwise)

    def require_made(self, pointer: str, otherwise: str) -> None:
        """Go on where a pointer is not null."""
        self.require(self.let(f"icmp ne ptr {pointer}, null"), otherwise)

    def held(self, place: int) -> str:
        """What stands in the entry's ``self``."""
        return self.load("%self", TUPLE_ITEMS + 8 * place)

    def key(self, number: int) -> str:
        """One of the keys of dicts."""
        return self.load(self.held(Place.KEYS), TUPLE_ITEMS + 8 * number)


_ALIGN = {
    "ptr": 8,
    "i64": 8,
    "i32": 4,
    "i16": 2,
    "i8": 1,
    "double": 8,
    "float": 4,
    "half": 2,
}
