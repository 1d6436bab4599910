"""What pytest collects: modules for an outside library only where that library is installed."""

from importlib.util import find_spec

_NEEDS = {
    "torch": ["src/adjoint/interop/torch.py", "src/adjoint/interop/torch_arrays.py"],
    "starlette": ["src/adjoint/workbench/app.py"],
}
collect_ignore = [file for library, files in _NEEDS.items() if not find_spec(library) for file in files]

pytest_plugins = ["browser.chromium"]  # shared by the tests of the player and of the workbench
