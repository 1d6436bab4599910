"""adjoint: write the forward pass once, see the graph, get any derivative, explained and verified."""

from adjoint import errors
from adjoint.create import tensor
from adjoint.differentiate.custom import Function
from adjoint.differentiate.eager import gradients
from adjoint.differentiate.jacobian import hessian, hvp, jacfwd, jacobian, jacrev
from adjoint.differentiate.rules import custom_jvp, custom_vjp
from adjoint.differentiate.stop import stop_gradient
from adjoint.differentiate.transforms import grad, jvp, value_and_grad, vjp
from adjoint.differentiate.vmap import vmap
from adjoint.front import check, compile, explain, kinks, saved, set_kernels, source, why_zero
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec
from adjoint.modes import no_grad, scope
from adjoint.tensor import Tensor

__version__ = "0.1.0"

__all__ = [
    "Function",
    "Graph",
    "Spec",
    "Tensor",
    "check",
    "compile",
    "custom_jvp",
    "custom_vjp",
    "errors",
    "explain",
    "grad",
    "gradients",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "kinks",
    "no_grad",
    "saved",
    "scope",
    "set_kernels",
    "source",
    "stop_gradient",
    "tensor",
    "value_and_grad",
    "vjp",
    "vmap",
    "why_zero",
]
