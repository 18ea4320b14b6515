"""Points, graphs and meshes of a ZVF store: vertices with the edges or faces between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometries.spans import Indices
from napari_strata.geometries.zvf_chunks import Rows, check_read, read_rows
from napari_strata.geometries.zvf_damage import ATTRIBUTE_LEFT_OUT, LEFT_OUT, damage, reason
from napari_strata.geometries.zvf_level import Chunk, Level
from napari_strata.geometries.zvf_links import Links, read_links, triangles
from napari_strata.geometries.zvf_manifests import Manifests, read_manifests
from napari_strata.geometries.zvf_objects import (
    groups,
    object_attributes,
    owners_of,
)
from napari_strata.geometries.zvf_selection import Selection
from napari_strata.geometry import Geometry, Vertices

FACES_CUT = "geometry-faces-cut"


def read_joined(level: Level, geometry: Geometry, selection: Selection) -> tuple[Vertices, int]:
    """Read vertices in stored coordinates with what joins them, and count them.

    With a selection the chunks it touches are read, and those an edge or a face with an end in
    it leads to: none is lost at a chunk's border.

    Raises
    ------
    OpenError
        If none of the vertices can be read.
    """
    from zarr_vectors import building

    chunks = selection.chunks(level, level.chunks)
    links = None
    if geometry.kind != "points":
        links, chunks = _linked(level, chunks, selection)
    names = level.names(building.VERTEX_ATTRIBUTES, "the attributes of vertices are")
    rows = read_rows(level, chunks, names)
    check_read(level, chunks, rows)
    found = _with_objects(level, rows)
    if geometry.kind == "graph":
        edges, attributes = _edges(level, rows, links)
        found = replace(found, edges=edges, edge_attributes=attributes)
    elif geometry.kind == "mesh":
        found = replace(found, faces=_faces(level, rows, links))
    if not selection.narrows:
        found = _without_empty(found)
    found = _without_deleted(found, rows.in_use())
    return found, len(found.vertices)


def _linked(
    level: Level, chunks: tuple[Chunk, ...], selection: Selection
) -> tuple[Links | None, tuple[Chunk, ...]]:
    """Read the links that are wanted, and list the chunks they lead to with those given."""
    if not selection.narrows:
        return read_links(level), chunks
    links = read_links(level, frozenset(chunks))
    if links is None:
        return None, chunks
    quiet = replace(level, problems=[], more={})  # the same chunks are read again, and told then
    rows = read_rows(quiet, chunks)
    at = _rows_at(links, rows)
    kept = ((at >= 0) & np.append(selection.holds(rows.vertices), False)[at]).any(axis=1)
    if _is_tree(level):
        kept[:] = True  # each says that a vertex is not joined to the one before it
    links = links.taken(kept)
    ends = (links.chunks[i] for i in np.unique(links.places))
    return links, tuple(sorted({*chunks, *ends} & set(level.chunks)))


def _rows_at(links: Links, rows: Rows) -> Indices:
    """Give the row of each end of the links; −1 where there is no such vertex."""
    numbers = np.array([rows.chunks.get(chunk, -1) for chunk in links.chunks], dtype=np.int64)
    sizes = np.append(np.diff(rows.first), 0)[numbers]  # the last for what is not there
    there = (links.rows >= 0) & (links.rows < sizes[links.places])
    return np.where(there, rows.first[numbers][links.places] + links.rows, -1)


def _whole(level: Level, rows: Rows, links: Links) -> tuple[Indices, npt.NDArray[np.bool_]]:
    """Give the rows of the links' ends, of those that have them all; and which those are."""
    at = _rows_at(links, rows)
    used = rows.in_use()
    there = at >= 0 if used is None else (at >= 0) & used[at]
    kept = np.logical_and.reduce(there, axis=1)
    lost = len(at) - int(kept.sum())
    if lost:
        message = f"{lost} edges or faces are left out: they name vertices that are not there"
        level.report(LEFT_OUT, level.where("links/0"), message)
    return at[kept], kept


def _edges(
    level: Level, rows: Rows, links: Links | None
) -> tuple[Indices | None, Mapping[str, npt.NDArray[Any]]]:
    if links is None:
        return None, {}
    if links.rows.shape[1] != 2:
        message = f"the links of a graph have {links.rows.shape[1]} ends: they are left out"
        level.report(LEFT_OUT, level.where("links/0"), message)
        return None, {}
    ends, kept = _whole(level, rows, links)
    attributes = {name: values[kept] for name, values in links.attributes.items()}
    if _is_tree(level):
        if attributes:
            message = "the attributes of edges are left out: most edges of a skeleton are implied"
            level.report(ATTRIBUTE_LEFT_OUT, level.where("link_attributes"), message)
        return _tree(rows, _rows_in_use(links, rows), links.lost), {}
    return ends, attributes


def _is_tree(level: Level) -> bool:
    from zarr_vectors import building

    return bool(level.root.links_convention == building.LINKS_IMPLICIT_BRANCHES)


def _rows_in_use(links: Links, rows: Rows) -> Indices:
    """Give the row of each end of the links; −1 where there is no such vertex, or it is deleted."""
    at, used = _rows_at(links, rows), rows.in_use()
    return at if used is None else np.where((at >= 0) & used[at], at, -1)


def _tree(rows: Rows, ends: Indices, lost: frozenset[Chunk]) -> Indices:
    """List the edges of a skeleton, child and parent.

    A vertex's parent is the one before it in its fragment, unless a link names another. Where
    that is not there, or links are lost, it has none: the one before it is not its parent.
    """
    parents = np.full(len(rows.vertices), -1, dtype=np.int64)
    counts = rows.fragments[:, 1]
    order, _ = rows.of_fragments(np.arange(len(counts)))
    first = np.zeros(len(order), dtype=bool)
    first[(np.cumsum(counts) - counts)[counts > 0]] = True
    later = np.flatnonzero(~first)
    parents[order[later]] = order[later - 1]
    for chunk in lost & rows.chunks.keys():
        number = rows.chunks[chunk]
        parents[rows.first[number] : rows.first[number + 1]] = -1
    known = ends[ends[:, 0] >= 0]
    parents[known[:, 0]] = known[:, 1]
    children = np.flatnonzero(parents >= 0)
    return np.stack([children, parents[children]], axis=1)


def _faces(level: Level, rows: Rows, links: Links | None) -> Indices | None:
    if links is None:
        return None
    corners = links.rows.shape[1]
    if corners < 3:
        message = "the faces of the mesh have two corners: they are left out"
        level.report(LEFT_OUT, level.where("links/0"), message)
        return None
    faces, _ = _whole(level, rows, links)
    if corners == 3:
        return faces
    message = f"faces of {corners} corners are shown as {corners - 2} triangles each"
    level.report(FACES_CUT, level.where("links/0"), message, "info")
    return triangles(faces)


def _with_objects(level: Level, rows: Rows) -> Vertices:
    """Add whose vertices they are, where the store tracks that."""
    found = Vertices(rows.vertices, vertex_attributes=rows.attributes)
    where = level.where("object_index")
    try:
        objects = read_manifests(level) or Manifests.empty(level.ndim)
        if not objects.named:
            return found
        ids = owners_of(level, objects, rows) if len(objects.ids) else None
    except damage() as error:
        text = f"the ids of objects are left out: {reason(error)}"
        level.report(ATTRIBUTE_LEFT_OUT, where, text)
        return found
    attributes = object_attributes(level, len(objects.ids)) if len(objects.ids) else {}
    return replace(
        found,
        object_ids=ids,
        object_attributes=attributes,
        attribute_ids=objects.ids if attributes else None,
        groups=groups(level, objects.ids),
    )


def _without_empty(found: Vertices) -> Vertices:
    """Say None where a whole level has neither edges nor faces: its vertices are shown then."""
    edges = found.edges if found.edges is not None and len(found.edges) else None
    faces = found.faces if found.faces is not None and len(found.faces) else None
    return replace(found, edges=edges, faces=faces)


def _without_deleted(found: Vertices, used: npt.NDArray[np.bool_] | None) -> Vertices:
    """Leave out rows that no fragment names: the library deletes so."""
    if used is None:
        return found
    numbers = np.cumsum(used, dtype=np.int64) - 1
    return replace(
        found,
        vertices=found.vertices[used],
        vertex_attributes={name: v[used] for name, v in found.vertex_attributes.items()},
        object_ids=None if found.object_ids is None else found.object_ids[used],
        edges=None if found.edges is None else numbers[found.edges],
        faces=None if found.faces is None else numbers[found.faces],
    )
