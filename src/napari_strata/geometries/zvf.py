"""Reading a level of a ZVF store: its vertices, what joins them, and what is known of them.

What is damaged is left out by name; nothing is moved, guessed or paired with what it may not
belong to.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_strata import affine
from napari_strata.geometries import crop as cropping
from napari_strata.geometries import zvf_joined, zvf_lines
from napari_strata.geometries.zvf_chunks import check_read, read_rows
from napari_strata.geometries.zvf_damage import COUNT, heard, refusal, refusing
from napari_strata.geometries.zvf_level import Level, open_level
from napari_strata.geometries.zvf_selection import Selection
from napari_strata.geometry import Box, Geometry, VertexSpace, Vertices
from napari_strata.model import Problem


def read(geometry: Geometry, level: int, space: VertexSpace, box: Box | None) -> Vertices:
    """Read a level's vertices in world coordinates, all or those in a box.

    Stored floating-point numbers keep their type; transformed ones are float64.

    Parameters
    ----------
    space : ``declared`` applies the level's declared transform, ``world`` none.
    box : ``(2, n)`` lowest and highest corner in world, both included; see `crop.crop` for what
        of lines, graphs and meshes is kept.

    Raises
    ------
    OpenError
        If nothing honest is left of the level.
    """
    declared = geometry.levels[level].declared if space == "declared" else None
    selection = Selection.of(declared, box)
    warned: list[Problem] = []
    where = f"{geometry.levels[level].path}/zarr.json"
    with heard(where, warned), refusing(where, "the level cannot be read"):
        opened = open_level(geometry, level)
        found = _stored(geometry, level, opened, selection)
    problems = (*found.problems, *opened.told(), *warned)
    found = replace(found, problems=tuple(dict.fromkeys(problems)))
    if declared is not None:
        found = replace(found, vertices=_transformed(found.vertices, declared))
    return found if box is None else cropping.crop(found, geometry.kind, box)


def _stored(geometry: Geometry, index: int, level: Level, selection: Selection) -> Vertices:
    """Read a level in stored coordinates: all of it, or at least what is selected."""
    declared = geometry.levels[index].vertex_count
    if not level.chunks and declared:
        message = (
            f"the level declares {declared} vertices, but none is stored: the nonempty_chunks of "
            "vertices/zarr.json list no chunk with any"
        )
        raise refusal(level.where("vertices"), message)
    if geometry.kind == "lines":
        found, count = zvf_lines.read_lines(level, selection)
    else:
        found, count = zvf_joined.read_joined(level, geometry, selection)
    if not selection.narrows and declared is not None and count != declared:
        message = f"the level declares {declared} vertices, {count} were read"
        level.report(COUNT, level.where(), message)
    vertices = found.vertices
    if not np.issubdtype(vertices.dtype, np.floating):
        vertices = vertices.astype(np.float64)
    return replace(found, vertices=vertices.astype(vertices.dtype.newbyteorder("="), copy=False))


def _transformed(vertices: cropping.Coordinates, matrix: affine.Matrix) -> cropping.Coordinates:
    linear, shift = matrix[:-1, :-1], matrix[:-1, -1]
    with np.errstate(over="ignore", invalid="ignore"):
        result: cropping.Coordinates = vertices.astype(np.float64) @ linear.T + shift
    return result


def box_of(geometry: Geometry, level: int) -> Box | None:
    """Read the box of a level's vertices in stored coordinates, columns as the geometry's axes.

    None if it has no vertices but such as are no numbers. Nothing but vertices is read.

    Raises
    ------
    OpenError
        If none of them can be read.
    """
    warned: list[Problem] = []
    where = f"{geometry.levels[level].path}/zarr.json"
    with heard(where, warned), refusing(where, "the level cannot be read"):
        opened = open_level(geometry, level)
        rows = read_rows(opened, opened.chunks)
        check_read(opened, opened.chunks, rows)
    used = rows.in_use()
    vertices = rows.vertices if used is None else rows.vertices[used]
    finite = np.isfinite(vertices).all(axis=1)
    return Vertices(vertices if finite.all() else vertices[finite]).bounds


def box_of_chunks(geometry: Geometry, level: int) -> tuple[Box, Box] | None:
    """Give the box of the chunks with vertices, and the edges of one; columns as the axes.

    No vertex is read. None if there is none.

    Raises
    ------
    OpenError
        If the level cannot be opened.
    """
    warned: list[Problem] = []
    with heard(f"{geometry.levels[level].path}/zarr.json", warned):
        opened = open_level(geometry, level)
    if not opened.chunks:
        return None
    columns = list(geometry.columns)
    numbers = np.array(opened.chunks, dtype=np.float64)[:, -opened.ndim :][:, columns]
    edges = opened.chunk_shape[columns]
    return np.array([numbers.min(axis=0) * edges, (numbers.max(axis=0) + 1) * edges]), edges
