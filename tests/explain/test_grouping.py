"""Which operations stand together: calls, scopes, blocks, and where leaves go."""

from __future__ import annotations

import functools

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adjoint as ad
import adjoint.numpy as np
from adjoint.explain.blocks import LIMIT
from adjoint.explain.convex import convex_parts
from adjoint.explain.grids import OVERVIEW
from adjoint.nn.functional import softmax
from browser.examples import example_file
from explain.networks import NETWORKS


def groups_of(story):
    """The groups as (path of names, kind, operations, names of the leaves that stand directly inside)."""
    return groups_of_document(story.to_dict())


def groups_of_document(document):
    groups = document["groups"]
    found = []
    for group in groups:
        path, outer = [group["name"]], group
        while "parent" in outer:
            outer = groups[outer["parent"]]
            path.insert(0, outer["name"])
        leaves = [n["name"] for n in document["nodes"] if n.get("group") == group["id"] and n["kind"] == "leaf"]
        found.append(("/".join(path), group["kind"], group["count"], leaves))
    return found


def cube(x):
    return x * x * x


def root_mean(x):
    return np.sqrt(np.mean(x))


def test_each_call_is_a_group_of_its_own_and_equal_ones_have_one_mark():
    story = ad.explain(lambda a, b: cube(a) + cube(b) * cube(2.0))(1.5, 2.0)
    assert groups_of(story) == [("cube", "function", 2, [])] * 2
    marks = [g["mark"] for g in story.to_dict()["groups"]]
    assert marks[0] == marks[1]
    assert ad.explain(root_mean)(numpy.ones(3)).to_dict()["groups"][0]["mark"] != marks[0]


def test_one_operation_is_no_group_nor_is_the_whole():
    def shifted(x):
        return x + 1.0

    def whole(x):
        return cube(shifted(x))

    assert groups_of(ad.explain(whole)(2.0)) == [("cube", "function", 2, [])]
    assert groups_of(ad.explain(lambda x: whole(x))(2.0)) == [("cube", "function", 2, [])]
    assert groups_of(ad.explain(functools.partial(cube))(2.0)) == []


def test_comprehensions_and_lambdas_belong_to_the_call_around_them():
    def total(xs):
        return sum((lambda x: x * x * 2.0)(x) for x in [x + 1.0 for x in xs])

    [group] = groups_of(ad.explain(lambda a, b: total([a, b]) * a)(1.0, 2.0))
    assert group == ("total", "function", 8, [])


def test_functions_of_the_package_with_several_operations_are_groups():
    names = [g[0] for g in groups_of(ad.explain(lambda x: np.sum(softmax(x * 2.0)) * np.sum(x))(numpy.ones(3)))]
    assert names == ["softmax"]
    assert groups_of(ad.explain(softmax)(numpy.ones(3))) == []


def test_recursion_nests():
    def power(x, n):
        return x if n == 1 else x * power(x + 1.0, n - 1)

    paths = [g[0] for g in groups_of(ad.explain(lambda x: 2.0 * power(x, 4))(1.5))]
    assert paths == ["power", "power/power", "power/power/power"]


def test_a_recursion_ends_in_boxes_that_nobody_opens():
    def power(x, n):
        return x if n == 1 else x * power(x + 0.1, n - 1)

    paths = [g[0] for g in groups_of(ad.explain(lambda x: 2.0 * power(x, 60))(0.5))]
    assert max(path.count("/") for path in paths) == 11


def test_scopes_stand_among_calls():
    def layer(x, w):
        with ad.scope("product"):
            x = x * w
            x = x * w
        return x + w

    def net(x, w):
        with ad.scope("first"):
            x = layer(x, w) * 2.0
        with ad.scope("second"):
            x = layer(x, w) * 2.0
        return x * 1.0

    expected = [
        (f"{name}{inner}", kind, count, [])
        for name in ("first", "second")
        for inner, kind, count in (("", "module", 4), ("/layer", "function", 3), ("/layer/product", "module", 2))
    ]
    assert groups_of(ad.explain(net)(2.0, 3.0)) == expected


def test_a_scope_opened_by_a_context_manager_of_ones_own():
    class Part:
        def __enter__(self):
            self.scope = ad.scope("part")
            self.scope.__enter__()

        def __exit__(self, *error):
            self.scope.__exit__(*error)

    def f(x):
        with Part():
            x = x * x
            x = cube(x)
        return x + 1.0

    assert groups_of(ad.explain(f)(2.0)) == [("part", "module", 3, []), ("part/cube", "function", 2, [])]


def test_entries_of_containers_stand_where_they_are_used_and_whole_arguments_outside():
    function, arguments = NETWORKS["mlp"]
    found = {path: leaves for path, _, _, leaves in groups_of(ad.explain(function)(*arguments()))}
    assert found == {
        "layer1": ["layers[0][0]", "layers[0][1]"],
        "layer2": ["layers[1][0]", "layers[1][1]"],
        "loss": [],
        "loss/mean": [],
    }
    as_data = groups_of(ad.explain(function, argnums=0)(*arguments()))
    assert [leaves for *_, leaves in as_data] == [[]] * 4


def test_an_object_that_is_called_has_the_name_of_its_class():
    class Cube:
        def __init__(self):
            self.w = numpy.array(2.0)

        def __call__(self, x):
            return x * self.w * x

    cubes = Cube()
    assert groups_of(ad.explain(lambda x: cubes(x) + 1.0)(2.0)) == [("Cube", "function", 2, ["w"])]


def test_histories_group_by_scope_else_by_function():
    w = ad.tensor(2.0, requires_grad=True, name="w")
    with ad.scope("a"):
        y = cube(w)
    with ad.scope("b"):
        z = cube(y)
    assert groups_of((y * z).explain()) == [("a", "module", 2, ["w"]), ("b", "module", 2, [])]
    assert groups_of((cube(w) + w * 2.0).explain()) == [("cube", "function", 2, [])]


def test_a_scope_that_is_left_and_entered_again_is_split_where_it_must_be():
    w = ad.tensor(2.0, requires_grad=True, name="w")

    def step(x):
        with ad.scope("a"):
            x = x * 2.0 + 1.0
        x = np.sin(x)
        with ad.scope("a"):
            return x * 3.0 + 1.0

    document = (step(w) * 1.0).explain().to_dict()
    assert [g["name"] for g in document["groups"]] == ["a", "a"]


def chain(count):
    def f(x):
        for _ in range(count):
            x = x * 0.999
            x = x + 0.001
        return x

    return f


@pytest.mark.parametrize("count", [300, 3_000])
def test_long_flat_graphs_are_cut_into_blocks(count):
    document = ad.explain(chain(count))(1.0).to_dict()
    groups = document["groups"]
    assert {g["kind"] for g in groups} == {"block"}
    assert not any(g["open"] for g in groups)
    inside = [[] for _ in range(len(groups) + 1)]
    for node in document["nodes"]:
        inside[node.get("group", -1)].append(node)
    for group in groups:
        inside[group.get("parent", -1)].append(group)
    assert max(len(members) for members in inside) <= LIMIT
    assert sum(g["count"] for g in groups if "parent" not in g) == 2 * count
    # Every block but the last holds whole turns of the loop.
    bottom = [g for g in groups if all(h.get("parent") != g["id"] for h in groups)]
    assert len({g["mark"] for g in bottom[:-1]}) == 1


def test_short_flat_graphs_have_no_blocks():
    assert ad.explain(chain(120))(1.0).to_dict()["groups"] == []


def test_many_inputs_are_cut_into_blocks_too():
    def f(xs):
        first = sum(xs[1:], xs[0])
        return first * sum(x * x for x in xs)

    document = ad.explain(f)([0.5] * 700).to_dict()
    names = [g["name"] for g in document["groups"]]
    assert names[:2] == ["part 1 of 21", "part 2 of 21"]
    assert {"inputs 1–100", "inputs 601–700"} <= set(names)


def seen_in(document):
    """The paths of open groups, and how many nodes and closed boxes a reader sees beside them."""
    groups = document["groups"]
    opened = {g["id"] for g in groups if g["open"]} | {-1}
    seen = sum(n.get("group", -1) in opened for n in document["nodes"])
    seen += sum(g.get("parent", -1) in opened and not g["open"] for g in groups)
    return [path for (path, *_), g in zip(groups_of_document(document), groups, strict=True) if g["open"]], seen


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_open_at_first_is_no_more_than_one_look_takes(name):
    function, arguments = NETWORKS[name]
    document = ad.explain(function)(*arguments()).to_dict()
    opened, seen = seen_in(document)
    # The one is too large, and the other nothing but layers.
    assert bool(opened) == (name not in ("lstm_unrolled", "mlp"))
    if opened:
        assert seen <= OVERVIEW


@pytest.mark.parametrize(
    ("file", "function", "opened"),
    [
        ("lstm", "lstm_step", ["step", "loss"]),
        ("attention", "loss", ["attention", "attention/softmax"]),
        ("networks", "mlp", ["hidden", "out", "loss", "loss/mean"]),
        ("networks", "convolution", ["convolution", "convolution/filtered", "loss", "loss/mean"]),
        ("neural_turing_machine", "ntm_read", ["address", "loss"]),
        ("losses", "cross_entropy", ["softmax"]),
    ],
)
def test_what_of_the_examples_is_open_at_first(file, function, opened):
    module = example_file(file)
    chosen = getattr(module, function)
    found, seen = seen_in(ad.explain(chosen)(*module.EXAMPLES[chosen]).to_dict())
    assert found == opened
    assert seen <= OVERVIEW


def test_one_scope_that_fills_a_call_and_the_call_are_one_group_called_by_the_scope():
    def gate(name, x):
        with ad.scope(name):
            return np.tanh(x * x)

    def layer(x):
        return np.sin(x * x)

    def net(x):
        with ad.scope("filled"):
            y = layer(x)
        return gate("forget", x) * gate("say", x) * y

    assert groups_of(ad.explain(net)(2.0)) == [(name, "module", 2, []) for name in ("filled", "forget", "say")]
    # What holds more than the scope keeps its own name.
    assert groups_of(ad.explain(lambda x: (lambda g: g)(shifted_gate)(x) * x)(2.0)) == [
        ("shifted_gate", "function", 3, []),
        ("shifted_gate/inner", "module", 2, []),
    ]


def shifted_gate(x):
    with ad.scope("inner"):
        y = np.tanh(x * x)
    return y + 1.0


def test_entries_of_an_input_stand_where_they_are_used():
    def gate(x, w):
        return np.tanh(x * w)

    def double(x):
        return x * 2.0

    def net(x, w):
        shared = w[2]
        return gate(x, w[0] * shared) * gate(x, w[1]) * shared * double(w[3])

    def whole(x, w):
        return net(x, w) + x

    # Of the entries only w[1] is used in one group alone; w[0] is used beside the groups, and a call with one
    # operation is no group however its argument was taken.
    found = groups_of(ad.explain(whole)(2.0, numpy.arange(1.0, 5.0)))
    assert found == [("net", "function", 13, []), ("net/gate", "function", 2, []), ("net/gate", "function", 3, [])]


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(0, 30))
def test_parts_are_convex_and_on_no_circle(data, count):
    before = {i: data.draw(st.lists(st.integers(0, i - 1), max_size=2)) if i else [] for i in range(count)}
    label = {i: data.draw(st.sampled_from(["a", "b", None])) for i in range(count)}
    parts = convex_parts(list(range(count)), label, before)
    assert sorted(i for part in parts for i in part) == list(range(count))
    at = {i: k for k, part in enumerate(parts) for i in part}
    assert all(at[source] <= at[i] for i in before for source in before[i])
    assert all(len({label[i] for i in part}) == 1 for part in parts)
    assert all(len(part) == 1 for part in parts if label[part[0]] is None)


def test_what_need_not_be_split_is_not():
    # Two streams in turn: each scope was left and entered again, but nothing flows between them.
    before = {i: [i - 2] if i > 1 else [] for i in range(10)}
    parts = convex_parts(list(range(10)), {i: "ab"[i % 2] for i in range(10)}, before)
    assert parts == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]
