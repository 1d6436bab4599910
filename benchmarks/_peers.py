"""How the other engines are asked for a value and its gradient: each in the form that is fastest for it.

Arguments are the engine's own arrays, made before the clock starts, and results stay the engine's own. Each
maker returns None where the engine is not installed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import _compiled as bench
from _harness import peer


def jax_values(tree: Any) -> Any:
    """Arrays as JAX's."""
    jax = peer("jax", [])
    return jax.tree.map(jax.numpy.asarray, tree)


def jax_call(function: Callable[..., Any], *arguments: Any, **how: Any) -> bench.Run:
    """``jax.jit(function)``, waited for."""
    jax = peer("jax", [])
    ready = jax.jit(function, **how)
    given = jax_values(arguments)
    wait = jax.block_until_ready
    return lambda: wait(ready(*given))


def jax(text: Callable[..., Any], *arguments: Any, argnums: int | tuple[int, ...] = 0) -> bench.Maker:
    """Value and gradient of ``text(jax.numpy, *arguments)``."""

    def make() -> bench.Run | None:
        if (module := peer("jax", [])) is None:
            return None
        function = functools.partial(text, module.numpy)
        return jax_call(module.value_and_grad(function, argnums=argnums), *arguments)

    return make


def torch_values(tree: Any) -> Any:
    """Arrays as torch's, over the same memory."""
    torch = peer("torch", [])
    return torch.utils._pytree.tree_map(torch.as_tensor, tree)


def torch(text: Callable[..., Any], *arguments: Any, argnums: int | tuple[int, ...] = 0) -> bench.Maker:
    """``torch.compile`` of gradient and value in one graph (on the fused workload twice as fast as ``backward()``)."""

    def make() -> bench.Run | None:
        if (module := peer("torch", [])) is None:
            return None
        module._dynamo.reset()  # past 8 versions of one text it would give up compiling
        both = module.func.grad_and_value(functools.partial(text, module), argnums=argnums)
        ready = module.compile(both, dynamic=False, fullgraph=True)
        given = torch_values(arguments)

        def run() -> Any:
            gradient, value = ready(*given)
            return value, gradient

        return run

    return make


def autograd(text: Callable[..., Any], *arguments: Any, argnums: int | tuple[int, ...] = 0) -> bench.Maker:
    """HIPS autograd, which runs NumPy."""

    def make() -> bench.Run | None:
        if (module := peer("autograd", [])) is None:
            return None
        import autograd.numpy
        import autograd.scipy.special

        both = module.value_and_grad(functools.partial(text, autograd.numpy), argnums)
        return lambda: both(*arguments)

    return make


def numba(make: Callable[[Any], bench.Run]) -> bench.Maker:
    """What ``make(numba)`` returns; a derivative written out by hand."""

    def maker() -> bench.Run | None:
        module = peer("numba", [])
        return None if module is None else make(module)

    return maker
