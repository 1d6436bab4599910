"""A story for Graphviz: every name inside one quoted string, whatever it is; values, gradients, groups."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import adjoint as ad
from adjoint.errors import ArgumentError
from adjoint.view.dot import quoted, render
from adjoint.view.text import clean
from view.builder import random_story
from view.examples import EXAMPLES

HOSTILE = [
    '"];\nn0 -> evil; "', "\\", '\\"', "\\N\\G\\E", "<b>bold</b>", "<<t>>", "a\nb", "}", "//", "/*", "#define", "&lt;",
    "\x00\x1b[31m", "\u202egnp", "\ud800", "x" * 500, "", "node [shape=plain]", '"+"',
]  # fmt: skip

#: What may stand between strings; a string ends at the first quote that no backslash escapes.
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
WORDS = set(
    re.findall(
        r"\w+",
        "digraph graph node edge rankdir LR bgcolor fontname Helvetica fontcolor color label shape circle box "
        "plaintext peripheries n",
    )
)
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d+|->|[\[\]{}=;,\s]")


def skeleton(text: str) -> str:
    """The text with every string left out, once it is sure that nothing but known words stands between them."""
    outside = STRING.sub('""', text)
    assert PLAIN.sub("", outside.replace('""', "")) == "", outside
    return outside


def labels(text: str) -> list[str]:
    return [m[1].replace('\\"', '"').replace("\\\\", "\\") for m in re.finditer(r'label="((?:[^"\\]|\\.)*)"', text)]


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]+", skeleton(text)))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_one_string(name: str) -> None:
    text = quoted(name)
    assert STRING.fullmatch(text)
    lines = [clean(line) for line in name.split("\n")]
    assert re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text[1:-1]) == "\n".join(lines)
    text.encode("utf-8")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_change_nothing_but_labels(name: str) -> None:
    story = EXAMPLES["half_square_loss"]()
    plain = render(story)
    hostile: dict[str, Any] = {**story, "title": name, "nodes": [dict(n) for n in story["nodes"]]}
    for node in hostile["nodes"]:
        node.update({key: name for key in ("name", "symbol", "op", "note") if key in node})
    hostile["groups"] = [{"id": 0, "name": name, "at": [0, 0]}]
    found = render(hostile)
    extra = skeleton(found).replace('  subgraph cluster_0 {\n    label=""; color="";\n  }\n', "")
    assert extra == skeleton(plain)


def test_values_and_gradients_stand_in_it() -> None:
    story = ad.explain(lambda w, x: (w * x) ** 2, title="square")(3.0, -2.0)
    text = render(story.to_dict())
    assert text.startswith('digraph "square" {')
    found = labels(text)
    assert "w\\n3\\n∇ +24" in found
    assert "x\\n−2\\n∇ −36" in found
    assert "peripheries=2" in text
    assert {"−12", "+1"} & set(found)
    assert words(text) <= WORDS


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_story_has_all_nodes_and_edges(name: str, theme: Any) -> None:
    story = EXAMPLES[name]()
    text = skeleton(render(story, theme))
    assert len(re.findall(r"^ *n\d+ \[", text, re.MULTILINE)) == len(story["nodes"])
    assert len(re.findall(r"n\d+ -> n\d+", text)) == len(story["edges"])


@pytest.mark.parametrize("seed", range(0, 100, 7))
def test_random_stories(seed: int) -> None:
    skeleton(render(random_story(seed)))


def test_groups_are_nested_clusters() -> None:
    def f(x: Any) -> Any:
        with ad.scope("outer"):
            y = x * 2.0
            with ad.scope("inner"):
                y = y * y
                y = y + 1.0
            y = y * x
        return y + x * x

    document = ad.explain(f)(3.0).to_dict()
    assert {g["name"] for g in document["groups"]} >= {"outer", "inner"}
    text = render(document)
    depth, inside = 0, {}
    for line in text.splitlines():
        found = re.search(r'label="(outer|inner)"', line)
        if found:
            inside[found[1]] = depth
        depth += line.count("{") - line.count("}")
    assert depth == 0
    assert inside["inner"] == inside["outer"] + 1


def test_complex_and_extreme_values() -> None:
    nodes = [
        {"id": i, "kind": "leaf", "name": "x", "value": value, "grad": value}
        for i, value in enumerate([{"re": 1.0, "im": "NaN"}, "NaN", "-Infinity", 1e300, 0, {"shape": [0, 3]}])
    ]
    text = render({"title": "", "nodes": nodes, "edges": []})
    skeleton(text)
    assert "0×3" in text
    assert "NaN" in text


def test_a_story_is_saved_as_dot(tmp_path: Path) -> None:
    story = ad.explain(lambda w, x: w * x)(3.0, -2.0)
    story.save(tmp_path / "x.dot")
    assert (tmp_path / "x.dot").read_text(encoding="utf-8") == render(story.to_dict())
    with pytest.raises(ArgumentError, match=r"\.gv is none of its forms") as told:
        story.save(tmp_path / "x.gv")
    assert ".dot (a graph for Graphviz)" in str(told.value.help)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", HOSTILE[:4])
def test_graphviz_reads_it(name: str) -> None:
    story = EXAMPLES["half_square_loss"]()
    story["nodes"][0]["name"] = name
    subprocess.run(["dot", "-Tsvg"], input=render(story), text=True, check=True, capture_output=True)
