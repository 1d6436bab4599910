"""Back to Python from native code: values, exceptions, threads, Ctrl-C."""

import ctypes
import os
import signal
import sys
import threading
import traceback

import numpy as np
import pytest
from llvmlite import ir

from adjoint.compile.llvm import jit
from adjoint.compile.llvm.callback import CALLBACK, POLL, Callbacks, Step, caller, define
from adjoint.errors import DtypeError, RuleError, ShapeError

I32, I64, POINTER = ir.IntType(32), ir.IntType(64), ir.PointerType()


def leave_if(builder, run, status):
    away, on = run.append_basic_block(), run.append_basic_block()
    builder.cbranch(builder.icmp_signed("!=", status, ir.Constant(I32, 0)), away, on)
    builder.position_at_end(away)
    builder.ret(status)
    builder.position_at_end(on)


def module_of(steps, polls=0):
    """A program that calls each step once on (input, output), then polls for some time; and one that drops the GIL."""
    module = ir.Module()
    run = ir.Function(module, ir.FunctionType(I32, [POINTER] * 4), "run")
    builder = ir.IRBuilder(run.append_basic_block())
    table = builder.alloca(ir.ArrayType(POINTER, 2))
    table.type = POINTER
    for slot, source in enumerate(run.args[1:3]):
        builder.store(builder.load(source, typ=POINTER),
                      builder.gep(table, [ir.Constant(I64, slot)], source_etype=POINTER))  # fmt: skip
    callback = ir.Function(module, ir.FunctionType(I32, [POINTER, I64, POINTER]), CALLBACK)
    for step in range(steps):
        leave_if(builder, run, builder.call(callback, [run.args[3], ir.Constant(I64, step), table]))
    if polls:
        poll = ir.Function(module, ir.FunctionType(I32, []), POLL)
        before, loop, end = builder.block, run.append_basic_block(), run.append_basic_block()
        builder.branch(loop)
        builder.position_at_end(loop)
        count = builder.phi(I64)
        count.add_incoming(ir.Constant(I64, 0), before)
        leave_if(builder, run, builder.call(poll, []))
        more = builder.add(count, ir.Constant(I64, 1))
        count.add_incoming(more, builder.block)
        builder.cbranch(builder.icmp_unsigned("<", more, ir.Constant(I64, polls)), loop, end)
        builder.position_at_end(end)
    builder.ret(ir.Constant(I32, 0))
    define(module)
    return (
        str(module)
        + """
define i32 @free(ptr %a, ptr %b, ptr %c, ptr %d) {
  %s = call ptr @PyEval_SaveThread()
  %r = call i32 @run(ptr %a, ptr %b, ptr %c, ptr %d)
  call void @PyEval_RestoreThread(ptr %s)
  ret i32 %r
}
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
"""
    )


PLACE = (np.dtype("f8"), (4,))
LIBRARIES = {}


def run(callbacks, x, out, name="run", polls=0):
    key = (len(callbacks._steps), polls)
    if key not in LIBRARIES:
        LIBRARIES[key] = jit.build(module_of(*key))
    sources, targets = ((ctypes.c_void_p * 1)(array.ctypes.data) for array in (x, out))
    return caller(LIBRARIES[key].address(name))(
        None, ctypes.addressof(sources), ctypes.addressof(targets), callbacks.address
    )


both = pytest.mark.parametrize("name", ["run", "free"])


@both
def test_a_step_runs_in_python(name):
    callbacks = Callbacks([Step(np.cumsum, (PLACE,), (PLACE,), "cumsum")])
    x, out = np.arange(4.0), np.empty(4)
    assert run(callbacks, x, out, name) == 0
    assert out.tolist() == [0, 1, 3, 6]


@both
def test_the_original_exception_arrives_with_its_traceback(name):
    told = ZeroDivisionError("no slope here")

    def broken(x):
        raise told

    callbacks = Callbacks([Step(broken, (PLACE,), (PLACE,))])
    with pytest.raises(ZeroDivisionError) as caught:
        run(callbacks, np.ones(4), np.empty(4), name)
    assert caught.value is told
    assert "broken" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_later_steps_do_not_run_after_an_exception():
    ran = []

    def first(x):
        raise KeyError("first")

    callbacks = Callbacks([Step(first, (PLACE,), (PLACE,)), Step(ran.append, (PLACE,), (PLACE,))])
    with pytest.raises(KeyError):
        run(callbacks, np.ones(4), np.empty(4))
    assert ran == []


@pytest.mark.parametrize(
    ("result", "error", "told"),
    [
        (np.ones(3), ShapeError, r"cumsum gave a result of shape \(3,\) where its spec promised \(4,\)"),
        (np.ones(4, complex), DtypeError, "dtype complex128 where its spec promised float64"),
        ((np.ones(4), np.ones(4)), RuleError, "2 results where 1 were promised"),
    ],
)
def test_a_result_that_was_not_promised_is_refused(result, error, told):
    callbacks = Callbacks([Step(lambda x: result, (PLACE,), (PLACE,), "cumsum")])
    with pytest.raises(error, match=told) as caught:
        run(callbacks, np.ones(4), np.empty(4))
    assert caught.value.help


def test_operands_are_read_only_views_and_copies_where_they_may_be_kept():
    kept = []
    keep = lambda x: kept.append(x) or x
    x, out = np.arange(4.0), np.empty(4)
    run(Callbacks([Step(keep, (PLACE,), (PLACE,)), Step(keep, (PLACE,), (PLACE,), copies=True)]), x, out)
    view, copy = kept
    assert np.shares_memory(view, x)
    assert not view.flags.writeable
    assert not np.shares_memory(copy, x)
    assert copy.flags.writeable
    assert out.tolist() == x.tolist()


@pytest.mark.parametrize(
    ("dtype", "shape"), [("f4", ()), ("f8", (2, 3)), ("?", (5,)), ("i8", (0, 3)), ("c16", (1,)), ("i4", (3, 1, 2))]
)
def test_every_dtype_and_shape(dtype, shape):
    place = (np.dtype(dtype), shape)
    x = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    out = np.zeros(shape, dtype)
    run(Callbacks([Step(lambda a: a.copy(), (place,), (place,))]), x, out)
    assert out.tobytes() == x.tobytes()


def test_nothing_is_held_after_a_call():
    class Counted:
        def __call__(self, x):
            return x + 1

    callbacks = Callbacks([Step(Counted(), (PLACE,), (PLACE,))])
    x, out = np.ones(4), np.empty(4)
    run(callbacks, x, out)
    before = sys.getrefcount(callbacks)
    for _ in range(100):
        run(callbacks, x, out)
    assert sys.getrefcount(callbacks) == before


def test_threads_call_back_at_once():
    callbacks = Callbacks([Step(lambda x: x * 2, (PLACE,), (PLACE,))])
    outs = [np.empty(4) for _ in range(4)]
    run(callbacks, np.ones(4), outs[0], "free")

    def work(number):
        for _ in range(200):
            run(callbacks, np.full(4, float(number)), outs[number], "free")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [out[0] for out in outs] == [0, 2, 4, 6]


def test_an_error_belongs_to_its_thread():
    def sometimes(x):
        if x[0] < 0:
            raise ValueError(float(x[0]))
        return x

    callbacks = Callbacks([Step(sometimes, (PLACE,), (PLACE,))])
    told = {}

    def work(value):
        for _ in range(100):
            try:
                run(callbacks, np.full(4, value), np.empty(4), "free")
            except ValueError as error:
                told.setdefault(value, set()).add(error.args[0])

    threads = [threading.Thread(target=work, args=(value,)) for value in (-1.0, 1.0, -2.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {-1.0: {-1.0}, -2.0: {-2.0}}


@both
@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise")
def test_control_c_ends_a_long_run(name):
    callbacks, out = Callbacks([]), np.empty(4)
    assert run(callbacks, np.ones(4), out, name, polls=1) == 0
    run_long = lambda: run(callbacks, np.ones(4), out, name, polls=1 << 62)
    if name == "run":  # with the GIL held no Python thread could send the signal
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    else:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_long()
    finally:
        if name == "run":
            signal.signal(signal.SIGALRM, before)


def test_a_module_without_calls_stays_as_it_is():
    module = ir.Module()
    define(module)
    assert list(module.functions) == []


def test_a_wrong_declaration_is_refused():
    module = ir.Module()
    ir.Function(module, ir.FunctionType(I32, [POINTER]), POLL)
    with pytest.raises(DtypeError, match="adjoint_poll is declared"):
        define(module)
