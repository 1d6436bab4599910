"""What is refused, in three parts: what, the exact place, and what to do."""

import pytest

from adjoint.errors import AdjointError, ExpressionError
from adjoint.expression import parse, underline

WHERE_HELP = "use it as the first argument of where, such as where(x > 0, x, 0)."
NAMES_HELP = "names are made of the letters a to z and A to Z, digits and _"
ATTRIBUTE_HELP = "attributes cannot be reached from an expression; a number such as .5 needs digits after its point."
STRING_HELP = "there are no strings; write numbers and names only."
INDEX_HELP = "there is no indexing; every value is one number. Group with ( and )."
CHAIN_HELP = "compare two values at a time: for a < b < c write where(a < b, where(b < c, x, y), y)."
ONE_MEANING = "a name keeps its one meaning."
SURE = "it, or remove the comma."

# text, what, carets under the shown text, help
CASES = [
    ("2x", "an operator is missing between 2 and x.", "^^", "to multiply, write 2*x, not 2x."),
    ("3 + 2 x", "an operator is missing between 2 and x.", "    ^^^", "to multiply, write 2*x, not 2 x."),
    ("2(a)", "an operator is missing between 2 and (.", "^^", "to multiply, write 2*(...)."),
    ("2sin(a)", "an operator is missing between 2 and sin.", "^^^^", "to multiply, write 2*sin, not 2sin."),
    ("a b", "an operator is missing between a and b.", "^^^", "to multiply, write a*b, not a b."),
    ("x.5", "an operator is missing between x and .5.", "^^^", "to multiply, write x*.5, not x.5."),
    ("(a)(b)", "an operator is missing between ) and (.", "  ^^", "to multiply, write (...)*(...)."),
    ("(a)b", "an operator is missing between ) and b.", "  ^^", "to multiply, write (...)*b."),
    ("a(b)", "there is no function a.", "^", "to multiply, write a*(...)."),
    ("rate + rate(b)", "there is no function rate.", "       ^^^^", "to multiply, write rate*(...)."),
    ("pi(2)", "there is no function pi.", "^^", "to multiply, write pi*(...)."),
    ("sigmod(x)", "there is no function sigmod.", "^^^^^^", "did you mean sigmoid?"),
    ("1 + Sin(x)", "there is no function Sin.", "    ^^^", "did you mean sin?"),
    ("ln(x)", "there is no function ln.", "^^", "write log(x), the natural logarithm."),
    ("pow(x, 2)", "there is no function pow.", "^^^", "write x**y or power(x, y)."),
    ("eval(x)", "there is no function eval.", "^^^^", "to multiply, write eval*(...)."),
    ("a*", "a value is missing after *.", " ^", "write one, or remove the operator."),
    ("a* ; b", "a value is missing after *.", " ^", "write one, or remove the operator."),
    ("(a +) * b", "a value is missing after +.", "   ^", "write one, or remove the operator."),
    ("-", "a value is missing after -.", "^", "write one, or remove the operator."),
    ("*a", "a value is missing before *.", "^", "write one, such as a*b."),
    ("a+*b", "a value is missing before *.", "  ^", "write one, such as a*b."),
    ("a***b", "a value is missing before *.", "   ^", "write a power as a**b."),
    ("x => 2", "a value is missing before >.", "   ^", "the comparisons are < <= > >= == and !=."),
    ("x <> 2", "a value is missing before >.", "   ^", "the comparisons are < <= > >= == and !=."),
    ("= 2", "a value is missing before =.", "^", "write one, such as a*b."),
    ("c =", "a value is missing after =.", "  ^", "write one, or remove the assignment."),
    ("(a+b", "this ( is never closed.", "^", "write the missing )."),
    ("a*(b+(c)", "this ( is never closed.", "  ^", "write the missing )."),
    ("a*(b+(c", "this ( is never closed.", "     ^", "write the missing )."),
    ("sin(", "this ( is never closed.", "   ^", "write the missing )."),
    ("max(a,", "this ( is never closed.", "   ^", "write the missing )."),
    ("(a; b)", "this ( is never closed.", "^", "write the missing )."),
    ("a+b)", "this ) was never opened.", "   ^", "remove it, or write the missing (."),
    (")", "this ) was never opened.", "^", "remove it, or write the missing (."),
    ("a + ()", "the parentheses are empty.", "    ^^", "write a value between them."),
    ("sin", "sin is a function and needs arguments.", "^^^", "write sin(x)."),
    ("sin x", "sin is a function and needs arguments.", "^^^", "write sin(x)."),
    ("arctan2*2", "arctan2 is a function and needs arguments.", "^^^^^^^", "write arctan2(y, x)."),
    ("sin()", "sin takes 1 argument, got 0.", "^^^^^", "write sin(x)."),
    ("sin(x, y)", "sin takes 1 argument, got 2.", "^^^^^^^^^", "write sin(x)."),
    ("1 + arctan2(x)", "arctan2 takes 2 arguments, got 1.", "    ^^^^^^^^^^", "write arctan2(y, x)."),
    ("clip(x, 1)", "clip takes 3 arguments, got 2.", "^^^^^^^^^^", "write clip(x, low, high)."),
    ("where(x > 1)", "where takes 3 arguments, got 1.", "^^^^^^^^^^^^", "write where(x > 0, a, b)."),
    ("max(x)", "max takes 2 or more arguments, got 1.", "^^^^^^", "write max(x, y)."),
    ("max(,a)", "an argument is missing before this comma.", "    ^", "write " + SURE),
    ("max(a,,b)", "an argument is missing before this comma.", "      ^", "write " + SURE),
    ("max(a,b,)", "an argument is missing after ,.", "       ^", "write one, or remove the comma."),
    ("max(a+,b)", "a value is missing after +.", "     ^", "write one, or remove the operator."),
    ("x > 0", "a comparison is true or false, not a number.", "^^^^^", WHERE_HELP),
    ("x == 0", "a comparison is true or false, not a number.", "^^^^^^", WHERE_HELP),
    ("(x > 0)*2", "a comparison is true or false, not a number.", "^^^^^^^", WHERE_HELP),
    ("c = a < b; 2*c", "a comparison is true or false, not a number.", "             ^", WHERE_HELP),
    ("c = a < b; c", "a comparison is true or false, not a number.", "           ^", WHERE_HELP),
    ("-(a < b)", "a comparison is true or false, not a number.", " ^^^^^^^", WHERE_HELP),
    ("+(a < b)", "a comparison is true or false, not a number.", " ^^^^^^^", WHERE_HELP),
    ("max(a, b < c)", "a comparison is true or false, not a number.", "       ^^^^^", WHERE_HELP),
    ("where(a < b, a < b, c)", "a comparison is true or false, not a number.", "             ^^^^^", WHERE_HELP),
    ("where((a < b) < c, 1, 2)", "a comparison is true or false, not a number.", "      ^^^^^^^", WHERE_HELP),
    ("a < b < c", "comparisons cannot be chained.", "      ^", CHAIN_HELP),
    ("where(a < b == c, 1, 2)", "comparisons cannot be chained.", "            ^^", CHAIN_HELP),
    (
        "where(x, 1, 2)",
        "the condition of where is a comparison, got x.",
        "      ^",
        "compare it with something, such as where(x > 0, a, b).",
    ),
    ("x^2", "^ is not an operator.", " ^", "use ** for a power, such as x**2."),
    ("^x", "^ is not an operator.", "^", "use ** for a power, such as x**2."),
    (
        "where(x = 1, 2, 3)",
        "= assigns a name, and only at the start of a statement.",
        "        ^",
        "write == to compare, or c = a*b as a statement of its own.",
    ),
    (
        "a = b = 2",
        "= assigns a name, and only at the start of a statement.",
        "      ^",
        "write == to compare, or c = a*b as a statement of its own.",
    ),
    (
        "2*x = 3",
        "= assigns a name, and only at the start of a statement.",
        "    ^",
        "write == to compare, or c = a*b as a statement of its own.",
    ),
    ("x *= 2", "*= is not an operator.", "  ^^", "give the result a new name, such as c = a*b; " + ONE_MEANING),
    ("c = c + 1", "c is used in its own definition.", "    ^", "give the result another name; " + ONE_MEANING),
    ("c = x; c = 2", "c is assigned twice.", "       ^", "choose another name; " + ONE_MEANING),
    (
        "a = x*c; c = 1; a",
        "c is assigned after it was used.",
        "         ^",
        "move this statement up, or choose another name.",
    ),
    (
        "a = x*e; e = 1; a",
        "e is assigned after it was used.",
        "         ^",
        "move this statement up, or choose another name.",
    ),
    ("sin = 2", "sin is a function and cannot be assigned.", "^^^", "choose another name."),
    ("not = 2", "not is a word of the language and cannot be assigned.", "^^^", "choose another name."),
    (
        "a*b; c",
        "the value of this statement is lost, because another statement follows.",
        "^^^",
        "give it a name, such as c = a*b, or put an expression that goes on to the next line in parentheses.",
    ),
    (
        "x and y",
        "and is not part of the language.",
        "  ^^^",
        "nest two where calls instead: where(a, where(b, x, y), y).",
    ),
    (
        "not x",
        "not is not part of the language.",
        "^^^",
        "swap the last two arguments of where instead: where(a, y, x).",
    ),
    (
        "not(x)",
        "not is not part of the language.",
        "^^^",
        "swap the last two arguments of where instead: where(a, y, x).",
    ),
    ("x if y else z", "if is not part of the language.", "  ^^", "write where(condition, a, b)."),
    ("True", "True is not part of the language.", "^^^^", "write a comparison, such as x > 0."),
    (
        "a, b",
        "a comma stands outside a call.",
        " ^",
        "a comma separates arguments, such as maximum(x, y); a decimal point is written 2.5.",
    ),
    (
        "sin((a, b))",
        "a comma stands outside a call.",
        "      ^",
        "a comma separates arguments, such as maximum(x, y); a decimal point is written 2.5.",
    ),
    ("1_000 + x", "a number holds no _.", "^^^^^", "write the number without _: 1000."),
    ("x + 0x10", "a number is written in decimal.", "    ^^^^", "write it such as 255."),
    ("1.2.3", "1.2.3 is not a number.", "^^^^^", "write one point."),
    ("a.b", "unexpected character '.'.", " ^", ATTRIBUTE_HELP),
    ("a[0]", "unexpected character '['.", " ^", INDEX_HELP),
    ("'os'", 'unexpected character "\'".', "^", STRING_HELP),
    ('x + "a"', "unexpected character '\"'.", "    ^", STRING_HELP),
    ("x!", "unexpected character '!'.", " ^", "there is no factorial; != compares for inequality."),
    (
        "x $ y",
        "unexpected character '$'.",
        "  ^",
        "remove it; an expression holds numbers, names, operators and parentheses.",
    ),
]


@pytest.mark.parametrize(("text", "what", "carets", "help"), CASES, ids=[case[0] for case in CASES])
def test_message(text, what, carets, help):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    error = caught.value
    assert (error.what, error.where, error.help) == (what, f"{text}\n{carets}", help)
    assert isinstance(error, AdjointError)
    assert isinstance(error, ValueError)


@pytest.mark.parametrize("text", ["", "   ", "\n", ";", " ;;\n; \r\n\t"])
def test_empty(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert str(caught.value) == "the expression is empty.\n  help: write one, such as (a*b + c)*f."


@pytest.mark.parametrize("thing", [None, 3, b"a*b", ["a"]])
def test_not_text(thing):
    with pytest.raises(ExpressionError, match=f"an expression is text, got {type(thing).__name__}"):
        parse(thing)


@pytest.mark.parametrize(
    ("text", "what", "line", "carets", "help"),
    [
        (
            "a\x00b",
            r"'\x00'",
            r"a\x00b",
            " ^^^^",
            "remove it; an expression holds numbers, names, operators and parentheses.",
        ),
        (
            "\x1b[31m",
            r"'\x1b'",
            r"\x1b[31m",
            "^^^^",
            "remove it; an expression holds numbers, names, operators and parentheses.",
        ),
        (
            "a\x0bb",
            r"'\x0b'",
            r"a\x0bb",
            " ^^^^",
            "remove it; an expression holds numbers, names, operators and parentheses.",
        ),
        (
            "\x7f",
            r"'\x7f'",
            r"\x7f",
            "^^^^",
            "remove it; an expression holds numbers, names, operators and parentheses.",
        ),
        ("2*\u03b1", r"'\u03b1', GREEK SMALL LETTER ALPHA", r"2*\u03b1", "  ^^^^^^", f"{NAMES_HELP}; write alpha."),
        ("\u03bb", r"'\u03bb', GREEK SMALL LETTER LAMDA", r"\u03bb", "^^^^^^", f"{NAMES_HELP}; write lambda."),
        ("\u0394", r"'\u0394', GREEK CAPITAL LETTER DELTA", r"\u0394", "^^^^^^", f"{NAMES_HELP}; write Delta."),
        ("\u0430 + a", r"'\u0430', CYRILLIC SMALL LETTER A", r"\u0430 + a", "^^^^^^", f"{NAMES_HELP}."),
        ("\uff41", r"'\uff41', FULLWIDTH LATIN SMALL LETTER A", r"\uff41", "^^^^^^", f"{NAMES_HELP}."),
        ("\u0661", r"'\u0661', ARABIC-INDIC DIGIT ONE", r"\u0661", "^^^^^^", f"{NAMES_HELP}."),
        ("a\u202eb", r"'\u202e', RIGHT-TO-LEFT OVERRIDE", r"a\u202eb", " ^^^^^^", f"{NAMES_HELP}."),
        ("a\udc80", r"'\udc80'", r"a\udc80", " ^^^^^^", f"{NAMES_HELP}."),
        ("\U0001d465", r"'\U0001d465', MATHEMATICAL ITALIC SMALL X", r"\U0001d465", "^" * 10, f"{NAMES_HELP}."),
        ("x\u2212y", r"'\u2212', MINUS SIGN", r"x\u2212y", " ^^^^^^", "write the minus sign of the keyboard, -."),
        ("x\xb2", r"'\xb2', SUPERSCRIPT TWO", r"x\xb2", " ^^^^", "write **2."),
        ("2\xd7x", r"'\xd7', MULTIPLICATION SIGN", r"2\xd7x", " ^^^^", "write * to multiply."),
        ("\u03c0", r"'\u03c0', GREEK SMALL LETTER PI", r"\u03c0", "^^^^^^", "write pi."),
    ],
)
def test_characters_are_shown_escaped(text, what, line, carets, help):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    error = caught.value
    assert (error.what, error.where, error.help) == (f"unexpected character {what}.", f"{line}\n{carets}", help)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "__import__(os)",
        "().__class__.__bases__[0].__subclasses__()",
        "x.__class__",
        "lambda x: x",
        "lambda: 0",
        "f'{x}'",
        'f"{__import__(chr(111))}"',
        "exec(x)",
        "open(x)",
        "[x for x in y]",
        "{x: y}",
        "x := 2",
        "import os",
        "print(x)",
        "getattr(x, y)",
        "*args",
        "**x",
        "a if b else c",
        "yield x",
        "x; import os; x",
        "@x",
        "`x`",
        "\\\n x",
        "# x",
        "...",
        "1if 2else 3",
        "0b1",
        "1j",
        "globals()",
        "vars()['x']",
        "sin.__call__(x)",
        "sin(x)(y)",
        "sin(*x)",
        "sin(x=1)",
        "\ufb01(x)",
        "\u2115(x)",
        "a\n.b",
    ],
)
def test_hostile(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.help
    assert str(caught.value).isascii()


def test_the_line_of_the_place_is_shown():
    with pytest.raises(ExpressionError) as caught:
        parse("c = a*b\nd = c + $\nd")
    assert caught.value.where == "line 2: d = c + $\n                ^"


def test_a_place_that_spans_lines_is_underlined_to_the_end_of_the_first():
    with pytest.raises(ExpressionError) as caught:
        parse("where((a +\n b), 1, 2)")
    assert caught.value.where == "line 1: where((a +\n              ^^^^"


def test_a_window_around_the_place_in_a_long_line():
    with pytest.raises(ExpressionError) as caught:
        parse("a + " * 100 + "$" + " + b" * 100)
    line, carets = caught.value.where.split("\n")
    assert len(line) == 80
    assert line.startswith("... ")
    assert line.endswith("...")
    assert line[len(carets) - 1] == "$"
    assert carets.strip() == "^"


@pytest.mark.parametrize("start", [0, 1, 5, 76, 77, 78, 79, 80, 100, 150, 197, 198, 199])
@pytest.mark.parametrize("width", [1, 3, 70, 77, 80, 120])
def test_every_window_shows_its_place(start, width):
    text = "".join(chr(ord("a") + index % 26) for index in range(200))
    line, carets = underline(text, start, start + width).split("\n")
    assert len(line) <= 80
    assert len(carets) <= 80
    first = len(carets) - len(carets.lstrip())
    assert line[first] == text[start]
    if width <= 70:
        assert carets.count("^") == min(width, 200 - start)


def test_long_names_are_cut_in_messages():
    with pytest.raises(ExpressionError) as caught:
        parse("x" * 900 + "(" + "y" * 900 + ")")
    assert all(len(line) <= 120 for line in str(caught.value).splitlines())
