"""Two small networks: a perceptron with one hidden layer that has to learn "either, not both", and a convolution.

    python examples/networks.py

The 3 x 3 convolution is written out as what it is: nine shifted copies of the image, each times one weight.
"""

import numpy

import adjoint as ad
from adjoint import numpy as np
from adjoint.special import relu


def dense(x, weights, bias, name):
    """One layer: every output is a weighted sum of all inputs."""
    with ad.scope(name):
        return x @ weights + bias


def mlp(x, w1, b1, w2, b2, target):
    """A small perceptron: two layers, and the mean squared error."""
    hidden = np.tanh(dense(x, w1, b1, "hidden"))
    out = dense(hidden, w2, b2, "out")
    with ad.scope("loss"):
        return np.mean((out - target) ** 2)


def filtered(image, kernel):
    """The 3 x 3 filter at every place where it fits."""
    rows, columns = image.shape[0] - 2, image.shape[1] - 2
    out = 0.0
    for i in range(3):
        with ad.scope(f"row {i}"):
            for j in range(3):
                out = out + kernel[i, j] * image[i : i + rows, j : j + columns]
    return out


def convolution(image, kernel, bias, target):
    """A 3 x 3 convolution, a relu, and how far the result is from what was wanted."""
    with ad.scope("convolution"):
        felt = filtered(image, kernel) + bias
    seen = relu(felt)
    with ad.scope("loss"):
        return np.mean((seen - target) ** 2)


def drawn():
    """An image of 6 x 6 with an upright edge, and the places where a filter for such edges should answer."""
    image = numpy.zeros((6, 6))
    image[:, 3:] = 1.0
    target = numpy.zeros((4, 4))
    target[:, 1:3] = 1.0
    return image, target


def made():
    """The inputs: few digits, so that the numbers in a picture are short."""
    rng = numpy.random.default_rng(4)
    x = numpy.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    wanted = numpy.array([[0.0], [1.0], [1.0], [0.0]])
    w1, w2 = (rng.normal(size=shape).round(2) for shape in ((2, 3), (3, 1)))
    image, target = drawn()
    kernel = numpy.array([[-0.3, 0.2, 0.1], [0.2, 0.1, -0.1], [-0.1, 0.3, 0.2]])
    return {
        mlp: (x, w1, numpy.array([0.1, -0.2, 0.0]), w2, numpy.array([0.1]), wanted),
        convolution: (image, kernel, 0.1, target),
    }


EXAMPLES = made()


def main():
    for function, values in EXAMPLES.items():
        learned, rate = {mlp: ((1, 2, 3, 4), 0.5), convolution: ((1, 2), 0.1)}[function]
        values = list(values)
        print(f"{function.__name__}: {function.__doc__}")
        for step in range(201):
            value, gradients = ad.value_and_grad(function, argnums=learned)(*values)
            for place, gradient in zip(learned, gradients):
                values[place] = values[place] - rate * gradient
            if step % 100 == 0:
                print(f"  step {step:>3}   loss {value:.5f}")


if __name__ == "__main__":
    main()
