"""Stages: one compiled function from its graph to its machine code, each stage as text.

Every stage is what the compiler itself holds at that point, written for people; ``docs/compiler.md`` walks
through one small example.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from adjoint.compile.loops import Leaf, Loop
from adjoint.compile.plan_parts import counted
from adjoint.compile.statements import Statement
from adjoint.compile.terms import Axis, Term
from adjoint.compile.written import Written
from adjoint.errors import ArgumentError
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec
from adjoint.numbers import format_bytes
from adjoint.site import here

#: Of each block of machine code, so many lines from its beginning and its end are shown.
_HEAD, _TAIL = 8, 8
#: When all stages are printed, a stage takes at most this many lines.
_LINES = 60
_WIDTH = 110

_AXES = "ijklmnpqrst"


class Stage(NamedTuple):
    """One stage: its name, what it does, the file that does it (in src/adjoint), and what it made, as text."""

    name: str
    purpose: str
    file: str
    text: str

    def __str__(self) -> str:
        return self.text


#: The stages: what each does, and the file that does it.
STAGES: dict[str, tuple[str, str]] = {
    "trace": ("the function run once on shapes", "compile/trace.py"),
    "simplify": ("rewrites that are better done before the derivative", "rewrite/passes.py"),
    "differentiate": ("the gradient written out", "compile/tape/gradient.py"),
    "rewrite": ("rewrites until nothing changes", "rewrite/passes.py"),
    "lower": ("terms: every index visible, equal terms once", "compile/lower.py"),
    "label": ("statements: what is computed as such, and over which loops", "compile/statements.py"),
    "schedule": ("loops: who shares a pass over memory", "compile/loops.py"),
    "memory": ("where every value is kept", "compile/memory.py"),
    "plan": ("loops and memory together", "compile/plan.py"),
    "llvm": ("text for LLVM, before its passes", "compile/llvm/assemble.py"),
    "assembly": ("this machine's code, after LLVM's passes", "compile/llvm/jit.py"),
    "entry": ("what a call does around the program", "compile/llvm/entry.py"),
    "source": ("flat Python, where there is no machine code", "compile/python_backend.py"),
    "tape": ("a long scalar graph as opcodes, which one native loop runs", "compile/tape/program.py"),
}
_GRAPHS = ("trace", "simplify", "differentiate", "rewrite")


class Stages(Mapping[str, Stage]):
    """The stages of a specialisation by name, in their order; ``print`` shows all of them, shortened.

    ``stages["plan"]`` is one stage; a program without machine code (flat Python, the tape) has fewer.

    >>> import adjoint as ad, numpy as np
    >>> stages = ad.compile(lambda x: x * x + 1.0, cache=False).lower(np.ones(10)).stages
    >>> print(stages["lower"])
    %0 = input x               f64[10]
    %1 = square(%0)            f64[10]
    %2 = 1.0                   f64[]
    %3 = add(%1, %2)           f64[10]
    """

    def __init__(self, specialisation: Any) -> None:
        self._of = specialisation
        self._program = specialisation.program
        if hasattr(self._program, "module"):
            self._names = tuple(n for n in STAGES if n not in {"source", "tape"})
        else:
            self._names = ("trace", "tape") if hasattr(self._program, "tape") else (*_GRAPHS, "source")
        self._known: dict[str, Stage] = {}

    def __getitem__(self, name: str) -> Stage:
        if name not in self._names:
            raise ArgumentError(
                f"there is no stage {name!r} in this program.", where=here(), help=f"it has {', '.join(self)}."
            )
        found = self._known.get(name)
        if found is None:
            make: Callable[[], str] = getattr(self, f"_{name}")
            found = self._known[name] = Stage(name, *STAGES[name], make())
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __str__(self) -> str:
        rows: list[str] = []
        for stage in self.values():
            lines = stage.text.splitlines()
            rows += ["", f"== {stage.name}: {stage.purpose} ({stage.file})", *lines[:_LINES]]
            if len(lines) > _LINES:
                rows.append(f'... {len(lines) - _LINES} more lines in stages["{stage.name}"]')
        return "\n".join(rows[1:])

    def __repr__(self) -> str:
        return f"<Stages: {', '.join(self)}>"

    # Graphs.

    def _trace(self) -> str:
        return str(self._of.traced.graph)

    def _graphs(self) -> tuple[Any, Graph]:
        """The rewrites before the derivative is taken, and the graph with the derivative written out."""
        from adjoint.compile.backend import simplified
        from adjoint.compile.strip import stripped
        from adjoint.compile.tape.gradient import expanded

        graph = stripped(self._of.traced.graph, differentiated=False)
        graph, log = simplified(graph, strict=self._of.options.strict)
        return log, stripped(expanded(graph))

    def _simplify(self) -> str:
        return str(self._graphs()[0] or "no rewrites")

    def _differentiate(self) -> str:
        return str(self._graphs()[1])

    def _rewrite(self) -> str:
        first, log = len(self._graphs()[0]), self._of.built.rewrites
        rows = [f"{i + 1:>4} {step.text(95)}" for i, step in enumerate(log[first:])] if len(log) > first else []
        return "\n".join([*(rows or ["no rewrites"]), str(self._of.built.graph)])

    # The program.

    def _lower(self) -> str:
        rows = [(term_text(t), repr(Spec.known(t.shape, t.dtype))) for t in self._program.program.terms]
        width = min(max((len(r[0]) for r in rows), default=0), 78)
        return "\n".join(f"{text:<{max(width, 26)}} {spec}" for text, spec in rows)

    def _label(self) -> str:
        program = self._program.program
        written = Written(program)
        rows = [self._statement(written, s) for s in program.statements]
        inlined = [t for t in program.terms if t.id not in program.of and t.kind in {"map", "view", "pad", "gather"}]
        if inlined:
            rows.append(f"written out where they are used: {', '.join(written.of(t) for t in inlined)}")
        return "\n".join(rows)

    def _statement(self, written: Written, s: Statement) -> str:
        kept = [f"{written.letter(k)} in {a}:{b}" for k, (a, b) in s.ranges.items() if k not in s.reduced]
        folded = [f"folds {written.letter(k)} in {a}:{b}" for k, (a, b) in s.ranges.items() if k in s.reduced]
        reads = []
        for read in s.reads:
            same = "".join(sorted(written.letter(k) for k in read.same))
            reads.append(written.of(read.statement.term) + (f" at {same}" if same else ""))
        over = "; ".join((*kept, *folded)) or "once"
        vector = f"; vectors along {written.letter(s.vector)}" if s.vector is not None else ""
        after = f"; reads {', '.join(dict.fromkeys(reads))}" if reads else ""
        return f"{written.of(s.term):<5} {s.kind:<7} {over}{vector}{after}; costs {max(s.cost, 1)}"

    def _schedule(self) -> str:
        written = Written(self._program.program)
        rows = []
        for step in self._program.steps:
            rows.append(f"step {step.number}")
            todo: list[tuple[Loop | Leaf, int]] = [(item, 1) for item in reversed(step.items)]
            while todo:
                item, depth = todo.pop()
                margin = "  " * depth
                if isinstance(item, Leaf):
                    rows.append(f"{margin}{written.of(item.statement.term)} {item.statement.kind}")
                    continue
                tile = f" in pieces of {item.tile}" if item.tile else ""
                rows.append(f"{margin}loop {written.letter(item.label)}{tile}{', in vectors' if item.vector else ''}")
                todo.extend((inner, depth + 1) for inner in reversed(item.body))
        return "\n".join(rows)

    def _memory(self) -> str:
        program, memory = self._program.program, self._program.memory
        written = Written(program)
        rows = []
        for s in program.statements:
            if s.term.id not in memory.of:
                rows.append(f"{written.of(s.term):<5} in registers")
                continue
            root = memory.root(s.term)
            if root.space == "arena":
                place = (
                    f"scratch memory, {format_bytes(root.bytes)} at {root.offset}, steps {root.first} to {root.last}"
                )
            else:
                place = f"{root.space} {root.number}"
            rows.append(f"{written.of(s.term):<5} {place}")
        return "\n".join([*rows, f"scratch memory: {format_bytes(memory.arena)}"])

    def _plan(self) -> str:
        return str(self._program.plan)

    _source = _tape = _plan

    # Machine code.

    def _llvm(self) -> str:
        functions = _functions(self._program.source)
        chosen = [text for name, text in functions if name == "run" or name.startswith("step")]
        return "\n".join(_shortened(text) for text in chosen)

    def _assembly(self) -> str:
        from adjoint.compile.llvm.entry_layout import symbols
        from adjoint.compile.llvm.jit import build

        library = self._program.library
        if not library.ir:
            library = build(self._program.source, symbols=symbols(), name=library.name)
        return innermost(library.assembly())

    def _entry(self) -> str:
        """The lines of the entry in which something happens: checks of types, calls, results."""
        found = [text for name, text in _functions(self._program.source) if name == "call"]
        if not found:
            return "this program is entered through Python"
        wanted = re.compile(r"^define|^}|\bcall\b|@adjoint_type|^  ret ")
        return "\n".join(_numbered(line for line in found[0].splitlines() if wanted.search(line)))


def term_text(term: Term) -> str:
    """A term as one line, in the indices of its own axes.

    >>> from adjoint.compile.terms import Terms
    >>> terms = Terms()
    >>> x = terms.input(0, (4,), "f8")
    >>> term_text(terms.view(x, ((0, 1, 1),), (3,)))
    '%1[i] = %0[i+1]'
    """
    name = f"%{term.id}"
    args = [f"%{a.id}" for a in term.args]
    if term.kind == "input":
        label = None if term.node is None else term.node.label
        return f"{name} = input {label or term.data}"
    if term.kind == "const":
        return f"{name} = {term.data}"
    if term.kind == "view":
        own = ",".join(_AXES[i % len(_AXES)] for i in range(len(term.shape)))
        places = [_place(one) for one in term.data]
        return f"{name}[{own}] = {args[0]}" + (f"[{','.join(places)}]" if places else "")
    if term.kind == "pad":
        return f"{name} = {args[0]} in a box from {term.data} on, {args[1]} outside"
    if term.kind == "reduce":
        how, axes = term.data
        return f"{name} = {how} of {args[0]} over {'axis' if len(axes) == 1 else 'axes'} {', '.join(map(str, axes))}"
    if term.kind == "dot":
        left, right, out = term.data
        return f"{name} = {args[0]} and {args[1]} contracted, {left},{right}->{out}"
    if term.kind in {"map", "call"}:
        return f"{name} = {'numpy: ' if term.kind == 'call' else ''}{term.data[0].name}({', '.join(args)})"
    return f"{name} = {term.kind}({', '.join(args)})"


def _place(one: Axis) -> str:
    axis, factor, add = one
    if axis < 0 or not factor:
        return str(add)
    text = _AXES[axis % len(_AXES)]
    text = text if factor == 1 else f"-{text}" if factor == -1 else f"{factor}*{text}"
    return f"{text}{add:+d}" if add else text


def _functions(module: str) -> list[tuple[str, str]]:
    """The functions that a module defines: names and texts."""
    return [(m[1], m[0]) for m in re.finditer(r'^define[^@]*@"?([\w.]+)"?\(.*?^}', module, re.MULTILINE | re.DOTALL)]


def _shortened(function: str) -> str:
    """A function of LLVM's text with long blocks cut and registers numbered in the order of what is left."""
    blocks: list[list[str]] = [[]]
    for line in function.splitlines():
        if re.match(r"^\S+:$", line):
            blocks.append([])
        if line.strip():
            blocks[-1].append(line)
    lines: list[str] = []
    for block in blocks:
        long = len(block) > _HEAD + _TAIL + 2
        lines += [*block[:_HEAD], "  ...", *block[-_TAIL:]] if long else block
    return "\n".join(_numbered(lines))


def _numbered(lines: Any) -> Iterator[str]:
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"%{len(numbers)}")

    for line in lines:
        line = line.replace("double              0x0", "double 0x0")
        line = re.sub(r'%"\.\d+"|%[vm]\d+\b', number, line)
        yield line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def innermost(assembly: str) -> str:
    """The longest loop without another inside, of the assembly of a program's steps, shortened."""
    best: list[str] = []
    for function in re.split(r"^(?=step\d+:)", assembly, flags=re.MULTILINE)[1:]:
        lines = [line.split("#")[0].rstrip().expandtabs(8) for line in function.splitlines()]
        lines = [line for line in lines if line and not line.lstrip().startswith((".p2align", ".cfi", "//"))]
        starts: dict[str, int] = {}
        for at, line in enumerate(lines):
            if re.match(r"^\.L\w+:", line):
                starts[line.rstrip(":")] = at
            jump = re.match(r"^\s+(?:j\w+|b\.?\w*|cbn?z .*,|tbn?z .*,)\s+(\.L\w+)$", line)
            if jump and jump[1] in starts:
                body = lines[starts[jump[1]] : at + 1]
                inner = sum(line.startswith(".L") for line in body)
                if inner == 1 and len(body) > len(best):
                    best = body
    if not best:
        return "no loop"
    long = len(best) > 2 * (_HEAD + _TAIL)
    shown = [*best[: 2 * _HEAD], "  ...", *best[-_TAIL:]] if long else best
    return "\n".join([f"; {counted(len(best) - 1, 'instruction')}", *shown])
