"""Shapes as labels: which voxels have their centre in which shape.

A voxel belongs to a shape if its centre does. A centre that lies on an edge between two polygons
belongs to one of them alone: rows and columns count from their lower border up to, not with, the
upper one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import affine, units
from napari_strata.affine import Matrix
from napari_strata.export.errors import ExportError
from napari_strata.model import Display

AREAS = frozenset({"polygon", "rectangle", "ellipse"})
MOST_BYTES = 4 << 30
_VOXELS = frozenset({"image", "labels"})
_FLAT = 1e-6  # of a voxel: how far a shape may leave its plane
_ROUNDING = 2.0**-23  # napari keeps shapes in float32
_CLOSE = 1e-9  # of a voxel: nor does the rounding of transforms decide about a centre

Labels = npt.NDArray[np.uint32]


def shapes_to_labels(layer: Any, like: Any) -> Labels:
    """Make labels of a Shapes layer, on the voxels of an Image or Labels layer.

    Parameters
    ----------
    layer : shape number i becomes label i + 1. Where shapes overlap the one drawn on top counts.
        Paths and lines have no area and become nothing.
    like : the layer whose level 0 gives the voxels. Shapes of fewer axes are on all its planes, as
        they are drawn.

    Returns
    -------
    ``like``'s shape (without the colours of RGB).

    Raises
    ------
    ValueError
        If a shape lies in no plane of voxels, or the labels would not fit into memory.
    """
    shape = tuple(int(n) for n in (like.data[0] if like.multiscale else like.data).shape)
    shape = shape[: like.ndim]
    if layer.ndim > like.ndim:
        raise ValueError(
            f"the layer '{layer.name}' has {layer.ndim} axes, more than '{like.name}' with "
            f"{like.ndim}; it cannot become labels there"
        )
    if math.prod(shape) * 4 > MOST_BYTES:
        raise ValueError(
            f"labels of {' × '.join(map(str, shape))} voxels take "
            f"{math.prod(shape) * 4 / 1e9:.1f} GB of memory; crop the image, or take a coarser one"
        )
    to_voxels = _to_voxels(layer, like)
    planes = shape[len(shape) - layer.ndim :]
    labels = np.zeros(planes, dtype=np.uint32)
    order = np.argsort(np.asarray(layer.z_index), kind="stable")
    for index in order.tolist():
        if layer.shape_type[index] not in AREAS:
            continue
        corners = np.asarray(layer.data[index], dtype=np.float64)
        corners = _in_voxels(corners, to_voxels)
        name = f"shape {index} of '{layer.name}'"
        for region, inside in _areas(corners, layer.shape_type[index], planes, name):
            labels[region][inside] = index + 1
    return np.broadcast_to(labels, shape).copy() if planes != shape else labels


def _to_voxels(layer: Any, like: Any) -> Matrix:
    """Give ``(n + 1, n + 1)``: from a shape's coordinates to indices of voxels, last n axes."""
    from napari_strata.layers.live_world import live_world

    n = layer.ndim
    voxels = live_world(like)
    kept = [*range(like.ndim - n, like.ndim)]
    mixed = [i for i in range(like.ndim) if i not in kept]
    if np.any(voxels[np.ix_(kept, mixed)]) or np.any(voxels[np.ix_(mixed, kept)]):
        raise ValueError(f"'{like.name}' is turned in axes that '{layer.name}' does not have")
    index = [*kept, like.ndim]
    own = live_world(layer)
    factors = _unit_factors(list(layer.units), list(like.units)[-n:])
    to_units = affine.from_scale_translate(factors)
    return affine.compose(affine.invert(affine.frozen(voxels[np.ix_(index, index)])), to_units, own)


def _in_voxels(corners: npt.NDArray[np.float64], to_voxels: Matrix) -> npt.NDArray[np.float64]:
    """Give corners as indices of voxels; one that is on a centre but for rounding is on it."""
    linear = to_voxels[:-1, :-1]
    found = np.asarray(corners @ linear.T + to_voxels[:-1, -1])
    rounding = np.abs(linear) @ (np.abs(corners).max(axis=0) * _ROUNDING) + _CLOSE
    centres = np.round(found)
    return np.where(np.abs(found - centres) <= rounding, centres, found)


def _unit_factors(own: list[Any], others: list[Any]) -> list[float]:
    factors = []
    for one, other in zip(own, others, strict=True):
        a, b = units.parse(str(one)), units.parse(str(other))
        same = a is None or b is None or a.dimension != b.dimension
        factors.append(1.0 if same else a.factor / b.factor)  # type: ignore[union-attr]
    return factors


_Area = tuple[tuple[Any, ...], npt.NDArray[np.bool_]]


def _areas(
    corners: npt.NDArray[np.float64], kind: str, planes: tuple[int, ...], name: str
) -> Iterator[_Area]:
    """Give the part of the voxels a shape may cover, and which of them it does.

    It lies in one plane of voxels: along all axes but two it stays within one voxel.
    """
    spread = np.ptp(corners, axis=0)
    across = np.sort(np.argsort(-spread, kind="stable")[:2])
    region: list[Any] = [0] * len(planes)
    for axis in range(len(planes)):
        if axis in across:
            continue
        if spread[axis] > _FLAT:
            raise ValueError(
                f"{name} lies in no plane of voxels: along axis {axis} it extends over "
                f"{spread[axis]:.3g} voxels"
            )
        at = math.floor(corners[0, axis] + 0.5)
        if not 0 <= at < planes[axis]:
            return
        region[axis] = at
    flat = corners[:, across]
    ends = [planes[axis] for axis in across]
    low = np.clip(np.ceil(flat.min(axis=0)).astype(int), 0, ends)
    high = np.clip(np.floor(flat.max(axis=0)).astype(int) + 1, 0, ends)
    if np.any(high <= low):
        return
    for axis, start, stop in zip(across.tolist(), low.tolist(), high.tolist(), strict=True):
        region[axis] = slice(start, stop)
    inside = _in_ellipse if kind == "ellipse" else _in_polygon
    yield tuple(region), inside(flat, low, high)


def _in_polygon(
    corners: npt.NDArray[np.float64], low: npt.NDArray[Any], high: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Fill row by row between the places where edges cross it (even-odd)."""
    inside = np.zeros(high - low, dtype=bool)
    starts, ends = corners, np.roll(corners, -1, axis=0)
    columns = np.arange(low[1], high[1])
    for row in range(int(low[0]), int(high[0])):
        crossing = (starts[:, 0] <= row) != (ends[:, 0] <= row)
        a, b = starts[crossing], ends[crossing]
        at = a[:, 1] + (row - a[:, 0]) / (b[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
        # A column is inside if the number of crossings up to it is odd.
        passed = np.searchsorted(np.sort(at), columns, side="right")
        inside[row - int(low[0])] = passed % 2 == 1
    return inside


def _in_ellipse(
    corners: npt.NDArray[np.float64], low: npt.NDArray[Any], high: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Take what is within the ellipse that touches the middles of a parallelogram's edges."""
    centre = (corners[0] + corners[2]) / 2
    axes = np.stack([(corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2], axis=1)
    shape: tuple[int, ...] = tuple((high - low).tolist())
    if not np.isfinite(np.linalg.cond(axes)):
        return np.zeros(shape, dtype=bool)
    rows, columns = np.mgrid[low[0] : high[0], low[1] : high[1]]
    u, v = np.tensordot(
        np.linalg.inv(axes), np.stack([rows - centre[0], columns - centre[1]]), axes=1
    )
    found: npt.NDArray[np.bool_] = u**2 + v**2 <= 1
    return found


def shapes_as_labels(layers: Sequence[Any]) -> list[Any]:
    """Put labels in the place of Shapes layers, on the voxels of the first image among the layers.

    Raises
    ------
    ExportError : there is no image layer, or the shapes cannot become labels on it.
    """
    like = next((x for x in layers if getattr(x, "_type_string", None) in _VOXELS), None)
    return [_as_labels(x, like) if _is_shapes(x) else x for x in layers]


def _is_shapes(layer: Any) -> bool:
    return getattr(layer, "_type_string", None) == "shapes"


def _as_labels(layer: Any, like: Any) -> Any:
    from napari_strata.export.planning.layer_image import LayerImage, LayerLevel, layer_image

    if like is None or getattr(like, "rgb", False):
        raise ExportError(
            f"shapes become labels on the voxels of an image layer without colours; among the "
            f"layers with '{layer.name}' there is none"
        )
    try:
        labels = shapes_to_labels(layer, like)
        on = layer_image(like)
    except ValueError as error:
        raise ExportError(str(error)) from error
    level = LayerLevel(labels, on.levels[0].affine)
    return LayerImage(layer.name, "labels", on.axes, (level,), Display(), factors=on.factors)
