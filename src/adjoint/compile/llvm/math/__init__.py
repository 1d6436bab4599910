"""The functions of the native kits: inlined polynomials on vectors, each with its measured bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: By the name that a record's ``emit`` calls: ``function(kit, *operands)``.
FUNCTIONS: dict[str, Callable[..., Any]] = {}
