"""From a Python function to its first value and gradient in a fresh process, imports aside; processor time.

"nothing cached": every engine traces, optimises and compiles. "from the disk cache": another process has compiled
the same function before. What is not counted: imports (ours include llvmlite and SciPy's BLAS, which otherwise
load at the first call), the data, and the start of jax's backend. torch.compile takes many seconds and is run once.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import _compiled as bench

TITLE = "Python function to first value and gradient, fresh process"
WORKLOADS = ("fused", "MLP", "mixture")
LIMIT = 0.02  # seconds from the disk cache


def makers(workload: str) -> dict[str, Callable[[], Any]]:
    """For each engine, what makes and calls the function; the data is made before."""
    import compiled_fused as fused
    import compiled_mixture as mixture
    import compiled_mlp as network

    if workload == "fused":
        case = next(case for case in fused.cases() if case.name == "float64")
    elif workload == "mixture":
        case = next(mixture.cases())
    else:
        network.drawn()
        case = next(network.cases())
    return {"adjoint": case.ours, "jax": case.engines["jax"], "torch.compile": case.engines["torch.compile"]}


def child(engine: str, workload: str) -> None:
    """Prints the seconds from the function to its first result."""
    import numpy

    if engine == "adjoint":
        for room in ("compile", "functions", "rewrite", "differentiate"):
            package = importlib.import_module(f"adjoint.{room}")
            for module in pkgutil.walk_packages(package.__path__, f"adjoint.{room}."):
                importlib.import_module(module.name)
        for name in ("llvmlite.binding", "llvmlite.ir", "optree", "scipy.linalg.cython_blas", "scipy.special"):
            importlib.import_module(name)
    elif engine == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.numpy.asarray(numpy.ones(3)).block_until_ready()
    else:
        import torch
        import torch._dynamo
        import torch._inductor.compile_fx

        torch.set_num_threads(1)
    make = makers(workload)[engine]
    start = spent()
    make()()
    print(spent() - start)


def spent() -> float:
    """Processor seconds of this process and of the compilers that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def seconds(engine: str, workload: str, folder: str) -> float:
    """One fresh process, with its caches in ``folder``."""
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": folder,
        "JAX_COMPILATION_CACHE_DIR": folder,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "TORCHINDUCTOR_CACHE_DIR": os.path.join(folder, "torch"),
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
    }
    for name in [name for name in environment if name.startswith("ADJOINT_CACHE")]:
        del environment[name]
    command = [sys.executable, __file__, "--child", engine, workload]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.split()[-1])


def measured(workload: str, engines: list[str], rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds with an empty cache and with a filled one."""
    cold: dict[str, list[float]] = {name: [] for name in engines}
    warm: dict[str, list[float]] = {name: [] for name in engines if name != "torch.compile"}
    for turn in range(rounds):
        for name in engines:
            if name == "torch.compile" and turn:
                continue
            with tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o700)
                cold[name].append(seconds(name, workload, folder))
                if name in warm:
                    warm[name].append(seconds(name, workload, folder))
    for name in cold:
        cold[name] *= rounds // len(cold[name])
    return cold, warm


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:4])
        return
    given = bench.options(__doc__)
    engines = ["adjoint"]
    for name, package in (("jax", "jax"), ("torch.compile", "torch")):
        if package not in given.without and bench.bench.importlib.util.find_spec(package):
            engines.append(name)
    rows = []
    for workload in WORKLOADS:
        if given.only not in workload:
            continue
        cold, warm = measured(workload, engines, max(3, given.rounds // 3))
        peers = {name: lambda: None for name in engines[1:]}
        rows.append(
            bench.row(bench.Case(f"{workload}, nothing cached", None, engines=peers, targets={"jax": 0.25}), cold)
        )
        case = bench.Case(f"{workload}, from the disk cache", None, engines=peers, most=LIMIT)
        rows.append(bench.row(case, warm))
    bench.show(TITLE, rows, given)


if __name__ == "__main__":
    main()
