"""Fifteen elementwise operations and a sum over 10^6 entries, in float32 and float64: value and gradient by x.

z = (x - 0.3) 1.7 and the sum of -z^2/2 - softplus(z) y + 0.1 tanh(z), softplus written as
max(z, 0) + log1p(exp(-|z|)). C shares one exp between softplus, its derivative and tanh, takes log(1 + e) for
log1p, and runs glibc's vector functions, of 4 ulp: less exact than ours at small |z|.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import _compiled as bench
import _peers as peers
import numpy

import adjoint.numpy as anp

TITLE = "15 elementwise operations and a sum, 10^6 entries"
SIZE = 10**6

SOURCE = """
#include <math.h>
#define FUSED(NAME, T, EXP, LOG) \\
double NAME(const T *restrict x, const T *restrict y, T *restrict g, long n) { \\
    double total = 0; \\
    for (long start = 0; start < n; start += 1024) { \\
        long stop = start + 1024 < n ? start + 1024 : n; \\
        T part = 0; \\
        for (long i = start; i < stop; i++) { \\
            T z = (x[i] - (T)0.3) * (T)1.7, a = z < 0 ? -z : z, e = EXP(-a), r = 1 / (1 + e), e2 = e * e; \\
            T softplus = (z > 0 ? z : 0) + LOG(1 + e), slope = z < 0 ? e * r : r; \\
            T t = (1 - e2) / (1 + e2), tanh = z < 0 ? -t : t; \\
            part += (T)-0.5 * z * z - softplus * y[i] + (T)0.1 * tanh; \\
            g[i] = (T)1.7 * (-z - slope * y[i] + (T)0.1 * (1 - t * t)); \\
        } \\
        total += part; \\
    } \\
    return total; \\
}
FUSED(float32, float, expf, logf)
FUSED(float64, double, exp, log)
"""


def fused(np, x, y):
    z = (x - 0.3) * 1.7
    softplus = np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))
    return np.sum(-z * z / 2 - softplus * y + 0.1 * np.tanh(z))


def fused_torch(torch, x, y):
    z = (x - 0.3) * 1.7
    softplus = torch.clamp(z, min=0.0) + torch.log1p(torch.exp(-torch.abs(z)))
    return torch.sum(-z * z / 2 - softplus * y + 0.1 * torch.tanh(z))


def in_c(x: numpy.ndarray, y: numpy.ndarray) -> bench.Run | None:
    if (library := bench.c_library(SOURCE)) is None:
        return None
    g = numpy.empty_like(x)
    call = bench.c_call(getattr(library, x.dtype.name), x, y, g, x.size)
    return lambda: (call(), g)


def data(dtype: type) -> tuple[numpy.ndarray, numpy.ndarray]:
    draw = numpy.random.default_rng(0)
    return draw.standard_normal(SIZE).astype(dtype), draw.standard_normal(SIZE).astype(dtype)


def cases() -> Iterator[bench.Case]:
    for dtype in (numpy.float32, numpy.float64):
        x, y = data(dtype)
        function = functools.partial(fused, anp)
        yield bench.Case(
            dtype.__name__,
            ours=bench.ours(function, x, y),
            alone=bench.alone(function, x, y),
            engines={"torch.compile": peers.torch(fused_torch, x, y), "jax": peers.jax(fused, x, y)},
            hand={"C": functools.partial(in_c, x, y)},
            targets={"best": 0.45, "C": 1.2},
            tolerance=2e-6 if dtype is numpy.float32 else 1e-10,
        )


if __name__ == "__main__":
    bench.run(TITLE, __doc__, cases)
