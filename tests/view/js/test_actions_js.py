"""What users can do: groups open and close, but not in graphs that are too large for a page."""

import pytest

from view.js.player import needs_node, run_player

IMPORTS = 'import { createActions, LARGEST } from "./actions.js";'
BODY = """
  const said = [];
  const story = { groups: [{ name: "layer", count: 3 }], nodes: { length: data.nodes } };
  let state = { story, open: new Set() };
  const store = { get: () => state, set: (patch) => (state = { ...state, ...patch }) };
  const app = { say: (text) => said.push(text), store };
  const act = createActions(app, () => null);
  act.toggle(0);
  const opened = state.open.has(0);
  act.toggle(0, false);
  return { opened, closed: !state.open.has(0), said, largest: LARGEST };
"""


@needs_node
@pytest.mark.parametrize(("nodes", "opens"), [(7, True), (100_000, True), (100_001, False)])
def test_groups_open_up_to_a_size(nodes, opens):
    found = run_player(IMPORTS, BODY, {"nodes": nodes})
    assert (found["opened"], found["closed"], found["largest"]) == (opens, True, 100_000)
    assert found["said"][0] == (
        "Group layer open, 3 nodes." if opens else "This graph is too large for a page: its groups stay closed."
    )
