"""Containers, static arguments, captured values and donated arrays, natively and through Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adjoint as ad
from adjoint.compile.llvm.entry_text import Reason
from adjoint.compile.signature import Input, Output, Tree
from compile.entry_programs import NONE, WAYS, arrays, copies, enter, floats, leaf, program, row, signature, table


@pytest.mark.parametrize("way", WAYS)
def test_nested_containers_come_back(way):
    inputs, outputs = arrays((2,), (), (3, 1), (1,))
    tree = row("tuple", leaf(0), row("list", leaf(1), NONE, table(b=leaf(2), a=row("tuple"))), table(), row("list"))
    made = signature(inputs, outputs, [tree, leaf(3)], row("list", tree, leaf(3)))
    f, misses = enter(made, copies(made), way)
    one, two, three, four = np.array([1.0, 2.0]), np.array(3.0), np.ones((3, 1)), np.array([7.0])
    given = (one, [two, None, {"a": (), "b": three}], {}, [])
    back, last = f(given, four)
    assert misses == []
    assert repr(back) == repr((one, [two, None, {"b": three, "a": ()}], {}, []))
    assert list(back[1][2]) == ["b", "a"]
    assert last.tolist() == [7.0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "wrong",
    [
        (1.0, [2.0, 3.0], {"k": 4.0, "l": 5.0}),
        [(1.0, [2.0, 3.0], {"k": 4.0, "l": 5.0}, None)],
        (1.0, (2.0, 3.0), {"k": 4.0, "l": 5.0}, None),
        (1.0, [2.0, 3.0, 4.0], {"k": 4.0, "l": 5.0}, None),
        (1.0, [2.0], {"k": 4.0, "l": 5.0}, None),
        (1.0, [2.0, 3.0], {"k": 4.0}, None),
        (1.0, [2.0, 3.0], {"k": 4.0, "m": 5.0}, None),
        (1.0, [2.0, 3.0], {"k": 4.0, "l": 5.0, "m": 6.0}, None),
        (1.0, [2.0, 3.0], {"k": 4.0, "l": 5}, None),
        (1.0, [2.0, 3.0], {"k": 4.0, "l": 5.0}, 0.0),
        (1.0, [2.0, None], {"k": 4.0, "l": 5.0}, None),
        (1.0, [2.0, 3.0], [4.0, 5.0], None),
        None,
    ],
    ids=repr,
)
def test_another_structure_is_handed_to_python(way, wrong):
    inputs, outputs = floats(5)
    tree = row("tuple", leaf(0), row("list", leaf(1), leaf(2)), table(k=leaf(3), l=leaf(4)), NONE)
    made = signature(inputs, outputs, [tree])
    f, misses = enter(made, copies(made), way)
    assert f((1.0, [2.0, 3.0], {"l": 5.0, "k": 4.0}, None)) == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert misses == []
    assert f(wrong) == "missed"
    assert misses == [((wrong,), {}, Reason.INPUT)]


class Odd:
    """A key that cannot be compared with the one that it is in the way of."""

    def __hash__(self):
        return hash("k")

    def __eq__(self, other):
        raise ZeroDivisionError


def test_a_key_that_cannot_be_compared_is_left_to_python():
    inputs, outputs = floats(1)
    made = signature(inputs, outputs, [table(k=leaf(0))])
    f, misses = enter(made, copies(made))
    assert f({Odd(): 1.0}) == "missed"
    assert len(misses) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["tuple", "list"])
@pytest.mark.parametrize("one", ["float", "complex", "scalar", "int"])
def test_long_rows(way, kind, one):
    python = {"float": float, "complex": complex, "scalar": np.float32, "int": int}[one]
    dtype = np.dtype(python).name
    count = 50
    inputs = (Input(one, dtype),) * count
    outputs = tuple(Output(one, dtype, (), k) for k in range(count))
    rows = row(kind, *map(leaf, range(count)), NONE)
    made = signature(inputs, outputs, [rows], row("tuple", row(kind, *map(leaf, range(count)), leaf(0)), NONE))
    f, misses = enter(made, copies(made), way)
    given = [python(k + 1) for k in range(count)]
    make = {"tuple": tuple, "list": list}[kind]
    back, _ = f(make([*given, None]))
    assert back == make([*given, given[0]])
    assert {type(value) for value in back} == {python}
    assert misses == []
    given[-1] = "x"
    assert f(make([*given, None])) == "missed"


def test_a_row_whose_kind_changes_after_its_beginning():
    inputs = (Input("float", "float64"),) * 8 + (Input("array", "float64", (2,)), Input("float", "float64"))
    outputs = tuple(Output(one.kind, one.dtype, one.shape, k) for k, one in enumerate(inputs))
    order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    made = signature(inputs, outputs, [row("list", *map(leaf, order))], row("list", *map(leaf, order)))
    f, misses = enter(made, copies(made))
    given = [*map(float, range(8)), np.array([1.0, 2.0]), 9.0]
    assert repr(f(given)) == repr(given)
    assert misses == []


@pytest.mark.parametrize("way", WAYS)
def test_static_arguments_are_the_recorded_ones(way):
    marker = object()
    trees = [leaf(0), Tree("static", 0), row("tuple", Tree("static", 1), Tree("static", 2)), Tree("static", 3)]
    made = signature(*floats(1), trees)
    static = (10**6, "sum of all", marker, 2.5)
    f, misses = enter(made, copies(made), way, static=static)
    assert f(1.0, int("1000000"), ("".join(["sum of", " all"]), marker), static[3]) == 1.0
    assert misses == []
    for wrong in (
        (1.0, 10**6 + 1, ("sum of all", marker), static[3]),
        (1.0, 1e6, ("sum of all", marker), static[3]),
        (1.0, 10**6, ("sum", marker), static[3]),
        (1.0, 10**6, ("sum of all", object()), static[3]),
        (1.0, 10**6, ("sum of all", marker), float("2.5")),
    ):
        assert f(*wrong) == "missed"
    assert {reason for _, _, reason in misses} == {Reason.INPUT}


@pytest.mark.parametrize("way", WAYS)
def test_captured_tensors_and_arrays_are_read_at_each_call(way):
    w, c = ad.tensor(np.array([1.0, 2.0])), np.array([[3]])
    inputs = (Input("float", "float64"), Input("array", "float64", (2,)), Input("array", "int64", (1, 1)))
    outputs = tuple(Output(one.kind, one.dtype, one.shape, k) for k, one in enumerate(inputs))
    made = signature(inputs, outputs, captured=2)
    f, misses = enter(made, copies(made), way, captured=(w, c))
    assert [np.asarray(part).tolist() for part in f(0.5)] == [0.5, [1.0, 2.0], [[3]]]
    w += 1.0
    c[0] = 4
    assert [np.asarray(part).tolist() for part in f(0.5)] == [0.5, [2.0, 3.0], [[4]]]
    w._value = np.array([8.0, 9.0])
    assert f(0.5)[1].tolist() == [8.0, 9.0]
    assert misses == []
    for value in (np.zeros(3), np.zeros(2, np.float32), np.zeros(4)[::2], 1.0):
        w._value = value
        assert f(0.5) == "missed"
        assert misses.pop() == ((0.5,), {}, Reason.CAPTURED)
    w._value = np.zeros(2)
    assert f(1) == "missed"
    assert misses.pop()[2] is Reason.INPUT
    if way != "python":
        del w._value
        assert f(0.5) == "missed"
        assert misses.pop()[2] is Reason.CAPTURED


def added():
    """A program that adds its first input to its second, in place: y += x, of three elements."""
    body = ["  %x = load ptr, ptr %inputs", "  %y = load ptr, ptr %outputs"]
    for k in range(3):
        body += [
            f"  %px{k} = getelementptr double, ptr %x, i64 {k}\n  %x{k} = load double, ptr %px{k}",
            f"  %py{k} = getelementptr double, ptr %y, i64 {k}\n  %y{k} = load double, ptr %py{k}",
            f"  %s{k} = fadd double %x{k}, %y{k}\n  store double %s{k}, ptr %py{k}",
        ]
    inputs, _ = arrays((3,), (3,))
    made = signature(inputs, (Output("array", "float64", (3,), 0, 1),))
    return made, program("\n".join([*body, "  ret i32 0"]))


@pytest.mark.parametrize("way", WAYS)
def test_a_donated_array_is_handed_back_overwritten(way):
    f, misses = enter(*added(), way)
    x, y = np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0])
    for k in range(1, 4):
        assert f(x, y) is y
        assert y.tolist() == [10.0 + k, 20.0 + 2 * k, 30.0 + 3 * k]
    assert misses == []


@pytest.mark.parametrize("way", WAYS)
def test_a_donated_array_that_others_could_see_is_handed_to_python(way):
    f, misses = enter(*added(), way)
    frozen, whole, given = np.ones(3), np.arange(6.0), np.ones(3)
    frozen.flags.writeable = False
    memory = bytearray(24)
    for x, y in (
        (given, given),
        (given[:], given),
        (given, frozen),
        (given, whole[:3]),
        (given, whole[3:]),
        (given, np.frombuffer(memory)),
    ):
        before = y.tolist()
        assert f(x, y) == "missed"
        assert misses.pop()[2] is Reason.DONATED
        assert y.tolist() == before
    assert f(frozen, given) is given


@pytest.mark.parametrize("way", WAYS)
def test_two_donated_arrays_and_a_captured_one(way):
    inputs, outputs = arrays((2,), (2,), (2,), donated={0, 1})
    made = signature(inputs, outputs[:2], captured=1)
    captured = np.array([5.0, 6.0])
    f, misses = enter(made, copies(made, [1, 2]), way, captured=(captured,))
    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    first, second = f(a, b)
    assert (first is a, second is b) == (True, True)
    assert (a.tolist(), b.tolist()) == ([3.0, 4.0], [5.0, 6.0])
    assert f(a, a) == f(a, captured) == f(captured, a) == "missed"
    assert {reason for _, _, reason in misses} == {Reason.DONATED}


@pytest.mark.parametrize("way", WAYS)
def test_empty_donated_arrays_share_nothing(way):
    inputs, outputs = arrays((0, 3), (0, 3), donated={0, 1})
    made = signature(inputs, outputs)
    f, misses = enter(made, copies(made), way)
    empty = np.zeros((0, 3))
    assert f(empty, empty)[0] is empty
    assert misses == []


LEAVES = {
    "float float64": 0.5,
    "int int64": 3,
    "bool bool": True,
    "complex complex128": 1 - 2j,
    "scalar float32": np.float32(2.5),
    "scalar int16": np.int16(-7),
    "array float64": np.array([[1.5, 2.5]]),
    "array bool": np.array(True),
    "array complex64": np.zeros((2, 0, 3), np.complex64),
}

structures = st.recursive(
    st.sampled_from([*LEAVES, None]),
    lambda inner: (
        st.lists(inner, max_size=9)
        | st.lists(inner, max_size=9).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=25,
)


def tree_of(structure, found):
    """The tree of a structure whose leaves are keys of LEAVES, each noted in ``found``; and its values."""
    if structure is None:
        return NONE, None
    if isinstance(structure, str):
        found.append(structure)
        return leaf(len(found) - 1), LEAVES[structure]
    if isinstance(structure, dict):
        parts = [tree_of(value, found) for value in structure.values()]
        tree = Tree("dict", keys=tuple(structure), children=tuple(part for part, _ in parts))
        return tree, dict(zip(structure, (value for _, value in parts)))
    parts = [tree_of(value, found) for value in structure]
    return row(type(structure).__name__, *(part for part, _ in parts)), type(structure)(value for _, value in parts)


@settings(max_examples=25, deadline=None)
@given(structures, structures, st.booleans())
def test_any_structure_comes_back(first, second, release):
    found = []
    parts = [tree_of(structure, found) for structure in (first, second)]
    shapes = [np.shape(LEAVES[key]) for key in found]
    inputs = tuple(Input(*key.split(), shape) for key, shape in zip(found, shapes))
    outputs = tuple(Output(*key.split(), shape, k) for k, (key, shape) in enumerate(zip(found, shapes)))
    trees, values = zip(*parts)
    made = signature(inputs, outputs, trees, row("tuple", *trees))
    f, misses = enter(made, copies(made), release_gil=release)
    g, _ = enter(made, copies(made), "python")
    assert repr(f(*values)) == repr(f(b=values[1], a=values[0])) == repr(g(*values)) == repr(values)
    assert misses == []
