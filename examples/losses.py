"""Losses side by side: how far off a prediction is, and which way each of them pushes it.

    python examples/losses.py

Softmax with cross-entropy and the hinge look at the same three scores; the others at one prediction. The
hinge is content once the right score leads by one, cross-entropy never is: its gradient is the share minus 1.
"""

import numpy

import adjoint as ad
from adjoint import numpy as np
from adjoint.special import logsumexp, relu, softplus


def cross_entropy(scores, label):
    """Softmax and cross-entropy: minus the log of the right share."""
    with ad.scope("softmax"):
        shares = scores - logsumexp(scores)
    return -shares[label]


def hinge(scores, label):
    """The hinge loss: every score that comes within 1 of the right one costs."""
    with ad.scope("margins"):
        margins = relu(scores - scores[label] + 1.0)
    return np.sum(margins) - 1.0  # the right score's margin to itself is always 1


def squared(prediction, target):
    """Half the squared error: the farther off, the stronger the pull."""
    return 0.5 * (prediction - target) ** 2


def distance(prediction, target):
    """The absolute error: the same pull at every distance."""
    return np.abs(prediction - target)


def huber(prediction, target):
    """Huber's loss: squared within 1, absolute beyond."""
    error = np.abs(prediction - target)
    return np.where(error < 1.0, 0.5 * error**2, error - 0.5)


def logistic(score, sign):
    """The logistic loss of a score whose sign should be right."""
    return softplus(-sign * score)


SCORES = numpy.array([3.2, 5.1, -1.7])

EXAMPLES = {
    cross_entropy: (SCORES, 0),
    hinge: (SCORES, 0),
    squared: (2.5, 1.0),
    distance: (2.5, 1.0),
    huber: (2.5, 1.0),
    logistic: (0.5, -1.0),
}


def main():
    for function, (prediction, target) in EXAMPLES.items():
        value, slope = ad.value_and_grad(function)(prediction, target)
        pushed = "  ".join(f"{s:+.4f}" for s in numpy.atleast_1d(slope))
        print(f"{function.__name__:<14}{value:>8.4f}   gradient {pushed}")


if __name__ == "__main__":
    main()
