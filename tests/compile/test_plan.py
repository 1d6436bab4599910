"""Plans: what they show is what the program does."""

import itertools
import re

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
import adjoint.special as asp
from adjoint.compile.llvm.host import registers
from adjoint.compile.plan_parts import PlanLoop

RNG = np.random.default_rng(7)


def rosenbrock(x):
    return anp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rows(x, w):
    z = x * w[:, None] - x[::-1]
    return anp.sum(anp.exp(z - anp.max(z, axis=1, keepdims=True)), axis=1)


def turned(x):
    return anp.sum(x.T * anp.flip(x, axis=0)[:, : x.shape[0]] / (1.0 + anp.abs(x[0, 0])))


def network(w, x, y):
    h = anp.tanh(x @ w)
    return anp.mean((h - y) ** 2)


def attention(q, k, v):
    return anp.sum(asp.softmax(q @ k.T / 8.0, axis=-1) @ v)


def compiled(f, *args):
    exe = ad.compile(f, cache=False)
    exe.lower(*args)
    return exe


WORDS = {n: getattr(np, n) for n in ("exp", "tanh", "log", "where", "isfinite", "sign", "maximum", "reciprocal")}
WORDS |= {"inf": np.inf, "nan": np.nan}
FOLDS = {"sum": np.add, "max": np.maximum}
LINE = re.compile(r"(?:(sum|max) over \S+(?:, \S+)* of |(contract) over \S+: )?(.*?)((?: for \S+ <= \S+ < \S+)*)")


class Entries:
    """What a text indexes: the entries of one value that are known so far."""

    def __init__(self, entries):
        self.entries = entries

    def __getitem__(self, place):
        return self.entries[place if isinstance(place, tuple) else (place,)]


def extents(text, known):
    """The sizes of the letters by which a text indexes."""
    found = {}
    for name, places in re.findall(r"(\w+)\[([^\]]*)\]", text):
        for axis, letter in enumerate(places.split(",")):
            if letter.isidentifier():
                found[letter] = range(1 + max(place[axis] for place in known[name]))
    return found


def replayed(plan, inputs):
    """The outputs of a plan, computed from its text alone, one entry at a time."""
    known = {name: dict(np.ndenumerate(np.asarray(value))) for name, value in inputs.items()}
    outputs = {}
    for step in plan.steps:
        opened = []
        for one in step.body:
            del opened[one.depth :]
            if isinstance(one, PlanLoop):
                opened.append(one)
                continue
            fold, contracted, text, limits = LINE.fullmatch(one.expression.replace("%", "v")).groups()
            name, places = re.fullmatch(r"(\w+)(?:\[(.*)\])?", one.name.replace("%", "v")).groups()
            ranges = extents(text, known) if contracted else {}
            ranges |= {loop.letter: range(loop.low, loop.high) for loop in opened}
            for low, letter, high in re.findall(r"for (\S+) <= (\S+) < (\S+)", limits):
                ranges[letter] = range(int(low), int(high))
            ranges = {c: r for c, r in ranges.items() if re.search(rf"\b{c}\b", one.name + text)}
            values = {k: v[()] if () in v else Entries(v) for k, v in known.items()}
            made = known[name] = {}
            code = compile(text, "<plan>", "eval")
            for point in itertools.product(*ranges.values()):
                here = dict(zip(ranges, point, strict=True))
                place = tuple(eval(p, {}, here) for p in places.split(",")) if places else ()
                value = eval(code, {**WORDS, **values, **here})
                made[place] = FOLDS[fold or "sum"](made[place], value) if place in made else value
            if one.place.startswith("output"):
                shape = tuple(1 + max(p[axis] for p in made) for axis in range(len(next(iter(made)))))
                outputs[int(one.place.split()[1])] = np.array([made[p] for p in np.ndindex(*shape)]).reshape(shape)
    return [outputs[i] for i in sorted(outputs)]


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (ad.value_and_grad(rosenbrock), {"x": RNG.normal(size=23)}),
        (rows, {"x": RNG.normal(size=(4, 5)), "w": RNG.normal(size=4)}),
        (ad.value_and_grad(turned), {"x": RNG.normal(size=(4, 4))}),
        (
            ad.value_and_grad(network),
            {"w": RNG.normal(size=(5, 3)), "x": RNG.normal(size=(6, 5)), "y": np.ones((6, 3))},
        ),
        (network, {"w": RNG.normal(size=(17, 19)), "x": RNG.normal(size=(18, 17)), "y": np.ones((18, 19))}),
    ],
    ids=["rosenbrock", "rows", "turned", "network", "product"],
)
def test_the_expressions_of_a_plan_give_the_outputs(f, args):
    exe = compiled(f, *args.values())
    given = exe.run(list(args.values()))
    told = replayed(exe.plan, args)
    assert len(told) == len(given)
    for one, other in zip(told, given, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_a_plan_shows_loops_vectors_places_and_the_user_s_lines():
    with registers(16):
        plan = compiled(ad.value_and_grad(rosenbrock), np.zeros(1000)).plan
    text = str(plan).splitlines()
    line = rosenbrock.__code__.co_firstlineno + 1
    assert text[0] == f"1 step, {plan.operations:,} operations, no scratch memory"
    assert "reads 7.81 KiB (x); writes 7.82 KiB (output 0, output 1)" in text[1]
    assert text[2] == f"  test_plan.py:{line}  return anp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)"
    assert text[3] == "  for i in 0:1000, split at 1, 999, vectors of 2, 4 in flight"
    assert "sum over i of 100.0 * (x[i+1] - x[i] ** 2) ** 2" in str(plan)
    (step,) = plan.steps
    (loop,) = step.loops
    assert (loop.letter, loop.low, loop.high, loop.lanes, loop.in_flight, loop.breaks) == ("i", 0, 1000, 2, 4, (1, 999))
    assert [v.place for v in step.values] == ["output 0", "output 1"]
    assert set(step.lines) == {f"test_plan.py:{line}"}
    assert repr(plan) == f"<Plan of 1 step, {plan.operations:,} operations>"


def test_a_plan_shows_tiles_products_and_scratch_memory():
    plan = compiled(ad.value_and_grad(attention, argnums=(0, 1, 2)), *RNG.normal(size=(3, 1024, 64))).plan
    loops = [loop for step in plan.steps for loop in step.loops]
    (tile,) = [loop for loop in loops if loop.tile]
    assert str(tile).strip() == f"for each {tile.tile} of {tile.letter} in 0:1024"
    assert any(loop.piece == tile.tile and f"in these {tile.tile}" in str(loop) for loop in loops)
    assert any("contract over" in v.expression for step in plan.steps for v in step.values)
    assert plan.arena_bytes >= max(b.offset + b.bytes for b in plan.buffers)


def test_arrays_that_share_bytes_are_needed_at_different_times():
    def chain(x):
        for _ in range(4):
            x = anp.cumsum(anp.sin(x), axis=0)
        return x

    plan = compiled(chain, np.zeros((30, 4))).plan
    assert "numpy's cumsum(" in str(plan)
    by_name = {b.name: b for b in plan.buffers}
    assert any(b.shares for b in plan.buffers)
    for b in plan.buffers:
        for other in (by_name[n] for n in b.shares):
            assert b.last < other.first or other.last < b.first
    assert sum(b.bytes for b in plan.buffers) > plan.arena_bytes


@pytest.mark.parametrize("f", [ad.value_and_grad(rosenbrock), ad.hessian(rosenbrock)], ids=["gradient", "hessian"])
def test_a_plan_fits_a_hundred_columns(f):
    plan = compiled(f, np.zeros(40)).plan
    assert max(map(len, str(plan).splitlines())) <= 100
    assert max(map(len, str(plan.steps[0]).splitlines())) <= 100


def test_names_of_inputs_are_no_letters_of_loops_and_cannot_steer_a_terminal():
    def f(i, j):
        return anp.sum(i[:, None] * j)

    plan = compiled(f, np.zeros(3), np.zeros(4)).plan
    assert {loop.letter for loop in plan.steps[0].loops}.isdisjoint({"i", "j"})
    assert "i[" in str(plan)


def test_the_operations_of_all_steps_are_the_plan_s():
    plan = compiled(network, *(RNG.normal(size=s) for s in ((50, 30), (60, 50), (60, 30)))).plan
    assert plan.operations == sum(step.operations for step in plan.steps)
    product = next(v for step in plan.steps for v in step.values if "contract" in v.expression)
    assert product.operations == 2 * 60 * 50 * 30


def test_plans_of_empty_arrays_several_results_constants_and_index_arrays():
    table = np.arange(12.0).reshape(4, 3)

    def several(x, i):
        sign, size = anp.linalg.slogdet(x[i][:, :3])
        return sign * size, anp.sum(x[:0], axis=0), x * table.tolist()

    plan = compiled(several, RNG.normal(size=(4, 3)), np.array([2, 0, 1])).plan
    text = str(plan)
    assert "numpy's slogdet(" in text
    assert re.search(r"%\d+\.0 \* %\d+\.1", text)
    assert re.search(r"%\d+\[\w,\w\] = x\[", text)
    assert re.search(r"x\[(\w,\w)\] \* constant\d+\[\1\]", text)
    call = next(step for step in plan.steps if "numpy's slogdet" in str(step))
    after = next(step for step in plan.steps if ".0 * " in str(step))
    assert set(call.writes) == set(after.reads)
    assert after.bytes_read == 16
