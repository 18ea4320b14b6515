"""The world place of a voxel, found by its value: how an image was put together does not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
from checks import UNITS
from ome_stores import read

Place = dict[str, float]


def places_of(image: Any, value: int, level: int = 0) -> list[Place]:
    """Give the centres of all voxels of a value, by axis, in µm, s or voxels without a unit."""
    found = image.levels[level]
    factors = [UNITS[axis.unit][1] or 1.0 for axis in image.axes]
    return [
        {
            axis.name: float(at)
            for axis, at in zip(
                image.axes, (found.affine @ [*index, 1])[:-1] * factors, strict=True
            )
        }
        for index in np.argwhere(read(found) == value)
    ]


def place_of(image: Any, value: int, level: int = 0) -> Place:
    """Give the centre of the only voxel of a value."""
    (place,) = places_of(image, value, level)
    return place


def labels_of(dataset: Any) -> list[Any]:
    return [image for image in dataset.images if image.kind == "labels"]


def pictures_of(dataset: Any) -> list[Any]:
    return [image for image in dataset.images if image.kind == "image"]
