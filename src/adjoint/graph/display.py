"""How things that print as text appear in a notebook: the same text, with its columns kept."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any


def wanted(forms: Mapping[str, str], include: Any = None, exclude: Any = None) -> dict[str, str]:
    """The forms that a notebook asked for.

    >>> wanted({"text/plain": "x", "text/html": "<b>x</b>"}, exclude={"text/html"})
    {'text/plain': 'x'}
    """
    return {k: v for k, v in forms.items() if (not include or k in include) and (not exclude or k not in exclude)}


class Shown:
    """The base of reports: what ``print`` writes, a notebook shows in letters of equal width.

    >>> class Report(Shown):
    ...     def __str__(self):
    ...         return "a < b"
    >>> Report()._repr_mimebundle_()["text/html"]
    '<pre>a &lt; b</pre>'
    """

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        text = str(self)
        return wanted({"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}, include, exclude)
