"""Which image a Labels layer is written with: one that it lies in, if the format allows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from napari_strata import affine, units
from napari_strata.affine import Matrix
from napari_strata.arrays import LevelArray
from napari_strata.export.documents.ome_axes import unit_factor
from napari_strata.export.documents.ome_layout import LABELS
from napari_strata.export.documents.ome_multiscales import Version, intrinsic_of, is_straight
from napari_strata.export.planning.channels import Channels
from napari_strata.export.planning.layer_image import LayerImage
from napari_strata.model import Axis, stored_arrays


def image_of(label: LayerImage, images: Sequence[LayerImage], version: Version) -> int | None:
    """Return the index of the image that a label belongs to; None if it stands by itself.

    Of those that it lies in the one that it was opened with, else the one that it overlaps most;
    else the first that can have it.
    """
    can = [i for i, image in enumerate(images) if can_belong(label, image, version)]

    def rank(index: int) -> tuple[bool, float, int]:
        share = _overlap(label, images[index])
        return share > 0 and _came_with(label, images[index]), share, -index

    return max(can, key=rank, default=None)


def _came_with(label: LayerImage, image: LayerImage) -> bool:
    """Tell whether a label is stored in the ``labels`` beside the levels of an image."""
    for own in _folders(label):
        group, found, _ = own.rpartition(f"/{LABELS}/")
        if found and any(other.startswith(f"{group}/") for other in _folders(image)):
            return True
    return False


def _folders(image: LayerImage) -> Iterator[str]:
    """Give where the arrays of the finest level are, the storage in front."""
    pixels = image.levels[0].pixels
    for array in pixels.arrays if isinstance(pixels, Channels) else [pixels]:
        if isinstance(array, LevelArray):
            for stored in stored_arrays(array.location):
                storage = {key: value for key, value in stored.kvstore.items() if key != "path"}
                yield f"{storage}:/{stored.kvstore.get('path', '')}"


def can_belong(label: LayerImage, image: LayerImage, version: Version) -> bool:
    """Tell whether a label can be written below an image.

    Its axes must be the image's, or fewer. One plane where the image has many would hold for all
    of them, by the specification: such a label stands by itself. In 0.6 both share the image's
    own system: there the label must be straight.
    """
    theirs = {axis.name: i for i, axis in enumerate(image.axes)}
    for index, axis in enumerate(label.axes):
        if axis.name not in theirs or not _convert(axis, image.axes[theirs[axis.name]]):
            return False
        many = int(image.levels[0].pixels.shape[theirs[axis.name]]) > 1
        if axis.type != "channel" and many and int(label.levels[0].pixels.shape[index]) == 1:
            return False
    matrices = [level.affine for level in image.levels]
    label = in_units_of(label, image)
    if version != "0.6" or is_straight(matrices):
        return is_straight([level.affine for level in label.levels])
    to_world = world_of(label, image)
    return to_world is not None and in_system_of(label, to_world) is not None


def _convert(one: Axis, other: Axis) -> bool:
    """Tell whether two axes of one name can be the same: of one type, and units that convert."""
    return one.type == other.type and unit_factor(one, other) is not None


def in_units_of(label: LayerImage, image: LayerImage) -> LayerImage:
    """Return a label in the units of an image it can belong to: in 0.6 both share one system."""
    theirs = {axis.name: axis for axis in image.axes}
    axes = tuple(theirs[axis.name] for axis in label.axes)
    pairs = zip(label.axes, axes, strict=True)
    factors = [unit_factor(own, axis) or 1.0 for own, axis in pairs]
    if all(factor == 1 for factor in factors):
        return label
    to_units = affine.from_scale_translate(factors)
    levels = [replace(one, affine=affine.compose(to_units, one.affine)) for one in label.levels]
    return replace(label, axes=axes, levels=tuple(levels), factors=())


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
