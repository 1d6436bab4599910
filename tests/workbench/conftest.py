"""What the tests of the workbench are given: a file of a user, a server, and pages of it."""

import pytest

from workbench.pages import Bench, started
from workbench.pools import MODEL


@pytest.fixture
def first(tmp_path):
    file = tmp_path / "model.py"
    file.write_text(MODEL, encoding="utf-8")
    return {"file": {"target": f"{file}:f", "values": ["x=3", "what=0"], "inputs": None}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with started(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def bench(browser, server):
    """A page of the workbench; it must have asked nobody but its own server, and complained of nothing."""
    opened = []

    def fresh(fragment="", **settings):
        opened.append(Bench(browser, server, fragment, **settings))
        return opened[-1]

    yield fresh
    for one in opened:
        one.close()
