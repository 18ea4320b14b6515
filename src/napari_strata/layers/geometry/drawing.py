"""From vertices to what a napari layer holds: points, segments, paths or a surface.

The numbers stay as they were read; only columns may change places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_strata.geometry import Vertices
from napari_strata.layers.geometry.features import features
from napari_strata.layers.geometry.row_codes import row_codes
from napari_strata.model import Problem

LayerType = Literal["points", "vectors", "shapes", "surface"]
MOST_PATHS = 300  # a Shapes layer of more is slow to make and to move


@dataclass(frozen=True)
class Drawing:
    """What a layer of a type holds.

    Attributes
    ----------
    data : of Points ``(N, n)``, of Vectors ``(M, 2, n)`` starts and ways, of Shapes a list of
        ``(k, n)`` paths, of a Surface vertices, faces and perhaps one value a vertex.
    features : columns, one row a point, segment, path or vertex.
    count : how many vertices are in it; of lines, a place where several of them meet, or that
        one passes again, counts once.
    problems : what is not drawn, or drawn as something else.
    """

    type: LayerType
    data: Any
    features: Mapping[str, npt.NDArray[Any]]
    count: int
    problems: tuple[Problem, ...] = ()


def best_type(vertices: Vertices) -> LayerType:
    """Choose the layer's type: few paths are Shapes, if a Shapes layer keeps their numbers.

    napari holds shapes in float32. Whatever has neither lines, edges nor faces is Points.
    """
    if vertices.faces is not None and len(vertices.faces):
        return "surface"
    if vertices.edges is not None and len(vertices.edges):
        return "vectors"
    if vertices.parts is None:
        return "points"
    lines = int(np.count_nonzero(np.diff(vertices.parts) > 1))
    if not lines:
        return "points"
    few = lines <= MOST_PATHS
    return "shapes" if few and _fits_float32(vertices.vertices) else "vectors"


def _fits_float32(values: npt.NDArray[Any]) -> bool:
    with np.errstate(over="ignore"):
        return bool(np.array_equal(values.astype(np.float32), values))


def draw(vertices: Vertices, order: Sequence[int], to: LayerType, where: str) -> Drawing:
    """Bring vertices into the form of a layer type.

    Parameters
    ----------
    order : which column of the vertices is which of the layer's axes.
    where : of problems.

    Raises
    ------
    ValueError
        If a layer of that type cannot hold them: a surface needs faces, vectors need segments,
        and a Shapes layer only takes so many paths.
    """
    places = vertices.vertices
    if list(order) != list(range(places.shape[1])):
        places = places[:, list(order)]
    if to == "points":
        return _points(vertices, places)
    if to == "surface":
        return _surface(vertices, places, where)
    if to == "shapes":
        return _paths(vertices, places, where)
    return _segments(vertices, places, where)


def _points(vertices: Vertices, places: npt.NDArray[Any]) -> Drawing:
    rows = np.arange(len(places))
    part = None if vertices.parts is None else _part_of_vertex(vertices.parts)
    table = features(vertices, first_vertex=rows, part=part)
    return Drawing("points", places, table, _count(vertices))


def _count(vertices: Vertices) -> int:
    """Count vertices; of lines by their places, as a coarse level stores those they share once."""
    found = vertices.vertices
    return len(found) if vertices.parts is None else len(np.unique(row_codes(found)))


def _part_of_vertex(parts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(len(parts) - 1), np.diff(parts))


def _surface(vertices: Vertices, places: npt.NDArray[Any], where: str) -> Drawing:
    faces = vertices.faces
    if faces is None or not len(faces):
        raise ValueError(_cannot_show(where, "faces", "Surface"))
    rows = np.arange(len(places))
    table = features(vertices, first_vertex=rows)
    values = _only_scalar(vertices)
    data = (places, faces) if values is None else (places, faces, values)
    return Drawing("surface", data, table, len(places))


def _cannot_show(where: str, lacking: str, layer: str) -> str:
    return (
        f"level '{where}' has no {lacking} here, so this {layer} layer cannot show it: choose "
        "another level, or a larger box; strata.open gives the vertices alone"
    )


def _only_scalar(vertices: Vertices) -> npt.NDArray[Any] | None:
    """Give the one attribute that colours a surface; of several none is chosen."""
    scalars = [
        np.asarray(values).reshape(len(values))
        for values in vertices.vertex_attributes.values()
        if np.asarray(values).dtype.kind in "iuf"
        and np.asarray(values).shape[1:] in ((), (1,))
        and len(values)
    ]
    return scalars[0] if len(scalars) == 1 else None


def _segments(vertices: Vertices, places: npt.NDArray[Any], where: str) -> Drawing:
    if vertices.parts is not None:
        first, part, problems = _steps(vertices.parts, where)
        second, edge = first + 1, None
    elif vertices.edges is not None:
        first, second = vertices.edges[:, 0], vertices.edges[:, 1]
        part, edge = None, np.arange(len(first))
        problems = _without_edges(len(places), vertices.edges, where)
    else:
        first, problems = np.zeros(0, dtype=np.int64), ()
    if not len(first):
        raise ValueError(_cannot_show(where, "segments", "Vectors"))
    # In float64 start + way is the end again, exactly so for what is stored in float32.
    data = np.empty((len(first), 2, places.shape[1]), dtype=np.float64)
    data[:, 0] = places[first]
    np.subtract(places[second], data[:, 0], out=data[:, 1])
    table = features(vertices, first_vertex=first, part=part, edge=edge)
    return Drawing("vectors", data, table, _count(vertices), problems)


def _steps(
    parts: npt.NDArray[np.int64], where: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], tuple[Problem, ...]]:
    """Give the first vertex of every segment and the line it belongs to."""
    lengths = np.diff(parts)
    steps = np.maximum(lengths - 1, 0)
    part = np.repeat(np.arange(len(lengths)), steps)
    within = np.arange(len(part)) - np.repeat(np.cumsum(steps) - steps, steps)
    return parts[:-1][part] + within, part, _lone_lines(lengths, where)


def _lone_lines(lengths: npt.NDArray[np.int64], where: str) -> tuple[Problem, ...]:
    single = int(np.count_nonzero(lengths == 1))
    message = f"{single:,} lines have one vertex only; they are not drawn"
    return (Problem("lone-vertices", "info", where, message),) if single else ()


def _without_edges(count: int, edges: npt.NDArray[np.int64], where: str) -> tuple[Problem, ...]:
    used = np.zeros(count, dtype=bool)
    used[edges] = True
    lone = count - int(np.count_nonzero(used))
    message = f"{lone:,} of {count:,} vertices have no edge; they are not drawn"
    return (Problem("lone-vertices", "info", where, message),) if lone else ()


def _paths(vertices: Vertices, places: npt.NDArray[Any], where: str) -> Drawing:
    if vertices.parts is None:
        raise ValueError(_cannot_show(where, "lines", "Shapes"))
    lengths = np.diff(vertices.parts)
    drawn = np.flatnonzero(lengths > 1)
    if len(drawn) > MOST_PATHS:
        raise ValueError(
            f"level '{where}' has {len(drawn):,} lines here, and a Shapes layer is only given up "
            f"to {MOST_PATHS}; crop it to fewer, or choose a coarser level"
        )
    if not len(drawn):
        raise ValueError(_cannot_show(where, "lines of two vertices", "Shapes"))
    problems = (*_lone_lines(lengths, where), *_left_out_of_paths(vertices, places, where))
    ends = vertices.parts
    data = [places[ends[i] : ends[i + 1]] for i in drawn]
    return Drawing("shapes", data, features(vertices, part=drawn), _count(vertices), problems)


def _left_out_of_paths(
    vertices: Vertices, places: npt.NDArray[Any], where: str
) -> tuple[Problem, ...]:
    problems = []
    if vertices.vertex_attributes:
        names = ", ".join(vertices.vertex_attributes)
        message = (
            f"a path has one row of features: the attributes of its vertices ({names}) are not "
            "among them; strata.open gives them"
        )
        problems.append(Problem("vertex-attributes-not-shown", "info", where, message))
    if not _fits_float32(places):
        off = float(np.max(np.abs(places.astype(np.float32) - places)))
        message = f"a Shapes layer holds float32: its vertices are off by up to {off:.3g}"
        problems.append(Problem("rounded-vertices", "info", where, message))
    return tuple(problems)
