"""Sizes that no machine can hold are told in our words, before anything is allocated."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import ShapeError, SizeError

WIDE = {
    "broadcast": lambda x: anp.sum(anp.broadcast_to(x, (1 << 40, 1 << 40))),
    "outer": lambda x: anp.sum(anp.broadcast_to(x, (1 << 40, 1)) * anp.broadcast_to(x, (1, 1 << 40))),
    "tile": lambda x: anp.tile(x, (1 << 35, 1 << 35)),
    "matmul": lambda x: anp.broadcast_to(x, (1 << 40, 1)) @ anp.broadcast_to(x, (1, 1 << 40)),
    "pad": lambda x: anp.pad(anp.reshape(x, (1,)), [(1 << 61, 1 << 61)]),
    "concatenate": lambda x: anp.concatenate([anp.broadcast_to(x, (1 << 61,))] * 3),
    "sort": lambda x: anp.sum(anp.sort(anp.broadcast_to(x, (1 << 30, 1 << 20)), axis=0)),
}


@pytest.mark.parametrize("backend", ["llvm", "python"])
@pytest.mark.parametrize("name", WIDE)
def test_what_no_machine_can_hold(name, backend):
    with pytest.raises(SizeError) as caught:
        ad.compile(WIDE[name], backend=backend, cache=False)(1.0)
    told = str(caught.value)
    assert "test_audit_sizes.py" in told
    assert "help: compute in smaller pieces" in told


def test_shapes_that_do_not_match_are_no_matter_of_size():
    x, y = np.ones((3, 1)), np.ones((4, 5))
    for f in (lambda x, y: x + y, ad.compile(lambda x, y: x + y, cache=False)):
        with pytest.raises(ShapeError, match="cannot broadcast"):
            f(ad.tensor(x), ad.tensor(y))


def test_sizes_of_many_axes_are_compared_from_the_first_on():
    ones = (1,) * 40
    with pytest.raises(ShapeError, match="cannot broadcast"):
        ad.tensor(np.ones((3, *ones))) + ad.tensor(np.ones((4, *ones)))
    x = ad.tensor(np.full((3, *ones), 2.0), requires_grad=True)
    ((x + np.ones(ones)) * x).sum().backward()
    assert x.grad.shape == (3, *ones)
    assert (x.grad.numpy() == 5.0).all()


def test_eager_mode_says_the_same():
    with pytest.raises(SizeError, match="more entries than an array can have"):
        WIDE["outer"](ad.tensor(1.0))
