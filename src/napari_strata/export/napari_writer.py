"""What napari calls for File > Save Selected Layers: one function a type of layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from napari_strata.export.geometries.zvf import write_layer_data
from napari_strata.formats.zvf_keys import SUFFIX

Save = Callable[[str, Any, Mapping[str, Any]], list[str]]


@contextmanager
def told_by_napari() -> Iterator[None]:
    """Raise in a way that napari shows: it takes a ValueError for a writer that is not there.

    Raises
    ------
    OSError
        In place of any ValueError; a FileExistsError stays one.
    """
    try:
        yield
    except ValueError as error:
        kind = FileExistsError if isinstance(error, FileExistsError) else OSError
        raise kind(str(error)) from error


def _saver(layer_type: str) -> Save:
    def save(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
        target = path if path.rstrip("/\\").endswith(SUFFIX) else path + SUFFIX
        with told_by_napari():
            return [str(write_layer_data(data, meta, layer_type, target).path)]

    save.__doc__ = f"Write a layer of type {layer_type} to a new ZVF store."
    return save


save_points = _saver("points")
save_shapes = _saver("shapes")
save_vectors = _saver("vectors")
save_surface = _saver("surface")
save_tracks = _saver("tracks")
