"""Errors: ours and the builtin at once, in three parts, and whole after a journey through pickle."""

import copy
import inspect
import pickle

import pytest
from numpy.linalg import LinAlgError

from adjoint import errors
from adjoint.errors import AdjointError

BUILTINS = {
    "AdjointError": (Exception,),
    "ShapeError": (ValueError,),
    "DtypeError": (TypeError,),
    "ArgumentError": (ValueError,),
    "CallError": (ValueError, TypeError),
    "OperandError": (TypeError,),
    "AxisError": (ValueError, IndexError),
    "SingularError": (LinAlgError,),
    "GraphError": (ValueError,),
    "FreedError": (RuntimeError,),
    "InPlaceError": (ValueError,),
    "TrackedError": (TypeError,),
    "TracedError": (TypeError,),
    "SizeError": (MemoryError,),
    "UnreachedError": (ValueError,),
    "UnsupportedError": (TypeError, NotImplementedError),
    "RuleError": (ValueError,),
    "RecordError": (TypeError,),
    "ExpressionError": (ValueError,),
    "InputFileError": (ValueError, OSError),
    "CheckError": (AssertionError,),
}

CLASSES = [item for _, item in inspect.getmembers(errors, inspect.isclass) if item.__module__ == errors.__name__]


def test_every_class_is_listed_here():
    assert {kind.__name__ for kind in CLASSES} == set(BUILTINS)


def test_the_tree_in_the_docstring_is_the_tree():
    for kind in CLASSES:
        line = next(line for line in (errors.__doc__ or "").splitlines() if line.strip(" +-").startswith(kind.__name__))
        if kind is not AdjointError:
            drawn = line[line.index("(") + 1 : line.index(")")].split(", ")
            assert drawn == [base.__name__ for base in BUILTINS[kind.__name__]]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
class TestEachClass:
    def test_is_caught_as_ours_and_as_the_builtins(self, kind):
        for caught_as in (AdjointError, *BUILTINS[kind.__name__]):
            with pytest.raises(caught_as, match="it broke"):
                raise kind("it broke.", help="mend it.")

    def test_has_three_parts(self, kind):
        error = kind("it broke.", where="made at a.py:3   x @ w\n                  ^^^^^", help="mend it.")
        assert (error.what, error.help) == ("it broke.", "mend it.")
        assert str(error).split("\n") == [
            "it broke.",
            "  made at a.py:3   x @ w",
            "                    ^^^^^",
            "  help: mend it.",
        ]

    def test_leaves_out_the_parts_it_does_not_have(self, kind):
        assert str(kind("it broke.")) == "it broke."
        assert str(kind("it broke.", help="mend it.")) == "it broke.\n  help: mend it."
        assert str(kind("it broke.", where="made at a.py:3")) == "it broke.\n  made at a.py:3"

    @pytest.mark.parametrize("journey", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
    def test_survives_copies_and_pickle(self, kind, journey):
        error = kind("it broke.", where="made at a.py:3", help="mend it.")
        again = journey(error)
        assert type(again) is kind
        assert (again.what, again.where, again.help) == (error.what, error.where, error.help)
        assert str(again) == str(error)

    def test_has_a_docstring_of_a_sentence(self, kind):
        assert (kind.__doc__ or "").rstrip().splitlines()[0].endswith(".")


def test_help_of_several_lines_stays_under_its_word():
    assert str(AdjointError("it broke.", help="either\nor")).split("\n")[1:] == ["  help: either", "        or"]


def test_pickle_keeps_notes():
    error = AdjointError("it broke.")
    error.add_note("while training")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while training"]


def test_an_input_file_error_reads_as_ours_and_not_as_errno():
    error = errors.InputFileError("data.npz is damaged.", help="save it again.")
    assert str(error) == "data.npz is damaged.\n  help: save it again."
    assert error.args == ("data.npz is damaged.",)
