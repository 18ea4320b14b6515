"""Where the pixels that are exported lie."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from napari_strata.arrays import LevelArray
from napari_strata.dataset import Dataset, Image
from napari_strata.export.planning.layer_image import LayerImage
from napari_strata.export.safety.place import roots_of
from napari_strata.model import stored_arrays
from napari_strata.store.location import METADATA_FILES

KvStore = Mapping[str, Any]


def each(layers: Any) -> tuple[Any, ...]:
    """Return layers, images and datasets one by one, also where there is only one."""
    is_one = isinstance(layers, Dataset | Image | LayerImage) or hasattr(layers, "_type_string")
    return (layers,) if is_one else tuple(layers)


def array_stores(images: Iterable[LayerImage]) -> tuple[KvStore, ...]:
    """List the key-value stores of the arrays of all stored levels."""
    return tuple(
        array.kvstore
        for image in images
        for level in image.levels
        if isinstance(level.pixels, LevelArray)
        for array in stored_arrays(level.pixels.location)
    )


def array_folders(images: Iterable[LayerImage]) -> tuple[str, ...]:
    """List the folders, and zip files, on this computer that hold these arrays."""
    paths = (path for store in array_stores(images) for path in _local_paths(store))
    return tuple(dict.fromkeys(paths))


def local_origins(images: Iterable[LayerImage]) -> tuple[str, ...]:
    """List these, and the stores they are in."""
    found = [root for array in array_folders(images) for root in roots_of(array)]
    return tuple(dict.fromkeys(found))


def stamps(images: Iterable[LayerImage]) -> dict[str, str]:
    """Say when arrays on this computer were made, so that none is exchanged for another unnoticed.

    What is told is the time of their metadata files, or of the zip file they are in.
    """
    times = {}
    for array in array_folders(images):
        files = (
            [os.path.join(array, name) for name in METADATA_FILES] if os.path.isdir(array) else []
        )
        known = [os.stat(file).st_mtime_ns for file in (files or [array]) if os.path.exists(file)]
        times[f"the time {array} was made"] = str(max(known, default=0))
    return times


def layer_origins(layers: Any) -> tuple[str, ...]:
    """List what layers and datasets say they were opened from, though their pixels be computed."""
    told = []
    for one in each(layers):
        metadata = getattr(one, "metadata", None)
        record = metadata.get("strata") if isinstance(metadata, Mapping) else None
        told.append(record.get("path") if isinstance(record, Mapping) else None)
        told.append(getattr(getattr(one, "source", None), "path", None))
        told.append(one.path if isinstance(one, Dataset) else None)
    local = (os.fspath(path) for path in told if path)
    return tuple(dict.fromkeys(path for path in local if os.path.exists(path)))


def _local_paths(store: KvStore) -> Iterator[str]:
    """Give the local path of a key-value store, or of the one it is based on (a zip file's)."""
    base = store.get("base")
    if isinstance(base, Mapping):
        yield from _local_paths(base)
    elif store.get("driver") == "file":
        yield str(store["path"])
