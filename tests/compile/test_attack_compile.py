"""What users get wrong, and what they bring: options that name nothing, methods, donation beside containers."""

import dataclasses
from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import ArgumentError, OperandError, SizeError, TracedError

Pair = namedtuple("Pair", "w b")


@dataclasses.dataclass
class Layer:
    w: np.ndarray


@dataclasses.dataclass(frozen=True)
class Named:
    """Two of them are equal where their names are, whatever their arrays hold."""

    name: str
    w: np.ndarray = dataclasses.field(compare=False)

    @ad.compile
    def scaled(self, x):
        return self.w * x


class Model:
    @ad.compile(static_argnums=0)
    def twice(self, x):
        return 2.0 * x

    @ad.compile(static_argnums=("self", "n"))
    def power(self, x, n):
        return x if n == 1 else x * self.power(x, n - 1)

    @ad.compile(donate=1)
    def step(self, x):
        return x - 1.0

    @ad.compile(donate=0)
    def wrong(self, x):
        return x - 1.0


@pytest.mark.parametrize("option", ["static_argnums", "donate"])
@pytest.mark.parametrize("place", [1, -2, "v"])
def test_options_name_arguments_that_exist(option, place):
    with pytest.raises(ArgumentError, match=f"{option} names argument {place!r}, which <lambda> does not have") as info:
        ad.compile(lambda w: 2.0 * w, **{option: place})
    assert "it is <lambda>(w)" in str(info.value)


def test_open_ended_arguments_may_be_named():
    x = np.ones(3)
    assert ad.compile(lambda *some: some[0] * some[1], donate=1)(2.0, x) is x
    assert ad.compile(lambda x, **more: x * len(more["n"]), static_argnums="n")(2.0, n=(1, 2)) == 4.0
    with pytest.raises(ArgumentError):
        ad.compile(lambda *some: some[0], donate=-1)


def test_a_static_argument_of_a_transform_may_be_a_keyword():
    def power(x, n):
        out = 1.0
        for _ in range(n):
            out = out * x
        return out

    slope = ad.compile(ad.grad(power), static_argnums=1)
    assert slope(2.0, 3) == slope(2.0, n=3) == 12.0


def test_positions_of_a_method_count_its_instance():
    model, x = Model(), np.arange(3.0)
    np.testing.assert_array_equal(model.twice(x), 2.0 * x)
    np.testing.assert_array_equal(Model.twice(model, x), 2.0 * x)
    np.testing.assert_array_equal(model.power(x, 3), x**3)
    assert model.step(x) is x
    with pytest.raises(ArgumentError, match="donate names self of wrong"):
        _ = model.wrong


def test_equal_instances_have_their_own_arrays():
    ones, sevens = Named("a", np.ones(2)), Named("a", np.full(2, 7.0))
    assert ones == sevens
    assert ones.scaled(1.0).tolist() == [1.0, 1.0]
    assert sevens.scaled(1.0).tolist() == [7.0, 7.0]
    assert ones.scaled is ones.scaled


@pytest.mark.parametrize("make", [Layer, lambda w: Pair(w, 1.0), lambda w: OrderedDict(w=w)])
@pytest.mark.parametrize("first", [True, False])
def test_donation_beside_containers_of_other_kinds(make, first):
    def product(one, other):
        held, x = (one, other) if first else (other, one)
        return (held["w"] if isinstance(held, dict) else held.w) * x

    x, w = np.full(3, 2.0), np.arange(3.0)
    args = (make(w), x) if first else (x, make(w))
    exe = ad.compile(product, donate=1 if first else 0)
    assert exe(*args) is x
    np.testing.assert_array_equal(x, 2.0 * w)


def test_donation_of_a_dataclass():
    layer = Layer(np.ones(3))
    out = ad.compile(lambda p: Layer(p.w * 2.0), donate=0)(layer)
    assert out.w is layer.w
    assert layer.w.tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("setting", ["text", np.sin, {"how": True}])
def test_donating_a_setting_raises(setting):
    with pytest.raises(OperandError, match="the donated argument how is a setting"):
        ad.compile(lambda how, x: 2.0 * x, donate=0)(setting, np.ones(2))


def test_donating_a_static_argument_raises():
    with pytest.raises(OperandError, match="the donated argument n is a setting"):
        ad.compile(lambda n, x: n * x, donate=0, static_argnums=0)(3, np.ones(2))


def test_donating_an_instance_that_is_passed_raises():
    with pytest.raises(OperandError, match="the donated argument self is a setting"):
        Model.wrong(Model(), np.ones(2))


@pytest.mark.parametrize("nothing", [None, [], {"w": None}])
def test_nothing_may_be_donated(nothing):
    assert ad.compile(lambda some, x: 2.0 * x, donate=0)(nothing, 2.0) == 4.0


def test_the_help_for_a_branch_names_the_function_that_is_compiled():
    @ad.compile(guard=True)
    def inner(x):
        return x if x > 0.0 else -x

    def outer(x):
        return 2.0 * inner(x)

    with pytest.raises(TracedError) as caught:
        ad.compile(outer)(1.0)
    assert "compile outer with guard=True" in caught.value.help
    assert ad.compile(outer, guard=True)(-1.0) == 2.0
    with pytest.raises(TracedError) as caught:
        ad.vmap(inner)(np.ones(2))
    assert "guard" not in caught.value.help


def test_a_size_that_overflows_is_a_size_error():
    with pytest.raises(SizeError):
        ad.compile(lambda x: anp.broadcast_to(x, (10**10, 10**9)))(1.0)
    with pytest.raises(SizeError):
        anp.broadcast_to(ad.tensor(1.0), (10**10, 10**9))


@pytest.mark.parametrize("call", [lambda n: 2 ** ad.tensor(n), ad.compile(lambda n: 2**n)])
def test_whole_numbers_to_negative_powers_say_what_to_do(call):
    with pytest.raises(ArgumentError, match="negative integer powers") as caught:
        call(np.array([1, -1]))
    assert "astype(float)" in caught.value.help


@pytest.mark.parametrize("options", [{"cache": "folder"}, {"strict": "yes"}, {"guard": 1}])
def test_settings_that_are_neither_true_nor_false_are_refused(options):
    with pytest.raises(ArgumentError, match="True or False for " + next(iter(options))):
        ad.compile(lambda x: x, **options)
