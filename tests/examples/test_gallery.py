"""The examples that the workbench shows: every function has inputs, a sentence, and derivatives that are right."""

import importlib.util
import inspect
import re
import warnings

import numpy as np
import pytest

import adjoint as ad
from examples.running import EXAMPLES, run

FILES = (
    "worked_examples", "gates", "gates_of_arrays", "losses", "networks", "attention", "lstm", "neural_turing_machine",
)  # fmt: skip


def module(name):
    spec = importlib.util.spec_from_file_location(f"gallery_{name}", EXAMPLES / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


MODULES = {name: module(name) for name in FILES}
FUNCTIONS = [
    pytest.param(function, values, id=f"{name}.{function.__name__}")
    for name, found in MODULES.items()
    for function, values in found.EXAMPLES.items()
]


@pytest.mark.parametrize(("function", "values"), FUNCTIONS)
def test_its_derivatives_are_right(function, values):
    assert len(values) == len(inspect.signature(function).parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = ad.check(function)(*values)
    assert report.ok, str(report)


@pytest.mark.parametrize(("function", "values"), FUNCTIONS)
def test_it_says_what_it_is_in_one_sentence_and_ends_in_one_number(function, values):
    assert re.fullmatch(r"[A-Z].{10,109}\.", function.__doc__)
    story = ad.explain(function)(*values)
    assert story.failure is None
    assert np.ndim(story.value) == 0
    assert np.isfinite(story.value)


def test_softmax_with_cross_entropy_and_the_hinge_are_those_of_the_textbook():
    # The scores 3.2, 5.1, -1.7 with the first one right: cs231n's worked example.
    losses = MODULES["losses"]
    scores = np.array([3.2, 5.1, -1.7])
    hinge, pulled = ad.value_and_grad(losses.hinge)(scores, 0)
    assert hinge == pytest.approx(2.9)
    assert pulled.tolist() == [-1.0, 1.0, 0.0]
    loss, pushed = ad.value_and_grad(losses.cross_entropy)(scores, 0)
    shares = np.exp(scores) / np.exp(scores).sum()
    assert loss == pytest.approx(-np.log(shares[0]))
    np.testing.assert_allclose(pushed, shares - [1.0, 0.0, 0.0])


def test_the_convolution_is_scipys():
    from scipy.signal import correlate2d

    image, kernel, _, _ = MODULES["networks"].EXAMPLES[MODULES["networks"].convolution]
    found = MODULES["networks"].filtered(ad.tensor(image), kernel)
    np.testing.assert_allclose(found.value, correlate2d(image, kernel, "valid"))


def test_the_step_of_the_lstm_is_its_equations():
    lstm = MODULES["lstm"]
    x, h, c, wx, wh, bias, _ = lstm.made()
    hidden, cell = lstm.step(*map(ad.tensor, (x, h, c, wx, wh, bias)))
    f, i, g, o = np.split(x @ wx + h @ wh + bias, 4)
    wanted = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    np.testing.assert_allclose(cell.value, wanted)
    np.testing.assert_allclose(hidden.value, np.tanh(wanted) / (1 + np.exp(-o)))


def test_the_head_looks_where_content_gate_and_shift_send_it():
    machine = MODULES["neural_turing_machine"]
    memory, key, _, _, _, _, before, _ = machine.EXAMPLES[machine.ntm_read]
    sharp, one_on, stay = 50.0, np.array([-50.0, -50.0, 50.0]), np.array([-50.0, 50.0, -50.0])
    by_content = machine.addressed(ad.tensor(memory), key, sharp, 50.0, stay, sharp, before).value
    assert by_content.argmax() == 1
    assert by_content.sum() == pytest.approx(1.0)
    moved_on = machine.addressed(ad.tensor(memory), key, sharp, -50.0, one_on, sharp, before).value
    np.testing.assert_allclose(moved_on, [0, 1, 0, 0], atol=1e-9)
    erased = machine.written(ad.tensor(memory), np.array([0.0, 1.0, 0.0, 0.0]), np.full(3, 50.0), np.arange(3.0))
    np.testing.assert_allclose(erased.value[1], [0.0, 1.0, 2.0], atol=1e-9)
    np.testing.assert_array_equal(erased.value[2:], memory[2:])


def test_what_the_gates_print():
    printed = run(EXAMPLES / "gates.py")
    assert re.search(r"^multiply +-12   x -4  y \+3 +Multiply swaps", printed, re.MULTILINE)
    assert re.search(r"^copy +10   x \+7", printed, re.MULTILINE)
    assert "Multiply swaps" in run(EXAMPLES / "gates.py", "multiply")
    arrays = run(EXAMPLES / "gates_of_arrays.py")
    assert re.search(r"^dot = -10.5.*\n  x +\[ 0.5,  4. , -1. \]\n  y +\[ 1., -2.,  3.\]$", arrays, re.MULTILINE)


def test_what_the_losses_print():
    printed = run(EXAMPLES / "losses.py")
    assert re.search(r"^hinge +2.9000   gradient -1.0000  \+1.0000  \+0.0000$", printed, re.MULTILINE)


def test_the_networks_learn():
    ends = [float(x) for x in re.findall(r"step 200   loss (\S+)", run(EXAMPLES / "networks.py"))]
    assert len(ends) == 2
    assert max(ends) < 1e-3


def test_the_gradient_of_the_cell_fades_with_the_steps():
    printed = run(EXAMPLES / "lstm.py")
    reached = [float(x) for x in re.findall(r"gradient of (\S+)", printed)]
    assert len(reached) == 5
    assert reached[-1] < reached[2] < reached[0]
    assert "all agree" in printed


def test_the_machine_is_checked():
    printed = run(EXAMPLES / "neural_turing_machine.py")
    assert printed.count("all agree") == 2
