"""From LLVM's text to machine code: symbols, images, threads, forks, Ctrl-C."""

import ctypes
import gc
import os
import signal
import threading
import time
import weakref

import pytest
from llvmlite import ir

from adjoint.compile.llvm import jit
from adjoint.compile.llvm.host import host
from adjoint.errors import ArgumentError

RUN = "define i32 @run() { ret i32 %d }"


def called(library, name="run"):
    return ctypes.CFUNCTYPE(ctypes.c_int)(library.address(name))()


def test_text_becomes_a_function():
    library = jit.build(RUN % 7, name="seven")
    assert called(library) == 7
    assert repr(library).startswith("<Library 'seven': run, ")


def test_a_module_becomes_a_function():
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(ir.IntType(32), []), "run")
    ir.IRBuilder(function.append_basic_block()).ret(ir.Constant(ir.IntType(32), 5))
    assert called(jit.build(module)) == 5
    assert module.triple == host().triple


def test_each_library_has_names_of_its_own():
    libraries = [jit.build(RUN % number) for number in range(20)]
    assert [called(library) for library in libraries] == list(range(20))
    del libraries[::2]
    gc.collect()
    assert [called(library) for library in libraries] == list(range(1, 20, 2))


def test_a_name_that_is_not_defined_is_refused():
    with pytest.raises(ArgumentError, match="no function 'nosuch'") as caught:
        jit.build(RUN % 1).address("nosuch")
    assert "'run'" in caught.value.help


def test_private_functions_need_no_name_outside():
    library = jit.build("define internal i32 @inner() noinline { ret i32 3 }\n"
                        "define i32 @run() { %a = call i32 @inner()\n ret i32 %a }")  # fmt: skip
    assert called(library) == 3
    with pytest.raises(ArgumentError):
        library.address("inner")


CALLS = "declare i32 @adjoint_one()\ndefine i32 @run() { %a = call i32 @adjoint_one()\n ret i32 %a }"
ONES = [ctypes.CFUNCTYPE(ctypes.c_int)(lambda number=number: number) for number in (1, 2)]
ADDRESSES = [ctypes.cast(one, ctypes.c_void_p).value for one in ONES]


def test_names_are_bound_when_the_image_is_loaded():
    library = jit.build(CALLS, symbols={"adjoint_one": ADDRESSES[0]})
    again = jit.load(library.object_bytes, {"adjoint_one": ADDRESSES[1]})
    assert (called(library), called(again)) == (1, 2)
    assert again.object_bytes == library.object_bytes


def test_an_image_holds_no_address():
    first, second = (jit.build(CALLS, symbols={"adjoint_one": address}).object_bytes for address in ADDRESSES)
    assert first == second


def test_a_name_that_nobody_provides_is_refused():
    with pytest.raises(ArgumentError, match="'adjoint_one', which nobody provides") as caught:
        jit.build(CALLS)
    assert caught.value.help


PYTHON = """
@PyExc_TypeError = external global ptr
declare ptr @PyFloat_FromDouble(double)
declare ptr @PyErr_Format(ptr, ptr, ...)
@text = private constant [10 x i8] c"we say %d\\00"
define ptr @run(double %x) { %a = call ptr @PyFloat_FromDouble(double %x)
  ret ptr %a }
define ptr @fail() { %t = load ptr, ptr @PyExc_TypeError
  %a = call ptr (ptr, ptr, ...) @PyErr_Format(ptr %t, ptr @text, i32 4)
  ret ptr %a }
"""


def test_pythons_c_api_is_found_by_name():
    library = jit.load(jit.build(PYTHON).object_bytes)
    assert ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_double)(library.address("run"))(2.5) == 2.5
    with pytest.raises(TypeError, match="we say 4"):
        ctypes.PYFUNCTYPE(ctypes.py_object)(library.address("fail"))()


def test_python_is_found_where_the_process_hides_it(monkeypatch):
    class Hidden:
        def __getitem__(self, name):
            raise AttributeError(name)

    monkeypatch.setattr(jit, "_libraries", lambda: [Hidden(), ctypes.pythonapi])
    assert jit._bound.__wrapped__("PyFloat_FromDouble") == jit._bound("PyFloat_FromDouble") > 0


def test_the_c_library_serves_llvm_itself():
    text = ("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\ndefine i32 @run(ptr %p, i64 %n) {\n"
            "call void @llvm.memset.p0.i64(ptr %p, i8 1, i64 %n, i1 false)\n ret i32 0 }")  # fmt: skip
    library, buffer = jit.build(text), ctypes.create_string_buffer(100_000)
    ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_long)(library.address("run"))(buffer, 100_000)
    assert buffer.raw == b"\x01" * 100_000


@pytest.mark.parametrize(
    "text", ["define i32 @run() { ret i64 7 }", "nonsense", "define i32 @run() { ret i32 %a }", RUN % 1 + RUN % 1]
)
def test_text_that_is_no_module_is_refused(text):
    with pytest.raises(ArgumentError, match="LLVM refuses a module"):
        jit.build(text)
    assert called(jit.build(RUN % 2)) == 2


BROKEN = """
define i32 @run(i32 %a) {
first:
  br label %second
second:
  %b = phi i32 [ %a, %second ]
  ret i32 %b
}
"""


def test_a_module_that_would_crash_code_generation_is_refused():
    with pytest.raises(ArgumentError, match="LLVM refuses a module"):
        jit.build(BROKEN)


@pytest.mark.parametrize("image", [b"", b"\x00\xff", b"[[], []]\nno object", b"[]\n", b"7\nELF", b"{}\n"])
def test_a_damaged_image_is_refused(image):
    with pytest.raises(ArgumentError) as caught:
        jit.load(image)
    assert caught.value.help == "compile it again."


def test_every_stage_can_be_looked_at():
    library = jit.build("define i32 @run(i32 %a) { %b = add i32 %a, 0\n %c = mul i32 %b, 8\n ret i32 %c }")
    assert "mul i32" in library.ir
    assert "add i32" not in library.optimised()
    assert "ret" in library.assembly()


def test_a_loaded_library_has_no_text():
    library = jit.load(jit.build(RUN % 1).object_bytes)
    for stage in (library.optimised, library.assembly):
        with pytest.raises(ArgumentError, match="disk cache") as caught:
            stage()
        assert "cache=False" in caught.value.help


class Kept:
    pass


def test_what_symbols_point_into_lives_as_long_as_the_library():
    kept = Kept()
    seen = weakref.ref(kept)
    library = jit.build(RUN % 1, held=kept)
    del kept
    gc.collect()
    assert seen() is not None
    del library
    gc.collect()
    assert seen() is None


def big(number, size=400):
    """A function that takes LLVM some tens of milliseconds."""
    lines = [f"%a{i + 1} = fadd <8 x double> %a{i}, %a{max(0, i - 3)}" for i in range(size)]
    return (
        "define i32 @run(ptr %p) {\n%a0 = load <8 x double>, ptr %p, align 8\n" + "\n".join(lines)
        + f"\nstore <8 x double> %a{size}, ptr %p, align 8\nret i32 {number} }}"
    )  # fmt: skip


def run_big(library):
    block = (ctypes.c_double * 8)()
    return ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(library.address("run"))(block)


def test_threads_compile_at_once():
    results = {}

    def work(number):
        results[number] = [run_big(jit.build(big(number * 10 + k, 60))) for k in range(4)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    results["main"] = run_big(jit.build(big(99, 60)))
    for thread in threads:
        thread.join()
    assert results == {"main": 99} | {number: [number * 10 + k for k in range(4)] for number in range(4)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_compiles_and_calls_while_its_parent_compiles():
    before = jit.build(RUN % 3)
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            jit.build(big(1, 100))

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:  # no pytest in here: whatever happens, the child ends
                signal.alarm(20)
                try:
                    os._exit(called(before) * 10 + called(jit.build(RUN % 4)))
                finally:
                    os._exit(255)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 34
    finally:
        stop.set()
        thread.join()


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise")
@pytest.mark.parametrize("delay", [0.0, 0.002, 0.01, 0.03, 0.1])
def test_control_c_ends_a_compilation_and_leaves_nothing_broken(delay):
    text = big(1, 3000)
    timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))

    def work():
        timer.start()
        jit.build(text)
        time.sleep(10)

    with pytest.raises(KeyboardInterrupt):
        work()
    results = []
    thread = threading.Thread(target=lambda: results.append(called(jit.build(RUN % 8))))
    thread.start()
    thread.join(60)
    assert (called(jit.build(RUN % 9)), results) == (9, [8])
