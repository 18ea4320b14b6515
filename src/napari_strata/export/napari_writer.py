"""What napari calls for File > Save Selected Layers: one function a type of layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from napari_strata.export.zvf import write_layer_data
from napari_strata.formats.zvf_keys import SUFFIX

Save = Callable[[str, Any, Mapping[str, Any]], list[str]]


def _saver(layer_type: str) -> Save:
    def save(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
        target = path if path.rstrip("/\\").endswith(SUFFIX) else path + SUFFIX
        return [str(write_layer_data(data, meta, layer_type, target).path)]

    save.__doc__ = f"Write a layer of type {layer_type} to a new ZVF store."
    return save


save_points = _saver("points")
save_shapes = _saver("shapes")
save_vectors = _saver("vectors")
save_surface = _saver("surface")
save_tracks = _saver("tracks")
