"""Writing to tensors: what is recorded, what raises and which words it has, what stays a leaf."""

import operator
import textwrap

import numpy as np
import pytest

import adjoint as ad
from adjoint.errors import AxisError, DtypeError, InPlaceError, ShapeError

UPDATES = {
    "+": operator.iadd,
    "-": operator.isub,
    "*": operator.imul,
    "/": operator.itruediv,
    "%": operator.imod,
    "**": operator.ipow,
}
A = np.array([0.5, 1.5, 2.5])


def numeric(f, x, eps=1e-6):
    """The gradient of a scalar function of an array by central differences."""
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        d = np.zeros_like(x)
        d[i] = eps
        g[i] = (f(x + d) - f(x - d)) / (2 * eps)
    return g


def slopes(f, *arrays):
    """Gradients of a program with tensors against differences of the same program on arrays."""
    leaves = [ad.tensor(a, requires_grad=True) for a in arrays]
    f(*leaves).backward()
    for i, leaf in enumerate(leaves):
        expected = numeric(lambda x, i=i: f(*[x if j == i else a.copy() for j, a in enumerate(arrays)]), arrays[i])
        np.testing.assert_allclose(leaf.grad.numpy(), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("symbol", UPDATES)
def test_updates_are_recorded(symbol):
    def f(w, v):
        x = w * 2.0
        y = x
        x = UPDATES[symbol](x, v)
        assert x is y  # the same object, as with arrays
        return (x * x).sum()

    slopes(f, A, np.array([1.25, 0.8, 2.25]))


@pytest.mark.parametrize("symbol", [*UPDATES, "//"])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8"])
@pytest.mark.parametrize(
    "v", [2, 2.0, np.float64(2.0), np.float32(2.0), np.array([1, 2, 3]), np.array([1.5, 2.5, 3.5])]
)
def test_dtypes_follow_numpy(symbol, dtype, v):
    op = {**UPDATES, "//": operator.ifloordiv}[symbol]
    expected = np.array([5, 6, 7]).astype(dtype)
    for tracked in (True, False):
        t = ad.tensor(np.array([5, 6, 7]).astype(dtype))
        if tracked and dtype != "i8":
            t = ad.tensor(t, requires_grad=True) * 1
        try:
            # The ufunc, because the operator of NumPy 2.0 squares whole numbers for 2.0 after all.
            after = np.power(expected, v, out=expected.copy()) if symbol == "**" else op(expected.copy(), v)
        except TypeError:
            with pytest.raises(DtypeError, match="cannot hold"):
                op(t, v)
            assert t.tolist() == [5, 6, 7]
            continue
        op(t, v)
        assert t.dtype == after.dtype
        np.testing.assert_array_equal(t.numpy(), after)
        assert t.requires_grad is (tracked and dtype != "i8" and symbol != "//")


def test_a_tracked_float_does_not_vanish_in_whole_numbers():
    w = ad.tensor(1.5, requires_grad=True)
    t = ad.tensor([1, 2])
    with pytest.raises(DtypeError):
        t += w
    with pytest.raises(DtypeError):
        t[0] = w
    with pytest.raises(DtypeError):
        t[0] = 1.5
    with pytest.raises(DtypeError):
        ad.tensor([1.0])[0] = 1j
    assert t.tolist() == [1, 2]


def test_matmul_and_masks():
    w = ad.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    x = w * 1.0
    x @= np.array([[0.0, 1.0], [1.0, 0.0]])
    assert x.tolist() == [[2.0, 1.0], [4.0, 3.0]]
    mask = w > 1.5
    mask &= w < 3.5
    assert mask.tolist() == [[False, True], [True, False]]
    mask |= True
    mask ^= [True, False]
    assert mask.tolist() == [[False, True], [False, True]]


def test_an_update_cannot_grow():
    x = ad.tensor([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"cannot grow f64\[2\] to f64\[3,2\]"):
        x += np.ones((3, 2))
    with pytest.raises(ShapeError):
        x += np.ones(3)
    assert x.tolist() == [1.0, 2.0]


def test_zero_axes_give_a_new_tensor():
    w = ad.tensor(2.0, requires_grad=True)
    s = w * 3.0
    before = s
    s += w
    assert (before.item(), s.item()) == (6.0, 8.0)
    s.backward()
    assert w.grad.item() == 4.0
    constant = ad.tensor(2)
    other = constant
    constant += 0.5
    assert (constant.item(), other.item()) == (2.5, 2)


def test_totals_of_places():
    def f(x):
        s = 0.0
        for i in range(3):
            s += x[i] ** 2
        return s

    x = ad.tensor(A, requires_grad=True)
    f(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * A)


KEYS = [0, -1, slice(1, None), slice(None, None, -2), ..., [0, 2], np.array([True, False, True]), [2, 2, 0], None]


@pytest.mark.parametrize("key", KEYS, ids=repr)
@pytest.mark.parametrize("tracked", ["x", "v", "both"])
def test_set_at_is_recorded(key, tracked):
    place = np.zeros(3)[key]
    v = np.arange(1.0, 1.0 + place.size).reshape(place.shape)

    def f(*given):
        x = given[0] * 2.0 if "v" != tracked else +ad.tensor(A) if isinstance(given[0], ad.Tensor) else A.copy()
        value = given[-1] * 3.0 if tracked != "x" else v
        x[key] = value
        return (x * x * np.array([1.0, 2.0, 3.0])).sum()

    slopes(f, *{"x": (A,), "v": (v,), "both": (A, v)}[tracked])


@pytest.mark.parametrize("key", [*KEYS[:-3], (0,), (slice(0, 2),)], ids=repr)
def test_updates_of_places(key):
    """x[i] += v works, though y = x[i]; y += v does not."""

    def f(w, v):
        x = w * 2.0
        x[key] += v
        x[key] *= v
        return (x * x * np.array([1.0, 2.0, 3.0])).sum()

    slopes(f, A, np.array(1.5))


def test_updates_of_places_of_places():
    def f(w):
        x = w * 2.0
        x[0, 1:] += x[1, :2]
        x[1] -= 1.0
        x[:, 0] *= x[:, 1]
        x[0][1] + 0.0
        return (x * x).sum()

    slopes(f, np.arange(1.0, 7.0).reshape(2, 3))


def test_updates_of_places_in_a_loop_that_python_has_specialised():
    """After some rounds Python inlines x[i], and the frame stands at the instruction's cache."""
    w = ad.tensor(np.ones((2, 3)), requires_grad=True)
    x = w * 1.0
    plain = np.ones((2, 3))
    for i in range(50):
        x[i % 2] += 1.0
        x[0:1] *= 1.01
        x[i % 2][1:2] + 0.0
        plain[i % 2] += 1.0
        plain[0:1] *= 1.01
    np.testing.assert_allclose(x.numpy(), plain, rtol=1e-15)


def test_a_place_of_something_else_is_a_view():
    """A function that has updated x[i] of tensors does not write through a view that a list holds."""

    def bump(x, v):
        x[0] += v

    x = ad.tensor(np.ones((2, 3))) * 1.0
    for _ in range(20):
        bump(x, 1.0)
    assert x.tolist() == [[21.0] * 3, [1.0] * 3]
    with pytest.raises(InPlaceError):
        bump([x[0]], 1.0)
    with pytest.raises(InPlaceError):
        bump({0: x[0]}, 1.0)
    bump([x.copy()], 1.0)
    assert x.tolist() == [[21.0] * 3, [1.0] * 3]


def test_a_long_extended_update(tmp_path):
    """More than 256 constants and names make EXTENDED_ARG instructions; the store is found behind them too."""
    lines = [f"n{i} = {i}.5" for i in range(400)]
    path = tmp_path / "long.py"
    path.write_text("\n".join([*lines, "x[n399 > 0:][0:1] + 0.0", "x[0:n399 > 0] += n398 * 1.0", "x[1:] /= 2.5"]))
    x = ad.tensor([1.0, 2.0], requires_grad=True) * 1.0
    exec(compile(path.read_text(), str(path), "exec"), {"x": x})
    assert x.tolist() == [399.5, 0.8]


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("y = x[0:1]; y += 1.0", True),
        ("y = x[0:1]; y[0] = 1.0", True),
        ("y = x[None]; y *= 2.0", True),
        ("y = x.T; y += 1.0", True),
        ("y = x.reshape(1, 3); y[0] = 0.0", True),
        ("y = x.ravel(); y -= 1.0", True),
        ("y = x[1:].T; y **= 2.0", True),
        ("y = x[..., 0]; y += 1.0", True),
        ("y = x.reshape(3)[1:]; operator.iadd(y, 1.0)", True),
        ("y = [x[1:]]; y[0] += 1.0", True),
        ("for y in x.reshape(3, 1): y += 1.0", True),
        ("y = x[[0, 1]]; y += 1.0", False),
        ("y = x[x > 0.0]; y[0] = 1.0", False),
        ("y = x[0]; y += 1.0", False),
        ("y = x.flatten(); y += 1.0", False),
        ("y = x[1:].copy(); y += 1.0", False),
        ("y = x.T + 0.0; y += 1.0", False),
        ("y = x.detach(); y += 1.0", False),
        ("for y in x: y += 1.0", False),
    ],
)
@pytest.mark.parametrize("tracked", [True, False])
def test_views_raise_as_the_record_says(text, view, tracked):
    x = ad.tensor(A, requires_grad=tracked) * 1.0
    before = x.tolist()
    run = lambda: exec(textwrap.dedent(text), {"x": x, "operator": operator})
    if view:
        with pytest.raises(InPlaceError, match=r"y = y\.copy\(\)"):
            run()
    else:
        run()
    assert x.tolist() == before


def test_views_keep_their_values():
    """The one difference from NumPy: a write to a base leaves earlier views at their old values."""
    x = ad.tensor(A) * 1.0
    view = x[1:]
    x[1] = 9.0
    x += 1.0
    assert view.tolist() == [1.5, 2.5]


@pytest.mark.parametrize("value", [2.0, [1.0, 2.0]])
@pytest.mark.parametrize("write", ["w += 1.0", "w *= w", "w[...] = 0.0", "w[()] = 0.0", "w **= 2"])
def test_leaves_do_not_change_while_recording(value, write):
    w = ad.tensor(value, requires_grad=True, name="weights")
    node = w.node
    with pytest.raises(InPlaceError, match="the leaf 'weights'") as caught:
        exec(write, {"w": w})
    assert "with ad.no_grad():" in caught.value.help
    assert isinstance(caught.value, ValueError)
    assert w.node is node
    assert w.tolist() == value


def test_places_of_a_leaf_do_not_change_while_recording():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(InPlaceError):
        w[0] = 1.0
    with pytest.raises(InPlaceError):
        w[0:1] += 1.0
    with pytest.raises(InPlaceError):
        w[0] += 1.0
    assert w.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [2.0, [1.0, 2.0]])
def test_leaves_stay_leaves_under_no_grad(value):
    w = ad.tensor(value, requires_grad=True, name="w")
    loss = (w * w).sum()
    old = w.node
    same = w
    with ad.no_grad():
        w -= 0.5
        w *= 2.0
    assert same is w
    assert w.requires_grad
    assert w.is_leaf
    assert w.node is not old
    assert w.node.name == "w"
    np.testing.assert_array_equal(w.numpy(), (np.array(value) - 0.5) * 2.0)
    loss.backward()  # through the old leaf node: at the old values, deposited in the tensor
    np.testing.assert_array_equal(w.grad.numpy(), 2 * np.array(value))
    w.grad = None
    (w * w).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), 2 * w.numpy())


def test_places_of_a_leaf_under_no_grad():
    w = ad.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = (w * w).sum()
    with ad.no_grad():
        w[0] = 5.0
        w[1:] += w[0]
        w[w > 7.5] = 0.0
    assert w.tolist() == [5.0, 7.0, 0.0]
    assert w.is_leaf
    assert w.requires_grad
    loss.backward()
    assert w.grad.tolist() == [2.0, 4.0, 6.0]


def test_a_leaf_keeps_its_dtype_under_no_grad():
    w = ad.tensor([1.0, 2.0], requires_grad=True, dtype="f4")
    with ad.no_grad():
        w -= np.array([0.5, 0.5])
        w[0] = np.float64(0.25)
    assert w.dtype == np.float32
    assert w.tolist() == [0.25, 1.5]
    with ad.no_grad(), pytest.raises(DtypeError):
        w += 1j
    with ad.no_grad(), pytest.raises(ShapeError):
        w += np.ones((2, 2))
    assert w.tolist() == [0.25, 1.5]


def test_tracked_results_under_no_grad_leave_the_graph():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    for write in ("y[0] = 5.0", "y += 1.0", "y *= w"):
        y = w * 2.0
        with ad.no_grad():
            exec(write, {"y": y, "w": w})
        assert not y.requires_grad


def test_gradient_descent():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    w, by_hand = ad.tensor(np.zeros(3), requires_grad=True), np.zeros(3)
    for _ in range(20):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with ad.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
        by_hand -= 0.1 * (2 / 20) * x.T @ (x @ by_hand - y)
    np.testing.assert_allclose(w.numpy(), by_hand, rtol=1e-12)


def test_a_loop_of_writes():
    def f(w):
        x = ad.tensor(np.zeros(5)) if isinstance(w, ad.Tensor) else np.zeros(5)
        x[0] = w[0]
        for i in range(1, 5):
            x[i] = x[i - 1] * w[i % 3] + w[0]
        x /= 2.0
        return (x**2).sum()

    slopes(f, A)


def test_writing_a_list():
    x = ad.tensor(np.zeros((2, 2)))
    x[0] = [1.0, 2.0]
    x[:, 0] = (3, 4)
    assert x.tolist() == [[3.0, 2.0], [4.0, 0.0]]


def test_broadcast_values():
    def f(w, v):
        x = w * 1.0
        x[...] = v
        return (x * np.arange(6.0).reshape(2, 3)).sum()

    slopes(f, np.ones((2, 3)), np.array([[1.0, 2.0, 3.0]]))
    slopes(f, np.ones((2, 3)), np.array([[1.0], [2.0]]))


@pytest.mark.parametrize(
    ("key", "v", "kind"),
    [
        (5, 1.0, AxisError),
        ((0, 0), 1.0, AxisError),
        ([0, 7], 1.0, AxisError),
        (slice(None), np.ones(4), ShapeError),
        (slice(None), np.ones((2, 3)), ShapeError),
        ([0, 1], np.ones(3), ShapeError),
        (0, np.ones(2), ShapeError),
    ],
    ids=repr,
)
@pytest.mark.parametrize("tracked", [True, False])
def test_writes_that_do_not_fit_change_nothing(key, v, kind, tracked):
    x = ad.tensor(A, requires_grad=tracked) * 1.0
    node = x.node
    with pytest.raises(kind) as caught:
        x[key] = v
    assert "test_inplace.py" in caught.value.where
    assert x.tolist() == A.tolist()
    assert x.node is node
    assert len(ad.Graph.from_outputs(x).nodes) == 2 if tracked else node is None


def test_one_more_node_a_write():
    w = ad.tensor(A, requires_grad=True)
    x = w * 2.0
    x[0] = 1.0
    x += w
    graph = ad.Graph.from_outputs(x)
    assert [n.op.name for n in graph.nodes] == ["leaf", "multiply", "set_at", "add"]
    assert graph.nodes[2].site.expression == "x[0]"
    assert graph.nodes[3].site.expression == "x += w"
    graph.check()
