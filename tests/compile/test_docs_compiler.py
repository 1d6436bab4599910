"""The page on the compiler prints what the compiler holds."""

import ast
import math
import re

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.compile.llvm.host import registers
from adjoint.compile.stages import STAGES
from adjoint.errors import ArgumentError
from compile.page import PAGE, ROOT, replayed


@pytest.fixture(scope="module")
def page():
    try:
        with registers(32):
            pass
    except ArgumentError:
        pytest.skip("the page is written for registers of 32 bytes")
    text = PAGE.read_text()
    return text, *replayed(text)


def test_the_outputs_on_the_page_are_real(page):
    text, now, _ = page
    assert now == text, "write the page again: PYTHONPATH=src python tests/compile/page.py"


def test_every_stage_of_machine_code_is_on_the_page(page):
    text = page[0]
    for name in STAGES:
        assert f'stages["{name}"]' in text or name in {"source", "tape"}, name
    for name, (_, file) in STAGES.items():
        assert f"`{file}`" in text, name


def test_what_depends_on_the_machine_is_there(page):
    printed = dict(page[2])
    (assembly,) = [out for line, out in printed.items() if 'stages["assembly"]' in line]
    (entry,) = [out for line, out in printed.items() if 'stages["entry"]' in line]
    (times,) = [out for line, out in printed.items() if "stats.time" in line]
    compiled, eager = [ast.literal_eval(out) for line, out in printed.items() if "(0.5, x, y)  " in line]
    assert compiled == pytest.approx(eager, rel=1e-13)
    assert re.match(r"; \d+ instructions\n\.L", assembly)
    assert '@"run"(' in entry or "through Python" in entry
    assert times.splitlines()[1].split()[:2] == ["step", "time"]


def test_the_files_that_the_page_points_to_exist(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page[0]):
        assert (PAGE.parent / target).exists(), target
    for file in set(re.findall(r"`((?:compile|rewrite|differentiate)/[\w/]+\.py)`", page[0])):
        assert (ROOT / "src" / "adjoint" / file).is_file(), file


def test_strict_mode_keeps_eager_s_bits_where_the_page_says_so():
    def f(x, y):
        z = anp.where(x > y, x * y + 1.0, x / y - anp.sqrt(anp.abs(y)))
        return anp.maximum(z, 0.1) * (1.0 - z) ** 2 - x, anp.floor(z) - -y

    def slopes(x, y, g):
        return ad.vjp(lambda a, b: f(a, b)[0], x, y)[1](g)

    rng = np.random.default_rng(3)
    args = rng.normal(size=(3, 1003))
    for one, count in ((f, 2), (slopes, 3)):
        exe = ad.compile(one, strict=True, cache=False)
        for got, eager in zip(exe(*args[:count]), one(*map(ad.tensor, args[:count])), strict=True):
            np.testing.assert_array_equal(got, np.asarray(eager.value if isinstance(eager, ad.Tensor) else eager))


def test_a_sum_stays_within_the_bound_of_the_page():
    x = np.random.default_rng(4).normal(size=100_003) * 1e3
    with registers(16):
        exe = ad.compile(anp.sum, strict=True, cache=False).lower(x)
        (loop,) = exe.plan.steps[0].loops
        got = exe(x)
    exact = math.fsum(x)
    chains = loop.lanes * loop.in_flight
    assert abs(got - exact) <= (x.size / chains + math.log2(chains)) * 2.0**-53 * np.abs(x).sum()
