"""Images that lie across the planes of a viewer: exact in 3-D, but napari cannot cut them in 2-D.

A plane of a 2-D view is cut along the layer's own axes. Where one of the sliders' axes runs
obliquely to a layer, what is drawn is not what lies in that plane.
"""

from __future__ import annotations

import numpy as np

from napari_strata.affine import Matrix
from napari_strata.layers.notes import MARK
from napari_strata.model import Problem

SUFFIX = f"{MARK} exact in 3-D only"

_SMALLEST = 1e-6  # of a voxel's side: what rounding leaves


def is_tilted(world: Matrix) -> bool:
    """Tell whether an axis with a slider is mixed with another.

    ``world`` is ``(n + 1, n + 1)``, in the layer's axes, of which the last two are drawn in 2-D.
    """
    linear = np.abs(world[:-1, :-1])
    sides = np.diagonal(linear).copy()
    np.fill_diagonal(linear, 0.0)
    sliders = slice(0, len(linear) - 2)
    smallest = _SMALLEST * np.maximum(sides, np.finfo(float).tiny)
    mixed = linear > np.minimum.outer(smallest, smallest)
    return bool(mixed[sliders].any() or mixed[:, sliders].any())


def tilted_problem(where: str) -> Problem:
    """Say what a tilted image looks like in 2-D."""
    message = (
        "the image lies obliquely to the planes of the viewer: it is drawn where it lies in 3-D, "
        "but a plane of the 2-D view is cut along the image's own axes"
    )
    return Problem("tilted", "warning", where or ".", message)
