"""Neuroglancer's multiresolution meshes: a binary manifest, and an octree of Draco fragments.

Rules: Neuroglancer's description of the multi-resolution mesh format. Everything is x first, in
the "stored model" space that ``transform`` maps to nm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometries import draco, mesh_shards
from napari_strata.geometries.mesh_bytes import MeshFiles, Span
from napari_strata.geometries.mesh_fragment import Fragment
from napari_strata.geometry import Box, GeometryLocation
from napari_strata.model import OpenError

_HEADER = 28  # chunk_shape, grid_origin, num_lods
_PER_LOD = 20  # scale, offset of vertices, number of fragments
_PER_FRAGMENT = 16  # position, size
_MOST_LODS = 32
_AT_ONCE = 4 * 2**20  # bytes of neighbouring fragments that are read together


def levels(files: MeshFiles, location: GeometryLocation, segment: int) -> list[dict[str, Any]]:
    """Read a segment's manifest: of each level of detail that has fragments, finest first.

    ``lod``; ``file``; ``cell``, the shape of an octree node, ``start``, the place of node
    (0, 0, 0), and ``shift``, what is added to vertices, each in stored coordinates; and of the
    fragments that are not empty ``positions`` (nodes) and ``spans`` (bytes in the file).

    Raises
    ------
    OpenError
        If there is none, or it is damaged.
    """
    sharding = location.metadata.get("sharding")
    if sharding is None:
        name, end = f"{segment}.index", None
        data = files.read(name)
    else:
        name, end, data = _in_shard(files, sharding, segment)
    if data is None:
        message = f"found no such file: there is no mesh of segment {segment}"
        raise files.failure(name, "no-segment", message)
    try:
        found = parse(data)
    except ValueError as error:
        message = f"the manifest of segment {segment} is damaged: {error}"
        raise files.failure(name, "bad-manifest", message) from None
    total = found.pop("total")
    start = 0 if end is None else end - total
    if start < 0:
        message = f"found fragments of {total} bytes, expected at most the {end} before it"
        raise files.failure(name, "bad-manifest", message)
    file = str(segment) if end is None else name
    result = []
    for level in found["levels"]:
        spans = [[start + a, start + b] for a, b in level["spans"]]
        result.append({**level, "spans": spans, "file": file})
    if not result:
        message = f"the manifest of segment {segment} has no fragments: there is nothing to show"
        raise files.failure(name, "bad-manifest", message)
    return result


def _in_shard(files: MeshFiles, sharding: Any, segment: int) -> tuple[str, int, bytes]:
    """Read a manifest: its file, where it begins (fragments are before it), and itself."""
    place = mesh_shards.find(files, sharding, segment)
    if place is None:
        message = f"found no mesh of segment {segment} in the shards"
        raise files.failure("info", "no-segment", message)
    name, (start, _) = place
    return name, start, mesh_shards.value(files, sharding, place)


def parse(data: bytes) -> dict[str, Any]:
    """Read a manifest; ``total`` is how many bytes all fragments have.

    Raises
    ------
    ValueError
        If its length is not what it says, or a number in it is not finite.
    """
    if len(data) < _HEADER:
        raise ValueError(f"found {len(data)} bytes, expected at least {_HEADER}")
    count = int(np.frombuffer(data, "<u4", 1, _HEADER - 4)[0])
    if not 1 <= count <= _MOST_LODS:
        raise ValueError(f"found {count} levels of detail, expected 1 to {_MOST_LODS}")
    at = _HEADER + count * _PER_LOD
    if len(data) < at:
        raise ValueError(f"found {len(data)} bytes, expected at least {at}")
    head = np.frombuffer(data, "<f4", 6).astype(np.float64)
    offsets = np.frombuffer(data, "<f4", 3 * count, _HEADER + 4 * count)
    offsets = offsets.reshape(-1, 3).astype(np.float64)
    numbers = np.frombuffer(data, "<u4", count, _HEADER + 16 * count).tolist()
    if len(data) != at + sum(numbers) * _PER_FRAGMENT:
        expected = at + sum(numbers) * _PER_FRAGMENT
        raise ValueError(f"found {len(data)} bytes, expected {expected}")
    if not (np.isfinite(head).all() and np.isfinite(offsets).all() and (head[:3] > 0).all()):
        raise ValueError(
            f"found chunk_shape {head[:3].tolist()}, grid_origin {head[3:].tolist()} and "
            f"vertex_offsets {offsets.tolist()}, expected finite numbers, the first above 0"
        )
    levels = []
    total = 0
    for lod, number in enumerate(numbers):
        table = np.frombuffer(data, "<u4", 4 * number, at).reshape(4, number)
        at += number * _PER_FRAGMENT
        ends = total + np.cumsum(table[3], dtype=np.int64)
        spans = np.stack([ends - table[3], ends], axis=1)
        total = int(ends[-1]) if number else total
        stored = table[3] > 0  # an empty node only holds the octree together
        if stored.any():
            levels.append(
                {
                    "lod": lod,
                    "cell": (head[:3] * 2**lod).tolist(),
                    "start": head[3:].tolist(),
                    "shift": offsets[lod].tolist(),
                    "positions": table[:3, stored].T.tolist(),
                    "spans": spans[stored].tolist(),
                }
            )
    return {"levels": levels, "total": total}


def node_boxes(metadata: Any) -> npt.NDArray[np.float64]:
    """Return the boxes of the octree's nodes: ``(fragments, 2, 3)``, stored coordinates."""
    cell, positions = np.array(metadata["cell"]), np.array(metadata["positions"], np.float64)
    low = np.array(metadata["start"]) + np.array(metadata["shift"]) + positions * cell
    return np.stack([low, low + cell], axis=1)


def fragments(files: MeshFiles, location: GeometryLocation, box: Box | None) -> Iterator[Fragment]:
    """Read the fragments of a level; what is wrong with one comes in its place.

    ``box``, in stored coordinates, leaves out nodes that do not touch it.

    Raises
    ------
    OpenError
        If Draco cannot be decoded here.
    """
    metadata = location.metadata
    name = metadata["file"]
    draco.require(files.where(name))
    boxes = node_boxes(metadata)
    wanted = np.arange(len(boxes))
    if box is not None:
        # A little wider: positions are rounded to float32.
        margin = 1e-6 * np.abs(boxes).max()
        near = (boxes[:, 0] - margin <= box[1]) & (boxes[:, 1] + margin >= box[0])
        wanted = np.flatnonzero(near.all(axis=1))
    largest = 2 ** metadata["bits"] - 1
    for which, data in _pieces(files, name, metadata["spans"], wanted.tolist()):
        if isinstance(data, OpenError):
            yield data
            continue
        try:
            positions, faces = draco.decode(data, metadata["bits"])
        except ValueError as error:
            start, stop = metadata["spans"][which]
            message = f"the fragment in bytes {start} to {stop} {error}; it is not shown"
            yield files.failure(name, "bad-fragment", message)
            continue
        low, high = boxes[which]
        yield low + (high - low) * (positions / largest), faces


def _pieces(
    files: MeshFiles, name: str, spans: Sequence[Span], wanted: Sequence[int]
) -> Iterator[tuple[int, bytes | OpenError]]:
    """Read fragments, neighbours in the file together."""
    runs = _runs(spans, wanted)
    parts = ((name, (spans[run[0]][0], spans[run[-1]][1])) for run in runs)
    for run, data in zip(runs, files.read_many(parts), strict=True):
        if data is None:
            message = "found no such file: its fragments are not shown"
            yield run[0], files.failure(name, "missing-fragment", message)
        elif isinstance(data, OpenError):
            if len(run) == 1:
                yield run[0], data
            else:  # some of them may be there
                yield from _one_by_one(files, name, spans, run)
        else:
            first = spans[run[0]][0]
            for which in run:
                start, stop = spans[which]
                yield which, data[start - first : stop - first]


def _one_by_one(
    files: MeshFiles, name: str, spans: Sequence[Span], run: Sequence[int]
) -> Iterator[tuple[int, bytes | OpenError]]:
    parts = ((name, (spans[which][0], spans[which][1])) for which in run)
    for which, data in zip(run, files.read_many(parts), strict=True):
        if data is not None:
            yield which, data


def _runs(spans: Sequence[Span], wanted: Sequence[int]) -> list[list[int]]:
    """Put fragments together that follow each other in the file."""
    runs: list[list[int]] = []
    for which in wanted:
        if runs:
            run = runs[-1]
            joined = spans[run[-1]][1] == spans[which][0]
            if joined and spans[which][1] - spans[run[0]][0] <= _AT_ONCE:
                run.append(which)
                continue
        runs.append([which])
    return runs
