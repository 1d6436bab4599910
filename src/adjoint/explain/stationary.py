"""What kind of point this is where all gradients vanish: the Hessian's eigenvalues decide, or nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.apply import make
from adjoint.differentiate.cotangent import plain
from adjoint.differentiate.reverse import reverse
from adjoint.errors import AdjointError
from adjoint.explain.items import Board, Item
from adjoint.explain.recording import Recording
from adjoint.graph.node import Node
from adjoint.modes import switched
from adjoint.numbers import format_number
from adjoint.tensor import Tensor

#: The Hessian is computed for up to so many scalar parameters.
PARAMETERS = 200
#: Gate visits that its rows may take together.
VISITS = 2_000_000


@dataclass(slots=True, frozen=True)
class Stationary:
    """The kind of a stationary point, and how that was decided."""

    kind: str
    why: str


def kind_of_point(board: Board, recording: Recording, kinks: list[Item]) -> Stationary | None:
    """The kind of this point if every gradient is 0 within tolerance, else None."""
    leaves = [i for i in board.parameters if i.node is not None and np.size(i.value)]
    root = board.root
    if not leaves or root is None or root.value is None or recording.walk is None or root.specs[0].shape != ():
        return None
    if any(i.grad is None for i in leaves) or root.specs[0].dtype.kind == "c" or not np.isfinite(root.value):
        return None
    tolerance = rounding = _rounding(leaves)
    # Written so that NaN is not taken for a small gradient.
    if not all(np.all(np.abs(i.grad) <= rounding) for i in leaves):
        # Sums of large terms leave more than that, and so does a slope: curvature tells which it is.
        tolerance = rounding * max(1.0, abs(float(np.real(root.value))))
        if not all(np.all(np.abs(i.grad) <= tolerance) for i in leaves):
            return None
    doubtful = tolerance != rounding
    where = (
        "every gradient is 0"
        if tolerance == 0 or not any(np.any(i.grad) for i in leaves)
        else (f"every gradient is 0 within {format_number(tolerance)}")
    )
    count = sum(int(np.size(i.value)) for i in leaves)
    undecided = kinks or any(i.zero or i.specs[0].dtype.kind == "c" for i in leaves)
    if doubtful and (undecided or count > PARAMETERS or count * len(board.operations) > VISITS):
        return None
    if any(i.zero for i in leaves):
        return Stationary("unknown", f"{where}, but for another reason: {next(i.zero for i in leaves if i.zero)}.")
    if kinks:
        return Stationary("unknown", f"{where}, but the slope is not unique here, so curvature does not decide.")
    if any(i.specs[0].dtype.kind == "c" for i in leaves):
        return Stationary("unknown", f"{where}; complex parameters are not classified.")
    if count > PARAMETERS:
        return Stationary("unknown", f"{where}; the Hessian decides, and is computed up to {PARAMETERS} parameters.")
    if count * len(board.operations) > VISITS:
        return Stationary("unknown", f"{where}; the Hessian of this graph would take too long.")
    try:
        hessian = _hessian(leaves, recording, count)
    except AdjointError as error:
        if doubtful:
            return None
        return Stationary("unknown", f"{where}; the Hessian could not be computed: {error.what}")
    finite = bool(np.all(np.isfinite(hessian)))
    if doubtful and not (finite and _at_rest(hessian, leaves, rounding)):
        return None
    if not finite:
        return Stationary("unknown", f"{where}; the Hessian is not finite.")
    return _classified(hessian, where)


def _rounding(leaves: list[Item]) -> float:
    """How small a gradient is as good as 0 where the numbers in it are of size 1."""
    return float(64 * max(float(np.finfo(i.specs[0].dtype).eps) for i in leaves))


def _at_rest(hessian: np.ndarray[Any, Any], leaves: list[Item], rounding: float) -> bool:
    """Whether Newton's step to where the gradient vanishes is as good as none, and no flat direction has a slope."""
    point = np.concatenate([np.ravel(i.value) for i in leaves]).astype(float)
    slopes = np.concatenate([np.ravel(i.grad) for i in leaves]).astype(float)
    curvature, ways = np.linalg.eigh(hessian)
    curved = np.abs(curvature) > _flatness(curvature)
    along = ways.T @ slopes
    if np.any(np.abs(along[~curved]) > rounding):
        return False
    step = ways[:, curved] @ (along[curved] / curvature[curved])
    return bool(np.all(np.abs(step) <= np.sqrt(rounding) * np.maximum(1.0, np.abs(point))))


def _flatness(curvature: np.ndarray[Any, Any]) -> float:
    """How small a curvature is as good as 0, beside the largest."""
    return float(len(curvature) * np.finfo(float).eps * max(1e-300, float(np.max(np.abs(curvature)))) * 16)


def _hessian(leaves: list[Item], recording: Recording, count: int) -> np.ndarray[Any, Any]:
    """Row by row: the reverse walk once more, from every entry of the recorded gradient."""
    nodes = [i.node for i in leaves if i.node is not None]
    found = np.zeros((count, count))
    row = 0
    bound = min(n.seq for n in (*nodes, *recording.nodes))
    for leaf in leaves:
        gradient = None if leaf.node is None else recording.walk.found.get(leaf.node)
        gradient = None if gradient is None else plain(gradient)
        size = int(np.size(leaf.value))
        if type(gradient) is not Tensor or gradient._node is None:
            row += size  # a constant gradient: its row is 0
            continue
        for k in range(size):
            seed = np.zeros(size, gradient.dtype)
            seed[k] = 1
            seed = seed.reshape(gradient.shape)[()]
            found[row] = _row(gradient._node, seed, nodes, leaves, recording, bound)
            row += 1
    return (found + found.T) / 2


def _row(
    node: Node, seed: Any, nodes: list[Node], leaves: list[Item], recording: Recording, bound: int
) -> np.ndarray[Any, Any]:
    with switched(everything=False, recording=True, dead=recording.dead, listener=None, origin=None):
        walk = reverse([(node, make(seed, None))], nodes, bound=bound, records=True)
    parts = []
    for leaf in leaves:
        got = walk.found.get(leaf.node) if leaf.node is not None else None
        value = None if got is None else plain(got)._value
        parts.append(np.zeros(np.size(leaf.value)) if value is None else np.asarray(value, float).ravel())
    return np.concatenate(parts)


def _classified(hessian: np.ndarray[Any, Any], where: str) -> Stationary:
    curvature = np.linalg.eigvalsh(hessian)
    n = len(curvature)
    small = _flatness(curvature)
    up, down = int(np.sum(curvature > small)), int(np.sum(curvature < -small))
    flat = n - up - down
    ways = f"{n} direction{'' if n == 1 else 's'}"
    if up and down:
        return Stationary("saddle", f"{where}; the Hessian curves up in {up} of {ways} and down in {down}.")
    if flat:
        rest = f" and curves {'up' if up else 'down'} in {up or down}" if up or down else ""
        undecided = f"{where}; the Hessian is flat in {flat} of {ways}{rest}, so the second derivative does not decide."
        return Stationary("degenerate", undecided)
    kind = "minimum" if up else "maximum"
    return Stationary(kind, f"{where}; the Hessian curves {'up' if up else 'down'} in all of {ways}.")
