"""How things that print as text appear in a notebook: the same text, with its columns kept."""

from __future__ import annotations

import html
from typing import Any


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
        forms = {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}
        return {k: v for k, v in forms.items() if (not include or k in include) and (not exclude or k not in exclude)}
