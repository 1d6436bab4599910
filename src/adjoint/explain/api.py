"""``ad.explain``: its machinery loads with the first explanation, so that ``import adjoint`` stays cheap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adjoint.explain.story import Story


def explain(
    f: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    rate: float | None = None,
    title: str | None = None,
) -> Callable[..., Story]:
    """A function that runs ``f`` at some arguments and tells what happened, forward and backward, as a Story.

    All arguments of floats are differentiated, or those that ``argnums`` names; whole numbers are
    passed as they are, unless there is no float at all. ``rate`` adds to each leaf the step that
    gradient descent would take. Whatever ``f`` raises becomes part of the story.
    Raises ArgumentError for arguments that do not fit the signature, OperandError for a result that is no number.

    >>> story = explain(lambda a, b, c, f: (a * b + c) * f)(2.0, 3.0, -10.0, 5.0)
    >>> story.value, story.gradients
    (-20.0, {'a': 15.0, 'b': 10.0, 'c': 5.0, 'f': -4.0})
    """

    def explained(*args: Any, **kwargs: Any) -> Story:
        from adjoint.explain.story import explain as tell

        return tell(f, argnums, rate, title)(*args, **kwargs)

    return explained
