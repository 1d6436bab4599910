"""The folder into which the demo writes: its own, or an empty one; a stranger's files stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from adjoint.cli.files import write_all
from adjoint.errors import InputFileError

MANIFEST = ".made-by-adjoint-demo"


class Folder:
    """A folder that is the demo's own: new, empty, or made by an earlier demo (it holds a list of what that wrote)."""

    def __init__(self, name: str) -> None:
        self.path = Path(name)
        self.written: list[str] = []
        self._earlier = self._claim()

    def _claim(self) -> set[str]:
        """Makes the folder, or reads what an earlier demo wrote there; raises InputFileError for a stranger's."""
        help = "name another one: adjoint demo --folder DIR."
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            present = {entry.name for entry in self.path.iterdir()}
            if MANIFEST in present:
                return set((self.path / MANIFEST).read_text(encoding="utf-8").split("\n"))
        except OSError as error:
            raise InputFileError(f"{self.path} cannot be used: {error.strerror or error}.", help=help) from error
        except UnicodeDecodeError as error:
            raise InputFileError(f"{self.path / MANIFEST} is damaged.", help="remove it, or " + help) from error
        if present:
            raise InputFileError(f"{self.path} holds files that the demo did not write.", help=help)
        return set()

    def write(self, files: Mapping[str, str]) -> None:
        """Writes files by name, all or none of them; raises InputFileError where a stranger's file stands."""
        for name in files:
            if name not in self._earlier and name not in self.written and (self.path / name).exists():
                raise InputFileError(
                    f"{self.path / name} was not written by the demo.",
                    help="move it away, or name another folder: adjoint demo --folder DIR.",
                )
        names = sorted({*self._earlier, *self.written, *files} - {""})
        write_all(
            {
                self.path / MANIFEST: "\n".join(names) + "\n",
                **{self.path / name: text for name, text in files.items()},
            }
        )
        self.written += [name for name in files if name not in self.written]
