"""Every workload of compiled functions: one table of our time, the fastest engine, the limit and the targets.

Each workload runs in a process of its own and is also a benchmark by its name (``./run bench rosenbrock``).
``--write`` puts the table and its picture into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import _compiled as bench
from _picture import picture

WORKLOADS = ("neuron", "rosenbrock", "fused", "mixture", "softmax", "tape", "mlp", "hessian", "startup", "more")
HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
BEGIN, END = "<!-- compiled: begin -->", "<!-- compiled: end -->"
HEAD = ("workload", "adjoint", "fastest engine", "ratio", "by hand", "ratio", "gradient / function", "targets")


def measured(name: str, arguments: list[str]) -> dict[str, Any] | None:
    """What one workload has found; None, after its own error message, where it ends with one."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, str(HERE / f"compiled_{name}.py"), "--json", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{name} failed", file=sys.stderr)
        return None
    return {"name": name, **json.loads(done.stdout)}


def labelled(results: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row with the name of its workload."""
    for found in results:
        for row in found["rows"]:
            yield f"{found['name']}: {row['case']}", row


def cells(label: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """One line of the table."""
    others, targets = row["others"], row["targets"]
    best, limit = row["best"], row["limit"]

    def told(who: str | None) -> tuple[str, str]:
        if who is None:
            return "", ""
        most = targets.get(who, targets.get("best") if who == best else None)
        share = f"{others[who]['ratio']:.2g}" if others[who]["ratio"] < 0.1 else f"{others[who]['ratio']:.2f}"
        return f"{who} {bench.duration(others[who]['seconds'])}", share + ("" if most is None else f" (≤ {most:g})")

    slower = best is not None and others[best]["ratio"] > 1
    cost = "" if row["cost"] is None else f"{row['cost']:.1f} (≤ {bench.MOST:g})"
    missed = [words(name, row) for name, met in row["verdicts"].items() if not met]
    met = "met" if row["verdicts"] else ""
    own = bench.duration(row["seconds"]) + ("" if row["most"] is None else f" (≤ {bench.duration(row['most'])})")
    verdict = f"**MISSED**: {', '.join(missed)}" if missed else "**slower**" if slower else met
    return (label, own, *told(best), *told(limit), cost, verdict)


def words(name: str, row: Mapping[str, Any]) -> str:
    """Which target it is that is missed."""
    if name == "best":
        return str(row["best"])
    if name in row["others"] and name not in (row["best"], row["limit"]):
        return f"{name} ({row['others'][name]['ratio']:.2f} ≤ {row['targets'][name]:g})"
    return {"cost": "gradient / function", "most": "time"}.get(name, name)


def summary(results: list[dict[str, Any]]) -> str:
    """How many targets are met, and how we stand against the fastest engine."""
    rows = [row for _, row in labelled(results)]
    verdicts = [met for row in rows for met in row["verdicts"].values()]
    faster = [row["others"][row["best"]]["ratio"] < 1 for row in rows if row["best"]]
    return (
        f"{sum(verdicts)} of {len(verdicts)} targets are met; adjoint is faster than the fastest other engine in "
        f"{sum(faster)} of {len(faster)} cases."
    )


def table(results: list[dict[str, Any]], markdown: bool) -> str:
    lines = [cells(label, row) for label, row in labelled(results)]
    return bench.bench._table(HEAD, lines, markdown)


def write(results: list[dict[str, Any]]) -> None:
    """Puts the picture, the table and every contender's time between the marks in docs/performance.md."""
    machine = results[0]["machine"]
    (DOCS / "performance.svg").write_text(picture(list(labelled(results)), machine))
    parts = [BEGIN, f"Measured on: {machine}.", summary(results), "![The table as a picture](performance.svg)"]
    parts += [table(results, True), "<details><summary>Every contender of every case</summary>"]
    for found in results:
        lines = [line for row in found["rows"] for line in bench.lines(row)]
        parts += [f"### {found['title']}", bench.bench._table(bench.HEAD, lines, True)]
    parts += ["</details>", END]
    page = DOCS / "performance.md"
    before, rest = page.read_text().split(BEGIN)
    page.write_text(before + "\n\n".join(parts) + rest.split(END)[1])


def options() -> tuple[argparse.Namespace, list[str]]:
    """The command line; what it does not know goes to the workloads."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="WORKLOAD", help=f"of {', '.join(WORKLOADS)} (all)")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="keep results in FILE, beside those of other workloads"
    )
    parser.add_argument("--measured", action="store_true", help="measure nothing: show what FILE keeps")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and its picture")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rounds", default="15", help="rounds a case (15)")
    parser.add_argument("--without", action="append", default=[], metavar="PEER", help="leave a peer out")
    given = parser.parse_args()
    if unknown := set(given.names) - set(WORKLOADS):
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    if given.measured and given.keep is None:
        parser.error("--measured shows what a file keeps: name it with --keep FILE")
    further = ["--rounds", given.rounds, *(word for name in given.without for word in ("--without", name))]
    return given, further


def main() -> None:
    given, further = options()
    results: dict[str, Any] = {}
    failed = []
    if given.keep and given.keep.exists():
        results = json.loads(given.keep.read_text())
    for name in [] if given.measured else given.names or WORKLOADS:
        found = measured(name, further)
        if found is None:
            failed.append(name)
            continue
        results[name] = found
        if given.keep:
            given.keep.write_text(json.dumps(results, indent=1))
    ordered = [results[name] for name in WORKLOADS if name in results]
    if given.write:
        write(ordered)
    if given.json:
        print(json.dumps(ordered, indent=1))
    else:
        print(table(ordered, given.markdown))
        print(f"\n{summary(ordered)}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
