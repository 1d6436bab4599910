"""Every example of the README gives the output that stands there."""

import doctest
import re
from pathlib import Path

import adjoint as ad

ROOT = Path(__file__).resolve().parent.parent


def test_the_readme_s_examples_are_real():
    failures, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried > 15
    assert failures == 0


def test_the_readme_names_the_test_command_and_its_pages_exist():
    text = (ROOT / "README.md").read_text()
    assert "\n./run test" in text
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_picture_is_the_engine_s_own(tmp_path):
    def loss(w, x, b, y):
        c = w * x
        s = c + b
        d = s - y
        return 0.5 * d**2

    ad.explain(loss, title="J = ½ (wx + b − y)²")(2.0, -2.0, 8.0, 2.0).save(tmp_path / "loss.svg")
    drawn, shown = ((folder / "loss.svg").read_text() for folder in (tmp_path, ROOT / "docs"))
    assert re.sub(r"line \d+", "line", drawn) == re.sub(r"line \d+", "line", shown)
