"""Story: one computation told whole, forward and backward; every view reads this one document."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adjoint.errors import ArgumentError
from adjoint.explain import words
from adjoint.explain.cost import Kept, cost_of, counted, memory_of
from adjoint.explain.document import document, to_json
from adjoint.explain.history import record_graph, record_history
from adjoint.explain.items import lay_out
from adjoint.explain.kinks import kink_notes, mark_kinks
from adjoint.explain.listing import Listing, listing_of
from adjoint.explain.nudge import nudges
from adjoint.explain.passes import BackwardStep, fill_values, walk_back
from adjoint.explain.plain import plain
from adjoint.explain.recording import Recording, failure_of, record_call
from adjoint.explain.report import report
from adjoint.explain.responsibility import leaf_table, mark_zeros
from adjoint.explain.stationary import kind_of_point
from adjoint.graph.graph import Graph
from adjoint.graph.text import clean
from adjoint.tensor import Tensor

NOTHING = "Nothing to show: the function did no operation on a tracked input."


class Story:
    """A computation with every step forward and backward, in numbers and in words.

    Made by ``ad.explain(f)(*args)``, ``loss.explain()`` or ``graph.explain(...)``. ``print`` writes it
    as text; ``show`` writes it in colours; ``save`` writes it to a file; ``to_json`` gives the document
    that every view reads (its schema is ``docs/story.schema.json``).

    >>> import adjoint as ad
    >>> story = ad.explain(lambda w, x: (w * x) ** 2)(3.0, -2.0)
    >>> story.gradients
    {'w': 24.0, 'x': -36.0}
    """

    def __init__(self, recording: Recording, rate: float | None = None) -> None:
        self.recording = recording
        self.title = recording.title
        self.rate = rate
        #: How the run ended, where it did not end well.
        self.failure = recording.failure
        self.notes = list(recording.notes)
        self.board = lay_out(recording)
        unknown = fill_values(self.board)
        lost = [i for i in unknown if i.name and (self.failure is None or i.node is not None)]
        if lost:
            names = ", ".join(i.name for i in lost[:8]) + (f" and {len(lost) - 8:,} more" if len(lost) > 8 else "")
            self.notes.append(f"The history did not keep what it takes to compute {names} again.")
        self.backward: list[BackwardStep] = []
        try:
            self.backward = walk_back(self.board, recording)
        except Exception as error:  # noqa: BLE001  a user's own rule may raise anything
            self.failure = failure_of(error, "The backward pass failed. ")
        kinks = mark_kinks(self.board)
        mark_zeros(self.board, self.backward)
        self.leaf_rows = leaf_table(self.board, rate)
        self.row_of = {row.node: row for row in self.leaf_rows}
        self.nudges, left_out = nudges(self.board)
        if left_out:
            self.notes.append(left_out)
        self.notes += kink_notes(kinks, self.backward)
        self.stationary = kind_of_point(self.board, recording, kinks)
        recording.walk = None  # the recorded gradient has served
        self.cost = cost_of(self.board)
        self.kept = memory_of(self.board)
        self.kept_by: dict[int, list[Kept]] = {}
        for one in self.kept:
            self.kept_by.setdefault(one.by, []).append(one)
        self.formula = words.whole_formula(self.board)
        if self.board.root is not None and self.board.root.dead and self.board.operations:
            self.notes.append("No gradient reaches any input: nothing that is differentiated leads to the result.")
        self._listing: Listing | None = None

    @property
    def heading(self) -> str:
        """The title, or what the result is called."""
        return self.title or (self.board.root.name if self.board.root is not None else "") or "A computation"

    @property
    def nothing(self) -> str:
        """What is said where there is no operation to tell of, or ""."""
        return "" if self.board.operations or self.failure is not None or self.board.root is not None else NOTHING

    @property
    def value(self) -> Any:
        """The result: a number, or an array of one's own; None where the run failed."""
        root = self.board.root
        return _handed(self.recording.constant if root is None else root.value)

    @property
    def gradients(self) -> dict[str, Any]:
        """The gradient by each differentiated leaf, by its name, at full precision (none after a failed run)."""
        return {i.name: _handed(i.grad) for i in self.board.parameters if i.grad is not None}

    def values(self, name: str) -> tuple[Any, Any]:
        """The value and the gradient of a leaf or intermediate, whole and at full precision (None: it has none).

        Raises ArgumentError for a name that the story does not have.

        >>> import adjoint as ad
        >>> def f(x):
        ...     y = x * x
        ...     return y + y
        >>> ad.explain(f)(3.0).values("y")
        (9.0, 2.0)
        """
        for item in self.board.items:
            if item.name == name:
                return _handed(item.value), _handed(item.grad)
        raise ArgumentError(
            f"the story has no value named {name!r}.",
            help="it has " + ", ".join(i.name for i in self.board.items[:20] if i.name) + ".",
        )

    def source(self) -> str:
        """The computation and its gradient as flat Python, with a comment a line (or a comment that says why not)."""
        return self.listing.text

    @property
    def listing(self) -> Listing:
        """The flat source with the step that each of its lines belongs to."""
        if self._listing is None:
            self._listing = listing_of(self.board, self.recording)
        return self._listing

    def text(self, width: int = 100) -> str:
        """The story as plain text, without colours and control characters."""
        return plain(report(self), width)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Story {clean(self.heading)}: {counted(len(self.board.operations), 'operation')}>"

    def to_dict(self) -> dict[str, Any]:
        """The document of this story as plain dicts, lists, numbers and text."""
        return document(self)

    def to_json(self) -> str:
        """The document as one line of JSON; numbers are written in full, and NaN as "NaN"."""
        return to_json(self.to_dict())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from adjoint.view import notebook

        return notebook.story_bundle(self, include, exclude)

    def show(self, page: bool = False) -> None:
        """Shows the story: in a notebook the player, in a terminal the text in colours; ``page=True``: in the browser.

        Raises UnsupportedError where a page is wanted and no browser can be opened.
        """
        from adjoint.view.showing import show_story

        show_story(self, page)

    def save(self, path: str | os.PathLike[str], view: Any = "wire", theme: Any = "light") -> None:
        """Writes the story to a file, whole or not at all: a page (.html), a picture (.svg), .json, .dot or .txt.

        The page is the player with the story in it: one file that needs nothing else. ``view`` and ``theme`` are
        for pictures.

        Raises ArgumentError for another suffix, InputFileError where the file cannot be written.
        """
        from adjoint.view.files import save_story

        save_story(self, path, view, theme)


def explain(
    f: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    rate: float | None = None,
    title: str | None = None,
) -> Callable[..., Story]:
    """What ``ad.explain`` is (see there), for those who have loaded this module already."""

    def explained(*args: Any, **kwargs: Any) -> Story:
        return Story(record_call(f, args, kwargs, argnums, title), rate)

    return explained


def explain_tensor(t: Tensor, rate: float | None = None, title: str | None = None) -> Story:
    """The story of a tensor's recorded history; what was freed is computed again from the leaves.

    >>> import adjoint as ad
    >>> w = ad.tensor(3.0, requires_grad=True, name="w")
    >>> J = w * w
    >>> explain_tensor(J).gradients
    {'w': 6.0}
    """
    return Story(record_history(t, title), rate)


def explain_graph(
    graph: Graph, values: Mapping[str, Any], rate: float | None = None, title: str | None = None
) -> Story:
    """The story of a graph at these values of its inputs, by name.

    >>> import adjoint as ad
    >>> g = ad.Graph.define({"c": ("multiply", "w", "x")}, output="c")
    >>> explain_graph(g, {"w": 2.0, "x": 5.0}).gradients
    {'w': 5.0, 'x': 2.0}
    """
    return Story(record_graph(graph, values, title), rate)


def _handed(value: Any) -> Any:
    """A value for the user: Python numbers for scalars, arrays of their own."""
    if value is None or type(value) in (bool, int, float, complex):
        return value
    if isinstance(value, tuple):
        return tuple(map(_handed, value))
    return np.array(value) if np.ndim(value) else np.asarray(value)[()].item()
