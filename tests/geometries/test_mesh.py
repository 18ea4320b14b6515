"""Vertices of precomputed meshes, from files written byte by byte; places by hand."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata
from geometries.mesh_files import (
    TRIANGLES,
    cube,
    draco,
    legacy_fragment,
    manifest,
    multiscale_info,
    write_legacy,
    write_multiscale,
)
from napari_strata import geometries
from napari_strata.geometries import mesh_bytes
from napari_strata.geometry import Geometry, Vertices

LEGACY = {"@type": "neuroglancer_legacy_mesh"}
POINTS = [(1.5, 2, 3), (11.5, 2, 3), (1.5, 22, 3), (1.5, 2, 33)]
PIECE = legacy_fragment(POINTS, TRIANGLES)


def opened(folder: Path, segment: int = 7) -> Geometry:
    (geometry,) = strata.open(folder, origin="corner").geometries
    return geometries.segment(geometry.model, segment)


def read(geometry: Geometry, level: int = 0, box: Any = None) -> Vertices:
    box = None if box is None else np.array(box, dtype=float)
    return geometries.read(geometry, level, "declared", box)


def refusal(folder: Path, segment: Any = 7) -> strata.OpenError:
    with pytest.raises(strata.OpenError) as caught:
        read(opened(folder, segment))
    assert "\n" not in str(caught.value)
    return caught.value


# ------------------------------------------------------------------------- one resolution


def test_fragments_are_put_together_z_first(tmp_path: Path):
    other = legacy_fragment([(100, 0, 0), (101, 0, 0), (100, 1, 0)], [(2, 1, 0)])
    folder = write_legacy(tmp_path / "mesh", 7, {"7:0:a": PIECE, "7:0:b": other}, info=LEGACY)
    geometry = opened(folder)
    assert (geometry.name, geometry.path, geometry.segment) == ("mesh 7", "7", 7)
    assert [level.path for level in geometry.levels] == ["7"]
    found = read(geometry)
    assert found.vertices.dtype == np.float64
    assert found.vertices.tolist() == [
        [3, 2, 1.5], [3, 2, 11.5], [3, 22, 1.5], [33, 2, 1.5],
        [0, 0, 100], [0, 0, 101], [0, 1, 100],
    ]  # fmt: skip
    assert found.faces is not None
    assert found.faces.tolist() == [*map(list, TRIANGLES), [6, 5, 4]]
    assert found.problems == ()


@pytest.mark.parametrize("packed", [("7:0:a",), ("7:0:a", "7:0")], ids=["fragment", "all"])
def test_files_packed_as_cloud_volume_does(tmp_path: Path, packed: tuple[str, ...]):
    folder = write_legacy(tmp_path / "mesh", 7, {"7:0:a": PIECE}, info=LEGACY)
    for name in packed:
        data = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / f"{name}.gz").write_bytes(gzip.compress(data))
    (geometry,) = strata.open(folder).geometries
    assert geometry.segments == (7,)
    assert len(read(opened(folder)).vertices) == 4


def test_a_packed_fragment_that_is_cut_off(tmp_path: Path):
    folder = write_legacy(tmp_path / "mesh", 7, {"a": PIECE}, info=LEGACY)
    (folder / "a").unlink()
    (folder / "a.gz").write_bytes(gzip.compress(PIECE)[:-12])
    error = refusal(folder)
    assert (error.problem.code, error.problem.where) == ("truncated", "a.gz")


FACE_OUT_OF_RANGE = legacy_fragment(POINTS, [(0, 1, 4)])
DAMAGED = {
    "empty": (b"", "bad-fragment", "0 bytes"),
    "cut off in the vertices": (PIECE[:40], "bad-fragment", "40 bytes, expected 52"),
    "cut off in the faces": (PIECE[:-1], "bad-fragment", "99 bytes, expected 52"),
    "a lying count": (b"\xff\xff\xff\xff" + PIECE[4:], "bad-fragment", "4294967295 vertices"),
    "no such vertex": (FACE_OUT_OF_RANGE, "bad-fragment", "a face of vertex 4, but only 4"),
    "no number": (
        legacy_fragment([(0, 0, float("nan"))] * 3, [(0, 1, 2)]), "bad-fragment", "no finite",
    ),
    "missing": (None, "missing-fragment", "no such file"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "code", "text"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_fragment_costs_only_itself(
    tmp_path: Path, data: bytes | None, code: str, text: str
):
    folder = write_legacy(tmp_path / "mesh", 7, {"bad": data or b"", "good": PIECE}, info=LEGACY)
    if data is None:
        (folder / "bad").unlink()
    found = read(opened(folder))
    assert len(found.vertices) == 4
    assert [(p.code, p.severity, p.where) for p in found.problems] == [(code, "error", "bad")]
    assert text in found.problems[0].message
    (folder / "good").unlink()
    error = refusal(folder)
    assert [p.code for p in error.problems] == [code, "missing-fragment"]


def test_many_missing_fragments_are_told_of_together(tmp_path: Path):
    names = {f"f{i}": b"" for i in range(50)}
    folder = write_legacy(tmp_path / "mesh", 7, {**names, "good": PIECE}, info=LEGACY)
    found = read(opened(folder))
    assert len(found.problems) == 21
    assert "and 30 more" in found.problems[-1].message


MANIFESTS = {
    "no JSON": ("{", "bad-manifest", "7:0: is no JSON"),
    "deep": ("[" * 100_000, "bad-manifest", "7:0: is no JSON"),
    "a list": ("[]", "bad-manifest", "7:0: fragments: found null"),
    "no fragments": ("{}", "bad-manifest", "7:0: fragments: found null"),
    "none": ('{"fragments": []}', "bad-manifest", "7:0: fragments: found []"),
    "a number": ('{"fragments": ["a", 3]}', "bad-path", "7:0: fragments: found 3"),
    "path leads up": ('{"fragments": ["../b"]}', "bad-path", '7:0: fragments: found "../b"'),
    "absolute": ('{"fragments": ["/etc/passwd"]}', "bad-path", "7:0: fragments: found"),
}


@pytest.mark.parametrize(("content", "code", "text"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_damaged_manifest(tmp_path: Path, content: str, code: str, text: str):
    folder = write_legacy(tmp_path / "mesh", 7, {"a": PIECE}, info=LEGACY)
    (folder / "7:0").write_text(content)
    error = refusal(folder)
    assert error.problem.code == code
    assert text in str(error)


@pytest.mark.parametrize("segment", [8, -1, 2**64, True, "7", 7.0, None])
def test_there_is_no_such_segment(tmp_path: Path, segment: Any):
    folder = write_legacy(tmp_path / "mesh", 7, {"a": PIECE}, info=LEGACY)
    assert refusal(folder, segment).problem.code == "no-segment"


def test_a_segment_has_no_segments(tmp_path: Path):
    geometry = opened(write_legacy(tmp_path / "mesh", 7, {"a": PIECE}, info=LEGACY))
    with pytest.raises(strata.OpenError, match="no segments to choose from"):
        geometries.segment(geometry, 7)


def test_a_box_keeps_the_faces_with_a_corner_in_it(tmp_path: Path):
    folder = write_legacy(tmp_path / "mesh", 7, {"a": PIECE}, info=LEGACY)
    found = read(opened(folder), box=[[30, 0, 0], [40, 5, 5]])  # only the last corner
    assert found.faces is not None
    assert len(found.faces) == 3
    corners = found.vertices[found.faces]
    assert (corners[:, :, 0].max(axis=1) == 33).all()
    empty = read(opened(folder), box=[[300, 0, 0], [400, 5, 5]])
    assert (len(empty.vertices), np.size(empty.faces)) == (0, 0)


# ------------------------------------------------------------------------ many resolutions

# Corner positions are in 1023rds of a node: 341 is a third.
NODE_A = draco([(0, 0, 0), (1023, 0, 0), (0, 341, 0), (0, 0, 1023)], TRIANGLES)
NODE_B = draco([(1023, 682, 0), (0, 0, 0), (341, 0, 0)], [(0, 1, 2)])
COARSE = draco([(0, 0, 0), (1023, 1023, 1023), (341, 682, 0)], [(0, 1, 2)])
LODS = (
    (((0, 0, 0), NODE_A), ((1, 0, 0), b""), ((2, 1, 3), NODE_B)),
    (((0, 0, 0), b""), ((1, 0, 1), COARSE)),
)
# The nodes are 3 × 6 × 9; (0, 0, 0) begins at (100, 200, 300); 0.5, 0, 0 is added to level 1.
INDEX = manifest((3, 6, 9), (100, 200, 300), [(0, 0, 0), (0.5, 0, 0)], LODS)
# x, y, z: 100 + 3·(p + u), 200 + 6·(q + v), 300 + 9·(r + w)
FINE_XYZ = [
    (100, 200, 300), (103, 200, 300), (100, 202, 300), (100, 200, 309),
    (109, 210, 327), (106, 206, 327), (107, 206, 327),
]  # fmt: skip
# Nodes of level 1 are twice as large: (1, 0, 1) begins at 106.5, 200, 318.
COARSE_XYZ = [(106.5, 200, 318), (112.5, 212, 336), (108.5, 208, 318)]


def test_the_octree_by_hand(tmp_path: Path):
    geometry = opened(write_multiscale(tmp_path / "mesh", 7, INDEX, LODS))
    assert [level.path for level in geometry.levels] == ["7/0", "7/1"]
    assert [level.vertex_count for level in geometry.levels] == [None, None]
    fine, coarse = read(geometry), read(geometry, 1)
    np.testing.assert_allclose(fine.vertices, np.array(FINE_XYZ)[:, ::-1], rtol=1e-12)
    np.testing.assert_allclose(coarse.vertices, np.array(COARSE_XYZ)[:, ::-1], rtol=1e-12)
    assert fine.faces is not None
    assert coarse.faces is not None
    assert fine.faces.tolist() == [*map(list, TRIANGLES), [4, 5, 6]]
    assert coarse.faces.tolist() == [[0, 1, 2]]
    # nodes (0, 0, 0) and (2, 1, 3)
    np.testing.assert_allclose(geometry.bounds, [[300, 200, 100], [336, 212, 109]])


def test_sixteen_bits(tmp_path: Path):
    node = draco([(0, 0, 0), (65535, 0, 0), (0, 65535, 13107)], [(0, 1, 2)])  # a fifth
    lods = [[((1, 0, 0), node)]]
    index = manifest((10, 10, 10), (0, 0, 0), [(0, 0, 0)], lods)
    info = multiscale_info(vertex_quantization_bits=16)
    found = read(opened(write_multiscale(tmp_path / "mesh", 7, index, lods, info)))
    np.testing.assert_allclose(found.vertices, [[0, 0, 10], [0, 0, 20], [2, 10, 10]])


def test_the_transform_turns_and_moves(tmp_path: Path):
    # X = 2 y + 5, Y = −3 x, Z = 4 z + 1
    info = multiscale_info(transform=[0, 2, 0, 5, -3, 0, 0, 0, 0, 0, 4, 1])
    geometry = opened(write_multiscale(tmp_path / "mesh", 7, INDEX, LODS, info))
    expected = [(4 * z + 1, -3 * x, 2 * y + 5) for x, y, z in COARSE_XYZ]
    np.testing.assert_allclose(read(geometry, 1).vertices, expected)
    # z: 4·300 + 1, 4·336 + 1; y: −3·109, −3·100; x: 2·200 + 5, 2·212 + 5
    np.testing.assert_allclose(geometry.bounds, [[1201, -327, 405], [1345, -300, 429]])
    level = geometry.levels[1]
    assert level.declared is not None
    np.testing.assert_allclose(level.declared @ [1, 2, 3, 1], [5, -9, 9, 1])
    assert [part.where for part in level.origin] == ["default", "info: transform"]
    # only the node whose corner it is
    found = read(geometry, 0, [[1300, -400, 400], [1400, -320, 500]])
    np.testing.assert_allclose(
        found.vertices, [(4 * z + 1, -3 * x, 2 * y + 5) for x, y, z in FINE_XYZ[4:]]
    )


def test_only_nodes_near_the_box_are_read(tmp_path: Path):
    folder = write_multiscale(tmp_path / "mesh", 7, INDEX, LODS)
    geometry = opened(folder)
    data = (folder / "7").read_bytes()
    damaged = b"\0" * len(NODE_A) + data[len(NODE_A) :]
    (folder / "7").write_bytes(damaged)
    found = read(geometry, 0, [[327, 206, 105], [336, 212, 109]])
    assert (len(found.vertices), found.problems) == (3, ())
    whole = read(geometry)
    assert [p.code for p in whole.problems] == ["bad-fragment"]
    assert len(whole.vertices) == 3


def test_a_level_without_fragments_is_no_level(tmp_path: Path):
    lods = [LODS[0], [], LODS[1]]
    index = manifest((3, 6, 9), (0, 0, 0), [(0, 0, 0)] * 3, lods, [1, 0, 4])
    geometry = opened(write_multiscale(tmp_path / "mesh", 7, index, lods))
    assert [level.path for level in geometry.levels] == ["7/0", "7/2"]
    # nodes four times as large: (1, 0, 1) begins at 12, 0, 36
    assert read(geometry, 1).vertices[0].tolist() == [36, 0, 12]


def changed(at: int, kind: str, value: float) -> bytes:
    data = bytearray(INDEX)
    data[at : at + 4] = np.array(value, kind).tobytes()
    return bytes(data)


BROKEN = {
    "empty": (b"", "found 0 bytes"),
    "cut off in the head": (INDEX[:27], "found 27 bytes, expected at least 28"),
    "cut off in the levels": (INDEX[:60], "found 60 bytes, expected at least 68"),
    "cut off in the table": (INDEX[:-4], "found 144 bytes, expected 148"),
    "too long": (INDEX + b"1234", "found 152 bytes, expected 148"),
    "no levels": (changed(24, "<u4", 0), "found 0 levels of detail"),
    "a lying number of levels": (changed(24, "<u4", 2**32 - 1), "4294967295 levels"),
    "a lying number of fragments": (changed(60, "<u4", 2**32 - 1), "found 148 bytes, expected"),
    "a size of zero": (changed(0, "<f4", 0), "chunk_shape [0.0, 6.0, 9.0]"),
    "a negative size": (changed(8, "<f4", -1), "chunk_shape [3.0, 6.0, -1.0]"),
    "an infinite origin": (changed(12, "<f4", np.inf), "grid_origin [Infinity"),
    "an offset that is no number": (changed(36, "<f4", np.nan), "vertex_offsets"),
    "only empty fragments": (
        manifest((1, 1, 1), (0, 0, 0), [(0, 0, 0)], [[((0, 0, 0), b"")]]), "nothing to show",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("index", "text"), BROKEN.values(), ids=BROKEN)
def test_a_broken_manifest(tmp_path: Path, index: bytes, text: str):
    error = refusal(write_multiscale(tmp_path / "mesh", 7, index, LODS))
    assert error.problem.code == "bad-manifest"
    assert str(error).startswith("7.index: the manifest of segment 7")
    assert text.replace("Infinity", "inf") in str(error)


def test_there_is_no_such_manifest(tmp_path: Path):
    error = refusal(write_multiscale(tmp_path / "mesh", 7, INDEX, LODS), 8)
    assert (error.problem.code, error.problem.where) == ("no-segment", "8.index")


def test_there_is_no_data_file(tmp_path: Path):
    folder = write_multiscale(tmp_path / "mesh", 7, INDEX, LODS)
    (folder / "7").unlink()
    error = refusal(folder)
    assert (error.problem.code, error.problem.where) == ("missing-fragment", "7")


def test_the_data_file_is_cut_off(tmp_path: Path):
    folder = write_multiscale(tmp_path / "mesh", 7, INDEX, LODS)
    data = (folder / "7").read_bytes()
    (folder / "7").write_bytes(data[: len(NODE_A) + 5])
    geometry = opened(folder)
    found = read(geometry)
    assert len(found.vertices) == 4
    assert [(p.code, p.where) for p in found.problems] == [("truncated", "7")]
    with pytest.raises(strata.OpenError, match="found its end"):
        read(geometry, 1)


FLOATS = np.array([(0.5, 0, 0), (1023, 0, 0), (0, 1023, 0)], np.float32)
FRAGMENTS = {
    "no Draco": (b"DRACO" + b"\0" * 100, "is no sound Draco mesh"),
    "cut off": (NODE_A[:-7], "is no sound Draco mesh"),
    "too large for its bits": (
        draco([(1024, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 2)]), "found positions from 0 to 1024",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fragment", "text"), FRAGMENTS.values(), ids=FRAGMENTS)
def test_a_damaged_draco_fragment(tmp_path: Path, fragment: bytes, text: str):
    lods = [[((0, 0, 0), fragment), ((1, 0, 0), NODE_B)]]
    index = manifest((3, 6, 9), (0, 0, 0), [(0, 0, 0)], lods)
    found = read(opened(write_multiscale(tmp_path / "mesh", 7, index, lods)))
    assert len(found.vertices) == 3
    (told,) = found.problems
    assert (told.code, told.where) == ("bad-fragment", "7")
    assert text in told.message


def test_dracos_own_quantization_is_refused(tmp_path: Path):
    import DracoPy

    node = DracoPy.encode(FLOATS, np.array([(0, 1, 2)], np.uint32), quantization_bits=14)
    lods = [[((0, 0, 0), node)]]
    index = manifest((3, 6, 9), (0, 0, 0), [(0, 0, 0)], lods)
    error = refusal(write_multiscale(tmp_path / "mesh", 7, index, lods))
    assert "no whole numbers" in str(error)


def test_without_the_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    geometry = opened(write_multiscale(tmp_path / "mesh", 7, INDEX, LODS))
    monkeypatch.setitem(sys.modules, "DracoPy", None)
    with pytest.raises(strata.OpenError, match=r'pip install "napari-strata\[draco\]"') as caught:
        read(geometry)
    assert caught.value.problem.code == "no-draco"


def test_a_cube_has_its_corners():
    corners, faces = cube((0, 0, 0), (1, 2, 3))
    assert np.max(corners, axis=0).tolist() == [1, 2, 3]
    edges = [tuple(sorted((f[i], f[i - 1]))) for f in faces for i in range(3)]
    assert {edges.count(edge) for edge in edges} == {2}  # closed


def test_all_metadata_is_plain_json(tmp_path: Path):
    geometry = opened(write_multiscale(tmp_path / "mesh", 7, INDEX, LODS))
    json.dumps([dict(level.location.metadata) for level in geometry.levels], allow_nan=False)


ENDLESS = {
    "all": ([[-np.inf] * 3, [np.inf] * 3], 12),
    "one side": ([[-np.inf] * 3, [np.inf, np.inf, 9.0]], 10),
    "nothing there": ([[-np.inf] * 3, [np.inf, np.inf, -1.0]], 0),
}


@pytest.mark.parametrize(("box", "faces"), ENDLESS.values(), ids=ENDLESS)
def test_a_box_without_end(tmp_path: Path, box: Any, faces: int):
    """Of a cube of 10 nm edges in one node of 10: no limit times 0 is no NaN."""
    lods = [[((0, 0, 0), draco(*cube((0, 0, 0), (1023, 1023, 1023))))]]
    index = manifest([10, 10, 10], [0, 0, 0], [[0, 0, 0]], lods)
    folder = write_multiscale(tmp_path / "mesh", 7, index, lods)
    found = read(opened(folder), 0, box)
    assert found.faces is not None
    assert len(found.faces) == faces


def test_a_box_that_only_touches_a_node_reads_it(tmp_path: Path):
    lods = [[((0, 0, 0), draco(*cube((0, 0, 0), (1023, 1023, 1023))))]]
    index = manifest([10, 10, 10], [0, 0, 0], [[0, 0, 0]], lods)
    folder = write_multiscale(tmp_path / "mesh", 7, index, lods)
    found = read(opened(folder), 0, [[10, 0, 0], [20, 10, 10]])
    assert found.vertices[:, 0].max() == 10
    assert found.faces is not None
    assert len(found.faces) > 0


def bomb(folder: Path, start: bytes, zeros: int) -> Path:
    write_legacy(folder, 7, {"a": b""}, info=LEGACY)
    (folder / "a").unlink()
    (folder / "a.gz").write_bytes(gzip.compress(start + bytes(zeros)))
    return folder


def test_a_packed_fragment_is_unpacked_no_further_than_its_vertices_go(tmp_path: Path):
    # one vertex: 4 bytes, 12, and at most 1000 faces of 12
    error = refusal(bomb(tmp_path / "a", (1).to_bytes(4, "little"), 10**7))
    assert (error.problem.code, error.problem.where) == ("truncated", "a.gz")
    assert "larger than the 12016 bytes" in error.problem.message


def test_what_is_packed_may_not_be_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mesh_bytes, "_MOST_UNPACKED", 5 * 10**6)
    error = refusal(bomb(tmp_path / "a", (10**6).to_bytes(4, "little"), 10**7))
    assert "larger than the 5000000 bytes" in error.problem.message


def test_much_that_is_packed_comes_back_whole():
    data = np.random.default_rng(1).integers(0, 9, 10**7, dtype=np.uint8).tobytes()
    assert mesh_bytes.unpacked(gzip.compress(data, 1)) == data
