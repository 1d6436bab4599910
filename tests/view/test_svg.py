"""The written SVG: well formed, harmless, self-contained, complete, and saved whole or not at all."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from adjoint.errors import AdjointError, ArgumentError, InputFileError
from adjoint.view.svg import render, save
from adjoint.view.text import clean, escape, shorten, text_width
from view.builder import Builder, random_story
from view.examples import EXAMPLES

GOLDEN = Path(__file__).parent.parent / "golden" / "svg"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "]]>",
    '"onload="alert(1)',
    "a&b;&amp;&#60;",
    "bell\x07null\x00esc\x1b[31m",
    "\ud800broken\ufffe",
    "\u202egnp.exe",
    "-->",
    "x" * 500,
    "'; drop",
    "",
]


def texts(svg: str, tag: str = "text") -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(SVG + tag)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", ["wire", "textbook"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_golden(name: str, view: Any, theme: Any) -> None:
    """Set ADJOINT_GOLDEN=write to write the pictures anew, then look at them."""
    svg = render(EXAMPLES[name](), view, theme)
    ET.fromstring(svg)
    if theme == "dark":
        return
    path = GOLDEN / f"{name}.{view}.svg"
    if os.environ.get("ADJOINT_GOLDEN") == "write":
        path.write_text(svg, "utf-8")
    assert path.read_text("utf-8") == svg


@pytest.mark.parametrize("seed", range(0, 200, 5))
def test_random_pictures_are_well_formed(seed: int) -> None:
    for view in ("wire", "textbook"):
        ET.fromstring(render(random_story(seed), view, "dark"))


def test_the_worked_example_shows_both_passes() -> None:
    shown = texts(render(EXAMPLES["half_square_loss"]()))
    for text in ("w", "×", "c−4", "a4", "d2", "J", "−4", "+4", "+2", "−2", "+1"):
        assert text in shown


def hostile_story(name: str) -> dict[str, Any]:
    build = Builder(name, name)
    a, b = build.leaf(name, 2), build.leaf("b", 3)
    c = build.op("multiply", a, b, name=name)
    story = build.story(build.op("square", c, name=name))
    for node in story["nodes"]:
        if node["kind"] == "op":
            node.update(symbol=name, op=name, note=name, spec=name, site=name)
    story["outcome"] = {"status": "failed", "node": 2, "what": name}
    return story


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("view", ["wire", "textbook"])
def test_hostile_names(name: str, view: Any) -> None:
    svg = render(hostile_story(name), view)
    root = ET.fromstring(svg)
    allowed = {"svg", "g", "title", "desc", "text", "tspan", "rect", "circle", "path", "polygon"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    assert not any(key.lower().startswith("on") or "href" in key for element in root.iter() for key in element.attrib)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff\ufffe\uffff]", svg)
    svg.encode("utf-8")
    if len(clean(name)) > 12:
        assert shorten(name) in " ".join(texts(svg))
        assert any(clean(name) in title for title in texts(svg, "title"))


def test_self_contained() -> None:
    for name, make in EXAMPLES.items():
        svg = render(make())
        assert "<style" not in svg, name
        assert "<image" not in svg
        assert "url(" not in svg
        assert svg.count("http") == 1  # the namespace


def test_title_and_description_for_readers_that_cannot_see() -> None:
    root = ET.fromstring(render(EXAMPLES["product_of_sum"]()))
    assert root[0].tag == SVG + "title"
    assert root[1].text is not None
    assert "The result L is −20." in root[1].text
    assert "a is 2, its gradient is +15." in root[1].text
    assert root.get("role") == "img"


def test_not_a_number_has_the_bad_colours_and_a_cross() -> None:
    svg = render(EXAMPLES["broken"]())
    assert "#A3192E" in svg
    assert "NaN first appears at log (line 4)." in texts(svg)


def test_a_parameter_that_leads_nowhere_says_so() -> None:
    build = Builder()
    a, _ = build.leaf("a", 2), build.leaf("b", 3)
    assert "no path to J" in texts(render(build.story(build.op("square", a, name="J"))))


def test_complex_numbers_and_empty_tensors() -> None:
    story = EXAMPLES["half_square_loss"]()
    story["nodes"][0]["value"] = {"re": 1.2, "im": 3.4}
    story["nodes"][0]["grad"] = {"re": 0, "im": -1}
    story["nodes"][1]["value"] = {"shape": [0, 3], "dtype": "f64", "pos": 0, "neg": 0, "nan": 0, "inf": 0}
    shown = texts(render(story))
    assert "1.2 + 3.4i" in shown
    assert "0 − 1i" in shown
    assert "0×3" in shown


def test_text_helpers() -> None:
    assert shorten("abcdefghijkl") == "abcdefghijkl"
    assert len(shorten("abcdefghijklm")) == 12
    assert escape("'") == "&#39;"
    assert text_width("iii", 10) < text_width("mmm", 10)


def test_save_writes_the_picture(tmp_path: Path) -> None:
    target = tmp_path / "loss.svg"
    target.write_text("old")
    save(EXAMPLES["routed"](), target, "textbook", "dark")
    assert target.read_text("utf-8") == render(EXAMPLES["routed"](), "textbook", "dark")
    assert [path.name for path in tmp_path.iterdir()] == ["loss.svg"]
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


def test_save_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story = EXAMPLES["routed"]()
    with pytest.raises(InputFileError, match="cannot write"):
        save(story, tmp_path / "missing" / "loss.svg")
    with pytest.raises(InputFileError, match="cannot write"):
        save(story, tmp_path)
    with pytest.raises(InputFileError, match="cannot write"):
        save(story, tmp_path / "null\x00.svg")
    with pytest.raises(ArgumentError, match="no theme"):
        save(story, tmp_path / "loss.svg", theme="pink")  # type: ignore[arg-type]

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(AdjointError, match="No space left"):
        save(story, tmp_path / "loss.svg")
    assert list(tmp_path.iterdir()) == []
