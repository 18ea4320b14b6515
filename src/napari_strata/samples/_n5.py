"""Samples in the N5 dialects of Neuroglancer and Fiji, and a bare N5 array."""

from __future__ import annotations

from pathlib import Path

from napari_strata.samples._files import integers, n5_array, n5_group
from napari_strata.samples._sample import Sample, described, grid
from napari_strata.samples._specimen import Stain, image


def neuroglancer_n5(folder: Path) -> Sample:
    """Even sizes, halved by the mean; resolution and units stand on the container's root."""
    path = folder / "neuroglancer-n5.n5"
    # x first, as N5 and Neuroglancer list everything.
    n5_group(
        path,
        {
            "n5": "2.5.1",
            "axes": ["x", "y", "z"],
            "resolution": [1000, 1000, 1500],
            "units": ["nm", "nm", "nm"],
        },
    )
    n5_group(path / "specimen", {"downsamplingFactors": [[1, 1, 1], [2, 2, 2], [4, 4, 4]]})
    blosc = {"type": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}
    for level, factor in enumerate((1, 2, 4)):
        shape = (64 // factor, 160 // factor, 160 // factor)
        shift = (factor - 1) / 2
        matrix = grid((1.5 * factor, factor, factor), (1.5 * shift, shift, shift))
        pixels = integers(image(shape, matrix), "uint8", 255)
        n5_array(path / "specimen" / f"s{level}", pixels, (32, 64, 64), blosc)
    return described(
        "neuroglancer-n5",
        "Neuroglancer N5",
        path,
        "Even sizes halved by the mean, in nanometres; resolution and units are inherited.",
        (64, 160, 160),
        grid((1.5, 1, 1)),
    )


def n5_viewer(folder: Path) -> Sample:
    """Channels c0 and c1 without a group file; only x and y get coarser."""
    path = folder / "n5-viewer.n5"
    n5_group(path, {"n5": "2.2.0"})
    stains: tuple[Stain, ...] = ("cells", "nuclei")
    for channel, stain in enumerate(stains):
        for level, factor in enumerate((1, 2, 4)):
            shape = (48, 160 // factor, 160 // factor)
            shift = (factor - 1) / 2
            matrix = grid((2, factor, factor), (0, shift, shift))
            n5_array(
                path / f"c{channel}" / f"s{level}",
                integers(image(shape, matrix, stain), "uint16", 4000),
                (16, 64, 64),
                {"type": "gzip", "level": 1},
                {
                    # The spacing of full resolution, at every level.
                    "pixelResolution": {"unit": "um", "dimensions": [1.0, 1.0, 2.0]},
                    "downsamplingFactors": [factor, factor, 1],
                },
            )
    return described(
        "n5-viewer",
        "N5 exported from Fiji",
        path,
        "Two channels, 2 µm planes, x and y halved only; metadata on the arrays alone.",
        (48, 160, 160),
        grid((2, 1, 1)),
    )


def bare_n5_array(folder: Path) -> Sample:
    """One array and no metadata but its own."""
    path = folder / "n5-array.n5"
    shape, matrix = (96, 160, 160), grid((1, 1, 1))
    bzip2 = {"type": "bzip2", "blockSize": 9}
    n5_array(path, integers(image(shape, matrix), "uint8", 255), (48, 80, 80), bzip2)
    return described(
        "n5-array",
        "Bare N5 array",
        path,
        "One array without any scale: a voxel is 1 on every axis.",
        shape,
        matrix,
    )
