"""Donation: a result may take the memory of an input once nothing reads that input any more."""

from __future__ import annotations

from collections.abc import Mapping

from adjoint.compile.statements import Program, Read, Statement


def donated(program: Program, given: Mapping[int, int]) -> None:
    """Orders statements so that each result of ``given`` (output: input) is written after all reads of the input.

    Reads inside the very statement that writes are at the same index, or were given a copy beforehand.
    """
    if not given:
        return
    for output, number in given.items():
        writer = program.of[program.outputs[output].id]
        for s in program.statements:
            if s is not writer and program.reads_input(s, number):
                writer.reads.append(Read(s, frozenset()))
    program.statements = ordered(program.statements)
    for number, s in enumerate(program.statements):
        s.number = number


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
