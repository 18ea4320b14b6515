"""Bringing far layers near world 0, all by the same distance, so that float32 can place them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from napari.layers import Layer
from napari.utils.notifications import show_info

from napari_strata.layers.notes import KEY

OFFSET = "common_origin"


def move_near_zero(layers: Iterable[Layer]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Move the layers of ours so that the first one's origin is world 0 on every axis of space.

    Returns
    -------
    The offset that was subtracted, in world units (micrometres), on the trailing axes z, y, x
    (as many as the layer of most axes has in micrometres); it is noted in
    ``metadata["strata"]["common_origin"]`` of each, and added up when moved again.
    """
    ours = [layer for layer in layers if KEY in layer.metadata]
    if not ours:
        show_info("No layer was opened by napari-strata; nothing is moved.")
        return np.zeros(0)
    first = max(ours, key=lambda layer: layer.ndim)
    offset = np.where(_is_length(first), _origin(first), 0.0)
    for layer in ours:
        own = offset[-layer.ndim :]
        layer.translate = np.asarray(layer.translate) - _before_affine(layer, own)
        _note(layer, own)
    shown = ", ".join(f"{value:.6g}" for value in offset)
    show_info(f"All layers were moved by minus [{shown}] µm; their metadata says so.")
    return offset


def _is_length(layer: Layer) -> list[bool]:
    units: Sequence[str] = layer.metadata[KEY].get("layer_units", [])
    return [unit == "micrometer" for unit in units]


def _origin(layer: Layer) -> Any:
    """Where the centre of voxel 0 is in world."""
    return np.asarray(layer.data_to_world([0.0] * layer.ndim))


def _before_affine(layer: Layer, offset: Any) -> Any:
    """Express a distance in world as one that ``layer.translate`` takes, before ``affine``."""
    return np.linalg.solve(np.asarray(layer.affine.linear_matrix), offset)


def _note(layer: Layer, offset: Any) -> None:
    note = layer.metadata[KEY]
    before = note.get(OFFSET, [0.0] * layer.ndim)
    total = [float(a + b) for a, b in zip(before, offset, strict=True)]
    layer.metadata = {**layer.metadata, KEY: {**note, OFFSET: total}}
