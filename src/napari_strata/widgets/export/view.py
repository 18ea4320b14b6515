"""The part of the world that a viewer shows, and that layers fill, by the names of axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Layer

from napari_strata.export.planning.layer_image import LayerImage
from napari_strata.layers.drawing.world_units import per_layer_unit
from napari_strata.layers.geometry.canvas import canvas, corners
from napari_strata.widgets import layer_box

Ends = dict[str, tuple[float, float]]
Array = npt.NDArray[np.float64]


def axis_units(layers: Sequence[Layer], images: Sequence[LayerImage]) -> dict[str, str]:
    """Return the short name of the unit of each axis of the layers, channels left out.

    Raises
    ------
    ValueError
        If layers have different units along an axis, so that a number would be two places.
    """
    found: dict[str, str] = {}
    for layer, image in zip(layers, images, strict=True):
        units = dict(zip(_names(layer, image), layer_box.unit_names(layer), strict=True))
        for axis in image.axes:
            if axis.type == "channel":
                continue
            unit = units[axis.name]
            if found.setdefault(axis.name, unit) != unit:
                raise ValueError(
                    f"The layers have different units along {axis.name} ({found[axis.name]} and "
                    f"{unit}): give voxels instead, or export them one by one."
                )
    return found


def extents(images: Sequence[LayerImage]) -> Ends:
    """Return from where to where the layers reach along each axis, in the layers' units."""
    found: Ends = {}
    for image in images:
        n = len(image.axes)
        matrix = image.levels[0].affine
        ends = [matrix[:n, :n] * -0.5, matrix[:n, :n] * (np.array(image.shape) - 0.5)]
        low = np.min(ends, axis=0).sum(axis=1) + matrix[:n, n]
        high = np.max(ends, axis=0).sum(axis=1) + matrix[:n, n]
        factors = image.factors or (1.0,) * n
        for axis, a, b, factor in zip(image.axes, low, high, factors, strict=True):
            old = found.get(axis.name, (np.inf, -np.inf))
            found[axis.name] = (min(old[0], a / factor), max(old[1], b / factor))
    return found


def box_of_view(viewer: Any, layers: Sequence[Layer], images: Sequence[LayerImage]) -> Ends:
    """Return what the canvas shows of layers, in their units.

    Only displayed axes are in it: along the others everything is meant. In 3-D it is the smallest
    box around all of the layers that is on the canvas; perspective is left out of account.

    Raises
    ------
    ValueError
        If the canvas shows nothing of them, or they have different units.
    """
    axis_units(layers, images)
    reach = extents(images)
    # The layer of most axes has all that are displayed.
    layer, image = max(zip(layers, images, strict=True), key=lambda pair: pair[0].ndim)
    lead = viewer.dims.ndim - layer.ndim
    shown = [k for k, axis in enumerate(viewer.dims.displayed) if axis >= lead]
    axes = [int(viewer.dims.displayed[k]) - lead for k in shown]
    names = [_names(layer, image)[axis] for axis in axes]
    units = per_layer_unit(layer.units, viewer.dims.units)[axes]
    centre, across, half = canvas(viewer)
    normals = across[:, shown]
    middle = normals @ centre[shown]
    inside = np.array([reach[name] for name in names]).T * units
    ends = corners(
        np.concatenate([normals, np.eye(len(axes))]),
        np.concatenate([middle - half, inside[0]]),
        np.concatenate([middle + half, inside[1]]),
    )
    if not len(ends):
        raise ValueError("Nothing of these layers is in the view.")
    low, high = ends.min(axis=0) / units, ends.max(axis=0) / units
    return {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)}


def finite(box: Mapping[str, tuple[float, float]], images: Sequence[LayerImage]) -> Ends:
    """Let an end that has no limit be where the layers end; axes without any are left out."""
    reach = extents(images)
    limited = {name: ends for name, ends in box.items() if np.any(np.isfinite(ends))}
    return {
        name: (
            float(low) if np.isfinite(low) else min(reach[name][0], float(high)),
            float(high) if np.isfinite(high) else max(reach[name][1], float(low)),
        )
        for name, (low, high) in limited.items()
    }


def _names(layer: Layer, image: LayerImage) -> list[str]:
    """Name the layer's own axes; the colours of an RGB layer are none of them."""
    names = [axis.name for axis in image.axes]
    if len(names) > layer.ndim:
        names = [axis.name for axis in image.axes if axis.type != "channel"]
    return names
