"""Precomputed meshes on their segmentation: igneous', and a cube's beside tensorstore's voxels."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore as ts
from checks import inspect_json
from test_http_requests import serving

import napari_strata as strata
from geometries.mesh_files import (
    cube,
    draco,
    legacy_fragment,
    manifest,
    multiscale_info,
    write_legacy,
    write_multiscale,
)

IGNEOUS = Path(__file__).parents[1] / "data/igneous_meshes.zip"
# Voxels 110…129, −12…7, 9…32 and 102…107, 10…17, 5…11 (x, y, z) of 4 × 5 × 6 nm: their outer
# faces, z, y, x in nm, where voxel i lies on [i, i + 1) · size.
BOXES = {
    7: [[54, -60, 440], [198, 40, 520]],
    300: [[30, 50, 408], [72, 90, 432]],
}
HALF = np.array([3, 2.5, 2])
WAYS = {"legacy": 1, "unsharded": 2, "sharded": 2}
"""How igneous stored the meshes, and how many levels the larger one then has."""


@pytest.fixture
def igneous(tmp_path: Path) -> Path:
    with zipfile.ZipFile(IGNEOUS) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def shift(origin: str) -> Any:
    return HALF if origin == "center" else 0


@pytest.mark.parametrize("origin", ["center", "corner"])
@pytest.mark.parametrize("way", WAYS)
def test_meshes_of_igneous(igneous: Path, way: str, origin: Any):
    dataset = strata.open(igneous / way, origin=origin)
    (geometry,) = dataset.geometries
    assert geometry.segments == (None if way == "sharded" else (7, 300))
    for number, box in BOXES.items():
        segment = geometry.segment(number)
        assert len(segment.levels) == (WAYS[way] if number == 7 else 1)
        for level in segment.levels:
            found = level.read()
            assert found.bounds is not None
            assert found.problems == ()
            # positions in a node are rounded to 1 / 65535 of it: nodes are at most 144 nm
            np.testing.assert_allclose(found.bounds, np.array(box) - shift(origin), atol=2e-3)
            assert found.faces is not None
            assert len(found.faces) > 500


# As cloud-volume 12.15.2 reads the same files: vertices, faces, and the sums of x, y, z.
PEER = {
    ("unsharded", 0): (3755, 6459, [1802520.0, -37549.918, 472842.09]),
    ("unsharded", 1): (1639, 3274, [785822.75, -10985.224, 217053.56]),
    ("sharded", 0): (3755, 6459, [1802520.0, -37549.914, 474804.38]),
    ("sharded", 1): (1617, 3230, [780522.1, -10159.689, 202112.9]),
}


@pytest.mark.parametrize(("way", "level"), PEER)
def test_cloud_volume_reads_the_same(igneous: Path, way: str, level: int):
    vertices, faces, sums = PEER[way, level]
    (geometry,) = strata.open(igneous / way, origin="corner").geometries
    found = geometry.segment(7).levels[level].read()
    assert found.faces is not None
    assert (len(found.vertices), len(found.faces)) == (vertices, faces)
    np.testing.assert_allclose(found.vertices.sum(axis=0)[::-1], sums, rtol=1e-6)


def test_in_a_zip():
    (geometry,) = strata.open(f"{IGNEOUS}/legacy", origin="corner").geometries
    assert geometry.segments == (7, 300)
    np.testing.assert_allclose(geometry.segment(7).read().bounds, BOXES[7])
    (sharded,) = strata.open(f"{IGNEOUS}/sharded", origin="corner").geometries
    np.testing.assert_allclose(sharded.segment(300).read().bounds, BOXES[300], atol=2e-3)


# --------------------------------------------------------------------- a cube and its voxels

LABEL = 5
RESOLUTION = (4, 5, 6.5)
OFFSET = (10, -21, 3)
VOXELS = ((2, 9), (3, 8), (4, 7))  # x, y, z: first, and first that is outside
# x: (10 + 2)·4, (10 + 9)·4; y: (−21 + 3)·5, (−21 + 8)·5; z: (3 + 4)·6.5, (3 + 7)·6.5
LOW, HIGH = (48, -90, 45.5), (76, -65, 65)


def write_cube(folder: Path, mesh: str | None = None) -> Path:
    """A segmentation of one cube, written by tensorstore."""
    spec = {
        "driver": "neuroglancer_precomputed",
        "kvstore": {"driver": "file", "path": f"{folder}/"},
        "multiscale_metadata": {"type": "segmentation", "data_type": "uint64", "num_channels": 1},
        "scale_metadata": {
            "size": [16, 16, 16],
            "resolution": RESOLUTION,
            "voxel_offset": OFFSET,
            "chunk_size": [16, 16, 16],
            "encoding": "raw",
        },
    }
    store = ts.open(spec, create=True).result()
    (x0, x1), (y0, y1), (z0, z1) = (
        (a + o, b + o) for (a, b), o in zip(VOXELS, OFFSET, strict=True)
    )
    store[x0:x1, y0:y1, z0:z1, 0] = np.uint64(LABEL)
    if mesh is not None:
        info = json.loads((folder / "info").read_text())
        (folder / "info").write_text(json.dumps({**info, "mesh": mesh}))
    return folder


def write_legacy_cube(folder: Path) -> Path:
    fragment = legacy_fragment(*cube(LOW, HIGH))
    return write_legacy(folder, LABEL, {f"{LABEL}:0:0": fragment})


def write_multiscale_cube(folder: Path) -> Path:
    """Stored in voxels: one node from corner to corner, and the transform to nm."""
    top = 2**16 - 1
    node = draco(*cube((0, 0, 0), (top, top, top)))
    lods = [[((0, 0, 0), node)]] * 2
    size = [b - a for a, b in VOXELS]
    low = [a + o for (a, _), o in zip(VOXELS, OFFSET, strict=True)]
    half = [size, [s / 2 for s in size]]
    # the second level's node is twice as large, so that it is made of half the voxels' size
    index = manifest(half[1], low, [[0] * 3] * 2, [[], lods[1]], [0, 1])
    x, y, z = RESOLUTION
    transform = [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0]
    info = multiscale_info(vertex_quantization_bits=16, transform=transform)
    return write_multiscale(folder, LABEL, index, lods[1:], info)


def faces_of_voxels(image: Any) -> np.ndarray:
    """The outer faces of the labelled voxels, as their image is drawn: z, y, x in nm."""
    level = image.levels[0]
    places = np.argwhere(np.asarray(level.data) == LABEL)
    corners = np.array([places.min(axis=0) - 0.5, places.max(axis=0) + 0.5])
    return np.asarray((np.c_[corners, [1, 1]] @ level.affine.T)[:, :3])


CUBES = {"legacy": write_legacy_cube, "multiscale": write_multiscale_cube}


@pytest.mark.parametrize("origin", ["center", "corner"])
@pytest.mark.parametrize("write", CUBES.values(), ids=CUBES)
def test_a_cube_lies_on_its_voxels(tmp_path: Path, write: Any, origin: Any):
    folder = write_cube(tmp_path / "seg", "mesh")
    write(folder / "mesh")
    dataset = strata.open(folder, origin=origin)
    bounds = dataset.geometries[0].segment(LABEL).read().bounds
    np.testing.assert_allclose(bounds, faces_of_voxels(dataset.images[0]), rtol=1e-12)
    moved = np.array([3.25, 2.5, 2]) if origin == "center" else 0
    np.testing.assert_allclose(bounds, np.array([LOW[::-1], HIGH[::-1]]) - moved, rtol=1e-12)


@pytest.mark.parametrize("origin", ["center", "corner"])
@pytest.mark.parametrize("write", CUBES.values(), ids=CUBES)
def test_a_cube_in_a_dataset_folder(tmp_path: Path, write: Any, origin: Any):
    root = tmp_path / "jrc"
    (root / "jrc.n5/em").mkdir(parents=True)
    write_cube(root / "neuroglancer/em/cell_seg.precomputed")
    write(root / "neuroglancer/mesh/cell_seg")
    dataset = strata.open(root, origin=origin)
    bounds = dataset.geometries[0].segment(LABEL).read().bounds
    np.testing.assert_allclose(bounds, faces_of_voxels(dataset.images[0]), rtol=1e-12)
    # opened by themselves they are listed
    (alone,) = strata.open(root / "neuroglancer/mesh/cell_seg").geometries
    assert alone.segments == (LABEL,)


# -------------------------------------------------------------------------------- on a server


@pytest.mark.parametrize("listing", [False, True])
def test_on_a_server(igneous: Path, listing: bool):
    with serving(igneous, listing=listing) as server:
        for way in WAYS:
            server.forget()
            (geometry,) = strata.open(f"{server.url}/{way}", origin="corner").geometries
            known = listing and way != "sharded"
            assert geometry.segments == ((7, 300) if known else None)
            told = [p.code for p in geometry.problems]
            assert told == ([] if known else ["segments-not-listed"])
            asked = {path for _, path in server.counted() if "/mesh" in path}
            assert asked - {f"/{way}/mesh/"} == {f"/{way}/mesh/info"}
            server.forget()
            if (
                way == "legacy"
            ):  # servers undo the packing, which igneous' files have in their names
                continue
            np.testing.assert_allclose(geometry.segment(7).read().bounds, BOXES[7], atol=2e-3)
            requests = server.counted()
            # manifest and fragments; or the shard's index, the minishard's, and these two
            assert sum(requests.values()) == (2 if way == "unsharded" else 4), requests


def test_a_file_that_is_cut_off_on_a_server(igneous: Path):
    data = igneous / "unsharded/mesh/7"
    data.write_bytes(data.read_bytes()[:9000])
    with serving(igneous, listing=False) as server:
        (geometry,) = strata.open(f"{server.url}/unsharded").geometries
        found = geometry.segment(7).read()
    assert len(found.vertices) > 100
    # the server refuses what lies behind the end altogether
    codes = {p.code for p in found.problems}
    assert "truncated" in codes
    assert codes <= {"truncated", "unreadable"}
    assert {p.where for p in found.problems} == {"mesh/7"}


def test_one_resolution_on_a_server(tmp_path: Path):
    write_legacy_cube(write_cube(tmp_path / "seg", "mesh") / "mesh")
    with serving(tmp_path, listing=False) as server:
        for path in ("seg", "seg/mesh"):
            if path == "seg/mesh":
                info = {"@type": "neuroglancer_legacy_mesh"}
                (tmp_path / "seg/mesh/info").write_text(json.dumps(info))
            server.forget()
            (geometry,) = strata.open(f"{server.url}/{path}").geometries
            opening = server.counted()
            bounds = geometry.segment(LABEL).read().bounds
            expected = np.array([LOW[::-1], HIGH[::-1]]) - [3.25, 2.5, 2]
            np.testing.assert_allclose(bounds, expected)
            reading = server.counted() - opening
            assert sorted(reading) == [
                ("GET", f"/seg/mesh/{LABEL}:0"), ("GET", f"/seg/mesh/{LABEL}:0:0"),
            ]  # fmt: skip
            with pytest.raises(strata.OpenError, match="no mesh of segment 6"):
                geometry.segment(6)


def test_inspect(
    igneous: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    found = inspect_json(igneous / "unsharded", capsys, monkeypatch)
    (geometry,) = found["geometries"]
    assert (geometry["path"], geometry["kind"], geometry["segments"]) == ("mesh", "mesh", 2)
    assert geometry["levels"] == []
    assert [axis["unit"] for axis in geometry["axes"]] == ["nm"] * 3
