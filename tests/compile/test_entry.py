"""The native entry: what goes in and comes out, natively, from an image, and through Python."""

import math
import sys
from dataclasses import replace

import numpy as np
import pytest

import adjoint as ad
from adjoint.compile.llvm import entry_callable
from adjoint.compile.llvm.entry_layout import ELEMENTS
from adjoint.compile.llvm.entry_python import PythonEntry
from adjoint.compile.llvm.entry_text import Reason
from adjoint.compile.signature import Input, Output, Parameter, Signature, Tree
from compile.entry_programs import WAYS, arrays, copies, enter, floats, leaf, program, row, signature

HALF_SQUARE = """
  %w0 = load ptr, ptr %inputs
  %x1 = getelementptr ptr, ptr %inputs, i64 1
  %x0 = load ptr, ptr %x1
  %b1 = getelementptr ptr, ptr %inputs, i64 2
  %b0 = load ptr, ptr %b1
  %y1 = getelementptr ptr, ptr %inputs, i64 3
  %y0 = load ptr, ptr %y1
  %w = load double, ptr %w0
  %x = load double, ptr %x0
  %b = load double, ptr %b0
  %y = load double, ptr %y0
  %wx = fmul double %w, %x
  %wxb = fadd double %wx, %b
  %r = fsub double %wxb, %y
  %rr = fmul double %r, %r
  %j = fmul double %rr, 5.0e-1
  %jw = fmul double %r, %x
  %jx = fmul double %r, %w
  %jy = fneg double %r
"""
FIVE = ("%j", "%jw", "%jx", "%r", "%jy")


def half_square():
    """J = 1/2 (wx + b - y)^2 with its four gradients."""
    stores = []
    for k, value in enumerate(FIVE):
        stores += [
            f"  %p{k} = getelementptr ptr, ptr %outputs, i64 {k}",
            f"  %q{k} = load ptr, ptr %p{k}",
            f"  store double {value}, ptr %q{k}",
        ]
    inputs = tuple(Input("float", "float64", (), name) for name in "wxby")
    outputs = tuple(Output("float", "float64", (), k) for k in range(5))
    result = row("tuple", leaf(0), row("tuple", *map(leaf, range(1, 5))))
    made = Signature("J", tuple(Parameter(n, leaf(k)) for k, n in enumerate("wxby")), inputs, outputs, result)
    return made, program(HALF_SQUARE + "\n".join([*stores, "  ret i32 0"]))


@pytest.mark.parametrize("way", [*WAYS, "loaded"])
def test_four_floats_in_and_five_out(way):
    f, misses = enter(*half_square(), way)
    expected = (4.5, (9.0, 6.0, 3.0, -3.0))
    assert f(2.0, 3.0, 1.0, 4.0) == expected
    assert f(2.0, 3.0, y=4.0, b=1.0) == expected
    assert f(b=1.0, y=4.0, x=3.0, w=2.0) == expected
    assert math.isnan(f(math.nan, 1.0, 1.0, 1.0)[0])
    assert f(math.inf, 1.0, 1.0, 1.0)[0] == math.inf
    assert misses == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((), {}),
        ((1.0, 2.0, 3.0), {}),
        ((1.0,) * 5, {}),
        ((1.0, 2.0, 3.0), {"z": 4.0}),
        ((1.0, 2.0, 3.0, 4.0), {"y": 4.0}),
        ((1.0, 2.0, 3.0), {"w": 4.0}),
        ((1.0, 2.0), {"b": 4.0}),
        ((), {"b": 1.0, "y": 1.0, "x": 1.0, "": 1.0}),
    ],
)
def test_wrong_arguments_are_handed_to_python_as_they_came(way, args, kwargs):
    f, misses = enter(*half_square(), way)
    assert f(*args, **kwargs) == "missed"
    assert misses == [(args, kwargs, Reason.ARGUMENTS)]


def test_names_are_compared_where_they_are_other_objects():
    class Name(str):
        __slots__ = ()

    class Raises(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other):
            raise ZeroDivisionError

    inputs, outputs = floats(2)
    made = replace(signature(inputs, outputs), parameters=(Parameter("long name", leaf(0)), Parameter("b", leaf(1))))
    f, misses = enter(made, copies(made))
    other = "".join(["long ", "name"])
    assert f(**{"b": 2.0, other: 1.0}) == (1.0, 2.0)
    assert f(**{"b": 2.0, Name(other): 1.0}) == (1.0, 2.0)
    assert f(**{"b": 2.0, Raises(other): 1.0}) == "missed"
    assert len(misses) == 1


@pytest.mark.parametrize("way", WAYS)
def test_parameters_without_a_name_and_by_name_only(way):
    inputs, outputs = floats(3)
    named = (Parameter(None, leaf(0)), Parameter("b", leaf(1)), Parameter("c", leaf(2), keyword_only=True))
    made = replace(signature(inputs, outputs), parameters=named)
    f, misses = enter(made, copies(made), way)
    assert f(1.0, 2.0, c=3.0) == f(1.0, c=3.0, b=2.0) == (1.0, 2.0, 3.0)
    assert misses == []
    assert f(1.0, 2.0, 3.0) == f(a=1.0, b=2.0, c=3.0) == f(1.0, 2.0, c=3.0, d=4.0) == "missed"
    assert {reason for _, _, reason in misses} == {Reason.ARGUMENTS}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "value",
    [0.1, -0.0, math.inf, 0, -1, 2**63 - 1, -(2**63), True, False, 1.5 - 2.25j, complex(math.nan, -0.0)],
    ids=repr,
)
def test_numbers_of_python_come_back(way, value):
    dtype = np.asarray(value).dtype.name
    made = signature((Input(type(value).__name__, dtype),), (Output(type(value).__name__, dtype),))
    f, misses = enter(made, copies(made), way)
    assert type(f(value)) is type(value)
    assert repr(f(value)) == repr(value)
    assert misses == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ELEMENTS)
def test_scalars_and_arrays_of_every_dtype_come_back(way, dtype):
    inputs = Input("scalar", dtype), Input("array", dtype, (2, 3)), Input("array", dtype), Input("array", dtype, (0, 2))
    outputs = tuple(Output(one.kind, dtype, one.shape, k) for k, one in enumerate(inputs))
    made = signature(inputs, outputs)
    f, misses = enter(made, copies(made), way)
    values = (np.array([3, 0, 1, 2, 100, 120]) / 3).astype(dtype)
    given = values[0], values.reshape(2, 3), values[:1].reshape(()), values[:0].reshape(0, 2)
    found = f(*given)
    assert misses == []
    for one, back in zip(given, found):
        assert type(back) is type(one)
        assert (back.dtype, back.shape) == (one.dtype, one.shape)
        assert back.tobytes() == one.tobytes()
        if type(one) is np.ndarray:
            assert back.flags.owndata
            assert back.flags.writeable
            assert back.dtype is np.dtype(dtype)


def cast(dtype, kind, out):
    """A program that gives its only input back."""
    made = signature((Input(kind, dtype),), (Output(out, dtype),))
    return made, copies(made)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("kind", "dtype", "out", "value", "expected"),
    [
        ("float", "float32", "float", 0.1, float(np.float32(0.1))),
        ("int", "float64", "float", 2**53 + 1, float(2**53 + 1)),
        ("int", "float32", "scalar", -3, np.float32(-3)),
        ("bool", "float64", "float", True, 1.0),
        ("bool", "int32", "int", True, 1),
        ("complex", "complex64", "complex", 0.1 - 0.5j, complex(np.complex64(0.1 - 0.5j))),
        ("scalar", "uint64", "int", np.uint64(2**64 - 1), 2**64 - 1),
        ("scalar", "int8", "int", np.int8(-5), -5),
        ("scalar", "uint8", "int", np.uint8(250), 250),
        ("scalar", "bool", "bool", np.True_, True),
    ],
)
def test_numbers_of_another_dtype(way, kind, dtype, out, value, expected):
    f, misses = enter(*cast(dtype, kind, out), way)
    assert type(f(value)) is type(expected)
    assert f(value) == expected
    assert misses == []


class Float(float):
    __slots__ = ()


class Array(np.ndarray):
    __slots__ = ()


def unaligned(shape):
    memory = np.zeros(8 * math.prod(shape) + 1, np.uint8)
    return memory[1:].view(np.float64).reshape(shape)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("one", "value"),
    [
        (Input("float", "float64"), 1),
        (Input("float", "float64"), True),
        (Input("float", "float64"), np.float64(1)),
        (Input("float", "float64"), Float(1)),
        (Input("float", "float64"), None),
        (Input("float", "float64"), "1.0"),
        (Input("float", "float64"), np.float32(1)),
        (Input("float", "float64"), ad.tensor(1.0)),
        (Input("float", "float64"), np.array(1.0)),
        (Input("int", "int64"), 2**63),
        (Input("int", "int64"), -(2**63) - 1),
        (Input("int", "int64"), 1.0),
        (Input("int", "int64"), True),
        (Input("bool", "bool"), 1),
        (Input("bool", "bool"), np.True_),
        (Input("complex", "complex128"), 1.0),
        (Input("scalar", "float64"), 1.0),
        (Input("scalar", "float32"), np.float64(1)),
        (Input("scalar", "float32"), np.array(1, np.float32)),
        (Input("array", "float64", (2, 3)), np.zeros((2, 3), np.float32)),
        (Input("array", "float64", (2, 3)), np.zeros((2, 3), np.int64)),
        (Input("array", "float64", (2, 3)), np.zeros((2, 3), ">f8" if sys.byteorder == "little" else "<f8")),
        (Input("array", "float64", (2, 3)), np.zeros((3, 2))),
        (Input("array", "float64", (2, 3)), np.zeros(6)),
        (Input("array", "float64", (2, 3)), np.zeros((1, 2, 3))),
        (Input("array", "float64", (2, 3)), np.zeros((3, 2)).T),
        (Input("array", "float64", (2, 3)), np.zeros((2, 6))[:, ::2]),
        (Input("array", "float64", (2, 3)), np.broadcast_to(np.zeros(3), (2, 3))),
        (Input("array", "float64", (2, 3)), unaligned((2, 3))),
        (Input("array", "float64", (2, 3)), np.zeros((2, 3)).view(Array)),
        (Input("array", "float64", (2, 3)), np.ma.zeros((2, 3))),
        (Input("array", "float64", (2, 3)), [[0.0] * 3] * 2),
        (Input("array", "float64", (2, 3)), ad.tensor(np.zeros((2, 3)))),
        (Input("array", "float64"), 1.0),
        (Input("array", "float64"), np.float64(1)),
        (Input("array", "int64", (1,)), np.zeros(1, "m8[s]")),
    ],
    ids=lambda part: type(part).__name__ + str(getattr(part, "shape", "")),
)
def test_what_is_not_exactly_the_input_is_handed_to_python(way, one, value):
    made = signature((one,), (Output(one.kind, one.dtype, one.shape),))
    f, misses = enter(made, copies(made), way)
    assert f(value) == "missed"
    ((args, kwargs, reason),) = misses
    assert args[0] is value
    assert (kwargs, reason) == ({}, Reason.INPUT)
    assert f(a=value) == "missed"
    assert misses[1][0] == ()
    assert misses[1][1]["a"] is value


@pytest.mark.parametrize("way", WAYS)
def test_views_that_lie_as_they_should_are_read_where_they_are(way):
    inputs, outputs = arrays((2, 3))
    made = signature(inputs, outputs)
    f, misses = enter(made, copies(made), way)
    whole = np.arange(24.0).reshape(4, 6)
    frozen = whole.reshape(8, 3)[2:4]
    frozen.flags.writeable = False
    other = np.arange(6.0).reshape(2, 3).astype(np.dtype("f8", metadata={"unit": "m"}))
    for array in (frozen, whole.ravel()[6:12].reshape(2, 3), other):
        assert f(array).tolist() == array.tolist()
    assert misses == []


@pytest.mark.parametrize("way", [*WAYS, "loaded"])
def test_one_output_handed_over_twice(way):
    inputs, _ = arrays((2,))
    twice = Output("array", "float64", (2,)), Output("array", "float64", (2,))
    made = signature(inputs, twice, result=row("list", leaf(0), leaf(1), leaf(0)))
    f, _ = enter(made, copies(replace(made, outputs=twice[:1])), way)
    first, second, again = f(np.array([1.0, 2.0]))
    assert again is first
    assert second is not first
    assert first.tolist() == second.tolist() == [1.0, 2.0]
    both = Output("array", "float64"), Output("float", "float64")
    made = signature((Input("float", "float64"),), both)
    f, _ = enter(made, copies(replace(made, outputs=both[:1])), way)
    assert f(2.5) == (np.array(2.5), 2.5)


@pytest.mark.parametrize("way", WAYS)
def test_a_result_that_is_no_part_of_the_structure(way):
    inputs, outputs = arrays((2,), (3,))
    made = signature(inputs, outputs, result=Tree("none"))
    f, _ = enter(made, copies(made), way)
    assert f(np.zeros(2), np.zeros(3)) is None


def test_the_builtin_tells_its_name_and_text():
    made = signature(*floats(1))
    f, _ = enter(made, copies(made), doc="f(a)\n--\n\nThe same.")
    assert (f.__name__, f.__doc__, f.__text_signature__) == ("f", "The same.", "(a)")
    f, _ = enter(made, copies(made))
    assert f.__doc__ is None


def test_dtypes_by_other_names_are_native_too():
    made = signature((Input("array", "<f8" if sys.byteorder == "little" else ">f8", (2,)),), arrays((2,))[1])
    f, misses = enter(made, copies(made))
    assert type(f) is type(len)
    assert f(np.ones(2)).tolist() == [1.0, 1.0]
    assert misses == []


@pytest.mark.parametrize(
    "made",
    [
        signature((Input("array", ">f8" if sys.byteorder == "little" else "<f8", (2,)),), ()),
        signature((Input("int", "int32"),), ()),
        signature((Input("float", "float16"),), ()),
        signature((Input("array", "longdouble", (2,)),), ()),
        signature(floats(1)[0] * 5000, (), trees=[row("list", *map(leaf, range(5000)))]),
    ],
    ids=["byte order", "a conversion that can fail", "half", "a dtype", "thousands"],
)
def test_what_has_no_native_entry_is_entered_through_python(made):
    f, _ = enter(replace(made, result=Tree("none")), program("  ret i32 0"))
    assert type(f) is PythonEntry


def test_an_unknown_layout_is_entered_through_python(monkeypatch):
    monkeypatch.setattr(entry_callable, "unfit", lambda: "this Python has no global lock")
    f, misses = enter(*half_square())
    assert type(f) is PythonEntry
    assert f(2.0, 3.0, b=1.0, y=4.0) == (4.5, (9.0, 6.0, 3.0, -3.0))
    assert f(2.0, 3) == "missed"
    assert "J" in repr(f)
    assert misses[0][2] is Reason.ARGUMENTS
