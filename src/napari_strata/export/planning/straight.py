"""Images that are mirrored or turned by quarter turns, on a straight grid: the same voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.export.documents.ome_multiscales import is_straight
from napari_strata.export.errors import ExportError
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel

_SAME_PLACE = 1e-9  # of a voxel, at an image's far end


def straight(image: LayerImage) -> LayerImage:
    """Reorder and reverse array axes until each lies along its axis of the world; reads nothing.

    Every voxel keeps its value and its place.

    Raises
    ------
    ExportError : the image is turned or sheared otherwise: new voxels would have to be computed.
    """
    if is_straight([level.affine for level in image.levels]):
        return image
    levels = [_without_rounding(level) for level in image.levels]
    order = _order(replace(image, levels=tuple(levels)))
    return replace(image, levels=tuple(_level(level, order) for level in levels))


def _without_rounding(level: LayerLevel) -> LayerLevel:
    """Drop what moves no voxel: a quarter turn by sines and cosines leaves some 1e-16 of it."""
    n = level.affine.shape[0] - 1
    linear = np.abs(level.affine[:n, :n])
    reach = linear * np.maximum(np.array(level.pixels.shape) - 1, 1)
    matrix = np.array(level.affine)
    matrix[:n, :n][reach <= _SAME_PLACE * linear.max(axis=1, keepdims=True)] = 0
    return LayerLevel(level.pixels, affine.frozen(matrix))


def _order(image: LayerImage) -> list[int]:
    """Return for each axis of the world the array axis that lies along it."""
    used = image.levels[0].affine[:-1, :-1] != 0
    if not (np.all(used.sum(axis=0) == 1) and np.all(used.sum(axis=1) == 1)):
        raise ExportError(
            f"{image.name} is turned or sheared by other than quarter turns; computing its voxels "
            "on a straight grid is not possible here: write OME-Zarr 0.6"
        )
    return [int(np.flatnonzero(row)[0]) for row in used]


def _level(level: LayerLevel, order: list[int]) -> LayerLevel:
    n = len(order)
    pixels = level.pixels.transpose(order)
    matrix = np.array(level.affine)
    matrix[:n, :n] = level.affine[:n, :n][:, order]
    against = [bool(matrix[axis, axis] < 0) for axis in range(n)]
    pixels = pixels[tuple(slice(None, None, -1 if a else 1) for a in against)]
    return LayerLevel(pixels, affine.compose(matrix, _flip(against, pixels.shape)))


def _flip(against: list[bool], shape: tuple[int, ...]) -> Matrix:
    scale = [-1.0 if a else 1.0 for a in against]
    shift = [float(n - 1) if a else 0.0 for a, n in zip(against, shape, strict=True)]
    return affine.from_scale_translate(scale, shift)
