"""Memory: what lives at one time lies apart, what is read was kept, and nothing is kept that nobody reads."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from adjoint.compile.loops import Loop
from adjoint.compile.memory import LINE, row_major
from compile.differ import pressure, value_gradient_and_results
from compile.programs import drawn
from compile.schedules import placed, program_of, scheduled

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

RNG = np.random.default_rng(61)


def random_memory(seed, limits):
    """The program, the loop nests, the steps and the memory of a random function with its gradient."""
    random_program = drawn(seed)
    with pressure(limits):
        program = program_of(value_gradient_and_results(random_program), random_program.arguments())
        return program, *scheduled(program)


@pytest.mark.parametrize("limits", ["plain", "tiles", "loops", "written out"])
@pytest.mark.parametrize("seed", range(30))
def test_laws_on_random_programs(seed, limits):
    program, items, steps, memory = random_memory(50_000 + seed, limits)
    check_bytes(memory)
    check_lives(program, steps, memory)
    check_readers(program, items, memory)
    check_sizes(memory)


def check_bytes(memory):
    """Buffers begin on lines, lie inside the arena, and share no byte while both live."""
    arena = [b for b in memory.of.values() if b.space == "arena"]
    for b in arena:
        assert b.offset % LINE == 0
        assert 0 <= b.offset <= b.offset + b.bytes <= memory.arena
        assert b.first <= b.last
    distinct = list({id(b): b for b in arena}.values())
    for i, one in enumerate(distinct):
        for other in distinct[i + 1 :]:
            if one.first <= other.last and other.first <= one.last:
                apart = one.offset + one.bytes <= other.offset or other.offset + other.bytes <= one.offset
                assert apart or not (one.bytes and other.bytes), f"{one} and {other}"


def check_lives(program, steps, memory):
    """From the step that writes a buffer to the last that reads it, through other names of it too, it lives."""
    at = {s.number: step.number for step in steps for s in step.statements()}
    for s in program.statements:
        if s.term.id in memory.of:
            root = memory.root(s.term)
            if root.space == "arena":
                assert root.first <= at[s.number]
        for r in s.reads:
            other = r.statement.term
            if other.id in memory.of and s.kind not in {"reshape", "item"}:
                root = memory.root(other)
                if root.space == "arena":
                    assert root.first <= at[s.number] <= root.last, f"{s} reads {root}"


def check_readers(program, items, memory):
    """What is read in another loop than it is complete in lies in memory, with all of its axes that vary there."""
    paths = {s.number: path for s, path in placed(items)}
    for s in program.statements:
        for r in s.reads:
            d = r.statement
            if d.kind not in {"store", "reduce"}:
                continue
            shared = 0
            for one, other in zip(paths[s.number], paths[d.number]):
                if one is not other:
                    break
                shared += 1
            complete = next((i for i, loop in enumerate(paths[d.number]) if loop.label in d.reduced), None)
            home = paths[d.number] if complete is None else paths[d.number][:complete]
            if shared < len(home):
                assert d.term.id in memory.of, f"{s} reads {d} in another loop"
            if d.term.id in memory.of and d.term.size:
                buffer = memory.of[d.term.id]
                open_labels = {loop.label for loop in paths[d.number][:shared] if isinstance(loop, Loop)}
                for axis, found in enumerate(d.kept):
                    if found is not None and found[0] not in open_labels:
                        assert buffer.strides[axis] > 0, f"{d} loses axis {axis}, which {s} reads"


def check_sizes(memory):
    """The entries of a buffer lie at different places, all inside its bytes."""
    for b in memory.of.values():
        if b.space != "arena" or b.tiled:
            continue
        kept = [(stride, n) for stride, n in zip(b.strides, b.term.shape) if stride and n > 1]
        if 0 in b.term.shape:
            continue
        places = np.zeros((), int)
        for stride, n in kept:
            places = places[..., None] + stride * np.arange(n)
        assert np.unique(places).size == places.size
        assert (places.max() + 1) * b.term.dtype.itemsize <= b.bytes


def test_the_laws_see_what_shares_bytes():
    program, _, steps, memory = random_memory(50_001, "loops")
    arena = [b for b in memory.of.values() if b.space == "arena" and b.bytes]
    one, other = next((a, b) for a in arena for b in arena if a is not b and a.first <= b.last and b.first <= a.last)
    one.offset = other.offset
    with pytest.raises(AssertionError):
        check_bytes(memory)
    one.last = -1
    with pytest.raises(AssertionError):
        check_lives(program, steps, memory)


def test_chains_reuse_two_buffers():
    """Each statement of a chain that cannot be fused takes the bytes of the last but one."""

    def f(x):
        for _ in range(10):
            x = anp.exp(x[::-1]) / anp.sum(x)
        return x

    n = 1000
    _, _, memory = scheduled(program_of(f, (RNG.normal(size=n),)))
    assert memory.arena <= 2 * (n * 8 + LINE) + 10 * LINE


def test_what_is_read_where_it_is_made_needs_no_memory():
    program = program_of(ad.value_and_grad(lambda x: anp.sum(anp.sin(x) * anp.exp(x))), (RNG.normal(size=5000),))
    _, _, memory = scheduled(program)
    assert memory.arena == 0


def test_a_row_is_kept_where_only_its_loop_reads_it():
    _, _, memory = scheduled(program_of(lambda x: special.softmax(x, axis=1), (RNG.normal(size=(300, 40)),)))
    assert memory.arena <= 40 * 8 + LINE


def test_reshapes_are_other_names():
    f = lambda x: anp.sum(anp.reshape(anp.exp(x), (40, 30)) @ np.ones((30, 50)), axis=0)
    program = program_of(f, (RNG.normal(size=1200),))
    _, _, memory = scheduled(program)
    named = [s.term for s in program.statements if s.kind == "reshape"]
    assert named
    assert all(memory.of[t.id].space == "alias" and memory.root(t).strides == (1,) for t in named)


@pytest.mark.parametrize(("shape", "strides"), [((), ()), ((5,), (1,)), ((2, 3, 4), (12, 4, 1)), ((3, 0), (0, 1))])
def test_strides_of_c_order(shape, strides):
    assert row_major(shape) == strides
