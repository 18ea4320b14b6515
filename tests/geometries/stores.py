"""ZVF stores of every kind, written by zarr-vectors itself, and what each of them holds.

Coordinates are given and written in the STORE's column order (x, y, z by default); the
expectations in array order are the tests' own.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

with warnings.catch_warnings():
    import zarr_vectors as zv  # it installs a warnings filter of its own
    from zarr_vectors import building

from napari_strata.geometry import Geometry, GeometryKind, GeometryLevel, GeometryLocation
from napari_strata.model import Axis

Vertices = npt.NDArray[np.floating[Any]]
AxisSpec = tuple[str, str, str | None]
"""Name, type, unit."""

XYZ: tuple[AxisSpec, ...] = tuple((n, "space", "micrometer") for n in "xyz")
ZYX: tuple[AxisSpec, ...] = tuple((n, "space", "micrometer") for n in "zyx")
XY: tuple[AxisSpec, ...] = tuple((n, "space", "micrometer") for n in "xy")
TXYZ: tuple[AxisSpec, ...] = (("t", "time", "second"), *XYZ)

# The cell (chunk) is 100 units wide along each axis, the bin 50; bounds are 0 to 400.
CELL = 100.0
BIN = 50.0
UPPER = 400.0

#: Six points, one or two a chunk, in the order they are given to the writer.
POINTS = np.array(
    [
        [315.0, 120.0, 75.0],
        [10.0, 20.0, 30.0],
        [110.0, 20.0, 30.0],
        [390.0, 390.0, 390.0],
        [12.5, 22.5, 32.5],
        [200.0, 100.0, 300.0],
    ]
)
#: Three polylines: one within a chunk, one over a boundary, one over three chunks.
POLYLINES = (
    np.array([[10.0, 10.0, 10.0], [20.0, 10.0, 10.0], [30.0, 20.0, 10.0]]),
    np.array([[90.0, 50.0, 50.0], [110.0, 50.0, 50.0]]),
    np.array([[50.0, 250.0, 50.0], [150.0, 250.0, 50.0], [250.0, 250.0, 50.0], [260.0, 250, 50]]),
)
#: Two segments, ``(2, 2, 3)``: the second over a boundary.
SEGMENTS = np.array(
    [
        [[10.0, 10.0, 10.0], [20.0, 30.0, 40.0]],
        [[90.0, 50.0, 50.0], [110.0, 50.0, 50.0]],
    ]
)
#: A tree over two chunks: 0-1-2-3 with a branch 1-4.
NODES = np.array(
    [
        [10.0, 10.0, 10.0],
        [50.0, 10.0, 10.0],
        [90.0, 10.0, 10.0],
        [130.0, 10.0, 10.0],
        [50.0, 60.0, 10.0],
    ]
)
EDGES = np.array([[1, 0], [2, 1], [3, 2], [4, 1]])
#: A closed ring of edges for a graph that is no tree.
RING = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
#: A tetrahedron over two chunks.
CORNERS = np.array(
    [[80.0, 80.0, 80.0], [120.0, 80.0, 80.0], [80.0, 120.0, 80.0], [80.0, 80.0, 120.0]]
)
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


P = ParamSpec("P")
R = TypeVar("R")


def quiet(write: Callable[P, R]) -> Callable[P, R]:
    """Let the library warn as it writes (zarr's data type without a specification, cell counts)."""

    @wraps(write)
    def quietly(*args: P.args, **kwargs: P.kwargs) -> R:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return write(*args, **kwargs)

    return quietly


@quiet
def create(
    path: Path,
    kind: str,
    *,
    axes: Sequence[AxisSpec] = XYZ,
    dtype: str = "float64",
    lower: float = 0.0,
    upper: float = UPPER,
    cell: float = CELL,
    bin_: float = BIN,
) -> tuple[Any, dict[str, Any]]:
    """Create an empty store; give its dataset and what its writer has to be told."""
    n = len(axes)
    schema = zv.Schema(
        ndim=n,
        bounds=((lower,) * n, (upper,) * n),
        axes=tuple(zv.Axis(name=name, unit=unit, type=type_) for name, type_, unit in axes),
        kind=kind,
        position_dtype=dtype,
        layout=zv.Layout(cell_size=(cell,) * n, subcells=round(cell / bin_)),
    )
    dataset = zv.create(str(path), schema=schema)
    return dataset, {"chunk_shape": (cell,) * n, "bin_shape": (bin_,) * n, "dtype": dtype}


@quiet
def points(
    path: Path,
    positions: Vertices = POINTS,
    *,
    attributes: Mapping[str, npt.ArrayLike] | None = None,
    object_ids: npt.ArrayLike | None = None,
    object_attributes: Mapping[str, npt.ArrayLike] | None = None,
    groups: Mapping[int, Sequence[int]] | None = None,
    levels: Sequence[tuple[float, float]] = (),
    **how: Any,
) -> Path:
    """Write a point cloud; ``levels``: how much larger bins are, how many times fewer objects."""
    dataset, known = create(path, "point_cloud", **how)
    building.write_points(
        dataset.store,
        np.asarray(positions, how.get("dtype", "float64")),
        vertex_attributes=_arrays(attributes),
        object_ids=None if object_ids is None else np.asarray(object_ids),
        object_attributes=_arrays(object_attributes),
        groups=_groups(groups),
        **known,
    )
    return _with_levels(path, levels)


@quiet
def points_by_attribute(path: Path, name: str, values: npt.ArrayLike) -> Path:
    """Write the points into chunks that are cut by an attribute too."""
    building.write_points(
        str(path),
        POINTS,
        chunk_shape=(CELL,) * 3,
        bounds=([0.0] * 3, [UPPER] * 3),
        vertex_attributes={name: np.asarray(values)},
        chunk_by_attribute=name,
        dtype="float64",
    )
    return path


@quiet
def lines(
    path: Path,
    endpoints: Vertices = SEGMENTS,
    *,
    attributes: Mapping[str, npt.ArrayLike] | None = None,
    object_attributes: Mapping[str, npt.ArrayLike] | None = None,
    levels: Sequence[tuple[float, float]] = (),
    **how: Any,
) -> Path:
    """Write single segments, ``(M, 2, n)``; attributes are ``(M, 2)``, two values a segment."""
    dataset, known = create(path, "line", **how)
    building.write_lines(
        dataset.store,
        np.asarray(endpoints, how.get("dtype", "float64")),
        vertex_attributes=_arrays(attributes),
        object_attributes=_arrays(object_attributes),
        **known,
    )
    return _with_levels(path, levels)


@quiet
def polylines(
    path: Path,
    parts: Sequence[Vertices] = POLYLINES,
    *,
    kind: str = "polyline",
    attributes: Mapping[str, Sequence[npt.ArrayLike]] | None = None,
    object_attributes: Mapping[str, npt.ArrayLike] | None = None,
    groups: Mapping[int, Sequence[int]] | None = None,
    levels: Sequence[tuple[float, float]] = (),
    **how: Any,
) -> Path:
    """Write polylines, or streamlines; attributes by name, one array a polyline."""
    dataset, known = create(path, kind, **how)
    building.write_polylines(
        dataset.store,
        [np.asarray(part, how.get("dtype", "float64")) for part in parts],
        geometry_type=kind,
        vertex_attributes=None
        if attributes is None
        else {name: [np.asarray(a) for a in arrays] for name, arrays in attributes.items()},
        object_attributes=_arrays(object_attributes),
        groups=_groups(groups),
        **known,
    )
    return _with_levels(path, levels)


@quiet
def graph(
    path: Path,
    nodes: Vertices = NODES,
    edges: npt.ArrayLike = RING,
    *,
    kind: str = "graph",
    attributes: Mapping[str, npt.ArrayLike] | None = None,
    edge_attributes: Mapping[str, npt.ArrayLike] | None = None,
    object_ids: npt.ArrayLike | None = None,
    object_attributes: Mapping[str, npt.ArrayLike] | None = None,
    levels: Sequence[tuple[float, float]] = (),
    **how: Any,
) -> Path:
    """Write a graph or, with ``kind="skeleton"`` and edges of a tree (child, parent), one."""
    dataset, known = create(path, kind, **how)
    building.write_graph(
        dataset.store,
        np.asarray(nodes, how.get("dtype", "float64")),
        np.asarray(edges, np.int64),
        kind=kind,
        vertex_attributes=_arrays(attributes),
        link_attributes=_arrays(edge_attributes),
        object_ids=None if object_ids is None else np.asarray(object_ids),
        object_attributes=_arrays(object_attributes),
        **known,
    )
    return _with_levels(path, levels)


def skeleton(path: Path, **how: Any) -> Path:
    """Write a tree as a skeleton."""
    return graph(path, **{"edges": EDGES, **how}, kind="skeleton")


@quiet
def mesh(
    path: Path,
    corners: Vertices = CORNERS,
    faces: npt.ArrayLike = FACES,
    *,
    attributes: Mapping[str, npt.ArrayLike] | None = None,
    object_ids: npt.ArrayLike | None = None,
    levels: Sequence[tuple[float, float]] = (),
    **how: Any,
) -> Path:
    """Write a surface of triangles."""
    dataset, known = create(path, "mesh", **how)
    building.write_mesh(
        dataset.store,
        np.asarray(corners, how.get("dtype", "float64")),
        np.asarray(faces, np.int64),
        vertex_attributes=_arrays(attributes),
        object_ids=None if object_ids is None else np.asarray(object_ids),
        **known,
    )
    return _with_levels(path, levels)


#: One of each kind, by what the format calls it: every one takes a path and ``create``'s options.
WRITERS: dict[str, Callable[..., Path]] = {
    "point_cloud": points,
    "line": lines,
    "polyline": polylines,
    "streamline": lambda path, **how: polylines(path, **how, kind="streamline"),
    "graph": graph,
    "skeleton": skeleton,
    "mesh": mesh,
}
KINDS: dict[str, GeometryKind] = {
    "point_cloud": "points",
    "line": "lines",
    "polyline": "lines",
    "streamline": "lines",
    "graph": "graph",
    "skeleton": "graph",
    "mesh": "mesh",
}


def _arrays(named: Mapping[str, npt.ArrayLike] | None) -> dict[str, npt.NDArray[Any]] | None:
    return None if named is None else {name: np.asarray(values) for name, values in named.items()}


def _groups(groups: Mapping[int, Sequence[int]] | None) -> dict[int, list[int]] | None:
    return None if groups is None else {number: list(ids) for number, ids in groups.items()}


def _with_levels(path: Path, levels: Sequence[tuple[float, float]]) -> Path:
    if levels:
        zv.open(str(path), mode="r+").build_pyramid(factors=list(levels))
    return path


def metadata(path: Path, key: str = "") -> dict[str, Any]:
    """Read the attributes of the store's root, or of the group or array at a key."""
    attributes = json.loads((path / key / "zarr.json").read_text())["attributes"]
    assert isinstance(attributes, dict)
    return attributes


def change(path: Path, key: str, change_it: Callable[[dict[str, Any]], None]) -> None:
    """Change the zarr.json of the root (empty key), or of the group or array at a key."""
    file = path / key / "zarr.json"
    document = json.loads(file.read_text())
    change_it(document)
    file.write_text(json.dumps(document))


def geometry(
    path: Path, *, declared: bool = True, kvstore: Mapping[str, Any] | None = None
) -> Geometry:
    """Describe a store as the formats stage does, from its metadata alone.

    Axes in array order: those of the store reversed, unless they are in it already (t, z, y, x).
    """
    attributes = metadata(path)
    block, multiscale = attributes["zarr_vectors"], attributes["multiscales"][0]
    stored = [a["name"] for a in multiscale["axes"]]
    columns = sorted(range(len(stored)), key=lambda c: "tzyx".index(stored[c]))
    axes = [multiscale["axes"][c] for c in columns]
    found = []
    for dataset in multiscale["datasets"]:
        name = dataset["path"]
        level = metadata(path, name)["zarr_vectors_level"]
        cell = level.get("bin_shape") or block.get("base_bin_shape") or block["chunk_shape"]
        location = GeometryLocation(
            dict(kvstore or {"driver": "file", "path": f"{path}/"}),
            "zvf",
            {
                "level": int(name),
                "kind": block["geometry_types"][0],
                "object_sparsity": level["object_sparsity"],
            },
            "zarr.json",
        )
        found.append(
            GeometryLevel(
                name,
                level["vertex_count"],
                _matrix(dataset["coordinateTransformations"], columns) if declared else None,
                location,
                cell=np.array(cell, np.float64)[columns],
            )
        )
    return Geometry(
        name=path.name,
        path="",
        format="zvf",
        kind=KINDS[block["geometry_types"][0]],
        stored_kind=block["geometry_types"][0],
        axes=tuple(Axis(a["name"], a["type"], a.get("unit")) for a in axes),
        columns=tuple(columns),
        levels=tuple(found),
        bounds=np.array(block["bounds"], np.float64)[:, columns],
    )


def _matrix(transforms: Sequence[Mapping[str, Any]], columns: Sequence[int]) -> npt.NDArray[Any]:
    n = len(columns)
    matrix = np.eye(n + 1)
    for transform in transforms:
        step = np.eye(n + 1)
        if transform["type"] == "scale":
            step[range(n), range(n)] = np.array(transform["scale"])[list(columns)]
        else:
            step[:n, n] = np.array(transform["translation"])[list(columns)]
        matrix = step @ matrix
    return matrix
