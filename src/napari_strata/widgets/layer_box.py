"""Boxes of a geometry's layer: in its own units, as read, and in the layer's, as shown.

Boxes are ``(2, n)``, lowest and highest corner, in the order of the layer's axes. *Own* are the
coordinates the vertices are read in, which are the layer's data; *shown* are those napari's status
bar gives, in the layer's units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Layer, Shapes

from napari_strata.geometry import Box
from napari_strata.layers.drawing.world_units import per_layer_unit
from napari_strata.layers.geometry.world import data_to_world

Vector = npt.NDArray[np.float64]

_STEPS = 8  # of float64, which the way to what is shown and back may cost
_SHORT = {"pixel": "px", "micrometer": "µm", "nanometer": "nm", "millimeter": "mm", "second": "s"}


def unit_names(layer: Layer) -> tuple[str, ...]:
    """Give the short names of the units that positions on the layer are shown in."""
    return tuple(_SHORT.get(str(unit), f"{unit:~P}") for unit in layer.units)


def is_turned(layer: Layer) -> bool:
    """Tell whether the layer was rotated or sheared in napari, so that world is not its axes."""
    linear = data_to_world(layer)[0]
    return bool(np.any(linear - np.diag(np.diag(linear))) or np.any(np.diag(linear) <= 0))


def where(layer: Layer) -> tuple[object, ...]:
    """Give what positions on the layer are shown by; equal as long as they stay the same."""
    linear, offset = data_to_world(layer)
    return linear.tobytes(), offset.tobytes(), unit_names(layer)


def recorded(record: Mapping[str, Any]) -> Box | None:
    """Give the own box a layer's record says is shown; infinite where it has no limit."""
    corners = record.get("box")
    if corners is None:
        return None
    low, high = corners
    return np.array(
        [
            [-np.inf if v is None else float(v) for v in low],
            [np.inf if v is None else float(v) for v in high],
        ]
    )


def to_shown(layer: Layer, own: Box) -> Box:
    """Turn a box in the geometry's coordinates into positions as shown."""
    scale, translate = _axes_alone(layer)
    shown: Box = np.asarray(own, dtype=np.float64) * scale + translate
    return shown


def to_own(layer: Layer, shown: Box) -> Box:
    """Turn positions as shown into a box in the geometry's coordinates.

    Where that takes calculating it is a little larger, so that rounding costs no vertex that
    lies on its border.
    """
    scale, translate = _axes_alone(layer)
    corners = np.asarray(shown, dtype=np.float64)
    own: Box = (corners - translate) / scale
    largest = np.maximum(np.abs(np.where(np.isfinite(corners), corners, 0.0)), np.abs(translate))
    room = _STEPS * np.spacing(largest) / scale
    calculated = (scale != 1) | (translate != 0)
    own += np.where(calculated, room, 0.0) * [[-1.0], [1.0]]
    return own


def box_of_shapes(viewer: Any, shapes: Shapes, layer: Layer) -> Box:
    """Give the box around the selected shapes of a layer, or around its only one.

    Returns
    -------
    ``(2, n)`` own; infinite along axes in which the shapes are flat or which they do not have.

    Raises
    ------
    ValueError
        If no shape or several are to choose from, or none has an extent, or the layer is turned.
    """
    chosen = sorted(shapes.selected_data) or list(range(len(shapes.data)))
    if not shapes.selected_data and len(chosen) != 1:
        raise ValueError(f"Select a shape of '{shapes.name}'; it has {len(chosen) or 'none'}.")
    if is_turned(layer):
        raise ValueError(f"'{layer.name}' is rotated or sheared: crop it by numbers.")
    corners = np.concatenate([_world(shapes, shapes.data[index]) for index in chosen])
    factor = _per_unit(viewer, shapes)
    seen = np.array([corners.min(axis=0), corners.max(axis=0)]) * factor
    box = np.tile([[-np.inf], [np.inf]], layer.ndim)
    shared = min(layer.ndim, shapes.ndim)
    box[:, layer.ndim - shared :] = seen[:, shapes.ndim - shared :]
    box[:, layer.ndim - shared :] /= _per_unit(viewer, layer)[layer.ndim - shared :]
    flat = box[0] == box[1]
    box[0, flat], box[1, flat] = -np.inf, np.inf
    if not np.any(np.isfinite(box)):
        raise ValueError(f"The shape of '{shapes.name}' has no extent.")
    return to_own(layer, box)


def _per_unit(viewer: Any, layer: Layer) -> Vector:
    return per_layer_unit(layer.units, viewer.dims.units)


def _world(layer: Layer, data: npt.ArrayLike) -> Vector:
    linear, offset = data_to_world(layer)
    corners: Vector = np.asarray(data, dtype=np.float64) @ linear.T + offset
    return corners


def _axes_alone(layer: Layer) -> tuple[Vector, Vector]:
    """Give scale and offset along each axis; of a turned layer those before it is turned."""
    if is_turned(layer):
        return np.asarray(layer.scale, dtype=np.float64), np.asarray(layer.translate)
    linear, offset = data_to_world(layer)
    return np.diag(linear), offset
