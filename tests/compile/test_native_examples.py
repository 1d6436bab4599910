"""The examples and the worked examples, compiled: the values and gradients of eager mode."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import adjoint as ad
from adjoint.compile.llvm.host import host, registers
from compile.differ import assert_close, compiled, eager
from explain.worked import EXAMPLES as WORKED
from source.examples import EXAMPLES as PRINTED

FOLDER = Path(__file__).resolve().parents[2] / "examples"
RNG = np.random.default_rng(0)


def example(name):
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def agree(f, args, bound=1e-14):
    for options in ({}, {"strict": True}, {"backend": "python"}):
        assert_close(compiled(f, args, **options), eager(f, args), str(options), bound)


@pytest.mark.parametrize("name", WORKED)
def test_worked_examples(name):
    f, args, value, gradients = WORKED[name]
    argnums = tuple(range(len(args)))
    with np.errstate(all="ignore"):
        found, slopes = ad.compile(ad.value_and_grad(f, argnums=argnums), cache=False)(*args)
    assert type(found) is float
    np.testing.assert_allclose([found, *slopes], [value, *gradients.values()], rtol=1e-7)
    agree(ad.value_and_grad(f, argnums=argnums), args)
    agree(f, args)


def files_of_examples():
    """The files that say in a table with what their functions are called, and those functions."""
    for path in sorted(FOLDER.glob("*.py")):
        if "\nEXAMPLES = " in path.read_text():
            for i, f in enumerate(example(path.stem).EXAMPLES):
                yield pytest.param(path.stem, i, id=f"{path.stem}-{f.__name__}")


@pytest.mark.parametrize(("name", "place"), list(files_of_examples()))
def test_files_of_examples(name, place):
    f, args = list(example(name).EXAMPLES.items())[place]
    smooth = tuple(i for i, a in enumerate(args) if np.asarray(a).dtype.kind == "f")
    for bytes_ in {16, host().vector_bytes}:
        with registers(bytes_):
            agree(ad.value_and_grad(f, argnums=smooth), args, 1e-13)


@pytest.mark.parametrize("name", PRINTED)
def test_programs_with_golden_source(name):
    f, args = PRINTED[name]
    agree(ad.value_and_grad(f, argnums=tuple(range(len(args)))), args)


def test_attention():
    loss = example("attention").loss
    args = RNG.normal(size=(4, 8)), *(RNG.normal(size=(8, 4)) for _ in range(3)), np.ones(4)
    agree(ad.value_and_grad(loss, argnums=(0, 1, 2, 3)), args, 1e-12)


def test_rosenbrock():
    rosenbrock = example("rosenbrock_scipy").rosenbrock
    x = np.tile([1.3, 0.7, 0.8, 1.9, 1.2], 2)
    agree(ad.value_and_grad(rosenbrock), (x,))
    agree(ad.hessian(rosenbrock), (x,))
    agree(lambda x, v: ad.hvp(rosenbrock, x, v), (x, x[::-1].copy()))


def test_minimisation_with_a_compiled_gradient():
    from scipy.optimize import minimize

    rosenbrock = example("rosenbrock_scipy").rosenbrock
    start = np.tile([1.3, 0.7, 0.8, 1.9, 1.2], 2)
    found = minimize(ad.compile(ad.value_and_grad(rosenbrock)), start, jac=True, options={"gtol": 1e-9})
    assert found.fun < 1e-15


def test_an_operation_of_ones_own():
    module = example("own_operation")
    x, y = np.array([-2.0, 0.5, 3.0]), np.array([-1.0, 0.0, 1.0])
    agree(ad.value_and_grad(module.loss, argnums=(0, 1)), (x, y))
    agree(lambda x, y: ad.jvp(lambda t: module.loss(t, y), (x,), (y,)), (x, y))


def test_digits():
    pytest.importorskip("sklearn")
    loss = example("digits_mlp").loss
    weights = RNG.normal(size=(64, 128)), RNG.normal(size=128), RNG.normal(size=(128, 10)), RNG.normal(size=10)
    images, labels = RNG.random((32, 64)), RNG.integers(0, 10, 32)
    agree(ad.value_and_grad(loss, argnums=(0, 1, 2, 3)), (*weights, images, labels), 1e-11)
