# mypy: allow-untyped-defs, allow-untyped-calls
"""Values that are no single NumPy call. Eager mode runs these, and flat source prints their text.

Each function stands alone with ``np`` (no other import, no annotation, no other helper), so that
``inspect.getsource`` of it runs anywhere.
"""

import numpy as np


def erf(x):
    """Error function: rational approximations of W. J. Cody, Math. Comp. 23 (1969), 631-637."""
    # fmt: off
    a = (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
         3.20937758913846947e3)
    b = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
    c = (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
         2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
         1.23033935479799725e3)
    d = (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
         3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3)
    # fmt: on
    y = np.minimum(np.abs(x), 6.0)  # 1 - erf(6) is far below the last place of 1
    s = np.minimum(y, 0.5)
    s = s * s
    top, bottom = a[0] * s, b[0] * s
    for p, q in zip(a[1:-1], b[1:-1]):
        top, bottom = (top + p) * s, (bottom + q) * s
    near = x * ((top + a[-1]) / (bottom + b[-1]))
    top, bottom = c[0] * y, d[0] * y
    for p, q in zip(c[1:-1], d[1:-1]):
        top, bottom = (top + p) * y, (bottom + q) * y
    far = np.copysign(1.0 - np.exp(-y * y) * ((top + c[-1]) / (bottom + d[-1])), x)
    r = np.where(y <= 0.5, near, far)
    return r if r.ndim else r[()]


def sigmoid(x):
    """1 / (1 + exp(-x)) without overflow, and without losing small values."""
    z = np.exp(-np.abs(x))
    r = np.where(x >= 0, 1.0, z) / (1.0 + z)
    return r if r.ndim else r[()]


def softplus(x):
    """log(1 + exp(x)) without overflow, and without losing small values."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def xlogy(x, y):
    """The product x * log(y), and 0 where x is 0, whatever y is but NaN."""
    y = np.asarray(y, np.result_type(x, y))  # a Python number takes the precision of the other
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(np.equal(x, 0) & ~np.isnan(y), 0.0, x * np.log(y))
    return r if r.ndim else r[()]


def logsumexp(x, axis, keepdims):
    """log(sum(exp(x))) along axes, shifted by the maximum so that nothing overflows."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        x = x.astype(float)
    m = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    m = np.where(np.isfinite(m), m, x.dtype.type(0))
    with np.errstate(divide="ignore", over="ignore"):  # a row of -inf has the value -inf, without a warning
        r = np.log(np.sum(np.exp(x - m), axis=axis, keepdims=True)) + m
    r = r if keepdims else np.squeeze(r, axis=axis)
    return r if r.ndim else r[()]


def norm(x, axis, keepdims):
    """Euclidean length along axes; scaled where squares would overflow or vanish."""
    x = np.abs(x)
    x = x if x.dtype.kind == "f" else x.astype(float)
    with np.errstate(over="ignore", under="ignore"):
        r = np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
        tiny = np.finfo(r.dtype).tiny ** 0.25
        if r.size and not (np.min(r) > tiny and np.max(r) < 1.0 / tiny):
            m = np.max(x, axis=axis, keepdims=True, initial=0.0)
            m = np.where((m > 0) & (m < np.inf), m, x.dtype.type(1))
            m = np.ldexp(x.dtype.type(1), np.frexp(m)[1] - 1)  # powers of two divide without rounding
            r = np.sqrt(np.sum(np.square(x / m), axis=axis, keepdims=keepdims)) * np.reshape(m, np.shape(r))
    return r


def cofactor(x):
    """The determinant times the transposed inverse, by singular values: it exists where the inverse does not."""
    u, s, v = np.linalg.svd(x)
    first = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([first, s[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([first, s[..., :0:-1]], -1), -1)[..., ::-1]
    turn = np.linalg.det(u) * np.linalg.det(v)
    return turn[..., None, None] * np.conj((u * (before * after)[..., None, :]) @ v)


def set_at(x, v, key):
    """A copy of x in which x[key] is v."""
    r = np.array(x)
    r[key] = v
    return r if r.ndim else r[()]


def index_add(x, v, key):
    """A copy of x to which v is added at x[key], every repeat of an entry counted."""
    r = np.array(x, np.result_type(x, v))
    np.add.at(r, key, v)
    return r if r.ndim else r[()]


def scatter(g, key, shape):
    """Zeros to which g is added at [key], every repeat of an entry counted."""
    r = np.zeros(shape, g.dtype)
    np.add.at(r, key, g)
    return r if r.ndim else r[()]
