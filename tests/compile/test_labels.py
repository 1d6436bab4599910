"""Labels: axes that run together, and by how much they are shifted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adjoint.numpy as anp
from adjoint.compile.labels import Labels
from adjoint.compile.terms import Terms
from adjoint.primitives.record import REGISTRY
from compile.differ import value_gradient_and_results
from compile.programs import drawn
from compile.schedules import program_of

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

RNG = np.random.default_rng(71)


def apart(count):
    """Terms of which none is joined with another: each reads an input of its own."""
    own = Terms()
    made = [own.map(REGISTRY["sin"], {}, (own.input(k, (9,), np.float64),), (9,), np.float64) for k in range(count)]
    return made, Labels(made)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(-4, 4)), max_size=20))
def test_joined_axes_keep_their_distances(pairs):
    """Against the plain definition: index(one) + shift = index(other), for all pairs that were joined."""
    terms, labels = apart(8)
    distance = {(i, i): 0 for i in range(8)}
    for one, other, shift in pairs:
        expected = distance.get((one, other))
        joined = labels.unite((terms[one].id, 0), (terms[other].id, 0), shift)
        assert joined == (expected is None or expected == shift)
        if expected is None:
            left = {k: d for (k, end), d in distance.items() if end == one}
            right = {k: d for (start, k), d in distance.items() if start == other}
            for a, da in left.items():
                for b, db in right.items():
                    distance[a, b] = da + shift + db
                    distance[b, a] = -(da + shift + db)
    for (i, j), d in distance.items():
        (label, a), (same, b) = labels.of(terms[i], 0), labels.of(terms[j], 0)
        assert label == same
        assert a == b + d  # position = index + shift, and index(i) + d = index(j)


@pytest.mark.parametrize("seed", range(40))
def test_one_term_never_has_a_label_twice(seed):
    random_program = drawn(60_000 + seed)
    program = program_of(value_gradient_and_results(random_program), random_program.arguments())
    for s in program.statements:
        found = [f[0] for f in (*s.kept, *s.folded) if f is not None]
        assert len(found) == len(set(found)), s


def labels_of(f, *args):
    program = program_of(f, args)
    return program, {s.number: [x and x[0] for x in (*s.kept, *s.folded)] for s in program.statements}


def test_elementwise_work_and_reductions_share_labels():
    _, labels = labels_of(lambda x: [anp.exp(x), anp.sum(anp.exp(x), axis=0)], RNG.normal(size=(5, 7)))
    first, second = labels.values()
    assert sorted(first) == sorted(second)


def test_transposes_cross_labels():
    program, _ = labels_of(lambda x: anp.exp(x) + anp.cos(x).T, RNG.normal(size=(5, 5)))
    shared = {tuple(f[0] for f in s.kept) for s in program.statements}
    assert len(shared) == 2
    assert len({tuple(sorted(pair)) for pair in shared}) == 1


def test_slices_are_shifts():
    program, _ = labels_of(lambda x: anp.exp(x)[2:] * anp.cos(x[:-2]), RNG.normal(size=9))
    by_name = {s.term.data[0].name: s.kept[0] for s in program.statements if s.term.kind == "map"}
    assert by_name["exp"][0] == by_name["multiply"][0] == by_name["cos"][0]
    assert by_name["multiply"][1] - by_name["exp"][1] == 2


def test_axes_of_one_entry_have_no_label():
    program, _ = labels_of(lambda x: anp.exp(x), RNG.normal(size=(4, 1)))
    assert [f is None for f in program.statements[0].kept] == [False, True]


def test_uses_of_one_input_run_together():
    program, _ = labels_of(lambda x: [anp.exp(x), anp.sum(x)], RNG.normal(size=9))
    found = {f[0] for s in program.statements for f in (*s.kept, *s.folded)}
    assert len(found) == 1
