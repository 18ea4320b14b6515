"""Bringing an image's axes into the order that OME-Zarr demands: time, channel, space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from napari_strata import affine
from napari_strata.export.documents.ome_axes import rank
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel
from napari_strata.model import Axis

_SPACE = {"z": 0, "y": 1, "x": 2}


def in_order(image: LayerImage) -> LayerImage:
    """Reorder axes: time, channel or other, space, and there z, y, x by name; reads nothing."""
    order = _order(image.axes)
    if order == list(range(len(order))):
        return image
    levels = tuple(
        LayerLevel(level.pixels.transpose(order), affine.take_axes(level.affine, order))
        for level in image.levels
    )
    return replace(
        image,
        axes=tuple(image.axes[i] for i in order),
        levels=levels,
        factors=tuple(image.factors[i] for i in order) if image.factors else (),
    )


def _order(axes: Sequence[Axis]) -> list[int]:
    names = {axis.name.lower() for axis in axes if axis.type == "space"}
    by_name = names <= _SPACE.keys()

    def place(index: int) -> tuple[int, int]:
        axis = axes[index]
        in_space = axis.type == "space" and by_name
        return rank(axis), _SPACE[axis.name.lower()] if in_space else index

    return sorted(range(len(axes)), key=place)
