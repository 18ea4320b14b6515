"""Neuroglancer's precomputed meshes: the levels of a segment, and their vertices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.geometries import mesh_legacy, mesh_multiscale
from napari_strata.geometries.crop import crop
from napari_strata.geometries.mesh_bytes import MeshFiles
from napari_strata.geometries.mesh_fragment import Fragment
from napari_strata.geometry import Box, Geometry, GeometryLevel, GeometryLocation, Vertices
from napari_strata.model import Contribution, OpenError, Problem

_FORMATS = {"legacy-mesh": mesh_legacy, "multiscale-mesh": mesh_multiscale}
_MOST_PROBLEMS = 20  # fragments are told of one by one up to here
_LARGEST = 2**64


def segment(geometry: Geometry, segment_id: int) -> Geometry:
    """Read the manifest of one segment of a folder of meshes: its levels, finest first.

    Raises
    ------
    OpenError
        If the geometry is no folder of meshes, has no such segment, or its manifest is damaged.
    """
    folder = geometry.folder
    if folder is None:
        message = f"has no segments to choose from, so none with the number {segment_id}"
        raise OpenError(Problem("no-segment", "error", geometry.path or geometry.name, message))
    whole = isinstance(segment_id, int | np.integer) and not isinstance(segment_id, bool)
    if not whole or not 0 <= segment_id < _LARGEST:
        message = f"found the segment {segment_id!r}, expected a whole number from 0 to 2^64 - 1"
        raise OpenError(Problem("no-segment", "error", folder.where, message))
    number = int(segment_id)
    path = f"{geometry.path}/{number}".strip("/")
    found = _FORMATS[folder.encoding].levels(MeshFiles(folder), folder, number)
    origin = _origin(folder)
    declared = affine.compose(*(part.matrix for part in origin))
    levels = [
        GeometryLevel(
            path if "lod" not in metadata else f"{path}/{metadata['lod']}",
            None,
            declared,
            replace(folder, metadata={**folder.metadata, **metadata}),
            origin,
            np.array(metadata["cell"])[::-1] if "cell" in metadata else None,
        )
        for metadata in found
    ]
    return replace(
        geometry,
        name=f"{geometry.name} {number}",
        path=path,
        levels=tuple(levels),
        bounds=_bounds(found[0], declared),
        segment=number,
        folder=None,
        segments=None,
    )


def read(geometry: Geometry, level: int, box: Box | None = None) -> Vertices:
    """Read a level's vertices, z, y, x in nm, and its faces.

    A fragment that cannot be read is a problem, and the others are there. With ``box`` only the
    faces are kept that have a corner in it.

    Raises
    ------
    OpenError
        If nothing can be read.
    """
    chosen = geometry.levels[level]
    location = chosen.location
    declared = np.eye(4) if chosen.declared is None else chosen.declared
    near = None if box is None else affine.mapped_box(affine.invert(declared), box)[:, ::-1]
    source = _FORMATS[location.encoding].fragments(MeshFiles(location), location, near)
    vertices, faces, problems = _gather(source, declared, box)
    return Vertices(vertices, faces=faces, problems=tuple(problems))


def _origin(folder: GeometryLocation) -> tuple[Contribution, ...]:
    """Say where the vertices' transform comes from: to nm, then to the wanted world 0."""
    x_first = np.eye(4)
    x_first[:3] = np.reshape(folder.metadata["transform"], (3, 4))
    transform = affine.reversed_axes(affine.frozen(x_first))
    shift = affine.from_scale_translate([1.0] * 3, folder.metadata["shift"])
    return (
        Contribution("world 0 at the centre of a voxel", folder.metadata["shift_where"], shift),
        Contribution("transform of the meshes", f"{folder.where}: transform", transform),
    )


def _bounds(metadata: Any, declared: Matrix) -> Box | None:
    """Return the box of a level's octree nodes, which the vertices are in; None without any."""
    if "cell" not in metadata:
        return None
    boxes = mesh_multiscale.node_boxes(metadata)
    whole = np.array([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])
    return affine.mapped_box(declared, whole[:, ::-1])


def _gather(
    source: Iterable[Fragment], declared: Matrix, box: Box | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], list[Problem]]:
    """Put fragments together, in world; vertices on their borders stay as often as stored."""
    vertices = [np.empty((0, 3))]
    faces = [np.empty((0, 3), np.int64)]
    errors: list[OpenError] = []
    count = 0
    sound = False
    for fragment in source:
        if isinstance(fragment, OpenError):
            errors.append(fragment)
            continue
        sound = True
        points, corners = fragment
        points = points[:, ::-1] @ declared[:3, :3].T + declared[:3, 3]
        if box is not None:
            kept = crop(Vertices(points, faces=corners), "mesh", box)
            points = np.asarray(kept.vertices, np.float64)
            corners = corners if kept.faces is None else kept.faces
        vertices.append(points)
        faces.append(corners + count)
        count += len(points)
    problems = _problems(errors)
    if errors and not sound:
        raise OpenError(problems[0], problems)
    return np.concatenate(vertices), np.concatenate(faces), problems


def _problems(errors: list[OpenError]) -> list[Problem]:
    problems = [error.problem for error in errors]
    if len(problems) <= _MOST_PROBLEMS:
        return problems
    more = len(problems) - _MOST_PROBLEMS
    where = problems[_MOST_PROBLEMS].where
    rest = Problem("more-fragments", "error", where, f"and {more} more fragments are not shown")
    return [*problems[:_MOST_PROBLEMS], rest]
