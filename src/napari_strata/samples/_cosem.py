"""A container as COSEM publishes it: one image, a segmentation and a prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_strata.samples._files import integers, n5_array, n5_group
from napari_strata.samples._sample import Sample, described, grid
from napari_strata.samples._specimen import Matrix, image, labels

_ZSTD = {"type": "zstd", "level": 3}


def cosem(folder: Path) -> Sample:
    """Odd sizes in ``em/``; in ``labels/`` a strided crop and a prediction with y flipped.

    ``em/`` and ``labels/`` themselves have no attributes file.
    """
    path = folder / "cosem.n5"
    n5_group(path, {"n5": "2.0.0"})
    full = _em(path / "em" / "fibsem-uint8")
    _mito_seg(path / "labels" / "mito_seg")
    _mito_pred(path / "labels" / "mito_pred")
    return described(
        "cosem",
        "COSEM / CellMap N5",
        path,
        "An image, a strided segmentation of a crop, and a prediction whose y axis is flipped.",
        (79, 159, 161),
        full,
    )


def _transform(scale: Sequence[float], translate: Sequence[float]) -> dict[str, Any]:
    """Return COSEM's transform: array order, nanometres, voxel centres."""
    return {
        "axes": ["z", "y", "x"],
        "units": ["nm", "nm", "nm"],
        "scale": list(scale),
        "translate": list(translate),
    }


def _matrix(transform: Mapping[str, Any]) -> Matrix:
    """Return the transform's (3, 4) matrix, in micrometres."""
    return grid(np.divide(transform["scale"], 1000), np.divide(transform["translate"], 1000))


def _multiscales(transforms: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    datasets = [
        {"path": f"s{level}", "transform": transform} for level, transform in enumerate(transforms)
    ]
    return [{"name": name, "datasets": datasets}]


def _em(path: Path) -> Matrix:
    """Write the image, with COSEM's keys and Neuroglancer's; return level 0's matrix."""
    transforms = [
        _transform((1200, 1000, 1000), (900, -250, 400)),
        _transform((2400, 2000, 2000), (1500, 250, 900)),
        _transform((4800, 4000, 4000), (2700, 1250, 1900)),
    ]
    n5_group(
        path,
        {
            "multiscales": _multiscales(transforms, "fibsem-uint8"),
            "axes": ["x", "y", "z"],
            "units": ["nm", "nm", "nm"],
            "pixelResolution": {"dimensions": [1000, 1000, 1200], "unit": "nm"},
            "scales": [[1, 1, 1], [2, 2, 2], [4, 4, 4]],
        },
    )
    for level, shape in enumerate([(79, 159, 161), (39, 79, 80), (19, 39, 40)]):
        pixels = integers(image(shape, _matrix(transforms[level])), "uint8", 255)
        attributes = {
            "transform": transforms[level],
            # COSEM's meaning: each level's own spacing, x first.
            "pixelResolution": {"dimensions": transforms[level]["scale"][::-1], "unit": "nm"},
        }
        n5_array(path / f"s{level}", pixels, (32, 64, 64), _ZSTD, attributes)
    return _matrix(transforms[0])


def _mito_seg(path: Path) -> None:
    """Write labels of a crop: every second voxel of the level before, so nothing shifts."""
    origin = (30200, 44400, 43300)
    transforms = [_transform((1200 * step, 1000 * step, 1000 * step), origin) for step in (1, 2, 4)]
    n5_group(path, {"multiscales": _multiscales(transforms, "mito_seg")})
    for level, shape in enumerate([(36, 72, 72), (18, 36, 36), (9, 18, 18)]):
        pixels = labels(shape, _matrix(transforms[level]))
        attributes = {"transform": transforms[level]}
        n5_array(path / f"s{level}", pixels, (18, 36, 36), _ZSTD, attributes)


def _mito_pred(path: Path) -> None:
    """Write a prediction without a group file, its y axis running down as many published do."""
    transforms = [
        _transform((2400, -2000, 2000), (1500, 158600, 700)),
        _transform((4800, -4000, 4000), (2700, 157600, 1700)),
    ]
    for level, shape in enumerate([(40, 80, 80), (20, 40, 40)]):
        values = image(shape, _matrix(transforms[level]), "mitochondria")
        attributes = {"transform": transforms[level]}
        n5_array(
            path / f"s{level}", integers(values, "uint8", 255), (20, 40, 40), _ZSTD, attributes
        )
