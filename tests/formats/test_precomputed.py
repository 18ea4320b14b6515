"""What an ``info`` file of Neuroglancer's says, understood without a pixel.

Expected places are worked out by hand: the centre of voxel i of a scale is
(i + offset + 1/2) · resolution from the corner of the grid, and half a voxel of the finest scale
less from the centre of its voxel 0.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata
from napari_strata.store.backend import LocalBackend
from napari_strata.store.location import parse_location

from .helpers import codes, write_n5_array, write_ome_04


def scale(resolution: list[float], size: list[int], **keys: Any) -> dict[str, Any]:
    """One scale, x-first; keys that are None are left away."""
    described = {
        "key": "_".join(f"{r:g}" for r in resolution),
        "size": size,
        "resolution": resolution,
        "voxel_offset": [0, 0, 0],
        "chunk_sizes": [[64, 64, 64]],
        "encoding": "raw",
        **keys,
    }
    return {key: value for key, value in described.items() if value is not None}


def info(*scales: Any, **keys: Any) -> dict[str, Any]:
    described = {
        "@type": "neuroglancer_multiscale_volume",
        "type": "image",
        "data_type": "uint8",
        "num_channels": 1,
        "scales": list(scales),
        **keys,
    }
    return {key: value for key, value in described.items() if value is not None}


FINE = scale([4, 5, 6], [100, 90, 80])
COARSE = scale([8, 10, 6], [50, 45, 80])


def write(folder: Path, content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "info").write_text(text, encoding="utf-8")
    return folder


def open_info(folder: Path, content: Any, **options: Any) -> Any:
    (image,) = strata.open(write(folder, content), **options).images
    return image


def problem(image: Any, code: str) -> Any:
    (found,) = [p for p in image.problems if p.code == code]
    return found


# ----------------------------------------------------------------------------- where voxels are

PLACES = {
    "no offset": (
        info(FINE, COARSE),
        [("4_5_6", [6, 5, 4], [0, 0, 0]), ("8_10_6", [6, 10, 8], [0, 2.5, 2])],
        [[3, 2.5, 2], [3, 5, 4]],
    ),
    "offset": (
        info({**FINE, "voxel_offset": [10, -20, 31]}, {**COARSE, "voxel_offset": [5, -10, 31]}),
        # x: 10·4; y: −20·5; z: 31·6. Coarse: 5·8 + 4 − 2; −10·10 + 5 − 2.5; 31·6
        [("4_5_6", [6, 5, 4], [186, -100, 40]), ("8_10_6", [6, 10, 8], [186, -97.5, 42])],
        [[189, -97.5, 42], [189, -95, 44]],
    ),
    "coarsest first": (
        info(COARSE, FINE),
        [("4_5_6", [6, 5, 4], [0, 0, 0]), ("8_10_6", [6, 10, 8], [0, 2.5, 2])],
        [[3, 2.5, 2], [3, 5, 4]],
    ),
    "an odd factor": (
        info(FINE, scale([12, 15, 18], [33, 30, 26])),
        [("4_5_6", [6, 5, 4], [0, 0, 0]), ("12_15_18", [18, 15, 12], [6, 5, 4])],
        [[3, 2.5, 2], [9, 7.5, 6]],
    ),
    "offset null, numbers as floats": (
        info(scale([4, 5, 6], [100.0, 90.0, 80.0], voxel_offset=None)),
        [("4_5_6", [6, 5, 4], [0, 0, 0])],
        [[3, 2.5, 2]],
    ),
    "a key with parts": (
        info({**FINE, "key": "./a//b/"}),
        [("a/b", [6, 5, 4], [0, 0, 0])],
        [[3, 2.5, 2]],
    ),
}


@pytest.mark.parametrize(("content", "levels", "corners"), PLACES.values(), ids=PLACES)
def test_places(tmp_path: Path, content: Any, levels: list[Any], corners: list[list[float]]):
    image = open_info(tmp_path / "v", content)
    assert image.format == "precomputed"
    assert [(a.name, a.type, a.unit) for a in image.axes] == [(n, "space", "nm") for n in "zyx"]
    assert image.problems == ()
    for level, (path, spacing, translate) in zip(image.levels, levels, strict=True):
        assert level.path == path
        assert level.scale.tolist() == spacing
        assert level.translate.tolist() == pytest.approx(translate, abs=1e-12)
    image = open_info(tmp_path / "v", content, origin="corner")
    for level, translate in zip(image.levels, corners, strict=True):
        assert level.translate.tolist() == pytest.approx(translate, abs=1e-12)


def test_what_else_a_level_says(tmp_path: Path):
    image = open_info(tmp_path / "em.precomputed", info({**FINE, "chunk_sizes": [[64, 32, 16]]}))
    (level,) = image.levels
    assert (image.name, image.path, image.kind) == ("em", "", "image")
    assert (level.shape, level.chunks, str(level.dtype)) == ((80, 90, 100), (16, 32, 64), "uint8")
    assert [c.where for c in level.origin] == [
        "default", "info: scales[0].resolution", "info: scales[0].voxel_offset",
    ]  # fmt: skip


def test_channels_are_the_first_axis(tmp_path: Path):
    image = open_info(tmp_path, info(FINE, num_channels=3))
    channel = image.axes[0]
    assert (channel.name, channel.type, channel.unit) == ("c", "channel", None)
    (level,) = image.levels
    assert (level.shape, level.chunks) == ((3, 80, 90, 100), (3, 64, 64, 64))
    assert level.scale.tolist() == [1, 6, 5, 4]
    assert level.translate.tolist() == [0, 0, 0, 0]


def test_names_in_any_case(tmp_path: Path):
    content = info({**FINE, "encoding": "RAW"}, type="Segmentation", data_type="UINT64")
    image = open_info(tmp_path, content)
    assert (image.kind, str(image.levels[0].dtype), image.problems) == ("labels", "uint64", ())


def test_segments_that_are_no_whole_numbers_are_an_image(tmp_path: Path):
    image = open_info(tmp_path, info(FINE, type="segmentation", data_type="float32"))
    assert image.kind == "image"
    assert codes(image) == ["labels-not-integer"]


def test_a_labels_folder_does_not_make_labels_of_an_image(tmp_path: Path):
    write(tmp_path / "labels/a", info(FINE))
    write(tmp_path / "labels/b", info(FINE, type="segmentation"))
    kinds = {image.path: image.kind for image in strata.open(tmp_path).images}
    assert kinds == {"labels/a": "image", "labels/b": "labels"}


def test_the_finest_scale_counts_even_where_it_is_not_shown(tmp_path: Path):
    for left_out in ({"hidden": True}, {"encoding": "compresso"}, {"size": [0, 1, 1]}):
        image = open_info(tmp_path, info({**FINE, **left_out}, COARSE))
        (level,) = image.levels
        assert (level.path, level.translate.tolist()) == ("8_10_6", [0, 2.5, 2])


# ------------------------------------------------------------------------------ what is told

TOLD = {
    "several sizes of chunks": (
        info({**FINE, "chunk_sizes": [[32, 32, 8], [64, 64, 64]]}),
        ("several-chunk-sizes", "info", "info: scales[0].chunk_sizes"),
    ),
    "hidden": (
        info(FINE, {**COARSE, "hidden": True}),
        ("hidden-level", "info", "info: scales[1].hidden"),
    ),
    "no number of channels": (
        info(FINE, num_channels=None),
        ("missing-key", "warning", "info: num_channels"),
    ),
    "no type": (info(FINE, type=None), ("unknown-volume-type", "warning", "info: type")),
    "type of another kind": (info(FINE, type=[]), ("unknown-volume-type", "warning", "info: type")),
    "skeletons": (info(FINE, skeletons="s"), ("geometry-not-read", "info", "info: skeletons")),
    "the same key twice": (
        info(FINE, {**COARSE, "key": "4_5_6"}),
        ("duplicate-path", "warning", "info: scales[1]"),
    ),
}


@pytest.mark.parametrize(("content", "told"), TOLD.values(), ids=TOLD)
def test_what_is_told(tmp_path: Path, content: Any, told: tuple[str, str, str]):
    image = open_info(tmp_path, content)
    assert [(p.code, p.severity, p.where) for p in image.problems] == [told]
    assert [level.path for level in image.levels] == ["4_5_6"]


def test_the_first_size_of_chunks_is_taken(tmp_path: Path):
    image = open_info(tmp_path, info({**FINE, "chunk_sizes": [[32, 16, 8], [64, 64, 64]]}))
    assert image.levels[0].chunks == (8, 16, 32)


def test_all_scales_hidden_are_shown(tmp_path: Path):
    image = open_info(tmp_path, info({**FINE, "hidden": True}))
    assert (len(image.levels), image.problems) == (1, ())


# Wrong in the second scale: what is wrong, and where it says so (in scales[1]).
DAMAGED: dict[str, tuple[Any, str, str]] = {
    "no object": (7, "invalid-value", ""),
    "null": (None, "invalid-value", ""),
    "no key": ({"key": ...}, "missing-key", ".key"),
    "key no text": ({"key": 7}, "invalid-value", ".key"),
    "key empty": ({"key": ""}, "bad-path", ".key"),
    "key leads up": ({"key": "../4_5_6"}, "bad-path", ".key"),
    "key absolute": ({"key": "/etc"}, "bad-path", ".key"),
    "key with scheme": ({"key": "gs://bucket/x"}, "bad-path", ".key"),
    "no size": ({"size": ...}, "missing-key", ".size"),
    "size no list": ({"size": 7}, "invalid-value", ".size"),
    "size of two": ({"size": [5, 5]}, "wrong-length", ".size"),
    "size of 0": ({"size": [5, 0, 5]}, "invalid-value", ".size[1]"),
    "size nested": ({"size": [[5], 5, 5]}, "invalid-value", ".size[0]"),
    "size huge": ({"size": [5, 5, 1e300]}, "invalid-value", ".size[2]"),
    "size NaN": ({"size": [float("nan"), 5, 5]}, "invalid-value", ".size[0]"),
    "size true": ({"size": [True, 5, 5]}, "invalid-value", ".size[0]"),
    "no resolution": ({"resolution": ...}, "missing-key", ".resolution"),
    "resolution of 0": ({"resolution": [8, 0, 8]}, "invalid-value", ".resolution[1]"),
    "resolution below 0": ({"resolution": [8, 8, -8]}, "invalid-value", ".resolution[2]"),
    "resolution NaN": ({"resolution": [float("nan"), 8, 8]}, "invalid-value", ".resolution[0]"),
    "resolution text": ({"resolution": "8_8_8"}, "invalid-value", ".resolution"),
    "offset of two": ({"voxel_offset": [1, 1]}, "wrong-length", ".voxel_offset"),
    "offset of a half": ({"voxel_offset": [0, 0.5, 0]}, "invalid-value", ".voxel_offset[1]"),
    "offset infinite": (
        {"voxel_offset": [0, 0, float("inf")]}, "invalid-value", ".voxel_offset[2]",
    ),
    "offset huge": ({"voxel_offset": [2**70, 0, 0]}, "invalid-value", ".voxel_offset[0]"),
    "no chunks": ({"chunk_sizes": ...}, "missing-key", ".chunk_sizes"),
    "chunks empty": ({"chunk_sizes": []}, "invalid-value", ".chunk_sizes"),
    "chunks flat": ({"chunk_sizes": [64, 64, 64]}, "invalid-value", ".chunk_sizes[0]"),
    "chunk of 0": ({"chunk_sizes": [[64, 0, 64]]}, "invalid-value", ".chunk_sizes[0][1]"),
    "no encoding": ({"encoding": ...}, "missing-key", ".encoding"),
    "encoding no text": ({"encoding": {}}, "invalid-value", ".encoding"),
    "unknown encoding": ({"encoding": "compresso"}, "unknown-codec", ""),
    "sharding no object": ({"sharding": [1]}, "unknown-codec", ""),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "code", "key"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_scale_costs_only_itself(tmp_path: Path, damage: Any, code: str, key: str):
    if isinstance(damage, dict):
        kept = {k: v for k, v in (COARSE | damage).items() if v is not ...}
        damage = kept
    image = open_info(tmp_path, info(FINE, damage))
    assert [level.path for level in image.levels] == ["4_5_6"]
    assert image.levels[0].translate.tolist() == [0, 0, 0]
    found = problem(image, code)
    assert (found.severity, found.where) == ("error", f"info: scales[1]{key}")


def test_the_finest_resolution_is_unusable(tmp_path: Path):
    image = open_info(tmp_path, info({**FINE, "resolution": [4, 0, 6]}, COARSE))
    assert codes(image) == ["invalid-value", "finest-level-missing"]
    assert problem(image, "finest-level-missing").where == "info: scales[0]"


REFUSED: dict[str, tuple[Any, str, str]] = {
    "skeletons": (
        {"@type": "neuroglancer_skeletons"},
        "not-a-volume",
        'info: @type: found "neuroglancer_skeletons", expected "neuroglancer_multiscale_volume"',
    ),
    "no scales": (info(scales=None), "missing-key", "info: scales: found no scales"),
    "scales no list": (info(scales={"a": 1}), "invalid-value", "info: scales: found"),
    "scales empty": (info(), "no-levels", "found no level"),
    "no type of data": (info(FINE, data_type=None), "invalid-value", "info: data_type: found null"),
    "text as data": (info(FINE, data_type="string"), "unknown-dtype", "info: data_type: found"),
    "no channels": (info(FINE, num_channels=0), "invalid-value", "info: num_channels: found 0"),
    "half a channel": (info(FINE, num_channels=1.5), "invalid-value", "num_channels: found 1.5"),
    "infinite channels": (
        info(FINE, num_channels=float("inf")), "invalid-value", "num_channels: found Infinity",
    ),
    "no sound scale": (info({**FINE, "size": 7}), "invalid-value", "info: scales[0].size: found 7"),
    "no JSON": ('{"scales": [', "not-json", "info: found a mistake at line 1"),
    "no object": ('["neuroglancer_x", "scales"]', "not-an-object", "info: found"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["v", "v.precomputed"])
@pytest.mark.parametrize(("content", "code", "text"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(tmp_path: Path, name: str, content: Any, code: str, text: str):
    write(tmp_path / name, content)
    with pytest.raises(strata.OpenError) as caught:
        strata.open(tmp_path / name)
    assert caught.value.problem.code == code
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


VALUES = [None, True, -1, 0, 1e400, "x", "", [], {}, [[[]]], {"a": [1]}, [None] * 3, "é" * 500]


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the value itself first."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [
        p
        for key, item in items
        for p in (paths(item, (*at, key)) if isinstance(item, dict | list) else [(*at, key)])
    ]
    return [at, *inner]


def test_no_value_anywhere_raises_but_the_error(tmp_path: Path):
    sharding = {"@type": "neuroglancer_uint64_sharded_v1", "hash": "identity", "shard_bits": 1}
    sharding |= {"preshift_bits": 1, "minishard_bits": 1}
    whole = info(
        {**FINE, "sharding": sharding}, COARSE, segment_properties="p", type="segmentation"
    )
    properties = {
        "@type": "neuroglancer_segment_properties",
        "inline": {
            "ids": ["1"],
            "properties": [{"id": "n", "type": "tags", "tags": ["a"], "values": [[0]]}],
        },
    }  # fmt: skip
    for file, sound in ((".", whole), ("p", properties)):
        write(tmp_path, whole)
        for path in paths(sound)[1:]:
            for value in VALUES:
                damaged = json.loads(json.dumps(sound))
                inner = damaged
                for key in path[:-1]:
                    inner = inner[key]
                inner[path[-1]] = value
                write(tmp_path / file, damaged)
                with contextlib.suppress(strata.OpenError):
                    strata.open(tmp_path)


# ------------------------------------------------------------------------ properties of segments

IDS = ["1", "25", "18446744073709551615"]


def properties(*items: Any, **keys: Any) -> dict[str, Any]:
    return {
        "@type": "neuroglancer_segment_properties",
        "inline": {"ids": IDS, "properties": list(items), **keys},
    }


def open_segments(folder: Path, content: Any, path: Any = "names") -> Any:
    write(folder / "names", content)
    return open_info(folder, info(FINE, type="segmentation", segment_properties=path))


def test_properties_of_segments(tmp_path: Path):
    content = properties(
        {"id": "a", "type": "label", "values": ["axon", "soma", ""]},
        {"id": "size", "type": "number", "data_type": "float32", "values": [1, 2.5, 3]},
        {"id": "team", "type": "string", "values": ["x", "y", "z"]},
        {"id": "b", "type": "tags", "tags": ["big", "good"], "values": [[0, 1], [], [1]]},
    )
    image = open_segments(tmp_path, content)
    assert image.problems == ()
    assert image.display.label_properties == {
        1: {"label": "axon", "size": 1, "team": "x", "tags": "big, good"},
        25: {"label": "soma", "size": 2.5, "team": "y", "tags": ""},
        2**64 - 1: {"label": "", "size": 3, "team": "z", "tags": "good"},
    }


BAD_PROPERTIES: dict[str, tuple[Any, Any, str]] = {
    "no folder": (properties(), "gone", "info: segment_properties"),
    "path leads up": (properties(), "../names", "info: segment_properties"),
    "path no text": (properties(), 7, "info: segment_properties"),
    "no JSON": ("{", "names", "names/info"),
    "a mesh": ({"@type": "neuroglancer_legacy_mesh"}, "names", "names/info: @type"),
    "ids no texts": (properties(ids=[1, 2, 3]), "names", "names/info: inline.ids[0]"),
    "ids no numbers": (properties(ids=["x", "2", "3"]), "names", "names/info: inline.ids[0]"),
    "id too large": (properties(ids=[str(2**64), "2", "3"]), "names", "names/info: inline.ids[0]"),
    "no properties": (properties(properties=None), "names", "names/info: inline.properties"),
}


@pytest.mark.parametrize(("content", "path", "where"), BAD_PROPERTIES.values(), ids=BAD_PROPERTIES)
def test_properties_that_cannot_be_used(tmp_path: Path, content: Any, path: Any, where: str):
    image = open_segments(tmp_path, content, path)
    assert image.kind == "labels"
    assert image.display.label_properties == {}
    found = problem(image, "bad-segment-properties")
    assert (found.severity, found.where) == ("warning", where)


BAD_PROPERTY: dict[str, tuple[Any, str]] = {
    "no object": (7, ""),
    "no type": ({"id": "n", "values": [1, 2, 3]}, ".type"),
    "no name": ({"type": "string", "values": ["a", "b", "c"]}, ".id"),
    "too few": ({"id": "n", "type": "string", "values": ["a"]}, ".values"),
    "no texts": ({"id": "n", "type": "string", "values": ["a", 1, "c"]}, ".values[1]"),
    "no numbers": ({"id": "n", "type": "number", "values": [1, 2, "3"]}, ".values[2]"),
    "no such tag": ({"type": "tags", "tags": ["a"], "values": [[0], [1], []]}, ".values[1]"),
}


@pytest.mark.parametrize(("item", "key"), BAD_PROPERTY.values(), ids=BAD_PROPERTY)
def test_one_bad_property_never_costs_the_others(tmp_path: Path, item: Any, key: str):
    sound = {"type": "label", "values": ["axon", "soma", "?"]}
    image = open_segments(tmp_path, properties(item, sound))
    assert image.display.label_properties[25] == {"label": "soma"}
    found = problem(image, "bad-segment-properties")
    assert found.where == f"names/info: inline.properties[0]{key}"


def test_properties_of_an_image_are_not_asked_for(tmp_path: Path):
    write(tmp_path / "names", "{")
    assert open_info(tmp_path, info(FINE, segment_properties="names")).problems == ()


# ------------------------------------------------------------------------- what may be opened

ADDRESSES = {
    "precomputed://gs://b/a/v": "gs://b/a/v",
    "precomputed://s3://b/a/v/": "s3://b/a/v",
    "precomputed://https://h/a/v/info": "https://h/a/v",
    "precomputed://https://storage.googleapis.com/b/a/v": "gs://b/a/v",
    "gs://b/a/v/|neuroglancer-precomputed:": "gs://b/a/v",
    "https://h/a/v|neuroglancer-precomputed:": "https://h/a/v",
    " precomputed://gs://b/v ": "gs://b/v",
    "precomputed:///data/v": "/data/v",
    "https://h/a/v/info": "https://h/a/v",
    "gs://b/precomputed/v": "gs://b/precomputed/v",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_as_neuroglancer_has_them(address: str):
    assert str(parse_location(address)) == ADDRESSES[address]


@pytest.mark.parametrize("name", ["v", "v.precomputed"])
def test_every_way_to_a_volume(tmp_path: Path, name: str):
    folder = write(tmp_path / name, info(FINE, COARSE))
    (folder / "4_5_6").mkdir()
    for path in (folder, folder / "info", folder / "4_5_6", f"precomputed://file://{folder}"):
        dataset = strata.open(path)
        assert dataset.path == str(folder)
        (image,) = dataset.images
        assert (image.name, image.path) == ("v", "")
        assert [level.path for level in image.levels] == ["4_5_6", "8_10_6"]


def test_an_info_of_other_software_does_not_disturb(tmp_path: Path):
    write(tmp_path, "some notes")
    (tmp_path / "a/info").mkdir(parents=True)
    write_ome_04(tmp_path / "a/info/image", {"0": ((4, 4, 4), {"scale": [1, 1, 1]})})
    write(tmp_path / "b", info(FINE))
    dataset = strata.open(tmp_path)
    assert [(i.path, i.format) for i in dataset.images] == [
        ("a/info/image", "ome-zarr-0.4"), ("b", "precomputed"),
    ]  # fmt: skip
    assert dataset.problems == ()


def test_a_link_out_of_the_volume_is_not_followed(tmp_path: Path):
    (tmp_path / "outside").mkdir()
    folder = write(tmp_path / "v.precomputed", info(FINE, COARSE))
    (folder / "8_10_6").symlink_to(tmp_path / "outside")
    image = strata.open(folder).images[0]
    assert [level.path for level in image.levels] == ["4_5_6"]
    assert problem(image, "link-outside").where == "info: scales[1].key"


# ------------------------------------------------------- a dataset as COSEM publishes it


def write_prefix(root: Path, volume: dict[str, Any] | None = None) -> Path:
    """``jrc/jrc.n5``, ``jrc/jrc.zarr``, and beside them what Neuroglancer is given."""
    transform = {"axes": ["z", "y", "x"], "units": ["nm"] * 3, "translate": [0.0] * 3}
    n5 = root / "jrc.n5/em/fibsem-uint8"
    for level, (shape, step, shift) in enumerate([((80, 90, 100), 1, 0), ((80, 45, 50), 2, 0.5)]):
        spacing = [6.0, 5.0 * step, 4.0 * step]
        shifts = [0.0, 5 * shift, 4 * shift]
        own = {**transform, "scale": spacing, "translate": shifts}
        write_n5_array(n5 / f"s{level}", shape, transform=own)
    write_ome_04(
        root / "jrc.zarr/recon-1/em/fibsem-uint8",
        {"s0": ((80, 90, 100), {"scale": [0.006, 0.005, 0.004]})},
    )
    write(root / "neuroglancer/em/fibsem-uint8.precomputed", volume or info(FINE, COARSE))
    write(root / "neuroglancer/mesh/mito_seg", {"@type": "neuroglancer_multilod_draco"})
    write(root / "neuroglancer/mesh/er_seg", {"@type": "neuroglancer_legacy_mesh"})
    return root


def test_a_dataset_folder_is_one_dataset(tmp_path: Path):
    dataset = strata.open(write_prefix(tmp_path / "jrc"))
    assert [(i.path, i.format) for i in dataset.images] == [
        ("jrc.n5/em/fibsem-uint8", "cosem"),
        ("jrc.zarr/recon-1/em/fibsem-uint8", "ome-zarr-0.4"),
        ("neuroglancer/em/fibsem-uint8.precomputed", "precomputed"),
    ]
    assert [(g.path, g.name, g.format, g.kind) for g in dataset.geometries] == [
        ("neuroglancer/mesh/er_seg", "er_seg", "precomputed", "mesh")
    ]
    assert [(p.code, p.severity, p.where) for p in dataset.problems] == [
        (
            "geometry-not-read",
            "error",
            "neuroglancer/mesh/mito_seg/info: vertex_quantization_bits",
        )
    ]
    n5, _, volume = dataset.images
    for one, other in zip(n5.levels, volume.levels, strict=True):
        np.testing.assert_allclose(one.affine, other.affine)
    assert volume.name == "fibsem-uint8"


@pytest.mark.parametrize("opened", [".", "neuroglancer"])
def test_a_folder_of_meshes_is_not_even_listed(
    tmp_path: Path, opened: str, monkeypatch: pytest.MonkeyPatch
):
    root = write_prefix(tmp_path / "jrc")
    listed: list[str] = []
    list_folder = LocalBackend.list

    def counted(self: LocalBackend, key: str) -> Any:
        listed.append(key)
        return list_folder(self, key)

    monkeypatch.setattr(LocalBackend, "list", counted)
    dataset = strata.open(root / opened)
    assert [p.code for p in dataset.problems] == ["geometry-not-read"]
    assert dataset.images
    assert listed
    assert not [key for key in listed if "/mesh/" in key.removeprefix(str(tmp_path))]


def test_a_mesh_folder_elsewhere_is_searched(tmp_path: Path):
    write(tmp_path / "other/mesh/v", info(FINE))
    assert [i.path for i in strata.open(tmp_path).images] == ["other/mesh/v"]


def test_volumes_of_another_voxel_size_are_told_of(tmp_path: Path):
    root = write_prefix(tmp_path / "jrc")
    write(root / "neuroglancer/em/crop.precomputed", info(COARSE))
    dataset = strata.open(root)
    (told,) = [p for p in dataset.problems if p.code == "different-spacing"]
    assert "crop.precomputed" in told.where
    assert "fibsem-uint8.precomputed" in told.where
    corner = strata.open(root, origin="corner")
    assert [p.code for p in corner.problems] == ["geometry-not-read"]


def test_a_volume_coarser_than_its_image_is_told_of(tmp_path: Path):
    root = write_prefix(tmp_path / "jrc", info(COARSE))
    found = [p for p in strata.open(root).problems if p.code == "different-spacing"]
    assert {p.where for p in found} == {"neuroglancer/em/fibsem-uint8.precomputed"}
    assert "jrc.n5/em/fibsem-uint8" in found[0].message
