"""Warnings of the compiler point at the user's line, and each unusable cache folder is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """\
import sys
import warnings
if sys.argv[1] == "without":
    sys.modules["llvmlite"] = None
import adjoint as ad
double = ad.compile(lambda x: 2.0 * x)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert double(1.5) == 3.0  # the line
print([(w.category.__name__, w.lineno) for w in caught if w.filename == __file__], len(caught))
"""


def warned(tmp_path, *arguments, **environment):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(path), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


def test_a_missing_llvmlite_is_told_at_the_users_line(tmp_path):
    assert warned(tmp_path, "without") == "[('CompileWarning', 9)] 1"


def test_an_unusable_cache_is_told_at_the_users_line(tmp_path):
    folder = tmp_path / "file"
    folder.write_text("no folder")
    assert warned(tmp_path, "with", ADJOINT_CACHE_DIR=str(folder)) == "[('CacheWarning', 9)] 1"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder in which nothing can be made")
def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    assert warned(tmp_path, "with", ADJOINT_CACHE_DIR="/proc/x") == "[('CacheWarning', 9)] 1"
    assert warned(tmp_path, "with", ADJOINT_CACHE_DIR="/proc/x/y") == "[('CacheWarning', 9)] 1"


def test_a_cache_without_a_home_is_told_at_the_users_line(tmp_path):
    environment = {"ADJOINT_CACHE_DIR": "", "XDG_CACHE_HOME": "", "HOME": "nowhere"}
    assert warned(tmp_path, "with", **environment) == "[('CacheWarning', 9)] 1"
