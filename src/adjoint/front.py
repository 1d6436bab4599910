"""The verbs that compile, explain, print and verify, under public names; what they need is loaded at first use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

# Loaded first: importing a package binds its name in ``adjoint``, and there the functions of that name shall stay.
import adjoint.compile
import adjoint.explain
import adjoint.source  # noqa: F401

if TYPE_CHECKING:
    from adjoint.explain.story import Story
    from adjoint.source.running import Source
    from adjoint.tensor import Tensor
    from adjoint.verify.kinks import KinkReport
    from adjoint.verify.report import Report
    from adjoint.verify.saved import SavedReport
    from adjoint.verify.why_zero import ZeroReport

Argnums = int | Sequence[int] | None


def _tuple(argnums: Argnums) -> Any:
    return tuple(argnums) if isinstance(argnums, list | range) else argnums


def explain(
    f: Callable[..., Any], argnums: Argnums = None, rate: float | None = None, title: str | None = None
) -> Callable[..., Story]:
    """A function that runs ``f`` at its arguments and tells what happened, forward and backward, as a Story.

    All floating arguments are differentiated, or those of ``argnums``. ``rate`` adds to each leaf the
    step that gradient descent would take. An error inside ``f`` becomes part of the story.

    >>> story = explain(lambda a, b, c, f: (a * b + c) * f)(2.0, 3.0, -10.0, 5.0)
    >>> story.value, story.gradients
    (-20.0, {'a': 15.0, 'b': 10.0, 'c': 5.0, 'f': -4.0})
    """
    from adjoint.explain.story import explain as run

    return run(f, argnums, rate, title)


def source(f: Callable[..., Any], argnums: Argnums = None) -> Callable[..., Source]:
    """A function that runs ``f`` at its arguments and prints it, with its gradient, as standalone flat Python.

    Differentiates by all floating arguments, or by those of ``argnums``. One line an operation, named
    after the user's variables, with a comment a line; it needs nothing but NumPy.

    >>> text = str(source(lambda w, x: w * x)(2.0, -3.0))
    >>> "multiply swaps" in text
    True
    """
    from adjoint.source.api import source as run

    return run(f, argnums)


def check(f: Callable[..., Any], argnums: Argnums = None, *, entries: int = 50, seed: int = 0) -> Callable[..., Report]:
    """A function that compares the derivatives of ``f`` at its arguments with numeric ones, and reports.

    Both modes against extrapolated central differences with an error bound: every entry while there
    are at most ``entries``, random directions (of ``seed``) beyond. A kink is reported and passes, a
    step function does not pass, a wrong rule is named.

    >>> report = check(lambda w, x: w * x)(2.0, -3.0)
    >>> report.ok, report["w"].verdict, report["w"].analytic
    (True, 'ok', -3.0)
    """
    from adjoint.verify.check import check as run

    return run(f, _tuple(argnums), entries=entries, seed=seed)


def kinks(f: Callable[..., Any], argnums: Argnums = None) -> Callable[..., KinkReport]:
    """A function that lists the operations of ``f`` that its arguments put exactly on a kink or a step.

    >>> [(k.place.name, k.count) for k in kinks(lambda x: abs(x) + x)(0.0)]
    [('abs', 1)]
    """
    from adjoint.verify.kinks import kinks as run

    return run(f, _tuple(argnums))


def why_zero(f: Callable[..., Any], argnums: Argnums = None) -> Callable[..., ZeroReport]:
    """A function that says of every zero gradient of ``f`` at its arguments why it is zero.

    No path, cut at an operation, masked everywhere, local derivative 0, upstream 0, branches that
    cancel, or underflow; with the user's line.

    >>> why_zero(lambda x, y: x * 1.0)(2.0, 3.0)["y"].reason
    'no path'
    """
    from adjoint.verify.why_zero import why_zero as run

    return run(f, _tuple(argnums))


def compile(
    f: Any = None,
    *,
    backend: str = "llvm",
    cache: bool = True,
    static_argnums: int | str | Sequence[int | str] = (),
    donate: int | str | Sequence[int | str] = (),
    guard: bool = False,
    strict: bool = False,
    namespace: Any = None,
) -> Any:
    """The function as a program: traced once for each kind of arguments, optimised, and run without Python's steps.

    ``f`` is a function, a method, any transform of one (``compile(value_and_grad(f))``), a tensor with a
    recorded history, or a Graph. Also a decorator, with or without keywords. The result (an
    ``Executable``) takes what ``f`` takes, returns the same types, and can be differentiated.

    ``backend`` is "llvm" (native code) or "python" (flat NumPy text); ``cache`` keeps native code on disk.
    Arguments of ``static_argnums`` are settings: each value has its own program. The buffers of ``donate``
    may be overwritten by results. ``guard`` follows Python branches on values, and traces again where
    they change. ``strict`` forbids rewrites that change last bits. ``namespace`` is a NumPy-like module
    on whose arrays the flat text runs.

    Raises TracedError for a branch on a traced value, CallError for arguments that do not fit, SizeError
    for arrays that memory cannot hold.

    >>> fast = compile(lambda x, y: x * y + 1.0, backend="python")
    >>> fast(2.0, 3.0)
    7.0
    """
    from adjoint.compile.api import compile as run

    return run(
        f,
        backend=backend,
        cache=cache,
        static_argnums=static_argnums,
        donate=donate,
        guard=guard,
        strict=strict,
        namespace=namespace,
    )


def saved(tensor: Tensor) -> SavedReport:
    """What the graph below a tensor holds in memory for its backward pass: by which operation, how much, and why.

    >>> import adjoint as ad
    >>> x = ad.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> saved(x * x).total
    16
    """
    from adjoint.verify.saved import saved as run

    return run(tensor)


def set_kernels(name: str) -> Any:
    """Choose what computes elementwise work on large arrays in eager mode: "numpy" (the default) or "native".

    Native kernels are compiled loops for those operations of float32 and float64 arrays in which NumPy is
    slower on this machine (sin, cos, erf, sigmoid, logaddexp, hypot, remainder, ...); each is compiled when
    first met and kept on disk. Their results may differ from NumPy's in the last two bits, and they make no
    floating-point warnings. It holds for the whole process; as a context manager, until its end.

    Raises ArgumentError for another name, or where llvmlite is missing.

    >>> import numpy as np, adjoint.numpy as anp
    >>> x = np.linspace(0.0, 1.0, 5000)
    >>> with set_kernels("native"):
    ...     y = anp.sin(x)
    >>> bool(np.allclose(y.value, np.sin(x), rtol=1e-15))
    True
    """
    from adjoint.compile.eager import set_kernels as run

    return run(name)
