"""Definitions that are wrong, in three parts each, and names that are Python's own words."""

import pytest

import adjoint as ad


def squares():
    return ad.Graph.define({"a": ("multiply", "self", "output"), "b": ("square", "a")}, output="b")


def test_inputs_may_have_the_names_of_parameters():
    assert squares().evaluate(self=2.0, output=3.0) == 36.0
    assert squares().grad().evaluate(self=2.0, output=3.0) == {"self": 36.0, "output": 24.0}
    assert squares().explain(self=2.0, output=3.0).value == 36.0


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: ad.Graph.define({"a": ("sine", "x")}, output="a"),
        lambda: ad.Graph.define({"a": ("sin", "x", "y")}, output="a"),
        lambda: ad.Graph.define({"a": ("add", "x")}, output="a"),
        lambda: ad.Graph.define({"a": ("sin", "b"), "b": ("sin", "a")}, output="a"),
        lambda: ad.Graph.define({}, output="a"),
        lambda: ad.Graph.define({"x": ("sin", "y")}, output="x", inputs={"x": ad.Spec()}),
        lambda: squares().grad().grad(),
        lambda: squares().grad(wrt=["z"]),
        lambda: ad.Graph.define({"a": ("sin", "x")}, output="a", inputs={"x": ad.Spec((2,))}).grad(),
    ],
)
def test_every_message_has_three_parts_and_the_users_line(mistake):
    with pytest.raises(ad.errors.AdjointError) as caught:
        mistake()
    assert "test_graphs.py" in caught.value.where
    assert caught.value.help


def test_a_long_circle_is_told_in_short():
    ring = {f"n{i}": ("sin", f"n{(i + 1) % 5000}") for i in range(5000)}
    with pytest.raises(ad.errors.GraphError, match=r"n0 -> n1 -> .* -> n4999 -> n0\.") as caught:
        ad.Graph.define(ring, output="n0")
    assert len(caught.value.what) < 200


def test_the_gradient_of_one_gradient():
    cube = ad.Graph.define({"a": ("square", "x"), "b": ("multiply", "a", "x")}, output="b")
    assert cube.grad(["x"]).evaluate(x=2.0) == {"x": 12.0}
    assert cube.grad(["x"]).grad().evaluate(x=2.0) == {"x": 12.0}
    assert cube.grad(["x"]).grad().grad().evaluate(x=5.0) == {"x": 6.0}
