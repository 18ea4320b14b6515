"""Folders of precomputed meshes: what they are, where they lie, and what is told of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata
from formats.helpers import write_n5_array, write_ome_04
from geometries.mesh_files import TRIANGLES, legacy_fragment, multiscale_info, write_legacy
from napari_strata import geometries
from napari_strata.formats import precomputed_mesh_segments
from napari_strata.store.recognise import recognise

LEGACY = {"@type": "neuroglancer_legacy_mesh"}
PIECE = legacy_fragment([(0, 0, 0), (10, 0, 0), (0, 20, 0), (0, 0, 30)], TRIANGLES)

FINE = {
    "key": "4_5_6",
    "size": [100, 90, 80],
    "resolution": [4, 5, 6],
    "chunk_sizes": [[64, 64, 64]],
    "encoding": "raw",
}
COARSE = {**FINE, "key": "8_10_6", "resolution": [8, 10, 6], "size": [50, 45, 80]}


def volume(*scales: Any, **changes: Any) -> dict[str, Any]:
    return {
        "@type": "neuroglancer_multiscale_volume",
        "type": "segmentation",
        "data_type": "uint64",
        "num_channels": 1,
        "scales": list(scales) or [FINE, COARSE],
        "mesh": "mesh",
        **changes,
    }


def write_info(folder: Path, content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "info").write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def write_meshes(folder: Path, *segments: int, info: Any = LEGACY) -> Path:
    for segment in segments:
        write_legacy(folder, segment, {f"{segment}:0:a": PIECE}, info=info)
    return folder


def low_corner(geometry: Any, segment: int = 7) -> list[float]:
    """The corner of the mesh that is stored at (0, 0, 0)."""
    chosen = geometries.segment(geometry.model, segment)
    bounds = geometries.read(chosen, 0, "declared").bounds
    assert bounds is not None
    np.testing.assert_allclose(bounds[1] - bounds[0], [30, 20, 10])
    return [float(value) for value in bounds[0]]


def codes(problems: Any) -> list[tuple[str, str, str]]:
    return [(p.code, p.severity, p.where) for p in problems]


# ------------------------------------------------------------------------------- what is found


def test_a_volume_and_its_meshes(tmp_path: Path):
    folder = write_info(tmp_path / "seg.precomputed", volume())
    write_meshes(folder / "mesh", 7, 2**64 - 1, 12)
    dataset = strata.open(folder)
    (image,) = dataset.images
    (geometry,) = dataset.geometries
    assert (image.kind, image.problems, dataset.problems) == ("labels", (), ())
    found = (geometry.name, geometry.path, geometry.format, geometry.kind)
    assert found == ("mesh", "mesh", "precomputed", "mesh")
    assert [(a.name, a.type, a.unit) for a in geometry.axes] == [
        ("z", "space", "nm"), ("y", "space", "nm"), ("x", "space", "nm"),
    ]  # fmt: skip
    assert (geometry.model.columns, geometry.levels) == ((2, 1, 0), ())
    assert geometry.segments == (7, 12, 2**64 - 1)
    assert geometry.model.problems == ()
    assert geometry.model.stored_kind == "neuroglancer_legacy_mesh"


@pytest.mark.parametrize("info", [LEGACY, None], ids=["info", "no info"])
def test_every_way_to_a_folder_of_meshes(tmp_path: Path, info: Any):
    folder = write_info(tmp_path / "seg", volume())
    mesh = write_meshes(folder / "mesh", 7, info=info)
    (mesh / "notes").mkdir()
    for path in (folder, mesh, f"precomputed://file://{mesh}", *([mesh / "info"] if info else [])):
        dataset = strata.open(path)
        (geometry,) = dataset.geometries
        assert dataset.problems == ()
        assert (geometry.name, geometry.segments) == ("mesh", (7,))
        assert geometry.path == ("mesh" if path == folder else "")
        assert low_corner(geometry) == [-3, -2.5, -2]


def test_a_folder_of_meshes_is_recognised(tmp_path: Path):
    assert recognise(str(write_meshes(tmp_path / "mesh", 7)))
    assert recognise(str(tmp_path / "mesh/info"))
    assert not recognise(str(write_meshes(tmp_path / "bare", 7, info=None)))


def test_a_folder_of_meshes_alone(tmp_path: Path):
    mesh = write_meshes(tmp_path / "mesh", 7)
    (geometry,) = strata.open(mesh).geometries
    assert low_corner(geometry) == [0, 0, 0]
    assert codes(geometry.model.problems) == [("mesh-place-unknown", "warning", "mesh")]
    (corner,) = strata.open(mesh, origin="corner").geometries
    assert low_corner(corner) == [0, 0, 0]
    assert corner.model.problems == ()


def test_a_volume_above_that_names_other_meshes(tmp_path: Path):
    folder = write_info(tmp_path / "seg", volume(mesh="other"))
    (geometry,) = strata.open(write_meshes(folder / "mesh", 7)).geometries
    assert [p.code for p in geometry.model.problems] == ["mesh-place-unknown"]


def test_without_info_and_volume_it_is_nothing(tmp_path: Path):
    with pytest.raises(strata.OpenError, match="found no image"):
        strata.open(write_meshes(tmp_path / "mesh", 7, info=None))


def test_below_other_folders(tmp_path: Path):
    write_meshes(write_info(tmp_path / "a/seg", volume()) / "mesh", 7)
    write_meshes(tmp_path / "b/meshes", 9)
    dataset = strata.open(tmp_path)
    assert [image.path for image in dataset.images] == ["a/seg"]
    assert [(g.path, g.segments) for g in dataset.geometries] == [
        ("a/seg/mesh", (7,)), ("b/meshes", (9,)),
    ]  # fmt: skip


def test_many_segments_are_listed_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(precomputed_mesh_segments, "MOST_SEGMENTS", 2)
    mesh = write_meshes(tmp_path / "mesh", 30, 4, 200)
    (geometry,) = strata.open(mesh, origin="corner").geometries
    assert geometry.segments == (4, 30)
    (told,) = geometry.model.problems
    assert (told.code, told.severity) == ("many-segments", "info")
    assert "found 3 segments" in told.message
    assert len(geometries.segment(geometry.model, 200).levels) == 1


def test_only_names_of_segments_count(tmp_path: Path):
    mesh = write_meshes(tmp_path / "mesh", 7)
    for name in ("x:0", "8:1", "8:0:0", "-3:0", "٣:0", f"{2**64}:0", "9.index", "9"):
        (mesh / name).write_text("")
    (geometry,) = strata.open(mesh).geometries
    assert geometry.segments == (7,)


# ---------------------------------------------------------------------------------- the place

HIDDEN = ({**FINE, "hidden": True}, COARSE)
UNKNOWN = ({**FINE, "resolution": [0, 0, 0]}, COARSE)
PLACES: dict[str, tuple[Any, list[float]]] = {
    # half a voxel of the finest scale that is declared, z, y, x
    "two scales": ((FINE, COARSE), [-3, -2.5, -2]),
    "from coarse to fine": ((COARSE, FINE), [-3, -2.5, -2]),
    "a hidden scale": (HIDDEN, [-3, -2.5, -2]),
    "an unknown scale": (UNKNOWN, [-3, -5, -4]),
}


@pytest.mark.parametrize(("scales", "expected"), PLACES.values(), ids=PLACES)
def test_meshes_lie_on_their_volume(tmp_path: Path, scales: Any, expected: list[float]):
    folder = write_info(tmp_path / "seg", volume(*scales))
    write_meshes(folder / "mesh", 7)
    dataset = strata.open(folder)
    assert low_corner(dataset.geometries[0]) == expected
    # the outer face of the volume's first voxel is there, in nm 0
    level = dataset.images[0].levels[0]
    np.testing.assert_allclose((level.affine @ [-0.5, -0.5, -0.5, 1])[:3], expected)
    corner = strata.open(folder, origin="corner")
    assert low_corner(corner.geometries[0]) == [0, 0, 0]
    np.testing.assert_allclose(
        (corner.images[0].levels[0].affine @ [-0.5, -0.5, -0.5, 1])[:3], [0, 0, 0], atol=1e-12
    )


def test_the_record_says_what_moved_them(tmp_path: Path):
    folder = write_info(tmp_path / "seg", volume(COARSE, FINE))
    write_meshes(folder / "mesh", 7)
    (geometry,) = strata.open(folder).geometries
    (level,) = geometries.segment(geometry.model, 7).levels
    assert [part.where for part in level.origin] == [
        "info: scales[1].resolution", "mesh/info: transform",
    ]  # fmt: skip


def test_a_volume_that_cannot_be_shown_does_not_cost_its_meshes(tmp_path: Path):
    folder = write_info(tmp_path / "seg", volume(data_type="complex64"))
    write_meshes(folder / "mesh", 7)
    dataset = strata.open(folder)
    assert dataset.images == ()
    assert [p.code for p in dataset.problems] == ["unknown-dtype"]
    assert low_corner(dataset.geometries[0]) == [-3, -2.5, -2]


def test_a_volume_without_scales_leaves_the_place_open(tmp_path: Path):
    folder = write_info(tmp_path / "seg", volume(scales=[]))
    write_meshes(folder / "mesh", 7)
    dataset = strata.open(folder)
    assert low_corner(dataset.geometries[0]) == [0, 0, 0]
    assert [p.code for p in dataset.geometries[0].model.problems] == ["mesh-place-unknown"]


# ----------------------------------------------------------------------------- what is damaged

NOT_READ: dict[str, tuple[Any, Any, str]] = {
    "path leads up": ("../mesh", LEGACY, "info: mesh"),
    "path no text": (7, LEGACY, "info: mesh"),
    "no JSON": ("mesh", "{", "mesh/info"),
    "a list": ("mesh", "[]", "mesh/info"),
    "skeletons": ("mesh", {"@type": "neuroglancer_skeletons"}, "mesh/info: @type"),
    "no type": ("mesh", {}, "mesh/info: @type"),
}


@pytest.mark.parametrize(("path", "info", "where"), NOT_READ.values(), ids=NOT_READ)
def test_meshes_that_cannot_be_read_do_not_cost_the_volume(
    tmp_path: Path, path: Any, info: Any, where: str
):
    folder = write_info(tmp_path / "seg", volume(mesh=path))
    write_info(write_meshes(folder / "mesh", 7), info)
    dataset = strata.open(folder)
    assert (len(dataset.images), dataset.geometries) == (1, ())
    assert codes(dataset.problems) == [("geometry-not-read", "error", where)]


def test_a_link_out_of_the_volume_is_not_followed(tmp_path: Path):
    outside = write_meshes(tmp_path / "outside", 7)
    folder = write_info(tmp_path / "seg.precomputed", volume())
    (folder / "mesh").symlink_to(outside)
    dataset = strata.open(folder)
    assert dataset.geometries == ()
    assert codes(dataset.problems) == [("geometry-not-read", "error", "info: mesh")]
    assert "leads out" in dataset.problems[0].message


def test_a_volume_that_names_meshes_nobody_made(tmp_path: Path):
    dataset = strata.open(write_info(tmp_path / "seg", volume()))
    assert dataset.geometries == ()
    assert codes(dataset.problems) == [("no-meshes", "info", "info: mesh")]
    assert dataset.images[0].problems == ()


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "bits": ({"vertex_quantization_bits": 12}, "vertex_quantization_bits: found 12, expected 10"),
    "bits as text": ({"vertex_quantization_bits": "10"}, 'vertex_quantization_bits: found "10"'),
    "no bits": ({"vertex_quantization_bits": None}, "vertex_quantization_bits: found null"),
    "bits true": ({"vertex_quantization_bits": True}, "vertex_quantization_bits: found true"),
    "bits a list": ({"vertex_quantization_bits": [10]}, "vertex_quantization_bits: found [10]"),
    "a short transform": ({"transform": [1, 0, 0]}, "transform: found [1, 0, 0], expected 12"),
    "a transform of texts": ({"transform": ["1"] * 12}, "transform[0]: found"),
    "a flat transform": ({"transform": [1, 0, 0, 0] * 3}, "that can be inverted"),
    "a transform of zeros": ({"transform": [0] * 12}, "that can be inverted"),
    "a huge transform": ({"transform": [1e200, *[0] * 4, 1, *[0] * 4, 1, 0]}, "can be inverted"),
    "sharding no object": ({"sharding": 3}, "sharding: found 3"),
    "sharding of another kind": ({"sharding": {"@type": "x"}}, 'sharding.@type: found "x"'),
    "sharding unhashable": ({"sharding": {"@type": []}}, "sharding.@type: found []"),
}


@pytest.mark.parametrize(("changes", "text"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(tmp_path: Path, changes: dict[str, Any], text: str):
    with pytest.raises(strata.OpenError) as caught:
        strata.open(write_info(tmp_path / "mesh", multiscale_info(**changes)))
    assert f"info: {text}" in str(caught.value) or text in str(caught.value)
    assert "\n" not in str(caught.value)


SHARDING = {
    "@type": "neuroglancer_uint64_sharded_v1",
    "preshift_bits": 0,
    "hash": "identity",
    "minishard_bits": 0,
    "shard_bits": 0,
}
BAD_SHARDING = {
    "hash": ("md5", "sharding.hash"),
    "shard_bits": (65, "sharding.shard_bits"),
    "minishard_bits": (33, "sharding.minishard_bits"),
    "preshift_bits": (-1, "sharding.preshift_bits"),
    "data_encoding": ("zstd", "sharding.data_encoding"),
    "minishard_index_encoding": (None, "sharding.minishard_index_encoding"),
}


@pytest.mark.parametrize("key", BAD_SHARDING)
def test_sharding_that_is_refused(tmp_path: Path, key: str):
    value, where = BAD_SHARDING[key]
    info = multiscale_info(sharding={**SHARDING, key: value})
    with pytest.raises(strata.OpenError) as caught:
        strata.open(write_info(tmp_path / "mesh", info))
    assert caught.value.problem.where == f"info: {where}"


def test_more_bits_than_a_segment_has(tmp_path: Path):
    info = multiscale_info(sharding={**SHARDING, "minishard_bits": 32, "shard_bits": 33})
    with pytest.raises(strata.OpenError, match="more than 64 bits"):
        strata.open(write_info(tmp_path / "mesh", info))


VALUES = [None, True, -1, 0, 1e400, "x", "", [], {}, [[[]]], {"a": [1]}, [None] * 12, 2**70]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_any_value_opens_or_is_refused(tmp_path: Path, value: Any):
    sound = multiscale_info(sharding=SHARDING)
    keys = [(key,) for key in sound] + [("sharding", key) for key in SHARDING]
    for number, key in enumerate(keys):
        info = json.loads(json.dumps(sound))
        (info if len(key) == 1 else info["sharding"])[key[-1]] = value
        folder = write_info(tmp_path / str(number), volume())
        write_info(folder / "mesh", info)
        dataset = strata.open(folder)
        assert len(dataset.images) == 1
        refused = [p.code for p in dataset.problems] == ["geometry-not-read"]
        assert refused != bool(dataset.geometries)
    dataset = strata.open(write_info(tmp_path / "named", volume(mesh=value)))
    assert len(dataset.images) == 1


def test_a_transform_that_is_left_out(tmp_path: Path):
    info = multiscale_info()
    del info["transform"]
    (geometry,) = strata.open(write_info(tmp_path / "mesh", info), origin="corner").geometries
    assert codes(geometry.model.problems) == [("missing-key", "warning", "info: transform")]


def test_a_transform_the_old_format_has_none_of(tmp_path: Path):
    twice = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0]
    mesh = write_meshes(tmp_path / "mesh", 7, info={**LEGACY, "transform": twice})
    (geometry,) = strata.open(mesh, origin="corner").geometries
    assert codes(geometry.model.problems) == [
        ("transform-not-applied", "warning", "info: transform")
    ]
    assert low_corner(geometry) == [0, 0, 0]


# --------------------------------------------------------- in a dataset as COSEM publishes it


def write_prefix(root: Path) -> Path:
    """Segmentations in all three places, and meshes named after them, and after none."""
    write_n5_array(
        root / f"{root.name}.n5/labels/mito_seg/s0", (80, 90, 100),
        transform={
            "axes": ["z", "y", "x"], "units": ["nm"] * 3, "scale": [6.0, 5.0, 4.0],
            "translate": [0.0] * 3,
        },
    )  # fmt: skip
    write_ome_04(
        root / f"{root.name}.zarr/recon-1/labels/er_seg",
        {"s0": ((80, 90, 100), {"scale": [0.012, 0.01, 0.008]})},
    )
    write_info(
        root / "neuroglancer/em/nucleus_seg.precomputed",
        {key: value for key, value in volume(FINE).items() if key != "mesh"},
    )
    for name in ("mito_seg", "er_seg", "nucleus_seg", "other_seg"):
        write_meshes(root / "neuroglancer/mesh" / name, 7)
    return root


NAMESAKES: dict[str, tuple[list[float], list[float]]] = {
    # where the origin of the mesh comes to lie by default, and with world 0 at the corner, which
    # does not move images that say themselves where they are
    "mito_seg": ([-3, -2.5, -2], [-3, -2.5, -2]),
    "er_seg": ([-6, -5, -4], [-6, -5, -4]),
    "nucleus_seg": ([-3, -2.5, -2], [0, 0, 0]),
    "other_seg": ([0, 0, 0], [0, 0, 0]),
}


@pytest.mark.parametrize("name", NAMESAKES)
@pytest.mark.parametrize("origin", ["center", "corner"])
def test_meshes_lie_on_what_they_are_named_after(tmp_path: Path, name: str, origin: Any):
    dataset = strata.open(write_prefix(tmp_path / "jrc"), origin=origin)
    found = {geometry.name: geometry for geometry in dataset.geometries}
    assert list(found) == ["er_seg", "mito_seg", "nucleus_seg", "other_seg"]
    expected = NAMESAKES[name][origin == "corner"]
    np.testing.assert_allclose(low_corner(found[name]), expected)
    told = [p.code for p in found[name].model.problems]
    assert ("mesh-place-unknown" in told) == (name == "other_seg")
    assert "segments-not-listed" in told


@pytest.mark.parametrize("origin", ["center", "corner"])
def test_they_have_the_outer_faces_of_the_first_voxel(tmp_path: Path, origin: Any):
    dataset = strata.open(write_prefix(tmp_path / "jrc"), origin=origin)
    factors = {"cosem": 1, "ome-zarr-0.4": 1000, "precomputed": 1}
    names = {image.name: image for image in dataset.images}
    for geometry in dataset.geometries[:3]:
        image = names[geometry.name]
        face = (image.levels[0].affine @ [-0.5, -0.5, -0.5, 1])[:3] * factors[image.format]
        np.testing.assert_allclose(low_corner(geometry), face, atol=1e-9)


def test_the_folder_of_all_meshes_by_itself(tmp_path: Path):
    root = write_prefix(tmp_path / "jrc")
    (root / "neuroglancer/mesh/broken").mkdir()
    (root / "neuroglancer/mesh/broken/info").write_text("{")
    dataset = strata.open(root / "neuroglancer/mesh")
    assert [g.path for g in dataset.geometries] == [
        "er_seg",
        "mito_seg",
        "nucleus_seg",
        "other_seg",
    ]
    assert codes(dataset.problems) == [("geometry-not-read", "error", "broken/info")]


def test_a_folder_without_meshes_beside_others_is_nothing(tmp_path: Path):
    (tmp_path / "neuroglancer/mesh/a").mkdir(parents=True)
    with pytest.raises(strata.OpenError, match="found no image"):
        strata.open(tmp_path / "neuroglancer/mesh/a")


def test_no_sound_mesh_at_all(tmp_path: Path):
    folder = tmp_path / "neuroglancer/mesh"
    write_info(folder / "a", "{")
    with pytest.raises(strata.OpenError, match="a/info"):
        strata.open(folder)
