"""Names and source lines are users' text: whatever they hold, the printed program is the same program."""

import ast
import builtins
import io
import keyword
import linecache
import tokenize

import numpy as np
import pytest

import adjoint as ad
from adjoint.source.api import source, source_of
from adjoint.source.identifiers import Names, identifier, one_line

NASTY = (
    "lambda", "None", "np", "numpy", "f", "print", "__debug__", "__import__", "match", "_", "", " ", "x y", "1st", "#",
    "'", '"', '"""', "x\nimport os", "x\r\nraise SystemExit", "x\x0craise", "x\u2028raise", "x\x85raise",
    "a; import os", "\\", "x\\\n", "\0", "g_x", "t1", "x_2", "k1", "erf", "sigmoid", "é", "λ", "变量", "x₁", "ﬁ", "𝒙",
    "x" * 10_000, "𝟙", "\u202ex", "a\u2066b", "\ud800", "-*- coding: utf-7 -*-", "{x}", "%s", "operand_0",
    "x.__class__", "x[0]", "x=1", "True", "self", "\x1b[31mred",
)  # fmt: skip


def comments_and_rest(text):
    """The comments of a text, and the text without them, as Python's own tokenizer sees it."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    comments = [t.string for t in tokens if t.type == tokenize.COMMENT]
    rest = [t.string for t in tokens if t.type not in (tokenize.COMMENT, tokenize.NL)]
    return comments, rest


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_any_text_becomes_an_identifier(text):
    name = identifier(text)
    assert name.isascii()
    assert name.isidentifier()
    assert len(name) <= 41
    assert not keyword.iskeyword(name)
    assert not hasattr(builtins, name)
    assert name not in ("np", "numpy")


def test_names_stay_apart():
    names = Names()
    given = [names.new(text) for text in (*NASTY, *NASTY)]
    assert len(set(given)) == 2 * len(NASTY)
    assert all(name.isidentifier() for name in given)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_any_text_fits_one_comment_line(text):
    line = one_line(text + text)
    assert line.isprintable()
    assert len(line) <= 60
    assert ("# " + line).splitlines() in ([], ["# " + line])


def loss(*tensors):
    total = 0.5
    for tensor in tensors:
        total = total * ad.tensor([1.0, 2.0], name=tensor.name) + np.sin(tensor)
    return (total * total).sum()


def test_hostile_tensors_and_constants():
    args = [ad.tensor(0.1 * i, name=name) for i, name in enumerate(NASTY)]
    plain = [0.1 * i for i in range(len(NASTY))]
    text = source(loss)(*args)
    wanted = ad.value_and_grad(lambda *a: loss(*[ad.tensor(0.0) + x for x in a]), tuple(range(len(args))))(*plain)
    value, gradients = text.run(*plain)
    assert float(value) == wanted[0]
    assert [float(g) for g in gradients] == list(wanted[1])
    assert all(line.isprintable() for line in text.splitlines())


@pytest.mark.parametrize("name", [n for n in NASTY if n], ids=range(len(NASTY) - 1))
def test_hostile_definitions(name):
    graph = ad.Graph.define({name: ("multiply", "w", "w"), "J": ("sin", name)}, output="J")
    text = source_of(graph, graph.inputs, title=name)
    value, (gradient,) = text.run(3.0)
    assert (float(value), float(gradient)) == (np.sin(9.0), np.cos(9.0) * 3.0 + np.cos(9.0) * 3.0)


@pytest.mark.parametrize("name", NASTY, ids=range(len(NASTY)))
def test_the_keys_of_a_gradient_graph_are_quoted(name):
    graph = ad.Graph.define({"J": ("square", name)}, output="J").grad()
    assert source_of(graph).run(3.0) == {graph.keys[0]: 6.0}


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_hostile_source_lines_and_files(nasty, monkeypatch):
    """The user's file is named and written as an attacker likes; the code that ran is harmless."""
    file = f"{nasty}.py".replace("\0", "")
    space = {"np": np}
    exec(compile("def f(x):\n    y = np.sin(x)\n    return y * x", file, "exec"), space)
    lines = ["def f(x):\n", f"    y = np.sin(x)  # {nasty}\n", f"    return y * x; {nasty}\n"]
    monkeypatch.setitem(linecache.cache, file, (1, None, lines, file))
    text = source(space["f"])(0.5)
    clean = source(lambda x: np.sin(x) * x)(0.5)
    comments, rest = comments_and_rest(text)
    assert len(comments) == len(comments_and_rest(clean)[0]), "one comment a line, and two in the header"
    assert all(c.isprintable() for c in comments)
    assert text.run(0.5) == clean.run(0.5)
    tree = ast.parse(text)
    assert [type(part) for part in tree.body] == [ast.Import, ast.FunctionDef]
    assert not any(isinstance(part, ast.Import) for part in ast.walk(tree.body[1]))
    assert "raise" not in rest
    assert ast.dump(ast.parse(text.encode("utf-8", "replace"))) == ast.dump(tree), "a comment chose the encoding"


def test_first_lines_hold_nothing_of_the_user():
    def f(x):
        return x * x

    f.__name__ = "-*- coding: utf-7 -*-"
    assert source(f)(1.0).splitlines()[:2] == ["import numpy", ""]
