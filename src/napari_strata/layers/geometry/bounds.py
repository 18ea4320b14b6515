"""Vertices that lie beyond the bounds their store declares."""

from __future__ import annotations

import numpy as np

from napari_strata.dataset import Geometry
from napari_strata.geometry import Vertices
from napari_strata.model import Problem

_ROUNDING = 2.0**-22  # of the largest number: bounds and vertices may be kept in float32


def beyond_bounds(vertices: Vertices, geometry: Geometry, where: str) -> tuple[Problem, ...]:
    """Say how far vertices lie beyond the declared bounds, where they do.

    Meshes of a precomputed folder declare no bounds: theirs follow from where the parts of the
    finest level are.
    """
    declared, found = geometry.model.bounds, vertices.bounds
    if geometry.format != "zvf" or declared is None or found is None:
        return ()
    with np.errstate(invalid="ignore", over="ignore"):
        beyond = np.maximum(declared[0] - found[0], found[1] - declared[1])
        room = _ROUNDING * np.maximum(np.abs(declared), np.abs(found)).max(axis=0)
        over = np.where(beyond > room, beyond, 0.0)
    worst = int(np.argmax(over))
    if not over[worst] > 0:
        return ()
    axis = geometry.axes[worst]
    unit = f" {axis.unit}" if axis.unit else ""
    (low, high), (lowest, highest) = declared[:, worst], found[:, worst]
    message = (
        f"the store declares bounds from {low:.6g} to {high:.6g}{unit} along {axis.name}, but "
        f"vertices lie from {lowest:.6g} to {highest:.6g}; they are shown where they are"
    )
    return (Problem("bounds-exceeded", "warning", where, message),)
