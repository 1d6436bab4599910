"""Failures, references, scratch memory and threads of native entries."""

import ctypes
import gc
import sys
import threading
import time
import tracemalloc

import numpy as np
import pytest

import adjoint as ad
from adjoint.compile.llvm.entry import STACK_ARENA
from adjoint.compile.llvm.entry_text import Reason
from adjoint.compile.signature import Input, Output
from compile.entry_programs import NONE, WAYS, arrays, copies, enter, floats, leaf, program, row, signature, table

RAISES = """
@kind = external global ptr
@text = private constant [9 x i8] c"too much\\00"
""" + program("""
  %error = load ptr, ptr @kind
  call void @PyErr_SetString(ptr %error, ptr @text)
  ret i32 1
""")


def address(name):
    return ctypes.addressof(ctypes.c_void_p.in_dll(ctypes.pythonapi, name))


def test_an_error_that_the_program_set_is_raised():
    inputs, outputs = arrays((2,), (3,))
    made = signature(inputs, outputs, [row("list", leaf(0)), leaf(1)])
    f, misses = enter(made, RAISES, more={"kind": address("PyExc_OverflowError")})
    for _ in range(3):
        with pytest.raises(OverflowError, match="too much"):
            f([np.zeros(2)], np.zeros(3))
    assert misses == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("status", "reason"), [(1, Reason.STORED), (2, Reason.ASKED), (7, Reason.ASKED)])
def test_a_program_that_does_not_end_well_is_left_to_python(way, status, reason):
    inputs, outputs = arrays((2,), (3,))
    made = signature(inputs, outputs)
    f, misses = enter(made, copies(made, status=status), way)
    given = np.zeros(2), np.zeros(3)
    assert f(*given) == "missed"
    assert [found[2] for found in misses] == [reason]
    assert all(one is other for one, other in zip(misses[0][0], given))


@pytest.mark.parametrize("way", WAYS)
def test_what_python_raises_comes_through(way):
    def miss(args, kwargs, reason):
        raise LookupError(reason.name)

    made = signature(*floats(1))
    f, _ = enter(made, copies(made), way, miss=miss)
    for args in ((1,), (), (1.0, 2.0)):
        with pytest.raises(LookupError):
            f(*args)
    assert f(1.0) == 1.0


def test_an_output_that_is_too_large_is_a_memory_error():
    inputs, _ = arrays((2,))
    outputs = Output("array", "float64", (2,)), Output("array", "float64", (2**45,), 1)
    made = signature(inputs, outputs, [row("list", leaf(0))])
    f, misses = enter(made, program("  ret i32 0"))
    x = np.zeros(2)
    before = sys.getrefcount(x)
    for _ in range(10):
        with pytest.raises(MemoryError):
            f([x])
    assert sys.getrefcount(x) == before
    assert misses == []


def test_scratch_memory_that_is_too_large_is_a_memory_error():
    made = signature(*arrays((2,)))
    f, _ = enter(made, program("  ret i32 0"), arena_bytes=2**50)
    x = np.zeros(2)
    before = sys.getrefcount(x)
    for _ in range(10):
        with pytest.raises(MemoryError):
            f(x)
    assert sys.getrefcount(x) == before


def everything():
    """A signature with every kind of container, captured values and a donated array."""
    inputs, outputs = arrays((2,), (3,), (2,), (4,), donated={2})
    inputs += (Input("float", "float64"),)
    outputs += (Output("float", "float64", (), 4), Output("scalar", "float64", (), 5))
    inputs = (*inputs[:2], inputs[2], inputs[4], inputs[3])
    tree = row("tuple", row("list", leaf(0), table(k=leaf(1))), leaf(2), NONE, leaf(3))
    result = row("list", table(a=leaf(0), b=row("tuple", leaf(1), leaf(1))), leaf(2), leaf(3), NONE, leaf(4), leaf(5))
    made = signature(inputs, outputs, [tree], result, captured=1)
    return made, copies(made, [0, 1, 2, 4, 3, 3])


def references(*objects):
    return [sys.getrefcount(one) for one in objects]


@pytest.mark.parametrize("release", [False, True])
def test_references_come_out_even_on_every_way(release):
    made, text = everything()
    a, b, c, w = np.ones(2), np.ones(3), np.ones(2), ad.tensor(np.ones(4))
    short, number, word = np.ones(5), 0.5, "no"
    ways = {
        "call": ([a, {"k": b}], c, None, number),
        "leaf": ([a, {"k": short}], c, None, number),
        "key": ([a, {word: b}], c, None, number),
        "none": ([a, {"k": b}], c, 1, number),
        "last": ([a, {"k": b}], c, None, word),
        "donated": ([c, {"k": b}], c, None, number),
    }
    watched = (a, b, c, w, w._value, short, number, word, np.dtype("f8"), *ways.values())
    for status in (0, 1, 2):
        f, misses = enter(made, text.replace("ret i32 0", f"ret i32 {status}"), captured=(w,), release_gil=release)
        misses_of = [] if status else ["call"]
        for name, way in ways.items():
            for args, kwargs in (((way,), {}), ((), {"a": way}), ((way, way), {})):
                f(*args, **kwargs)
                misses.clear()
                before = references(*watched)
                for _ in range(7):
                    found = f(*args, **kwargs)
                    misses.clear()
                    assert (found == "missed") == (name not in misses_of or len(args) == 2)
                found = None
                assert references(*watched) == before


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None has no count of references there")
def test_references_of_constants_come_out_even():
    made, text = everything()
    f, _ = enter(made, text, captured=(ad.tensor(np.ones(4)),), miss=lambda *_: 1)
    way = ([np.ones(2), {"k": np.ones(3)}], np.ones(2), None, 0.5)
    before = references(None, np.float64, np.ndarray)
    for _ in range(1000):
        f(way)
        f(way, way)
    assert all(abs(after - count) < 100 for after, count in zip(references(None, np.float64, np.ndarray), before))


def test_no_memory_is_lost():
    made, text = everything()
    w = ad.tensor(np.ones(4))
    given = ([np.ones(2), {"k": np.ones(3)}], np.ones(2), None, 0.5)
    f, _ = enter(made, text, captured=(w,), miss=lambda *_: None, arena_bytes=STACK_ARENA + 1, release_gil=True)

    def calls():
        for _ in range(300):
            f(given)
            f(given, 1)
            f((given[0], None, None, 0.5))

    calls()
    gc.collect()
    tracemalloc.start()
    try:
        calls()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        calls()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 2000
    finally:
        tracemalloc.stop()


ARENA = """
  %bits = ptrtoint ptr %arena to i64
  %low = and i64 %bits, 63
  %from = load ptr, ptr %inputs
  %to = load ptr, ptr %outputs
  call void @llvm.memmove.p0.p0.i64(ptr %arena, ptr %from, i64 {size}, i1 false)
  %pause = call i32 @usleep(i32 {pause})
  call void @llvm.memmove.p0.p0.i64(ptr %to, ptr %arena, i64 {size}, i1 false)
  %more = getelementptr ptr, ptr %outputs, i64 1
  %second = load ptr, ptr %more
  store i64 %low, ptr %second
  ret i32 0
"""
usleep = pytest.mark.skipif(sys.platform == "win32", reason="a sleep of the C library")


def through_arena(count, pause=0, **options):
    """A program that copies an array through its scratch memory, and tells how that is aligned."""
    inputs, outputs = arrays((count,))
    made = signature(inputs, (*outputs, Output("int", "int64", (), 1)))
    text = program(ARENA.format(size=8 * count, pause=pause), "declare i32 @usleep(i32)")
    return enter(made, text, arena_bytes=8 * count, **options)


@usleep
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count", [1, STACK_ARENA // 8, STACK_ARENA // 8 + 1, 10**6])
def test_scratch_memory_is_there_and_aligned(way, count):
    f, misses = through_arena(count, way=way)
    x = np.arange(float(count))
    for _ in range(3):
        back, low = f(x)
        assert (back.tobytes(), low) == (x.tobytes(), 0)
    assert misses == []


@usleep
def test_scratch_memory_is_freed_with_the_function():
    tracemalloc.start()
    try:
        f, _ = through_arena(10**6)
        f(np.ones(10**6))
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] > 8 * 10**6
        del f, _
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 8 * 10**6
    finally:
        tracemalloc.stop()


def together(work, count=4):
    """Run some work in several threads; what went wrong in any of them is raised here."""
    errors = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001  # raised again below
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@usleep
@pytest.mark.parametrize("count", [100, STACK_ARENA // 8 + 1])
def test_several_threads_at_once(count):
    f, misses = through_arena(count, pause=200, release_gil=True)

    def work(number):
        x = np.full(count, float(number))
        for _ in range(30):
            assert np.array_equal(f(x)[0], x)

    together(work)
    assert misses == []


@usleep
def test_other_threads_run_meanwhile_and_may_take_the_inputs_away():
    inputs, outputs = arrays((1000,), (1000,), (1000,))
    made = signature(inputs, outputs, [row("list", leaf(0)), table(k=leaf(1))], captured=1)
    text = copies(made).replace("  %i0", "  %pause = call i32 @usleep(i32 100000)\n  %i0", 1)
    w = ad.tensor(np.full(1000, 3.0))
    f, _ = enter(made, "declare i32 @usleep(i32)\n" + text, release_gil=True, captured=(w,))
    items, named = [np.full(1000, 1.0)], {"k": np.full(1000, 2.0)}
    found = []
    thread = threading.Thread(target=lambda: found.append(f(items, named)))
    thread.start()
    time.sleep(0.03)
    assert thread.is_alive()
    items.clear()
    named.clear()
    w._value = np.zeros(1000)
    others = [np.full(1000, 9.0) for _ in range(50)]
    assert thread.is_alive()
    thread.join()
    assert [part[0] for part in found[0]] == [1.0, 2.0, 3.0]
    assert len(others) == 50
