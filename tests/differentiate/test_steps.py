"""What a walk tells while it goes: the shares it passes back; and that a recording walk keeps masks and data apart."""

import numpy as np
import pytest

from adjoint.apply import RECORD as xp
from adjoint.apply import leaf, make
from adjoint.differentiate.reverse import reverse
from adjoint.differentiate.variables import run
from adjoint.modes import switched


def record(f, *args):
    out, variables, _ = run(f, args, {}, tuple(range(len(args))))
    return out, variables


def test_every_share_is_told_with_the_total_so_far():
    out, variables = record(lambda a, b: (a + b) * b, 2.0, 1.0)
    steps = []
    walk = reverse([(out._node, np.float64(1.0))], variables.nodes, bound=variables.bound, steps=steps)
    assert [(node.op.name, i, float(d), float(total)) for node, i, _, d, total in steps] == [
        ("multiply", 0, 1.0, 1.0),
        ("multiply", 1, 3.0, 3.0),
        ("add", 0, 1.0, 1.0),
        ("add", 1, 1.0, 4.0),
    ]
    assert [float(walk.found[n]) for n in variables.nodes] == [1.0, 4.0]


@pytest.mark.parametrize("records", [False, True])
def test_a_share_that_is_added_in_place_is_told_as_none(records):
    def f(x):
        return xp.getitem(x, index=(0,)) * xp.getitem(x, index=(1,))

    out, variables = record(f, np.array([2.0, 3.0]))
    steps = []
    seed = make(np.float64(1.0), None) if records else np.float64(1.0)
    reverse([(out._node, seed)], variables.nodes, bound=variables.bound, records=records, steps=steps)
    shares = [d for node, _, _, d, _ in steps if node.op.name == "getitem"]
    assert [d is None for d in shares] == ([False, True] if records else [True, True])


def test_a_recording_walk_keeps_the_mask_of_several_indices():
    def f(x):
        y = xp.sqrt(x)
        return xp.getitem(y, index=(1,)) + 2.0 * xp.getitem(y, index=(2,))

    out, variables = record(f, np.array([0.0, 1.0, 4.0]))
    seeds = [(out._node, np.float64(1.0))]
    np.testing.assert_array_equal(variables.pull(seeds, record_anyway=True)[0]._value, [0.0, 0.5, 0.5])
    np.testing.assert_array_equal(variables.pull(seeds)[0], [0.0, 0.5, 0.5])


def test_a_recording_walk_of_an_explanation_passes_data_by():
    dead = set()
    with switched(everything=True, dead=dead):
        weights = np.array([1.0, 2.0, 3.0])
        data = make(weights, leaf(weights))
        dead.add(data._node)
        out, variables = record(lambda x: xp.sum(x * data, axis=(-1,), keepdims=False), np.ones(3))
        steps = []
        seed = make(np.float64(1.0), None)
        walk = reverse([(out._node, seed)], variables.nodes, records=True, steps=steps)
    assert data._node not in [parent for _, _, parent, _, _ in steps]
    np.testing.assert_array_equal(walk.found[variables.nodes[0]]._value, weights)
