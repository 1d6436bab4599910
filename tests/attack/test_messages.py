"""Every mistake that a user makes with arrays is answered in three parts, at the user's own line."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.nn import functional

W = ad.tensor(np.ones((2, 3)), requires_grad=True)
MISTAKES = [
    lambda w: w + np.ones(4),
    lambda w: w @ w,
    lambda w: anp.matmul(w[None], np.ones((4, 5, 2))),
    lambda w: anp.concatenate([w, np.ones((3, 2))]),
    lambda w: anp.concatenate(3.0),
    lambda w: anp.concatenate([]),
    lambda w: w.reshape(7),
    lambda w: w.reshape("a"),
    lambda w: anp.sum(w, axis=5),
    lambda w: anp.sum(w, axis=(0, 0)),
    lambda w: anp.sum(w, axis="a"),
    lambda w: w[5],
    lambda w: w[0, 0, 0],
    lambda w: w["a"],
    lambda w: w[1.5],
    lambda w: w[np.ones(2)],
    lambda w: w[np.ones((3, 3), bool)],
    lambda w: w.transpose(0),
    lambda w: w.squeeze(0),
    lambda w: w.astype("nothing"),
    lambda w: w.take([7]),
    lambda w: anp.linalg.solve(w, w),
    lambda w: anp.linalg.solve(np.eye(2), np.ones(3) * w[0]),
    lambda w: anp.stack([w, w[0]]),
    lambda w: anp.split(w, 2, axis=1),
    lambda w: anp.where(w > 0, w, np.ones(5)),
    lambda w: anp.broadcast_to(w, (3, 3)),
    lambda w: anp.broadcast_to(w, (3,)),
    lambda w: anp.pad(w, "a"),
    lambda w: anp.pad(w, [(1, 2, 3)]),
    lambda w: anp.moveaxis(w, [0, 1], 0),
    lambda w: anp.diag(np.ones((2, 2, 2)) * w[0, 0]),
    lambda w: anp.tensordot(w, w, axes=1),
    lambda w: anp.max(w[:0]),
    lambda w: anp.argmax(w[:0]),
    lambda w: w + None,
    lambda w: w + "a",
    lambda w: w & w,
    lambda w: len(w[0, 0]),
    lambda w: iter(w[0, 0]),
    lambda w: w[ad.tensor(0.5)],
    lambda w: (w * 1.0).__setitem__(0, np.ones(2)),
    lambda w: (w * 1.0).__setitem__(9, 1.0),
    lambda w: setattr(w, "name", 3),
    lambda w: setattr(w, "grad", ad.tensor(1.0)),
    lambda w: w.backward(),
    lambda w: (w * 1.0).backward(np.ones(2)),
    lambda w: (w * 1.0).backward(np.ones((2, 3)) * 1j),
    lambda w: ad.gradients(3.0, w),
    lambda w: ad.saved(3.0),
    lambda w: ad.grad(lambda x, y: x * y, argnums=(0, 0))(1.0, 2.0),
]
OF_LAYERS = [
    lambda w: functional.cross_entropy(w, np.ones(2)),
    lambda w: functional.cross_entropy(w, np.array([0, 5])),
    lambda w: functional.cross_entropy(w, np.array([0])),
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_in_three_parts(mistake):
    with pytest.raises(ad.errors.AdjointError) as caught:
        mistake(W)
    assert caught.value.what
    assert "test_messages.py" in (caught.value.where or "")
    assert caught.value.help


@pytest.mark.parametrize("mistake", OF_LAYERS)
def test_layers_say_what_to_do(mistake):
    with pytest.raises(ad.errors.AdjointError) as caught:
        mistake(W)
    assert caught.value.help
