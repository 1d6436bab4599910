"""One step of a neural Turing machine's head: it finds a place in a memory, writes there, and reads.

    python examples/neural_turing_machine.py

Where a computer has one address, the head has weights over all places, so that finding is differentiable:
by content, mixed with where it was before, shifted, and sharpened again (Graves, Wayne and Danihelka 2014,
https://arxiv.org/abs/1410.5401, equations 2 to 9).
"""

import numpy

import adjoint as ad
from adjoint import numpy as np
from adjoint.special import sigmoid, softmax, softplus


def by_content(memory, key, strength):
    """Weights by how well each row of the memory points the way of the key."""
    with ad.scope("content"):
        lengths = np.sqrt(np.sum(memory**2, axis=1)) * np.sqrt(np.sum(key**2))
        similar = memory @ key / (lengths + 1e-8)
        return softmax(softplus(strength) * similar)


def interpolated(found, before, gate):
    """A mixture of what was found and where the head was."""
    with ad.scope("interpolate"):
        g = sigmoid(gate)
        return g * found + (1.0 - g) * before


def shifted(weights, shift):
    """Moved around the ring of places: one back, stay, one on, each with its share."""
    with ad.scope("shift"):
        shares = softmax(shift)
        return shares[0] * np.roll(weights, -1) + shares[1] * weights + shares[2] * np.roll(weights, 1)


def sharpened(weights, sharpness):
    """Powers make a blurred place narrow again."""
    with ad.scope("sharpen"):
        powers = weights ** (1.0 + softplus(sharpness))
        return powers / np.sum(powers)


def addressed(memory, key, strength, gate, shift, sharpness, before):
    """Where the head looks: content, interpolation, shift, sharpening."""
    with ad.scope("address"):
        found = by_content(memory, key, strength)
        mixed = interpolated(found, before, gate)
        return sharpened(shifted(mixed, shift), sharpness)


def written(memory, weights, erase, add):
    """The memory after the head erased and added, each place by its weight."""
    with ad.scope("write"):
        kept = memory * (1.0 - np.outer(weights, sigmoid(erase)))
        return kept + np.outer(weights, add)


def ntm_read(memory, key, strength, gate, shift, sharpness, before, target):
    """A neural Turing machine reads: it finds a place, and takes what stands there."""
    weights = addressed(memory, key, strength, gate, shift, sharpness, before)
    with ad.scope("read"):
        heard = weights @ memory
    with ad.scope("loss"):
        return np.sum((heard - target) ** 2)


def ntm_write(memory, key, strength, gate, shift, sharpness, before, erase, add, target):
    """A neural Turing machine writes: it finds a place, erases there, and adds."""
    weights = addressed(memory, key, strength, gate, shift, sharpness, before)
    after = written(memory, weights, erase, add)
    with ad.scope("loss"):
        return np.sum((after - target) ** 2)


def made():
    """Four places of three numbers each; the head was at the first, and is asked for the second."""
    memory = numpy.array([[1.0, 0.0, 0.5], [0.0, 1.0, -0.5], [0.5, 0.5, 0.0], [-1.0, 0.5, 1.0]])
    key, before = numpy.array([0.2, 0.9, -0.4]), numpy.array([1.0, 0.0, 0.0, 0.0])
    head = (memory, key, 2.0, 1.0, numpy.array([-1.0, 2.0, 0.0]), 1.5, before)
    erase, add = numpy.array([2.0, -1.0, 0.0]), numpy.array([0.5, -0.5, 1.0])
    target = memory.copy()
    target[1] = add
    return {ntm_read: (*head, memory[1].copy()), ntm_write: (*head, erase, add, target)}


EXAMPLES = made()


def main():
    memory, *head, _ = EXAMPLES[ntm_read]
    print("the head looks at", numpy.array2string(addressed(memory, *head).value, precision=3, floatmode="fixed"))
    for function, values in EXAMPLES.items():
        agree = "all agree" if ad.check(function)(*values) else "WRONG"
        value, slope = ad.value_and_grad(function, argnums=1)(*values)
        print(f"{function.__name__:<9} loss {value:.4f}   by the key {numpy.round(slope, 4)}   checked: {agree}")


if __name__ == "__main__":
    main()
