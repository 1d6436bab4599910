"""Values as the story's JSON has them: numbers in full, arrays as a summary that says what is in them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from adjoint.graph.spec import dtype_name

#: The largest heat map, in cells.
CELLS = 12
BINS = 16
#: Arrays up to this many entries are shown whole, larger ones by their corners.
WHOLE = 16
#: So many rows and columns (from each end) of a larger array are its corners.
EDGE = 2
#: What the summary of an array has besides its shape and its statistics.
EVERYTHING = ("hist", "thumb", "slice")
_WORDS = {float("inf"): "Infinity", float("-inf"): "-Infinity"}


def written(value: Any, keys: Collection[str] = EVERYTHING) -> Any:
    """A value for the JSON: a number, "NaN" or "Infinity", ``{re, im}``, or the summary of an array.

    ``keys`` says which of the dearer parts a summary has.

    >>> written(2.0), written(np.float32(-np.inf)), written(1 + 2j)
    (2.0, '-Infinity', {'re': 1.0, 'im': 2.0})
    >>> written(np.array([1.0, -2.0]))["mean"]
    -0.5
    """
    if type(value) is float and value - value == 0:
        return value
    if isinstance(value, np.ndarray) and value.shape:
        return summary(value, keys)
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, bool):
        return int(number)
    if isinstance(number, complex):
        return {"re": _real(number.real), "im": _real(number.imag)}
    return _real(number)


def _real(number: float) -> float | str:
    if number != number:
        return "NaN"
    return _WORDS.get(number, number)


def summary(array: np.ndarray[Any, Any], keys: Collection[str] = EVERYTHING) -> dict[str, Any]:
    """Shape, statistics over the finite entries, counts, a histogram, a heat map and the corners.

    Complex arrays are measured by the absolute value of their entries, and have no signs.
    """
    found: dict[str, Any] = {"shape": list(array.shape), "dtype": dtype_name(array.dtype)}
    kind = array.dtype.kind
    real = np.abs(array) if kind == "c" else array.astype(np.float64) if kind in "iub" else array
    with np.errstate(all="ignore"):
        nan, inf = int(np.count_nonzero(np.isnan(array))), int(np.count_nonzero(np.isinf(array)))
        finite = real[np.isfinite(real)] if nan or inf else real.ravel()
        finite = finite.astype(np.float64)
        if finite.size:
            found["min"], found["max"] = float(np.min(finite)), float(np.max(finite))
            largest = max(-found["min"], found["max"])
            # Scaled where it must be, so that no sum overflows and no square vanishes.
            scale = largest if largest > 0 and not 1e-100 < largest < 1e100 else 1.0
            found["mean"] = _real(float(np.mean(finite / scale)) * scale)
            found["rms"] = _real(float(np.sqrt(np.mean(np.square(finite / scale)))) * scale)
        signed = array.dtype.kind != "c"
        found["pos"] = int(np.count_nonzero(array > 0)) if signed else 0
        found["neg"] = int(np.count_nonzero(array < 0)) if signed else 0
        found["nan"], found["inf"] = nan, inf
        if finite.size and "hist" in keys:
            found["hist"] = _histogram(finite)
        if array.size and "thumb" in keys:
            found["thumb"] = thumbnail(real)
        if array.size and "slice" in keys:
            found["slice"] = nested(array if array.size <= WHOLE else corners(array))
    return found


def _histogram(finite: np.ndarray[Any, Any]) -> dict[str, Any]:
    low, high = float(finite.min()), float(finite.max())
    width = high / 2 - low / 2  # halved: the whole width of a float's range overflows
    if not width > 0:
        counts = [finite.size] + [0] * (BINS - 1)
    else:
        places = np.floor((finite / 2 - low / 2) / width * BINS).astype(int)
        counts = np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS).tolist()
    return {"lo": low, "hi": high, "n": counts}


def thumbnail(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """A heat map of at most 12 by 12 cells with integers from -9 to 9: each block speaks by its largest entry.

    The last axis runs to the right, all others run down. NaN counts as 0, infinity as the largest.

    >>> thumbnail(np.array([[1.0, -2.0], [0.0, 0.5]]))["q"]
    [[4, -9], [0, 2]]
    """
    rows = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(1, -1)
    flat = np.where(np.isnan(rows), 0.0, rows).astype(np.float64)
    finite = np.abs(flat[np.isfinite(flat)])
    scale = float(finite.max()) if finite.size else 0.0
    flat = np.clip(flat, -(scale or 1.0), scale or 1.0)
    for axis in (0, 1):
        flat = _folded(flat, axis)
    cells = np.rint(flat / (scale or 1.0) * 9).astype(int)
    return {"rows": cells.shape[0], "cols": cells.shape[1], "scale": scale, "q": cells.tolist()}


def _folded(flat: np.ndarray[Any, Any], axis: int) -> np.ndarray[Any, Any]:
    """At most 12 blocks along an axis, each with its largest entry by size, sign and all."""
    n = flat.shape[axis]
    if n <= CELLS:
        return flat
    starts = np.arange(CELLS) * n // CELLS
    high, low = np.maximum.reduceat(flat, starts, axis), np.minimum.reduceat(flat, starts, axis)
    return np.where(high >= -low, high, low)


def corners(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The first and last two entries along every axis, at full precision (of leading axes only the first and last)."""
    for axis, n in enumerate(array.shape):
        edge = EDGE if axis >= array.ndim - 2 else 1
        if n > 2 * edge:
            array = np.take(array, [*range(edge), *range(n - edge, n)], axis=axis)
    return array


def nested(array: np.ndarray[Any, Any]) -> Any:
    """An array as nested lists of numbers as the JSON writes them."""
    flat = [written(v) for v in array.ravel()]
    for n in reversed(array.shape[1:]):
        flat = [flat[i : i + n] for i in range(0, len(flat), n)] if n else []
    return flat
