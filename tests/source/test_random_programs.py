"""200 random programs: flat source has the engine's value and gradient, to the bit."""

import numpy as np
import pytest

from source.bits import check
from source.programs import arguments, program


@pytest.mark.parametrize("seed", range(200))
def test_bits(seed):
    with np.errstate(all="ignore"):
        text = check(program(seed), *arguments(seed))
    assert text.count("\n") > 5


def test_the_programs_differ():
    with np.errstate(all="ignore"):
        used = {op for seed in range(40) for op in _operations(check(program(seed), *arguments(seed)))}
    assert len(used) > 30


def _operations(text):
    return {line.partition("# ")[2].partition(":")[0] for line in text.splitlines() if ": line" in line}
