"""Every public name says what it is in one full sentence, and shows it in an example that runs."""

import doctest
import inspect
import sys

import pytest

import adjoint as ad
import adjoint.numpy
import adjoint.special
from adjoint.nn import functional

OPTIONS = doctest.ELLIPSIS


def public(module):
    """The names of a module that are ours and can be called."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    for name in names:
        thing = getattr(module, name)
        if callable(thing) and (getattr(thing, "__module__", None) or "").startswith("adjoint"):
            yield pytest.param(thing, id=f"{module.__name__}.{name}")


MODULES = (ad, ad.numpy, ad.numpy.linalg, ad.special, functional)
NAMES = [param for module in MODULES for param in public(module)]
METHODS = [
    pytest.param(member, id=f"{cls.__name__}.{name}")
    for cls in (ad.Tensor, *ad.Tensor.__bases__, ad.Graph, ad.Spec, ad.Function)
    for name, member in vars(cls).items()
    if not name.startswith("_") and (callable(member) or isinstance(member, property | staticmethod))
]


def first_sentence(thing):
    return inspect.getdoc(thing).partition("\n\n")[0].replace("\n", " ")


def test_the_public_names_are_found():
    assert len(NAMES) > 180
    assert len(METHODS) > 40


@pytest.mark.parametrize("thing", NAMES + METHODS)
def test_it_opens_with_a_full_sentence(thing):
    sentence = first_sentence(thing)
    assert sentence[:1].isupper() or sentence.startswith("``")
    assert sentence.endswith(".")
    assert len(sentence.split()) >= 3


def space_of(thing):
    """What an example may name: everything of the module that it stands in, and the thing itself."""
    home = sys.modules[thing.__module__]
    if home.__name__ == "adjoint.doors":  # a record's door: its public name stands in a module of functions
        return {**vars(adjoint.numpy), **vars(adjoint.numpy.linalg), **vars(adjoint.special)}
    return dict(vars(home))


@pytest.mark.parametrize("thing", NAMES)
def test_its_example_runs(thing):
    examples = doctest.DocTestParser().get_doctest(thing.__doc__, space_of(thing), thing.__name__, None, 0)
    assert examples.examples, "no example"
    said = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(examples, out=said.append)
    assert said == []
