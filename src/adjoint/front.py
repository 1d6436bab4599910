"""The verbs that explain and verify, under their public names; what they need is loaded when first used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adjoint.explain.story import Story
    from adjoint.source.api import Source
    from adjoint.verify.check import Report


def explain(f: Callable[..., Any], **options: Any) -> Callable[..., Story]:
    """A function that returns the Story of ``f`` at its arguments: both passes, step by step, in words.

    Options: ``argnums`` (which arguments are differentiated; all floating ones unless given), ``rate``
    (the step size whose effect is shown), ``title``.

    >>> story = explain(lambda w, x: w * x)(2.0, -3.0)
    >>> story.gradients["w"]
    -3.0
    """
    from adjoint.explain.story import explain as run

    return run(f, **options)


def source(f: Callable[..., Any], **options: Any) -> Callable[..., Source]:
    """A function that returns standalone Python for ``f`` and its gradient at its arguments, a line an operation.

    Options: ``argnums`` (which arguments are differentiated; all floating ones unless given).

    >>> text = str(source(lambda w, x: w * x)(2.0, -3.0))
    >>> "multiply swaps" in text
    True
    """
    from adjoint.source.api import source as run

    return run(f, **options)


def check(f: Callable[..., Any], **options: Any) -> Callable[..., Report]:
    """A function that compares the derivatives of ``f`` at its arguments with numeric ones, and reports.

    Options: ``argnums`` (which arguments are differentiated; all floating ones unless given) and those of
    adjoint.verify.check.check.

    >>> check(lambda x: x * x)(3.0).ok
    True
    """
    from adjoint.verify.check import check as run

    return run(f, **options)


def kinks(f: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """A function that lists the gates of ``f`` that its arguments put exactly on a kink.

    >>> len(kinks(lambda x: abs(x))(0.0))
    1
    """
    from adjoint.verify.kinks import kinks as run

    return run(f, **options)


def why_zero(f: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """A function that says of every zero gradient of ``f`` at its arguments why it is zero.

    >>> why_zero(lambda x, y: x * 1.0)(2.0, 3.0)["y"].reason
    'no path'
    """
    from adjoint.verify.why_zero import why_zero as run

    return run(f, **options)


def saved(tensor: Any) -> Any:
    """What is held in memory below a tensor for its backward pass: what, by which operation, and why."""
    from adjoint.verify.saved import saved as run

    return run(tensor)
