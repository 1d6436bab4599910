"""What a page can take away: the story as a page, a picture, a document, a graph, source, or text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.errors import ArgumentError
from adjoint.explain.story import Story
from adjoint.expression.place import shown
from adjoint.view import dot, svg
from adjoint.view.page import story_page
from adjoint.workbench.limits import afford
from adjoint.workbench.protocol import Limits
from adjoint.workbench.stories import rate_of, told
from adjoint.workbench.subjects import Subject

THEMES, VIEWS = ("light", "dark"), ("wire", "textbook")

Write = Callable[[Story, Any, Any], str]

#: For each form: the suffix, the type, and who writes it. A PNG is drawn by the page, from the picture.
FORMS: dict[str, tuple[str, str, Write]] = {
    "html": ("html", "text/html", lambda story, view, theme: story_page(story.to_dict())),
    "svg": ("svg", "image/svg+xml", lambda story, view, theme: svg.render(story.to_dict(), view, theme)),
    "json": ("json", "application/json", lambda story, view, theme: story.to_json() + "\n"),
    "dot": ("dot", "text/vnd.graphviz", lambda story, view, theme: dot.render(story.to_dict(), theme)),
    "source": ("py", "text/x-python", lambda story, view, theme: story.source()),
    "text": ("txt", "text/plain", lambda story, view, theme: f"{story}\n"),
}


def export_answer(subject: Subject, body: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """The answer to ``/api/export``: a name for the file, its type, and its text."""
    form = body.get("format")
    if not isinstance(form, str) or form not in FORMS:
        raise ArgumentError(
            f"a story cannot be exported as {shown(str(form))}.", help=f"possible are {', '.join(FORMS)}."
        )
    view, theme = body.get("view", "wire"), body.get("theme", "light")
    if view not in VIEWS or theme not in THEMES:
        raise ArgumentError(
            "a picture has a view and a theme.", help=f"views are {', '.join(VIEWS)}; themes are {', '.join(THEMES)}."
        )
    afford(subject, limits)
    suffix, kind, write = FORMS[form]
    text = write(told(subject, rate_of(body)), view, theme)
    return {"name": f"{file_name(subject.title)}.{suffix}", "type": kind, "text": text}


def file_name(title: str) -> str:
    """A name for a file that is safe everywhere: letters, digits and dashes.

    >>> file_name("Two-input neuron: w0*x0"), file_name("../../etc"), file_name("∂")
    ('two-input-neuron-w0-x0', 'etc', 'story')
    """
    plain = "".join(c if c.isascii() and c.isalnum() else " " for c in title.lower())
    return "-".join(plain.split())[:40].strip("-") or "story"
