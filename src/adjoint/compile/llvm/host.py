"""Host: the processor that code is made for, as LLVM describes it, and as our loops need to know it.

It is read once in a process. Nothing here picks processors or features by name for the code generator: the
whole list that LLVM reports for this machine goes to it, and into the key of the disk cache.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
import numpy as np
from numpy.typing import DTypeLike

from adjoint.errors import ArgumentError

#: The environment variable that narrows the registers, and what it may say.
VARIABLE = "ADJOINT_VECTOR_BYTES"
WIDTHS = (16, 32, 64)

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_L1, _L2 = 32 * 1024, 512 * 1024  # where nothing can be read: less than any current core has
_current: list[Host] = []  # none before the first use; more than one inside `registers`


@dataclass(frozen=True, slots=True)
class Host:
    """The machine that native code is made for.

    ``features`` is LLVM's complete list for this processor ("+avx2,-sse4a,..."), sorted; ``vector_bytes`` the
    width of the registers that loops are written for; ``l1_bytes`` and ``l2_bytes`` the data caches of a core.
    ``key`` tells apart everything that changes the machine code of one and the same graph.
    """

    triple: str
    cpu: str
    features: str
    vector_bytes: int
    l1_bytes: int
    l2_bytes: int
    versions: str

    def lanes(self, dtype: DTypeLike) -> int:
        """How many values of a dtype one register holds.

        >>> host().lanes("f4") == 2 * host().lanes("f8")
        True
        """
        return max(1, self.vector_bytes // np.dtype(dtype).itemsize)

    @property
    def key(self) -> str:
        """One text of all that the code generator was told and of who it is: part of the disk cache's key."""
        parts = (self.triple, self.cpu, self.features, self.vector_bytes, self.l1_bytes, self.l2_bytes, self.versions)
        return ";".join(map(str, parts))


def host() -> Host:
    """The machine this process runs on, read once.

    Raises ArgumentError where ADJOINT_VECTOR_BYTES is none of 16, 32 and 64, or wider than the registers.

    >>> host().vector_bytes in (16, 32, 64)
    True
    """
    if not _current:
        _current.append(_read())
    return _current[-1]


@contextmanager
def registers(vector_bytes: int) -> Iterator[Host]:
    """Write loops for narrower registers inside a ``with``: a switch for tests, for the whole process.

    Raises ArgumentError for a width that does not exist or that the machine lacks.

    >>> with registers(16) as narrow:
    ...     narrow.lanes("f8")
    2
    """
    wide = _read()
    narrow = replace(wide, vector_bytes=_checked(str(vector_bytes), wide.vector_bytes, "registers(...)"))
    host()
    _current.append(narrow)
    try:
        yield narrow
    finally:
        _current.remove(narrow)


@cache
def _read() -> Host:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    flags = llvm.get_host_cpu_features()
    width = _widest(flags)
    asked = os.environ.get(VARIABLE)
    level_1, level_2 = _data_caches()
    return Host(
        triple=llvm.get_process_triple(),
        cpu=llvm.get_host_cpu_name(),
        features=flags.flatten(),
        vector_bytes=width if asked is None else _checked(asked, width, f"the environment variable {VARIABLE}"),
        l1_bytes=level_1,
        l2_bytes=level_2,
        versions="llvmlite {}, LLVM {}.{}.{}".format(llvmlite.__version__, *llvm.llvm_version_info),
    )


def _widest(flags: dict[str, bool]) -> int:
    if flags.get("avx512f"):
        return 64
    return 32 if flags.get("avx2") or flags.get("avx") else 16


def _checked(text: str, widest: int, where: str) -> int:
    if text not in map(str, WIDTHS):
        raise ArgumentError(
            f"the width of vector registers is 16, 32 or 64 bytes, not {text!r}.",
            where=where,
            help=f"this machine's are {widest} bytes wide; leave it away to use them.",
        )
    if int(text) > widest:
        raise ArgumentError(
            f"registers of {text} bytes are asked for, and this machine's are {widest} bytes wide.",
            where=where,
            help=f"give {widest} or less, or leave it away.",
        )
    return int(text)


def _data_caches() -> tuple[int, int]:
    """The sizes of a core's first and second data cache in bytes, with a careful guess where none is told."""
    found = {1: _L1, 2: _L2}
    for level in (1, 2):
        for index in range(4):
            size = _cache_size(_CACHES / f"index{index}", level)
            if size:
                found[level] = size
                break
    return found[1], found[2]


def _cache_size(folder: Path, level: int) -> int:
    """Bytes of the cache that a folder of Linux's sysfs describes; 0 if it is another one or cannot be read."""
    try:
        told, kind, text = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
    except OSError:
        return 0
    if told != str(level) or kind == "Instruction":
        return 0
    number, unit = text.rstrip("KMG"), text[-1:]
    return int(number) * {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(unit, 1) if number.isdigit() else 0
