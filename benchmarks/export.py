"""Export volumes by napari-strata and its peers, beside a plain copy: see README.md."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from export_source import KINDS, write
from export_writer import WRITERS

OURS = ("copy", "strata one-pass", "strata by-level", "strata sharded")
PEERS = ("ome-zarr-py", "ngff-zarr", "bioio-ome-zarr")


def run(writer: str, source: Path, folder: Path, kind: str, level: int) -> dict[str, Any]:
    """Export in a fresh process, to a folder that is removed again."""
    target = folder / "out.ome.zarr"
    shutil.rmtree(target, ignore_errors=True)
    script = Path(__file__).with_name("export_writer.py")
    command = [sys.executable, str(script), writer, str(source), str(target), kind, str(level)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{writer} could not be measured:\n{done.stderr[-2000:]}")
    shutil.rmtree(target, ignore_errors=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    told = {"kind": kind, "source": source.name, "writer": writer, **result}
    print(json.dumps(told), file=sys.stderr)
    return told


def measure(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Take turns, so that whatever else the machine does meets all writers."""
    runs = []
    sources = [(k, write(folder, k, c)) for k in options.kinds for c in options.containers]
    for repetition in range(options.repetitions):
        peers = PEERS if repetition < options.peer_repetitions else ()
        for kind, source in sources:
            writers = [*OURS, *peers]
            turns = writers if repetition % 2 == 0 else writers[::-1]
            runs += [run(w, source, folder, kind, options.level) for w in turns]
    return runs


def measure_memory(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Export four times the volume, and one of 131,072 chunks."""
    runs = []
    for kind in options.kinds:
        for source in (
            write(folder, kind, "zarr", times=4),
            write(folder, kind, "zarr", chunks=(16, 16, 8)),
        ):
            runs += [run(w, source, folder, kind, options.level) for w in OURS]
    return runs


def table(runs: list[dict[str, Any]]) -> str:
    """Lay out the least time of each writer, as a ratio to the copy's, and its most memory."""
    lines = [
        "| volume | writer | seconds | × copy | processor seconds | × copy | peak memory, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, source in dict.fromkeys((r["kind"], r["source"]) for r in runs):
        own = [r for r in runs if (r["kind"], r["source"]) == (kind, source)]
        base = _best([r for r in own if r["writer"] == "copy"])
        for writer in WRITERS:
            if not (mine := [r for r in own if r["writer"] == writer]):
                continue
            best = _best(mine)
            cells = [source, writer]
            for key in ("seconds", "processor_seconds"):
                cells += [f"{best[key]:.2f}", f"{best[key] / base[key]:.2f}"]
            lines.append(f"| {' | '.join(cells)} | {best['peak_mb']:.0f} |")
    return "\n".join(lines)


def _best(runs: list[dict[str, Any]]) -> dict[str, float]:
    least = {key: min(r[key] for r in runs) for key in ("seconds", "processor_seconds")}
    return {**least, "peak_mb": max(r["peak_mb"] for r in runs)}


def main() -> None:
    """Measure, print the table, and write all runs as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--peer-repetitions", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--containers", nargs="+", choices=("zarr", "n5"), default=["zarr", "n5"])
    parser.add_argument("--level", type=int, default=5, help="of Zstandard, in all writers")
    parser.add_argument("--memory", action="store_true", help="measure memory on larger volumes")
    parser.add_argument("--folder", type=Path, help="where volumes are kept between runs")
    parser.add_argument("--json", type=Path, help="where to write every single run")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.gettempdir()) / "napari-strata-export"
    folder.mkdir(parents=True, exist_ok=True)
    runs = (measure_memory if options.memory else measure)(options, folder)
    print(table(runs))
    if options.json:
        packages = ("tensorstore", "numpy", "zarr", "dask", "ome-zarr", "ngff-zarr")
        about = {"python": platform.python_version(), **{p: version(p) for p in packages}}
        options.json.write_text(json.dumps({"versions": about, "runs": runs}, indent=1))


if __name__ == "__main__":
    main()
