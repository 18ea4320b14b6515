"""Neuroglancer's single-resolution meshes: a JSON manifest, and fragments that it names.

Rules: Neuroglancer's description of the legacy mesh format.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometries.mesh_bytes import MeshFiles
from napari_strata.geometries.mesh_fragment import Fragment
from napari_strata.geometry import GeometryLocation
from napari_strata.model import OpenError
from napari_strata.store.paths import path_defect
from napari_strata.store.values import quote

_TRIANGLE = _VERTEX = 12  # bytes
_COUNT = 4
_MOST_FACES = 1000  # of one vertex; a surface has two


def levels(files: MeshFiles, location: GeometryLocation, segment: int) -> list[dict[str, Any]]:
    """Read a segment's manifest: of its only level, the names of the ``fragments``.

    Raises
    ------
    OpenError
        If there is none, or it is damaged.
    """
    name = f"{segment}:0"
    data = files.read(name)
    if data is None:
        message = f"found no such file: there is no mesh of segment {segment}"
        raise files.failure(name, "no-segment", message)
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        raise files.failure(name, "bad-manifest", "is no JSON, expected a manifest") from None
    fragments = manifest.get("fragments") if isinstance(manifest, dict) else None
    if not isinstance(fragments, list) or not fragments:
        message = f"fragments: found {quote(fragments)}, expected a list of names of files"
        raise files.failure(name, "bad-manifest", message)
    for fragment in fragments:
        reason = path_defect(fragment) if isinstance(fragment, str) else "expected a text"
        if reason:
            message = f"fragments: found {quote(fragment)}, {reason}"
            raise files.failure(name, "bad-path", message)
    return [{"fragments": list(dict.fromkeys(fragments))}]


def fragments(files: MeshFiles, location: GeometryLocation, _: object) -> Iterator[Fragment]:
    """Read the fragments of a level; what is wrong with one comes in its place."""
    names = location.metadata["fragments"]
    found = files.read_many(((name, None) for name in names), longest)
    for name, data in zip(names, found, strict=True):
        if data is None:
            yield files.failure(name, "missing-fragment", "found no such file: it is not shown")
        elif isinstance(data, OpenError):
            yield data
        else:
            try:
                yield decode(data)
            except ValueError as error:
                yield files.failure(name, "bad-fragment", f"{error}; it is not shown")


def longest(start: bytes) -> int:
    """Tell from its first bytes how long a fragment may be: with far more faces than vertices."""
    count = int.from_bytes(start[:_COUNT], "little")
    return _COUNT + count * (_VERTEX + _MOST_FACES * _TRIANGLE)


def decode(data: bytes) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Decode a fragment: ``(N, 3)`` vertices, x, y, z in nm, and ``(F, 3)`` faces.

    Raises
    ------
    ValueError
        If its length is not that of whole vertices and faces, or a face has no such vertex.
    """
    if len(data) < _COUNT:
        raise ValueError(f"found {len(data)} bytes, expected a number of vertices")
    count = int.from_bytes(data[:_COUNT], "little")
    end = _COUNT + count * _VERTEX
    if end > len(data) or (len(data) - end) % _TRIANGLE:
        raise ValueError(
            f"found {len(data)} bytes, expected {end} for {count} vertices, and 12 a face"
        )
    vertices = np.frombuffer(data, "<f4", 3 * count, _COUNT).reshape(-1, 3)
    faces = np.frombuffer(data, "<u4", offset=end).reshape(-1, 3)
    if faces.size and faces.max() >= count:
        raise ValueError(f"found a face of vertex {faces.max()}, but only {count} vertices")
    if not np.isfinite(vertices).all():
        raise ValueError("found a vertex that is no finite number")
    return vertices.astype(np.float64), faces.astype(np.int64)
