"""Where a story is shown: in the notebook, in the browser, or in the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adjoint.errors import UnsupportedError

if TYPE_CHECKING:
    from adjoint.explain.story import Story


def show_story(story: Story, page: bool = False) -> None:
    """Shows a story where the user is looking.

    Raises UnsupportedError where a page is wanted and no browser can be opened.
    """
    if page:
        _in_browser(story)
        return
    shell = _notebook()
    if shell is not None:
        shell.display_pub.publish(story._repr_mimebundle_())
        return
    from adjoint.view.terminal import show

    show(story)


def _notebook() -> Any:
    """The shell of the notebook that this runs in, or None; nothing is imported to find out."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if shell is not None and hasattr(shell, "kernel") else None


def _in_browser(story: Story) -> None:
    """Opens the story's page from a private file, which stays until its reader clears temporary files away."""
    from adjoint.view.files import write_whole
    from adjoint.view.page import story_page

    folder = Path(tempfile.mkdtemp(prefix="adjoint-"))
    target = folder / "story.html"
    write_whole(target, story_page(story.to_dict()))
    os.chmod(target, 0o600)
    opened = False
    with contextlib.suppress(webbrowser.Error):
        opened = webbrowser.open(target.as_uri())
    if not opened:
        target.unlink()
        folder.rmdir()
        raise UnsupportedError(
            "no browser can be opened from here.", help='save the page, story.save("story.html"), and open that file.'
        )
