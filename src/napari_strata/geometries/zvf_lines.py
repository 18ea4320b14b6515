"""Lines of a ZVF store: each object's fragments, joined in its order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_strata.geometries.spans import offsets_of
from napari_strata.geometries.zvf_chunks import Rows, check_read, read_rows
from napari_strata.geometries.zvf_damage import damage, reason, refusal
from napari_strata.geometries.zvf_level import Chunk, Level
from napari_strata.geometries.zvf_manifests import Manifests, read_manifests
from napari_strata.geometries.zvf_objects import (
    check_amount,
    different,
    fragments_of,
    groups,
    object_attributes,
    places_of,
)
from napari_strata.geometries.zvf_selection import Selection
from napari_strata.geometry import Vertices

ONE_VERTEX = "geometry-line-of-one-vertex"


def read_lines(level: Level, selection: Selection) -> tuple[Vertices, int]:
    """Read lines in stored coordinates, and count the vertices that are stored.

    A line of which a piece is missing becomes several parts. With a selection the chunks it
    touches are read, and of each line the pieces before and after: no segment is lost at a
    chunk's border, however long it is.

    Raises
    ------
    OpenError
        If it is not known which vertices make a line, or none can be read.
    """
    from zarr_vectors import building

    try:
        objects = read_manifests(level)
    except damage() as error:
        message = f"which vertices make a line cannot be read: {reason(error)}"
        raise refusal(level.where("object_index/manifests"), message) from error
    if objects is None:
        if level.chunks:
            message = "it is missing: which vertices make a line is not known"
            raise refusal(level.where("object_index/manifests"), message)
        objects = Manifests.empty(level.ndim)
    chunks, wanted = _chunks(level, objects, selection)
    names = level.names(building.VERTEX_ATTRIBUTES, "the attributes of vertices are")
    rows = read_rows(level, chunks, names)
    check_read(level, chunks, rows)
    found = _assembled(level, objects, rows, wanted)
    used = rows.in_use()
    count = len(rows.vertices) if used is None else int(used.sum())
    if not objects.named:
        return replace(found, object_ids=None), count
    attributes = object_attributes(level, len(objects.ids))
    found = replace(
        found,
        object_attributes=attributes,
        attribute_ids=objects.ids if attributes else None,
        groups=groups(level, objects.ids),
    )
    return found, count


def _chunks(
    level: Level, objects: Manifests, selection: Selection
) -> tuple[tuple[Chunk, ...], npt.NDArray[np.bool_]]:
    """Choose the chunks to read, and the entries of the manifests that are wanted.

    The manifests know best: the list of chunks may lack some that are there.
    """
    known = different(objects.chunks)
    if not selection.narrows:
        return known, np.ones(len(objects.fragments), dtype=bool)
    touched = {chunk: i for i, chunk in enumerate(selection.chunks(level, known))}
    wanted = places_of(objects.chunks, touched) >= 0
    beside = wanted.copy()
    same = np.diff(objects.owners) == 0
    beside[1:] |= wanted[:-1] & same
    beside[:-1] |= wanted[1:] & same
    return different(objects.chunks[beside]), beside


def _assembled(
    level: Level, objects: Manifests, rows: Rows, wanted: npt.NDArray[np.bool_]
) -> Vertices:
    """Put the fragments of each object one after the other; a missing one ends a part."""
    fragments = fragments_of(level, objects, rows, wanted)
    there = wanted & (fragments >= 0)
    which, counts = rows.of_fragments(fragments[there])
    check_amount(len(rows.vertices), counts)
    starts = there.copy()
    starts[1:] &= ~there[:-1] | (np.diff(objects.owners) != 0)
    firsts = offsets_of(counts)[:-1][starts[there]]
    lengths = np.diff(np.append(firsts, len(which)))
    some = lengths > 0
    parts = np.append(firsts[some], len(which)).astype(np.int64)
    alone = int(np.count_nonzero(lengths == 1))
    if alone:
        message = f"{alone} lines have a single vertex at this level: nothing of them is drawn"
        level.report(ONE_VERTEX, level.where("object_index"), message, "info")
    return Vertices(
        rows.vertices[which],
        parts=parts,
        object_ids=objects.ids[objects.owners[starts]][some],
        vertex_attributes={name: values[which] for name, values in rows.attributes.items()},
    )
