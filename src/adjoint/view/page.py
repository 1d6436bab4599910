"""One page that needs nothing else: the player's scripts and styles, a story, and a still picture for those without.

Scripts and styles are plain files that stand one after the other in the page; nothing is built. Imports
between them say in which order, and are then left out, so a name at the top level of a script exists once
in the whole page. The page's own policy admits these very texts by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from adjoint.errors import AdjointError
from adjoint.view.compact import compact
from adjoint.view.sheets import tight

PLAYER = "adjoint.view.player"
#: Above so many characters a story is stored deflated.
DEFLATED = 1_000_000
STYLES = ("tokens.css", "shared.css", "layout.css", "stage.css", "panels.css", "practice.css")

_IMPORT = re.compile(r'^import \{[^}]*\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class)\b)", re.MULTILINE)
_NAME = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)


class PageError(AdjointError, ValueError):
    """A script of a page breaks the rules by which scripts are put together."""


def assembled(entry: str, packages: Sequence[str] = (PLAYER,)) -> str:
    """All that a script needs and the script itself, as one text; ``packages`` are where its files may be.

    Raises PageError for an import that is in none of them and for a name that two files give.
    """
    texts: dict[str, str] = {}
    order: list[str] = []
    waiting: list[tuple[str, bool]] = [(entry, False)]
    while waiting:
        name, ready = waiting.pop()
        if ready:
            order.append(name)
            continue
        if name in texts:
            continue
        texts[name] = _read(name, packages)
        waiting.append((name, True))
        waiting += [(path.rpartition("/")[2], False) for path in _IMPORT.findall(texts[name])[::-1]]
    owner: dict[str, str] = {}
    for name in order:
        for found in _NAME.findall(texts[name]):
            if owner.setdefault(found, name) != name:
                raise PageError(f"{found} is defined in {owner[found]} and in {name}.", help="rename one of them.")
    return "".join(_bare(texts[name], name) for name in order)


def _read(name: str, packages: Sequence[str]) -> str:
    for package in packages:
        place = resources.files(package).joinpath(name)
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise PageError(f"there is no script {name!r}.", help=f"the scripts are in {', '.join(packages)}.")


def _bare(text: str, name: str) -> str:
    """A script without its imports, and with its exports as plain declarations."""
    text = _EXPORT.sub("", _IMPORT.sub("", text)).replace("export {};\n", "")
    other = re.search(r"^(?:import|export)\b.*", text, re.MULTILINE)
    if other is not None:
        raise PageError(f"{name} imports or exports in a form that is not known: {other[0][:60]}")
    return text


@cache
def player_script() -> str:
    """The script of a saved page, in few bytes."""
    return closed(assembled("boot.js"))


def closed(script: str) -> str:
    """A script in few bytes, in a function of its own, so that nothing of it is known outside."""
    return f'(()=>{{"use strict";{compact(script)}}})();'


@cache
def player_style(names: tuple[str, ...] = STYLES, packages: tuple[str, ...] = (PLAYER,)) -> str:
    """The style sheet, in few bytes."""
    return tight("".join(_read(name, packages) for name in names))


def policy(scripts: Sequence[str], styles: Sequence[str], connect: str = "'none'") -> str:
    """The content security policy that admits exactly these texts.

    >>> policy(["a()"], [])
    "default-src 'none'; script-src 'sha256-...'; style-src 'none'; img-src data: blob:; connect-src 'none'; ..."
    """
    return (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; img-src data: blob:; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'"
    )


def _hashes(texts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in texts)
    return " ".join(f"'sha256-{d}'" for d in digests) or "'none'"


def page(title: str, still: str, data: Mapping[str, str], script: str, style: str, *, meta_policy: bool = True) -> str:
    """The text of a page: title, what stands in it without scripts (trusted markup), data by the id of its element.

    Data are texts of JSON in which ``<`` is escaped; long ones are stored deflated.
    """
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
    ]
    if meta_policy:
        parts.append(f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy([script], [style]))}">')
    parts += [
        '<meta name="referrer" content="no-referrer">',
        f"<title>{html.escape(title)}</title>",
        f"<style>{style}</style></head>",
        "<body>",
        f'<div id="player">{still}</div>',
        *(_data(name, text) for name, text in data.items()),
        f"<script>{script}</script>",
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _data(name: str, text: str) -> str:
    if "<" in text:
        raise PageError("data in a page must have every < escaped.", help="write it with to_json.")
    if len(text) <= DEFLATED:
        return f'<script type="application/json" id="{html.escape(name)}">{text}</script>'
    small = base64.b64encode(zlib.compress(text.encode("utf-8"), 6)).decode()
    return f'<script type="text/plain" data-form="deflate" id="{html.escape(name)}">{small}</script>'


def story_page(document: Mapping[str, Any]) -> str:
    """A story as a page of its own that opens from the disk, offline."""
    from adjoint.explain.document import to_json
    from adjoint.view.still import still

    heading = str(document.get("title") or "A computation")
    return page(
        f"{heading} · adjoint", still(document), {"story": to_json(dict(document))}, player_script(), player_style()
    )
