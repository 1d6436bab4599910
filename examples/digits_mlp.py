"""A multi-layer perceptron reads handwritten digits: the dynamic style, nothing hidden.

    python examples/digits_mlp.py [--epochs N] [--save FILE.npz]
    adjoint explain examples/digits_mlp.py:loss --html digits.html
    adjoint explain examples/digits_mlp.py:loss --inputs FILE.npz --argnums w1,b1,w2,b2

The data come with scikit-learn (pip install scikit-learn). A quarter of the images, the same in every
run, is only used to count right answers at the end. The second line trains for a moment and opens one
image of that quarter as a page: a box for each layer, the digit, and its gradient over the pixels.
``--save`` keeps the trained weights and eight images, which is what the third line explains.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import adjoint as ad


def hidden_layer(images, w, b):
    pixels = images.reshape(len(images), -1)
    hidden = np.maximum(pixels @ w + b, 0.0)  # NumPy's own functions record, too
    return hidden


def output_layer(hidden, w, b):
    scores = hidden @ w + b
    return scores


def cross_entropy(scores, labels):
    """Minus the log-probability of the right digit, on average."""
    shifted = scores - scores.max(axis=1, keepdims=True)  # no exponential overflows
    total = np.log(np.exp(shifted).sum(axis=1))
    right = shifted[np.arange(len(labels)), labels]
    return (total - right).mean()


def loss(w1, b1, w2, b2, images, labels):
    """The loss of images of 8 x 8 pixels with their labels."""
    with ad.scope("hidden layer"):
        hidden = hidden_layer(images, w1, b1)
    with ad.scope("output layer"):
        scores = output_layer(hidden, w2, b2)
    with ad.scope("cross-entropy"):
        return cross_entropy(scores, labels)


def accuracy(weights, images, labels):
    w1, b1, w2, b2 = weights
    with ad.no_grad():
        return (output_layer(hidden_layer(images, w1, b1), w2, b2).value.argmax(axis=1) == labels).mean()


def digits():
    """Images and labels to learn from, and those to be tested on."""
    found = load_digits()
    return train_test_split(
        found.images / 16.0, found.target, test_size=0.25, stratify=found.target, random_state=0
    )  # fmt: skip


def train(images, labels, epochs, say=print):
    """Stochastic gradient descent with momentum; returns the weights."""
    rng = np.random.default_rng(1)
    weights = [
        ad.tensor(rng.normal(0, np.sqrt(2 / 64), (64, 128)), requires_grad=True, name="w1"),
        ad.tensor(np.zeros(128), requires_grad=True, name="b1"),
        ad.tensor(rng.normal(0, np.sqrt(2 / 128), (128, 10)), requires_grad=True, name="w2"),
        ad.tensor(np.zeros(10), requires_grad=True, name="b2"),
    ]
    speeds = [np.zeros(w.shape) for w in weights]
    for epoch in range(1, epochs + 1):
        rate = 0.1 * (1 - (epoch - 1) / epochs)
        order = rng.permutation(len(labels))
        for batch in np.array_split(order, len(order) // 32):
            J = loss(*weights, images[batch], labels[batch])
            J.backward()
            with ad.no_grad():
                for w, v in zip(weights, speeds):
                    v *= 0.9
                    v -= rate * w.grad.value
                    w += v
                    w.grad = None
        if epoch % 10 == 0 or epoch == epochs:
            say(f"epoch {epoch:>3}   loss of the last batch {J.item():.4f}")
    return weights


def inputs():
    """What ``adjoint explain`` gives to ``loss``: weights after a short training, and one image that they never saw."""
    train_x, test_x, train_y, test_y = digits()
    weights = train(train_x, train_y, 3, say=lambda line: None)
    return {w.name: w.value for w in weights} | {"images": test_x[:1], "labels": test_y[:1]}


def main():
    parser = argparse.ArgumentParser(description="Train a perceptron on handwritten digits.")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--save", metavar="FILE.npz", help="keep the weights and eight test images")
    asked = parser.parse_args()

    train_x, test_x, train_y, test_y = digits()
    weights = train(train_x, train_y, asked.epochs)
    print(f"test accuracy: {100 * accuracy(weights, test_x, test_y):.1f} %")
    if asked.save:
        kept = {w.name: w.value for w in weights}
        np.savez(asked.save, **kept, images=test_x[:8], labels=test_y[:8])
        print(f"wrote {asked.save}")


if __name__ == "__main__":
    main()
