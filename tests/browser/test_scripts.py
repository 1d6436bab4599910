"""The scripts of the pages have right types: tsc, strict, over their JSDoc."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from browser.chromium import lacking

HERE = Path(__file__).parent
TSC = HERE / "node_modules" / "typescript" / "bin" / "tsc"


@pytest.fixture(scope="module")
def node():
    found = shutil.which("node")
    if found is None or not TSC.is_file():
        lacking("tsc is not installed: npm ci --prefix tests/browser, with Node.js")
    return found


def check(node, project):
    return subprocess.run([node, TSC, "-p", project], capture_output=True, text=True, timeout=300)


def test_types(node):
    found = check(node, HERE)
    assert found.returncode == 0, found.stdout


def test_a_wrong_type_is_found(node, tmp_path):
    """The check is one that can fail: a story has no such part, and no step of that kind."""
    player = HERE.parents[1] / "src" / "adjoint" / "view" / "player"
    wrong = tmp_path / "wrong.js"
    wrong.write_text(
        f'import {{ stepsOf }} from "{player.as_posix()}/steps.js";\n'
        f'/** @param {{import("{player.as_posix()}/types.js").Story}} story */\n'
        "export const wrong = (story) => stepsOf(story, new Set())\n"
        '  .filter((s) => s.kind === "sideways" || story.wires);\n',
        encoding="utf-8",
    )
    project = tmp_path / "tsconfig.json"
    project.write_text(
        json.dumps({"extends": (HERE / "tsconfig.json").as_posix(), "include": [wrong.as_posix()]}), encoding="utf-8"
    )
    found = check(node, tmp_path)
    assert found.returncode != 0
    assert "sideways" in found.stdout
    assert "'wires' does not exist" in found.stdout
