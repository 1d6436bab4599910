"""What pytest collects: modules for an outside library only where that library is installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["src/adjoint/interop/torch.py", "src/adjoint/interop/torch_arrays.py"]
