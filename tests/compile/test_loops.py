"""Statements, loops and tiles: what every schedule must keep, on random programs."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from compile.differ import PRESSURE, pressure, value_gradient_and_results
from compile.programs import drawn
from compile.schedules import loops_in, placed, program_of, scheduled

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

RNG = np.random.default_rng(51)
LIMITS = ["plain", "tiles", "loops", "segments", "written out"]


def random_schedule(seed, limits="plain"):
    """The program and the loop nests of a random function with its gradient."""
    random_program = drawn(seed)
    with pressure(limits):
        program = program_of(value_gradient_and_results(random_program), random_program.arguments())
        return program, scheduled(program)[0]


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("seed", range(30))
def test_schedules_are_legal(seed, limits):
    program, items = random_schedule(40_000 + seed, limits)
    check_statements(program)
    check_loops(program, items)


def check_statements(program):
    """Each statement follows what it reads, and has its outputs."""
    place = {id(s): i for i, s in enumerate(program.statements)}
    assert [s.number for s in program.statements] == list(range(len(place)))
    for s in program.statements:
        assert all(place[id(r.statement)] < place[id(s)] for r in s.reads), s
        if s.kind not in {"store", "reduce", "dot"}:
            assert not s.loops
            continue
        for found, n in zip(s.kept, s.term.shape):
            assert (found is None) == (n == 1)
            if found is not None:
                assert s.ranges[found[0]] == (found[1], found[1] + n)
    assert all(o.id in program.of for o in program.outputs)


def check_loops(program, items):
    """Each statement runs once, inside loops over its own labels, after what it reads and where that is complete."""
    found = list(placed(items))
    assert sorted(s.number for s, _ in found) == [s.number for s in program.statements]
    order = {s.number: i for i, (s, _) in enumerate(found)}
    paths = {s.number: path for s, path in found}
    for s, path in found:
        opened = [loop.label for loop in path if not loop.tile]
        assert sorted(opened) == sorted(s.loops), s
        for loop in path:
            assert not loop.vector or loop is path[-1], "a vector loop is the innermost"
            if loop.tile:
                assert loop is path[0]
        for read in s.reads:
            other = read.statement
            assert order[other.number] < order[s.number], f"{s} before {other}"
            for mine, theirs in zip(path, paths[other.number]):
                if mine is not theirs:
                    break
                assert mine.label in read.same, f"{s} reads {other} elsewhere, inside a loop on that label"
                assert mine.label not in other.reduced, f"{s} reads {other} before it is complete"


def test_one_pass_serves_value_and_gradient():
    def f(x):
        return anp.sum(anp.tanh(x) * x)

    program = program_of(ad.value_and_grad(f), (RNG.normal(size=1000),))
    items, _, _ = scheduled(program)
    assert len([loop for loop in loops_in(items) if loop.vector]) == 1


def test_rows_of_a_softmax_stay_in_one_loop():
    items, _, memory = scheduled(program_of(lambda x: special.softmax(x, axis=1), (RNG.normal(size=(50, 70)),)))
    assert len(items) == 1
    assert memory.arena <= 2 * 70 * 8 + 64


def test_columns_of_a_softmax_are_vectors():
    items, _, _ = scheduled(program_of(lambda x: special.softmax(x, axis=0), (RNG.normal(size=(50, 70)),)))
    for s, path in placed(items):
        if s.kind == "reduce":
            assert path[-1].vector
            assert path[-1].label not in s.reduced


def test_the_neighbours_of_a_stencil_share_a_loop():
    def rosenbrock(x):
        return anp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    items, _, memory = scheduled(program_of(ad.value_and_grad(rosenbrock), (RNG.normal(size=500),)))
    vectors = [loop for loop in loops_in(items) if loop.vector]
    assert len(vectors) == 1
    assert {s.ranges[vectors[0].label] for s in vectors[0].statements() if s.loops} <= {(0, 499), (0, 500)}
    assert memory.arena < 500


def mixture(a, m, q, x):
    z = anp.einsum("kij,nj->nki", q, x) - m
    return anp.sum(special.logsumexp(a - 0.5 * anp.sum(z * z, axis=2), axis=1))


@pytest.mark.parametrize("n", [2000, 2001, 3000])
def test_what_lies_between_two_contractions_runs_piece_by_piece(n):
    args = np.zeros(24), np.zeros((24, 16)), np.zeros((24, 16, 16)), np.zeros((n, 16))
    program = program_of(ad.value_and_grad(mixture, argnums=(0, 1, 2)), args, strict=False)
    items, _, memory = scheduled(program)
    tiles = [loop for loop in loops_in(items) if loop.tile]
    assert len(tiles) == 1
    assert sum(s.kind == "dot" for s in tiles[0].statements()) == 2
    assert memory.arena < 24 * 16 * n * 8 / 4, "the largest array is never there as a whole"
    check_loops(program, items)


def test_small_contractions_are_not_cut():
    args = np.zeros(4), np.zeros((4, 6)), np.zeros((4, 6, 6)), np.zeros((100, 6))
    items, _, _ = scheduled(program_of(ad.value_and_grad(mixture, argnums=(0, 1, 2)), args))
    assert not any(loop.tile for loop in loops_in(items))


def test_long_programs_are_cut_into_several_loops():
    def f(x):
        for i in range(400):
            x = anp.sin(x) + 0.1 * i
        return x

    items, steps, _ = scheduled(program_of(f, (RNG.normal(size=100),)))
    assert len(steps) > 1
    assert all(len(loop.statements()) <= 160 for loop in loops_in(items))


def test_pressure_leaves_no_trace():
    before = [(module, name, getattr(module, name)) for limits in PRESSURE.values() for module, name, _ in limits]
    for limits in PRESSURE:
        with pytest.raises(KeyError), pressure(limits):
            raise KeyError
    assert all(getattr(module, name) is value for module, name, value in before)


@pytest.mark.parametrize("broken", ["_together", "_alike"])
def test_the_laws_see_what_is_not_legal(monkeypatch, broken):
    """Statements that enter loops without the rule break a law; sharing loops of unlike ranges breaks none."""
    from adjoint.compile import loops

    monkeypatch.setattr(loops, broken, lambda *_: True)
    failed = 0
    for seed in range(20):
        try:
            check_loops(*random_schedule(40_000 + seed))
        except AssertionError:
            failed += 1
    assert (failed > 0) == (broken == "_together")
