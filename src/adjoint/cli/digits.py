"""A multi-layer perceptron on scikit-learn's handwritten digits, trained in the dynamic style.

1,797 images of 8 x 8 pixels. A quarter of them (the test split, the same in every run) is used
once, to count right answers when training is over. Everything that was chosen was chosen without
it: the sizes and rates below by five-fold cross-validation on the other images, and in each run
the epoch whose weights are kept on a validation part of them.

The images: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
The optimiser: D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import adjoint as ad
from adjoint.errors import AdjointError
from adjoint.site import EXAMPLES

EXAMPLES.add(__file__)  # stories tell the network's lines, not those of whoever called it

Array = np.ndarray[Any, Any]

HIDDEN = 256
EPOCHS = 60
QUICK_EPOCHS = 10
BATCH = 32
RATE = 1e-2
DECAY = 0.1
NOISE = 0.2
SPLIT_SEED = 0
SEEDS = (1, 2, 3)
LAYERS = ("w1", "b1", "w2", "b2")


class MissingData(AdjointError):
    """The images are not here, because scikit-learn is not installed."""


class Part(NamedTuple):
    """Images (rows of 64 numbers from 0 to 1) and the digits that they show."""

    images: Array
    labels: Array


class Digits(NamedTuple):
    """The three parts: to train on, to choose by, and to be judged by."""

    train: Part
    validation: Part
    test: Part


class Trained(NamedTuple):
    """A network after training: its weights by name, and its share of right answers."""

    seed: int
    weights: dict[str, Array]
    epoch: int
    validation: float
    test: float


def load() -> Digits:
    """The images, split once and for all; raises MissingData without scikit-learn."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingData(
            "the digits come with scikit-learn, which is not installed.",
            help="install it with: pip install scikit-learn   (or: pip install 'adjoint[nn]').",
        ) from error
    images, labels = load_digits(return_X_y=True)
    return split(np.asarray(images, np.float64) / 16.0, np.asarray(labels, np.int64))


def split(images: Array, labels: Array) -> Digits:
    """Three parts in which every digit has the same share: 25 % test, then 15 % of the rest validation."""
    rng = np.random.default_rng(SPLIT_SEED)
    places: tuple[list[Array], list[Array], list[Array]] = ([], [], [])
    for digit in range(10):
        own = rng.permutation(np.flatnonzero(labels == digit))
        test = round(0.25 * len(own))
        validation = test + round(0.15 * (len(own) - test))
        for part, chosen in zip(places, np.split(own, [test, validation])):
            part.append(chosen)
    sorted_out = [np.sort(np.concatenate(part)) for part in reversed(places)]
    return Digits(*(Part(images[i], labels[i]) for i in sorted_out))


def scores(w1: Any, b1: Any, w2: Any, b2: Any, images: Any) -> Any:
    """Ten scores an image: how much the network takes it for a 0, a 1, ... a 9."""
    hidden = np.maximum(images @ w1 + b1, 0.0)
    return hidden @ w2 + b2


def loss(w1: Any, b1: Any, w2: Any, b2: Any, images: Any, labels: Any) -> Any:
    """The cross-entropy: minus the logarithm of the probability given to the right digit, on average."""
    s = scores(w1, b1, w2, b2, images)
    shifted = s - s.max(axis=1, keepdims=True)
    total = np.log(np.exp(shifted).sum(axis=1))
    right = shifted[np.arange(len(labels)), labels]
    return (total - right).mean()


def start(seed: int) -> dict[str, ad.Tensor]:
    """Fresh parameters: weights at random in proportion to 1/sqrt(inputs) (He et al., 2015), biases 0."""
    rng = np.random.default_rng(seed)
    values = {
        "w1": rng.normal(0.0, np.sqrt(2.0 / 64), (64, HIDDEN)),
        "b1": np.zeros(HIDDEN),
        "w2": rng.normal(0.0, np.sqrt(2.0 / HIDDEN), (HIDDEN, 10)),
        "b2": np.zeros(10),
    }
    return {name: ad.tensor(value, requires_grad=True, name=name) for name, value in values.items()}


def accuracy(weights: dict[str, Any], part: Part) -> float:
    """The share of images whose highest score is that of the right digit."""
    with ad.no_grad():
        found = np.asarray(scores(**weights, images=part.images)).argmax(axis=1)
    return float((found == part.labels).mean())


def train(seed: int, data: Digits, epochs: int = EPOCHS, each: Callable[[int, float], None] | None = None) -> Trained:
    """Trains one network; ``each`` hears of every epoch and its accuracy on the validation part."""
    rng = np.random.default_rng(seed)
    weights = start(seed)
    first = {name: np.zeros(w.shape) for name, w in weights.items()}
    second = {name: np.zeros(w.shape) for name, w in weights.items()}
    best, best_epoch, kept = -1.0, 0, {}
    step = 0
    for epoch in range(1, epochs + 1):
        rate = RATE * 0.5 * (1.0 + np.cos(np.pi * (epoch - 1) / epochs))
        order = rng.permutation(len(data.train.labels))
        for begin in range(0, len(order), BATCH):
            batch = order[begin : begin + BATCH]
            step += 1
            blurred = data.train.images[batch] + rng.normal(0.0, NOISE, (len(batch), 64))
            loss(**weights, images=blurred, labels=data.train.labels[batch]).backward()
            with ad.no_grad():
                for name, w in weights.items():
                    g = w.grad.value  # type: ignore[union-attr]
                    first[name] += 0.1 * (g - first[name])
                    second[name] += 0.001 * (g * g - second[name])
                    mean, spread = first[name] / (1 - 0.9**step), second[name] / (1 - 0.999**step)
                    w -= rate * (mean / (np.sqrt(spread) + 1e-8) + DECAY * w.value)
                    w.grad = None
        found = accuracy(weights, data.validation)
        if found >= best:
            best, best_epoch, kept = found, epoch, {name: w.value.copy() for name, w in weights.items()}
        if each is not None:
            each(epoch, found)
    return Trained(seed, kept, best_epoch, best, accuracy(kept, data.test))
