"""A small maker of stories for tests: computes values and gradients itself, knows nothing of the engine."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.explain.layout import place

Array = np.ndarray
Pull = Callable[..., tuple[Any, ...]]
# name: symbol, gate, value, gradients of the inputs from g, inputs and output
OPERATIONS: dict[str, tuple[str, str, Callable[..., Any], Pull]] = {
    "add": ("+", "distributor", lambda x, y: x + y, lambda g, o, x, y: (g, g)),
    "subtract": ("−", "distributor", lambda x, y: x - y, lambda g, o, x, y: (g, -g)),
    "multiply": ("×", "swapper", lambda x, y: x * y, lambda g, o, x, y: (g * y, g * x)),
    "divide": ("÷", "scaler", lambda x, y: x / y, lambda g, o, x, y: (g / y, -g * o / y)),
    "maximum": ("max", "router", np.maximum, lambda g, o, x, y: (g * (x > y), g * (y >= x))),
    "half_square": ("½d²", "scaler", lambda x: x * x / 2, lambda g, o, x: (g * x,)),
    "square": ("x²", "scaler", lambda x: x * x, lambda g, o, x: (2 * g * x,)),
    "exp": ("exp", "scaler", np.exp, lambda g, o, x: (g * o,)),
    "log": ("log", "scaler", np.log, lambda g, o, x: (g / x,)),
    "sin": ("sin", "scaler", np.sin, lambda g, o, x: (g * np.cos(x),)),
    "tanh": ("tanh", "scaler", np.tanh, lambda g, o, x: (g * (1 - o * o),)),
    "sigmoid": ("σ", "scaler", lambda x: 1 / (1 + np.exp(-x)), lambda g, o, x: (g * o * (1 - o),)),
    "relu": ("relu", "router", lambda x: np.maximum(x, 0), lambda g, o, x: (g * (x > 0),)),
    "matmul": ("@", "contracts", lambda x, y: x @ y, lambda g, o, x, y: (g @ y.T, x.T @ g)),
    "sum": ("Σ", "spreads", np.sum, lambda g, o, x: (g * np.ones_like(x),)),
    "add3": ("+++", "distributor", lambda x, y, z: x + y + z, lambda g, o, x, y, z: (g, g, g)),
    "concatenate": ("concatenate", "moves", lambda *xs: sum(xs), lambda g, o, *xs: tuple(g for _ in xs)),
}


class Builder:
    """Write a computation line by line, then ask for its story."""

    def __init__(self, title: str = "", formula: str = "") -> None:
        self.title, self.formula = title, formula
        self.nodes: list[dict[str, Any]] = []
        self.values: list[Any] = []
        self.inputs: list[list[int]] = []

    def _new(self, value: Any, inputs: list[int], **fields: Any) -> int:
        value = np.asarray(value, dtype=float)
        spec = "f64[" + ",".join(map(str, value.shape)) + "]"
        self.nodes.append({"id": len(self.nodes), **fields, "spec": spec})
        self.values.append(value)
        self.inputs.append(inputs)
        return len(self.nodes) - 1

    def leaf(self, name: str, value: Any, role: str = "parameter") -> int:
        return self._new(value, [], kind="leaf", role=role, name=name)

    def const(self, value: Any) -> int:
        return self._new(value, [], kind="const")

    def op(self, op: str, *inputs: int, name: str = "") -> int:
        symbol, gate, function, _ = OPERATIONS[op]
        with np.errstate(all="ignore"):
            value = function(*(self.values[node] for node in inputs))
        fields: dict[str, Any] = {"kind": "op", "role": "intermediate", "op": op, "symbol": symbol, "gate": gate}
        if name:
            fields["name"] = name
        return self._new(value, list(inputs), **fields, line=len(self.nodes), saves=[])

    def story(self, root: int | None = None) -> dict[str, Any]:
        root = len(self.nodes) - 1 if root is None else root
        self.nodes[root]["role"] = "root"
        grads: dict[int, Any] = {root: np.ones_like(self.values[root])}
        edges: list[dict[str, Any]] = []
        parts: dict[tuple[int, int], Any] = {}
        with np.errstate(all="ignore"):
            for node in range(root, -1, -1):
                if node not in grads or not self.inputs[node]:
                    continue
                arguments = [self.values[source] for source in self.inputs[node]]
                pulled = OPERATIONS[self.nodes[node]["op"]][3](grads[node], self.values[node], *arguments)
                for slot, (source, share) in enumerate(zip(self.inputs[node], pulled, strict=True)):
                    if self.nodes[source]["kind"] == "const" or self.nodes[source].get("role") == "data":
                        continue
                    share = np.asarray(share, dtype=float)
                    extra = share.ndim - self.values[source].ndim
                    share = share.sum(axis=tuple(range(extra))) if extra > 0 else share
                    parts[node, slot] = share
                    grads[source] = grads[source] + share if source in grads else share
        for node, sources in enumerate(self.inputs):
            for slot, source in enumerate(sources):
                edge: dict[str, Any] = {"id": len(edges), "src": source, "dst": node, "slot": slot}
                if (node, slot) in parts:
                    share = parts[node, slot]
                    edge["contrib"] = written(share)
                    if share.ndim == 0 and node in grads and np.ndim(grads[node]) == 0:
                        g = float(grads[node])
                        edge["local"] = written(np.asarray(float(share) / g)) if g else 0
                edges.append(edge)
        cells = place([node["kind"] for node in self.nodes], [(e["src"], e["dst"], e["slot"]) for e in edges])
        for node, at in zip(self.nodes, cells, strict=True):
            node["at"] = list(at)
            node["value"] = written(self.values[node["id"]])
            tracked = node["kind"] == "op" or node.get("role") == "parameter"
            if tracked and node["id"] in grads:
                node["grad"] = written(grads[node["id"]])
        return self._document(edges)

    def _document(self, edges: list[dict[str, Any]]) -> dict[str, Any]:
        gates = {node["op"]: {"verb": "acts", "back": "It acts."} for node in self.nodes if "op" in node}
        operations = [node["id"] for node in self.nodes if node["kind"] == "op"]
        return {
            "adjoint_story": 1,
            "title": self.title,
            "expr": {"text": self.formula, "mathml": ""},
            "live": False,
            "outcome": {"status": "ok"},
            "nodes": self.nodes,
            "edges": edges,
            "groups": [],
            "forward": [{"node": node, "line": self.nodes[node]["line"]} for node in operations],
            "backward": [],
            "gates": gates,
            "code": [],
            "leaves": [{"node": node["id"]} for node in self.nodes if node["kind"] == "leaf"],
            "cost": {"gates": len(operations), "inputs": 1, "visits_reverse": 1, "visits_differences": 1},
            "memory": [],
            "exercises": [],
        }


def number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def written(value: Any) -> Any:
    """A number, or the summary of a tensor, as the story's JSON has it."""
    value = np.asarray(value)
    if value.ndim == 0:
        return number(float(value))
    known = value[np.isfinite(value)]
    summary: dict[str, Any] = {"shape": list(value.shape), "dtype": "f64"}
    if known.size:
        for key, at in (("min", known.min()), ("max", known.max()), ("mean", known.mean())):
            summary[key] = float(at)
        largest = float(np.abs(known).max()) or 1.0
        summary["rms"] = number(largest * float(np.sqrt(((known / largest) ** 2).mean())))
    summary.update(pos=int((known > 0).sum()), neg=int((known < 0).sum()))
    summary.update(nan=int(np.isnan(value).sum()), inf=int(np.isinf(value).sum()))
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    counts = np.histogram((known - low) / (high - low), 16, (0, 1))[0] if high - low > 1e-300 else np.zeros(16, int)
    summary["hist"] = {"lo": low, "hi": high, "n": [int(n) for n in counts]}
    flat = value.reshape(-1, value.shape[-1]) if value.size else np.zeros((0, 0))
    flat = flat[:12, :12]
    scale = float(np.abs(flat[np.isfinite(flat)]).max(initial=0.0))
    q = np.rint(np.nan_to_num(flat, nan=0, posinf=scale, neginf=-scale) / (scale or 1) * 9).astype(int)
    summary["thumb"] = {"rows": q.shape[0], "cols": q.shape[1], "scale": scale, "q": q.tolist()}
    return summary


def random_story(seed: int) -> dict[str, Any]:
    """A random computation of 1 to 40 operations with everything that makes pictures hard."""
    generator = random.Random(seed)
    builder = Builder(f"Random {seed}", "f(x)" if seed % 3 else "")
    names = [
        "w",
        "x",
        "b",
        "learning_rate_of_layer_3",
        "<script>alert(1)</script>",
        "变量名字",
        "θ",
        "W1",
        "mmmmmmmmmmmmm",
    ]
    numbers = [2.0, -2.0, 8.0, 0.5, -1.2e-7, 98766.0, -98765.4, 0.0, 1e22, -0.015234, math.pi, 1e-300]
    tensors = seed % 4 == 0
    for index in range(generator.randint(1, 6)):
        value: Any = generator.choice(numbers)
        if tensors and index % 2:
            value = np.random.default_rng(seed + index).normal(size=generator.choice([(8, 3), (3,), (2, 2, 3)]))
        builder.leaf(generator.choice(names), value, generator.choice(["parameter", "parameter", "data"]))
    for _ in range(generator.randint(0, 3)):
        builder.const(generator.choice(numbers))
    window = generator.choice([3, 8, 100])
    count = generator.randint(1, 40)
    for step in range(count):
        here = len(builder.nodes)
        op = generator.choice([name for name in OPERATIONS if name not in ("matmul",)])
        arity = {"concatenate": generator.randint(2, 7), "add3": 3}.get(op)
        if arity is None:
            arity = 2 if OPERATIONS[op][0] in "+−×÷max" else 1
        first = max(0, here - window) if generator.random() < 0.8 else 0
        sources = [generator.randrange(first, here) for _ in range(arity)]
        shapes = {builder.values[source].shape for source in sources} - {()}
        if len(shapes) > 1:
            op, sources = "sum", sources[:1]
        if step == count - 1:
            op, sources = "sum", [here - 1]
        builder.op(op, *sources, name=generator.choice(["", *names]))
    return builder.story()
