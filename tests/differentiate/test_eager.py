"""backward and gradients on recorded histories: deposits, freeing, intermediates, large graphs."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp


def test_backward_fills_grad_and_adds():
    w = ad.tensor(2.0, requires_grad=True, name="w")
    J = 0.5 * (w * -2.0 + 8.0 - 2.0) ** 2
    J.backward()
    assert w.grad.item() == -4.0
    (w * 3.0).backward()
    assert w.grad.item() == -1.0
    w.grad = None
    assert w.grad is None


def test_a_second_backward_through_a_freed_graph_raises():
    w = ad.tensor(2.0, requires_grad=True)
    y = w * w
    y.backward()
    with pytest.raises(ad.errors.FreedError, match="retain_graph"):
        y.backward()
    z = w * w
    z.backward(retain_graph=True)
    z.backward()
    assert w.grad.item() == 12.0


def test_create_graph_gives_a_gradient_that_can_be_differentiated():
    x = ad.tensor(2.0, requires_grad=True)
    (x * x * x).backward(create_graph=True)
    first = x.grad
    assert first.node is not None
    assert ad.gradients(first, x).item() == 12.0


def test_gradients_of_intermediates_and_of_several_outputs():
    x = ad.tensor(2.0, requires_grad=True)
    y = x * x
    z = y * y
    assert ad.gradients(z, (y, x))[0].item() == 8.0
    assert ad.gradients(z, (y, x))[1].item() == 32.0
    assert ad.gradients((y, z), x).item() == 36.0
    assert ad.gradients((y, z), x, seeds=(10.0, 0.0)).item() == 40.0
    unused = ad.tensor(1.0, requires_grad=True)
    assert ad.gradients(z, unused, allow_unused=True) is None
    with pytest.raises(ad.errors.UnreachedError, match="allow_unused"):
        ad.gradients(z, unused)


def test_only_reached_leaves_get_a_gradient():
    x, y = ad.tensor(1.0, requires_grad=True), ad.tensor(1.0, requires_grad=True)
    (x * 2.0).backward()
    assert y.grad is None


def test_errors_of_backward():
    with pytest.raises(ad.errors.GraphError, match="requires_grad"):
        ad.tensor(1.0).backward()
    x = ad.tensor(np.ones(3), requires_grad=True)
    with pytest.raises(ad.errors.ShapeError, match="jacobian"):
        (x * 2.0).backward()
    (x * 2.0).backward(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(x.grad.value, [2.0, 4.0, 6.0])
    with pytest.raises(ad.errors.ShapeError, match="shape"):
        (x * 2.0).backward(np.ones(2))


def test_a_long_chain_needs_no_recursion():
    x = ad.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    y.backward()
    assert x.grad.item() == 1.0
    node = y.node
    del y
    del node
    gc.collect()


def test_a_value_used_many_times():
    x = ad.tensor(2.0, requires_grad=True)
    total = x * 0.0
    for _ in range(10_000):
        total = total + x
    total.backward()
    assert x.grad.item() == 10_000.0


def test_a_loop_over_the_entries_of_an_array():
    values = np.arange(1.0, 2001.0)
    x = ad.tensor(values, requires_grad=True)
    s = 0.0
    for i in range(2000):
        s = s + x[i] ** 2
    s.backward()
    np.testing.assert_array_equal(x.grad.value, 2 * values)


def test_the_history_is_freed_with_its_last_tensor():
    x = ad.tensor(2.0, requires_grad=True)
    y = x * x
    kept = weakref.ref(y)
    del y
    assert kept() is None


def test_an_update_under_no_grad_and_a_backward_through_the_old_value():
    w = ad.tensor(2.0, requires_grad=True)
    y = w * w
    with ad.no_grad():
        w -= 1.0
    assert w.item() == 1.0
    assert w.requires_grad
    y.backward()
    assert w.grad.item() == 4.0
    z = w * w
    w.grad = None
    z.backward()
    assert w.grad.item() == 2.0


def test_gradients_never_share_memory():
    x = ad.tensor(np.ones(3), requires_grad=True)
    y = ad.tensor(np.ones(3), requires_grad=True)
    anp.sum(x + y).backward()
    assert not np.shares_memory(x.grad.value, y.grad.value)
    assert not np.shares_memory(x.grad.value, x.value)


def test_an_array_that_nobody_else_holds_is_handed_out_without_a_copy():
    from adjoint.differentiate.cotangent import give

    holder = {"g": np.ones(3)}
    address = holder["g"].ctypes.data
    mine = give(holder, "g")
    assert mine.ctypes.data == address
    shared = np.ones(3)
    assert give({"g": shared}, "g") is not shared
    view = np.ones((3, 2)).T
    assert give({"g": view}, "g").flags.c_contiguous


def test_a_traced_index_into_a_plain_array_is_no_place_for_a_gradient():
    from adjoint.apply import leaf, make
    from adjoint.differentiate.reverse import reverse, seed_of
    from adjoint.graph.spec import Spec

    places = make(Spec((2,), np.int64), leaf(Spec((2,), np.int64)))
    z = make(Spec((2,)), leaf(Spec((2,))))
    total = anp.sum(ad.tensor(np.arange(3.0))[places] * z)
    found = reverse([(total.node, make(seed_of(Spec(())), None))], records=True).found
    assert set(found) == {z.node}
