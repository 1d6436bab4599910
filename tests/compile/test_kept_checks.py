"""Programs that check indices are found on the disk too; what their checks find is told as in eager mode."""

import os
import subprocess
import sys

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.compile.running import Kept
from adjoint.errors import AxisError


def picked(x, places):
    return anp.sum(np.sin(x)[places] * 3.0)


@pytest.mark.parametrize("transform", [lambda f: f, ad.value_and_grad])
def test_checks_of_programs_from_the_disk(transform):
    x, places = np.linspace(0.0, 1.0, 7), np.array([[0, 2], [6, 2]])
    ad.compile(transform(picked)).lower(x, places)
    exe = ad.compile(transform(picked)).lower(x, places)
    assert type(exe._latest.program) is Kept
    found, wanted = exe(x, places), transform(picked)(x, places)
    for one, other in zip(*(t if isinstance(t, tuple) else (t,) for t in (found, wanted)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-15)
    for wrong in (7, -8):
        with pytest.raises(AxisError, match="out of bounds") as caught:
            exe(x, np.array([[0, 2], [wrong, 2]]))
        assert "np.sin(x)[places]" in caught.value.where
    assert exe(x, places) is not None
    with pytest.raises(IndexError):
        exe.run([x, np.full((2, 2), 9)])
    assert "step 0" in str(exe.plan)


def test_donated_arrays_are_whole_after_an_index_out_of_range():
    x = np.arange(4.0)
    for _ in range(2):
        exe = ad.compile(lambda x, i: 2.0 * x[i] * x, donate=0).lower(x, 1)
        with pytest.raises(IndexError):
            exe(x, 4)
        assert x.tolist() == [0.0, 1.0, 2.0, 3.0]


PROGRAM = """
import numpy as np, adjoint as ad
exe = ad.compile(ad.grad(lambda x, i: ad.tensor(1.0) * x[i] ** 2))
print(exe(np.arange(4.0), 3).tolist(), "kept" if type(exe._latest.program).__name__ == "Kept" else "made")
"""


def test_another_process_finds_it(tmp_path):
    folder = tmp_path / "cache"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ADJOINT_CACHE_DIR": str(folder)}
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    said = [
        subprocess.run([sys.executable, str(path)], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said == ["[0.0, 0.0, 0.0, 6.0] made\n", "[0.0, 0.0, 0.0, 6.0] kept\n"]
