"""The pictures of docs/tutorial.md, as the engine draws them; ``python tests/tutorial.py`` writes them again."""

import importlib.util
import sys
from pathlib import Path

import numpy as np

import adjoint as ad
import adjoint.numpy as anp

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"


def example(name):
    """A module of the examples."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def error(w, x, b, y):
    c = w * x
    a = c + b
    d = a - y
    return 0.5 * d**2


def gates(x, y, z, w):
    return 2 * (x * y + anp.maximum(z, w))


def copy(a, b):
    return (a + b) * b


def layer(X, W, b):
    hidden = anp.maximum(X @ W + b, 0.0)
    return anp.mean(hidden)


def lstm():
    module = example("lstm")
    return ad.explain(module.lstm_step, title="A step of an LSTM")(*module.made())


def stories():
    """The story of each picture, by its name."""
    random = np.random.default_rng(0)
    X, W, b = random.normal(size=(4, 3)), random.normal(size=(3, 5)), np.zeros(5)
    return {
        "error": ad.explain(error, title="The error of a neuron")(2.0, -2.0, 8.0, 2.0),
        "gates": ad.explain(gates, title="Four habits")(3.0, -4.0, 2.0, -1.0),
        "copy": ad.explain(copy, title="A value used twice")(2.0, 3.0),
        "layer": ad.explain(layer, title="A layer")(X, W, b),
        "lstm": lstm(),
    }


def drawn(story, name):
    """A picture as text; groups closed where the tutorial says so."""
    from adjoint.view.collapse import collapse
    from adjoint.view.svg import render

    document = story.to_dict()
    return render(collapse(document, set()) if name == "lstm" else document)


if __name__ == "__main__":
    for name, story in stories().items():
        (PICTURES / f"{name}.svg").write_text(drawn(story, name), encoding="utf-8")
