"""The walk over the registry: every record, every sample, every law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adjoint.primitives.record import REGISTRY, Primitive
from laws import agreement, derivatives
from laws.samples import SAMPLES, Sample, cases, differentiable
from laws.shapes import broadcast_samples, reduction_samples
from laws.tracing import law_traced

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

EVERY = [pytest.param(op, id=op.name) for op in REGISTRY.values()]
DIFFERENTIABLE = [pytest.param(op, id=op.name) for op in REGISTRY.values() if op.differentiable]
COMPLEX = [pytest.param(op, id=op.name) for op in REGISTRY.values() if op.differentiable and "c" in op.dtypes]
BROADCASTING = [p for p in EVERY if p.values[0].family in {"elementwise", "router"}]
REDUCING = [p for p in DIFFERENTIABLE if p.values[0].family == "reduce"]


def samples(op: Primitive, dtype: Any = None) -> list[Sample]:
    """The record's samples, in a dtype."""
    given = list(SAMPLES[op.name])
    return given if dtype is None else [s.cast(dtype) for s in given]


def test_no_record_lacks_samples_and_no_sample_lacks_a_record():
    assert set(SAMPLES) == set(REGISTRY)
    assert all(SAMPLES.values())
    assert len(cases()) > 200


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_a_differentiable_record_has_a_sample_that_is_differentiated(op):
    assert any(differentiable(v) for s in samples(op) for v in s.operands)


@pytest.mark.parametrize("op", EVERY)
def test_spec_is_what_numpy_gives(op):
    for sample in samples(op):
        agreement.law_spec(op, sample)
        if "f" in op.dtypes:
            agreement.law_spec(op, sample.cast(np.float32))
        if "c" in op.dtypes:
            agreement.law_spec(op, sample.cast(np.complex64))


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_reverse_forward_and_differences_agree(op):
    for sample in samples(op):
        derivatives.law_adjoint(op, sample)
        derivatives.law_differences(op, sample)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_second_order(op):
    for sample in samples(op):
        derivatives.law_second_order(op, sample)


@pytest.mark.parametrize("op", COMPLEX)
def test_complex_derivatives_of_both_orders(op):
    for sample in samples(op, np.complex128):
        derivatives.law_adjoint(op, sample)
        derivatives.law_differences(op, sample)
        derivatives.law_second_order(op, sample)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_single_precision_stays_single(op):
    for sample in samples(op):
        if not np.issubdtype(sample.params.get("dtype", np.float32), np.complexfloating):
            derivatives.law_precision(op, sample)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_results_belong_to_the_caller(op):
    for sample in samples(op):
        derivatives.law_owned(op, sample)


@pytest.mark.parametrize("op", BROADCASTING)
def test_every_way_to_broadcast(op):
    for sample in broadcast_samples(op, SAMPLES[op.name][0]):
        agreement.law_spec(op, sample)
        derivatives.law_adjoint(op, sample)
        derivatives.law_second_order(op, sample)
        derivatives.law_owned(op, sample)


@pytest.mark.parametrize("op", REDUCING)
def test_every_choice_of_axes(op):
    for sample in reduction_samples(op):
        agreement.law_spec(op, sample)
        derivatives.law_adjoint(op, sample)
        derivatives.law_second_order(op, sample)
        derivatives.law_owned(op, sample)
        agreement.law_source(op, sample)


@pytest.mark.parametrize("op", EVERY)
def test_rules_use_nothing_but_the_registry(op):
    for sample in samples(op):
        agreement.law_strict(op, sample)
        if "c" in op.dtypes:
            agreement.law_strict(op, sample.cast(np.complex128))


@pytest.mark.parametrize("op", EVERY)
def test_scalar_code_says_what_the_value_says(op):
    agreement.law_code(op)
    for sample in samples(op):
        agreement.law_kit(op, sample)


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -1.5, 2.5, 7.0, 0.1, 3e-310, 1e300, -1e300])


@pytest.mark.parametrize("op", [p for p in EVERY if p.values[0].emit is not None])
def test_scalar_code_at_special_values(op):
    if op.family == "reduce":
        for row in (SPECIAL[3:], SPECIAL[1:2], SPECIAL[4:9]):
            agreement.law_kit(op, Sample((row,), {"axis": (-1,), "keepdims": False}))
    elif op.dtypes:
        grid = list(np.meshgrid(*[SPECIAL] * op.arity, indexing="ij"))
        if op.name == "where":
            grid[0] = grid[0] > 0
        agreement.law_kit(op, Sample(tuple(grid), {}))


@pytest.mark.parametrize("op", EVERY)
def test_flat_source_gives_the_same_bits(op):
    for sample in samples(op):
        agreement.law_source(op, sample)
        if "f" in op.dtypes:
            agreement.law_source(op, sample.cast(np.float32))
        if "c" in op.dtypes:
            agreement.law_source(op, sample.cast(np.complex128))


@pytest.mark.parametrize("op", EVERY)
def test_a_person_can_read_it(op):
    agreement.law_words(op)


def picks_by_mask(sample: Sample) -> bool:
    """Whether an operand is an index by truth values: how many entries it picks, no shape can tell."""
    return "index" in sample.params and any(v.dtype == bool for v in sample.operands)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_the_traced_gradient_is_the_eager_one(op):
    for sample in samples(op):
        if not picks_by_mask(sample):
            law_traced(op, sample)
            law_traced(op, sample.cast(np.float32))
            if "c" in op.dtypes and "dtype" not in sample.params:
                law_traced(op, sample.cast(np.complex128))
