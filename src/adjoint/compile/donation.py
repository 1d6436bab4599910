"""Donation: a result may take the memory of an input once nothing reads that input any more."""

from __future__ import annotations

from collections.abc import Mapping

from adjoint.compile.statements import Program, Read, Statement
from adjoint.compile.terms import Term


def donated(program: Program, given: Mapping[int, int]) -> None:
    """Orders statements so that each result of ``given`` (output: input) is written after all reads of the input.

    Reads inside the very statement that writes are at the same index, or were given a copy beforehand.
    """
    if not given:
        return
    for output, number in given.items():
        writer = _added(program, program.outputs[output], number)
        for s in program.statements:
            if s is not writer and program.reads_input(s, number):
                writer.reads.append(Read(s, frozenset()))
    program.statements = ordered(program.statements)
    for number, s in enumerate(program.statements):
        s.number = number


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
