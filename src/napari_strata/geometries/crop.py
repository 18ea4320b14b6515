"""The part of a level's vertices that lies in a box, with all that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometry import Box, GeometryKind, Vertices

_Mask = npt.NDArray[np.bool_]
Coordinates = npt.NDArray[np.floating[Any]]
"""``(N, n)``, one row a vertex."""


def inside(vertices: npt.NDArray[Any], box: Box) -> _Mask:
    """Tell for each vertex whether it lies in a box, its faces included."""
    result: _Mask = np.all((vertices >= box[0]) & (vertices <= box[1]), axis=1)
    return result


def crop(found: Vertices, kind: GeometryKind, box: Box) -> Vertices:
    """Keep what lies in a box.

    Of lines and graphs the segments with an end in it, of meshes the faces with a corner in it,
    with all their vertices; and the vertices in it that belong to none. Lines that leave the box
    and come back become several parts.
    """
    within = inside(found.vertices, box)
    if kind == "lines" and found.parts is not None:
        return _lines(found, found.parts, within)
    if kind == "graph" and found.edges is not None:
        kept = within[found.edges].any(axis=1)
        used = within | _used(found.edges[kept], len(within))
        edges = _renumbered(found.edges[kept], used)
        attributes = {name: values[kept] for name, values in found.edge_attributes.items()}
        return replace(_taken(found, used), edges=edges, edge_attributes=attributes)
    if kind == "mesh" and found.faces is not None:
        kept = within[found.faces].any(axis=1)
        used = within | _used(found.faces[kept], len(within))
        return replace(_taken(found, used), faces=_renumbered(found.faces[kept], used))
    return _taken(found, within)


def _used(indices: npt.NDArray[np.int64], count: int) -> _Mask:
    mask = np.zeros(count, dtype=bool)
    mask[indices.ravel()] = True
    return mask


def _renumbered(indices: npt.NDArray[np.int64], kept: _Mask) -> npt.NDArray[np.int64]:
    numbers = np.cumsum(kept, dtype=np.int64) - 1
    result: npt.NDArray[np.int64] = numbers[indices]
    return result


def _taken(found: Vertices, kept: _Mask) -> Vertices:
    """Keep vertices and what has one value a vertex; with all of them kept nothing is copied."""
    if kept.all():
        return found
    ids = found.object_ids
    return _with_their_objects(
        replace(
            found,
            vertices=found.vertices[kept],
            vertex_attributes=_rows(found.vertex_attributes, kept),
            object_ids=ids[kept] if ids is not None and found.parts is None else ids,
        )
    )


def _lines(found: Vertices, parts: npt.NDArray[np.int64], within: _Mask) -> Vertices:
    count = len(within)
    lengths = np.diff(parts)
    first = np.zeros(count, dtype=bool)  # vertices that start a part
    first[parts[:-1][lengths > 0]] = True
    joined = np.zeros(count, dtype=bool)  # kept segments, by the vertex they end in
    joined[1:] = (within[1:] | within[:-1]) & ~first[1:]
    alone = np.zeros(count, dtype=bool)  # parts of one vertex have no segment
    alone[parts[:-1][lengths == 1]] = True
    kept = joined | (alone & within)
    kept[:-1] |= joined[1:]
    starts = np.flatnonzero(kept & ~joined)
    cropped = _taken(replace(found, object_ids=None, parts=None), kept)
    part_of = np.searchsorted(parts, starts, side="right") - 1
    numbers = np.cumsum(kept, dtype=np.int64) - 1
    bounds = np.append(numbers[starts], int(kept.sum())).astype(np.int64)
    ids = None if found.object_ids is None else found.object_ids[part_of]
    return _with_their_objects(replace(cropped, parts=bounds, object_ids=ids))


def _with_their_objects(found: Vertices) -> Vertices:
    """Keep the attributes of the objects that are still there."""
    ids, known = found.object_ids, found.attribute_ids
    if ids is None or known is None:
        return found
    kept = np.isin(known, ids)
    attributes = _rows(found.object_attributes, kept)
    return replace(found, object_attributes=attributes, attribute_ids=known[kept])


def _rows(named: Mapping[str, npt.NDArray[Any]], kept: _Mask) -> dict[str, npt.NDArray[Any]]:
    return {name: values[kept] for name, values in named.items()}
