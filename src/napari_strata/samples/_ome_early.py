"""Samples in OME-Zarr 0.1, 0.2 and 0.3: no transforms, a voxel of level 0 is 1 on every axis."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_strata.samples._files import integers, zarr2_array, zarr_group
from napari_strata.samples._sample import Sample, described, grid
from napari_strata.samples._specimen import image

Shape = tuple[int, int, int]


def ome_zarr_01(folder: Path) -> Sample:
    """Flat chunks whose separator is not declared; two channels; "3D" is the second multiscale."""
    path = folder / "ome-zarr-0.1.zarr"
    shapes: list[Shape] = [(96, 160, 160), (96, 80, 80), (96, 32, 32)]
    multiscales = [
        {"version": "0.1", "name": "2D", "datasets": [{"path": "2"}]},
        {"version": "0.1", "name": "3D", "datasets": _datasets(shapes)},
    ]
    channels = [_channel("cells", "00FFFF", 2400), _channel("nuclei", "FF00FF", 3200)]
    omero = {
        "name": "specimen",
        "channels": channels,
        "rdefs": {"defaultZ": 48, "defaultT": 0, "model": "color"},
    }
    zarr_group(path, 2, {"multiscales": multiscales, "omero": omero})
    for level, (shape, matrix) in enumerate(_grids(shapes)):
        stack = np.stack([image(shape, matrix, "cells"), image(shape, matrix, "nuclei")])
        array = path / str(level)
        zarr2_array(array, integers(stack, "uint16", 4000)[None], (1, 1, 32, 64, 64), ".")
        _forget_separator(array)
    text = "Five axes, two channels, flat chunk keys that the metadata does not tell of."
    return described("ome-zarr-0.1", "OME-Zarr 0.1", path, text, shapes[0], grid((1, 1, 1)))


def ome_zarr_02(folder: Path) -> Sample:
    """Odd sizes: the ratio of the shapes is no whole number."""
    path = folder / "ome-zarr-0.2.zarr"
    shapes: list[Shape] = [(91, 161, 153), (46, 81, 77), (23, 41, 39)]
    zarr_group(path, 2, {"multiscales": [{"version": "0.2", "datasets": _datasets(shapes)}]})
    for level, (shape, matrix) in enumerate(_grids(shapes)):
        pixels = integers(image(shape, matrix), "uint16", 4000)[None, None]
        zarr2_array(path / str(level), pixels, (1, 1, 32, 64, 64))
    text = "Odd sizes, so that a voxel of the second level is 91/46 voxels of the first."
    return described("ome-zarr-0.2", "OME-Zarr 0.2", path, text, shapes[0], grid((1, 1, 1)))


def ome_zarr_03(folder: Path) -> Sample:
    """Three axes, as texts."""
    path = folder / "ome-zarr-0.3.zarr"
    shapes: list[Shape] = [(96, 160, 160), (48, 80, 80), (24, 32, 32)]
    multiscale = {"version": "0.3", "axes": ["z", "y", "x"], "datasets": _datasets(shapes)}
    zarr_group(path, 2, {"multiscales": [multiscale]})
    for level, (shape, matrix) in enumerate(_grids(shapes)):
        zarr2_array(path / str(level), integers(image(shape, matrix), "uint8", 255), (32, 64, 64))
    text = "Three axes given by their names alone."
    return described("ome-zarr-0.3", "OME-Zarr 0.3", path, text, shapes[0], grid((1, 1, 1)))


def _datasets(shapes: Sequence[Shape]) -> list[dict[str, str]]:
    return [{"path": str(level)} for level in range(len(shapes))]


def _grids(shapes: Sequence[Shape]) -> list[tuple[Shape, Any]]:
    return [(shape, grid(np.divide(shapes[0], shape))) for shape in shapes]


def _channel(label: str, color: str, end: int) -> dict[str, Any]:
    window = {"min": 0, "max": 4000, "start": 0, "end": end}
    return {"label": label, "color": color, "active": True, "window": window}


def _forget_separator(array: Path) -> None:
    """Leave out what the first versions of Zarr did not write."""
    file = array / ".zarray"
    metadata = json.loads(file.read_text(encoding="utf-8"))
    del metadata["dimension_separator"]
    file.write_text(json.dumps(metadata, indent=1), encoding="utf-8")
