"""What an expression means: a program of immutable steps, ready to be run or made into a graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from adjoint.errors import ExpressionError
from adjoint.expression.place import underline
from adjoint.expression.values import bind


@dataclass(frozen=True, slots=True)
class Input:
    """An operand that is a free name, whose value comes from outside."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """An operand that is a float64 number written in the text."""

    value: float


@dataclass(frozen=True, slots=True)
class Result:
    """An operand that is the result of an earlier step, counted from 0."""

    step: int


Operand = Input | Constant | Result


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on earlier operands; ``name`` is the user's variable, ``start:end`` its place in the text.

    >>> from adjoint.expression import parse
    >>> parse("c = w*x; c + 1").steps[0]
    Step(operation='multiply', operands=(Input(name='w'), Input(name='x')), name='c', start=4, end=7)
    """

    operation: str
    operands: tuple[Operand, ...]
    name: str | None = None
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: the name that it assigns (None for a bare last one) and its value."""

    name: str | None
    value: Operand
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed text: steps in order of evaluation, statements, and the free names with their first places.

    Two expressions are equal when they are the same program, however they were written.

    >>> from adjoint.expression import parse
    >>> parse("(a*b + c)*f").names
    ('a', 'b', 'c', 'f')
    >>> parse("a*b + c") == parse("((a * b) + c)")
    True
    """

    text: str = field(compare=False)
    steps: tuple[Step, ...]
    statements: tuple[Statement, ...]
    names: tuple[str, ...]
    places: tuple[tuple[int, int], ...] = field(default=(), compare=False, repr=False)

    @property
    def output(self) -> Operand:
        """The value of the last statement.

        >>> from adjoint.expression import parse
        >>> parse("a*b + c").output
        Result(step=1)
        """
        return self.statements[-1].value

    @property
    def assigned(self) -> tuple[str, ...]:
        """The names that the statements assign, in order.

        >>> from adjoint.expression import parse
        >>> parse("c = w*x; d = c + b; 0.5*d**2").assigned
        ('c', 'd')
        """
        return tuple(statement.name for statement in self.statements if statement.name is not None)

    def labels(self) -> tuple[str, ...]:
        """Return one distinct name a step: the user's variable, or v1, v2, ... where there is none.

        >>> from adjoint.expression import parse
        >>> parse("c = w*x; (c + b)*v1").labels()
        ('c', 'v2', 'v3')
        """
        taken = {*self.names, *self.assigned}
        free = (name for name in map("v{}".format, count(1)) if name not in taken)
        return tuple(step.name if step.name is not None else next(free) for step in self.steps)

    def define(self) -> tuple[dict[str, tuple[str | float, ...]], str]:
        """Return ``(nodes, output)`` as ``Graph.define`` takes them: name to operation and operands.

        >>> from adjoint.expression import parse
        >>> nodes, output = parse("c = w*x; 0.5*(c + b)**2").define()
        >>> for name, node in nodes.items():
        ...     print(name, node)
        c ('multiply', 'w', 'x')
        v1 ('add', 'c', 'b')
        v2 ('power', 'v1', 2.0)
        v3 ('multiply', 0.5, 'v2')
        >>> output
        'v3'
        """
        labels = self.labels()

        def operand(item: Operand) -> str | float:
            if isinstance(item, Result):
                return labels[item.step]
            return item.name if isinstance(item, Input) else item.value

        output = operand(self.output)
        if not isinstance(output, str):
            last = self.statements[-1]
            raise ExpressionError(
                "the expression is a number on its own, which makes no graph.",
                where=underline(self.text, last.start, last.end),
                help="use at least one name, such as 2*x.",
            )
        nodes = {
            label: (step.operation, *map(operand, step.operands))
            for label, step in zip(labels, self.steps, strict=True)
        }
        return nodes, output

    def evaluate(self, functions: Any, /, **values: Any) -> Any:
        """Run the steps with the functions of a namespace, such as NumPy, found by operation name.

        >>> import numpy
        >>> from adjoint.expression import parse
        >>> float(parse("(a*b + c)*f").evaluate(numpy, a=2.0, b=3.0, c=-10.0, f=5.0))
        -20.0
        """
        bound = bind(self, values)
        results: list[Any] = []

        def operand(item: Operand) -> Any:
            if isinstance(item, Result):
                return results[item.step]
            return bound[item.name] if isinstance(item, Input) else item.value

        for step in self.steps:
            function = getattr(functions, step.operation, None)
            if function is None:
                owner = getattr(functions, "__name__", type(functions).__name__)
                raise ExpressionError(
                    f"{owner} has no function {step.operation}.",
                    where=underline(self.text, step.start, step.end),
                    help="evaluate with a namespace that has every operation of the expression.",
                )
            results.append(function(*map(operand, step.operands)))
        return operand(self.output)
