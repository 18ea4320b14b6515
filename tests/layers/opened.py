"""Layers as they are opened from a path, and small images of OME-Zarr 0.6."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Layer

import napari_strata as strata
from formats.ome_06 import dataset, edge, multiscale, system, write_image
from napari_strata.layers.build import build

CUBES = {"s0": (6, 6, 6), "s1": (3, 3, 3)}
VOXEL = (2.0, 3.0, 5.0)  # µm

COS, SIN = np.cos(0.5), np.sin(0.5)

#: systems beside the image's own, ``(z, y, x)`` → ``(z, y, x)``
SYSTEMS = {
    "moved": {"type": "translation", "translation": [10, -20, 30]},
    # a quarter turn about z: (z, y, x) → (z, −x, y)
    "turned": {"type": "rotation", "rotation": [[1, 0, 0], [0, 0, -1], [0, 1, 0]]},
    # the system's z is the image's x, its y the image's z, its x the image's y
    "swapped": {"type": "mapAxis", "mapAxis": [2, 0, 1]},
    "rotated": {"type": "rotation", "rotation": [[1, 0, 0], [0, COS, -SIN], [0, SIN, COS]]},
    "tilted": {"type": "rotation", "rotation": [[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]]},
}


def layers_of(path: Any, **how: Any) -> list[Layer]:
    items = build(strata.open(path, **how)).layers
    return [x if isinstance(x, Layer) else Layer.create(*x) for x in items]


def opened(path: Any, name: str | None = None, **how: Any) -> Layer:
    """Return the layer of a name, else the first."""
    return next(x for x in layers_of(path, **how) if name is None or x.name == name)


def write_06(folder: Path, shapes: dict[str, Any] = CUBES, dtype: str = "uint16") -> Path:
    """Voxel i of level 0 is at ``VOXEL * i``, of level 1 at ``VOXEL * (2 i + 0.5)``,
    or ``VOXEL * i`` along axes that both have as many voxels on.

    Values are 1, 2, 3 … in C order, chunks 4 × 4 × 4.
    """
    entries = []
    finest, _ = shapes.values()
    for path, shape in shapes.items():
        factors = [n // m for n, m in zip(finest, shape, strict=True)]
        voxels = list(zip(VOXEL, factors, strict=True))
        steps = [
            {"type": "scale", "scale": [v * f for v, f in voxels]},
            {"type": "translation", "translation": [v * (f - 1) / 2 for v, f in voxels]},
        ]
        entries.append(dataset(path, {"type": "sequence", "transformations": steps}, "own"))
    systems = [system(name, "zyx") for name in ("own", *SYSTEMS)]
    edges = [edge("own", name, transform) for name, transform in SYSTEMS.items()]
    return write_image(folder, multiscale(systems, entries, edges), shapes, dtype)


def at(layer: Layer, voxel: Any) -> list[float]:
    """Where a voxel of level 0 is in the world, without the noise of floats."""
    return [float(round(v, 9)) for v in layer.data_to_world(voxel)]
