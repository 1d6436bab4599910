"""A large leaf that was updated in place: the story of the old history says what it could not replay."""

import numpy as np

import adjoint as ad
import adjoint.numpy as anp


def test_an_overwritten_leaf_is_named():
    w = ad.tensor(np.ones((300, 300)), requires_grad=True, name="weights")
    loss = anp.sum((w * 2.0) ** 2)
    loss.backward()
    with ad.no_grad():
        w -= 0.1 * w.grad
    story = loss.explain()
    assert "weights" in str(story)
    assert "could not be computed again" in " ".join(str(story).split())


def test_a_small_leaf_is_replayed_with_its_old_values():
    w = ad.tensor(3.0, requires_grad=True, name="w")
    loss = w * w
    loss.backward()
    with ad.no_grad():
        w -= 1.0
    assert loss.explain().gradients == {"w": 6.0}
