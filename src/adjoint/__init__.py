"""adjoint: write the forward pass once, see the graph, get any derivative, explained and verified."""

from adjoint.create import tensor
from adjoint.differentiate.custom import Function
from adjoint.differentiate.eager import gradients
from adjoint.differentiate.jacobian import hessian, hvp, jacfwd, jacobian, jacrev
from adjoint.differentiate.rules import custom_jvp, custom_vjp
from adjoint.differentiate.stop import stop_gradient
from adjoint.differentiate.transforms import grad, jvp, value_and_grad, vjp
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec
from adjoint.modes import no_grad, scope
from adjoint.tensor import Tensor
from adjoint.verify.check import check
from adjoint.verify.kinks import kinks
from adjoint.verify.saved import saved
from adjoint.verify.why_zero import why_zero
