"""Precomputed volumes from the file to the layer: by tensorstore, and by hand as others do."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore as ts
from checks import as_json, check_image, check_layer, inspect_json, open_layers, run_cli
from test_http_requests import Server, serving

import napari_strata as strata
from formats.volumes import PYRAMID, Scale, numbered, write_volume
from napari_strata.store.backend import LocalBackend
from napari_strata.store.recognise import recognise

# (i + offset + 1/2) · resolution − resolution_0 / 2 for i = 0, by hand
EXPECTED = {
    "format": "precomputed",
    "kind": "image",
    "axes": ["z", "y", "x"],
    "units": ["nm", "nm", "nm"],
    "clean": True,
    "levels": [
        # z: 3·6.5; y: −21·5; x: 10·4
        {
            "path": "4_5_6.5",
            "scale": [6.5, 5, 4],
            "translate": [19.5, -105, 40],
            "shape": [13, 15, 17],
            "dtype": "uint16",
        },
        # y: −10.5·10 − 2.5; x: 5.5·8 − 2
        {"path": "8_10_6.5", "scale": [6.5, 10, 8], "translate": [19.5, -107.5, 42]},
        # z: 1.5·13 − 3.25; y: −5.5·20 − 2.5; x: 2.5·16 − 2
        {"path": "16_20_13", "scale": [13, 20, 16], "translate": [16.25, -112.5, 38]},
    ],
}


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    return write_volume(tmp_path / "em.precomputed", PYRAMID)


def test_places_and_pixels(volume: Path):
    (image,) = strata.open(volume).images
    for level, scale in zip(image.levels, PYRAMID, strict=True):
        np.testing.assert_array_equal(np.asarray(level.data), numbered(scale))
        for voxel in ((0, 0, 0), (3, 2, 1), tuple(n - 1 for n in scale.shape)):
            place = level.affine @ [*voxel, 1]
            np.testing.assert_allclose(place[:3], scale.centre(voxel, PYRAMID[0]), rtol=1e-12)


@pytest.mark.parametrize("opened", [".", "info", "8_10_6.5"])
def test_inspect(
    volume: Path,
    opened: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    found = inspect_json(volume / opened, capsys, monkeypatch)
    (image,) = found["images"]
    check_image(image, EXPECTED, {})
    assert found["problems"] == []


@pytest.mark.parametrize("opened", [".", "info", "16_20_13"])
def test_the_layer(volume: Path, opened: str):
    (layer,) = open_layers(volume / opened)
    check_layer(layer, EXPECTED)
    assert (type(layer).__name__, layer.name) == ("PlacedImage", "em")


def test_a_folder_of_any_name(volume: Path):
    renamed = volume.rename(volume.with_name("v"))
    (layer,) = open_layers(renamed)
    check_layer(layer, EXPECTED)
    (image,) = strata.open(renamed.parent).images
    assert (image.path, image.levels[0].path) == ("v", "v/4_5_6.5")


def test_each_channel_is_a_layer(tmp_path: Path):
    scales = [Scale((4, 5, 6), (9, 8, 7), (1, 2, 3)), Scale((8, 10, 12), (5, 4, 4))]
    write_volume(tmp_path / "v", scales, channels=3)
    (image,) = strata.open(tmp_path / "v").images
    assert [a.name for a in image.axes] == ["c", "z", "y", "x"]
    layers = open_layers(tmp_path / "v")
    assert len(layers) == 3
    for channel, layer in enumerate(layers):
        np.testing.assert_allclose(layer.scale, [0.006, 0.005, 0.004])
        np.testing.assert_allclose(layer.translate, [0.018, 0.010, 0.004])
        for k, scale in enumerate(scales):
            expected = numbered(scale, 3)[channel]
            np.testing.assert_array_equal(np.asarray(layer.data[k]), expected)


def test_segments_are_labels_with_their_properties(tmp_path: Path):
    folder = tmp_path / "seg.precomputed"
    scales = [
        Scale((4, 4, 40), (17, 15, 13), (100, 50, 2), "compressed_segmentation", sharded=True),
        Scale((8, 8, 40), (9, 8, 13), (50, 25, 2), "compressed_segmentation"),
    ]
    write_volume(folder, scales, kind="segmentation", dtype="uint64")
    names = {
        "@type": "neuroglancer_segment_properties",
        "inline": {
            "ids": ["3"],
            "properties": [{"id": "n", "type": "label", "values": ["axon"]}],
        },
    }
    (folder / "names").mkdir()
    (folder / "names/info").write_text(json.dumps(names))
    content = json.loads((folder / "info").read_text())
    (folder / "info").write_text(
        json.dumps({**content, "segment_properties": "names", "mesh": "mesh"})
    )
    (image,) = strata.open(folder).images
    assert (image.kind, image.problems) == ("labels", ())
    (layer,) = open_layers(folder)
    assert type(layer).__name__ == "PlacedLabels"
    np.testing.assert_allclose(layer.translate, [0.08, 0.2, 0.4])
    assert layer.features.query("index == 3")["label"].tolist() == ["axon"]
    for k, scale in enumerate(scales):
        np.testing.assert_array_equal(np.asarray(layer.data[k]), numbered(scale))


def test_origin_at_the_corner(volume: Path):
    (image,) = strata.open(volume, origin="corner").images
    for level, scale in zip(image.levels, PYRAMID, strict=True):
        corner = (np.array(scale.offset) + 0.5) * scale.resolution
        np.testing.assert_allclose(level.translate, corner[::-1])


# ------------------------------------------------------------------------------------ recognising

FOLDERS: dict[str, tuple[dict[str, str], bool]] = {
    "a.precomputed": ({}, True),
    "a.precomputed/4_4_4": ({}, True),
    "volume": ({"info": '{"scales": [], "data_type": "uint8"}'}, True),
    "mesh": ({"info": '{"@type": "neuroglancer_legacy_mesh"}'}, True),
    "damaged but ours": ({"info": '{"@type": "neuroglancer_multiscale_volume", '}, True),
    "other software": ({"info": '{"scales": [1, 2, 3]}'}, False),
    "text": ({"info": "scales, data_type"}, False),
    "list": ({"info": "[]"}, False),
    "three files": ({"attributes.json": "{}", "zarr.json": "{}", "info": "{}"}, False),
    "jrc": ({"jrc.n5/x": ""}, True),
    "hela": ({"hela.zarr/x": ""}, True),
    "another": ({"hela.zarr/x": ""}, True),  # a folder of containers
    "pictures": ({"hela.tif/x": ""}, False),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_that_are_taken(tmp_path: Path, name: str):
    files, expected = FOLDERS[name]
    folder = tmp_path / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(text)
    assert recognise(str(folder)) is expected
    if "info" in files and len(files) == 1:
        assert recognise(str(folder / "info")) is expected


URLS = {
    "https://h/a.precomputed": True,
    "gs://b/neuroglancer/em/a.precomputed/": True,
    "https://h/a/info": True,
    "precomputed://gs://b/a": True,
    "gs://b/a/|neuroglancer-precomputed:": True,
    "gs://b/a": False,
    "https://h/information": False,
    "https://h/precomputed": False,
}


@pytest.mark.parametrize("url", URLS)
def test_addresses_that_are_taken(url: str):
    assert recognise(url) is URLS[url]


# ------------------------------------------------------------------------------------ remote


@pytest.fixture(params=[True, False], ids=["listing", "no-listing"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, listing=request.param) as running:
        yield running


def test_opening_reads_info_and_nothing_else(server: Server):
    write_volume(server.folder / "em.precomputed", PYRAMID)
    dataset = strata.open(f"precomputed://{server.url}/em.precomputed")
    assert dict(server.counted()) == {("GET", "/em.precomputed/info"): 1}
    check_image(json_of(dataset), EXPECTED, {})
    server.forget()
    found = np.asarray(dataset.images[0].levels[2].data[0])
    np.testing.assert_array_equal(found, numbered(PYRAMID[2])[0])
    assert {path for _, path in server.counted()} == {"/em.precomputed/16_20_13/2-7_-6--2_1-6"}


def test_a_volume_of_any_name_on_a_server(server: Server):
    write_volume(server.folder / "here/v", PYRAMID)
    dataset = strata.open(f"{server.url}/here/v")
    check_image(json_of(dataset), EXPECTED, {})
    counted = server.counted()
    assert counted["GET", "/here/v/info"] == 1
    assert max(counted.values()) == 1
    assert len(counted) <= 12  # by which name it may have metadata, here and above
    level = strata.open(f"{server.url}/here/v/8_10_6.5")
    check_image(json_of(level), EXPECTED, {})


def json_of(dataset: Any) -> dict[str, Any]:
    (image,) = dataset.images
    return as_json(image)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_in_a_zip(volume: Path, tmp_path: Path, packed: bool):
    chunks = list((volume / PYRAMID[1].key).iterdir()) if packed else []
    for file in chunks:
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    archive = shutil.make_archive(str(tmp_path / "em"), "zip", volume)
    (image,) = strata.open(archive).images
    assert image.format == "precomputed"
    for level, scale in zip(image.levels, PYRAMID, strict=True):
        np.testing.assert_array_equal(np.asarray(level.data), numbered(scale))


# ------------------------------------------------------- a dataset as COSEM publishes it


def write_prefix(root: Path) -> Path:
    """The same voxels as N5 with COSEM's transforms and as a precomputed volume."""
    for level, scale in enumerate(PYRAMID):
        described = {
            "axes": ["z", "y", "x"],
            "units": ["nm"] * 3,
            "scale": list(scale.resolution[::-1]),
            "translate": EXPECTED["levels"][level]["translate"],
        }
        folder = root / f"{root.name}.n5/em/fibsem-uint16/s{level}"
        metadata = {
            "dimensions": list(scale.size),
            "blockSize": [8, 8, 8],
            "dataType": "uint16",
            "compression": {"type": "gzip"},
        }
        kvstore = {"driver": "file", "path": f"{folder}/"}
        spec = {"driver": "n5", "kvstore": kvstore, "metadata": metadata}
        ts.open(spec, create=True).result()[...] = numbered(scale).T
        file = folder / "attributes.json"
        content = {**json.loads(file.read_text()), "transform": described}
        file.write_text(json.dumps(content))
    write_volume(root / "neuroglancer/em/fibsem-uint16.precomputed", PYRAMID)
    (root / "neuroglancer/mesh/mito").mkdir(parents=True)
    return root


def test_the_parts_of_a_dataset_folder_lie_over_each_other(tmp_path: Path):
    root = write_prefix(tmp_path / "jrc_x")
    layers = open_layers(root)
    assert len(layers) == 2
    formats = [layer.metadata["strata"]["format"] for layer in layers]
    assert sorted(formats) == ["cosem", "precomputed"]
    for layer in layers:
        check_layer(layer, EXPECTED)
    one, other = (layer.metadata["strata"]["layer_levels"] for layer in layers)
    for left, right in zip(one, other, strict=True):
        np.testing.assert_allclose(left["affine"], right["affine"])


def test_a_dataset_folder_is_checked_without_its_meshes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    root = write_prefix(tmp_path / "jrc_x")
    listed: list[str] = []
    list_folder = LocalBackend.list

    def counted(self: LocalBackend, key: str) -> Any:
        listed.append(key.removeprefix(str(tmp_path)))
        return list_folder(self, key)

    monkeypatch.setattr(LocalBackend, "list", counted)
    code, out, _ = run_cli(["check", str(root)], capsys, monkeypatch)
    assert (code, "segments-not-listed" in out) == (0, True)
    assert "/jrc_x/neuroglancer/em" in listed
    assert not [key for key in listed if "/mesh/" in key or ".precomputed" in key]


def test_a_dataset_folder_on_a_server(server: Server):
    write_prefix(server.folder / "jrc_x")
    if not server.listing:
        with pytest.raises(strata.OpenError, match="does not list folders"):
            strata.open(f"{server.url}/jrc_x")
        return
    dataset = strata.open(f"{server.url}/jrc_x")
    assert [image.path for image in dataset.images] == [
        "jrc_x.n5/em/fibsem-uint16",
        "neuroglancer/em/fibsem-uint16.precomputed",
    ]
    check_image(as_json(dataset.images[1]), prefixed(dataset.images[1].path), {})
    assert [(g.path, g.segments) for g in dataset.geometries] == [("neuroglancer/mesh/mito", None)]
    below = "/jrc_x/neuroglancer/mesh/mito/"
    assert {path for _, path in server.counted() if path.startswith(below)} == {f"{below}info"}


def prefixed(path: str) -> dict[str, Any]:
    levels = [{**level, "path": f"{path}/{level['path']}"} for level in EXPECTED["levels"]]
    return {**EXPECTED, "levels": levels}
