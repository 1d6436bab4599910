"""Saving a story: by its suffix as a picture, as the document or as text; whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adjoint.errors import ArgumentError, InputFileError
from adjoint.site import here

if TYPE_CHECKING:
    from adjoint.explain.story import Story

#: What a story can be saved as.
SUFFIXES = {
    ".html": "a page to step through",
    ".svg": "a picture",
    ".dot": "a graph for Graphviz",
    ".json": "the document that every view reads",
    ".txt": "plain text",
}


def save_story(story: Story, path: str | os.PathLike[str], view: Any = "wire", theme: Any = "light") -> None:
    """Writes a story in the form that the file's suffix names; ``view`` and ``theme`` are for pictures.

    Raises ArgumentError for another suffix, InputFileError where the file cannot be written.
    """
    if not isinstance(path, str | os.PathLike):
        raise ArgumentError(
            f"a story is saved to a file, and {type(path).__name__} names none.",
            where=here(),
            help='write story.save("story.html").',
        )
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        possible = ", ".join(f"{s} ({what})" for s, what in SUFFIXES.items())
        raise ArgumentError(
            f"a story cannot be saved as {target.name!r}: "
            + ("it has no suffix." if not suffix else f"{suffix} is none of its forms."),
            where=here(),
            help=f"possible are {possible}.",
        )
    if suffix == ".svg":
        from adjoint.view.svg import save

        save(story.to_dict(), target, view, theme)
    elif suffix == ".dot":
        from adjoint.view.dot import render

        write_whole(target, render(story.to_dict(), theme))
    elif suffix == ".html":
        from adjoint.view.page import story_page

        write_whole(target, story_page(story.to_dict()))
    else:
        write_whole(target, story.to_json() + "\n" if suffix == ".json" else str(story) + "\n")


def write_whole(target: Path, text: str) -> None:
    """Writes a text file, whole or not at all; raises InputFileError where that is not possible."""
    temporary = None
    try:
        # In the same folder, because only within one file system is a replacement atomic.
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n", errors="backslashreplace") as stream:
            stream.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)  # temporary files are private, this one is an ordinary file
        os.replace(temporary, target)
    except (OSError, ValueError) as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        reason = getattr(error, "strerror", None) or str(error)
        raise InputFileError(
            f"cannot write {str(target)!r}: {reason}.",
            help="name a file in a folder that exists and that you may write to.",
        ) from error
