"""Which image a Labels layer is written with: one that it lies in, if the format allows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from napari_strata import affine, units
from napari_strata.affine import Matrix
from napari_strata.export.documents.ome_multiscales import Version, intrinsic_of, is_straight
from napari_strata.export.planning.layer_image import LayerImage
from napari_strata.model import Axis


def image_of(label: LayerImage, images: Sequence[LayerImage], version: Version) -> int | None:
    """Return the index of the image that a label belongs to; None if it stands by itself.

    The image it overlaps most, else the first that can have it.
    """
    can = [i for i, image in enumerate(images) if can_belong(label, image, version)]
    return max(can, key=lambda i: (_overlap(label, images[i]), -i), default=None)


def can_belong(label: LayerImage, image: LayerImage, version: Version) -> bool:
    """Tell whether a label can be written below an image.

    Its axes must be the image's, or fewer. One plane where the image has many would hold for all
    of them, by the specification: such a label stands by itself. In 0.6 both share the image's
    own system: there the label must be straight.
    """
    theirs = {axis.name: i for i, axis in enumerate(image.axes)}
    for index, axis in enumerate(label.axes):
        if axis.name not in theirs or not _same_kind(axis, image.axes[theirs[axis.name]]):
            return False
        many = int(image.levels[0].pixels.shape[theirs[axis.name]]) > 1
        if axis.type != "channel" and many and int(label.levels[0].pixels.shape[index]) == 1:
            return False
    matrices = [level.affine for level in image.levels]
    if version != "0.6" or is_straight(matrices):
        return is_straight([level.affine for level in label.levels])
    to_world = world_of(label, image)
    return to_world is not None and in_system_of(label, to_world) is not None


def world_of(label: LayerImage, image: LayerImage) -> Matrix | None:
    """Return the map from an image's intrinsic system to the world, on the axes of a label.

    None where the label's axes or units are others, or the image's depend on one that it lacks.
    """
    if any(axis not in image.axes for axis in label.axes):
        return None
    to_world = intrinsic_of([level.affine for level in image.levels], image.name).to_world
    if to_world is None:
        return affine.frozen(np.eye(len(label.axes) + 1))
    try:
        return affine.take_axes(to_world, [image.axes.index(axis) for axis in label.axes])
    except ValueError:
        return None


def in_system_of(label: LayerImage, to_world: Matrix) -> list[Matrix] | None:
    """Return a label's affines in a system that ``to_world`` leads from; None if turned there."""
    return _straightened([affine.relative(level.affine, to_world) for level in label.levels])


def _straightened(matrices: Sequence[Matrix]) -> list[Matrix] | None:
    """Drop what rounding left beside the diagonals; None if there is more than that."""
    result = []
    for matrix in matrices:
        linear = matrix[:-1, :-1]
        kept = np.diag(np.diagonal(linear))
        if np.abs(linear - kept).max(initial=0) > 1e-9 * np.abs(kept).max(initial=0):
            return None
        clean = np.array(matrix)
        clean[:-1, :-1] = kept
        result.append(affine.frozen(clean))
    return result if is_straight(result) else None


def _same_kind(one: Axis, other: Axis) -> bool:
    """Tell whether two axes of one name can be the same: of one type, and units that convert."""
    first, second = (units.parse(axis.unit or "") for axis in (one, other))
    if one.type != other.type or (first is None) != (second is None):
        return False
    return first is None or second is None or first.dimension == second.dimension


def _overlap(label: LayerImage, image: LayerImage) -> float:
    """Return the share of a label's box that lies in the image's, along the axes of space."""
    own, theirs = _box(label), _box(image)
    shares = []
    for name, (low, high) in own.items():
        if name in theirs and high > low:
            inside = min(high, theirs[name][1]) - max(low, theirs[name][0])
            shares.append(max(inside, 0.0) / (high - low))
    return math.prod(shares) if shares else 0.0


def _box(image: LayerImage) -> dict[str, tuple[float, float]]:
    """Return the outer faces along each spatial axis, in micrometres where there is a unit."""
    level = image.levels[0]
    n = len(image.axes)
    ends = np.array(list(itertools.product(*((-0.5, int(s) - 0.5) for s in level.pixels.shape))))
    places = ends @ level.affine[:n, :n].T + level.affine[:n, n]
    result = {}
    for index, axis in enumerate(image.axes):
        if axis.type == "space":
            unit = units.parse(axis.unit or "")
            factor = 1.0 if unit is None else unit.factor
            low, high = float(places[:, index].min()), float(places[:, index].max())
            result[axis.name] = (low * factor, high * factor)
    return result
