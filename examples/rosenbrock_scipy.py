"""Exact derivatives for SciPy's optimisers: the gradient, and products with the Hessian, of plain NumPy code.

    python examples/rosenbrock_scipy.py

Rosenbrock's valley in ten dimensions: https://doi.org/10.1093/comjnl/3.3.175
"""

import numpy as np
from scipy.optimize import minimize

import adjoint as ad


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def main():
    start = np.tile([1.3, 0.7, 0.8, 1.9, 1.2], 2)
    ways = {
        "no derivatives given (BFGS)": minimize(rosenbrock, start, method="BFGS"),
        "exact gradient (BFGS)": minimize(
            ad.value_and_grad(rosenbrock), start, jac=True, method="BFGS", options={"gtol": 1e-9}
        ),
        "exact gradient and Hessian products (trust-ncg)": minimize(
            rosenbrock,
            start,
            jac=ad.grad(rosenbrock),
            hessp=lambda x, v: ad.hvp(rosenbrock, x, v),
            method="trust-ncg",
            options={"gtol": 1e-9},
        ),
    }
    for name, found in ways.items():
        gradient = np.abs(ad.grad(rosenbrock)(found.x)).max()
        print(f"{name:<48} f = {found.fun:8.1e}   largest |gradient| {gradient:7.1e}   {found.nfev:>4} calls of f")


if __name__ == "__main__":
    main()
