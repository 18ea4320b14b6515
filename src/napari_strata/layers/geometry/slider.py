"""How far a slider steps where there are geometries: by planes, and by time points.

A slider steps by the smallest scale of all layers, which for vertices is their unit and no
distance of planes.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Layer, Shapes, Surface, Vectors

from napari_strata.layers.drawing.world_units import per_layer_unit
from napari_strata.layers.notes import KEY

Vector = npt.NDArray[np.float64]
Slab = Callable[[Layer, Any], Vector | None]

_STEPS_A_SLAB = 4
_EVEN = 1e-6  # of the distance of time points, that one may be off


class Steps:
    """Called whenever the ranges of a viewer's sliders have changed.

    ``slab`` gives how thick a slice a geometry's layer wants, None of other layers.
    """

    def __init__(self, viewer: Any, slab: Slab) -> None:
        self._viewer = weakref.ref(viewer)
        self._slab = slab
        self._known: weakref.WeakKeyDictionary[Layer, tuple[Any, Vector]] = (
            weakref.WeakKeyDictionary()
        )

    def __call__(self, event: Any) -> None:
        """Set the steps of the sliders; napari's stay where there is no geometry."""
        viewer = self._viewer()
        if viewer is None:
            return
        ranges = [list(r) for r in viewer.dims.range]
        for axis, step in enumerate(self._steps(viewer)):
            if np.isfinite(step) and step > 0:
                low, high, _ = ranges[axis]
                ranges[axis][2] = _whole_steps(high - low, float(step))
        changed = tuple(tuple(r) for r in ranges)
        if changed != tuple(tuple(r) for r in viewer.dims.range):
            viewer.dims.range = changed

    def _steps(self, viewer: Any) -> Vector:
        """Give each slider's step: of the images; of a geometry where there are none.

        NaN leaves it as napari has it.
        """
        ndim = viewer.dims.ndim
        planes, own = np.full(ndim, np.nan), np.full(ndim, np.nan)
        for layer in viewer.layers:
            thick, lead = self._slab(layer, viewer), ndim - layer.ndim
            factors = per_layer_unit(layer.units, viewer.dims.units)
            if thick is None:
                step = np.asarray(layer.extent.step) * factors
                planes[lead:] = np.fmin(planes[lead:], step)
                continue
            even = self._even_spacing(layer) * factors
            step = np.where(np.isfinite(even), even, thick / _STEPS_A_SLAB)
            own[lead:] = np.fmin(own[lead:], step)
        if np.isnan(own).all():
            return own
        return np.where(np.isnan(planes), own, planes)

    def _even_spacing(self, layer: Layer) -> Vector:
        """Give the distance of a layer's time points, in world; NaN along space, and if uneven.

        Looked at once for every record, which says which level and which box is shown.
        """
        note = layer.metadata[KEY]
        known = self._known.get(layer)
        if known is not None and known[0] is note:
            return known[1]
        types = {axis["name"]: axis["type"] for axis in note.get("axes", [])}
        names = list(note.get("layer_axes", []))
        found = np.full(layer.ndim, np.nan)
        if len(names) == layer.ndim:
            for axis, name in enumerate(names):
                if types.get(name, "space") != "space":
                    found[axis] = _even(_values(layer, axis)) * abs(float(layer.scale[axis]))
        self._known[layer] = note, found
        return found


def _values(layer: Any, axis: int) -> Vector:
    """Give the coordinates of all that a layer holds along an axis, in its data."""
    if isinstance(layer, Shapes):
        return np.concatenate([np.zeros(0), *(path[:, axis] for path in layer.data)])
    if isinstance(layer, Surface):
        return np.asarray(layer.vertices[:, axis], dtype=np.float64)
    data = np.asarray(layer.data, dtype=np.float64)
    if isinstance(layer, Vectors):
        return np.concatenate([data[:, 0, axis], data[:, :, axis].sum(axis=1)])
    return data[:, axis - layer.ndim]  # of tracks there is an id in front


def _even(values: Vector) -> float:
    """Give the distance of values that are evenly spaced, some perhaps missing; else NaN.

    It is the mean over all of them, as each is only as exact as its last digit.
    """
    distinct = np.unique(values[np.isfinite(values)])
    gaps = np.diff(distinct)
    if not len(gaps):
        return float("nan")
    gaps = gaps[gaps > _EVEN * gaps.max()]  # what rounding made of one time point
    count = np.round((distinct - distinct[0]) / gaps.min())
    spacing = float((distinct[-1] - distinct[0]) / count[-1])
    off = np.abs(distinct - distinct[0] - count * spacing)
    return spacing if bool((off <= _EVEN * spacing * (1 + count)).all()) else float("nan")


def _whole_steps(length: float, step: float) -> float:
    """Give the step, or the largest below it that reaches the end where it is to be reached.

    napari rounds the number of steps down: 0.3 / 0.1 is 2.
    """
    count = round(length / step)
    if count < 1 or abs(length / step - count) > _EVEN * count:
        return step
    while int(length / step) < count:
        step = float(np.nextafter(min(step, length / count), 0))
    return step
