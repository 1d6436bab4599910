"""Nothing that a user holds shares memory with what is saved; memory that nobody else sees is reused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adjoint as ad
from adjoint.functions.joining import stack
from adjoint.inplace import LARGE, owns_memory
from adjoint.modes import switched

A = np.arange(1.0, 7.0).reshape(2, 3)

TAKES_AN_ARRAY = {
    "add": lambda x, a: x + a,
    "radd": lambda x, a: a + x,
    "multiply": lambda x, a: x * a,
    "rmultiply": lambda x, a: a * x,
    "divide": lambda x, a: x / a,
    "rdivide": lambda x, a: a / x,
    "power": lambda x, a: x**a,
    "rpower": lambda x, a: a**x,
    "matmul": lambda x, a: x @ a.T,
    "rmatmul": lambda x, a: a @ x.T,
    "maximum": lambda x, a: np.maximum(x, a),
    "where": lambda x, a: np.where(a > 2.0, x, a),
    "condition": lambda x, a: np.where(a, x, 1.0),
    "set_at": lambda x, a: _set(x, slice(None), a),
    "places": lambda x, a: x[np.asarray(a % 2, int)],
    "mask": lambda x, a: x[a > 2.0] * 1.0,
    "concatenate": lambda x, a: np.concatenate([x, a]),
    "stack": lambda x, a: stack([x, a]),
}


def _set(x, key, a):
    y = x * 1.0
    y[key] = a
    return y


@pytest.mark.parametrize("name", TAKES_AN_ARRAY)
@pytest.mark.parametrize("shape", [(2, 3), (20, 30)], ids=["small", "large"])
def test_the_callers_array_may_change_afterwards(name, shape):
    """Small arrays stand in the graph as constants, large ones where a rule saved them: both are copies."""
    f = TAKES_AN_ARRAY[name]
    base = np.linspace(0.5, 3.5, np.prod(shape)).reshape(shape)
    results = []
    for spoil in (False, True):
        x = ad.tensor(base[:, ::-1], requires_grad=True)
        a = base.copy()
        y = f(x, a)
        if spoil:
            a[:] = 77.0
        values = y.numpy()
        constants = [c.copy() for n in ad.Graph.from_outputs(y).nodes for c in n.inputs if isinstance(c, np.ndarray)]
        (y * y).sum().backward()
        results.append((values, x.grad.numpy(), *constants))
    for plain, spoiled in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, spoiled)


VIEWS = {
    "reshape": lambda a: np.reshape(a, (3, 2)),
    "transpose": lambda a: np.transpose(a),
    "ravel": lambda a: np.ravel(a),
    "squeeze": lambda a: np.squeeze(a),
    "expand_dims": lambda a: np.expand_dims(a, 0),
    "broadcast_to": lambda a: np.broadcast_to(a, (2, 2, 3)),
    "flip": lambda a: np.flip(a),
    "swapaxes": lambda a: np.swapaxes(a, 0, 1),
    "astype": lambda a: a.astype(float),
    "getitem": lambda a: a[1:],
    "same": lambda a: +a,
    "copy": lambda a: a.copy(),
    "detach": lambda a: a.detach(),
    "split": lambda a: np.split(a, 2)[0],
    "diagonal": lambda a: np.diagonal(a),
    "real": lambda a: np.real(a),
    "clip": lambda a: np.clip(a, None, None),
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("tracked", [True, False])
def test_views_do_not_follow_a_write(name, tracked):
    x = ad.tensor(A, requires_grad=tracked) * 1.0
    y = VIEWS[name](x)
    before = y.tolist()
    x[...] = 9.0
    x += 1.0
    assert y.tolist() == before
    if not y._view:
        y += 5.0
        y[...] = 3.0
        assert x.tolist() == (A * 0 + 10.0).tolist()


@pytest.mark.parametrize("name", TAKES_AN_ARRAY)
def test_the_callers_array_may_change_while_everything_is_recorded(name):
    with switched(everything=True, dead=set()):
        a = A.copy()
        y = TAKES_AN_ARRAY[name](ad.tensor(A[:, ::-1], requires_grad=True), a)
    before = y.tolist()
    a[:] = 77.0
    assert y.tolist() == before
    for node in ad.Graph.from_outputs(y).nodes:
        for held in (*node.inputs, *(node.saved or ())):
            if isinstance(held, np.ndarray):
                assert not (held == 77.0).any()


def test_functions_of_arrays_do_not_follow_the_array():
    from adjoint.functions import movement

    for f in (
        lambda a: movement.reshape(a, (3, 2)),
        lambda a: movement.transpose(a),
        lambda a: movement.expand_dims(a, 0),
        lambda a: movement.broadcast_to(a, (2, 2, 3)),
        lambda a: movement.squeeze(a),
        lambda a: movement.flip(a),
    ):
        a = A.copy()
        t = f(a)
        before = t.tolist()
        a[:] = 9.0
        assert t.tolist() == before


def test_what_users_get_shares_nothing():
    w = ad.tensor(A, requires_grad=True)
    y = w.T.reshape(-1)
    y.sum().backward()
    for t in (w, y, w.grad, w.T):
        for a in (t.numpy(), np.array(t.detach())):
            assert a.flags.owndata
            assert a.flags.writeable
            assert not np.shares_memory(a, t.value)
    g = w.grad.numpy()
    g[:] = 7.0
    assert w.grad.tolist() == np.ones((2, 3)).tolist()


def test_a_gradient_may_be_written_to():
    w = ad.tensor(A, requires_grad=True)
    v = ad.tensor(A, requires_grad=True)
    (w + v).sum().backward()
    w.grad *= 0.0
    w.grad[0] = 5.0
    assert v.grad.tolist() == np.ones((2, 3)).tolist()
    (w * 2.0).sum().backward()
    assert w.grad.tolist() == [[7.0] * 3, [2.0] * 3]


def test_saved_values_outlive_updates():
    w = ad.tensor(A, requires_grad=True)
    x = w * 1.0
    y = (x * x).sum()  # saves x
    x += 100.0
    x[0] = 0.0
    y.backward()
    np.testing.assert_array_equal(w.grad.numpy(), 2 * A)


def test_saved_outputs_outlive_updates():
    w = ad.tensor(A, requires_grad=True)
    x = np.exp(w)  # saves its output
    x += 100.0
    x[0] = 0.0
    x.sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), np.exp(A) * [[0.0], [1.0]])


def address(t):
    return t.value.__array_interface__["data"][0]


def test_memory_that_nobody_sees_is_reused():
    x = ad.tensor(A) * 1.0
    where = address(x)
    x += 1.0
    x *= np.float32(2.0)
    x[0] = 5.0
    x -= x
    assert address(x) == where
    assert x.tolist() == (A * 0).tolist()


def test_tracked_memory_that_no_rule_saved_is_reused():
    w = ad.tensor(A, requires_grad=True)
    x = w + 1.0
    where = address(x)
    x += w
    x -= 1.0
    x[0] = w[1]
    x /= 2.0
    assert address(x) == where
    x.sum().backward()
    assert w.grad.tolist() == [[0.0] * 3, [1.5] * 3]


def test_a_leaf_that_no_graph_holds_is_updated_in_its_memory():
    w = ad.tensor(A, requires_grad=True)
    where = address(w)
    with ad.no_grad():
        w -= 1.0
        w[0] = 0.0
    assert address(w) == where
    loss = (w + 1.0).sum()
    with ad.no_grad():
        w -= 1.0
    assert address(w) != where
    assert ad.Graph.from_outputs(loss).inputs[0].saved[0].tolist() == [[0.0] * 3, [3.0, 4.0, 5.0]]


SHARERS = {
    "value": lambda x: x.value,
    "value of a view": lambda x: x[1:].value,
    "view": lambda x: x.T,
    "place": lambda x: x[0],
    "copy": lambda x: x.copy(),
    "detach": lambda x: x.detach(),
    "saved": lambda x: x * x,
    "memoryview": lambda x: memoryview(x.value),
    "iterator": lambda x: iter(x.value),
    "broadcast": lambda x: np.broadcast_to(x, (4, 2, 3)),
}


@pytest.mark.parametrize("name", SHARERS)
def test_who_shares_memory_makes_a_write_copy(name):
    x = ad.tensor(A, requires_grad=True) + 1.0
    assert owns_memory(x)
    held = SHARERS[name](x)
    assert not owns_memory(x), held
    before = held.tolist() if hasattr(held, "tolist") else None
    x += 1.0
    x[0] = 0.0
    assert before is None or held.tolist() == before


@pytest.mark.parametrize("size", [3, 300], ids=["small", "large"])
@pytest.mark.parametrize(
    "op", [lambda w, x: w * x, lambda w, x: w + x, lambda w, x: x[0] * w], ids=["saved", "not saved", "view"]
)
def test_data_beside_tracked_tensors_outlives_updates(op, size):
    w = ad.tensor(2.0, requires_grad=True)
    x = ad.tensor(np.arange(2.0 * size).reshape(2, size))
    y = op(w, x)
    before = [c.tolist() for n in ad.Graph.from_outputs(y).nodes for c in n.inputs if isinstance(c, np.ndarray)]
    expected = ad.gradients(y.sum(), w).item()
    x += 100.0
    x[0] = 0.0
    after = [c.tolist() for n in ad.Graph.from_outputs(y).nodes for c in n.inputs if isinstance(c, np.ndarray)]
    assert after == before
    assert ad.gradients(y.sum(), w).item() == expected


def test_a_constant_of_the_graph_is_the_value_before_the_update():
    w = ad.tensor([10.0, 20.0], requires_grad=True)
    for update in (lambda x: x.__iadd__(w), lambda x: x.__setitem__(slice(0, 1), w[:1])):
        x = ad.tensor([1.0, 2.0]) * 1.0
        update(x)
        assert x.requires_grad
        assert x.node.inputs[0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("size", [3, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("name", ["value", "view", "place", "copy", "detach", "saved", "memoryview"])
def test_who_shares_the_memory_of_a_leaf_keeps_its_values(name, size):
    w = ad.tensor(np.ones((2, size)), requires_grad=True)
    held = SHARERS[name](w)
    before = held.tolist()
    with ad.no_grad():
        w += 1.0
        w[0] = 5.0
    assert held.tolist() == before
    assert w.is_leaf
    assert w.requires_grad


def test_errors_in_the_middle_of_an_update_leave_the_tensor():
    x = ad.tensor(A) * 1.0
    for wrong in (np.ones((3, 3)), "text", 1j, None):
        with pytest.raises((ValueError, TypeError)):
            x += wrong
        with pytest.raises((ValueError, TypeError)):
            x[0] = np.ones(5) if isinstance(wrong, np.ndarray) else wrong
        assert x.tolist() == A.tolist()


# Programs of reads and writes, run with tensors and by a slow model that copies at every step.

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["view", "copy", "detach", "times", "update", "scale", "write", "item", "read", "sine"]),
        st.integers(0, 3),
        st.integers(0, 3),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=14,
)


class Model:
    """A value with its derivative by the one leaf, both copied whenever anything is made from them."""

    def __init__(self, value, slope, view=False):
        self.value, self.slope, self.view = value.copy(), slope.copy(), view


@given(STEPS, st.booleans())
def test_programs_of_reads_and_writes(steps, tracked):
    start = np.array([0.25, 0.5, 0.75])
    w = ad.tensor(start, requires_grad=tracked)
    tensors = [w * (1.0 + i) for i in range(4)]
    models = [Model(start * (1.0 + i), np.eye(3) * (1.0 + i)) for i in range(4)]
    if not tracked:
        for m in models:
            m.slope[:] = 0.0
    held = []
    for step, i, j, k in steps:
        t, u, m, n = tensors[i], tensors[j], models[i], models[j]
        if step == "view":
            tensors[i], models[i] = u[::-1], Model(n.value[::-1], n.slope[::-1], True)
        elif step == "copy":
            tensors[i], models[i] = u.copy(), Model(n.value, n.slope)
        elif step == "detach":
            tensors[i], models[i] = u.detach(), Model(n.value, n.slope * 0.0)
        elif step == "times":
            tensors[i] = t * u
            models[i] = Model(m.value * n.value, m.slope * n.value[:, None] + n.slope * m.value[:, None])
        elif step == "sine":
            tensors[i], models[i] = np.sin(u), Model(np.sin(n.value), n.slope * np.cos(n.value)[:, None])
        elif step == "read":
            held.append((t.value, t.numpy(), m.value.copy()))
        elif m.view:
            continue  # a write would raise
        elif step == "update":
            t += u
            m.value, m.slope = m.value + n.value, m.slope + n.slope
        elif step == "scale":
            t *= u
            m.slope = m.slope * n.value[:, None] + n.slope * m.value[:, None]
            m.value = m.value * n.value
        elif step == "write":
            t[k] = u[j % 3]
            m.value[k], m.slope[k] = n.value[j % 3], n.slope[j % 3].copy()
        else:
            t[k:] += u[: 3 - k]
            m.value[k:] += n.value[: 3 - k].copy()
            m.slope[k:] += n.slope[: 3 - k].copy()
        # One tensor under two names is written through both: the models must be one too.
        for a in range(4):
            for b in range(a):
                if tensors[a] is tensors[b]:
                    models[a] = models[b] = m if tensors[a] is t else models[a]
    for t, m in zip(tensors, models, strict=True):
        np.testing.assert_allclose(t.numpy(), m.value, rtol=1e-12)
        if t.requires_grad:
            for row in range(3):
                g = ad.gradients(t[row], w, allow_unused=True)
                found = np.zeros(3) if g is None else g.numpy()
                np.testing.assert_allclose(found, m.slope[row], rtol=1e-10, atol=1e-12)
        else:
            assert not m.slope.any()
    for view, owned, expected in held:
        np.testing.assert_allclose(view, expected, rtol=1e-12)
        np.testing.assert_allclose(owned, expected, rtol=1e-12)
