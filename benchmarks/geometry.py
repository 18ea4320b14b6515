"""Open large geometries as napari layers, each in a fresh process: see README.md."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from geometry_store import CASES, write

BUDGETS = {
    "1 M points": (3.0, 500),
    "100 k polylines": (6.0, 800),
    "1 M-face mesh": (4.0, 500),
    "1 M-face mesh, precomputed": (2.0, 300),
}
"""Seconds from the path to the finished layer, and MB it may need beyond the imports."""


def measure(path: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("geometry_reader.py")
    command = [sys.executable, str(script), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{path} could not be measured:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def middle(results: list[dict[str, Any]]) -> tuple[float, float]:
    """Return seconds from the path to the layer, and MB."""
    seconds = statistics.median(result["open"] + result["layer"] for result in results)
    return seconds, statistics.median(result["peak"] for result in results)


def table(runs: dict[str, list[dict[str, Any]]]) -> str:
    headers = ("geometry", "layer", "vertices", "s", "budget, s", "peak, MB", "budget, MB")
    rows = [headers, ("---",) * len(headers)]
    for name, results in runs.items():
        seconds, megabytes = middle(results)
        first, budget = results[0], BUDGETS[name]
        figures = (f"{seconds:.2f}", f"{budget[0]:g}", f"{megabytes:.0f}", str(budget[1]))
        rows.append((name, first["type"], f"{first['vertices']:,}", *figures))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def over_budget(runs: dict[str, list[dict[str, Any]]]) -> list[str]:
    found = []
    for name, results in runs.items():
        figures = zip(middle(results), BUDGETS[name], ("s", "MB"), strict=True)
        found += [f"{name}: {f:.3g} of {b:g} {unit}" for f, b, unit in figures if f > b]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the geometries are written and kept")
    parser.add_argument("--json", type=Path, help="keep every single run here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        paths = {name: write(name, folder) for name in CASES}
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CASES}
        for _ in range(arguments.repetitions):
            for name, path in paths.items():
                runs[name].append(measure(path))
    print(table(runs))
    if arguments.json:
        names = ("napari", "zarr-vectors", "zarr", "tensorstore", "numpy")
        versions = {"python": platform.python_version(), **{n: version(n) for n in names}}
        arguments.json.write_text(json.dumps({"versions": versions, "runs": runs}, indent=2))
    for line in over_budget(runs):
        print(f"over budget: {line}")
    return int(bool(over_budget(runs)))


if __name__ == "__main__":
    raise SystemExit(main())
