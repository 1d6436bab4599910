"""Every public function of NumPy meets a tracked tensor: it records, answers plainly or raises, and drops no path."""

import types
import warnings

import numpy as np
import pytest

import adjoint as ad

#: They answer about shapes, kinds, truth or order, or make arrays that do not depend on the values.
PLAIN = """
    all any argmax argmin argsort ceil equal not_equal less less_equal greater greater_equal floor floor_divide
    isfinite isinf isnan logical_and logical_not logical_or logical_xor round around rint sign trunc fix zeros_like
    ones_like empty_like full_like signbit bitwise_and bitwise_or bitwise_xor invert
"""
MODULES = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft, "np.emath": np.emath}
FUNCTIONS = [
    pytest.param(getattr(module, name), id=f"{prefix}.{name}")
    for prefix, module in MODULES.items()
    for name in sorted(dir(module))
    if not name.startswith("_")
    and isinstance(getattr(module, name), types.FunctionType | types.BuiltinFunctionType | np.ufunc | type(np.sum))
    and name not in {"test", "info", "show_config", "show_runtime", "save", "savez", "savetxt", "savez_compressed"}
]


def vector():
    return ad.tensor(np.array([0.2, 0.4, 0.6, 0.8]), requires_grad=True) * 1.0


def matrix():
    return ad.tensor(np.array([[2.0, 0.3], [0.3, 1.0]]), requires_grad=True) * 1.0


ARGUMENTS = [
    lambda: (vector(),),
    lambda: (matrix(),),
    lambda: (vector()[0],),
    lambda: (vector(), vector()),
    lambda: (matrix(), matrix()),
    lambda: (np.array([0.1, 0.2, 0.3, 0.4]), vector()),
    lambda: (vector(), np.array([0.1, 0.2, 0.3, 0.4])),
    lambda: ([vector(), vector()],),
    lambda: ([1.0, vector()[0]],),
    lambda: (vector(), 1),
    lambda: (vector(), [1]),
    lambda: (np.array([True, False, True, False]), vector(), vector()),
    lambda: (0.0, vector()[0]),
    lambda: (vector(), vector(), vector()),
]


def answers(result):
    return [a for part in result for a in answers(part)] if isinstance(result, tuple | list) else [result]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_lost_without_a_word(function):
    for arguments in ARGUMENTS:
        given = arguments()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = answers(function(*given))
        except RecursionError:
            pytest.fail(f"{function.__name__} recursed")
        except Exception:  # noqa: BLE001 (ours, or NumPy's about a wrong call)
            continue
        if any(type(one) is ad.Tensor and one.requires_grad for one in found) or function.__name__ in PLAIN.split():
            continue
        for one in found:
            value = one.value if type(one) is ad.Tensor else one
            if isinstance(value, np.ndarray | np.floating) and np.asarray(value).dtype.kind in "fc":
                # Floats without a path: they may only be those of a plain argument beside a tensor that was a dtype.
                assert type(given[0]) is not ad.Tensor, f"{function.__name__} gave floats without a path"
                assert len(given) == 2
                np.testing.assert_array_equal(np.ravel(value), given[0])


def test_a_fill_value_is_no_way_out():
    for make in (np.full, lambda shape, value: np.full_like(np.zeros(shape), value)):
        with pytest.raises(ad.errors.AdjointError):
            make((2, 2), vector()[0])
