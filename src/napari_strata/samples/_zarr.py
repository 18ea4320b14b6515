"""Samples in OME-Zarr 0.4 and 0.5, and a bare Zarr array."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_strata.samples._files import (
    integers,
    zarr2_array,
    zarr3_array,
    zarr_group,
)
from napari_strata.samples._sample import Sample, described, grid
from napari_strata.samples._specimen import image


def _axes(unit: str, channel: bool = False) -> list[dict[str, str]]:
    space = [{"name": name, "type": "space", "unit": unit} for name in "zyx"]
    return [{"name": "c", "type": "channel"}, *space] if channel else space


def _transforms(scale: Sequence[float], translation: Sequence[float]) -> list[dict[str, Any]]:
    return [
        {"type": "scale", "scale": list(scale)},
        {"type": "translation", "translation": list(translation)},
    ]


def _channel(label: str, color: str, end: int) -> dict[str, Any]:
    window = {"min": 0, "max": 4000, "start": 0, "end": end}
    return {"label": label, "color": color, "active": True, "window": window}


def ome_zarr_04(folder: Path) -> Sample:
    """Two coloured channels, odd sizes, transforms on the datasets and on the multiscale."""
    path = folder / "ome-zarr-0.4.zarr"
    # Of a level: shape, scale and translation of its dataset, in the multiscale's unit.
    levels = [
        ((51, 101, 101), (2, 1, 1), (0, 0, 0)),
        ((51, 51, 51), (2, 2, 2), (0, 0.5, 0.5)),
        ((26, 26, 26), (4, 4, 4), (1, 1.5, 1.5)),
    ]
    outer_scale, outer_translation = (0.9, 1.5, 1.5), (1.8, 4.5, 3.5)
    multiscale = {
        "version": "0.4",
        "name": "specimen",
        "axes": _axes("micrometer", channel=True),
        "datasets": [
            {
                "path": str(level),
                "coordinateTransformations": _transforms((1, *scale), (0, *translation)),
            }
            for level, (_, scale, translation) in enumerate(levels)
        ],
        "coordinateTransformations": _transforms((1, *outer_scale), (0, *outer_translation)),
    }
    channels = [_channel("cells", "00FFFF", 2400), _channel("nuclei", "FF00FF", 3200)]
    zarr_group(path, 2, {"multiscales": [multiscale], "omero": {"channels": channels}})
    for level, (shape, scale, translation) in enumerate(levels):
        matrix = grid(
            np.multiply(outer_scale, scale),
            np.multiply(outer_scale, translation) + outer_translation,
        )
        stack = np.stack([image(shape, matrix, "cells"), image(shape, matrix, "nuclei")])
        zarr2_array(path / str(level), integers(stack, "uint16", 4000), (1, 32, 64, 64))
    return described(
        "ome-zarr-0.4",
        "OME-Zarr 0.4",
        path,
        "Two coloured channels, odd sizes; datasets and the multiscale both scale and translate.",
        (51, 101, 101),
        grid((1.8, 1.5, 1.5), outer_translation),
    )


def ome_zarr_05(folder: Path) -> Sample:
    """Sharded, in nanometres; every second voxel of even sizes, so all levels start together."""
    path = folder / "ome-zarr-0.5.zarr"
    multiscale = {
        "name": "specimen",
        "axes": _axes("nanometer"),
        "datasets": [
            {
                "path": f"s{level}",
                "coordinateTransformations": _transforms(
                    (1000 * step, 1250 * step, 1250 * step), (1700, 600, 300)
                ),
            }
            for level, step in enumerate((1, 2, 4))
        ],
    }
    zarr_group(path, 3, {"ome": {"version": "0.5", "multiscales": [multiscale]}})
    for level, step in enumerate((1, 2, 4)):
        shape = (96 // step, 128 // step, 128 // step)
        matrix = grid((step, 1.25 * step, 1.25 * step), (1.7, 0.6, 0.3))
        pixels = integers(image(shape, matrix), "uint16", 4000)
        zarr3_array(path / f"s{level}", pixels, (16, 32, 32), "zyx", shards=(32, 64, 64))
    return described(
        "ome-zarr-0.5",
        "OME-Zarr 0.5",
        path,
        "Sharded, in nanometres, even sizes: every second voxel is kept and nothing shifts.",
        (96, 128, 128),
        grid((1, 1.25, 1.25), (1.7, 0.6, 0.3)),
    )


def bare_zarr_array(folder: Path) -> Sample:
    """One array whose axes have names and nothing else."""
    path = folder / "zarr-array.zarr"
    shape, matrix = (96, 160, 160), grid((1, 1, 1))
    zarr3_array(path, image(shape, matrix), (32, 64, 64), "zyx")
    return described(
        "zarr-array",
        "Bare Zarr array",
        path,
        "One array of floats with named axes and no scale: a voxel is 1 on every axis.",
        shape,
        matrix,
    )
