# mypy: allow-untyped-defs, allow-untyped-calls
"""The helpers of flat source for other array libraries: no writing into arrays, no branch on values.

They stand in the text in the place of those of the same names (primitives/helpers.py), which compute
the same but only on NumPy's arrays. ``.at`` is how JAX writes; where an array has none, it can be written to.
"""


def xlogy(x, y, np):
    """The product x * log(y), and 0 where x is 0, whatever y is but NaN."""
    safe = np.where((x == 0) & ~np.isnan(y), 1.0, y)
    return np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log(safe))


def logsumexp(x, axis, keepdims, np):
    """log(sum(exp(x))) along axes, shifted by the maximum so that nothing overflows."""
    m = np.max(x, axis=axis, keepdims=True)
    m = np.where(np.isfinite(m), m, 0.0 * np.ones_like(m))
    r = np.log(np.sum(np.exp(x - m), axis=axis, keepdims=True)) + m
    return r if keepdims else np.squeeze(r, axis=axis)


def norm(x, axis, keepdims, np):
    """Euclidean length along axes; scaled by the largest entry, so that squares neither overflow nor vanish."""
    x = np.abs(x)
    m = np.max(x, axis=axis, keepdims=True)
    m = np.where((m > 0) & np.isfinite(m), m, np.ones_like(m))
    r = np.sqrt(np.sum(np.square(x / m), axis=axis, keepdims=True)) * m
    return r if keepdims else np.squeeze(r, axis=axis)


def sigmoid(x, np):
    """1 / (1 + exp(-x)) without overflow, and without losing small values."""
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, np.ones_like(z), z) / (1.0 + z)


def cofactor(x, np):
    """The determinant times the transposed inverse, by singular values: it exists where the inverse does not."""
    u, s, v = np.linalg.svd(x)
    first = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([first, s[..., :-1]], -1), -1)
    after = np.flip(np.cumprod(np.concatenate([first, np.flip(s[..., 1:], -1)], -1), -1), -1)
    turn = np.linalg.det(u) * np.linalg.det(v)
    return turn[..., None, None] * np.conj((u * (before * after)[..., None, :]) @ v)


def set_at(x, v, key, np):
    """A copy of x in which x[key] is v."""
    r = np.array(x)
    if hasattr(r, "at"):
        return r.at[key].set(v)
    r[key] = v
    return r


def index_add(x, v, key, np):
    """A copy of x to which v is added at x[key], every repeat of an entry counted."""
    r = np.array(x)
    if hasattr(r, "at"):
        return r.at[key].add(v)
    np.add.at(r, key, v)
    return r


def scatter(g, key, shape, np):
    """Zeros to which g is added at [key], every repeat of an entry counted."""
    r = np.zeros(shape, g.dtype)
    if hasattr(r, "at"):
        return r.at[key].add(g)
    np.add.at(r, key, g)
    return r
