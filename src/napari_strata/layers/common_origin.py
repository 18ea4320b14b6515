"""Bringing far layers near world 0, all by the same distance, so that float32 can place them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer
from napari.utils.notifications import show_info

from napari_strata import units
from napari_strata.layers.notes import KEY

OFFSET = "common_origin"

Vector = npt.NDArray[np.float64]


def move_near_zero(layers: Any) -> Vector:
    """Move all layers so that the first image of ours starts at world 0 on every axis of space.

    Without an image it is the low corner of the first geometry of ours.

    Every layer of the viewer moves by the same distance, annotations too, so nothing shifts
    against anything else.

    Parameters
    ----------
    layers : the viewer's layers.

    Returns
    -------
    The offset that was subtracted in world units (micrometres), on the axes of the layer it was
    taken from, which line up with others' from the last one; empty if nothing was moved. It is
    noted in ``metadata["strata"]["common_origin"]`` of our layers, added up if moved again.
    """
    ours = [layer for layer in layers if _is_ours(layer) and np.any(_is_length(layer))]
    if not ours:
        show_info("No layer in micrometres was opened by napari-strata; nothing is moved.")
        return np.zeros(0)
    images = [layer for layer in ours if isinstance(layer, Image | Labels)]
    first = max(images or ours, key=lambda layer: int(layer.ndim))
    offset: Vector = np.where(_is_length(first), _origin(first), 0.0)
    for layer in layers:
        own = _trailing(offset, layer.ndim)
        layer.translate = np.asarray(layer.translate) - _before_affine(layer, own / _unit(layer))
        if _is_ours(layer):
            _note(layer, own)
    shown = ", ".join(f"{value:.6g}" for value in offset)
    show_info(f"All layers were moved by minus [{shown}] µm; the metadata of ours says so.")
    return offset


def _is_ours(layer: Layer) -> bool:
    return isinstance(layer.metadata.get(KEY), dict)


def _is_length(layer: Layer) -> list[bool]:
    return [str(unit) == "micrometer" for unit in layer.units]


def _unit(layer: Layer) -> Vector:
    """Give the size of each axis' unit in micrometres; 1 for what is no length."""
    found = [units.parse(str(unit)) for unit in layer.units]
    return np.array([u.factor if u and u.dimension == "length" else 1.0 for u in found])


def _trailing(offset: Vector, ndim: int) -> Vector:
    """Line up with a layer's axes from the last; axes before the offset's do not move."""
    padded = np.zeros(max(ndim, len(offset)))
    padded[len(padded) - len(offset) :] = offset
    return padded[len(padded) - ndim :]


def _origin(layer: Layer) -> Vector:
    """Where the centre of voxel 0 is in world; the low corner of what has no voxels."""
    if not isinstance(layer, Image | Labels):
        return np.asarray(layer.extent.world[0], dtype=np.float64)
    return np.asarray(layer.data_to_world([0.0] * layer.ndim), dtype=np.float64)


def _before_affine(layer: Layer, offset: Vector) -> Vector:
    """Express a distance in world as one that ``layer.translate`` takes, before ``affine``."""
    solved: Vector = np.linalg.solve(np.asarray(layer.affine.linear_matrix), offset).astype(float)
    return solved


def _note(layer: Layer, offset: Vector) -> None:
    note = layer.metadata[KEY]
    before = _trailing(np.asarray(note.get(OFFSET, [0.0])), layer.ndim)
    layer.metadata = {**layer.metadata, KEY: {**note, OFFSET: (before + offset).tolist()}}
