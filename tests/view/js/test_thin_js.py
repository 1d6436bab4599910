"""What the page fills in of a large story against the library's own."""

from __future__ import annotations

import json

import pytest

import adjoint as ad
from adjoint.explain.thin import filled, thinned
from explain.networks import NETWORKS
from explain.test_thin import STORIES
from view.js.player import needs_node, run_player

pytestmark = needs_node
IMPORT = 'import { filledStory } from "./thin.js";'


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_large_stories(name):
    thin = json.loads(STORIES[name]().to_json())
    assert run_player(IMPORT, "return filledStory(data);", thin) == filled(thin)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    function, arguments = NETWORKS[name]
    whole = json.loads(json.dumps(ad.explain(function)(*arguments()).to_dict()))
    assert run_player(IMPORT, "return filledStory(data);", whole) == whole
    thin = thinned(whole)
    assert run_player(IMPORT, "return filledStory(data);", thin) == filled(thin)
