"""Attention, forward and backward, and which words the loss holds responsible.

    python examples/attention.py

One head: every word asks (query), offers (key) and tells (value); what a word hears is a mixture of
what all words tell, by how well its question fits their offers (https://arxiv.org/abs/1706.03762).
"""

import numpy as np

import adjoint as ad
from adjoint.nn.functional import softmax

WORDS = ["the", "cat", "sat", "down"]


def attention(x, wq, wk, wv):
    with ad.scope("attention"):
        queries, keys, values = x @ wq, x @ wk, x @ wv
        fits = queries @ keys.T / np.sqrt(wk.shape[1])
        weights = softmax(fits, axis=1)
        return weights @ values


def loss(x, wq, wk, wv, target):
    """One head of attention, and how far what the last word hears is from what was wanted."""
    heard = attention(x, wq, wk, wv)
    return ((heard[-1] - target) ** 2).sum()


def made():
    """Four words of eight numbers each, and the three matrices of the head."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 8))
    wq, wk, wv = (rng.normal(size=(8, 4)) / np.sqrt(8) for _ in range(3))
    return x, wq, wk, wv, np.ones(4)


EXAMPLES = {loss: made()}


def main():
    x, wq, wk, wv, target = made()
    value, gradients = ad.value_and_grad(loss, argnums=(0, 1, 2, 3))(x, wq, wk, wv, target)
    print(f"loss {value:.4f}")
    for name, gradient in zip(("x", "wq", "wk", "wv"), gradients):
        print(f"  {name:<3} {gradient.shape}   norm of its gradient {np.linalg.norm(gradient):.4f}")
    share = np.abs(gradients[0]).sum(axis=1)
    print("  by word: " + "   ".join(f"{w} {s / share.sum():.0%}" for w, s in zip(WORDS, share)))
    print(f"  checked against numeric derivatives: {'all agree' if ad.check(loss)(x, wq, wk, wv, target) else 'WRONG'}")


if __name__ == "__main__":
    main()
