"""A real browser for the tests of pages: Debian's chromium, driven by Playwright; one for the whole session.

Where there is no browser these tests are skipped, and say so; ADJOINT_BROWSER names another one, and with
ADJOINT_BROWSER_TESTS=required a missing browser fails. A plugin, because one process can drive one only.
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


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core, which finds what keeps a page from being accessible."""
    if not AXE.is_file():
        lacking("axe-core is not installed: npm ci --prefix tests/browser")
    return AXE.read_text(encoding="utf-8")
