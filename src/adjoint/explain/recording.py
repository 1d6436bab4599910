"""Running a function with everything recorded: what an explanation starts from.

Every number of the arguments becomes a leaf with the name it has in the signature. Arrays that the
function captured become leaves as well, so that the whole computation can be run again from what is
known here. A run that fails keeps the steps up to its failure.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from adjoint.apply import leaf, make
from adjoint.differentiate.containers import flatten, paths, primal
from adjoint.differentiate.variables import function_name, output
from adjoint.errors import AdjointError, ArgumentError, TracedError
from adjoint.explain.calls import Call
from adjoint.explain.listener import Listener, Look
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, Mode
from adjoint.site import here, is_ours, site_of, user_frame
from adjoint.tensor import Tensor

#: Characters of an error's message that are told.
LONGEST_MESSAGE = 2000


@dataclass
class Failure:
    """How a run ended before its result: what happened, where, what to do, and the operation at hand."""

    what: str
    where: str | None = None
    help: str | None = None
    #: The operation that failed and its operands, where it was one of ours.
    op: Any = None
    operands: tuple[Any, ...] = ()


@dataclass
class Recording:
    """A run (or a history) as the explanation needs it: nodes with values, and which of them are variables."""

    #: All nodes, in the order of their creation.
    nodes: list[Node] = field(default_factory=list)
    values: dict[Node, Any] = field(default_factory=dict)
    #: The call in which each operation was done, where a function was run for this explanation.
    calls: dict[Node, Call] = field(default_factory=dict)
    root: Node | None = None
    #: Leaves that are differentiated, and leaves that are not, in the order of the arguments.
    parameters: list[Node] = field(default_factory=list)
    data: list[Node] = field(default_factory=list)
    #: Those of them that are no arguments: tracked leaves which the function captured.
    captured: list[Node] = field(default_factory=list)
    #: The variables that hold leaves without names of their own.
    names: dict[Node, str | None] = field(default_factory=dict)
    #: What a reader takes for the inputs of the whole: arguments that are data, or no entries of a container.
    whole: set[Node] = field(default_factory=set)
    #: Nodes through which no gradient passes.
    dead: set[Node] = field(default_factory=set)
    title: str = ""
    #: What the function returned, where it was no recorded tensor.
    constant: Any = None
    failure: Failure | None = None
    #: Values on which the user's code may have decided what to do.
    looks: list[Look] = field(default_factory=list)
    #: The reverse walk, once it has run.
    walk: Any = None
    #: Sentences about what the explanation could not do.
    notes: list[str] = field(default_factory=list)


def record_call(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    argnums: int | Sequence[int] | None,
    title: str | None,
) -> Recording:
    """Runs ``f`` with everything recorded; raises only for arguments and results that cannot be meant."""
    given = _arguments(f, args, kwargs)
    chosen = _chosen(argnums, len(args), f)
    whole = argnums is None and not any(_is_floating(x) for _, value in given for x in flatten(value)[0])
    found = Recording(title=title if title is not None else _title_of(f))
    listener = Listener(found.dead, chosen is None)
    passed: list[Any] = []
    for position, (name, value) in enumerate(given):
        wanted = chosen is None or position in chosen
        leaves, build = flatten(value)
        named = [name + path for path in paths(value)]
        made = [
            _argument(x, n, wanted, whole or chosen is not None, found, listener)
            for x, n in zip(leaves, named, strict=True)
        ]
        passed.append(build(made))
        nodes = [x._node for x in made if type(x) is Tensor and x._node is not None]
        found.whole.update(nodes if named == [name] else [n for n in nodes if n in found.dead])
    outside = user_frame(2)
    mode = Mode().but(everything=True, dead=found.dead, listener=listener)
    token = MODE.set(mode)
    listener.stack.begin()
    try:
        out = f(*passed[: len(args)], **dict(zip(kwargs, passed[len(args) :], strict=True)))
    except Exception as error:  # noqa: BLE001  whatever the user's function raises is what is explained
        found.failure = failure_of(error)
        if isinstance(error, AdjointError):
            found.failure.op, found.failure.operands = listener.attempt
        out = None
    finally:
        listener.stack.end()
        MODE.reset(token)
    found.values, found.calls, found.looks = listener.values, listener.calls, listener.looks
    found.captured, found.names = listener.tracked, listener.names
    (found.parameters if chosen is None else found.data).extend(listener.tracked)
    found.nodes = sorted(listener.values, key=lambda n: n.seq)
    if found.failure is None:
        tensor = output(out, f)
        found.root = tensor._node
        found.constant = None if tensor._node is not None else tensor._value
        root = found.root
        if root is not None and not root.is_leaf and (root.label is None or _stands_at(outside, root)):
            root.name = _root_name(f, found)
    return found


def _arguments(f: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Every argument with the name it has in the signature; raises ArgumentError where they do not fit."""
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return [(f"x{i}", v) for i, v in enumerate(args)] + list(kwargs.items())
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(
            f"{function_name(f)} cannot be called like this: {error}.",
            where=here(),
            help=f"its signature is {function_name(f)}{signature}.",
        ) from None
    names: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{i}]" for i in range(len(args) - len(names))]
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            names.append(parameter.name)
    return list(zip(names, args)) + list(kwargs.items())


def _chosen(argnums: int | Sequence[int] | None, count: int, f: Any) -> set[int] | None:
    if argnums is None:
        return None
    asked = [argnums] if isinstance(argnums, int) else list(argnums)
    for number in asked:
        if isinstance(number, bool) or not isinstance(number, int) or not -count <= number < count:
            raise ArgumentError(
                f"argnums asks for argument {number!r}, but {function_name(f)} was called with {count} "
                f"positional argument{'' if count == 1 else 's'}.",
                where=here(),
                help="argnums counts positional arguments from 0.",
            )
    return {number % count for number in asked}


def _is_floating(value: Any) -> bool:
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return isinstance(value, float | complex) or kind in ("f", "c")


def _is_number(value: Any) -> bool:
    if type(value) is Tensor or isinstance(value, int | float | complex):
        return not isinstance(value, bool)
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fciub"


def _argument(value: Any, name: str, wanted: bool, whole: bool, found: Recording, listener: Listener) -> Any:
    """One leaf of an argument as the function receives it: a variable, data, or what it is."""
    if not _is_number(value) or (type(value) is int and not (wanted and whole)):
        return value  # a whole number may be a size or an exponent: it stays one
    if type(value) is Tensor and type(value._value) is Spec:
        raise TracedError("explain needs values, and this tensor is traced.", where=here(), help="explain outside.")
    if wanted and (whole or _is_floating(value)):
        inner = primal(value, name)
    else:
        inner = value._value if type(value) is Tensor else np.asarray(value)[()]
        wanted = False
    if isinstance(inner, np.ndarray):
        inner = np.array(inner)
    node = leaf(inner, None, (value._name if type(value) is Tensor else None) or name)
    (found.parameters if wanted else found.data).append(node)
    if not wanted:
        found.dead.add(node)
    listener.values[node] = inner
    tensor = make(inner, node)
    tensor._name = node.name
    return tensor


def _title_of(f: Any) -> str:
    name = function_name(f)
    return "" if name == "<lambda>" else name.replace("_", " ").strip()


def _stands_at(frame: FrameType, node: Node) -> bool:
    """Whether an operation was done where the frame stands: what is assigned there is the story."""
    return node.code is frame.f_code and node.lasti == frame.f_lasti


def _root_name(f: Any, found: Recording) -> str | None:
    """How the result is called that the function returned without a name: as the function, or J."""
    taken = {node.label for node in found.nodes}
    for name in (function_name(f), "J", "result"):
        if name.isidentifier() and name not in taken:
            return name
    return None


def failure_of(error: Exception, before: str = "") -> Failure:
    """An error as a failure: its three parts, or its message and the user's line from which it came."""
    if isinstance(error, AdjointError):
        return Failure(f"{before}{type(error).__name__}: {error.what}", error.where, error.help)
    where = None
    for frame, _ in _frames(error):
        file = frame.f_code.co_filename
        if not is_ours(file) and not file.startswith("<frozen "):  # Python's own imports are no line of anybody's
            site = site_of(frame.f_code, _lasti(error, frame))
            where = None if site is None else site.describe("at")
    return Failure(f"{before}{type(error).__name__}: {_message(error)}", where)


def _message(error: Exception) -> str:
    """What an error says of itself, no longer than it can be read."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  a user's class of errors may fail here as anywhere
        return "(its message cannot be written)"
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"


def _frames(error: Exception) -> Iterator[tuple[Any, int]]:
    return traceback.walk_tb(error.__traceback__)


def _lasti(error: Exception, frame: Any) -> int:
    place = error.__traceback__
    while place is not None and place.tb_frame is not frame:
        place = place.tb_next
    return -1 if place is None else place.tb_lasti
