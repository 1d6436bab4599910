"""The disk cache: machine code kept from one process to the next.

One file an entry: a mark, the checksum of all that follows, the key, the metadata as JSON, the object code. Files
are written under another name and then renamed, so that a reader sees a whole entry or none, however many processes
write. An entry is believed only if the folder and the file belong to the user, nobody else may write them, and the
checksum and the key are right; anything else is removed and built again. There are sixteen folders; each put looks
after its own, so that the size stays bounded at a bounded cost.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import os
import stat
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from adjoint.site import warn

#: Environment variables: the folder, and the switch (0 or off: no disk cache at all).
FOLDER, SWITCH = "ADJOINT_CACHE_DIR", "ADJOINT_CACHE"

LIMIT = 256 << 20

_MARK = b"adjoint code 1\n\n"
_HEAD = struct.Struct("<32sI")  # the key, and how many bytes the metadata takes
_SHARDS = "0123456789abcdef"
_ENDING, _UNFINISHED = ".code", ".part"
_HOUR = 3600.0
_APART = {"__pycache__", "cli", "explain", "expression", "nn", "verify", "view"}  # rooms that shape no machine code
_MOST = 20_000  # files of one folder that one put looks at
_OPEN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _OPEN  # a pipe that somebody put there must not stop us
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN


class CacheWarning(UserWarning):
    """The disk cache cannot be used as it stands; everything works, and is compiled anew in each process."""


class Cache:
    """Object code by key, in a folder; None for a folder is a cache that keeps nothing.

    No method raises for what it finds on the disk: an unusable folder is told once, as a CacheWarning.

    >>> Cache(None).get("0" * 64) is None
    True
    """

    def __init__(self, folder: str | os.PathLike[str] | None, limit: int = LIMIT) -> None:
        self.folder = None if folder is None else Path(folder).absolute()
        self.limit = limit
        self._reads = self._writes = self.folder is not None
        self._told = False

    def __repr__(self) -> str:
        return f"<Cache: {self.folder}>" if self.folder else "<Cache: off>"

    def get(self, key: str) -> tuple[dict[str, Any], bytes] | None:
        """The metadata and the object code of an entry, or None; a damaged or foreign entry is removed."""
        if not self._reads or not self._usable():
            return None
        path = self._path(key)
        try:
            found, data = _read(path, self.limit)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:  # a symbolic link
                _remove(path)
            return None
        entry = _opened(data, bytes.fromhex(key))
        if entry is None:
            _remove(path)
        elif time.time() - found.st_mtime > _HOUR:
            with contextlib.suppress(OSError):  # a folder that is only read keeps no order of use
                os.utime(path)
        return entry

    def put(self, key: str, meta: Mapping[str, Any], code: bytes) -> None:
        """Keep an entry (``meta`` goes through JSON); where it cannot be written, that is told once and no more."""
        if not self._writes or not self._usable(make=True):
            return
        text = json.dumps(dict(meta)).encode("utf-8")
        body = _HEAD.pack(bytes.fromhex(key), len(text)) + text + code
        share = self.limit // len(_SHARDS)
        if len(body) > share:
            return
        path = self._path(key)
        part = path.with_name(f"{os.urandom(8).hex()}{_UNFINISHED}")
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if not _ours(path.parent.lstat(), stat.S_ISDIR):
                raise PermissionError(f"{path.parent} is not a folder that only you may write")
            try:
                _write(part, (_MARK, hashlib.sha256(body).digest(), body))
                os.replace(part, path)
            finally:
                _remove(part)  # it is there only if something went wrong, an interrupt too
            _prune(path.parent, share)
        except FileNotFoundError:  # somebody removes the folder while we write: the next entry makes it again
            return
        except OSError as error:
            self._writes = False
            self._tell(f"cannot be written: {error.strerror or error}")

    def clear(self) -> None:
        """Remove every entry."""
        for entry in self._entries():
            if entry.name.endswith(_ENDING):  # other processes may be writing the others
                _remove(entry.path)

    def size(self) -> int:
        """The bytes of all entries."""
        return sum(found.st_size for entry in self._entries() if (found := _looked(entry)))

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        if self._reads and self.folder is not None and self._usable():
            for shard in _SHARDS:
                yield from _listed(self.folder / shard)

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[0] / (key[1:] + _ENDING)

    def _usable(self, *, make: bool = False) -> bool:
        """Whether the folder is there and may be trusted; looked at each time, since it may be changed meanwhile."""
        folder = self.folder
        if folder is None:
            return False
        try:
            if make and not os.path.lexists(folder):
                _made(folder)
            found = folder.lstat()
        except FileNotFoundError:
            return False
        except OSError as error:
            problem = f"cannot be used: {error.strerror or error}"
        else:
            problem = _fault(found)
            if not problem:
                return True
        self._reads = self._writes = False
        self._tell(problem)
        return False

    def _tell(self, problem: str) -> None:
        if not self._told:
            self._told = True
            warn(
                f"the cache of compiled code {self.folder} {problem}; each process compiles anew.\n"
                f"  help: set {FOLDER} to a folder of your own, or {SWITCH}=0 to do without.",
                CacheWarning,
            )


@cache
def disk() -> Cache:
    """The process's disk cache, where the environment says.

    The folder is $ADJOINT_CACHE_DIR, else ``adjoint`` in $XDG_CACHE_HOME, else ~/.cache/adjoint;
    with ADJOINT_CACHE=0 there is none.
    """
    environment = os.environ
    if environment.get(SWITCH, "").strip().lower() in {"0", "off", "no", "false"}:
        return Cache(None)
    asked = environment.get(FOLDER)
    if asked:
        return Cache(asked)
    base = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # as its specification says: a relative one is ignored
        base = os.path.join(os.path.expanduser("~"), ".cache")
    if not os.path.isabs(base):
        warn(
            f"there is no home folder to keep compiled code in; each process compiles anew.\n"
            f"  help: set {FOLDER} to a folder of your own, or {SWITCH}=0 to do without.",
            CacheWarning,
        )
        return Cache(None)
    return Cache(os.path.join(base, "adjoint"))


def make_key(fingerprint: str, options: Mapping[str, Any], host_key: str) -> str:
    """The key of a program: its graph's fingerprint, the options (plain data), the machine, and all versions.

    >>> len(make_key("f00d", {"strict": False}, "avx2"))
    64
    """
    text = json.dumps([fingerprint, dict(options), host_key, _versions()], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@cache
def _versions() -> str:
    """What else machine code depends on: the layouts of Python's and NumPy's objects, and this package's text.

    The package is told apart by the sizes and times of its files: a version number stays the same while one works
    on it.
    """
    files: list[tuple[str, int, int]] = []
    _sources(str(Path(__file__).resolve().parent.parent), "", files)
    digest = hashlib.sha256(repr(sorted(files)).encode("utf-8")).hexdigest()
    return f"{sys.version} {sys.implementation.cache_tag} {np.__version__} {digest}"


def _sources(folder: str, inside: str, files: list[tuple[str, int, int]]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{inside}/{entry.name}"
            if entry.name.endswith(".py"):
                found = entry.stat()
                files.append((name, found.st_size, found.st_mtime_ns))
            elif entry.name not in _APART and entry.is_dir():
                _sources(entry.path, name, files)


def _made(folder: Path) -> None:
    """Make a folder; raises OSError where it cannot be: one that is removed meanwhile is made again."""
    for _ in range(3):
        with contextlib.suppress(FileNotFoundError):
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            return
    raise PermissionError(errno.EACCES, "there is no way to make it")


def _opened(data: bytes, key: bytes) -> tuple[dict[str, Any], bytes] | None:
    """The metadata and the code in the bytes of a file, or None if they are not what was written for the key."""
    start = len(_MARK) + 32
    body = memoryview(data)[start:]
    if not data.startswith(_MARK) or len(body) < _HEAD.size:
        return None
    if hashlib.sha256(body).digest() != data[len(_MARK) : start]:
        return None
    found, length = _HEAD.unpack_from(body)
    end = _HEAD.size + length
    if found != key or end > len(body):
        return None
    try:
        meta = json.loads(bytes(body[_HEAD.size : end]))
    except ValueError:
        return None
    return (meta, bytes(body[end:])) if isinstance(meta, dict) else None


def _read(path: Path, limit: int) -> tuple[os.stat_result, bytes]:
    """What the system knows of a file, and its bytes: none of a file that is not the user's, or too large."""
    handle = os.open(path, _READ)
    try:
        found = os.fstat(handle)
        if not _ours(found, stat.S_ISREG) or found.st_size > limit:
            return found, b""
        with os.fdopen(os.dup(handle), "rb") as file:
            return found, file.read()
    finally:
        os.close(handle)


def _write(path: Path, parts: tuple[bytes, ...]) -> None:
    with os.fdopen(os.open(path, _WRITE, 0o600), "wb") as file:
        for part in parts:
            file.write(part)


def _prune(folder: Path, share: int) -> None:
    """Bring a folder below its share, the longest unused first, to four fifths of it; and sweep up what was left."""
    now, total, entries = time.time(), 0, []
    for entry in itertools.islice(_listed(folder), _MOST):
        found = _looked(entry)
        if found is None:
            continue
        if not entry.name.endswith(_ENDING) and now - found.st_mtime > _HOUR:
            _remove(entry.path)  # of a process that was killed while it wrote
        else:
            total += found.st_size
            entries.append((found.st_mtime, found.st_size, entry.path))
    if total > share:
        for _, size, path in sorted(entries):
            _remove(path)
            total -= size
            if total <= share * 4 // 5:
                break


def _listed(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:  # none, or none that may be read
        return


def _looked(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:  # another process was quicker
        return None


def _remove(path: str | Path) -> None:
    with contextlib.suppress(OSError):  # another process was quicker, or it may only be read
        os.unlink(path)


def _ours(found: os.stat_result, kind: Any) -> bool:
    """Whether a file is of a kind, belongs to the user, and can be written by nobody else."""
    return bool(kind(found.st_mode)) and not _foreign(found) and not _open_to_others(found)


def _fault(found: os.stat_result) -> str:
    """What makes a folder unfit to hold code that will be run; empty for one that is fit."""
    if stat.S_ISLNK(found.st_mode):
        return "is refused: it is a symbolic link"
    if not stat.S_ISDIR(found.st_mode):
        return "is refused: it is no folder"
    if _foreign(found):
        return "is refused: it belongs to another user"
    return "is refused: others may write it" if _open_to_others(found) else ""


def _foreign(found: os.stat_result) -> bool:
    return hasattr(os, "geteuid") and found.st_uid != os.geteuid()


def _open_to_others(found: os.stat_result) -> bool:
    return os.name != "nt" and bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
