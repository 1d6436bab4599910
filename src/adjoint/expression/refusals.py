"""What the parser refuses, in words: what is wrong, the place, and what to write instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adjoint.errors import ExpressionError
from adjoint.expression.language import FUNCTIONS, OPERATORS, OTHER_NAMES, RESERVED
from adjoint.expression.place import mistake, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adjoint.expression.program import Statement
    from adjoint.expression.tokens import Token

_COUNTS = {1: "1 argument", 2: "2 arguments", 3: "3 arguments"}
_EXAMPLES = {"where": "x > 0, a, b", "clip": "x, low, high", "arctan2": "y, x"}


def _at(text: str, token: Token, what: str, help: str) -> ExpressionError:
    return mistake(text, token.start, token.end, what, help)


def empty() -> ExpressionError:
    """Return the error for a text without a statement."""
    return ExpressionError("the expression is empty.", help="write one, such as (a*b + c)*f.")


def unused_statement(text: str, statement: Statement) -> ExpressionError:
    """Return the error for a statement without a name that is not the last."""
    return mistake(
        text,
        statement.start,
        statement.end,
        "the value of this statement is lost, because another statement follows.",
        "give it a name, such as c = a*b, or put an expression that goes on to the next line in parentheses.",
    )


def truth_value(text: str, start: int, end: int) -> ExpressionError:
    """Return the error for a comparison where a number is wanted."""
    return mistake(
        text,
        start,
        end,
        "a comparison is true or false, not a number.",
        "use it as the first argument of where, such as where(x > 0, x, 0).",
    )


def chained_comparison(text: str, token: Token) -> ExpressionError:
    """Return the error for ``a < b < c``."""
    return _at(
        text,
        token,
        "comparisons cannot be chained.",
        "compare two values at a time: for a < b < c write where(a < b, where(b < c, x, y), y).",
    )


def not_assignable(text: str, name: Token) -> ExpressionError:
    """Return the error for assigning a function's name or a reserved word."""
    kind = "a function" if name.text in FUNCTIONS else "a word of the language"
    return _at(text, name, f"{name.text} is {kind} and cannot be assigned.", "choose another name.")


def assigned_twice(text: str, name: Token) -> ExpressionError:
    """Return the error for a second assignment to a name."""
    word = shown(name.text)
    return _at(text, name, f"{word} is assigned twice.", "choose another name; a name keeps its one meaning.")


def assigned_late(text: str, name: Token) -> ExpressionError:
    """Return the error for assigning a name that earlier statements read."""
    word = shown(name.text)
    return _at(
        text,
        name,
        f"{word} is assigned after it was used.",
        "move this statement up, or choose another name.",
    )


def own_definition(text: str, name: Token) -> ExpressionError:
    """Return the error for ``c = c + 1``."""
    return _at(
        text,
        name,
        f"{shown(name.text)} is used in its own definition.",
        "give the result another name; a name keeps its one meaning.",
    )


def not_a_value(text: str, name: Token) -> ExpressionError:
    """Return the error for a function's name or a reserved word where a value is wanted."""
    word = name.text
    if word in RESERVED:
        return _at(text, name, f"{word} is not part of the language.", RESERVED[word])
    arguments = _EXAMPLES.get(word, ", ".join("xyz"[: FUNCTIONS[word].arguments]))
    return _at(text, name, f"{word} is a function and needs arguments.", f"write {word}({arguments}).")


def unknown_function(text: str, name: Token, known: Iterable[str]) -> ExpressionError:
    """Return the error for a call of something that is not in the list of functions."""
    word = shown(name.text)
    if name.text in RESERVED:
        return _at(text, name, f"{word} is not part of the language.", RESERVED[name.text])
    if name.text in OTHER_NAMES:
        return _at(text, name, f"there is no function {word}.", OTHER_NAMES[name.text])
    close = nearest(name.text, FUNCTIONS) if len(name.text) > 1 and name.text not in set(known) else None
    if close is not None:
        return _at(text, name, f"there is no function {word}.", f"did you mean {close}?")
    return _at(text, name, f"there is no function {word}.", f"to multiply, write {word}*(...).")


def argument_count(text: str, call: Token, closing: Token, count: int) -> ExpressionError:
    """Return the error for a call with too few or too many arguments."""
    function = FUNCTIONS[call.text]
    wanted = _COUNTS[function.arguments] if not function.more else f"{function.arguments} or more arguments"
    example = _EXAMPLES.get(call.text, ", ".join("xyz"[: function.arguments]))
    return mistake(
        text,
        call.start,
        closing.end,
        f"{call.text} takes {wanted}, got {count}.",
        f"write {call.text}({example}).",
    )


def too_deep(text: str, token: Token, limit: int) -> ExpressionError:
    """Return the error for parentheses nested past the limit."""
    return _at(
        text,
        token,
        f"the expression is nested more than {limit} deep.",
        "give inner parts names of their own, such as c = a*b; c + 1.",
    )


def never_closed(text: str, token: Token) -> ExpressionError:
    """Return the error for an opening parenthesis without its closing one."""
    return _at(text, token, "this ( is never closed.", "write the missing ).")


def never_opened(text: str, token: Token) -> ExpressionError:
    """Return the error for a closing parenthesis without its opening one."""
    return _at(text, token, "this ) was never opened.", "remove it, or write the missing (.")


def empty_parentheses(text: str, opening: Token, closing: Token) -> ExpressionError:
    """Return the error for ``()``."""
    return mistake(text, opening.start, closing.end, "the parentheses are empty.", "write a value between them.")


def stray_comma(text: str, token: Token) -> ExpressionError:
    """Return the error for a comma outside the arguments of a call."""
    return _at(
        text,
        token,
        "a comma stands outside a call.",
        "a comma separates arguments, such as maximum(x, y); a decimal point is written 2.5.",
    )


def missing_operand(text: str, before: Token | None, token: Token) -> ExpressionError:
    """Return the error for a place where a value is wanted and something else stands."""
    if token.text == "^":
        return _caret(text, token)
    if token.text == "=" and before is not None and before.kind != "separator":
        return _equals(text, before, token)
    if token.text == "," and before is not None and before.text in ("(", ","):
        return _at(text, token, "an argument is missing before this comma.", "write it, or remove the comma.")
    if before is not None and (token.kind in ("separator", "end") or token.text in (")", ",")):
        noun = "an argument" if before.text == "," else "a value"
        what = f"{noun} is missing after {shown(before.text)}."
        return _at(text, before, what, f"write one, or remove the {_noun(before)}.")
    help = "write one, such as a*b."
    if token.text == "*" and before is not None and before.text == "**":
        help = "write a power as a**b."
    elif token.text in ("=", "<", ">") and before is not None and before.text in ("=", "<", ">", "<=", ">="):
        help = "the comparisons are < <= > >= == and !=."
    return _at(text, token, f"a value is missing before {shown(token.text)}.", help)


def missing_operator(text: str, before: Token, token: Token) -> ExpressionError:
    """Return the error for two values side by side, and for the signs that are no operators here."""
    if token.text == "^":
        return _caret(text, token)
    if token.text == "=":
        return _equals(text, before, token)
    if token.text in RESERVED:
        return _at(text, token, f"{token.text} is not part of the language.", RESERVED[token.text])
    left, right = shown(before.text), shown(token.text)
    touching = before.end == token.start
    if before.kind == "number" and touching:
        number = text[before.start : token.end]
        if re.fullmatch(r"[0-9]+(_[0-9]+)+", number):
            help = f"write the number without _: {shown(number.replace('_', ''))}."
            return mistake(text, before.start, token.end, "a number holds no _.", help)
        if re.fullmatch(r"0[xXoObB][0-9a-fA-F]+", number):
            return mistake(text, before.start, token.end, "a number is written in decimal.", "write it such as 255.")
        if token.kind == "number":
            return mistake(text, before.start, token.end, f"{shown(number)} is not a number.", "write one point.")
    help = f"to multiply, write {'(...)' if left == ')' else left}*{'(...)' if right == '(' else right}"
    if left != ")" and right != "(":
        help += f", not {left}{'' if touching else ' '}{right}"
    return mistake(text, before.start, token.end, f"an operator is missing between {left} and {right}.", help + ".")


def _caret(text: str, token: Token) -> ExpressionError:
    return _at(text, token, "^ is not an operator.", "use ** for a power, such as x**2.")


def _equals(text: str, before: Token, token: Token) -> ExpressionError:
    if before.text in OPERATORS and before.end == token.start:
        return mistake(
            text,
            before.start,
            token.end,
            f"{before.text}= is not an operator.",
            "give the result a new name, such as c = a*b; a name keeps its one meaning.",
        )
    return _at(
        text,
        token,
        "= assigns a name, and only at the start of a statement.",
        "write == to compare, or c = a*b as a statement of its own.",
    )


def _noun(token: Token) -> str:
    return {",": "comma", "=": "assignment"}.get(token.text, "operator")
