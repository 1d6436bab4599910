"""Opening groups in the page against the library's own expansion, group by group and in random sets."""

from __future__ import annotations

import random
from typing import Any

import pytest

import adjoint as ad
from adjoint.explain.expansion import expand
from explain.networks import NETWORKS
from view.js.player import needs_node, run_player

pytestmark = needs_node
IMPORT = 'import { expandStory } from "./expand.js";'
BODY = "return data.sets.map((open) => expandStory(data.story, new Set(open)));"


def wanted(document: dict[str, Any], opened: list[int]) -> dict[str, Any]:
    made = expand(document, opened)
    return {
        "size": list(made.size),
        "cells": sorted([key, list(cell)] for key, cell in made.cells.items()),
        "frames": sorted([group, list(frame)] for group, frame in made.frames.items()),
        "runs": [{**wire._asdict(), "way": [list(cell) for cell in wire.way]} for wire in made.wires],
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_expansions_are_those_of_the_library(name: str) -> None:
    function, arguments = NETWORKS[name]
    document = ad.explain(function)(*arguments()).to_dict()
    groups = [group["id"] for group in document["groups"]]
    assert groups
    source = random.Random(5)
    sets = [[], groups, *([g] for g in groups), *(source.sample(groups, len(groups) // 2) for _ in range(10))]
    for opened, found in zip(sets, run_player(IMPORT, BODY, {"story": document, "sets": sets}), strict=True):
        found = {**found, "cells": sorted(found["cells"]), "frames": sorted(found["frames"])}
        assert found == wanted(document, opened), opened
