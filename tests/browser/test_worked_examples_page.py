"""Every number of the worked examples, read from the page at each step and compared with the engine's own story."""

import pytest

from browser.examples import WORKED, worked
from browser.expected import Walk, gradient_text, value_text
from browser.player import Player
from explain.worked import EXAMPLES as TOLD
from explain.worked import story_of

STORIES = {f"{name} of examples": (worked, name) for name in WORKED} | {name: (story_of, name) for name in TOLD}


def inspected_at(walk, at, seen):
    """The inspector follows the steps: the gate of this one, with what is known of it."""
    now = walk.nodes_now(at)
    node = now[-1] if now else walk.nodes[-1]["id"] if walk.stops[at].kind == "done" else 0
    values, gradients = walk.known_values(at), walk.known_gradients(at)
    facts = seen["facts"]
    if node in values:
        assert facts["value"].removeprefix("✗ ").startswith(value_text(values[node], 6))
    else:
        assert facts["value"] == "not yet computed"
    name = walk.document["nodes"][-1]["name"]
    if node in gradients:
        assert gradient_text(gradients[node], 6) in facts["gradient"]
        assert facts["gradient"].startswith("∂")
    else:
        assert facts["gradient"] in ("not yet known", "data: not asked for", f"no path to {name}")
    if "from" in facts:
        shares = walk.known_shares(at)
        used = [e for e in walk.edges if e["src"] == node and e["id"] in shares]
        assert facts["from"].count("via ") == len(used)
        for edge in used:
            assert gradient_text(shares[edge["id"]]) in facts["from"]


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("name", STORIES)
def test_every_number_at_every_step(visit, name):
    make, which = STORIES[name]
    document = make(which).to_dict()
    walk = Walk(document)
    player = Player(visit(document).page)
    last = len(walk.stops) - 1
    seen = [player.read()]
    for _ in range(last):
        player.press("ArrowRight")
        seen.append(player.read())
    player.press("ArrowRight")  # at the end another step stays there
    assert player.read()["at"] == last == seen[0]["last"]
    for at, shown in enumerate(seen):
        assert walk.differences(at, shown) == {}, f"stop {at}"
        inspected_at(walk, at, shown)
    # Nothing is left out in the end.
    assert set(seen[last]["values"]) == {n["id"] for n in walk.nodes if "value" in n}
    assert set(seen[last]["gradients"]) == {n["id"] for n in walk.nodes if "grad" in n and n["kind"] != "const"}
    # Back again, with the table of gradients open: each stop is as it was.
    player.tab("gradients")
    for at in range(last, -1, -1):
        again = player.read()
        for what in ("values", "gradients", "shares", "lines", "heading", "sentence", "equation", "lit"):
            assert again[what] == seen[at][what], (at, what)
        gradients = walk.known_gradients(at)
        leaves = [n for n in walk.nodes if n["kind"] == "leaf"]
        assert len(again["table"]) == len(leaves)
        for leaf, (_, value, gradient, step, _) in zip(leaves, again["table"]):
            assert value == value_text(leaf["value"])
            known = gradients.get(leaf["id"])
            if known is None:
                assert gradient == step == "·"
            else:
                assert gradient.removeprefix("✗ ") == gradient_text(known)
                assert step == gradient_text(-0.1 * float(known))
        player.press("ArrowLeft")
    assert player.read()["at"] == 0
