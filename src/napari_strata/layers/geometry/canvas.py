"""Which box of a geometry a viewer shows at the moment."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Layer

from napari_strata.geometry import Box
from napari_strata.layers.drawing.world_units import per_layer_unit
from napari_strata.layers.geometry.source import geometry_note, whole
from napari_strata.layers.geometry.world import data_to_world
from napari_strata.layers.viewer_axes import arranged_axes
from napari_strata.model import Axis

Array = npt.NDArray[np.float64]

_EDGE = 1e-9  # how far outside a corner may lie that is meant to be on a side


def box_of_view(viewer: Any, layer: Layer) -> Box:
    """Return the box that the canvas shows of a layer.

    Returns
    -------
    ``(2, n)`` in the geometry's units, the order of its axes: the smallest box around all that is
    on the canvas and in the bounds of the level shown, or among what the layer holds. Axes that
    are not displayed have no limit (infinite corners). Perspective is left out of account.

    Raises
    ------
    ValueError
        If the layer is no geometry of ours, or the canvas shows nothing of it.
    """
    note = geometry_note(layer)
    lead = viewer.dims.ndim - layer.ndim
    shown = [k for k, axis in enumerate(viewer.dims.displayed) if axis >= lead]
    axes = [int(viewer.dims.displayed[k]) - lead for k in shown]
    matrix, offset = _to_displayed(viewer, layer, axes)
    centre, across, half = canvas(viewer)
    normals = across[:, shown] @ matrix
    middle = across[:, shown] @ (centre[shown] - offset)
    inside = _bounds(layer, note)[:, axes]
    low = np.concatenate([middle - half, inside[0]])
    high = np.concatenate([middle + half, inside[1]])
    ends = corners(np.concatenate([normals, np.eye(len(axes))]), low, high)
    if not len(ends):
        raise ValueError(f"nothing of the layer '{layer.name}' is in the view")
    box = np.array([[-np.inf] * layer.ndim, [np.inf] * layer.ndim])
    box[0, axes], box[1, axes] = ends.min(axis=0), ends.max(axis=0)
    return _in_geometry_order(box, note)


def canvas(viewer: Any) -> tuple[Array, Array, Array]:
    """Give the canvas' centre, its two directions and half its size, in displayed axes.

    Each is a vector of the displayed axes in world, in their order.
    """
    camera = getattr(viewer, "scene", viewer).camera  # napari 0.9 moved it
    size = np.asarray(viewer.window._qt_viewer.canvas.size, dtype=np.float64)
    count = viewer.dims.ndisplay
    if count == 2:
        across = np.eye(2)
    else:
        up = np.asarray(camera.up_direction, dtype=np.float64)
        right = np.cross(np.asarray(camera.view_direction, dtype=np.float64), up)
        across = np.array([up, right])
    return np.asarray(camera.center, np.float64)[-count:], across, size / camera.zoom / 2


def _to_displayed(viewer: Any, layer: Layer, axes: list[int]) -> tuple[Array, Array]:
    """Give the matrix and the offset from the layer's displayed axes to the viewer's world.

    Axes that are not displayed stand where the viewer's sliders do.
    """
    units = per_layer_unit(layer.units, viewer.dims.units)
    point = np.asarray(viewer.dims.point, dtype=np.float64)[-layer.ndim :] / units
    here = np.asarray(layer.world_to_data(point), dtype=np.float64)
    here[axes] = 0.0
    linear, offset = data_to_world(layer)
    matrix, origin = linear * units[:, None], (linear @ here + offset) * units
    return matrix[np.ix_(axes, axes)], origin[axes]


def _bounds(layer: Layer, note: Mapping[str, Any]) -> Array:
    """Give a box around the level shown and all the layer holds, in the layer's axes.

    Declared bounds may be too small, and what a cropped layer holds is not all.
    """
    held = np.asarray(layer.extent.data, dtype=np.float64)
    known = whole(layer)
    if known is None or not np.isfinite(known).all():
        return held
    known = known[:, list(_order(note))]
    return np.array([np.fmin(known[0], held[0]), np.fmax(known[1], held[1])])


def corners(normals: Array, low: Array, high: Array) -> Array:
    """Return the corners of ``low <= normals @ x <= high``; none where that is empty."""
    n = normals.shape[1]
    sides = np.concatenate([normals, normals])
    ends = np.concatenate([low, high])
    room = _EDGE * (np.abs(low).max(initial=0.0) + np.abs(high).max(initial=0.0))
    found = []
    for chosen in combinations(range(len(sides)), n):
        planes = sides[list(chosen)]
        if abs(np.linalg.det(planes)) < 1e-12:
            continue
        corner = np.linalg.solve(planes, ends[list(chosen)])
        along = normals @ corner
        if np.all(along >= low - room) and np.all(along <= high + room):
            found.append(corner)
    return np.array(found).reshape(-1, n)


def _in_geometry_order(box: Array, note: Mapping[str, Any]) -> Box:
    return box[:, np.argsort(_order(note))]


def _order(note: Mapping[str, Any]) -> tuple[int, ...]:
    """Say which axis of the geometry each axis of the layer is."""
    return arranged_axes([Axis(a["name"], a["type"], a["unit"]) for a in note["axes"]]).order
