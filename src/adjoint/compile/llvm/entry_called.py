"""Called: a class whose instances are called as fast as the builtin that they stand for.

Python finds out how to call an object by a lookup in its class, and packs the arguments into a tuple: a third of
the time of a small program. An object may instead carry the address of the code to call (the vectorcall protocol,
PEP 590). Only types made in C can have such a word; this one is made by the function of Python's C-API for that.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from types import BuiltinFunctionType, MethodType
from typing import TYPE_CHECKING, Any

from adjoint.compile.llvm.entry_layout import foreign, member_offset, read, unfit
from adjoint.compile.llvm.entry_support import CALLED_BUILTIN, CALLED_CODE

# object.h, typeslots.h and structmember.h: numbers of the stable ABI.
_DEFAULT, _BASETYPE, _VECTORCALL, _METHOD = 0, 1 << 10, 1 << 11, 1 << 17
_TP_CALL, _TP_DESCR_GET, _TP_MEMBERS = 50, 54, 72
_SSIZE, _READONLY = 19, 1


class _Member(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("offset", ctypes.c_ssize_t),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class _Slot(ctypes.Structure):
    _fields_ = (("slot", ctypes.c_int), ("pointer", ctypes.c_void_p))


class _Spec(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("basicsize", ctypes.c_int),
        ("itemsize", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("slots", ctypes.POINTER(_Slot)),
    )


def _base() -> type:
    """A type whose instances have one word behind their head: the address of the code that a call of them runs.

    Got from a class, an instance binds as a function does.
    """
    if foreign() is not None:
        return object
    members = (_Member * 2)(_Member(b"__vectorcalloffset__", _SSIZE, CALLED_CODE, _READONLY, None))
    call = ctypes.cast(ctypes.pythonapi.PyVectorcall_Call, ctypes.c_void_p).value
    slot = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_int)(("PyType_GetSlot", ctypes.pythonapi))
    slots = (_Slot * 4)(
        _Slot(_TP_MEMBERS, ctypes.cast(members, ctypes.c_void_p)),
        _Slot(_TP_CALL, call),
        _Slot(_TP_DESCR_GET, slot(type(_base), _TP_DESCR_GET)),
    )
    flags = _DEFAULT | _BASETYPE | _VECTORCALL
    spec = _Spec(b"adjoint.compile.Vectorcall", CALLED_CODE + 8, 0, flags, slots)
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.POINTER(_Spec))(("PyType_FromSpec", ctypes.pythonapi))
    made: type = new(ctypes.byref(spec))
    _KEPT.extend((members, slots, spec))
    return made


_KEPT: list[Any] = []  # what older versions of Python go on reading of a type's specification

if TYPE_CHECKING:
    _Base = object
else:
    _Base = _base()


class Called(_Base):
    """A base for classes whose instances stand for a builtin: `install` gives one to an instance.

    A call of the instance is then a call of the builtin, and as an attribute of a class it binds as a method. A
    subclass defines ``__call__``: it runs where there is no builtin yet, where the builtin is an entry through
    Python, and where this Python is laid out in an unknown way.
    """

    __slots__ = ("_builtin", "_owner")

    _builtin: Callable[..., Any]
    _owner: Any  # whose code the word behind the head points to


def _bind(called: Any, instance: object, owner: type | None = None) -> Any:
    return called if instance is None else MethodType(called, instance)


if _Base is object and not TYPE_CHECKING:
    Called.__get__ = _bind


def install(called: Called, builtin: Callable[..., Any] | None) -> None:
    """Let calls of an instance be calls of a builtin that `make_callable` made; of None: of its own ``__call__``.

    The instance's class is told that its instances have such a word: again each time, since Python takes that back
    where a class is given another ``__call__``. The builtin may be replaced while another thread is inside a call:
    that call ends with the code that it began with. The instance keeps the library of the first builtin for as long
    as it lives.
    """
    native = isinstance(builtin, BuiltinFunctionType) and _vectored()
    if not native:
        _word(called).value = 0
    if builtin is not None:
        called._builtin = builtin
    if native:
        if not hasattr(called, "_owner"):
            called._owner = library_of(builtin)
        _word(called).value = called._owner.address("vector")
        _set_flags(type(called))


def _word(called: Called) -> ctypes.c_size_t:
    """The word of an instance that says what a call of it runs; one that nobody reads where there is none."""
    return ctypes.c_size_t.from_address(id(called) + CALLED_CODE) if _vectored() else ctypes.c_size_t()


@cache
def _vectored() -> bool:
    """Whether instances have the word, and keep the builtin where the code looks for it."""
    if unfit() is not None or member_offset(Called.__dict__["_builtin"]) != CALLED_BUILTIN:
        return False
    return Called.__dictoffset__ == 0 and read(id(Called) + _flags_offset()) == Called.__flags__


@cache
def _flags_offset() -> int:
    """Where a class keeps its flags."""
    return member_offset(type.__dict__["__flags__"])


def _set_flags(cls: type) -> None:
    """Tell Python what instances of a class can do: it passes these flags on to classes made in C only."""
    binds = cls.__get__ is Called.__get__  # type: ignore[attr-defined]
    ctypes.c_size_t.from_address(id(cls) + _flags_offset()).value |= _VECTORCALL | _METHOD * binds


def library_of(builtin: Any) -> Any:
    """The library behind a builtin that `make_callable` made."""
    return builtin.__self__[-1][0]
