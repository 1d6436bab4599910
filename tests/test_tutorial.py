"""The tutorial's outputs are real, its pictures the engine's own, and the pages that it names exist."""

import doctest
import re
from pathlib import Path

import tutorial

TEXT = tutorial.ROOT / "docs" / "tutorial.md"


def test_every_output_is_real():
    failures, tried = doctest.testfile(str(TEXT), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried > 15
    assert failures == 0


def test_pages_and_pictures_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT.read_text("utf-8")):
        assert Path(TEXT.parent, target).exists(), target


def test_the_pictures_are_the_engine_s_own():
    made = {name: tutorial.drawn(story, name) for name, story in tutorial.stories().items()}
    assert sorted(made) == sorted(path.stem for path in tutorial.PICTURES.glob("*.svg"))
    for name, text in made.items():
        kept = (tutorial.PICTURES / f"{name}.svg").read_text("utf-8")
        # The last digits of what NumPy's products give differ from machine to machine.
        assert shape_of(text) == shape_of(kept), name


def shape_of(text):
    return re.sub(r"(?:; |<title>)[^<]*</title>|line \d+", "", text)
