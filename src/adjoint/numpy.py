"""NumPy's names for tensors: ``from adjoint import numpy as np``.

Functions of tensors record; functions that only make arrays (zeros, arange, linspace, ...) are
NumPy's own and give plain arrays, which every function here takes.

>>> from adjoint import numpy as np
>>> np.sum(np.sin(np.zeros(3)))
tensor(0.)
"""

from __future__ import annotations

import numpy as _np

from adjoint.functions import contractions as _contractions
from adjoint.functions import cumulative as _cumulative
from adjoint.functions import einsums as _einsums
from adjoint.functions import elementwise as _elementwise
from adjoint.functions import joining as _joining
from adjoint.functions import linalg as linalg
from adjoint.functions import movement as _movement
from adjoint.functions import picking as _picking
from adjoint.functions import reductions as _reductions
from adjoint.functions import shapes as _shapes

# Constants, dtypes and functions that only make arrays are NumPy's own.
pi = _np.pi
e = _np.e
inf = _np.inf
nan = _np.nan
newaxis = _np.newaxis
float16 = _np.float16
float32 = _np.float32
float64 = _np.float64
complex64 = _np.complex64
complex128 = _np.complex128
int8 = _np.int8
int16 = _np.int16
int32 = _np.int32
int64 = _np.int64
uint8 = _np.uint8
bool_ = _np.bool_
array = _np.array
asarray = _np.asarray
empty = _np.empty
zeros = _np.zeros
ones = _np.ones
full = _np.full
arange = _np.arange
linspace = _np.linspace
logspace = _np.logspace
geomspace = _np.geomspace
eye = _np.eye
identity = _np.identity
tri = _np.tri
meshgrid = _np.meshgrid
errstate = _np.errstate

# Element by element.
add = _elementwise.add
subtract = _elementwise.subtract
multiply = _elementwise.multiply
divide = _elementwise.divide
true_divide = _elementwise.true_divide
negative = _elementwise.negative
positive = _elementwise.positive
power = _elementwise.power
square = _elementwise.square
sqrt = _elementwise.sqrt
reciprocal = _elementwise.reciprocal
exp = _elementwise.exp
expm1 = _elementwise.expm1
log = _elementwise.log
log1p = _elementwise.log1p
sin = _elementwise.sin
cos = _elementwise.cos
tan = _elementwise.tan
arctan2 = _elementwise.arctan2
sinh = _elementwise.sinh
cosh = _elementwise.cosh
tanh = _elementwise.tanh
arctan = _elementwise.arctan
arcsin = _elementwise.arcsin
arccos = _elementwise.arccos
arcsinh = _elementwise.arcsinh
arccosh = _elementwise.arccosh
arctanh = _elementwise.arctanh
log2 = _elementwise.log2
log10 = _elementwise.log10
exp2 = _elementwise.exp2
logaddexp = _elementwise.logaddexp
cbrt = _elementwise.cbrt
hypot = _elementwise.hypot
absolute = _elementwise.absolute
sign = _elementwise.sign
floor = _elementwise.floor
ceil = _elementwise.ceil
trunc = _elementwise.trunc
round = _elementwise.round
remainder = _elementwise.remainder
mod = _elementwise.mod
floor_divide = _elementwise.floor_divide
maximum = _elementwise.maximum
minimum = _elementwise.minimum
where = _elementwise.where
clip = _elementwise.clip
equal = _elementwise.equal
not_equal = _elementwise.not_equal
less = _elementwise.less
less_equal = _elementwise.less_equal
greater = _elementwise.greater
greater_equal = _elementwise.greater_equal
logical_and = _elementwise.logical_and
logical_or = _elementwise.logical_or
logical_xor = _elementwise.logical_xor
logical_not = _elementwise.logical_not
bitwise_and = _elementwise.bitwise_and
bitwise_or = _elementwise.bitwise_or
bitwise_xor = _elementwise.bitwise_xor
invert = _elementwise.invert
isnan = _elementwise.isnan
isfinite = _elementwise.isfinite
isinf = _elementwise.isinf
conj = _elementwise.conj
conjugate = _elementwise.conjugate
real = _elementwise.real
imag = _elementwise.imag
astype = _elementwise.astype
copy = _elementwise.copy

# Along axes.
sum = _reductions.sum
prod = _reductions.prod
max = _reductions.max
min = _reductions.min
argmax = _reductions.argmax
argmin = _reductions.argmin
mean = _reductions.mean
var = _reductions.var
std = _reductions.std
all = _reductions.all
any = _reductions.any
cumsum = _cumulative.cumsum
cumprod = _cumulative.cumprod

# Shapes and axes.
reshape = _movement.reshape
ravel = _movement.ravel
transpose = _movement.transpose
matrix_transpose = _movement.matrix_transpose
swapaxes = _movement.swapaxes
moveaxis = _movement.moveaxis
expand_dims = _movement.expand_dims
squeeze = _movement.squeeze
broadcast_to = _movement.broadcast_to
broadcast_arrays = _movement.broadcast_arrays
atleast_1d = _movement.atleast_1d
atleast_2d = _movement.atleast_2d
flip = _movement.flip
fliplr = _movement.fliplr
flipud = _movement.flipud
pad = _movement.pad

# Joining, splitting, repeating.
concatenate = _joining.concatenate
stack = _joining.stack
vstack = _joining.vstack
hstack = _joining.hstack
column_stack = _joining.column_stack
split = _joining.split
array_split = _joining.array_split
vsplit = _joining.vsplit
hsplit = _joining.hsplit
repeat = _joining.repeat
tile = _joining.tile
roll = _joining.roll

# Entries by place.
take = _picking.take
take_along_axis = _picking.take_along_axis
diagonal = _picking.diagonal
diag = _picking.diag
trace = _picking.trace
tril = _picking.tril
triu = _picking.triu
sort = _picking.sort
argsort = _picking.argsort
diff = _picking.diff

# Products.
matmul = _contractions.matmul
dot = _contractions.dot
vdot = _contractions.vdot
inner = _contractions.inner
outer = _contractions.outer
tensordot = _contractions.tensordot
kron = _contractions.kron
einsum = _einsums.einsum

# Questions, and arrays in the likeness of others.
shape = _shapes.shape
ndim = _shapes.ndim
size = _shapes.size
iscomplexobj = _shapes.iscomplexobj
isrealobj = _shapes.isrealobj
allclose = _shapes.allclose
array_equal = _shapes.array_equal
zeros_like = _shapes.zeros_like
ones_like = _shapes.ones_like
full_like = _shapes.full_like

# Other names of the same.
abs = absolute
amax = max
amin = min
acos = arccos
acosh = arccosh
asin = arcsin
asinh = arcsinh
atan = arctan
atan2 = arctan2
atanh = arctanh
around = round
concat = concatenate
permute_dims = transpose
pow = power


def __getattr__(name: str) -> object:
    """Says where a function lives that is looked for here: relu and softmax are no names of NumPy's."""
    from adjoint import special

    if name in special.__all__:
        place = f"it is adjoint.special.{name}"
    elif hasattr(_np, name) and not name.startswith("_"):
        place = f"NumPy has it, but it has no rule here; np.{name}(t.numpy()) gives plain values"
    else:
        place = "the names are those of NumPy"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}: {place}.", name=name)
