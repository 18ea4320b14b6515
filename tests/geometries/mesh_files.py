"""Precomputed meshes written byte by byte, by Neuroglancer's description of them.

Nothing here uses ``napari_strata``. Everything is x first, as in the files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import DracoPy
import numpy as np

Numbers = Sequence[float]

TRIANGLES = ((0, 1, 2), (0, 2, 3), (0, 3, 1), (1, 3, 2))
"""The faces of a tetrahedron."""

IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]


def cube(low: Numbers, high: Numbers) -> tuple[list[Numbers], list[Sequence[int]]]:
    """A box's eight corners and twelve triangles."""
    corners = [
        (x, y, z) for z in (low[2], high[2]) for y in (low[1], high[1]) for x in (low[0], high[0])
    ]
    squares = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces: list[Sequence[int]] = []
    for a, b, c, d in squares:
        faces += [(a, b, c), (a, c, d)]
    return corners, faces


def legacy_fragment(vertices: Sequence[Numbers], faces: Sequence[Sequence[int]]) -> bytes:
    points = np.array(vertices, "<f4")
    return np.uint32(len(points)).tobytes() + points.tobytes() + np.array(faces, "<u4").tobytes()


def write_legacy(
    folder: Path,
    segment: int,
    fragments: Mapping[str, bytes],
    *,
    info: Mapping[str, Any] | None = None,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if info is not None:
        (folder / "info").write_text(json.dumps(info))
    (folder / f"{segment}:0").write_text(json.dumps({"fragments": list(fragments)}))
    for name, data in fragments.items():
        (folder / name).write_bytes(data)
    return folder


def draco(vertices: Sequence[Numbers], faces: Sequence[Sequence[int]]) -> bytes:
    """Encode whole positions as such, in the order they are given."""
    encoded: bytes = DracoPy.encode(
        np.array(vertices, np.uint32), np.array(faces, np.uint32), preserve_order=True
    )
    return encoded


Nodes = Sequence[tuple[Sequence[int], bytes]]
"""Of one level of detail: the place of each octree node, and its fragment."""


def manifest(
    chunk_shape: Numbers,
    grid_origin: Numbers,
    offsets: Sequence[Numbers],
    lods: Sequence[Nodes],
    scales: Sequence[float] | None = None,
) -> bytes:
    data = np.array([*chunk_shape, *grid_origin], "<f4").tobytes()
    data += np.uint32(len(lods)).tobytes()
    data += np.array(scales or [2.0**k for k in range(len(lods))], "<f4").tobytes()
    data += np.array(offsets, "<f4").tobytes()
    data += np.array([len(nodes) for nodes in lods], "<u4").tobytes()
    for nodes in lods:
        data += np.array([position for position, _ in nodes], "<u4").T.tobytes()
        data += np.array([len(fragment) for _, fragment in nodes], "<u4").tobytes()
    return data


def multiscale_info(**changes: Any) -> dict[str, Any]:
    return {
        "@type": "neuroglancer_multilod_draco",
        "vertex_quantization_bits": 10,
        "transform": IDENTITY,
        "lod_scale_multiplier": 1,
        **changes,
    }


def write_multiscale(
    folder: Path,
    segment: int,
    index: bytes,
    lods: Sequence[Nodes],
    info: Mapping[str, Any] | None = None,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "info").write_text(json.dumps(info or multiscale_info()))
    (folder / f"{segment}.index").write_bytes(index)
    data = b"".join(fragment for nodes in lods for _, fragment in nodes)
    (folder / str(segment)).write_bytes(data)
    return folder
