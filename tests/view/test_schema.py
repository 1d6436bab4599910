"""The published schema accepts the example and refuses what breaks it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adjoint.view.geometry import build_scene
from adjoint.view.svg import render
from view.builder import random_story
from view.examples import EXAMPLES

jsonschema = pytest.importorskip("jsonschema")
ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "docs" / "story.schema.json").read_text("utf-8"))
EXAMPLE = json.loads((ROOT / "tests" / "golden" / "story_example.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
Story = dict[str, Any]


def test_the_schema_is_one_and_describes_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    stack = [SCHEMA]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack.extend(here)
        elif isinstance(here, dict):
            for key, field in here.get("properties", {}).items():
                if not ("if" in here or set(field) == {"const"}):
                    target = SCHEMA["$defs"].get(field.get("$ref", "").removeprefix("#/$defs/"), {})
                    assert field.get("description") or target.get("description"), key
            stack.extend(here.values())


def test_the_example() -> None:
    VALIDATOR.validate(EXAMPLE)
    scene = build_scene(EXAMPLE)
    assert sorted(box.text for box in scene.of("branch")) == ["+1", "+3"]
    assert "+4" in render(EXAMPLE)


@pytest.mark.parametrize("seed", range(0, 200, 4))
def test_random_stories(seed: int) -> None:
    VALIDATOR.validate(json.loads(json.dumps(random_story(seed), allow_nan=False)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_examples(name: str) -> None:
    VALIDATOR.validate(EXAMPLES[name]())


def tensor(**fields: Any) -> dict[str, Any]:
    return {"shape": [2], "dtype": "f64", "pos": 1, "neg": 1, "nan": 0, "inf": 0, **fields}


def put(*path: Any) -> Callable[[Story], None]:
    """Set the last item at the place that the others name."""

    def change(story: Story) -> None:
        here: Any = story
        for key in path[:-2]:
            here = here[key]
        here[path[-2]] = path[-1]

    return change


def drop(*path: Any) -> Callable[[Story], None]:
    def change(story: Story) -> None:
        here: Any = story
        for key in path[:-1]:
            here = here[key]
        del here[path[-1]]

    return change


@pytest.mark.parametrize("key", list(EXAMPLE))
def test_every_top_key_of_the_example_is_needed(key: str) -> None:
    broken = copy.deepcopy(EXAMPLE)
    del broken[key]
    assert not VALIDATOR.is_valid(broken)


@pytest.mark.parametrize(
    "change",
    [
        put("adjoint_story", 2),
        put("surprise", 1),
        put("title", None),
        put("expr", "a + b"),
        put("outcome", "status", "maybe"),
        put("outcome", {"status": "failed"}),
        put("nodes", 0, "kind", "input"),
        put("nodes", 0, "grad", None),
        put("nodes", 0, "value", "nan"),
        put("nodes", 0, "value", True),
        put("nodes", 0, "value", {"re": 1}),
        put("nodes", 0, "at", [0]),
        put("nodes", 0, "at", [0, -1]),
        put("nodes", 0, "colour", "red"),
        put("nodes", 0, "value", {"shape": [2]}),
        put("nodes", 0, "value", tensor(hist={"lo": 0, "hi": 1, "n": [1, 2]})),
        put("nodes", 0, "value", tensor(thumb={"rows": 1, "cols": 1, "scale": 1, "q": [[10]]})),
        drop("nodes", 0, "name"),
        drop("nodes", 2, "op"),
        drop("nodes", 2, "gate"),
        drop("nodes", 1, "at"),
        put("edges", 0, "src", "a"),
        put("edges", 0, "src", -1),
        drop("edges", 0, "slot"),
        drop("backward", 0, "seed"),
        put("backward", 1, "seed", 1),
        drop("backward", 1, "up"),
        drop("backward", 1, "parts", 0, "sum"),
        put("backward", 1, "parts", 0, "of", 0),
        put("backward", 1, "lines", [0]),
        drop("gates", "add", "back"),
        put("code", "def f(): ..."),
        drop("leaves", 0, "nudge", "slope"),
        put("leaves", 0, "share", 1.5),
        put("cost", "gates", 1.5),
        drop("memory", 0, "why"),
        put("exercises", [1]),
        put("stationary", {"kind": "minimum"}),
    ],
)
def test_broken_stories_are_refused(change: Callable[[Story], None]) -> None:
    broken = copy.deepcopy(EXAMPLE)
    change(broken)
    assert not VALIDATOR.is_valid(broken)


@pytest.mark.parametrize(
    "change",
    [
        put("nodes", 0, "value", "NaN"),
        put("nodes", 0, "value", {"re": 1, "im": "-Infinity"}),
        put("nodes", 0, "value", tensor(rms=1.5, slice=[1, "NaN"])),
        put("outcome", {"status": "failed", "node": 3, "what": "it broke.", "where": "a.py:3", "help": "mend it."}),
        put("stationary", {"kind": "minimum", "why": "all curvatures are positive"}),
        drop("nodes", 0, "grad"),
        put("source", {"file": "a.py", "lines": ["c = a + b"]}),
    ],
)
def test_other_good_stories(change: Callable[[Story], None]) -> None:
    story = copy.deepcopy(EXAMPLE)
    change(story)
    VALIDATOR.validate(story)
