"""Known vertices come back at their known places, from stores zarr-vectors wrote."""

from pathlib import Path

import numpy as np
import pytest
from tests.geometries import stores

from napari_strata.geometries import read
from napari_strata.geometry import Geometry, Vertices


def zyx(stored: np.ndarray) -> list[list[float]]:
    """Columns x, y, z turned into z, y, x."""
    return np.asarray(stored)[..., ::-1].tolist()


def by_place(vertices: np.ndarray) -> list[list[float]]:
    return sorted(vertices.tolist())


def lines_of(found: Vertices) -> list[list[list[float]]]:
    assert found.parts is not None
    return [found.vertices[a:b].tolist() for a, b in zip(found.parts, found.parts[1:])]  # noqa: B905


def everything(geometry: Geometry, level: int = 0) -> Vertices:
    return read(geometry, level, "world")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_points(tmp_path: Path, dtype: str):
    path = stores.points(
        tmp_path / "s",
        attributes={"order": np.arange(6), "rgb": np.arange(18.0).reshape(6, 3)},
        dtype=dtype,
    )
    found = everything(stores.geometry(path))
    order = found.vertex_attributes["order"]
    assert found.vertices.dtype == dtype
    assert found.vertices.tolist() == zyx(stores.POINTS[order])
    assert sorted(order.tolist()) == [0, 1, 2, 3, 4, 5]
    assert found.vertex_attributes["rgb"].tolist() == (order[:, None] * 3 + [0, 1, 2]).tolist()
    assert found.object_ids is None
    assert found.problems == ()


def test_float64_is_exact(tmp_path: Path):
    value = 123.456789012345678
    path = stores.points(tmp_path / "s", np.array([[value, 1 / 3, 2 / 3]]))
    assert everything(stores.geometry(path)).vertices.tolist() == [[2 / 3, 1 / 3, value]]


AXES = [
    (stores.XYZ, [[75.0, 120.0, 315.0]]),
    (stores.ZYX, [[315.0, 120.0, 75.0]]),
    (stores.XY, [[120.0, 315.0]]),
    (
        (("y", "space", "um"), ("x", "space", "um"), ("z", "space", "um")),
        [[75.0, 315.0, 120.0]],
    ),
    (stores.TXYZ, [[315.0, 3.0, 75.0, 120.0]]),
]


@pytest.mark.parametrize(("axes", "expected"), AXES, ids=["xyz", "zyx", "xy", "yxz", "txyz"])
def test_columns_follow_the_axes_by_name(tmp_path: Path, axes, expected):
    point = np.array([[315.0, 120.0, 75.0, 3.0][: len(axes)]])
    path = stores.points(tmp_path / "s", point, axes=axes)
    assert everything(stores.geometry(path)).vertices.tolist() == expected


def test_points_with_objects_and_groups(tmp_path: Path):
    path = stores.points(
        tmp_path / "s",
        attributes={"order": np.arange(6)},
        object_ids=[0, 1, 0, 1, 2, 2],
        object_attributes={"weight": np.array([0.5, 1.5, 2.5])},
        groups={0: [0, 2], 1: [1]},
    )
    found = everything(stores.geometry(path))
    owners = np.array([0, 1, 0, 1, 2, 2])
    assert found.object_ids.tolist() == owners[found.vertex_attributes["order"]].tolist()
    assert found.attribute_ids.tolist() == [0, 1, 2]
    assert found.object_attributes["weight"].tolist() == [0.5, 1.5, 2.5]
    assert found.groups == {"group_0": (0, 2), "group_1": (1,)}
    assert found.problems == ()


def test_points_in_chunks_by_an_attribute(tmp_path: Path):
    path = stores.points_by_attribute(tmp_path / "s", "gene", [7, 9, 7, 9, 7, 9])
    found = everything(stores.geometry(path))
    values = dict(zip(map(tuple, stores.POINTS.tolist()), [7, 9, 7, 9, 7, 9], strict=True))
    places = map(tuple, found.vertices[:, ::-1].tolist())
    assert found.vertex_attributes["gene"].tolist() == [values[place] for place in places]
    assert len(found.vertices) == 6
    near = read(stores.geometry(path), 0, "world", np.array([[0.0] * 3, [60.0] * 3]))
    assert sorted(near.vertex_attributes["gene"].tolist()) == [7, 9]  # of chunk 0.0.0, both bins


@pytest.mark.parametrize("kind", ["polyline", "streamline"])
def test_polylines(tmp_path: Path, kind: str):
    path = stores.polylines(
        tmp_path / "s",
        kind=kind,
        attributes={"x": [part[:, 0] for part in stores.POLYLINES]},
        object_attributes={"length": np.array([1.0, 2.0, 3.0])},
        groups={0: [0, 1]},
    )
    found = everything(stores.geometry(path))
    assert lines_of(found) == [zyx(part) for part in stores.POLYLINES]
    assert found.object_ids.tolist() == [0, 1, 2]
    assert found.vertex_attributes["x"].tolist() == found.vertices[:, 2].tolist()
    assert found.object_attributes["length"].tolist() == [1.0, 2.0, 3.0]
    assert found.groups == {"group_0": (0, 1)}
    assert found.problems == ()


def test_segments(tmp_path: Path):
    path = stores.lines(tmp_path / "s", attributes={"x": stores.SEGMENTS[..., 0]})
    found = everything(stores.geometry(path))
    assert lines_of(found) == zyx(stores.SEGMENTS)
    assert found.vertex_attributes["x"].tolist() == found.vertices[:, 2].tolist()
    assert found.problems == ()


def ends_of(found: Vertices) -> list[tuple[list[float], list[float]]]:
    assert found.edges is not None
    return [(found.vertices[a].tolist(), found.vertices[b].tolist()) for a, b in found.edges]


def test_a_graph(tmp_path: Path):
    path = stores.graph(
        tmp_path / "s",
        attributes={"x": stores.NODES[:, 0]},
        edge_attributes={"length": np.array([1.0, 2.0, 3.0, 4.0])},
    )
    found = everything(stores.geometry(path))
    pairs = {
        length: [zyx(stores.NODES[i]) for i in edge]
        for length, edge in zip([1.0, 2.0, 3.0, 4.0], stores.RING, strict=True)
    }
    lengths = found.edge_attributes["length"].tolist()
    assert sorted(lengths) == [1.0, 2.0, 3.0, 4.0]
    assert [list(ends) for ends in ends_of(found)] == [pairs[length] for length in lengths]
    assert by_place(found.vertices) == by_place(stores.NODES[:, ::-1])
    assert found.vertex_attributes["x"].tolist() == found.vertices[:, 2].tolist()
    assert found.problems == ()


def test_a_skeleton(tmp_path: Path):
    found = everything(stores.geometry(stores.skeleton(tmp_path / "s")))
    expected = [(zyx(stores.NODES[a]), zyx(stores.NODES[b])) for a, b in stores.EDGES]
    assert sorted(ends_of(found)) == sorted(expected)
    assert found.problems == ()


def test_an_unbranched_skeleton_in_one_chunk(tmp_path: Path):
    nodes, edges = stores.NODES[:3], stores.EDGES[:2]
    found = everything(stores.geometry(stores.skeleton(tmp_path / "s", nodes=nodes, edges=edges)))
    expected = [(zyx(nodes[1]), zyx(nodes[0])), (zyx(nodes[2]), zyx(nodes[1]))]
    assert sorted(ends_of(found)) == sorted(expected)


def corners_of(found: Vertices) -> list[list[list[float]]]:
    """Faces by their corners, turned so that the least comes first: the winding is kept."""
    assert found.faces is not None
    faces = found.vertices[found.faces].tolist()
    return sorted(face[(k := face.index(min(face))) :] + face[:k] for face in faces)


def test_a_mesh_keeps_its_winding(tmp_path: Path):
    path = stores.mesh(tmp_path / "s", attributes={"x": stores.CORNERS[:, 0]})
    found = everything(stores.geometry(path))
    expected = Vertices(stores.CORNERS[:, ::-1], faces=stores.FACES)
    assert corners_of(found) == corners_of(expected)
    assert found.vertex_attributes["x"].tolist() == found.vertices[:, 2].tolist()
    assert found.problems == ()


def test_faces_of_four_corners_become_triangles(tmp_path: Path):
    square = np.array([[10.0, 10, 5], [20, 10, 5], [20, 20, 5], [10, 20, 5]])
    found = everything(stores.geometry(stores.mesh(tmp_path / "s", square, [[0, 1, 2, 3]])))
    assert corners_of(found) == corners_of(
        Vertices(square[:, ::-1], faces=np.array([[0, 1, 2], [0, 2, 3]]))
    )
    assert [p.code for p in found.problems] == ["geometry-faces-cut"]


@pytest.mark.parametrize("kind", stores.WRITERS)
def test_the_levels_of_every_kind(tmp_path: Path, kind: str):
    path = stores.WRITERS[kind](tmp_path / "s", levels=[(2.0, 1.0)])
    geometry = stores.geometry(path)
    found = everything(geometry, 1)
    assert len(geometry.levels) == 2
    box = everything(geometry).bounds
    assert len(found.vertices) > 0
    assert (found.vertices >= box[0]).all()
    assert (found.vertices <= box[1]).all()
    assert found.edges is None
    assert found.faces is None
    assert all(p.severity == "info" for p in found.problems)


def test_only_the_declared_reading_is_transformed(tmp_path: Path):
    # Scale 2 and translation 50 a level 1 of the library's: (75, 120, 315) would land at …
    path = stores.points(tmp_path / "s", np.array([[315.0, 120.0, 75.0]]), levels=[(2.0, 1.0)])
    geometry = stores.geometry(path)
    assert read(geometry, 1, "world").vertices.tolist() == [[75.0, 120.0, 315.0]]
    assert read(geometry, 1, "declared").vertices.tolist() == [[200.0, 290.0, 680.0]]


# --- boxes ------------------------------------------------------------------------------------


def test_points_in_a_box(tmp_path: Path):
    path = stores.points(tmp_path / "s", attributes={"order": np.arange(6)})
    box = np.array([[30.0, 20.0, 10.0], [32.5, 100.0, 110.0]])
    found = read(stores.geometry(path), 0, "world", box)
    assert by_place(found.vertices) == [[30, 20, 10], [30, 20, 110], [32.5, 22.5, 12.5]]
    assert sorted(found.vertex_attributes["order"].tolist()) == [1, 2, 4]


def test_a_box_is_in_world_under_a_transform(tmp_path: Path):
    path = stores.points(
        tmp_path / "s", np.array([[315.0, 120, 75], [10, 20, 30]]), levels=[(2, 1)]
    )
    box = np.array([[200.0, 290.0, 680.0]] * 2)
    found = read(stores.geometry(path), 1, "declared", box)
    assert found.vertices.tolist() == [[200.0, 290.0, 680.0]]


def test_a_box_keeps_segments_that_lead_out_of_its_chunk(tmp_path: Path):
    # x 150 to 250 is one segment over a chunk that has none of its ends.
    far = np.array([[50.0, 250, 50], [350.0, 250, 50], [360.0, 250, 50]])
    path = stores.polylines(tmp_path / "s", [*stores.POLYLINES, far])
    box = np.array([[0.0, 200, 0], [100, 300, 60]])
    found = read(stores.geometry(path), 0, "world", box)
    assert lines_of(found) == [
        [[50.0, 250, 50], [50, 250, 150]],
        [[50.0, 250, 50], [50, 250, 350]],
    ]
    assert found.object_ids.tolist() == [2, 3]


@pytest.mark.parametrize("write", [stores.graph, stores.skeleton], ids=["graph", "skeleton"])
def test_a_box_keeps_edges_that_lead_out_of_its_chunk(tmp_path: Path, write):
    found = read(
        stores.geometry(write(tmp_path / "s")), 0, "world", np.array([[0, 0, 120], [20, 20, 140]])
    )
    ends = {frozenset((tuple(a), tuple(b))) for a, b in ends_of(found)}
    node = (10.0, 10.0, 130.0)
    expected = {frozenset((node, (10.0, 10.0, 90.0)))}
    if write is stores.graph:
        expected.add(frozenset((node, (10.0, 10.0, 10.0))))
    assert ends == expected
    assert len(found.vertices) == len(expected) + 1


def test_a_box_keeps_faces_that_lead_out_of_its_chunk(tmp_path: Path):
    found = read(
        stores.geometry(stores.mesh(tmp_path / "s")),
        0,
        "world",
        np.array([[70, 70, 110], [90, 90, 130]]),
    )
    # the corner at x = 120 is in all faces but the second last, [0, 3, 2]
    faces = stores.FACES[[0, 1, 3]]
    assert corners_of(found) == corners_of(Vertices(stores.CORNERS[:, ::-1], faces=faces))


BOXES = [([0, 0, 0], [60, 60, 60]), ([9, 9, 89], [300, 300, 131]), ([350] * 3, [360] * 3)]


@pytest.mark.parametrize("kind", stores.WRITERS)
def test_a_box_reads_the_same_as_cropping_the_whole(tmp_path: Path, kind: str):
    from napari_strata.geometries.crop import crop

    geometry = stores.geometry(stores.WRITERS[kind](tmp_path / "s"))
    whole = everything(geometry)
    for low, high in BOXES:
        box = np.array([low, high], dtype=float)
        found, expected = read(geometry, 0, "world", box), crop(whole, geometry.kind, box)
        assert by_place(found.vertices) == by_place(expected.vertices)
        for name in ("edges", "faces", "parts"):
            ours, theirs = getattr(found, name), getattr(expected, name)
            assert (ours is None) == (theirs is None)
            assert ours is None or len(ours) == len(theirs)


def test_a_box_reads_no_chunk_that_cannot_matter(tmp_path: Path):
    path = stores.points(tmp_path / "s")
    for chunk in ("2/1/3", "3/3/3"):
        (path / "0/vertices/c" / chunk).unlink()
    found = read(stores.geometry(path), 0, "world", np.array([[0.0] * 3, [60.0] * 3]))
    assert len(found.vertices) == 2
    assert found.problems == ()
