"""A multi-layer perceptron reads handwritten digits: the dynamic style, nothing hidden.

    python examples/digits_mlp.py [--epochs N] [--save FILE.npz]
    adjoint explain examples/digits_mlp.py:loss --inputs FILE.npz --argnums w1,b1,w2,b2

The data come with scikit-learn (pip install scikit-learn). A quarter of the images, the same in every
run, is only used to count right answers at the end. ``--save`` keeps the trained weights and eight of
those images, which is what the second line explains.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import adjoint as ad


def scores(w1, b1, w2, b2, images):
    hidden = np.maximum(images @ w1 + b1, 0.0)  # NumPy's own functions record, too
    return hidden @ w2 + b2


def loss(w1, b1, w2, b2, images, labels):
    """The cross-entropy: minus the log-probability of the right digit, on average."""
    s = scores(w1, b1, w2, b2, images)
    shifted = s - s.max(axis=1, keepdims=True)  # no exponential overflows
    total = np.log(np.exp(shifted).sum(axis=1))
    right = shifted[np.arange(len(labels)), labels]
    return (total - right).mean()


def accuracy(weights, images, labels):
    with ad.no_grad():
        return (scores(*weights, images).value.argmax(axis=1) == labels).mean()


def main():
    parser = argparse.ArgumentParser(description="Train a perceptron on handwritten digits.")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--save", metavar="FILE.npz", help="keep the weights and eight test images")
    asked = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images / 16.0, labels, test_size=0.25, stratify=labels, random_state=0
    )
    rng = np.random.default_rng(1)
    weights = [
        ad.tensor(rng.normal(0, np.sqrt(2 / 64), (64, 128)), requires_grad=True, name="w1"),
        ad.tensor(np.zeros(128), requires_grad=True, name="b1"),
        ad.tensor(rng.normal(0, np.sqrt(2 / 128), (128, 10)), requires_grad=True, name="w2"),
        ad.tensor(np.zeros(10), requires_grad=True, name="b2"),
    ]
    speeds = [np.zeros(w.shape) for w in weights]
    for epoch in range(1, asked.epochs + 1):
        rate = 0.1 * (1 - (epoch - 1) / asked.epochs)
        order = rng.permutation(len(train_y))
        for batch in np.array_split(order, len(order) // 32):
            J = loss(*weights, train_x[batch], train_y[batch])
            J.backward()
            with ad.no_grad():
                for w, v in zip(weights, speeds):
                    v *= 0.9
                    v -= rate * w.grad.value
                    w += v
                    w.grad = None
        if epoch % 10 == 0 or epoch == asked.epochs:
            print(f"epoch {epoch:>3}   loss of the last batch {J.item():.4f}")
    print(f"test accuracy: {100 * accuracy(weights, test_x, test_y):.1f} %")
    if asked.save:
        kept = {w.name: w.value for w in weights}
        np.savez(asked.save, **kept, images=test_x[:8], labels=test_y[:8])
        print(f"wrote {asked.save}")


if __name__ == "__main__":
    main()
