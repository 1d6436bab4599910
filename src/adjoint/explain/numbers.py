"""The number formatter under an older name; it lives at the ground (``adjoint.numbers``), where checks reach it too."""

from adjoint.numbers import (
    WIRE_LIMIT,
    as_number,
    format_bytes,
    format_count,
    format_exact,
    format_gradient,
    format_number,
    format_shape,
    format_time,
    sign_of,
)

__all__ = [
    "WIRE_LIMIT",
    "as_number",
    "format_bytes",
    "format_count",
    "format_exact",
    "format_gradient",
    "format_number",
    "format_shape",
    "format_time",
    "sign_of",
]
