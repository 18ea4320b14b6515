"""What is set on a layer in napari, as contributions to its place."""

from __future__ import annotations

import numpy as np
from napari.layers import Layer

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.layers.inspecting.contribution import Contribution, rows
from napari_strata.layers.inspecting.live_place import unit_factors
from napari_strata.layers.live_world import shear_matrix


def live_parts(layer: Layer) -> list[Contribution]:
    """List the layer's transforms, from the world inwards; those that do nothing are left out.

    Their product is voxel centre of level 0 → world in micrometres and seconds.
    """
    n = layer.ndim
    ones = np.ones(n)
    named = ", ".join(str(unit) for unit in layer.units)
    candidates = [
        ("unit", affine.from_scale_translate(unit_factors(layer)), f"layer.units: {named}"),
        ("affine", affine.frozen(layer.affine.affine_matrix), "layer.affine"),
        ("translation", affine.from_scale_translate(ones, layer.translate), "layer.translate"),
        ("rotation", _linear(layer.rotate), "layer.rotate"),
        ("shear", _linear(shear_matrix(layer)), "layer.shear"),
        ("scale", affine.from_scale_translate(layer.scale), "layer.scale"),
    ]
    return [
        Contribution(title, "", rows(matrix), "live", note)
        for title, matrix, note in candidates
        if not np.array_equal(matrix, np.eye(n + 1))
    ]


def _linear(matrix: Matrix) -> Matrix:
    result = np.eye(len(matrix) + 1)
    result[:-1, :-1] = matrix
    return affine.frozen(result)
