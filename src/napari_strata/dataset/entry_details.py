"""What is told of an image or geometry before it is opened, from its metadata alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from napari_strata.dataset.geometry import Geometry
from napari_strata.dataset.image import Image


@dataclass(frozen=True)
class Details:
    """All by axis, in array order; None where it is not known or means nothing.

    Attributes
    ----------
    axes, units : names, and units as declared (None is a plain voxel).
    shape : of level 0, in voxels; None of a geometry.
    dtype : of the values, such as ``uint8``; empty of a geometry.
    voxel_size : how far the next voxel is, in the axis' unit; None along channels.
    extent : voxel size times shape; of a geometry the size of its declared box.
    levels : how many there are.
    nbytes : of level 0 as an array in memory.
    vertices : of level 0 of a geometry.
    segments : of a folder of meshes.
    """

    axes: tuple[str, ...]
    units: tuple[str | None, ...]
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    voxel_size: tuple[float | None, ...] | None = None
    extent: tuple[float | None, ...] | None = None
    levels: int = 0
    nbytes: int | None = None
    vertices: int | None = None
    segments: int | None = None


def image_details(image: Image) -> Details:
    """Describe an image by its level 0.

    The sizes are lengths along the image's own axes where its affine is more than a scale and a
    translation. They have a unit only if all axes that the affine mixes have the same.
    """
    level = image.levels[0]
    linear = level.affine[:-1, :-1]
    sizes: list[float | None] = []
    units: list[str | None] = []
    for index, axis in enumerate(image.axes):
        column = linear[:, index]
        mixed = {image.axes[i].unit for i in np.flatnonzero(column)}
        known = axis.type != "channel" and len(mixed) <= 1
        sizes.append(float(np.linalg.norm(column)) if known else None)
        units.append(next(iter(mixed), axis.unit) if known else None)
    return Details(
        axes=tuple(axis.name for axis in image.axes),
        units=tuple(units),
        shape=level.shape,
        dtype=str(level.dtype),
        voxel_size=tuple(sizes),
        extent=tuple(
            None if size is None else size * n for size, n in zip(sizes, level.shape, strict=True)
        ),
        levels=len(image.levels),
        nbytes=math.prod(level.shape) * level.dtype.itemsize,
    )


def geometry_details(geometry: Geometry) -> Details:
    """Describe a geometry by what its metadata declare; no vertex is read."""
    model = geometry.model
    bounds = model.bounds
    return Details(
        axes=tuple(axis.name for axis in geometry.axes),
        units=tuple(axis.unit for axis in geometry.axes),
        extent=None if bounds is None else tuple(float(x) for x in bounds[1] - bounds[0]),
        levels=len(geometry.levels),
        vertices=model.levels[0].vertex_count if model.levels else None,
        segments=None if geometry.segments is None else len(geometry.segments),
    )
