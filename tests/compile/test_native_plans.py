"""Plans of four programs, character by character: a change of the schedule is seen.

Set ADJOINT_GOLDEN=write to write the plans anew, then read the difference.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import adjoint as ad
from adjoint.compile.llvm.host import registers
from compile.differ import assert_close, eager
from compile.planned import PLANS, RNG

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "plans"


def filled(args):
    """Random numbers in the shapes of the arguments."""
    return [filled(a) if isinstance(a, list) else RNG.normal(size=a.shape) for a in args]


@pytest.mark.parametrize("name", PLANS)
def test_golden(name):
    f, args, options = PLANS[name]
    with registers(16):
        text = str(ad.compile(f, cache=False, **options).lower(*args).plan) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("ADJOINT_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PLANS)
def test_programs_with_golden_plans_are_right(name):
    f, args, options = PLANS[name]
    args = filled(args)
    wanted = eager(f, args)
    assert_close(eager(lambda: ad.compile(f, cache=False, **options)(*args), ()), wanted, name, 1e-11)
    assert all(np.all(np.isfinite(w)) for w in wanted)
