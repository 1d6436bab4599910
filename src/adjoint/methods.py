"""Methods: NumPy's methods of arrays, as tensors have them. Each is the function of adjoint.numpy of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Operators, conversions and NumPy's protocols: installed by operators.py, inplace.py, conversion.py, protocols.py.
    from adjoint.signatures import Installed
    from adjoint.tensor import Tensor
else:
    Installed = object


class Methods(Installed):
    """The base of Tensor: what reaches up to the functions."""

    __slots__ = ()

    def sum(self, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Tensor:
        """The sum of the elements, over all axes or those named.

        >>> import adjoint as ad
        >>> ad.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(axis=0)
        tensor([4., 6.])
        """
        from adjoint.functions import reductions

        return reductions.sum(self, axis, dtype, keepdims=keepdims)

    def mean(self, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Tensor:
        """The mean of the elements, over all axes or those named."""
        from adjoint.functions import reductions

        return reductions.mean(self, axis, dtype, keepdims=keepdims)

    def prod(self, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Tensor:
        """The product of the elements, over all axes or those named."""
        from adjoint.functions import reductions

        return reductions.prod(self, axis, dtype, keepdims=keepdims)

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """The largest element; equal ones share the gradient."""
        from adjoint.functions import reductions

        return reductions.max(self, axis, keepdims=keepdims)

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """The smallest element; equal ones share the gradient."""
        from adjoint.functions import reductions

        return reductions.min(self, axis, keepdims=keepdims)

    def argmax(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """The place of the largest element, in C order where no axis is named."""
        from adjoint.functions import reductions

        return reductions.argmax(self, axis, keepdims=keepdims)

    def argmin(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """The place of the smallest element, in C order where no axis is named."""
        from adjoint.functions import reductions

        return reductions.argmin(self, axis, keepdims=keepdims)

    def var(self, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
        """The variance: the mean squared distance from the mean, divided by ``n - ddof``."""
        from adjoint.functions import reductions

        return reductions.var(self, axis, dtype, ddof=ddof, keepdims=keepdims)

    def std(self, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
        """The standard deviation; where all elements are equal its gradient is 0."""
        from adjoint.functions import reductions

        return reductions.std(self, axis, dtype, ddof=ddof, keepdims=keepdims)

    def all(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """Whether every element is true."""
        from adjoint.functions import reductions

        return reductions.all(self, axis, keepdims=keepdims)

    def any(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """Whether any element is true."""
        from adjoint.functions import reductions

        return reductions.any(self, axis, keepdims=keepdims)

    @property
    def T(self) -> Tensor:
        """The axes in reverse order."""
        from adjoint.functions import movement

        return movement.transpose(self)

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order, ``t.transpose(1, 0)`` or ``t.transpose((1, 0))``; without any, reversed."""
        from adjoint.functions import movement

        return movement.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None)

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape, ``t.reshape(2, -1)`` or ``t.reshape((2, -1))``.

        >>> import adjoint as ad
        >>> ad.tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, -1).shape
        (2, 2)
        """
        from adjoint.functions import movement

        return movement.reshape(self, shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> Tensor:
        """All elements along one axis, as a view where NumPy's would be one."""
        from adjoint.functions import movement

        return movement.ravel(self)

    def flatten(self) -> Tensor:
        """All elements along one axis, as a copy that may be written to."""
        from adjoint.functions import movement

        return movement.ravel(self).copy()

    def squeeze(self, axis: Any = None) -> Tensor:
        """Axes of size 1 dropped: all of them, or those named."""
        from adjoint.functions import movement

        return movement.squeeze(self, axis)

    def dot(self, other: Any) -> Tensor:
        """The inner product along the last axis of this tensor and the last but one of the other."""
        from adjoint.functions import contractions

        return contractions.dot(self, other)

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        """The elements (or slices along an axis) at the given places."""
        from adjoint.functions import picking

        return picking.take(self, indices, axis)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """The elements brought between two bounds; slope 1 within the closed interval and 0 outside."""
        from adjoint.functions import elementwise

        return elementwise.clip(self, min, max)

    def round(self, decimals: int = 0) -> Tensor:
        """The elements rounded to a number of decimals; no gradient passes."""
        from adjoint.functions import elementwise

        return elementwise.round(self, decimals)

    def __round__(self, decimals: int | None = None) -> Tensor:
        from adjoint.functions import elementwise

        return elementwise.round(self, decimals or 0)

    def astype(self, dtype: Any) -> Tensor:
        """The elements in another dtype; gradients pass between floating and complex ones."""
        from adjoint.functions import elementwise

        return elementwise.astype(self, dtype)

    @property
    def real(self: Any) -> Tensor:
        """The real parts; of real numbers, these themselves."""
        from adjoint.functions import elementwise

        return elementwise.real(self) if self.dtype.kind == "c" else self

    @property
    def imag(self) -> Tensor:
        """The imaginary parts; of real numbers, zeros."""
        from adjoint.functions import elementwise

        return elementwise.imag(self)

    def conj(self: Any) -> Tensor:
        """The complex conjugates.

        >>> import adjoint as ad
        >>> ad.tensor(1 + 2j).conj()
        tensor(1.-2.j)
        """
        from adjoint.functions import elementwise

        return elementwise.conj(self) if self.dtype.kind == "c" else self

    conjugate = conj
