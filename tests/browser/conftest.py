"""A real browser for the tests of pages: Debian's chromium, driven by Playwright, cut off from every network.

Where there is no browser these tests are skipped, and say so; ADJOINT_BROWSER names another one, and with
ADJOINT_BROWSER_TESTS=required a missing browser fails.
"""

import os
import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


def lacking(what):
    """Skips with a clear word, or fails where the tests must run."""
    if os.environ.get("ADJOINT_BROWSER_TESTS") == "required":
        pytest.fail(what)
    pytest.skip(what)


def browser_path():
    named = os.environ.get("ADJOINT_BROWSER")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser():
    path = browser_path()
    if path is None:
        lacking("no browser is found: install chromium, or name one with ADJOINT_BROWSER")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("playwright is not installed: pip install playwright")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


class Visit:
    """One open page: its Playwright page, every request that it made, and what its console said."""

    def __init__(self, page):
        self.page, self.requests, self.complaints = page, [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def outside(self):
        """The requests that are for neither a file nor the page itself."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:", "about:"))]


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a story, a document or a file as a page; keywords are for the context (viewport, color_scheme)."""
    contexts, visits = [], []

    def opened(what, **settings):
        settings.setdefault("viewport", {"width": 1440, "height": 900})
        settings.setdefault("reduced_motion", "reduce")
        context = browser.new_context(**settings)
        contexts.append(context)
        made = Visit(context.new_page())
        visits.append(made)
        if isinstance(what, (str, Path)):
            path = Path(what)
        else:
            path = tmp_path / f"page{len(visits)}.html"
            if hasattr(what, "save"):
                what.save(path)
            else:
                from adjoint.view.page import story_page

                path.write_text(story_page(what), encoding="utf-8")
        made.page.goto(path.as_uri())
        return made

    yield opened
    for made in visits:
        assert made.complaints == [], made.complaints
        assert made.outside() == [], "a saved page must not ask the network for anything"
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core, which finds what keeps a page from being accessible."""
    if not AXE.is_file():
        lacking("axe-core is not installed: npm ci --prefix tests/browser")
    return AXE.read_text(encoding="utf-8")
