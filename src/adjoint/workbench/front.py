"""The page of the workbench: one document with its scripts and styles in it, and the policy that admits only them."""

from __future__ import annotations

import json
from functools import cache
from typing import NamedTuple

from adjoint.view import page as views
from adjoint.workbench.protocol import VERSION

#: Where the page's own scripts are; what they import may be the player's.
SCRIPTS = "adjoint.workbench.page"
ENTRY, STYLE = "workbench.js", "workbench.css"


class Page(NamedTuple):
    """The text of a page and the policy that it is sent with."""

    text: bytes
    policy: str


def workbench_page(token: str, start: dict[str, object]) -> Page:
    """The page as it is sent to a browser; ``start`` says what it opens with.

    The token stands in the element ``adjoint-workbench``. The page keeps it in the tab's own storage under
    ``adjoint-token``, takes it out of the address bar, and sends it with every request.
    """
    script, style = _texts()
    data = json.dumps({"token": token, "version": VERSION, **start}).replace("<", "\\u003c")
    text = views.page(
        "adjoint workbench",
        "<p>The workbench needs scripts, which are switched off in this browser.</p>",
        {"adjoint-workbench": data},
        script,
        style,
        meta_policy=False,
    )
    return Page(text.encode("utf-8", "xmlcharrefreplace"), _policy(script, style, "'self'"))


@cache
def _texts() -> tuple[str, str]:
    packages = (SCRIPTS, views.PLAYER)
    return views.closed(views.assembled(ENTRY, packages)), views.player_style((*views.STYLES, STYLE), packages)


def _policy(script: str, style: str, connect: str) -> str:
    return views.policy([script], [style], connect) + "; frame-ancestors 'none'"


_ASK = """"use strict";
const key = "adjoint-token";
let known = null;
try { known = sessionStorage.getItem(key); } catch { /* storage is refused: the sentence below stands */ }
const asked = new URLSearchParams(location.search).has("token");
if (known && !asked) location.replace("/?token=" + encodeURIComponent(known) + location.hash);
else if (asked) { try { sessionStorage.removeItem(key); } catch { /* nothing was kept */ } }
"""


def lost_page() -> Page:
    """What is sent to a tab without the token: after a reload it has one of its own, and comes back with it."""
    text = views.page(
        "adjoint workbench",
        "<p>This page opens with the address that the terminal shows, which holds the token of this run.</p>",
        {},
        _ASK,
        "",
        meta_policy=False,
    )
    return Page(text.encode(), _policy(_ASK, "", "'none'"))
