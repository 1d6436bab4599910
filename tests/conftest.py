"""What all tests share: property tests that run the same examples everywhere, and a cache folder of their own."""

import atexit
import importlib
import os
import shutil
import tempfile

from hypothesis import HealthCheck, settings

import adjoint  # noqa: F401 - first: what pytest imports alone binds its name in the package, where functions stand

_shared = {"deadline": None, "derandomize": True, "database": None, "print_blob": True}
settings.register_profile("ci", max_examples=60, suppress_health_check=[HealthCheck.too_slow], **_shared)
settings.register_profile("thorough", max_examples=2_000, suppress_health_check=list(HealthCheck), **_shared)
settings.load_profile(os.environ.get("ADJOINT_HYPOTHESIS", "ci"))


def _no_constants_of_modules() -> None:
    """Hypothesis also draws the constants of whatever modules are loaded: each worker would have other examples."""
    try:
        providers = importlib.import_module("hypothesis.internal.conjecture.providers")
        none = type(providers.GLOBAL_CONSTANTS)()
        providers._get_local_constants = lambda: none
    except (ImportError, AttributeError):
        pass  # a version that draws none


def _own_cache() -> None:
    """Compiled code of this session goes to a folder that goes with it; the workers share the one of their parent."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    folder, process = tempfile.mkdtemp(prefix="adjoint-tests-"), os.getpid()
    os.environ["ADJOINT_CACHE_DIR"] = folder

    def remove() -> None:
        if os.getpid() == process:  # not in a forked child
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


_no_constants_of_modules()
_own_cache()
