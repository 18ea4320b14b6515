"""Where a layer's vertices are in its world, and what the axes of that world are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import affine, units
from napari_strata.affine import Matrix
from napari_strata.formats.viewer_order import viewer_order
from napari_strata.model import Axis

FEWEST_AXES = 2
MOST_AXES = 4

Coordinates = npt.NDArray[np.float64]

_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_TIME_NAMES = {"t", "time"}
_SPACE_ORDER = "zyx"


def matrix_of(meta: Mapping[str, Any], ndim: int) -> Matrix:
    """Compose a layer's scale, shear, rotate, translate and affine, as napari does.

    Parameters
    ----------
    meta : of a layer data tuple; what is missing changes nothing.
    ndim : number of the layer's axes.

    Returns
    -------
    ``(ndim + 1, ndim + 1)``, from data to world.
    """
    from napari.utils.transforms import Affine

    given = {k: meta[k] for k in ("scale", "translate", "rotate", "shear") if k in meta}
    own = Affine(**{k: v for k, v in given.items() if v is not None}, ndim=ndim)
    outer = meta.get("affine")
    if outer is None:
        return np.asarray(own.affine_matrix, dtype=np.float64)
    outer_matrix = getattr(outer, "affine_matrix", outer)
    composed: Matrix = np.asarray(outer_matrix, dtype=np.float64) @ own.affine_matrix
    return composed


def transformed(matrix: Matrix, points: Any) -> Coordinates:
    """Put points into world; exactly as they are where the transform is the identity."""
    given = np.asarray(points, dtype=np.float64)
    n = matrix.shape[0] - 1
    split = affine.scale_translate(matrix)
    if split is None:
        return np.asarray(given @ matrix[:n, :n].T + matrix[:n, n])
    moved = given.copy()
    for column, (scale, translate) in enumerate(zip(*split, strict=True)):
        if scale != 1:
            moved[..., column] *= scale
        if translate != 0:
            moved[..., column] += translate
    return moved


def directed(matrix: Matrix, directions: Any) -> Coordinates:
    """Turn directions (no places) into world."""
    linear = matrix.copy()
    linear[:-1, -1] = 0
    return transformed(linear, directions)


def drawn_size(matrix: Matrix) -> float:
    """Tell what a size in data becomes in world: napari goes by the last axis."""
    return float(np.linalg.norm(matrix[:-1, -2]))


def axis_labels(meta: Mapping[str, Any], ndim: int) -> tuple[str, ...]:
    """Give the layer's labels; napari's own default (``-2``, ``-1``) where it has none."""
    labels = meta.get("axis_labels")
    if labels is None:
        return tuple(str(i) for i in range(-ndim, 0))
    return tuple(str(label) for label in labels)


def unit_names(meta: Mapping[str, Any], ndim: int) -> tuple[str, ...]:
    """Give the layer's units by their full names."""
    given = meta.get("units")
    if given is None:
        return ("pixel",) * ndim
    if isinstance(given, str) or not isinstance(given, Sequence):
        given = [given] * ndim
    return tuple(str(unit) for unit in given)


def stored_axes(
    labels: Sequence[str], unit_names: Sequence[str], *, time_first: bool = False
) -> tuple[Axis, ...]:
    """Name the axes of the layer's world, in its order, so that readers keep that order.

    The layer's own labels are used where they are names, and name axes that are in the order
    t, z, y, x; else the axes are named by their position.

    Parameters
    ----------
    time_first : whether the first axis is time, whatever it is called; but no length is.
    """
    given = [_axis(label, unit) for label, unit in zip(labels, unit_names, strict=True)]
    if all(_NAME.fullmatch(label) for label in labels) and _in_order(given):
        return tuple(given)
    ndim = len(labels)
    names = ["w", *_SPACE_ORDER][-ndim:]
    first = units.parse(unit_names[0])
    is_length = first is not None and first.dimension == "length"
    if (time_first or ndim == MOST_AXES) and not is_length:
        names[0] = "t"
    return tuple(_axis(name, unit) for name, unit in zip(names, unit_names, strict=True))


def _axis(name: str, unit_name: str) -> Axis:
    unit = units.parse(unit_name)
    is_time = name.lower() in _TIME_NAMES or (unit is not None and unit.dimension == "time")
    return Axis(name, "time" if is_time else "space", None if unit is None else unit.name)


def _in_order(axes: Sequence[Axis]) -> bool:
    names = {axis.name.lower() for axis in axes}
    return len(names) == len(axes) and viewer_order(axes) == tuple(range(len(axes)))
