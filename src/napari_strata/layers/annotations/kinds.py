"""What each kind of napari layer is as geometry in world, and the way back.

A shape is a path; rectangles and polygons are closed by repeating their first vertex, an ellipse
is an outline of 64 edges. What the geometry alone does not tell is in the JSON beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.layers.annotations.features import Columns
from napari_strata.layers.annotations.values import (
    Unreadable,
    decode_array,
    encode_array,
)
from napari_strata.layers.annotations.world import Coordinates, directed, transformed

Stored = Literal["point_cloud", "polyline", "line", "mesh"]

VALUE = "value"
TRACK = "track_id"
FRAME = "strata_frame"
DIRECTION = "strata_direction_{}"

_CLOSED = ("rectangle", "polygon")
_SHAPES = ("rectangle", "polygon", "ellipse", "line", "path")
_OUTLINE = 64
_LARGEST = 1e300


@dataclass(frozen=True)
class Drawn:
    """A layer's data as geometry.

    Attributes
    ----------
    vertices : ``(N, n)`` in world, in the layer's order.
    items : how many rows the layer's features have.
    parts : ``(P + 1,)`` where each path begins and ends; None if there are none.
    faces : ``(F, 3)``; None if there are none.
    columns : by name, ``(N,)``, what belongs to each vertex.
    extra : JSON, what the geometry alone does not tell.
    """

    stored: Stored
    vertices: Coordinates
    items: int
    parts: npt.NDArray[np.int64] | None = None
    faces: npt.NDArray[np.int64] | None = None
    columns: Columns = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What was read back, in the order it was written in: the same as in `Drawn`."""

    vertices: Coordinates
    faces: npt.NDArray[np.int64] | None
    columns: Mapping[str, npt.NDArray[Any]]
    extra: Mapping[str, Any]


def points(data: Any, meta: Mapping[str, Any], matrix: Matrix) -> Drawn:
    """Turn points, ``(N, n)``, into a point cloud."""
    places = transformed(matrix, data)
    return Drawn("point_cloud", places, items=len(places))


def _points_back(found: Found) -> tuple[Any, dict[str, Any]]:
    return found.vertices, {}


def shapes(data: Any, meta: Mapping[str, Any], matrix: Matrix) -> Drawn:
    """Turn shapes, each ``(V, n)``, into paths."""
    types = meta.get("shape_type", "rectangle")
    names = [types] * len(data) if isinstance(types, str) else [str(t) for t in types]
    corners = [transformed(matrix, shape) for shape in data]
    outlines = [_outline(c, name) for c, name in zip(corners, names, strict=True)]
    ellipses = [c for c, name in zip(corners, names, strict=True) if name == "ellipse"]
    n = matrix.shape[0] - 1
    extra = {
        "types": encode_array(np.array([_SHAPES.index(t) for t in names], dtype=np.uint8), "types"),
        "lengths": encode_array(np.array([len(o) for o in outlines], dtype=np.int64), "lengths"),
        "ellipses": encode_array(np.array(ellipses).reshape(-1, 4, n), "ellipses"),
    }
    parts = np.cumsum([0, *map(len, outlines)], dtype=np.int64)
    vertices = np.concatenate(outlines) if outlines else np.empty((0, n))
    return Drawn("polyline", vertices, items=len(outlines), parts=parts, extra=extra)


def _outline(corners: Coordinates, shape_type: str) -> Coordinates:
    if shape_type in _CLOSED:
        return np.concatenate([corners, corners[:1]])
    if shape_type == "ellipse":
        return _ellipse(corners)
    return corners


def _ellipse(corners: Coordinates) -> Coordinates:
    """Draw the ellipse that touches the middles of a parallelogram's edges, closed."""
    centre = (corners[0] + corners[2]) / 2
    along, across = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    angles = np.linspace(0, 2 * np.pi, _OUTLINE + 1)[:, None]
    outline: Coordinates = centre + np.cos(angles) * along + np.sin(angles) * across
    outline[-1] = outline[0]
    return outline


def _shapes_back(found: Found) -> tuple[Any, dict[str, Any]]:
    n, most = found.vertices.shape[1], len(found.vertices)
    lengths = decode_array(found.extra.get("lengths"), most)
    codes = decode_array(found.extra.get("types"), most)
    ellipses = iter(decode_array(found.extra.get("ellipses"), 4 * n * most).reshape(-1, 4, n))
    whole = lengths.ndim == 1 and lengths.shape == codes.shape and lengths.dtype.kind == "i"
    if not whole or np.any(lengths < 1) or lengths.sum() != most or np.any(codes >= len(_SHAPES)):
        raise Unreadable("the shapes are not those that were written")
    data, names = [], []
    ends = np.cumsum(lengths)
    for end, length, code in zip(ends.tolist(), lengths.tolist(), codes.tolist(), strict=True):
        corners, name = _corners(found.vertices[end - length : end], _SHAPES[code], ellipses)
        data.append(corners)
        names.append(name)
    return data, {"shape_type": names}


def _corners(outline: Coordinates, shape_type: str, ellipses: Any) -> tuple[Coordinates, str]:
    """Undo `_outline`; an outline somebody changed is a path."""
    if shape_type == "ellipse":
        corners = next(ellipses, None)
        if corners is None:
            raise Unreadable("there are fewer ellipses than were written")
        same = np.array_equal(_ellipse(corners), outline)
        return (corners, shape_type) if same else (outline, "path")
    if shape_type not in _CLOSED:
        return outline, shape_type
    same = len(outline) > 3 and np.array_equal(outline[0], outline[-1])
    return (outline[:-1], shape_type) if same else (outline, "path")


def vectors(data: Any, meta: Mapping[str, Any], matrix: Matrix) -> Drawn:
    """Turn vectors, ``(N, 2, n)`` start and direction, into lines as long as they are drawn."""
    given = np.asarray(data, dtype=np.float64)
    starts, directions = transformed(matrix, given[:, 0]), directed(matrix, given[:, 1])
    length = float(meta.get("length", 1.0))
    ends = starts + length * directions
    n = starts.shape[1]
    return Drawn(
        "line",
        np.stack([starts, ends], axis=1).reshape(-1, n),
        items=len(starts),
        parts=np.arange(0, 2 * len(starts) + 1, 2, dtype=np.int64),
        columns={DIRECTION.format(i): np.repeat(directions[:, i], 2) for i in range(n)},
        extra={"length": length},
    )


def _vectors_back(found: Found) -> tuple[Any, dict[str, Any]]:
    n = found.vertices.shape[1]
    length = found.extra.get("length")
    if not _is_number(length) or len(found.vertices) % 2:
        raise Unreadable("the vectors are not those that were written")
    pairs = found.vertices.reshape(-1, 2, n)
    stored = [_column(found, DIRECTION.format(i), "f")[::2] for i in range(n)]
    directions = np.stack(stored, axis=1)
    if not np.array_equal(pairs[:, 0] + length * directions, pairs[:, 1]):
        raise Unreadable("the ends of the vectors were changed since")
    return np.stack([pairs[:, 0], directions], axis=1), {"length": length}


def surface(data: Any, meta: Mapping[str, Any], matrix: Matrix) -> Drawn:
    """Turn a surface, vertices, faces and one value a vertex, into a mesh.

    Raises
    ------
    ValueError
        If the values change along further axes: a mesh has one a vertex.
    """
    corners = np.asarray(data[0])
    faces = np.asarray(data[1], dtype=np.int64).reshape(-1, 3)
    values = np.asarray(data[2]) if len(data) > 2 and data[2] is not None else np.ones(len(corners))
    if values.shape != (len(corners),) or corners.shape[1] != matrix.shape[0] - 1:
        raise ValueError(
            f"the surface's values have the shape {values.shape}; ZVF holds one value a vertex, "
            f"({len(corners)},): export each time point by itself"
        )
    return Drawn(
        "mesh",
        transformed(matrix, corners),
        items=len(corners),
        faces=faces,
        columns={VALUE: _native(values)},
        extra={"faces": encode_array(_places(faces), "faces")},
    )


def _native(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.dtype.kind not in "iuf" or values.dtype.itemsize not in (4, 8):
        return values.astype(np.float64)
    return values.astype(values.dtype.newbyteorder("="))


def _places(faces: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Of each face, its place among the faces when they are sorted."""
    places = np.empty(len(faces), dtype=np.int32)
    places[np.lexsort(faces.T[::-1])] = np.arange(len(faces), dtype=np.int32)
    return places


def _surface_back(found: Found) -> tuple[Any, dict[str, Any]]:
    if found.faces is None:
        raise Unreadable("the mesh has no faces")
    places = decode_array(found.extra.get("faces"), len(found.faces))
    count = len(found.faces)
    if places.dtype.kind not in "iu" or not np.array_equal(np.sort(places), np.arange(count)):
        raise Unreadable("the faces are not those that were written")
    faces = found.faces[np.lexsort(found.faces.T[::-1])][places]
    return (found.vertices, faces, _column(found, VALUE, "iuf")), {}


def tracks(data: Any, meta: Mapping[str, Any], matrix: Matrix) -> Drawn:
    """Turn tracks, ``(N, 1 + n)``, a track's id first, into one path a track.

    Where time stands apart from space its steps are kept too: napari shows tracks by them.

    Raises
    ------
    ValueError
        If the transform mixes time with space so that there are times before 0.
    """
    given = np.asarray(data, dtype=np.float64)
    ids = given[:, 0].astype(np.int64)
    borders = np.flatnonzero(np.diff(ids)) + 1
    extra: dict[str, Any] = {"graph": _graph(meta.get("graph") or {})}
    columns: Columns = {TRACK: ids}
    places = transformed(matrix, given[:, 1:])
    time = _time_alone(matrix)
    if time is not None:
        extra["time"] = list(time)
        columns[FRAME] = given[:, 1].copy()
        places[:, 0] = _times(given[:, 1], time)
    elif np.any(places[:, 0] < 0):
        raise ValueError("its transform mixes time with space; some times come out below 0")
    return Drawn(
        "polyline",
        places,
        items=len(given),
        parts=np.concatenate([[0], borders, [len(given)]]).astype(np.int64),
        columns=columns,
        extra=extra,
    )


def _times(steps: npt.NDArray[Any], time: tuple[float, float]) -> npt.NDArray[np.float64]:
    to_world = affine.from_scale_translate(time[:1], time[1:])
    return transformed(to_world, steps[:, None])[:, 0]


def _graph(graph: Mapping[Any, Any]) -> list[list[Any]]:
    return [
        [int(child), np.atleast_1d(np.asarray(parents)).astype(int).tolist()]
        for child, parents in graph.items()
    ]


def _time_alone(matrix: Matrix) -> tuple[float, float] | None:
    """Give time's scale and translation; None if it mixes with another axis, or is the steps."""
    n = matrix.shape[0] - 1
    if matrix[0, 0] == 1 and matrix[0, n] == 0:
        return None
    if np.any(matrix[0, 1:n]) or np.any(matrix[1:n, 0]) or matrix[0, 0] == 0:
        return None
    return float(matrix[0, 0]), float(matrix[0, n])


def _tracks_back(found: Found) -> tuple[Any, dict[str, Any]]:
    ids, vertices = _column(found, TRACK, "iu"), found.vertices
    placed: dict[str, Any] = {}
    if "time" in found.extra:
        scale, translate = _two_numbers(found.extra["time"])
        steps = _column(found, FRAME, "f")
        n = vertices.shape[1]
        if not np.array_equal(_times(steps, (scale, translate)), vertices[:, 0]):
            raise Unreadable("the times of the tracks were changed since")
        vertices = np.concatenate([steps[:, None], vertices[:, 1:]], axis=1)
        placed = {"scale": [scale] + [1.0] * (n - 1), "translate": [translate] + [0.0] * (n - 1)}
    if np.any(vertices[:, 0] < 0):
        raise Unreadable("some times of the tracks are below 0")
    graph = _graph_back(found.extra.get("graph"), set(ids.tolist()))
    return np.concatenate([ids[:, None], vertices], axis=1), {"graph": graph, **placed}


def _graph_back(value: Any, known: set[int]) -> dict[int, list[int]]:
    if not isinstance(value, list):
        raise Unreadable("'graph' is no list")
    graph: dict[int, list[int]] = {}
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], list):
            raise Unreadable("'graph' does not hold pairs of a track and those it came from")
        child, parents = pair
        if not all(type(i) is int and i in known for i in (child, *parents)):
            raise Unreadable("'graph' names a track that is not there")
        graph[child] = parents
    return graph


def _two_numbers(value: Any) -> tuple[float, float]:
    whole = isinstance(value, list) and len(value) == 2
    if not whole or not all(map(_is_number, value)):
        raise Unreadable("'time' is not two numbers")
    return float(value[0]), float(value[1])


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) < _LARGEST


def _column(found: Found, name: str, kinds: str) -> npt.NDArray[Any]:
    values = found.columns.get(name)
    if values is None or values.shape != (len(found.vertices),) or values.dtype.kind not in kinds:
        raise Unreadable(f"the vertices have no '{name}' each")
    return values


DRAW: Mapping[str, Callable[[Any, Mapping[str, Any], Matrix], Drawn]] = {
    "points": points,
    "shapes": shapes,
    "vectors": vectors,
    "surface": surface,
    "tracks": tracks,
}
BACK: Mapping[str, Callable[[Found], tuple[Any, dict[str, Any]]]] = {
    "points": _points_back,
    "shapes": _shapes_back,
    "vectors": _vectors_back,
    "surface": _surface_back,
    "tracks": _tracks_back,
}
STORED: Mapping[str, str] = {
    "points": "points",
    "shapes": "lines",
    "vectors": "lines",
    "surface": "mesh",
    "tracks": "lines",
}
