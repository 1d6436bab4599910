"""Explaining a function that uses tracked tensors which are none of its arguments."""

import adjoint as ad


def test_a_captured_leaf():
    w = ad.tensor(2.0, requires_grad=True, name="w")
    story = ad.explain(lambda x: w * x)(3.0)
    assert (story.value, story.gradients) == (6.0, {"x": 2.0, "w": 3.0})
    assert w.grad is None
    document = story.to_dict()
    assert [(n["name"], n["role"]) for n in document["nodes"] if n["kind"] == "leaf"] == [
        ("x", "parameter"),
        ("w", "parameter"),
    ]
    assert (document["cost"]["inputs"], document["cost"]["visits_differences"]) == (2, 3)
    assert "return J, (g_x, g_w)" in story.source()


def test_a_captured_leaf_that_was_not_chosen():
    w = ad.tensor(2.0, requires_grad=True, name="w")
    story = ad.explain(lambda x: w * x, argnums=0)(3.0)
    assert story.gradients == {"x": 2.0}
    leaf = next(n for n in story.to_dict()["nodes"] if n["name"] == "w")
    assert (leaf["role"], "grad" in leaf) == ("data", False)


W = ad.tensor([1.0, 2.0, 3.0], requires_grad=True)


class Layer:
    def __init__(self):
        self.bias = ad.tensor(1.0, requires_grad=True)

    def __call__(self, x):
        return (W * x + self.bias).sum()


def test_captured_leaves_are_called_as_the_variables_that_hold_them():
    inner = ad.tensor(2.0, requires_grad=True)
    assert ad.explain(Layer())(2.0).gradients.keys() == {"x", "W", "bias"}
    assert ad.explain(lambda x: x * inner)(2.0).gradients == {"x": 2.0, "inner": 2.0}
    assert W.node.name is None


def test_older_history():
    w = ad.tensor(2.0, requires_grad=True, name="w")
    old = w * 3.0
    story = ad.explain(lambda x: old * w * x)(3.0)
    assert (story.value, story.gradients) == (36.0, {"x": 12.0, "w": 18.0})


def test_a_leaf_made_inside_and_walked_back_to():
    found = []

    def f(x):
        w = ad.tensor(2.0, requires_grad=True)
        J = w * w * x
        J.backward(retain_graph=True)
        found.append(w.grad.item())
        return J

    assert ad.explain(f)(3.0).gradients == {"x": 4.0}
    assert found == [12.0]


def test_a_gradient_inside():
    story = ad.explain(lambda x: ad.grad(lambda y: y * y * x)(x))(3.0)
    assert (story.value, story.gradients) == (18.0, {"x": 12.0})


def test_a_second_backward_inside_fails_in_the_users_terms():
    def twice(x):
        w = ad.tensor(2.0, requires_grad=True)
        J = w * w
        J.backward()
        J.backward()
        return J

    story = ad.explain(twice)(3.0)
    assert "freed by an earlier backward pass" in story.failure.what
    story.to_json()
