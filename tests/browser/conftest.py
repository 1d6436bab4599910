"""Pages in a browser that is cut off from every network; the browser itself comes from the plugin ``chromium``."""

from pathlib import Path

import pytest


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
