"""Images whose places depend on where Neuroglancer-style metadata has world 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_strata import units
from napari_strata.formats._protocol import Origin
from napari_strata.model import GRID_SPACING, Image, Problem


def different_spacing(images: Sequence[Image], origin: Origin) -> list[Problem]:
    """Name the corner convention where images of different resolution cannot both be right."""
    spacings = {image.path: _base_spacing(image) for image in images}
    known = {path: spacing for path, spacing in spacings.items() if spacing is not None}
    if origin == "corner" or len(set(known.values())) < 2:
        return []
    message = (
        "Neuroglancer-only images of different voxel size are in one dataset; with world 0 at "
        "the centre of each one's first voxel they are up to half a voxel apart; "
        'open with origin="corner" to align their corners'
    )
    where = ", ".join(known)
    return [Problem("different-spacing", "warning", where, message)]


def _base_spacing(image: Image) -> tuple[tuple[str, float], ...] | None:
    """Return a Neuroglancer-only image's full-resolution voxel size by axis, in µm."""
    if image.format not in ("neuroglancer-n5", "precomputed"):
        return None
    grid = next(c.matrix for c in image.levels[0].origin if c.what == GRID_SPACING)
    result = []
    for axis, size in zip(image.axes, np.diagonal(grid), strict=False):
        unit = units.parse(axis.unit or "")
        if unit is not None and unit.dimension == "length":
            result.append((axis.name, float(f"{size * unit.factor:.9g}")))
    return tuple(sorted(result))
