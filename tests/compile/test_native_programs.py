"""Random programs: eager mode, flat source and native code give the same values and gradients."""

import pytest
from hypothesis import given, settings

from adjoint.compile.llvm.host import host, registers
from compile.differ import PRESSURE, assert_close, compiled, eager, pressure, value_gradient_and_results
from compile.programs import drawn, programs

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

WIDTHS = [n for n in (16, 32, 64) if n <= host().vector_bytes]


def check(program, **options):
    """Native code against eager mode: a chain of operations may amplify the roundings of its first ones."""
    args = program.arguments()
    f = value_gradient_and_results(program)
    precision = program.precision()
    bound = precision * (1e5 if precision < 1e-10 else 2e3)
    assert_close(compiled(f, args, **options), eager(f, args), repr(program), bound)


@settings(max_examples=25)
@given(programs())
def test_programs_that_hypothesis_makes(program):
    check(program)


@pytest.mark.parametrize("limits", PRESSURE)
@pytest.mark.parametrize("seed", range(9))
def test_native_code_under_pressure(seed, limits):
    with pressure(limits):
        check(drawn(100 * list(PRESSURE).index(limits) + seed))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("seed", range(7))
def test_registers_of_every_width(seed, width):
    with registers(width):
        check(drawn(2_000 + 10 * width + seed))


@pytest.mark.parametrize("seed", range(10))
def test_strict_code(seed):
    check(drawn(5_000 + seed), strict=True)


@settings(max_examples=40)
@given(programs())
def test_flat_source(program):
    check(program, backend="python")


def test_the_programs_differ():
    from adjoint.graph.graph import Graph

    def operations(seed):
        program = drawn(seed)
        outs = [o for o in program(*map(_tracked, program.arguments())) if o.requires_grad]
        return {n.op.name for n in Graph.from_outputs(*outs).nodes} if outs else set()

    assert len(set().union(*map(operations, range(60)))) > 40


def _tracked(array):
    import adjoint as ad

    return ad.tensor(array, requires_grad=array.dtype.kind == "f")
