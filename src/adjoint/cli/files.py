"""Files that are written whole or not at all, several together."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from adjoint.errors import InputFileError


def write_all(files: Mapping[Path, str]) -> None:
    """Writes every file, or none: each text goes to a new file beside its place, and all move there at the end.

    Raises InputFileError where that cannot be done; then whatever stood there before still stands there.
    """
    drafts: list[tuple[str, Path]] = []
    try:
        for path, text in files.items():
            _refuse(path)
            try:
                drafts.append((_draft(path, text), path))
            except OSError as error:
                raise _unwritable(path, error) from error
        while drafts:
            draft, path = drafts[0]
            try:
                os.replace(draft, path)
            except OSError as error:
                raise _unwritable(path, error) from error
            drafts.pop(0)
    finally:
        for draft, _ in drafts:
            with contextlib.suppress(OSError):
                os.unlink(draft)


def _refuse(path: Path) -> None:
    if path.is_dir():
        raise InputFileError(f"{path} is a folder.", help="name a file.")
    if path.exists() and not path.is_file():
        raise InputFileError(f"{path} is no ordinary file.", help="name another one; - stands for standard output.")
    if not path.parent.is_dir():
        raise InputFileError(f"there is no folder {path.parent}.", help="make it first, or name another one.")


def _draft(path: Path, text: str) -> str:
    """A finished file beside the place where it will stand, with the rights that a new file would have."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(draft, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~mask)
    except BaseException:
        os.unlink(draft)
        raise
    return draft


def _unwritable(path: Path, error: OSError) -> InputFileError:
    return InputFileError(
        f"{path} cannot be written: {error.strerror or error}.", help="name a file in a folder where you may write."
    )
