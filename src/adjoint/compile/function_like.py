"""FunctionLike: what an executable does as a function does: it binds as a method, copies as itself, pickles by name."""

from __future__ import annotations

import copy
import operator
import sys
import weakref
from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any

from adjoint.compile.arguments import Parameters
from adjoint.compile.backend import Options
from adjoint.compile.llvm.entry_called import Called
from adjoint.errors import UnsupportedError
from adjoint.site import here

#: Instances whose bound executables one compiled method keeps; beyond, the oldest goes.
LIMIT = 64


class FunctionLike(Called):
    """A base of executables, for what Python asks of functions beside calls."""

    __name__: str
    __wrapped__: Callable[..., Any]
    _options: Options
    _parameters: Parameters
    _guard: bool
    #: By identity: instances that are equal may hold other arrays. Each holds its instance, so no number recurs.
    _bound: dict[int, Any]

    if TYPE_CHECKING:

        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...  # noqa: D102

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: the executable of this instance's bound function."""
        if instance is None:
            return self
        known = self._bound.get(id(instance))
        if known is None:
            try:
                hash(instance), weakref.ref(instance)
            except TypeError:  # an instance that has no hash or no weak references is an argument like others
                return MethodType(self, instance)
            known = self._bound[id(instance)] = self._of(instance, self.__wrapped__, *self._parameters.of_method())
            if len(self._bound) > LIMIT:  # each keeps its instance alive
                del self._bound[next(iter(self._bound))]
        return known

    def _of(self, instance: Any, f: Any, static: tuple[int | str, ...], donate: tuple[int | str, ...]) -> Any:
        from adjoint.compile.api import executable

        return executable(MethodType(f, instance), self._options, static, donate, self._guard)

    def __copy__(self) -> Any:
        """The executable itself."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """The executable itself; of a bound method, one that is bound to the copy of its instance."""
        f = self.__wrapped__
        if not isinstance(f, MethodType):
            return self
        instance = copy.deepcopy(f.__self__, memo)
        if instance is f.__self__:
            return self
        return self._of(instance, f.__func__, tuple(self._parameters.static), tuple(self._parameters.donated))

    def __reduce__(self) -> Any:
        """Its qualified name, as of a function; of a bound method, its instance and its name."""
        f, name = self.__wrapped__, getattr(self, "__qualname__", "")
        if isinstance(f, MethodType) and getattr(f.__self__, self.__name__, None) is self:
            return getattr, (f.__self__, self.__name__)
        try:
            found = operator.attrgetter(name)(sys.modules[self.__module__])
        except (AttributeError, KeyError):
            found = None
        if found is self:
            return name
        raise UnsupportedError(
            f"the compiled {self.__name__} cannot be pickled: {self.__module__}.{name or self.__name__} "
            f"is {'another object' if found is not None else 'not there'}, so there is no name to find it by.",
            where=here(),
            help="write @ad.compile above a function of a module, or pickle the function and compile it where it runs.",
        )
