"""The box of a layer that is meant: what the view shows of it, or a shape drawn around it."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Layer, Shapes

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.export.planning.layer_image import layer_image
from napari_strata.layers.changing.editable_copy import Box
from napari_strata.layers.drawing.world_units import per_layer_unit
from napari_strata.layers.geometry.world import data_to_world
from napari_strata.widgets.export.view import box_of_view

_WITHIN = 0.25  # of a voxel: the plane's own centre, and no other


def view_box(viewer: Any, layer: Layer) -> Box:
    """Return what the canvas shows of a layer, in its units; sliced axes have no limit.

    Raises
    ------
    ValueError
        If the canvas shows nothing of it, or it is no image or labels.
    """
    image = layer_image(layer)
    found = box_of_view(viewer, [layer], [image])
    names = [axis.name for axis in image.axes]
    if len(names) > layer.ndim:  # colours are no axis of the layer
        names = [axis.name for axis in image.axes if axis.type != "channel"]
    labels = dict(zip(names, (str(label) for label in layer.axis_labels), strict=True))
    return {labels[name]: ends for name, ends in found.items()}


def plane_box(viewer: Any, layer: Layer, world: Matrix, shape: tuple[int, ...]) -> Box:
    """Return what the canvas shows of a layer, on sliced axes the voxel of a level that is shown.

    Parameters
    ----------
    world, shape : of the level: voxel centre → world in the layer's units.

    Raises
    ------
    ValueError
        As `view_box` does, or if the level has nothing in the plane.
    """
    box = dict(view_box(viewer, layer))
    lead = viewer.dims.ndim - layer.ndim
    units = per_layer_unit(layer.units, viewer.dims.units)
    point = np.asarray(viewer.dims.point, dtype=np.float64)[lead:] / units
    displayed = {axis - lead for axis in viewer.dims.displayed}
    # Displayed axes at the middle of the level: of a turned layer the plane's voxel is there.
    back = affine.invert(world)
    voxel = back[:-1, :-1] @ point + back[:-1, -1]
    for axis, label in enumerate(layer.axis_labels):
        if axis in displayed:
            continue
        nearest = float(np.clip(np.rint(voxel[axis]), 0, shape[axis] - 1))
        if abs(voxel[axis] - nearest) > 0.5 + _WITHIN and shape[axis] > 1:
            raise ValueError(f"level has nothing at the shown position of {label}")
        centre = point + world[:-1, axis] * (nearest - voxel[axis])
        reach = abs(world[axis, axis]) * _WITHIN
        box[str(label)] = (float(centre[axis]) - reach, float(centre[axis]) + reach)
    return box


def shape_box(viewer: Any, shapes: Shapes, layer: Layer) -> Box:
    """Return the box around the selected shapes, or the only one, in a layer's units.

    Axes in which the shapes are flat, or which they do not have, have no limit.

    Raises
    ------
    ValueError
        If no shape is chosen, or none has an extent.
    """
    chosen = sorted(shapes.selected_data) or list(range(len(shapes.data)))
    if not shapes.selected_data and len(chosen) != 1:
        raise ValueError(f"Select a shape of '{shapes.name}'; it has {len(chosen) or 'none'}.")
    linear, offset = data_to_world(shapes)
    corners = np.concatenate([np.asarray(shapes.data[i], np.float64) for i in chosen])
    seen = (corners @ linear.T + offset) * per_layer_unit(shapes.units, viewer.dims.units)
    shared = min(layer.ndim, shapes.ndim)
    own = per_layer_unit(layer.units, viewer.dims.units)[layer.ndim - shared :]
    low, high = (f(seen[:, shapes.ndim - shared :], axis=0) / own for f in (np.min, np.max))
    labels = [str(label) for label in layer.axis_labels][layer.ndim - shared :]
    box = {
        label: (float(a), float(b)) for label, a, b in zip(labels, low, high, strict=True) if a < b
    }
    if not box:
        raise ValueError(f"The shape of '{shapes.name}' has no extent.")
    return box
