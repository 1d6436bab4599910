"""What a large document leaves out follows from the rest: nothing is lost on the way there and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings

import adjoint as ad
import adjoint.numpy as np
from adjoint.explain.document import to_json
from adjoint.explain.grouping import LARGE
from adjoint.explain.thin import filled, thinned
from explain.networks import NETWORKS
from explain.programs import TREES, program
from explain.worked import EXAMPLES, story_of

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "story.schema.json").read_text("utf-8"))


def without_reasons(document):
    """The document without what thinning loses on purpose: why a value is kept."""
    return {**document, "memory": [{k: v for k, v in kept.items() if k != "why"} for kept in document["memory"]]}


def there_and_back(document):
    whole = json.loads(json.dumps(document))
    thin = json.loads(json.dumps(thinned(whole)))
    assert without_reasons(filled(thin)) == without_reasons(whole)
    return thin


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_worked_examples(name):
    there_and_back(story_of(name).to_dict())


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    function, arguments = NETWORKS[name]
    there_and_back(ad.explain(function)(*arguments()).to_dict())


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_random_programs(tree):
    there_and_back(ad.explain(program(tree))(0.3, -0.2, 0.7).to_dict())


def deep(x, w):
    for _ in range(150):
        x = np.tanh(x @ w) * 0.5 + x
    return np.sum(x[0] * x[-1])


def large(x):
    total = x
    for k in range(300):
        total = total * 0.99 + x / (k + 1.0)
    return total


STORIES = {
    "numbers": lambda: ad.explain(large)(0.5),
    "arrays": lambda: ad.explain(deep)(numpy.ones((2, 3)), numpy.eye(3) * 0.1),
    "infinite": lambda: ad.explain(lambda x: large(x / 0.0))(numpy.float64(1.0)),
    "failed": lambda: ad.explain(lambda x: large(x) @ numpy.ones((2, 2)))(0.5),
}


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_large_stories_are_written_thin(name):
    story = STORIES[name]()
    whole = json.loads(json.dumps(story.to_dict()))
    assert len(whole["nodes"]) > LARGE
    thin = json.loads(story.to_json())
    assert thin["thin"]
    assert without_reasons(filled(thin)) == without_reasons(whole)
    assert not any("mathml" in n or "site" in n or "id" in n for n in thin["nodes"])
    if name == "numbers":
        assert not any("parts" in step for step in thin["backward"])
        assert not any("contrib" in edge for edge in thin["edges"])
        assert len(to_json(whole)) < 330 * len(whole["nodes"]) * 0.9


def test_a_document_that_is_whole_is_left_as_it_is():
    document = ad.explain(lambda x: x * x)(2.0).to_dict()
    assert filled(document) == document
    assert "thin" not in json.loads(to_json(document))


def test_both_forms_follow_the_schema():
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for name in ("numbers", "arrays"):
        story = STORIES[name]()
        validator.validate(json.loads(json.dumps(story.to_dict())))
        thin = json.loads(story.to_json())
        validator.validate(thin)
        del thin["thin"]
        assert not validator.is_valid(thin)
