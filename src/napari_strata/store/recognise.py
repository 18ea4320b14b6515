"""Telling quickly whether a path is ours: at most one listing and two small reads.

napari asks about every folder that is dropped, so this imports nothing heavy.
"""

from __future__ import annotations

import json
import os
import re

from napari_strata.store.location import CONTAINER_SUFFIXES, METADATA_FILES, is_neuroglancer, is_url
from napari_strata.store.prefix import is_prefix

_SURE_FILES = frozenset({".zattrs", ".zgroup", ".zarray"})  # nothing else is called so
_LARGEST_GLANCE = 16 * 2**20

# Any of these in an attributes.json speaks for N5; other software uses that file name too.
_N5_KEYS = frozenset(
    {"n5", "dimensions", "scales", "downsamplingFactors", "downSamplingFactors", "multiscales"}
    | {"pixelResolution", "transform", "spatialTransform", "affineTransform", "resolution"}
)
_N5_MARKS = tuple(f'"{key}"'.encode() for key in _N5_KEYS)
_CONTAINER = r"\.(?:n5|zarr|zarrvectors|precomputed|vsr|ozx|(?:n5|zarr|zarrvectors|ome)\.zip)"
_URL_IN_CONTAINER = re.compile(f"{_CONTAINER}(?:/|$)", re.IGNORECASE)
_MOST_READ = 2
_CONTAINER_NAME = re.compile(f"{_CONTAINER}$", re.IGNORECASE)
# Any other zip may hold anything: it is not looked into.
_ZIP_NAME = re.compile(r"\.(?:ozx|(?:n5|zarr|zarrvectors|ome)\.zip)(?=/|$)", re.IGNORECASE)


def recognise(path: str) -> bool:
    """Tell whether a path or URL is a container, or a folder or metadata file of one."""
    if is_neuroglancer(path):
        return True
    if is_url(path):
        plain = path.split("?", 1)[0].rstrip("/")
        last = plain.rpartition("/")[2]
        return bool(_URL_IN_CONTAINER.search(plain)) or last in METADATA_FILES
    if "\0" in path:
        return False
    path = os.path.abspath(path)
    if _in_zip(path.replace(os.sep, "/")):
        return True
    name = os.path.basename(path)
    if name in METADATA_FILES and not os.path.isdir(path):
        return _speaks_for_us(path)
    if any(part.endswith(CONTAINER_SUFFIXES) for part in path.replace(os.sep, "/").split("/")):
        return os.path.isdir(path)
    return _has_marker(path)


def _in_zip(path: str) -> bool:
    """Tell whether a path is a zip file that is ours by its name, or leads into one."""
    return any(os.path.isfile(path[: found.end()]) for found in _ZIP_NAME.finditer(path))


def _has_marker(folder: str) -> bool:
    """Look for containers and metadata files by one listing, and into two files at most."""
    try:
        with os.scandir(folder) as entries:
            names = {entry.name for entry in entries}
    except OSError:
        return False
    if any(_CONTAINER_NAME.search(name) for name in names):  # a folder of containers
        return True
    if not names.isdisjoint(_SURE_FILES) or is_prefix(os.path.basename(folder), names):
        return True
    found = [name for name in METADATA_FILES if name in names][:_MOST_READ]
    return any(_speaks_for_us(os.path.join(folder, name)) for name in found)


def _speaks_for_us(file: str) -> bool:
    """Look into a metadata file; one that is damaged is ours, so that we say what is wrong."""
    name = os.path.basename(file)
    if not os.path.isfile(file) or name in _SURE_FILES:
        return os.path.isfile(file)  # a pipe, for one, would keep us waiting
    try:
        with open(file, "rb") as stream:
            data = stream.read(_LARGEST_GLANCE)
    except OSError:
        return False
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        marks = {"zarr.json": (b"",), "info": (b'"neuroglancer_',)}
        return any(mark in data for mark in marks.get(name, _N5_MARKS))
    if not isinstance(value, dict):
        return False
    if name == "zarr.json":
        return value.get("zarr_format") == 3
    if name == "info":
        return {"scales", "data_type"} <= value.keys() or _is_neuroglancer(value.get("@type"))
    return not _N5_KEYS.isdisjoint(value)


def _is_neuroglancer(kind: object) -> bool:
    return isinstance(kind, str) and kind.startswith("neuroglancer_")
