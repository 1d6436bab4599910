"""From tokens to a program: operator precedence with two explicit stacks, and no recursion.

One stack holds values, the other what still waits for its right side: signs, binary operators,
open parentheses and calls. A step is made when an operator's right side is complete, so steps
come out in order of evaluation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from adjoint.expression import refusals
from adjoint.expression.language import COMPARISON, COMPARISONS, CONSTANTS, FUNCTIONS, OPERATORS, PREFIX, RESERVED
from adjoint.expression.place import mistake, shown
from adjoint.expression.program import Constant, Expression, Input, Operand, Result, Statement, Step
from adjoint.expression.tokens import Token, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 200
"""How deep parentheses and calls may stand inside one another."""


class Value(NamedTuple):
    """A complete operand, its place with its parentheses, and whether it is true or false, not a number."""

    operand: Operand
    start: int
    end: int
    truth: bool = False


class Pending(NamedTuple):
    """A sign, an operator or an opening parenthesis whose right side is not complete."""

    token: Token
    precedence: int
    base: int = 0
    call: Token | None = None

    @property
    def opens(self) -> bool:
        """Say whether this is an opening parenthesis."""
        return self.precedence == 0


def parse(text: str, *, given: Iterable[str] = ()) -> Expression:
    """Return the program of a text; names in ``given`` have values and hide the constants ``pi`` and ``e``.

    >>> [step.operation for step in parse("-x**2 + sin(pi*x)").steps]
    ['power', 'negative', 'multiply', 'sin', 'add']
    >>> parse("2*(x + y")
    Traceback (most recent call last):
    adjoint.errors.ExpressionError: this ( is never closed.
      2*(x + y
        ^
      help: write the missing ).
    """
    return _Parser(text, tokenize(text), frozenset(given)).run()


class _Parser:
    """The state of one parse: the stacks of the open statement and all that is finished."""

    def __init__(self, text: str, tokens: list[Token], given: frozenset[str]) -> None:
        self.text, self.tokens, self.given = text, tokens, given
        self.place = 0
        self.depth = 0
        self.values: list[Value] = []
        self.pending: list[Pending] = []
        self.steps: list[Step] = []
        self.statements: list[Statement] = []
        self.names: dict[str, tuple[int, int]] = {}
        self.constants: set[str] = set()
        self.assigned: dict[str, Value] = {}
        self.target: Token | None = None

    def run(self) -> Expression:
        value: Value | None = None
        while self.tokens[self.place].kind != "end":
            if self.tokens[self.place].kind == "separator":
                self.place += 1
                continue
            if self.statements and self.statements[-1].name is None:
                raise refusals.unused_statement(self.text, self.statements[-1])
            value = self.statement()
        if value is None:
            raise refusals.empty()
        if value.truth:
            raise refusals.truth_value(self.text, value.start, value.end)
        return Expression(
            self.text, tuple(self.steps), tuple(self.statements), tuple(self.names), tuple(self.names.values())
        )

    def statement(self) -> Value:
        first, second = self.tokens[self.place : self.place + 2]
        self.target = None
        if first.kind == "name" and second.text == "=":
            self.check_target(first)
            self.target = first
            self.place += 2
        value = self.value()
        name = None
        if self.target is not None:
            name = self.target.text
            self.assigned[name] = value
            if isinstance(value.operand, Result) and self.steps[value.operand.step].name is None:
                self.steps[value.operand.step] = replace(self.steps[value.operand.step], name=name)
        self.statements.append(Statement(name, value.operand, first.start, value.end))
        return value

    def check_target(self, name: Token) -> None:
        """Refuse to assign a word of the language, a name that has a meaning already, or one twice."""
        word = name.text
        if word in RESERVED or word in FUNCTIONS:
            raise refusals.not_assignable(self.text, name)
        if word in self.assigned:
            raise refusals.assigned_twice(self.text, name)
        if word in self.names or word in self.constants:
            raise refusals.assigned_late(self.text, name)

    def value(self) -> Value:
        """Parse up to the end of the statement, alternating between operands and operators."""
        self.depth = 0
        wants_operand = True
        while (token := self.tokens[self.place]).kind not in ("separator", "end"):
            self.place += 1
            wants_operand = self.operand(token) if wants_operand else self.operator(token)
        opening = next((item for item in reversed(self.pending) if item.opens), None)
        if wants_operand and (opening is None or self.tokens[self.place - 1].text not in ("(", ",")):
            raise refusals.missing_operand(self.text, self.tokens[self.place - 1], token)
        if opening is not None:
            raise refusals.never_closed(self.text, opening.token)
        self.reduce(0)
        return self.values.pop()

    # -- what may stand where an operand is wanted; the answer is whether one is still wanted ------

    def operand(self, token: Token) -> bool:
        if token.kind == "number":
            self.values.append(Value(Constant(float(token.text)), token.start, token.end))
            return False
        if token.kind == "name":
            following = self.tokens[self.place]
            if following.text != "(":
                self.values.append(self.name(token))
                return False
            if token.text not in FUNCTIONS:
                raise refusals.unknown_function(self.text, token, self.names.keys() | self.assigned | self.given)
            self.place += 1
            self.open(following, token)
            return True
        if token.text == "(":
            self.open(token, None)
            return True
        if token.text in ("+", "-"):
            self.pending.append(Pending(token, PREFIX))
            return True
        before = self.tokens[self.place - 2] if self.place >= 2 else None
        top = self.pending[-1] if self.pending else None
        if token.text == ")" and before is not None and before.text == "(" and top is not None:
            if top.call is None:
                raise refusals.empty_parentheses(self.text, before, token)
            raise refusals.argument_count(self.text, top.call, token, 0)
        if token.text == ")" and top is None:
            raise refusals.never_opened(self.text, token)
        if token.text == "," and (top is None or (top.opens and top.call is None)):
            raise refusals.stray_comma(self.text, token)
        raise refusals.missing_operand(self.text, before, token)

    def name(self, token: Token) -> Value:
        """Look a name up: assigned before, a constant, or an input."""
        word = token.text
        if self.target is not None and word == self.target.text:
            raise refusals.own_definition(self.text, token)
        if word in self.assigned:
            return self.assigned[word]._replace(start=token.start, end=token.end)
        if word in RESERVED or word in FUNCTIONS:
            raise refusals.not_a_value(self.text, token)
        if word in CONSTANTS and word not in self.given:
            self.constants.add(word)
            return Value(Constant(CONSTANTS[word]), token.start, token.end)
        self.names.setdefault(word, (token.start, token.end))
        return Value(Input(word), token.start, token.end)

    def open(self, token: Token, call: Token | None) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise refusals.too_deep(self.text, token, MAX_DEPTH)
        self.pending.append(Pending(token, 0, len(self.values), call))

    # -- what may stand after an operand; the answer is whether another one is wanted --------------

    def operator(self, token: Token) -> bool:
        found = OPERATORS.get(token.text)
        if found is not None:
            self.reduce(found.precedence + found.right, chained=token if found.precedence == COMPARISON else None)
            self.pending.append(Pending(token, found.precedence))
            return True
        if token.text == ")":
            self.close(token)
            return False
        if token.text == ",":
            self.reduce(0)
            if not self.pending or self.pending[-1].call is None:
                raise refusals.stray_comma(self.text, token)
            self.fold(self.pending[-1], token.start)
            return True
        raise refusals.missing_operator(self.text, self.tokens[self.place - 2], token)

    def reduce(self, precedence: int, chained: Token | None = None) -> None:
        """Complete everything pending that binds at least as tightly, back to an open parenthesis."""
        while self.pending and not self.pending[-1].opens and self.pending[-1].precedence >= precedence:
            item = self.pending.pop()
            right = self.values.pop()
            if item.precedence != PREFIX:
                if chained is not None and item.precedence == COMPARISON:
                    raise refusals.chained_comparison(self.text, chained)
                left = self.values.pop()
                self.step(OPERATORS[item.token.text].operation, [left, right], left.start, right.end)
            elif right.truth:
                raise refusals.truth_value(self.text, right.start, right.end)
            elif item.token.text == "+":
                self.values.append(right._replace(start=item.token.start))
            elif isinstance(right.operand, Constant):
                self.values.append(Value(Constant(-right.operand.value), item.token.start, right.end))
            else:
                self.step("negative", [right], item.token.start, right.end)

    def close(self, token: Token) -> None:
        """Complete the innermost parenthesis or call; every joint of ``max`` or ``min`` spans the call."""
        self.reduce(0)
        if not self.pending:
            raise refusals.never_opened(self.text, token)
        opening = self.pending.pop()
        self.depth -= 1
        if opening.call is None:
            self.values.append(self.values.pop()._replace(start=opening.token.start, end=token.end))
            return
        function = FUNCTIONS[opening.call.text]
        count = len(self.values) - opening.base
        if not function.accepts(count):
            raise refusals.argument_count(self.text, opening.call, token, count)
        if function.more:
            self.fold(opening, token.end)
            joint = self.steps[-1].operands[0]
            while isinstance(joint, Result) and self.steps[joint.step].start == opening.call.start:
                self.steps[joint.step] = replace(self.steps[joint.step], end=token.end)
                joint = self.steps[joint.step].operands[0]
            return
        arguments = self.values[opening.base :]
        del self.values[opening.base :]
        self.step(function.operation, arguments, opening.call.start, token.end)

    def fold(self, opening: Pending, end: int) -> None:
        """Join the first two arguments of an open ``max`` or ``min``, in order of evaluation."""
        call = opening.call
        if call is None or not FUNCTIONS[call.text].more or len(self.values) - opening.base < 2:
            return
        right, left = self.values.pop(), self.values.pop()
        self.step(FUNCTIONS[call.text].operation, [left, right], call.start, end)

    def step(self, operation: str, operands: list[Value], start: int, end: int) -> None:
        """Append a step, its operands checked to be numbers or, for the condition of where, a comparison."""
        for position, value in enumerate(operands):
            condition = operation == "where" and position == 0
            if value.truth and not condition:
                raise refusals.truth_value(self.text, value.start, value.end)
            if condition and not value.truth:
                raise mistake(
                    self.text,
                    value.start,
                    value.end,
                    f"the condition of where is a comparison, got {shown(self.text[value.start : value.end])}.",
                    "compare it with something, such as where(x > 0, a, b).",
                )
        self.steps.append(Step(operation, tuple(value.operand for value in operands), None, start, end))
        self.values.append(Value(Result(len(self.steps) - 1), start, end, operation in COMPARISONS))
