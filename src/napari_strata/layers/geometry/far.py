"""Vertices so far from 0 that the graphics card cannot tell them apart."""

from __future__ import annotations

import numpy as np

from napari_strata.dataset import Geometry
from napari_strata.geometry import Vertices
from napari_strata.model import Problem

_FLOAT32_STEP = 2.0**-24
_PIXELS = 2000  # about as many as a canvas that shows the whole


def far_problem(vertices: Vertices, geometry: Geometry, where: str) -> tuple[Problem, ...]:
    """Say how exact drawing is, where the whole of it, filling a canvas, is a pixel off."""
    space = [i for i, axis in enumerate(geometry.axes) if axis.type == "space"]
    if vertices.bounds is None or not space:
        return ()
    bounds = vertices.bounds[:, space]
    if not np.isfinite(bounds).all():
        return ()
    step = np.max(np.abs(bounds), axis=0) * _FLOAT32_STEP
    extent = float(np.max(bounds[1] - bounds[0]))
    worst = int(np.argmax(step))
    if extent == 0 or step[worst] <= extent / _PIXELS:
        return ()
    unit = geometry.axes[space[worst]].unit or "voxel"
    message = (
        f"the vertices lie so far from 0 that drawing is only exact to {step[worst]:.3g} {unit} "
        "(the graphics card counts in float32); their numbers are kept exactly. Moving the layer "
        "does not help, as it is these numbers that are drawn; stored nearer to 0 they would "
        "be drawn exactly"
    )
    return (Problem("far-vertices", "warning", where, message),)
