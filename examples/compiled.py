"""A loss and its gradient as machine code: what the compiler makes of five lines, and what that saves.

    python examples/compiled.py

Logistic regression with one weight: the likelihood of yes-or-no answers y at the places x.
"""

import numpy as np

import adjoint as ad
import adjoint.numpy as anp


def loss(w, x, y):
    z = w * x
    return anp.sum(anp.log(1.0 + anp.exp(z)) - y * z)


def main():
    x = np.linspace(-3.0, 3.0, 100_003)
    y = np.where(x + np.sin(9.0 * x) > 0.0, 1.0, 0.0)
    exe = ad.compile(ad.value_and_grad(loss))

    w = 0.0
    for _ in range(50):
        value, slope = exe(w, x, y)
        w -= 2e-5 * slope
    value, slope = exe(w, x, y)
    print(f"w = {w:.4f}, loss {value:.1f}, slope {slope:.3f}; in eager mode the slope is {ad.grad(loss)(w, x, y):.3f}")

    print()
    print(exe.plan)
    print()
    print(exe.stats.time(w, x, y))
    print()
    eager, compiled = seconds(ad.value_and_grad(loss), w, x, y), exe.stats.measure(w, x, y)
    print(f"one value and slope: eager mode {1e3 * eager:.2f} ms, compiled {1e3 * compiled:.2f} ms")


def seconds(f, *args):
    import time

    rounds = []
    for _ in range(11):
        start = time.perf_counter()
        f(*args)
        rounds.append(time.perf_counter() - start)
    return sorted(rounds)[5]


if __name__ == "__main__":
    main()
