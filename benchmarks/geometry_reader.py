"""Open one geometry as a napari layer and print what it took: run by geometry.py."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import napari.layers
import zarr_vectors  # noqa: F401  # imports are not measured

import napari_strata as strata
from napari_strata.layers.build import build


def memory() -> float:
    """Return the most memory this process has had since it began, in MB (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the peak of the memory is only known on Linux")


def main(path: str) -> None:
    napari.layers.Points([[0.0, 0.0]])
    before = memory()
    start = time.perf_counter()
    dataset = strata.open(path)
    opened = time.perf_counter()
    (built,) = build(dataset).layers
    layer = built if isinstance(built, napari.layers.Layer) else napari.layers.Layer.create(*built)
    done = time.perf_counter()
    note = layer.metadata["strata"]
    result = {
        "type": type(layer).__name__,
        "vertices": note["vertices_shown"],
        "open": opened - start,
        "layer": done - opened,
        "peak": memory() - before,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1])
