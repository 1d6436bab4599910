"""From LLVM's text to machine code in memory: parse, a few passes, code generation, link.

An *image* is what the disk cache keeps: the object file, with the names that it defines and those that it
needs. Every library has a name space of its own, so that each may define a ``run``. Nothing in an image is an
address: each name that it needs is bound when it is loaded.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import sys
import sysconfig
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import llvmlite.binding as llvm
from llvmlite import ir
from llvmlite.binding import ffi

from adjoint.compile.llvm import blas
from adjoint.compile.llvm.host import host
from adjoint.errors import ArgumentError

#: What runs before code generation, in order. The text is nearly what the machine shall do already: combining
#: instructions would take as long as all of these, and undoes forms that the kits chose (7 % of a fused loop).
PASSES = ("always_inliner", "sroa", "new_gvn", "simplify_cfg")

Result = TypeVar("Result")

_LEVEL = 2  # of code generation: 1 takes as long, 3 changes nothing, 0 leaves spills in every loop
_names = itertools.count()


class Library:
    """Machine code in memory, alive as long as this object: keep it while an address of it may be called.

    ``object_bytes`` is its image, from which `load` makes it again in a fraction of a millisecond; ``ir`` is the
    text that it was made from, empty in a library that was loaded.
    """

    __slots__ = ("__weakref__", "_addresses", "_held", "_tracker", "ir", "name", "object_bytes")

    def __init__(self, name: str, image: bytes, tracker: Any, addresses: dict[str, int], ir: str, held: object) -> None:
        self.name = name
        self.object_bytes = image
        self.ir = ir
        self._tracker = tracker
        self._addresses = addresses
        self._held = held  # whatever the bound symbols point into

    def __repr__(self) -> str:
        return f"<Library {self.name!r}: {', '.join(self._addresses)}, {len(self.object_bytes)} bytes>"

    def address(self, name: str) -> int:
        """Where a function of the library stands; ArgumentError if it defines no such function."""
        if name not in self._addresses:
            raise ArgumentError(
                f"the compiled library {self.name!r} has no function {name!r}.",
                help=f"it has {', '.join(map(repr, self._addresses))}.",
            )
        return self._addresses[name]

    def optimised(self) -> str:
        """The text of the module after the passes; ArgumentError for a library that came from the disk cache."""
        return _uninterrupted(lambda: str(_prepared(self._source(), verify=False)))

    def assembly(self) -> str:
        """The assembly of this machine; ArgumentError for a library that came from the disk cache."""
        return _uninterrupted(lambda: str(_target().emit_assembly(_prepared(self._source(), verify=False))))

    def _source(self) -> str:
        if not self.ir:
            raise ArgumentError(
                f"the compiled library {self.name!r} was loaded from the disk cache, which keeps no text.",
                help="compile it with cache=False to look at its text.",
            )
        return self.ir


def build(
    module: ir.Module | str, *, symbols: Mapping[str, int] | None = None, name: str = "", held: object = None
) -> Library:
    """Compile a module (llvmlite's, or its text) and link it; ``symbols`` are the addresses of what it declares.

    Declared names that are not in ``symbols`` are looked for in BLAS, Python's C-API and the C library. ``held`` lives
    as long as the library. Raises ArgumentError for text that is no valid module, and for a name found nowhere.

    >>> build("define i32 @run() { ret i32 7 }").address("run") > 0
    True
    """

    def work() -> Library:
        text = _text(module)
        return _load(_image(text), symbols or {}, name, text, held)

    return _uninterrupted(work)


def load(image: bytes, symbols: Mapping[str, int] | None = None, *, name: str = "", held: object = None) -> Library:
    """The library of an image that `build` made, bound anew; ArgumentError for a damaged one or a missing name.

    >>> image = build("define i32 @run() { ret i32 7 }").object_bytes
    >>> load(image).address("run") > 0
    True
    """
    return _uninterrupted(lambda: _load(image, symbols or {}, name, "", held))


def _text(module: ir.Module | str) -> str:
    """The text of a module, with this machine's triple and data layout."""
    layout, triple = _layout(), host().triple
    if isinstance(module, str):
        if "target datalayout" in module:
            return module
        return f'target triple = "{triple}"\ntarget datalayout = "{layout}"\n{module}'
    module.triple, module.data_layout = triple, layout
    return str(module)


def _prepared(text: str, *, verify: bool = True) -> Any:
    """The parsed module after the passes, in an LLVM context of its own, which frees it with the module.

    Verifying costs about one part in a hundred of a compilation, and turns what would be a crash into an error.
    """
    try:
        module = llvm.parse_assembly(text, llvm.create_context())
        if verify:
            module.verify()
    except RuntimeError as error:
        told = str(error).strip()
        raise ArgumentError(f"LLVM refuses a module: {told}.", help="this is a fault of adjoint.") from error
    builder = llvm.create_pass_builder(_target(), llvm.create_pipeline_tuning_options(speed_level=2))
    manager = llvm.create_new_module_pass_manager()
    for step in PASSES:
        getattr(manager, f"add_{step}_pass")()
    manager.run(module, builder)
    return module


def _image(text: str) -> bytes:
    module = _prepared(text)
    defined, needed = [], []
    for value in itertools.chain(module.functions, module.global_variables):
        if not value.is_declaration:
            if value.linkage.name == "external":
                defined.append(value.name)
        elif not value.name.startswith("llvm."):
            needed.append(value.name)
    head = json.dumps([defined, needed]).encode("ascii")
    return head + b"\n" + bytes(_target().emit_object(module))


def _load(image: bytes, symbols: Mapping[str, int], name: str, text: str, held: object) -> Library:
    head, _, code = image.partition(b"\n")
    try:
        defined, needed = json.loads(head)
    except (TypeError, ValueError) as error:
        raise ArgumentError("an image of machine code is damaged.", help="compile it again.") from error
    linker = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()  # memcpy and its like, for LLVM itself
    for symbol in needed:
        linker.import_symbol(symbol, symbols.get(symbol) or _bound(symbol))
    for symbol in defined:
        linker.export_symbol(symbol)
    try:
        tracker = linker.link(_linker(), f"adjoint.{next(_names)}")
    except RuntimeError as error:
        raise ArgumentError(f"LLVM cannot link {name or 'a library'}: {error}.", help="compile it again.") from error
    return Library(name, image, tracker, {symbol: tracker[symbol] for symbol in defined}, text, held)


@cache
def _bound(symbol: str) -> int:
    """The address of a routine of BLAS, or of a name of Python's C-API or the C library; ArgumentError if none."""
    if symbol.startswith(blas.ROUTINES):
        return blas.symbols([symbol.rpartition("_")[2]])[symbol]
    for library in _libraries():
        try:
            return int(ctypes.cast(library[symbol], ctypes.c_void_p).value or 0)
        except AttributeError:
            continue
    raise ArgumentError(
        f"native code needs {symbol!r}, which nobody provides.",
        help="give its address among the symbols, or use backend='python'.",
    )


@cache
def _libraries() -> list[Any]:
    """Where names are looked for: this process, and Python's shared library where the process hides it."""
    found: list[Any] = [ctypes.pythonapi]
    shared = sysconfig.get_config_var("INSTSONAME")
    if shared and sysconfig.get_config_var("Py_ENABLE_SHARED"):
        try:
            found.append(ctypes.PyDLL(os.path.join(sysconfig.get_config_var("LIBDIR") or "", shared)))
        except OSError:  # an interpreter that lies elsewhere than where it was built
            return found
    return found


@cache
def _target() -> Any:
    machine = host()
    return llvm.Target.from_triple(machine.triple).create_target_machine(
        cpu=machine.cpu, features=machine.features, opt=_LEVEL, reloc="pic", codemodel="small", jit=True
    )


@cache
def _layout() -> str:
    return str(_target().target_data)


def _linker() -> Any:
    with ffi.lib._lock:  # two threads must not make two: the one that nobody keeps would take its code with it
        return _make_linker()


@cache
def _make_linker() -> Any:
    return llvm.create_lljit_compiler(_target(), use_jit_link=sys.platform != "win32", suppress_errors=True)


def _uninterrupted(work: Callable[[], Result]) -> Result:
    """Do some work in a thread of its own if this is the main one.

    Python raises KeyboardInterrupt in the main thread between any two instructions: also there where llvmlite
    has taken its lock and not yet promised to give it back, which would stop every other thread for good.
    Here it is raised at once while the work ends undisturbed, and its result is dropped.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    results: list[Result] = []
    errors: list[BaseException] = []
    done = threading.Lock()
    done.acquire()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
            errors.append(error)
        finally:
            done.release()

    threading.Thread(target=run, name="adjoint compiles").start()
    done.acquire()
    if errors:
        try:
            raise errors[0]
        finally:
            errors.clear()  # the traceback would hold this frame, and it the error
    return results[0]


def _before_fork() -> None:
    ffi.lib._lock.__enter__()


def _after_fork() -> None:
    ffi.lib._lock.__exit__()


if hasattr(os, "register_at_fork"):  # a child must not inherit LLVM's lock from a thread that it does not have
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
