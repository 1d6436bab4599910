"""The arguments of a user's function: arrays by parameter name from an npz file, numbers from NAME=NUMBER."""

from __future__ import annotations

import inspect
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adjoint.cli.loading import own_inputs
from adjoint.errors import AdjointError, ArgumentError, InputFileError
from adjoint.expression import parse_values
from adjoint.expression.place import nearest, shown

_HELP_SAVE = "write one with numpy.savez(FILE, name=array, ...), one name a parameter."


def read_arrays(file: str) -> dict[str, Any]:
    """The arrays of an npz file by name; never unpickles. Raises InputFileError for whatever is wrong with it."""
    path = Path(file)
    if path.is_dir():
        raise InputFileError(f"{shown(file)} is a folder, not an npz file.", help=_HELP_SAVE)
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            raise InputFileError(f"{shown(file)} holds one array without a name.", help=_HELP_SAVE)
        with loaded:
            return {name: _array(loaded, name, file) for name in loaded.files}
    except AdjointError:
        raise
    except FileNotFoundError as error:
        raise InputFileError(f"there is no file {shown(file)}.", help="give --inputs an npz file.") from error
    except PermissionError as error:
        raise InputFileError(f"{shown(file)} may not be read.", help="give yourself the right to read it.") from error
    except (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        raise _damaged(file, error) from error
    except (NotImplementedError, RuntimeError) as error:  # zipfile: a compression or an encryption it does not know
        raise _damaged(file, error) from error


def _array(loaded: Any, name: str, file: str) -> Any:
    """One array of an open npz file, if it is one of numbers."""
    try:
        array = loaded[name]
    except ValueError as error:
        if "pickle" not in str(error).lower():
            raise
        raise InputFileError(
            f"array {shown(name)} in {shown(file)} holds Python objects, which are never loaded.",
            help="save numbers: numpy.asarray(x, dtype=float).",
        ) from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fciub":
        kind = array.dtype if isinstance(array, np.ndarray) else "no array"
        raise InputFileError(
            f"{shown(name)} in {shown(file)} is not an array of numbers: it is {kind}.", help="save arrays of numbers."
        )
    return array if array.ndim else array[()]


def _damaged(file: str, error: Exception) -> InputFileError:
    words = " ".join(str(error).split())
    if "pickle" in words.lower():
        words = "it is no zip archive of arrays"
    return InputFileError(
        f"{shown(file)} cannot be read as an npz file: {words[:120] or type(error).__name__}.", help=_HELP_SAVE
    )


def arguments(
    function: Callable[..., Any], name: str, items: Sequence[str], inputs: str | None
) -> tuple[list[Any], dict[str, Any]]:
    """The positional and the keyword arguments that a call gets; raises ArgumentError for missing and extra ones.

    A parameter that nobody gives a value takes that of the file's own ``inputs``, before its default.
    """
    numbers = parse_values(items)
    arrays = {} if inputs is None else read_arrays(inputs)
    twice = sorted(numbers.keys() & arrays.keys())
    if twice:
        raise ArgumentError(
            f"{', '.join(map(shown, twice))} is given in {shown(inputs or '')} and on the command line.",
            help="give each parameter one value.",
        )
    values: dict[str, Any] = {**arrays, **numbers}
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"the parameters of {name} cannot be read.", help="name a function in Python.") from error
    if any(key not in values for key in signature.parameters):
        own = own_inputs(function)
        values = {key: own[key] for key in signature.parameters if key in own} | values
    _complain(signature, values, name, inputs)
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for parameter in signature.parameters.values():
        key = parameter.name
        if parameter.kind is parameter.VAR_KEYWORD:
            keywords |= {k: v for k, v in values.items() if k not in signature.parameters}
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            value = _whole(parameter, values[key], name) if key in values else parameter.default
            if parameter.kind is parameter.KEYWORD_ONLY:
                keywords[key] = value
            else:
                positional.append(value)
    return positional, keywords


def _whole(parameter: inspect.Parameter, value: Any, name: str) -> Any:
    """A number for a parameter that says it is an ``int``: a size, an exponent."""
    if type(value) is not float or parameter.annotation not in (int, "int"):
        return value
    if not value.is_integer():
        raise ArgumentError(
            f"{parameter.name} of {name} is a whole number, got {value}.", help=f"write {parameter.name}=3."
        )
    return int(value)


def _complain(signature: inspect.Signature, values: Mapping[str, Any], name: str, inputs: str | None) -> None:
    """Raises ArgumentError for parameters without a value and values without a parameter."""
    kinds = inspect.Parameter
    wanted = [p for p in signature.parameters.values() if p.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)]
    names = [p.name for p in wanted]
    missing = [p.name for p in wanted if p.default is p.empty and p.name not in values]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    extra = [] if open_ended else [key for key in values if key not in names]
    if not missing and not extra:
        return
    complaints, helps = [], []
    if missing:
        complaints.append(f"{_list(missing)} of {name} {'has' if len(missing) == 1 else 'have'} no value")
    if extra:
        complaints.append(f"{_list(extra)} {'is no parameter' if len(extra) == 1 else 'are no parameters'} of {name}")
    meant = {key: near for key in extra if (near := nearest(key, missing or names)) is not None}
    helps += [f"did you mean {near} instead of {shown(key)}?" for key, near in list(meant.items())[:3]]
    absent = [key for key in missing if key not in meant.values()]
    if absent:
        where = "save an array of that name with numpy.savez" if inputs else "give arrays by --inputs FILE.npz"
        helps.append(f"{where}, or write {absent[0]}=NUMBER.")
    surplus = [key for key in extra if key not in meant]
    if surplus:
        helps.append(f"leave out {_list(surplus)}.")
    raise ArgumentError("; ".join(complaints) + ".", where=f"{name}{signature}", help=" ".join(helps))


def _list(names: Sequence[str]) -> str:
    words = [shown(name) for name in names[:5]]
    if len(names) > 5:
        words.append(f"{len(names) - 5} more")
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def chosen(text: str | None, names: Sequence[str]) -> tuple[int, ...] | None:
    """The positions that ``--argnums`` asks for, by number from 0 or by name.

    >>> chosen("w, 2", ["w", "x", "b"])
    (0, 2)
    """
    if text is None:
        return None
    found: list[int] = []
    for word in (part.strip() for part in text.split(",")):
        place = int(word) if word.isascii() and word.isdigit() and len(word) < 5 else None
        if place is None and word in names:
            place = names.index(word)
        if place is None or place >= len(names):
            raise ArgumentError(
                f"--argnums: there is no parameter {shown(word) or '(nothing)'}.",
                where=shown(text),
                help=f"the parameters are {_list(list(names))}; write --argnums {names[0] if names else 0}.",
            )
        if place in found:
            raise ArgumentError(f"--argnums names {names[place]} twice.", where=shown(text), help="name it once.")
        found.append(place)
    return tuple(found)
