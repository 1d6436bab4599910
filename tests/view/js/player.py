"""Runs the player's own modules under Node: data in, what a script returns out, every number bit for bit."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import adjoint.view.player

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed: the player's scripts cannot run")
MODULES = Path(adjoint.view.player.__path__[0])

# JSON has no NaN and writes -0 as 0, so numbers go both ways as the bits of a double: "#" and 16 hexadecimal digits.
_PRELUDE = """
import { readFileSync } from "node:fs";
const view = new DataView(new ArrayBuffer(8));
const inward = (key, v) => {
  if (typeof v !== "string" || !/^#[0-9a-f]{16}$/.test(v)) return v;
  view.setBigUint64(0, BigInt("0x" + v.slice(1)));
  return view.getFloat64(0);
};
const outward = (key, v) => {
  if (v instanceof Map) return [...v];
  if (ArrayBuffer.isView(v)) return Array.from(v);
  if (typeof v !== "number") return v;
  view.setFloat64(0, v);
  return "#" + view.getBigUint64(0).toString(16).padStart(16, "0");
};
const data = JSON.parse(readFileSync(process.argv[2], "utf8"), inward);
"""


@cache
def _folder() -> Path:
    """The scripts as modules, which Node takes files for only where a package says so."""
    folder = Path(tempfile.mkdtemp(prefix="adjoint-player-"))
    for script in MODULES.glob("*.js"):
        shutil.copy(script, folder)
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    return folder


def bits(value: float) -> str:
    """A double as the scripts read it."""
    return "#" + struct.pack(">d", value).hex()


def packed(value: Any) -> Any:
    """Data with every float in it as its bits."""
    if isinstance(value, float):
        return bits(value)
    if isinstance(value, dict):
        return {k: packed(v) for k, v in value.items()}
    return [packed(v) for v in value] if isinstance(value, list | tuple) else value


def unpacked(value: Any) -> Any:
    """What a script returned, with every number as a float."""
    if isinstance(value, str) and value.startswith("#") and len(value) == 17:
        return struct.unpack(">d", bytes.fromhex(value[1:]))[0]
    if isinstance(value, dict):
        return {k: unpacked(v) for k, v in value.items()}
    return [unpacked(v) for v in value] if isinstance(value, list) else value


def run_player(imports: str, body: str, data: Any) -> Any:
    """What the body of a function of ``data`` returns, with these imports of the player's modules."""
    assert NODE is not None
    with tempfile.TemporaryDirectory() as place:
        given = Path(place) / "data.json"
        given.write_text(json.dumps(packed(data)), "utf-8")
        script = _folder() / f"run-{Path(place).name}.js"
        lines = [imports, _PRELUDE, f"const made = (() => {{ {body} }})();"]
        script.write_text("\n".join([*lines, "process.stdout.write(JSON.stringify(made, outward));"]), "utf-8")
        done = subprocess.run([NODE, script, given], capture_output=True, text=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    return unpacked(json.loads(done.stdout))
