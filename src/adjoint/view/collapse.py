"""A story with some of its groups open as a story without groups: what a static picture draws.

Each closed group becomes one node that stands for all its operations, and wires between the same two
items become one. Where everything stands, and which cells the wires pass, comes from the expansion;
it is handed on under ``drawn``, a key that only pictures read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from adjoint.explain.expansion import Wire, expand


def for_picture(story: Mapping[str, Any]) -> Mapping[str, Any]:
    """The story as a static picture shows it: with the groups open that a reader of its page finds open."""
    groups = story.get("groups") or []
    if not groups:
        return story
    return collapse(story, {g["id"] for g in groups if g["open"]})


def collapse(story: Mapping[str, Any], opened: Collection[int]) -> dict[str, Any]:
    """The story with these groups open and all others closed to one node each."""
    seen = expand(story, opened)
    items = sorted(seen.cells, key=lambda name: (_when(story, name), name))
    number = {name: k for k, name in enumerate(items)}
    nodes = []
    for name in items:
        index = int(name[1:])
        one = dict(story["nodes"][index]) if name[0] == "n" else _closed(story, story["groups"][index])
        one.pop("group", None)
        one.pop("road", None)
        nodes.append(one | {"id": number[name], "at": list(seen.cells[name])})
    slots: dict[int, int] = {}
    edges = []
    for k, wire in enumerate(seen.wires):
        dst = number[wire.dst]
        slots[dst] = slots.get(dst, -1) + 1
        edges.append(_edge(story, wire) | {"id": k, "src": number[wire.src], "dst": dst, "slot": slots[dst]})
    frames = [
        {"name": story["groups"][g]["name"], "at": list(f[:2]), "size": list(f[2:])} for g, f in seen.frames.items()
    ]
    drawn = {"ways": [[list(cell) for cell in wire.way] for wire in seen.wires], "frames": frames}
    return {**story, "nodes": nodes, "edges": edges, "groups": [], "drawn": drawn}


def _when(story: Mapping[str, Any], name: str) -> int:
    """The order of items: a group counts as its last value that is used outside."""
    index = int(name[1:])
    if name[0] == "n":
        return index
    return max((port["src"] for port in story["groups"][index]["outs"]), default=len(story["nodes"]))


def _closed(story: Mapping[str, Any], group: Mapping[str, Any]) -> dict[str, Any]:
    """One node for a whole group; with one result it has the name, value and gradient of that."""
    outs = [story["nodes"][port["src"]] for port in group["outs"]]
    count = group["count"]
    found: dict[str, Any] = {
        "kind": "op",
        "role": "root" if any(node.get("role") == "root" for node in outs) else "intermediate",
        "op": "group",
        "symbol": group["name"],
        "gate": "group",
        "spec": outs[0]["spec"] if len(outs) == 1 else "",
        "detail": f"+ {count:,} operation{'' if count == 1 else 's'}",
    }
    if len(outs) == 1:
        found |= {key: outs[0][key] for key in ("name", "value", "grad", "zero", "line") if key in outs[0]}
    elif any("value" in node for node in outs):
        found["name"] = f"{len(outs)} values"
    return found


def _edge(story: Mapping[str, Any], wire: Wire) -> dict[str, Any]:
    """A wire as an edge: what flows back on it is the sum where that is one number, else the largest part."""
    edges = [story["edges"][edge] for edge in wire.edges]
    if len(edges) == 1:
        return {key: edges[0][key] for key in ("local", "contrib") if key in edges[0]}
    shares = [edge["contrib"] for edge in edges if "contrib" in edge]
    if not shares:
        return {}
    if len({edge["src"] for edge in edges}) == 1 and all(isinstance(share, int | float) for share in shares):
        return {"contrib": sum(shares)}
    return {"contrib": max(shares, key=_size)}


def _size(share: Any) -> float:
    if isinstance(share, Mapping):
        share = share.get("rms", share.get("re", 0.0))
    return abs(share) if isinstance(share, int | float) else float("inf")
