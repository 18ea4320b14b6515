"""Damaged stores: each named, the rest in its place, and never a misaligned feature."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.geometries import stores

from napari_strata.geometries import read
from napari_strata.geometry import Vertices
from napari_strata.model import OpenError

Damage = Callable[[Path], None]


def remove(key: str) -> Damage:
    def damage(path: Path) -> None:
        target = path / key
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()

    return damage


def cut(key: str, length: int) -> Damage:
    """Keep the first bytes of a file; the chunks are not compressed, so they still decode."""

    def damage(path: Path) -> None:
        file = path / key
        file.write_bytes(file.read_bytes()[:length])

    return damage


def shortened(key: str, by: int) -> Damage:
    """Cut the one item of an uncompressed chunk of bytes, and its length before it."""

    def damage(path: Path) -> None:
        file = path / key
        data = file.read_bytes()
        size = int.from_bytes(data[4:8], "little")
        file.write_bytes(data[:4] + (size - by).to_bytes(4, "little") + data[8 : 8 + size - by])

    return damage


def attribute(key: str, name: str, value: object) -> Damage:
    def damage(path: Path) -> None:
        stores.change(path, key, lambda document: document["attributes"].update({name: value}))

    return damage


def member(key: str, name: str, value: object) -> Damage:
    def damage(path: Path) -> None:
        stores.change(path, key, lambda document: document.update({name: value}))

    return damage


def rich_points(path: Path) -> Path:
    """Points 0 to 5 with attributes, each equal to the order; chunk 0.0.0 has 1 and 4."""
    return stores.points(
        path,
        attributes={"order": np.arange(6), "weight": np.arange(6.0)},
        object_ids=[0, 0, 1, 1, 2, 2],
        object_attributes={"k": np.array([10.0, 11.0, 12.0])},
        groups={0: [0, 1]},
    )


def rich_polylines(path: Path) -> Path:
    return stores.polylines(path, attributes={"x": [part[:, 0] for part in stores.POLYLINES]})


def rich_graph(path: Path) -> Path:
    return stores.graph(path, edge_attributes={"w": np.arange(4.0)})


def test_the_same_order_means_the_same_vertex(tmp_path: Path):
    found = read(stores.geometry(rich_points(tmp_path / "s")), 0, "world")
    assert aligned(found)
    assert found.problems == ()


def aligned(found: Vertices) -> bool:
    """Tell whether every feature that is there is its vertex's own, by the values written."""
    n = len(found.vertices)
    stored = found.vertices[:, ::-1]
    ok = all(len(values) == n for values in found.vertex_attributes.values())
    if "order" in found.vertex_attributes:
        order = found.vertex_attributes["order"]
        ok &= stored.tolist() == stores.POINTS[order].tolist()
        weight = found.vertex_attributes.get("weight", order)
        ok &= bool((np.isnan(weight) | (weight == order)).all())
        if found.object_ids is not None:
            ok &= found.object_ids.tolist() == (order // 2).tolist()
    if "x" in found.vertex_attributes:
        ok &= found.vertex_attributes["x"].tolist() == stored[:, 0].tolist()
    if "w" in found.edge_attributes and found.edges is not None:
        ends = {(*a, *b): i for i, (a, b) in enumerate(stores.NODES[stores.RING].tolist())}
        for (a, b), w in zip(found.edges, found.edge_attributes["w"], strict=True):
            ok &= ends[(*stored[a], *stored[b])] == w
    if found.object_attributes:
        assert found.attribute_ids is not None
        ok &= all(len(v) == len(found.attribute_ids) for v in found.object_attributes.values())
    return ok


# --- refused ----------------------------------------------------------------------------------

REFUSED = {
    "level": (stores.points, remove("0"), "0"),
    "vertices": (stores.points, remove("0/vertices"), "0/vertices"),
    "every-chunk": (stores.points, remove("0/vertices/c"), "0/vertices"),
    "no-list": (
        stores.points,
        attribute("0/vertices", "nonempty_chunks", []),
        "declares 6 vertices, but none is stored",
    ),
    "draco": (stores.points, attribute("0/vertices", "encoding", "draco"), "'draco'"),
    "dtype": (stores.points, attribute("0/vertices", "dtype", "U3"), "'U3'"),
    "null-dtype": (stores.points, attribute("0/vertices", "dtype", None), "the type None"),
    "no-dtype": (stores.points, attribute("0/vertices", "dtype", 7), "0/vertices"),
    "rank": (
        stores.points,
        attribute("0/vertices", "nonempty_chunks", ["0.0"]),
        "2, 3 dimensions",
    ),
    "json": (stores.points, cut("0/vertices/zarr.json", 40), "0/vertices"),
    "root": (stores.points, cut("zarr.json", 40), "zarr.json"),
    "no-objects": (stores.polylines, remove("0/object_index"), "0/object_index"),
    "no-manifests": (stores.polylines, remove("0/object_index/manifests/c"), "0/object_index"),
    "layout": (stores.polylines, attribute("0/object_index", "layout", "v9"), "'v9'"),
    "many-objects": (
        stores.polylines,
        member("0/object_index/manifests", "shape", [10**12]),
        "0/object_index",
    ),
    "objects-not-stored": (
        stores.polylines,
        member("0/object_index/manifests", "shape", [40_000_000]),
        "0/object_index",
    ),
}


@pytest.mark.parametrize(("write", "damage", "named"), REFUSED.values(), ids=REFUSED)
def test_refused_by_name(tmp_path: Path, write, damage: Damage, named: str):
    path = write(tmp_path / "s")
    geometry = stores.geometry(path)
    damage(path)
    with pytest.raises(OpenError) as error:
        read(geometry, 0, "world")
    assert named in str(error.value)
    assert error.value.problem.severity == "error"


# --- left out ---------------------------------------------------------------------------------

FIRST = "c/0/0/0"
LEFT_OUT = {
    "missing-chunk": (rich_points, remove(f"0/vertices/{FIRST}"), "0/vertices (chunk 0.0.0)", 4),
    "cut-chunk": (rich_points, cut(f"0/vertices/{FIRST}", 20), "0/vertices (chunk 0.0.0)", 4),
    "odd-bytes": (rich_points, shortened(f"0/vertices/{FIRST}", 5), "(chunk 0.0.0)", 4),
    "short-rows": (rich_points, shortened(f"0/vertices/{FIRST}", 24), "vertex_fragments", 4),
    "no-fragments": (rich_points, remove(f"0/vertex_fragments/{FIRST}"), "vertex_fragments", 4),
    "line-chunk": (rich_polylines, remove("0/vertices/c/1/2/0"), "0/vertices (chunk 1.2.0)", 8),
    "node-chunk": (rich_graph, remove("0/vertices/c/1/0/0"), "0/vertices (chunk 1.0.0)", 4),
}


@pytest.mark.parametrize(("write", "damage", "named", "count"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_damaged_chunk_is_left_out_by_name(
    tmp_path: Path, write, damage: Damage, named: str, count: int
):
    path = write(tmp_path / "s")
    geometry = stores.geometry(path)
    damage(path)
    found = read(geometry, 0, "world")
    assert len(found.vertices) == count
    assert aligned(found)
    assert any(named in str(p) for p in found.problems if p.code == "geometry-part-left-out")
    assert "geometry-vertex-count" in {p.code for p in found.problems}


def test_a_line_ends_where_a_piece_of_it_is_missing(tmp_path: Path):
    path = stores.polylines(tmp_path / "s")
    remove("0/vertices/c/1/2/0")(path)
    found = read(stores.geometry(path), 0, "world")
    assert found.parts.tolist() == [0, 3, 5, 6, 8]
    assert found.object_ids.tolist() == [0, 1, 2, 2]


def test_edges_to_missing_vertices_are_left_out(tmp_path: Path):
    path = rich_graph(tmp_path / "s")
    remove("0/vertices/c/1/0/0")(path)
    found = read(stores.geometry(path), 0, "world")
    assert len(found.edges) == 2
    assert sorted(found.edge_attributes["w"].tolist()) == [0.0, 1.0]


def test_edges_that_cannot_be_read_leave_the_others(tmp_path: Path):
    path = rich_graph(tmp_path / "s")
    remove("0/links/0/+1.0.0/c")(path)
    found = read(stores.geometry(path), 0, "world")
    assert len(found.edges) == 2
    assert aligned(found)
    assert any("0/links/0/+1.0.0 (chunk 0.0.0)" in str(p) for p in found.problems)


def test_faces_that_name_vertices_beyond_those_stored(tmp_path: Path):
    square = np.array([[10.0, 10, 5], [20, 10, 5], [20, 20, 5], [10, 20, 5]])
    path = stores.mesh(tmp_path / "s", square, [[0, 1, 2], [0, 2, 3]])
    file = path / "0/links/0/0.0.0_0.0.0/c/0/0/0"
    data = file.read_bytes()
    place = data.rindex((3).to_bytes(8, "little"))
    file.write_bytes(data[:place] + (9).to_bytes(8, "little") + data[place + 8 :])
    found = read(stores.geometry(path), 0, "world")
    assert len(found.faces) == 1
    assert found.faces.max() < 4
    assert [p.code for p in found.problems] == ["geometry-part-left-out"]


COUNTS = {"too-low": 5, "too-high": 7, "huge": 10**12}


@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS)
def test_a_number_of_vertices_that_lies(tmp_path: Path, count: int):
    path = stores.points(tmp_path / "s")
    geometry = stores.geometry(path)
    level = replace(geometry.levels[0], vertex_count=count)
    found = read(replace(geometry, levels=(level,)), 0, "world")
    assert len(found.vertices) == 6
    assert [p.code for p in found.problems] == ["geometry-vertex-count"]
    assert str(count) in found.problems[0].message


# --- attributes -------------------------------------------------------------------------------

ATTRIBUTES = {
    # (damage, the attribute, whether it is left out)
    "missing-floats": (remove(f"0/vertex_attributes/weight/{FIRST}"), "weight", False),
    "missing-integers": (remove(f"0/vertex_attributes/order/{FIRST}"), "order", True),
    "cut": (cut(f"0/vertex_attributes/weight/{FIRST}", 9), "weight", True),
    "short": (shortened(f"0/vertex_attributes/weight/{FIRST}", 8), "weight", True),
    "none": (remove("0/vertex_attributes/weight/c"), "weight", True),
    "metadata": (cut("0/vertex_attributes/weight/zarr.json", 30), "weight", True),
    "dtype": (attribute("0/vertex_attributes/weight", "dtype", "O"), "weight", True),
    "null-dtype": (attribute("0/vertex_attributes/weight", "dtype", None), "weight", True),
    "width": (attribute("0/vertex_attributes/weight", "row_shape", [10**9]), "weight", True),
    "object-rows": (member("0/object_attributes/k", "shape", [2]), "k", True),
    "object-huge": (member("0/object_attributes/k", "shape", [3, 10**12]), "k", True),
}


@pytest.mark.parametrize(("damage", "name", "gone"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes_are_aligned_or_left_out(tmp_path: Path, damage: Damage, name: str, gone: bool):
    path = rich_points(tmp_path / "s")
    damage(path)
    found = read(stores.geometry(path), 0, "world")
    assert len(found.vertices) == 6
    assert aligned(found)
    there = name in found.vertex_attributes or name in found.object_attributes
    assert there is not gone
    (problem,) = (p for p in found.problems if p.code == "geometry-attribute-left-out")
    assert f"{name!r}" in problem.message
    assert name in problem.where
    if not gone:
        order, weight = found.vertex_attributes["order"], found.vertex_attributes["weight"]
        assert sorted(order[np.isnan(weight)].tolist()) == [1, 4]


def test_attributes_of_edges_that_do_not_match_are_left_out(tmp_path: Path):
    path = rich_graph(tmp_path / "s")
    shortened("0/link_attributes/w/0/0.0.0/c/0/0/0", 8)(path)
    found = read(stores.geometry(path), 0, "world")
    assert len(found.edges) == 4
    assert found.edge_attributes == {}
    assert [p.code for p in found.problems] == ["geometry-attribute-left-out"]


OBJECTS = {
    "manifests": remove("0/object_index/manifests/c"),
    "ids": member("0/object_index/object_ids", "shape", [4]),
    "rank": attribute("0/object_index", "sid_ndim", 2),
}


@pytest.mark.parametrize("damage", OBJECTS.values(), ids=OBJECTS)
def test_points_are_shown_without_their_objects(tmp_path: Path, damage: Damage):
    path = rich_points(tmp_path / "s")
    damage(path)
    found = read(stores.geometry(path), 0, "world")
    assert len(found.vertices) == 6
    assert found.object_ids is None
    assert found.object_attributes == {}
    assert "0/object_index" in "".join(p.where for p in found.problems)


HOSTILE = [None, 10**12, "x", ["0.0.0", 7]]


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
@pytest.mark.parametrize("write", [rich_points, rich_polylines, rich_graph])
def test_no_value_in_the_metadata_breaks_anything(tmp_path: Path, write, value: object):
    """Every key of every array and group is replaced in turn: refused by name, or aligned."""
    path = write(tmp_path / "s")
    geometry = stores.geometry(path)
    for file in sorted((path / "0").rglob("zarr.json")):
        text = file.read_text()
        key = str(file.parent.relative_to(path))
        for name in stores.metadata(path, key):
            attribute(key, name, value)(path)
            try:
                found = read(replace(geometry), 0, "world")
            except OpenError as error:
                assert error.problem.where, name  # noqa: PT017
            else:
                assert aligned(found), name
            file.write_text(text)


def test_vertices_of_another_type_than_declared_are_told(tmp_path: Path):
    # Half a float64 is a float32 far from its chunk; the number of vertices still is six.
    path = stores.points(tmp_path / "s")
    attribute("0/vertices", "dtype", "float32")(path)
    found = read(stores.geometry(path), 0, "world")
    assert "geometry-vertex-outside-chunk" in {p.code for p in found.problems}


def test_of_very_many_problems_the_first_are_named(tmp_path: Path):
    points = np.arange(40.0)[:, None] * 10 + [0.0, 0.0, 0.0]
    path = stores.points(tmp_path / "s", points, cell=10.0, bin_=5.0)
    for chunk in range(30):
        remove(f"0/vertices/c/{chunk}/{chunk}/{chunk}")(path)
    found = read(stores.geometry(path), 0, "world")
    told = [p for p in found.problems if p.code == "geometry-part-left-out"]
    assert len(found.vertices) == 10
    assert len(told) == 21
    assert told[-1].message.startswith("10 more problems")
