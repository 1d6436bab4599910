"""Stages: every stage is there as text, says what the compiler holds, and fits a page."""

import re

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.compile.stages import STAGES, innermost
from adjoint.errors import ArgumentError

NATIVE = tuple(n for n in STAGES if n not in {"source", "tape"})
X = np.linspace(-1.0, 1.0, 1003)


def loss(w, x):
    return anp.sum(anp.log(1.0 + anp.exp(w * x)))


@pytest.fixture(scope="module")
def stages():
    return ad.compile(ad.value_and_grad(loss), cache=False).lower(0.5, X).stages


def test_the_stages_of_machine_code_in_their_order(stages):
    assert tuple(stages) == NATIVE
    assert len(stages) == len(NATIVE)
    assert all(stages[name].text for name in stages)
    assert repr(stages) == f"<Stages: {', '.join(NATIVE)}>"


def test_the_files_that_are_named_exist(stages):
    import pathlib

    home = pathlib.Path(ad.__file__).parent
    for stage in stages.values():
        assert (home / stage.file).is_file()


def test_the_gradient_is_one_node_first_and_written_out_later(stages):
    assert " gradient(" in stages["trace"].text
    assert " gradient(" not in stages["differentiate"].text
    assert "softplus: log(1.0 + exp(" in stages["simplify"].text
    assert "sigmoid(" in stages["rewrite"].text


def test_terms_statements_loops_and_memory_speak_of_the_same_values(stages):
    terms = re.findall(r"^(%\d+)", stages["lower"].text, re.MULTILINE)
    assert terms == [f"%{n}" for n in range(len(terms))]
    stated = re.findall(r"^(%\d+)", stages["label"].text, re.MULTILINE)
    assert set(stated) < set(terms)
    assert re.findall(r"^ +(%\d+)", stages["schedule"].text, re.MULTILINE) == stated
    assert re.findall(r"^(%\d+)", stages["memory"].text, re.MULTILINE) == stated
    inlined = stages["label"].text.rpartition(": ")[2].split(", ")
    assert not set(inlined) & set(stated)


def test_forward_and_backward_share_one_loop(stages):
    assert stages["schedule"].text.count("loop ") == 1
    assert stages["schedule"].text.count("reduce") == 2


def test_machine_code_has_a_loop_and_the_entry_runs_it(stages):
    assert re.match(r"; \d+ instructions\n\.L", stages["assembly"].text)
    assert "br i1" in stages["llvm"].text
    assert '@"run"(' in stages["entry"].text or "through Python" in stages["entry"].text


def test_all_stages_print_shortened(stages):
    text = str(stages)
    assert [line.split(":")[0][3:] for line in text.splitlines() if line.startswith("== ")] == list(NATIVE)
    assert len(text.splitlines()) < 400
    assert str(stages["plan"]) == stages["plan"].text


def test_flat_python_and_the_tape_have_stages_of_their_own():
    flat = ad.compile(ad.value_and_grad(loss), backend="python").lower(0.5, X).stages
    assert tuple(flat) == ("trace", "simplify", "differentiate", "rewrite", "source")
    assert "np.sum" in flat["source"].text

    def chain(x):
        for _ in range(300):
            x = anp.tanh(x * 1.01)
        return x

    tape = ad.compile(chain, cache=False).lower(0.5).stages
    assert tuple(tape) == ("trace", "tape")
    assert "tape of" in tape["tape"].text


def test_a_stage_that_there_is_not_is_refused(stages):
    with pytest.raises(ArgumentError, match="no stage 'tape'"):
        stages["tape"]


def test_every_kind_of_term_has_a_text():
    def f(x, i):
        y = anp.flip(anp.cumsum(x, axis=0), axis=1).T
        z = anp.concatenate([y[:, 1:], y[:, :1]], axis=1) @ x
        return anp.max(z[i], axis=0), anp.reshape(x, (-1,))

    stages = ad.compile(f, cache=False).lower(np.ones((30, 20)), np.array([2, 0, 1])).stages
    text = stages["lower"].text
    for kind in ("input x", "numpy: cumsum(", "contracted", "in a box from", "max of", "gather(", "reshape("):
        assert kind in text, kind
    assert str(stages)


def test_the_longest_loop_without_a_loop_inside_is_the_inner_one():
    text = "step0:\n.LA:\n\tmov a, b\n.LB:\n\tadd a, b # note\n\tsub a, b\n\tjl\t.LB\n\tjne\t.LA\n\tret\n"
    assert innermost(text).splitlines() == [
        "; 3 instructions",
        ".LB:",
        "        add a, b",
        "        sub a, b",
        "        jl      .LB",
    ]
    assert innermost("step0:\n\tret\n") == "no loop"
