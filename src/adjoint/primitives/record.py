"""Primitive: everything the engine knows about one operation, in one record.

A derivative rule is a plain function of a namespace ``xp`` and of the things that its parameters
name: with NumPy as ``xp`` it computes, with adjoint's own functions it records. The names say what
the forward pass must keep, so "what is held in memory, and why" can be read from the record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adjoint.errors import RecordError
from adjoint.graph.node import Node

#: Positions of the single-letter names in the saved layout (x, y, z, ..., out).
LETTERS = ("x", "y", "z")

#: pull(xp, g, saved, node) -> cotangent of one input; push and pull_all work on all inputs at once.
Rule = Callable[..., Any]

FAMILIES = ("elementwise", "router", "reduce", "linear", "bilinear", "opaque", "blocked", "leaf")


@dataclass(frozen=True, eq=False, repr=False)
class Primitive:
    """One operation: value, shapes, derivatives, code and words.

    Built by the constructors in ``families.py``, which derive ``pulls``, ``push`` and the rest from
    the least that the family needs. Compared and hashed by identity.
    """

    name: str
    family: str
    gate: str
    value: Callable[..., Any]
    spec: Callable[..., Any]
    arity: int | None
    params: tuple[str, ...] = ()
    several: bool = False
    #: Reverse mode, one rule an input (None: no derivative by that input); for real and complex outputs.
    pulls: tuple[Rule | None, ...] = ()
    pulls_conj: tuple[Rule | None, ...] = ()
    #: Reverse mode for all inputs at once, where rules come together (opaque, variadic, several outputs).
    pull_all: Rule | None = None
    #: Forward mode: push(xp, tangents, saved, node) -> tangent(s) of the output(s); None = zero.
    push: Rule | None = None
    #: What each input's rules keep: names among x, y, z, out, xs, outs, indices.
    needs: tuple[frozenset[str], ...] = ()
    #: local(xp, saved, node) of each input, where the derivative is one factor an element.
    locals: tuple[Rule | None, ...] = ()
    #: How a structural-zero mask passes: "elementwise" (unchanged), "moves" (by the adjoint itself), "router"
    #: (born where the weight is 0), "" (it ends here). Movement may also give birth to masks: "places" on the way
    #: back (what was not picked), "fills" on the way forward (what was filled up), "writes" in both.
    mask: str = ""
    #: accumulate(xp, acc, g, saved, node) -> acc with the first input's cotangent added, in place where xp computes.
    accumulate: Rule | None = None
    #: lift(node) -> the saved values for a walk that records, where they are not laid out as (x, y, ..., out).
    lift: Callable[[Node], Any] | None = None
    #: The local derivatives are finite wherever the inputs are, so masked cotangents need no select.
    bounded: bool = False
    view: bool | Callable[..., bool] = False
    #: kinds of dtypes for which it is defined: f float, c complex (i and b compute but do not differentiate).
    dtypes: str = "f"
    symbol: str = ""
    formula: str = ""
    slopes: tuple[str, ...] = ()
    verb: str = ""
    words: str = ""
    reason: str = ""
    #: Text of the operation in flat source: a template over operand names, or a function of (operands, node).
    python: str | Callable[..., str] = ""
    #: Helper functions, in NumPy terms, that the flat source prints when it uses this operation.
    helpers: tuple[str, ...] = ()
    #: The operation on a batch: ``batch(xp, size, xs, flags, **params)``, see batching.py.
    batch: Callable[..., Any] | None = None
    #: Scalar code through a kit, ``emit(k, *operands, **params)``; of a reduction ``(init, step(k, acc, x))``.
    emit: Any = None
    domain: str = "all reals"
    kinks: str = ""
    #: Where operands stand exactly on a kink or a step, as truth values: ``at_kink(*operands, **params)``, in NumPy.
    at_kink: Callable[..., Any] | None = None
    source: str = ""
    _flags: dict[int, tuple[bool, ...]] = field(default_factory=dict)
    #: The reverse walk may take its short way: one rule an input, no mask born, one output. Derived.
    hot: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        hot = (
            bool(self.pulls)
            and None not in self.pulls
            and self.mask in {"elementwise", "moves", "fills", ""}
            and not self.several
        )
        object.__setattr__(self, "hot", hot and self.pull_all is None and self.accumulate is None)

    @property
    def differentiable(self) -> bool:
        """Whether gradients pass at all."""
        return self.family not in {"blocked", "leaf"}

    def flags(self, tracked: int) -> tuple[bool, ...]:
        """Which entries of the saved layout must be kept when the inputs of the bit mask are tracked.

        The layout is ``(x, y, ..., out)`` for a fixed number of inputs and ``(xs, out)`` for any number;
        there a third flag says that of ``xs`` the integer and boolean operands must be kept.
        """
        known = self._flags.get(tracked)
        if known is None:
            names: set[str] = set()
            for i in range(len(self.needs)):
                if self.arity is None or tracked >> i & 1:
                    names |= self.needs[i]
            if self.arity is None:
                known = ("xs" in names or "x" in names, bool(names & {"out", "outs"}), "indices" in names)
            else:
                known = (
                    *("xs" in names or LETTERS[i] in names for i in range(self.arity)),
                    bool(names & {"out", "outs"}),
                )
            self._flags[tracked] = known
        return known

    def is_view(self, node_or_params: dict[str, Any] | None) -> bool:
        """Whether NumPy would return a view of the input for these parameters."""
        return self.view(**(node_or_params or {})) if callable(self.view) else self.view

    def __repr__(self) -> str:
        return f"<primitive {self.name}: {self.family}, {self.gate}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_lookup, (self.name,))


REGISTRY: dict[str, Primitive] = {}


class Namespace:
    """The functions that a rule may use, by name: ``xp``. One instance computes, another records."""

    def __repr__(self) -> str:
        return f"<namespace of {len(vars(self))} functions>"


#: The namespace of plain NumPy values.
NUMPY = Namespace()


def register(primitive: Primitive) -> Primitive:
    """Adds a record to the registry and to the NumPy namespace; raises RecordError for a second of its name."""
    if primitive.name in REGISTRY:
        raise RecordError(f"there are two records named {primitive.name!r}.")
    if primitive.family not in FAMILIES:
        raise RecordError(f"{primitive.name}: unknown family {primitive.family!r}.")
    REGISTRY[primitive.name] = primitive
    setattr(NUMPY, primitive.name, primitive.value)
    return primitive


def _lookup(name: str) -> Primitive:
    return REGISTRY[name]


def rule_names(rule: Callable[..., Any]) -> tuple[str, ...]:
    """The parameter names of a rule after ``xp``."""
    code = rule.__code__
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if not names or names[0] != "xp":
        raise RecordError(f"the rule {rule!r} must take xp as its first parameter.")
    return names[1:]


def kept(names: Sequence[str], arity: int | None) -> frozenset[str]:
    """Those of a rule's names that must be saved."""
    letters = LETTERS[: arity or 0] if arity is not None else ("x",)
    return frozenset(n for n in names if n in {*letters, "out", "xs", "outs", "indices"})


def bind(
    owner: str, rule: Callable[..., Any], arity: int | None, params: Sequence[str], extra: Sequence[str] = ()
) -> Rule:
    """Turns a rule with named parameters into ``call(xp, g, saved, node)``.

    ``extra`` names further values that the caller passes after the node (tangents ``t``, index ``i``).
    Raises RecordError for a name that stands for nothing.
    """
    names = rule_names(rule)
    getters = [_getter(owner, n, arity, params, extra) for n in names]
    if len(getters) == 1:
        first = getters[0]
        return lambda xp, g, s, n, *e: rule(xp, first(g, s, n, e))
    if len(getters) == 2:
        one, two = getters
        return lambda xp, g, s, n, *e: rule(xp, one(g, s, n, e), two(g, s, n, e))
    return lambda xp, g, s, n, *e: rule(xp, *[get(g, s, n, e) for get in getters])


def saved_index(name: str, arity: int | None) -> int | None:
    """The position of a name in the saved layout, or None when it is not there."""
    last = 1 if arity is None else arity
    if name in {"out", "outs"}:
        return last
    if arity is not None and name in LETTERS[:arity]:
        return LETTERS.index(name)
    return None


def _getter(owner: str, name: str, arity: int | None, params: Sequence[str], extra: Sequence[str]) -> Rule:
    if name == "g":
        return lambda g, s, n, e: g
    index = saved_index(name, arity)
    if index is not None:
        return lambda g, s, n, e: s[index]
    if name == "xs":
        return (lambda g, s, n, e: s[0]) if arity is None else (lambda g, s, n, e: s[:arity])
    if name == "x" and arity is None:
        return lambda g, s, n, e: s[0][0]
    if name == "indices" and arity is None:
        return lambda g, s, n, e: (s and s[0]) or ()
    if name in extra:
        position = list(extra).index(name)
        return lambda g, s, n, e: e[position]
    if name == "out_spec":
        return lambda g, s, n, e: n.spec
    if name == "outs_spec":
        return lambda g, s, n, e: n.specs
    if name == "xs_spec":
        return lambda g, s, n, e: tuple(n.input_spec(i) for i in range(len(n.inputs)))
    if name.endswith("_spec") and name[:-5] in LETTERS:
        position = LETTERS.index(name[:-5])
        return lambda g, s, n, e: n.input_spec(position)
    if name in params:
        return lambda g, s, n, e: n.params[name]
    raise RecordError(
        f"{owner}: a rule asks for {name!r}, which is no input, output, spec or parameter of it.",
        help=f"allowed: xp, g, x, y, z, out, x_spec, ..., xs, outs, {', '.join(params)}.",
    )


def node_saved(node: Node) -> Any:
    """The saved tuple of a node (never None)."""
    return node.saved if node.saved is not None else (None,) * ((node.op.arity or 1) + 1)
