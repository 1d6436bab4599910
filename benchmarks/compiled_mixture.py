"""The log-likelihood of a Gaussian mixture, as ADBench has it, float64: value and gradient.

n points of dimension d, K components, each with its weight ``alphas``, its mean and a lower triangle: the
logarithms of the diagonal, then the entries below it, column after column (``icf``). The Wishart prior's
constant is left out by everyone. The text is the form, of six tried, in which jax is fastest. C takes 32 or 64
points at a time, component by component along the packed columns, forward, and back with what it has kept of
them; "point by point" is the simpler loop.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import _compiled as bench
import _peers as peers
import numpy

import adjoint.numpy as anp
from adjoint import special

TITLE = "Gaussian mixture log-likelihood, float64"
GAMMA, M = 1.0, 0.0

SOURCE = """
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double finish(const double *alphas, const double *icf, const double *diag, double *dalphas, double *dicf,
                     double most, double whole, long n, long k, long d) {
    long width = d + d * (d - 1) / 2;
    double prior = 0;
    for (long c = 0; c < k; c++) dalphas[c] -= n * exp(alphas[c] - most) / whole;
    for (long c = 0; c < k; c++) {
        for (long j = 0; j < d; j++) {
            double q = diag[c * d + j];
            prior += 0.5 * GAMMA2 * q * q - M * icf[c * width + j];
            dicf[c * width + j] -= GAMMA2 * q * q - M;
        }
        for (long j = d; j < width; j++) {
            double l = icf[c * width + j];
            prior += 0.5 * GAMMA2 * l * l;
            dicf[c * width + j] -= GAMMA2 * l;
        }
    }
    return -n * (most + log(whole)) - prior - 0.5 * n * d * LOG2PI;
}

/* work holds diag[k d], sums[k], centred[k d], scaled[k d], weight[k] */
double pointwise(const double *restrict alphas, const double *restrict means, const double *restrict icf,
               const double *restrict x, double *restrict dalphas, double *restrict dmeans, double *restrict dicf,
               double *restrict work, long n, long k, long d) {
    long below = d * (d - 1) / 2, width = d + below;
    double *diag = work, *sums = diag + k * d, *centred = sums + k, *scaled = centred + k * d, *weight = scaled + k * d;
    double total = 0, most = alphas[0], whole = 0;
    memset(dalphas, 0, k * sizeof(double));
    memset(dmeans, 0, k * d * sizeof(double));
    memset(dicf, 0, k * width * sizeof(double));
    for (long c = 0; c < k; c++) {
        sums[c] = 0;
        for (long j = 0; j < d; j++) { diag[c * d + j] = exp(icf[c * width + j]); sums[c] += icf[c * width + j]; }
        if (alphas[c] > most) most = alphas[c];
    }
    for (long c = 0; c < k; c++) whole += exp(alphas[c] - most);
    for (long i = 0; i < n; i++) {
        double top = -INFINITY, sum = 0;
        for (long c = 0; c < k; c++) {
            const double *l = icf + c * width + d, *q = diag + c * d;
            double *xc = centred + c * d, *s = scaled + c * d, square = 0;
            for (long j = 0; j < d; j++) { xc[j] = x[i * d + j] - means[c * d + j]; s[j] = q[j] * xc[j]; }
            for (long j = 0; j < d; j++) {
                double a = xc[j];
                for (long r = j + 1; r < d; r++) s[r] += *l++ * a;
            }
            for (long j = 0; j < d; j++) square += s[j] * s[j];
            weight[c] = alphas[c] + sums[c] - 0.5 * square;
            if (weight[c] > top) top = weight[c];
        }
        for (long c = 0; c < k; c++) { weight[c] = exp(weight[c] - top); sum += weight[c]; }
        total += top + log(sum);
        for (long c = 0; c < k; c++) {
            const double *l = icf + c * width + d, *q = diag + c * d, *xc = centred + c * d;
            double *s = scaled + c * d, *dm = dmeans + c * d, *dq = dicf + c * width, *dl = dq + d;
            double p = weight[c] / sum;
            dalphas[c] += p;
            for (long j = 0; j < d; j++) {
                dq[j] += p - p * s[j] * xc[j] * q[j];
                s[j] *= p;
                dm[j] += q[j] * s[j];
            }
            for (long j = 0; j < d; j++) {
                double a = xc[j], back = 0;
                for (long r = j + 1; r < d; r++) { *dl++ -= s[r] * a; back += *l++ * s[r]; }
                dm[j] += back;
            }
        }
    }
    return total + finish(alphas, icf, diag, dalphas, dicf, most, whole, n, k, d);
}

/* The same with P points at a time, innermost; work also holds the tile of x transposed. */
double tiled(const double *restrict alphas, const double *restrict means, const double *restrict icf,
             const double *restrict x, double *restrict dalphas, double *restrict dmeans, double *restrict dicf,
             double *restrict work, long n, long k, long d) {
    long below = d * (d - 1) / 2, width = d + below;
    double *diag = work, *sums = diag + k * d, *centred = sums + k, *scaled = centred + k * d * P;
    double *weight = scaled + k * d * P, *xt = weight + k * P;
    double total = 0, most = alphas[0], whole = 0;
    memset(dalphas, 0, k * sizeof(double));
    memset(dmeans, 0, k * d * sizeof(double));
    memset(dicf, 0, k * width * sizeof(double));
    for (long c = 0; c < k; c++) {
        sums[c] = 0;
        for (long j = 0; j < d; j++) { diag[c * d + j] = exp(icf[c * width + j]); sums[c] += icf[c * width + j]; }
        if (alphas[c] > most) most = alphas[c];
    }
    for (long c = 0; c < k; c++) whole += exp(alphas[c] - most);
    for (long i = 0; i < n; i += P) {
        long here = n - i < P ? n - i : P;
        double top[P], sum[P];
        for (long p = 0; p < P; p++) { top[p] = -INFINITY; sum[p] = 0; }
        for (long j = 0; j < d; j++) for (long p = 0; p < P; p++) xt[j * P + p] = p < here ? x[(i + p) * d + j] : 0;
        for (long c = 0; c < k; c++) {
            const double *l = icf + c * width + d, *q = diag + c * d;
            double *xc = centred + c * d * P, *s = scaled + c * d * P, *w = weight + c * P, square[P];
            for (long p = 0; p < P; p++) square[p] = 0;
            for (long r = 0; r < d; r++) {
                double a[P];
                for (long p = 0; p < P; p++) {
                    xc[r * P + p] = xt[r * P + p] - means[c * d + r];
                    a[p] = q[r] * xc[r * P + p];
                }
                const double *e = l + r - 1; /* entry (r, 0); (r, j + 1) stands d - 2 - j further */
                for (long j = 0; j < r; j++) {
                    double v = *e;
                    e += d - 2 - j;
                    for (long p = 0; p < P; p++) a[p] += v * xc[j * P + p];
                }
                for (long p = 0; p < P; p++) { s[r * P + p] = a[p]; square[p] += a[p] * a[p]; }
            }
            for (long p = 0; p < P; p++) {
                w[p] = alphas[c] + sums[c] - 0.5 * square[p];
                if (w[p] > top[p]) top[p] = w[p];
            }
        }
        for (long c = 0; c < k; c++)
            for (long p = 0; p < P; p++) {
                weight[c * P + p] = exp(weight[c * P + p] - top[p]);
                sum[p] += weight[c * P + p];
            }
        for (long p = 0; p < here; p++) total += top[p] + log(sum[p]);
        for (long p = 0; p < P; p++) sum[p] = p < here ? 1 / sum[p] : 0;
        for (long c = 0; c < k; c++) {
            const double *l = icf + c * width + d, *q = diag + c * d, *xc = centred + c * d * P;
            double *s = scaled + c * d * P, *w = weight + c * P, *dm = dmeans + c * d;
            double *dq = dicf + c * width, *dl = dq + d, part = 0;
            for (long p = 0; p < P; p++) { w[p] *= sum[p]; part += w[p]; }
            dalphas[c] += part;
            for (long r = 0; r < d; r++) for (long p = 0; p < P; p++) s[r * P + p] *= w[p];
            for (long j = 0; j < d; j++) {
                double square = 0, back = 0;
                for (long p = 0; p < P; p++) { square += s[j * P + p] * xc[j * P + p]; back += s[j * P + p]; }
                dq[j] += part - square * q[j];
                dm[j] += q[j] * back;
            }
            for (long r = 1; r < d; r++) {
                double back = 0;
                for (long p = 0; p < P; p++) back += s[r * P + p];
                long e = r - 1;
                for (long j = 0; j < r; j++) {
                    double dot = 0;
                    for (long p = 0; p < P; p++) dot += s[r * P + p] * xc[j * P + p];
                    dl[e] -= dot;
                    dm[j] += l[e] * back;
                    e += d - 2 - j;
                }
            }
        }
    }
    return total + finish(alphas, icf, diag, dalphas, dicf, most, whole, n, k, d);
}
"""


def mixture(np, logsumexp, alphas, means, icf, x, places):
    """``places`` says where in a row of ``icf`` (behind a zero) each entry below the diagonal stands."""
    n, d = x.shape
    logs, below = icf[:, :d], icf[:, d:]
    diagonal = np.exp(logs)
    lower = np.concatenate([np.zeros((icf.shape[0], 1)), below], axis=1)[:, places]
    triangle = lower + diagonal[:, :, None] * np.eye(d)
    centred = x - means[:, None, :]
    scaled = np.matmul(centred, np.swapaxes(triangle, 1, 2))
    inside = (alphas + np.sum(logs, axis=1))[:, None] - 0.5 * np.sum(scaled**2, axis=2)
    likelihood = np.sum(logsumexp(inside, axis=0)) - n * logsumexp(alphas, axis=0) - 0.5 * n * d * math.log(2 * math.pi)
    prior = 0.5 * GAMMA**2 * (np.sum(diagonal**2) + np.sum(below**2)) - M * np.sum(logs)
    return likelihood - prior


def below_diagonal(d: int) -> numpy.ndarray:
    """The (d, d) places of the packed lower triangle, column after column, counted from 1; 0 elsewhere."""
    places = numpy.zeros((d, d), int)
    columns, rows = numpy.triu_indices(d, 1)
    places[rows, columns] = numpy.arange(1, rows.size + 1)
    return places


def data(n: int, d: int, k: int) -> list[numpy.ndarray]:
    draw = numpy.random.default_rng(0)
    icf = numpy.concatenate(
        [draw.uniform(-0.5, 0.5, (k, d)), draw.standard_normal((k, d * (d - 1) // 2)) / math.sqrt(d)], axis=1
    )
    return [draw.standard_normal(k), draw.standard_normal((k, d)), icf, draw.standard_normal((n, d))]


def in_c(name, alphas, means, icf, x) -> bench.Run | None:
    tile = 64 if x.shape[1] < 32 else 32
    constants = {"P": tile, "GAMMA2": GAMMA**2, "M": M, "LOG2PI": math.log(2 * math.pi)}
    source = "".join(f"#define {name} {value!r}\n" for name, value in constants.items()) + SOURCE
    if (library := bench.c_library(source)) is None:
        return None
    (n, d), k = x.shape, alphas.size
    found = [numpy.empty_like(a) for a in (alphas, means, icf)]
    work = numpy.empty(k * d + k + tile * (2 * k * d + k + d))
    call = bench.c_call(getattr(library, name), alphas, means, icf, x, *found, work, n, k, d)
    return lambda: (call(), found)


def text(np, *arguments):
    """The same text on another engine's NumPy, with its own logsumexp."""
    if np.__name__ == "jax.numpy":
        from jax.scipy.special import logsumexp
    else:
        from autograd.scipy.special import logsumexp
    return mixture(np, logsumexp, *arguments)


def text_torch(torch, alphas, means, icf, x, places):
    """The same on torch, whose functions have other names."""
    n, d = x.shape
    logs, below = icf[:, :d], icf[:, d:]
    diagonal = torch.exp(logs)
    lower = torch.cat([torch.zeros((icf.shape[0], 1), dtype=icf.dtype), below], 1)[:, places]
    triangle = lower + diagonal[:, :, None] * torch.eye(d, dtype=icf.dtype)
    centred = x - means[:, None, :]
    scaled = torch.matmul(centred, torch.swapaxes(triangle, 1, 2))
    inside = (alphas + torch.sum(logs, 1))[:, None] - 0.5 * torch.sum(scaled**2, 2)
    likelihood = torch.sum(torch.logsumexp(inside, 0)) - n * torch.logsumexp(alphas, 0)
    prior = 0.5 * GAMMA**2 * (torch.sum(diagonal**2) + torch.sum(below**2)) - M * torch.sum(logs)
    return likelihood - 0.5 * n * d * math.log(2 * math.pi) - prior


def cases() -> Iterator[bench.Case]:
    for n, d, k, most in ((1000, 10, 25, 0.7), (10_000, 10, 25, 0.7), (1000, 64, 50, 1.0)):
        arrays = data(n, d, k)
        places = below_diagonal(d)
        function = functools.partial(mixture, anp, special.logsumexp)
        yield bench.Case(
            f"d = {d}, K = {k}, n = {n:,}",
            ours=bench.ours(function, *arrays, places, argnums=(0, 1, 2)),
            alone=bench.alone(function, *arrays, places),
            engines={
                "jax": peers.jax(text, *arrays, places, argnums=(0, 1, 2)),
                "torch.compile": peers.torch(text_torch, *arrays, places, argnums=(0, 1, 2)),
                "autograd": peers.autograd(text, *arrays, places, argnums=(0, 1, 2)),
            },
            hand={
                "C": functools.partial(in_c, "tiled", *arrays),
                "C, point by point": functools.partial(in_c, "pointwise", *arrays),
            },
            targets={"best": 0.3, "C": most},
            tolerance=1e-10,
        )


if __name__ == "__main__":
    bench.run(TITLE, __doc__, cases)
