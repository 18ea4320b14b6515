"""A sample in OME-Zarr 0.6: a scene that turns its image into place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_strata.samples._files import integers, zarr3_array, zarr_group
from napari_strata.samples._sample import Sample, described
from napari_strata.samples._specimen import Matrix, image

_SHAPE = (96, 200, 200)
_ROTATION = [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]  # about z, 36.87°
_TRANSLATION = [0.0, 60.1, -59.3]  # the image's middle comes to y = x = 80 µm
_FULL: Matrix = np.column_stack([np.array(_ROTATION, dtype=np.float64), _TRANSLATION])


def ome_zarr_06(folder: Path) -> Sample:
    """One image whose scene rotates and moves it from its own system to the world."""
    path = folder / "ome-zarr-0.6.zarr"
    to_world = {
        "type": "sequence",
        "name": "stage to world",
        "input": {"path": "specimen", "name": "physical"},
        "output": {"name": "world"},
        "transformations": [
            {"type": "rotation", "rotation": _ROTATION},
            {"type": "translation", "translation": _TRANSLATION},
        ],
    }
    scene = {"coordinateSystems": [_system("world")], "coordinateTransformations": [to_world]}
    zarr_group(path, 3, {"ome": {"version": "0.6rc0", "scene": scene}})
    factors = (1, 2, 4)
    multiscale = {
        "name": "specimen",
        "coordinateSystems": [_system("physical")],
        "datasets": [_dataset(f"s{level}", factor) for level, factor in enumerate(factors)],
    }
    zarr_group(path / "specimen", 3, {"ome": {"version": "0.6rc0", "multiscales": [multiscale]}})
    for level, factor in enumerate(factors):
        shape = tuple(size // factor for size in _SHAPE)
        shift = _FULL[:, :3] @ np.full(3, (factor - 1) / 2)
        matrix = np.column_stack([_FULL[:, :3] * factor, _FULL[:, 3] + shift])
        pixels = integers(image(shape, matrix), "uint16", 4000)
        zarr3_array(path / "specimen" / f"s{level}", pixels, (32, 64, 64), "zyx")
    return described(
        "ome-zarr-0.6",
        "OME-Zarr 0.6",
        path,
        "A scene with a coordinate system of its own, into which the image is rotated.",
        _SHAPE,
        _FULL,
    )


def _system(name: str) -> dict[str, Any]:
    axes = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
    return {"name": name, "axes": axes}


def _dataset(path: str, factor: int) -> dict[str, Any]:
    parts = [
        {"type": "scale", "scale": [factor] * 3},
        {"type": "translation", "translation": [(factor - 1) / 2] * 3},
    ]
    ends = {"input": {"path": path}, "output": {"name": "physical"}}
    transform = {"type": "sequence", "transformations": parts, **ends}
    return {"path": path, "coordinateTransformations": [transform]}
