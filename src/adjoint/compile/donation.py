"""Donation: a result may take the memory of an input once nothing reads that input any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adjoint.compile.indices import single, through
from adjoint.compile.statements import Program, Read, Statement
from adjoint.compile.terms import Term, Terms
from adjoint.primitives.record import REGISTRY


def program_of(
    terms: Terms, outputs: Sequence[Term], checks: Sequence[Term], given: Mapping[int, int]
) -> tuple[list[Term], Program]:
    """The outputs and the program in which each result of ``given`` (output: input) takes the memory of an input.

    A result is written after all reads of the input. One that reads it elsewhere than it writes, or that the other
    reads wait for, is computed apart and copied in the end.
    """
    outputs = list(outputs)
    apart: set[int] = set()
    while True:
        program = Program(outputs, checks, apart)
        late = donated(program, given)
        if not late:
            return outputs, program
        for output in late:
            term = outputs[output]
            apart.add(term.id)
            terms.node = term.node
            outputs[output] = terms.map(REGISTRY["alias"], {"copy": output}, (term,), term.shape, term.dtype)


def donated(program: Program, given: Mapping[int, int]) -> list[int]:
    """Orders statements so that each result of ``given`` is written after all other reads of its input.

    Returns the outputs for which that is impossible; then nothing is ordered.
    """
    if not given:
        return []
    late: list[int] = []
    for output, number in given.items():
        writer = _added(program, program.outputs[output], number)
        readers = [s for s in program.statements if s is not writer and program.reads_input(s, number)]
        if not _in_place(program, writer, number) or any(_depends(s, writer) for s in readers):
            late.append(output)
        else:
            writer.reads.extend(Read(s, frozenset()) for s in readers)
    if late:
        return late
    program.statements = ordered(program.statements)
    for number, s in enumerate(program.statements):
        s.number = number
    return []


def _in_place(program: Program, writer: Statement, number: int) -> bool:
    """Whether a statement may write where it reads an input: each entry is read at the very index that is written."""
    if not program.reads_input(writer, number):
        return True
    if any(r.statement.kind == "reshape" and program.reads_input(r.statement, number) for r in writer.reads):
        return False
    if writer.kind == "scatter":
        base, *others = writer.term.args
        return base.kind == "input" and not any(a.kind == "input" and a.data == number for a in others)
    if writer.kind != "store":
        return False
    own = program.index_of(writer.term)
    todo, seen = [(writer.term, own)], set()
    while todo:
        at, index = todo.pop()
        if (at.id, index) in seen or (at.id in program.of and at is not writer.term):
            continue
        seen.add((at.id, index))
        if at.kind == "input" and at.data == number and (index != own or at.shape != writer.term.shape):
            return False
        if at.kind == "map":
            todo.extend((a, index if a.shape else ()) for a in at.args)
        elif at.kind == "view":
            todo.append((at.args[0], through(at.data, index)))
        elif at.kind == "pad":
            inside, outside = at.args
            todo.append((outside, index if outside.shape else ()))
            moved = tuple((label, m, a - low) for (label, m, a), low in zip(index, at.data, strict=True))
            todo.append((inside, single(moved, inside.shape)))
        elif any(t.data == number for t in _inputs(at)):
            return False
    return True


def _inputs(term: Term) -> list[Term]:
    """The inputs below a term, itself left out."""
    found, stack, seen = [], list(term.args), set()
    while stack:
        at = stack.pop()
        if at.id not in seen:
            seen.add(at.id)
            stack.extend(at.args)
            if at.kind == "input":
                found.append(at)
    return found


def _depends(s: Statement, other: Statement) -> bool:
    """Whether a statement must come after another one."""
    stack, seen = [s], set()
    while stack:
        at = stack.pop()
        if at is other:
            return True
        if id(at) not in seen:
            seen.add(id(at))
            stack.extend(r.statement for r in at.reads)
    return False


def _added(program: Program, result: Term, number: int) -> Statement:
    """The statement that writes a result; ``w + c * (a @ b)`` onto ``w`` itself becomes one product that is added.

    No pass over the array remains, where otherwise the product would be written, read, and added.
    """
    writer = program.of[result.id]
    if result.kind != "map" or result.data[0].name not in {"add", "subtract"} or program.uses[result.id]:
        return writer
    first, second = result.args
    sign = 1.0
    if result.data[0].name == "subtract":
        sign = -1.0
    elif first.kind != "input":
        first, second = second, first
    if second.kind == "map" and second.data[0].name == "multiply" and second.args[0].kind == "const":
        sign *= float(second.args[0].data)
        if program.uses[second.id] != 1:
            return writer
        second = second.args[1]
    if first.kind != "input" or first.data != number or second.kind != "dot" or program.uses[second.id] != 1:
        return writer
    product = program.of[second.id]
    if program.reads_input(product, number):
        return writer
    product.scale, product.onto = sign, result
    program.statements.remove(writer)
    return product


def ordered(statements: list[Statement]) -> list[Statement]:
    """The statements, each after what it reads, otherwise in the order that they had."""
    done: set[int] = set()
    found: list[Statement] = []
    for first in statements:
        stack = [first]
        while stack:
            s = stack[-1]
            waiting = [r.statement for r in s.reads if id(r.statement) not in done]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            if id(s) not in done:
                done.add(id(s))
                found.append(s)
    return found
