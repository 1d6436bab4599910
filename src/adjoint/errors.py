"""The exceptions that adjoint raises, each with what happened, where, and what to do.

The tree::

    AdjointError
    +-- ShapeError        (ValueError)    shapes that do not fit
    +-- DtypeError        (TypeError)     integer input to grad, object arrays, ...
    +-- ArgumentError     (ValueError)    a missing, extra or impossible argument
    +-- CallError         (ValueError, TypeError)  a call of a compiled function that does not fit it
    +-- OperandError      (TypeError)     something that is no number, array or tensor
    +-- AxisError         (ValueError, IndexError)  an axis that the array does not have
    +-- SingularError     (LinAlgError)   a matrix without an inverse
    +-- GraphError        (ValueError)    a cycle, an unknown name, a broken graph
    +-- FreedError        (RuntimeError)  a second backward through a freed graph
    +-- InPlaceError      (ValueError)    an in-place write that would corrupt history
    +-- TrackedError      (TypeError)     a tracked tensor leaving the graph unnoticed
    +-- TracedError       (TypeError)     a value asked of a tensor that has only a Spec
    +-- SizeError         (MemoryError)   arrays that this machine cannot hold
    +-- UnreachedError    (ValueError)    no path from the output to a tensor
    +-- UnsupportedError  (TypeError, NotImplementedError)  a NumPy function or form without a rule
    +-- RuleError         (ValueError)    a user's rule returned something wrong
    +-- RecordError       (TypeError)     a primitive record that contradicts itself
    +-- ExpressionError   (ValueError)    a mistake in an expression, with a caret under it
    +-- InputFileError    (ValueError, OSError)  a missing, damaged or refused file
    +-- CheckError        (AssertionError)  a derivative that differs from its numeric check
"""

from __future__ import annotations

from numpy.linalg import LinAlgError


class AdjointError(Exception):
    """An error in three parts: what happened, where, and what to do.

    >>> print(AdjointError("it broke.", where="made at a.py:3", help="mend it."))
    it broke.
      made at a.py:3
      help: mend it.
    """

    def __init__(self, what: str, *, where: str | None = None, help: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.help = help

    def __str__(self) -> str:
        parts = [self.what]
        if self.where:
            parts.extend("  " + line for line in self.where.splitlines())
        if self.help:
            parts.append("  help: " + self.help.replace("\n", "\n        "))
        return "\n".join(parts)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.help), self.__dict__)  # notes travel too


def _rebuild(kind: type[AdjointError], what: str, where: str | None, help: str | None) -> AdjointError:
    return kind(what, where=where, help=help)


class ShapeError(AdjointError, ValueError):
    """Shapes that do not fit together."""


class DtypeError(AdjointError, TypeError):
    """A dtype for which the operation or its derivative does not exist."""


class ArgumentError(AdjointError, ValueError):
    """A missing, extra or impossible argument."""


class CallError(ArgumentError, TypeError):
    """A call of a compiled function that does not fit the function's parameters."""


class OperandError(AdjointError, TypeError):
    """An operand that is no number, array or tensor."""


class AxisError(AdjointError, ValueError, IndexError):
    """An axis that the array does not have, or an index outside it."""


class SingularError(AdjointError, LinAlgError):
    """A matrix without an inverse, where one is needed; numpy.linalg.LinAlgError catches it too."""


class GraphError(AdjointError, ValueError):
    """A graph that cannot be: a cycle, an unknown name, a duplicate."""


class FreedError(AdjointError, RuntimeError):
    """A backward pass through a graph whose saved values were freed."""


class InPlaceError(AdjointError, ValueError):
    """An in-place write that would corrupt recorded history."""


class TrackedError(AdjointError, TypeError):
    """A tracked tensor was about to leave the graph without a word."""


class TracedError(AdjointError, TypeError):
    """A value was asked of a traced tensor, which has only a shape and a dtype."""


class SizeError(AdjointError, MemoryError):
    """Arrays that this machine's memory cannot hold, found before any of them was made."""


class UnreachedError(AdjointError, ValueError):
    """No path leads from the output to a tensor whose gradient was asked for."""


class UnsupportedError(AdjointError, TypeError, NotImplementedError):
    """A NumPy function, or a form of it, for which there is no rule."""


class RuleError(AdjointError, ValueError):
    """A user's derivative rule returned the wrong number, shape or dtype of gradients."""


class RecordError(AdjointError, TypeError):
    """A primitive record whose fields contradict each other."""


class ExpressionError(AdjointError, ValueError):
    """A mistake in an expression of the little language."""

    #: From where to where it stands in the text, in characters, for those who underline it themselves.
    span: tuple[int, int] | None = None


class InputFileError(AdjointError, ValueError, OSError):
    """A file that is missing, damaged or refused."""

    def __init__(self, what: str, *, where: str | None = None, help: str | None = None) -> None:
        AdjointError.__init__(self, what, where=where, help=help)

    __str__ = AdjointError.__str__


class CheckError(AdjointError, AssertionError):
    """An analytic derivative that differs from its numeric check."""


def reveal(error: ValueError) -> None:
    """Raises the error of ours that NumPy hides behind "setting an array element with a sequence", if it is one."""
    cause = error.__cause__
    if type(error) is ValueError and isinstance(cause, AdjointError):
        raise cause.with_traceback(error.__traceback__) from None
