"""What of points, lines, graphs and meshes a box keeps; all expectations worked out by hand."""

import numpy as np
import pytest

from napari_strata.geometries.crop import crop
from napari_strata.geometry import Vertices

BOX = np.array([[0.0, 0.0], [10.0, 10.0]])


def row(*xs: float) -> np.ndarray:
    """Vertices on a line at y = 5."""
    return np.array([[5.0, x] for x in xs])


def test_points_on_the_faces_of_the_box_are_in_it():
    found = Vertices(row(-0.001, 0, 10, 10.001), vertex_attributes={"a": np.arange(4)})
    kept = crop(found, "points", BOX)
    assert kept.vertices[:, 1].tolist() == [0, 10]
    assert kept.vertex_attributes["a"].tolist() == [1, 2]


def test_points_keep_the_objects_that_are_left():
    found = Vertices(
        row(1, 20, 2),
        object_ids=np.array([7, 8, 9]),
        object_attributes={"k": np.array([70, 80, 90])},
        attribute_ids=np.array([7, 8, 9]),
    )
    kept = crop(found, "points", BOX)
    assert kept.object_ids.tolist() == [7, 9]
    assert kept.attribute_ids.tolist() == [7, 9]
    assert kept.object_attributes["k"].tolist() == [70, 90]


@pytest.mark.parametrize(
    ("xs", "parts", "kept", "kept_parts", "ids"),
    [
        # all of one part inside, none of the other
        ([1, 2, 20, 21], [0, 2, 4], [1, 2], [0, 2], [4]),
        # an end inside keeps the segment's other end
        ([-5, -4, 1, 15, 16], [0, 5], [-4, 1, 15], [0, 3], [4]),
        # leaving and coming back makes two parts of one object
        ([1, 12, 13, 2], [0, 4], [1, 12, 13, 2], [0, 2, 4], [4, 4]),
        # a segment through the box without an end in it is dropped
        ([-5, 15], [0, 2], [], [0], []),
        # single vertices: in, and out
        ([3, 20], [0, 1, 2], [3], [0, 1], [4]),
        # the last of a part and the first of the next are no segment
        ([-5, -4, 1, 2], [0, 2, 4], [1, 2], [0, 2], [5]),
        # a part of no vertex between others
        ([1, 2, 3], [0, 2, 2, 3], [1, 2, 3], [0, 2, 3], [4, 6]),
    ],
    ids=["apart", "end", "back", "through", "single", "border", "empty"],
)
def test_lines(xs, parts, kept, kept_parts, ids):
    found = Vertices(
        row(*xs),
        parts=np.array(parts),
        object_ids=np.arange(4, 4 + len(parts) - 1),
        vertex_attributes={"x": np.array(xs)},
    )
    result = crop(found, "lines", BOX)
    assert result.vertices[:, 1].tolist() == kept
    assert result.vertex_attributes["x"].tolist() == kept
    assert result.parts.tolist() == kept_parts
    assert result.object_ids.tolist() == ids


def test_a_graph_keeps_edges_with_an_end_in_the_box():
    found = Vertices(
        row(-5, 1, 15, 16, 3),
        edges=np.array([[0, 1], [2, 1], [2, 3]]),
        edge_attributes={"w": np.array([10, 21, 23])},
        vertex_attributes={"n": np.arange(5)},
    )
    kept = crop(found, "graph", BOX)
    assert kept.vertices[:, 1].tolist() == [-5, 1, 15, 3]  # the last belongs to no edge
    assert kept.vertex_attributes["n"].tolist() == [0, 1, 2, 4]
    assert kept.edges.tolist() == [[0, 1], [2, 1]]
    assert kept.edge_attributes["w"].tolist() == [10, 21]


def test_a_mesh_keeps_faces_with_a_corner_in_the_box():
    found = Vertices(row(-5, 1, 15, 16, 17), faces=np.array([[2, 3, 4], [2, 1, 0]]))
    kept = crop(found, "mesh", BOX)
    assert kept.vertices[:, 1].tolist() == [-5, 1, 15]
    assert kept.faces.tolist() == [[2, 1, 0]]


@pytest.mark.parametrize("kind", ["graph", "mesh"])
def test_without_edges_or_faces_vertices_are_kept_alone(kind):
    kept = crop(Vertices(row(1, 20)), kind, BOX)
    assert kept.vertices[:, 1].tolist() == [1]
    assert kept.edges is None
    assert kept.faces is None


def test_nothing_in_the_box():
    kept = crop(Vertices(row(20, 21), parts=np.array([0, 2])), "lines", BOX)
    assert kept.vertices.shape == (0, 2)
    assert kept.parts.tolist() == [0]
