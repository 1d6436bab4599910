"""What a page may show of a story at each stop, worked out from the document alone and not by the page's own code."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy

from adjoint.numbers import WIRE_LIMIT, format_array, format_gradient, format_number

Document = dict[str, Any]
ENDS = ("inputs", "turn", "done")


class Stop(NamedTuple):
    """One stop of the player: which entries of the story's forward or backward pass it covers."""

    kind: str
    heading: str
    entries: tuple[int, ...] = ()
    group: int = -1


def value_text(value: Any, digits: int = 4, limit: int | None = None) -> str:
    """A value as a page writes it; a tensor by its shape."""
    if isinstance(value, dict) and "shape" in value:
        return format_array(value, digits, limit)
    return format_number(value, digits, limit)


def gradient_text(value: Any, digits: int = 4, limit: int | None = None) -> str:
    """A gradient as a page writes it; a tensor's by its size."""
    if isinstance(value, dict) and "shape" in value:
        if value.get("nan"):
            return "NaN"
        if not value["pos"] + value["neg"] and limit:
            return "0"
        return f"rms {format_number(value['rms'], digits, limit)}"
    return format_gradient(value, digits, limit)


class Walk:
    """The stops of a story with some groups open (as it says itself, unless told), and what is known at each."""

    def __init__(self, document: Document, opened: Iterable[int] | None = None) -> None:
        self.document = document
        self.nodes = document["nodes"]
        self.edges = document["edges"]
        self.opened = {g["id"] for g in document["groups"] if g["open"]} if opened is None else set(opened)
        backward = document["backward"]
        self.seeded = bool(backward) and "seed" in backward[0]
        self.stops = [Stop("inputs", "Inputs"), *self._gates("forward")]
        if self.seeded:
            self.stops.append(Stop("turn", "Turn around", (0,)))
        self.stops += self._gates("backward")
        if backward:
            self.stops.append(Stop("done", "Done"))

    def closed_around(self, node: int) -> int:
        """The outermost closed group around a node, or -1."""
        found, at = -1, self.nodes[node].get("group")
        while at is not None:
            if at not in self.opened:
                found = at
            at = self.document["groups"][at].get("parent")
        return found

    def _gates(self, kind: str) -> list[Stop]:
        first = 1 if kind == "backward" and self.seeded else 0
        merged: list[tuple[int, list[int]]] = []
        for entry, told in list(enumerate(self.document[kind]))[first:]:
            group = self.closed_around(told["node"])
            if merged and group >= 0 and merged[-1][0] == group:
                merged[-1][1].append(entry)
            else:
                merged.append((group, [entry]))
        name = kind.capitalize()
        return [Stop(kind, f"{name} {i} of {len(merged)}", tuple(e), g) for i, (g, e) in enumerate(merged, 1)]

    def place(self, heading: str) -> int:
        """The stop with this heading."""
        return [stop.heading for stop in self.stops].index(heading)

    def nodes_now(self, at: int) -> list[int]:
        """The gates that a stop is about."""
        stop = self.stops[at]
        pass_ = self.document["forward" if stop.kind == "forward" else "backward"]
        return [pass_[entry]["node"] for entry in stop.entries]

    def known_values(self, at: int) -> dict[int, Any]:
        """By node: the values that are computed by this stop."""
        known = {n["id"] for n in self.nodes if n["kind"] != "op"}
        for stop in self.stops[: at + 1]:
            if stop.kind == "forward":
                known.update(self.document["forward"][entry]["node"] for entry in stop.entries)
        return {i: self.nodes[i]["value"] for i in sorted(known) if "value" in self.nodes[i]}

    def known_shares(self, at: int) -> dict[int, Any]:
        """By edge: what has flowed back along it by this stop."""
        known = {}
        for stop in self.stops[: at + 1]:
            if stop.kind == "backward":
                for entry in stop.entries:
                    for part in self.document["backward"][entry].get("parts", []):
                        known[part["edge"]] = part["down"]
        return known

    def known_gradients(self, at: int) -> dict[int, Any]:
        """By node: the sum of the branches that have come back by this stop."""
        known = {}
        for stop in self.stops[: at + 1]:
            if stop.kind not in ("turn", "backward"):
                continue
            for entry in stop.entries:
                told = self.document["backward"][entry]
                if "seed" in told:
                    known[told["node"]] = told["seed"]
                for part in told.get("parts", []):
                    known[self.edges[part["edge"]]["src"]] = part["sum"]
        return known

    def wires(self, at: int) -> tuple[dict[int, str], dict[int, str]]:
        """By node: the texts of the values and of the gradients in the graph."""
        values = {i: value_text(v, 4, WIRE_LIMIT) for i, v in self.known_values(at).items()}
        gradients = {
            i: gradient_text(g, 4, WIRE_LIMIT)
            for i, g in self.known_gradients(at).items()
            if self.nodes[i]["kind"] != "const"
        }
        return values, gradients

    def lines(self, at: int) -> list[str]:
        """The texts beside the lines of the flat source that the stops so far have reached."""
        run = executed(self.document)
        reached = set()
        for stop in self.stops[: at + 1]:
            pass_ = self.document["forward" if stop.kind == "forward" else "backward"]
            for entry in stop.entries:
                reached.update(pass_[entry].get("lines", []))
        return [run[i - 1] if i in reached else "" for i in range(1, len(run) + 1)]

    def rows(self, at: int) -> list[list[Any]]:
        """The equation of a backward step: upstream, local slope and downstream of each input."""
        stop = self.stops[at]
        if stop.kind != "backward" or stop.group >= 0:
            return []
        told = self.document["backward"][stop.entries[0]]
        limit = WIRE_LIMIT
        return [
            [
                part["edge"],
                gradient_text(told["up"], 4, limit),
                value_text(part["local"], 4, limit),
                gradient_text(part["down"], 4, limit),
            ]
            for part in told.get("parts", [])
        ]

    def differences(self, at: int, seen: dict[str, Any]) -> dict[str, Any]:
        """Where a reading of a page with a scalar story differs from what is known at a stop: nothing should."""
        values, gradients = self.wires(at)
        shares = self.known_shares(at)
        wanted = {
            "heading": self.stops[at].heading,
            "values": values,
            "gradients": gradients,
            "shares": {edge: gradient_text(shares.get(edge, "NaN"), 4, WIRE_LIMIT) for edge in seen["shares"]},
            "lines": self.lines(at),
            "rows": self.rows(at),
        }
        shown = dict(seen, lines=[text for _, text, _ in seen["lines"]])
        shown["rows"] = [[edge, *(text.removeprefix("✗ ") for text in texts)] for edge, *texts in seen["rows"]]
        return {what: (shown[what], wanted[what]) for what in wanted if shown[what] != wanted[what]}


def executed(document: Document) -> list[str]:
    """The number that each line of a scalar story's flat source gives, by running the lines one after the other.

    Only lines that give a value or a gradient of the story count; what is between them stands for itself.
    """
    names = {prefix + n["name"] for n in document["nodes"] if "name" in n for prefix in ("", "g_")}
    leaves = {n["name"]: numpy.float64(n["value"]) for n in document["nodes"] if n["kind"] == "leaf"}
    scope: dict[str, Any] = {**leaves, "np": numpy, "numpy": numpy, "math": math}
    texts = []
    with numpy.errstate(all="ignore"):
        for line in document["code"]:
            bare = line.split("  # ")[0].strip()
            target = re.match(r"(\w+) = ", bare)
            if target is not None:
                exec(bare, scope)
            if target is None or target[1] not in names:
                texts.append("")
            else:
                write = gradient_text if target[1].startswith("g_") else value_text
                texts.append(write(float(scope[target[1]])))
    return texts
