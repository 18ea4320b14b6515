"""Meshes that are opened again from a layer's record: at the place where they were first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from napari.layers import Layer

import napari_strata as strata
from geometries import mesh_files
from napari_strata.dataset import Choices, Dataset
from napari_strata.layers.build import build
from napari_strata.layers.geometry import view as geometry_view
from napari_strata.layers.geometry.address import Address
from napari_strata.layers.geometry.build import geometry_layers

#: x' = 200 - y, y' = x, z' = z.
TURNED = [0, -1, 0, 200, 1, 0, 0, 0, 0, 0, 1, 0]
EVERYTHING = [[-1e4] * 3, [1e4] * 3]


def write_volume(folder: Path, resolution: list[int], **more: Any) -> Path:
    """The metadata of a segmentation of 20 x 20 x 20 voxels."""
    folder.mkdir(parents=True, exist_ok=True)
    scale = {
        "key": "full",
        "resolution": resolution,
        "size": [20, 20, 20],
        "chunk_sizes": [[20, 20, 20]],
        "encoding": "raw",
        "voxel_offset": [0, 0, 0],
    }
    volume = {"type": "segmentation", "data_type": "uint32", "num_channels": 1, "scales": [scale]}
    (folder / "info").write_text(json.dumps({**volume, **more}))
    return folder


def write_prefix(folder: Path) -> Path:
    """A COSEM prefix: a segmentation with voxels of 4, 8, 16 nm, and meshes named after it."""
    (folder / f"{folder.name}.n5/em").mkdir(parents=True)
    write_volume(folder / "neuroglancer/em/er_seg.precomputed", [4, 8, 16])
    fragment = mesh_files.legacy_fragment(*mesh_files.cube((0, 0, 0), (80, 160, 320)))
    mesh_files.write_legacy(
        folder / "neuroglancer/mesh/er_seg",
        7,
        {"7:0:a": fragment},
        info={"@type": "neuroglancer_legacy_mesh"},
    )
    return folder


def write_levels(volume: Path, transform: list[int]) -> Path:
    """Meshes of two levels beside a segmentation: a cube of 100 nm, at level 1 one of 200 nm."""
    write_volume(volume, [4, 8, 16], mesh="mesh")
    cube = mesh_files.draco(*mesh_files.cube((0, 0, 0), (1023, 1023, 1023)))
    lods = [[((0, 0, 0), cube)], [((0, 0, 0), cube)]]
    index = mesh_files.manifest((100, 100, 100), (0, 0, 0), [(0, 0, 0)] * 2, lods)
    info = mesh_files.multiscale_info(transform=transform)
    mesh_files.write_multiscale(volume / "mesh", 7, index, lods, info)
    return volume


def layer_of(opened: Dataset, segment: int = 7) -> Any:
    (geometry,) = opened.geometries
    ((data, arguments, kind),) = geometry_layers(opened.path, geometry.segment(segment), [])
    return Layer.create(data, arguments, kind)


def extent(layer: Any) -> list[list[float]]:
    return [list(corner) for corner in np.round(layer.extent.data, 6).tolist()]


def test_a_mesh_of_a_prefix_is_cropped_where_it_is(tmp_path: Path):
    """The mesh goes from 0 to 320, 160, 80 and is moved by half a voxel: 8, 4, 2."""
    prefix = write_prefix(tmp_path / "jrc_x")
    layer = layer_of(strata.open(prefix))
    place = [[-8, -4, -2], [312, 156, 78]]
    assert extent(layer) == place
    geometry_view.show(layer, box=EVERYTHING)
    assert extent(layer) == place
    note = layer.metadata["strata"]
    assert note["dataset"] == str(prefix)
    assert note["geometry"] == "neuroglancer/mesh/er_seg/7"
    assert note["path"] == str(prefix / "neuroglancer/mesh/er_seg")
    assert note["choices"] == {}


def test_a_folder_that_waits_is_opened_as_the_dataset_was(tmp_path: Path):
    prefix = write_prefix(tmp_path / "jrc_x")
    (waiting,) = build(strata.open(prefix)).mesh_folders
    assert waiting.address == Address(str(prefix), "neuroglancer/mesh/er_seg")
    assert extent(layer_of(waiting.address.open()))[0] == [-8, -4, -2]


#: Of level 0 and level 1.
PLACES: dict[str, tuple[Literal["center", "corner"], list[int], list[list[list[float]]]]] = {
    "centre": (
        "center",
        mesh_files.IDENTITY,
        [[[-8, -4, -2], [92, 96, 98]], [[-8, -4, -2], [192, 196, 198]]],
    ),
    "corner": (
        "corner",
        mesh_files.IDENTITY,
        [[[0, 0, 0], [100, 100, 100]], [[0, 0, 0], [200, 200, 200]]],
    ),
    "centre, turned": (
        "center",
        TURNED,
        [[[-8, -4, 98], [92, 96, 198]], [[-8, -4, -2], [192, 196, 198]]],
    ),
    "corner, turned": (
        "corner",
        TURNED,
        [[[0, 0, 100], [100, 100, 200]], [[0, 0, 0], [200, 200, 200]]],
    ),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("below", ["", "mesh"], ids=["volume", "folder"])
def test_another_level_is_where_the_first_was(tmp_path: Path, name: str, below: str):
    origin, transform, places = PLACES[name]
    volume = write_levels(tmp_path / "vol", transform)
    layer = layer_of(strata.open(volume / below, origin=origin))
    assert extent(layer) == places[0]
    geometry_view.show(layer, level=1)
    assert extent(layer) == places[1]
    geometry_view.show(layer, level=0)
    assert extent(layer) == places[0]
    assert layer.metadata["strata"]["choices"].get("origin", "center") == origin


@pytest.mark.parametrize("transform", [mesh_files.IDENTITY, TURNED], ids=["plain", "turned"])
def test_a_mesh_that_lies_elsewhere_by_now_is_refused(tmp_path: Path, transform: list[int]):
    volume = write_levels(tmp_path / "vol", transform)
    layer = layer_of(strata.open(volume))
    before = extent(layer)
    write_volume(volume, [8, 8, 16], mesh="mesh")
    with pytest.raises(ValueError, match="has other levels than when the layer was opened"):
        geometry_view.show(layer, level=1)
    assert extent(layer) == before


def test_the_record_has_the_whole_declared_transform(tmp_path: Path):
    layer = layer_of(strata.open(write_levels(tmp_path / "vol", TURNED)))
    for level in layer.metadata["strata"]["levels"]:
        assert level["declared_scale"] is None
        assert level["declared"] == [[1, 0, 0, -8], [0, 0, 1, -4], [0, -1, 0, 198], [0, 0, 0, 1]]


def test_a_geometry_is_found_by_its_path(tmp_path: Path):
    """Two folders of meshes have one name."""
    for number, parent in enumerate(("a", "b")):
        corner = 1000.0 * number
        cube = mesh_files.cube((corner,) * 3, (corner + 80,) * 3)
        volume = write_volume(tmp_path / f"all/{parent}", [4, 8, 16], mesh="mesh")
        fragment = mesh_files.legacy_fragment(*cube)
        mesh_files.write_legacy(volume / "mesh", 7, {"7:0:a": fragment})
    opened = strata.open(tmp_path / "all")
    assert [g.path for g in opened.geometries] == ["a/mesh", "b/mesh"]
    second = opened.geometries[1].segment(7)
    ((data, arguments, kind),) = geometry_layers(opened.path, second, [])
    layer = Layer.create(data, arguments, kind)
    geometry_view.show(layer, box=EVERYTHING)
    assert extent(layer) == [[992, 996, 998], [1072, 1076, 1078]]


def test_how_it_was_opened_is_all_kept(tmp_path: Path):
    prefix = write_prefix(tmp_path / "jrc_x")
    how = {"origin": "corner", "profile": "lab"}
    layer = layer_of(strata.open(prefix, origin="corner", profile="lab"))
    assert layer.metadata["strata"]["choices"] == how
    address = Address.recorded(layer.metadata["strata"])
    assert address.choices == Choices(origin="corner", profile="lab")
    assert address.open().choices == address.choices
