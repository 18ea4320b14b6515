"""What is written where: one image, several, channels, labels, scenes; and what is refused."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from napari.layers import Image, Labels

import napari_strata as strata
from napari_strata.check import check
from napari_strata.export import ome_zarr
from napari_strata.export.errors import ExportError
from napari_strata.export.planning.dataset_image import dataset_image
from napari_strata.export.planning.export_plan import estimate
from napari_strata.export.planning.image_plan import plan_images
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel, layer_image
from napari_strata.export.planning.options import Options, options_of
from napari_strata.export.planning.plan_text import told
from napari_strata.model import Axis, ChannelDisplay, Display
from napari_strata.samples import write_sample

from . import parsed
from .layers import exported, layers_of

UM = "micrometer"
RNG = np.random.default_rng(2)
TURN = np.array([[1, 0, 0, 5], [0, 0.8, -0.6, 0], [0, 0.6, 0.8, 2], [0, 0, 0, 1.0]])


def values(shape=(4, 10, 12), dtype="u2"):
    return RNG.integers(0, 200, shape).astype(dtype)


def image(name="cells", data=None, **more):
    data = values() if data is None else data
    usual = {"axis_labels": "tzyx"[-data.ndim :], "units": ["second", UM, UM, UM][-data.ndim :]}
    return Image(data, name=name, **{**usual, **more})


def labels(name="nuclei", data=None, **more):
    data = values(dtype="i4") if data is None else data
    usual = {"axis_labels": "tzyx"[-data.ndim :], "units": ["second", UM, UM, UM][-data.ndim :]}
    return Labels(data, name=name, **{**usual, **more})


def sound(folder: Path):
    found = [str(f.problem) for f in check(folder).findings if f.problem.severity == "error"]
    assert found == []


def keys(plan):
    return [key for key, _ in plan.documents]


# ---------------------------------------------------------------------------------------- layout


def test_one_image_is_the_root(tmp_path: Path):
    plan = exported([image()], tmp_path / "o.zarr")
    assert (plan.version, keys(plan)) == ("0.5", ["zarr.json"])
    assert sorted(p.name for p in (tmp_path / "o.zarr").iterdir()) == ["0", "zarr.json"]
    ome, version = parsed.group(tmp_path / "o.zarr")
    assert (version, ome["multiscales"][0]["name"]) == ("0.5", "cells")
    sound(tmp_path / "o.zarr")


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_several_images_are_groups_that_the_root_lists(version, tmp_path: Path):
    layers = [image("a b"), image("a/b", values((4, 10, 14))), image("A b", values((3, 10, 12)))]
    plan = exported(layers, tmp_path / "o.zarr", version=version)
    paths = ["0", "1", "2"] if version == "0.4" else ["a_b", "a_b_2", "A_b_3"]
    assert [i.path for i in plan.images] == paths
    assert keys(plan)[-1] == (".zattrs" if version == "0.4" else "zarr.json")
    root, _ = parsed.group(tmp_path / "o.zarr")
    if version == "0.6":
        ends = [t["input"]["path"] for t in root["scene"]["coordinateTransformations"]]
        assert ends == paths
    else:
        assert root["bioformats2raw.layout"] == 3
        series, _ = parsed.group(tmp_path / "o.zarr/OME")
        assert series["series"] == paths
    names = [i.name for i in strata.open(tmp_path / "o.zarr").images]
    assert (names[0], names[2]) == ("a b", "A b")
    assert [loss.code for loss in plan.losses] == ["name-not-carried"]  # it has a slash
    sound(tmp_path / "o.zarr")


@pytest.mark.parametrize(
    "name", ["labels", "OME", "CON", "..", "zarr.json", "細胞 1", " ", "x" * 300]
)
def test_names_that_are_no_names_of_folders(name, tmp_path: Path):
    plan = plan_images([image(name), image("other", values((2, 3, 4)))])
    path = plan.images[0].path
    assert path.lower() not in ("labels", "ome", "con", "..", "zarr.json", "")
    assert len(path) <= 81
    assert "/" not in path


# -------------------------------------------------------------------------------------- channels


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_layers_on_the_same_voxels_become_channels(version, tmp_path: Path):
    red = image("cells DAPI", colormap="blue", contrast_limits=(1, 100), gamma=0.5)
    green = image("cells GFP", colormap="green", contrast_limits=(2, 150), visible=False)
    red.contrast_limits_range = (0, 4000)
    exported([red, green], tmp_path / "o.zarr", version=version)
    ome, _ = parsed.group(tmp_path / "o.zarr")
    assert [a[:2] for a in parsed.axes(tmp_path / "o.zarr")] == [
        ("c", "channel"), ("z", "space"), ("y", "space"), ("x", "space")
    ]  # fmt: skip
    shown = ome["omero"]["channels"]
    assert [c["label"] for c in shown] == ["DAPI", "GFP"]
    assert [c["color"] for c in shown] == ["0000FF", "00FF00"]
    assert [c["active"] for c in shown] == [True, False]
    assert shown[0]["window"] == {"min": 0, "max": 4000, "start": 1, "end": 100}
    assert (shown[0]["family"], shown[0]["coefficient"]) == ("polynomial", 0.5)
    after = layers_of(tmp_path / "o.zarr")
    assert [layer.name for layer in after] == ["cells DAPI", "cells GFP"]
    for old, new in zip((red, green), after, strict=True):
        np.testing.assert_array_equal(np.asarray(new.data[0]), old.data)
        np.testing.assert_array_equal(new.contrast_limits, old.contrast_limits)
        assert (new.gamma, new.visible) == (old.gamma, old.visible)
    sound(tmp_path / "o.zarr")


APART = [
    (image("b", values((4, 10, 13))), "another shape"),
    (image("b", values(dtype="u1")), "another type"),
    (image("b", translate=(0, 0, 1e-6)), "another place"),
    (image("b", units=["nm", "nm", "nm"]), "other units"),
    (image("b", axis_labels=("p", "q", "r")), "other axes"),
    (labels("b"), "labels"),
]


@pytest.mark.parametrize("other", [o for o, _ in APART], ids=[name for _, name in APART])
def test_layers_that_differ_stay_apart(other):
    plan = plan_images([image("a"), other])
    assert len(plan.images) == 2
    assert all(len(i.levels[0].shape) == 3 for i in plan.images)


def test_a_computed_layer_is_a_channel_beside_the_stored_one_it_was_made_of(tmp_path: Path):
    exported([image("raw")], tmp_path / "in.zarr", levels=3, factors=(2, 2, 2))
    (raw,) = layers_of(tmp_path / "in.zarr")
    assert len(raw.data) == 3
    mask = image("mask", np.asarray(raw.data[0]), units=raw.units)
    plan = exported([raw, mask], tmp_path / "o.zarr", levels=2, factors=(2, 2, 2))
    assert [i.levels[0].shape for i in plan.images] == [(2, 4, 10, 12)]


def test_sizes_along_an_axis_that_channels_get():
    plan = plan_images([image("a"), image("b")], Options(chunks={"c": 2}))
    assert plan.images[0].levels[0].chunks == (2, 4, 10, 12)


LARGER = [
    pytest.param((8, 8, 8), (16, 16, 16), (4, 8, 8), (4, 16, 16), id="a flat volume"),
    pytest.param((7, 20, 20), (7, 20, 20), (4, 10, 12), (4, 10, 12), id="larger than all of it"),
    pytest.param(None, {"x": 24}, (4, 10, 12), (4, 10, 12), id="shards along one axis"),
]


@pytest.mark.parametrize(("chunks", "shards", "chunk", "shard"), LARGER)
def test_chunks_may_be_larger_than_the_image(chunks, shards, chunk, shard, tmp_path: Path):
    plan = exported([image()], tmp_path / "o.zarr", chunks=chunks, shards=shards)
    level = plan.images[0].levels[0]
    assert (level.chunks, level.shards) == (chunk, shard)


def test_default_factors_go_by_lengths_though_axes_have_other_units():
    layer = image(data=values((64, 256, 256), "u1"), units=["mm", UM, UM], scale=(0.004, 1, 1))
    plan = plan_images([layer], Options(levels=2))
    assert plan.images[0].levels[1].factors == (1, 2, 2)  # 4 µm along z


def test_channels_can_be_kept_apart():
    plan = plan_images([image("a"), image("b")], Options(channels="separate"))
    assert [i.path for i in plan.images] == ["a", "b"]


def test_channels_of_one_stored_array_are_read_together(tmp_path: Path):
    source = write_sample("ome-zarr-0.4", tmp_path / "in").path
    plan = plan_images(layers_of(source))
    (part,) = plan.images[0].parts
    assert part.source.portable
    assert part.source.chunks == (1, 32, 64, 64)  # the stored array's own
    names = [type(s).__name__ for s in plan.sources]
    assert names == ["LevelSource"]
    mixed = [layers_of(source)[0], Image(np.asarray(layers_of(source)[1].data[0]))]
    mixed[1].scale, mixed[1].translate = mixed[0].scale, mixed[0].translate
    mixed[1].axis_labels, mixed[1].units = mixed[0].axis_labels, mixed[0].units
    plan = plan_images(mixed)
    assert not plan.portable


def test_channels_of_several_arrays_can_be_read_elsewhere(tmp_path: Path):
    """They are pickled for other processes, and give the same voxels there."""
    exported([image("c a")], tmp_path / "a.zarr")
    exported([image("c b")], tmp_path / "b.zarr")
    layers = [*layers_of(tmp_path / "a.zarr"), *layers_of(tmp_path / "b.zarr")]
    source = plan_images(layers).images[0].parts[0].source
    assert source.portable
    region = (slice(0, 2), slice(1, 3), slice(0, 10), slice(5, 12))
    expected = np.stack([np.asarray(layer.data[0]) for layer in layers])[region]
    for one in (source, pickle.loads(pickle.dumps(source)), source.with_cache(1000)):
        np.testing.assert_array_equal(one.read(region), expected)
        assert one.identity == source.identity


def test_a_computed_layer(tmp_path: Path):
    exported([image()], tmp_path / "in.zarr")
    (stored,) = layers_of(tmp_path / "in.zarr")
    mask = image("mask", stored.data[0] > 100, scale=stored.scale)
    plan = exported([mask], tmp_path / "o.zarr", factors=(1, 2, 2), levels=2, method="max")
    assert not plan.portable
    found = strata.open(tmp_path / "o.zarr").images[0]
    expected = np.asarray(stored.data[0]) > 100
    np.testing.assert_array_equal(np.asarray(found.levels[0].data), expected)
    assert found.levels[0].dtype == np.uint8


# ---------------------------------------------------------------------------------------- labels


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_labels_go_below_the_image_they_lie_in(version, tmp_path: Path):
    near = image("near", values((8, 64, 64)))
    far = image("far", values((8, 64, 64)), translate=(0, 500, 500))
    part = labels(
        "part", values((4, 20, 20), "u4"), scale=(1, 0.5, 0.5), translate=(2, 510, 520),
        colormap={None: "transparent", 3: (1, 0, 0, 1)}, features={"index": [3], "name": ["three"]},
    )  # fmt: skip
    wishes = {"version": version, "chunks": (4, 16, 16)}
    plan = exported([near, far, part], tmp_path / "o.zarr", **wishes)
    far_path = "1" if version == "0.4" else "far"
    assert [i.path for i in plan.images[1:]] == [far_path, f"{far_path}/labels/part"]
    label = parsed.group(tmp_path / "o.zarr" / far_path / "labels/part")[0]
    assert parsed.group(tmp_path / "o.zarr" / far_path / "labels")[0]["labels"] == ["part"]
    assert label["image-label"]["source"] == {"image": "../../"}
    assert label["image-label"]["colors"] == [{"label-value": 3, "rgba": [255, 0, 0, 255]}]
    assert label["image-label"]["properties"] == [{"label-value": 3, "name": "three"}]
    found = parsed.affines(tmp_path / "o.zarr", f"{far_path}/labels/part")
    assert len(found) == len(parsed.affines(tmp_path / "o.zarr", far_path)) == 3
    np.testing.assert_allclose(found[0][:3, 3], (2, 510, 520))
    np.testing.assert_allclose(np.diag(found[0]), (1, 0.5, 0.5, 1))
    sound(tmp_path / "o.zarr")


def test_a_label_too_small_for_the_levels_of_its_image_repeats_its_last(tmp_path: Path):
    big = image("big", values((4, 64, 64)))
    tiny = labels("tiny", values((3, 2, 2), "u1"))
    exported([big, tiny], tmp_path / "o.zarr", chunks=(4, 8, 8))
    shapes = [parsed.array(tmp_path / f"o.zarr/labels/tiny/{k}")[0] for k in range(4)]
    assert shapes == [(3, 2, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1)] or shapes[-1] == (1, 1, 1)
    sound(tmp_path / "o.zarr")


@pytest.mark.parametrize("kind", ["layers", "images"])
def test_labels_stay_with_the_image_they_were_opened_with(kind, tmp_path: Path):
    for name in "ab":
        exported([image(name), labels("nuclei")], tmp_path / f"{name}.zarr")
    found = [strata.open(tmp_path / f"{name}.zarr") for name in "ab"]
    images = [dataset_image(i) for one in found for i in one.images]
    layers = [layer for name in "ab" for layer in layers_of(tmp_path / f"{name}.zarr")]
    given = {"layers": layers, "images": images}[kind]
    plan = plan_images(given, Options(channels="separate"))
    assert [i.path for i in plan.images] == ["a", "a/labels/nuclei", "b", "b/labels/nuclei"]
    labels_of_b = given[-1]
    moved = plan_images([given[0], in_memory(given[2]), labels_of_b], Options(channels="separate"))
    assert [i.path for i in moved.images] == ["a", "a/labels/nuclei", "b"]


def in_memory(one):
    """Return the same image, its voxels in memory and elsewhere: nothing is in common then."""
    whole = one if isinstance(one, LayerImage) else layer_image(one)
    matrix = np.array(whole.levels[0].affine)
    matrix[:3, 3] += 1000
    level = LayerLevel(np.asarray(whole.levels[0].pixels), matrix)
    return replace(whole, levels=(level,))


BESIDE = [
    (labels("l", values((1, 10, 12), "i4")), "one plane"),
    (labels("l", axis_labels=("p", "q", "r")), "other axes"),
    (labels("l", units=["second", UM, UM]), "another unit"),
]


@pytest.mark.parametrize("label", [x for x, _ in BESIDE], ids=[name for _, name in BESIDE])
def test_labels_that_readers_would_take_for_something_else_stand_by_themselves(label):
    plan = plan_images([image(), label])
    assert [(i.path, i.parent) for i in plan.images] == [("cells", None), ("l", None)]


def test_flat_labels_below_a_volume(tmp_path: Path):
    plan = exported([image(), labels(data=values((10, 12), "i4"))], tmp_path / "o.zarr")
    assert plan.images[1].path == "labels/nuclei"
    sound(tmp_path / "o.zarr")


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_labels_alone_are_the_root(version, tmp_path: Path):
    before = labels()
    exported([before], tmp_path / "o.zarr", version=version)
    assert "image-label" in parsed.group(tmp_path / "o.zarr")[0]
    (after,) = layers_of(tmp_path / "o.zarr")
    np.testing.assert_array_equal(np.asarray(after.data), before.data)
    assert (after._type_string, after.name) == ("labels", "nuclei")
    sound(tmp_path / "o.zarr")


# ------------------------------------------------------------------------------- 0.6, and before


def test_what_is_turned_is_placed_by_a_scene(tmp_path: Path):
    turned = image(affine=TURN, scale=(2, 1, 1))
    inside = labels(affine=TURN, scale=(2, 0.5, 0.5), translate=(0, 1, 2))
    straight = labels("straight")
    plan = exported([turned, inside, straight], tmp_path / "o.zarr")
    assert plan.version == "0.6"
    assert [i.path for i in plan.images] == ["cells", "cells/labels/nuclei", "straight"]
    base = np.diag([2.0, 1, 1, 1])
    parsed.same_place(parsed.affines(tmp_path / "o.zarr", "cells")[0], TURN @ base, (4, 10, 12))
    own = np.diag([2, 0.5, 0.5, 1])
    own[:3, 3] = (0, 1, 2)
    found = parsed.affines(tmp_path / "o.zarr", "cells/labels/nuclei")[0]
    parsed.same_place(found, TURN @ own, (4, 10, 12))
    np.testing.assert_allclose(parsed.affines(tmp_path / "o.zarr", "straight")[0], np.eye(4))
    sound(tmp_path / "o.zarr")


def test_a_scene_of_other_units_and_channels(tmp_path: Path):
    """Units are converted to those of the world, and all get a channel axis if one has."""
    one, two = image("c a", affine=TURN), image("c b", affine=TURN)
    other = image("other", values((4, 5, 6)), units=["nm"] * 3, translate=(1000, 2000, 3000))
    plan = exported([one, two, other], tmp_path / "o.zarr")
    assert [len(i.levels[0].shape) for i in plan.images] == [4, 4]
    found = parsed.affines(tmp_path / "o.zarr", "other")[0]
    np.testing.assert_allclose(np.diag(found), [1, 0.001, 0.001, 0.001, 1])
    np.testing.assert_allclose(found[:4, 4], [0, 1, 2, 3])
    sound(tmp_path / "o.zarr")


@pytest.mark.parametrize("turn", [np.eye(4), TURN], ids=["straight", "turned"])
def test_labels_in_a_scene_are_in_the_units_of_their_image(turn, tmp_path: Path):
    first = image("first", affine=TURN, translate=(0, 500, 500))
    cells = image("cells", values((3, 10, 12)), affine=turn)
    nuclei = labels(
        data=values((3, 10, 12), "i4"), units=["nm"] * 3, affine=scaled(turn, 1000),
        scale=(1000,) * 3, translate=(2000, 3000, 4000),
    )  # fmt: skip
    exported([first, cells, nuclei], tmp_path / "o.zarr", version="0.6", channels="separate")
    path = "cells/labels/nuclei"
    assert [unit for _, _, unit in parsed.axes(tmp_path / "o.zarr" / path)] == [UM] * 3
    own = np.eye(4)
    own[:3, 3] = (2, 3, 4)
    found = parsed.affines(tmp_path / "o.zarr", path)[0]
    parsed.same_place(found, turn @ own, (3, 10, 12))


def scaled(matrix, factor):
    """Return a matrix between the same systems in another unit."""
    result = matrix.copy()
    result[:3, 3] *= factor
    return result


def test_images_of_one_scene_need_the_same_axes():
    turned = image("turned", affine=TURN)
    with pytest.raises(ExportError, match="flat has other axes than turned; a scene has one world"):
        plan_images([turned, image("flat", values((10, 12)))])


def test_images_of_other_axes_need_no_scene_where_none_is_turned(tmp_path: Path):
    layers = [image("deep"), image("flat", values((10, 12)))]
    exported(layers, tmp_path / "o.zarr", version="0.6")
    root, version = parsed.group(tmp_path / "o.zarr")
    assert (version, root["bioformats2raw.layout"]) == ("0.6", 3)
    sound(tmp_path / "o.zarr")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_older_versions_refuse_what_would_be_lost(version):
    with pytest.raises(
        ExportError, match=f"OME-Zarr {version} can scale and move an image, not turn"
    ):
        plan_images([image(affine=TURN)], Options(version=version))


def of_type(dtype):
    """Return an image that napari has no layer for."""
    axes = tuple(Axis(name, "space", UM) for name in "yx")
    return LayerImage(
        "cells", "image", axes, (LayerLevel(np.zeros((3, 4), dtype), np.eye(3)),), Display()
    )


QUARTER = np.array([[0, 0, -2, 5], [0.5, 0, 0, 1], [0, 1, 0, 2], [0, 0, 0, 1.0]])


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")  # of planes, in napari
@pytest.mark.parametrize("kind", ["in memory", "stored"])
def test_quarter_turns_and_mirrors_are_straightened_on_request(kind, tmp_path: Path):
    layer = image(affine=QUARTER)
    before = np.asarray(layer.data)
    if kind == "stored":
        exported([image(data=before)], tmp_path / "in.zarr", chunks=(2, 4, 8))
        (layer,) = layers_of(tmp_path / "in.zarr")
        layer.affine = QUARTER
    plan = exported([layer], tmp_path / "o.zarr", resample=True)
    assert plan.version == "0.5"
    # World z is -2 × array x, world y is 0.5 × array z, world x is array y.
    found = strata.open(tmp_path / "o.zarr").images[0].levels[0]
    np.testing.assert_array_equal(np.asarray(found.data), before.transpose(2, 0, 1)[::-1])
    expected = np.diag([2, 0.5, 1, 1])
    expected[:3, 3] = (5 - 2 * 11, 1, 2)
    np.testing.assert_allclose(parsed.affines(tmp_path / "o.zarr")[0], expected)


TURNS = [  # in degrees about the first axis; world y and x by voxel y and x: 2 and 3 long
    pytest.param(90, [[0, -3], [2, 0]], id="90"),
    pytest.param(180, [[-2, 0], [0, -3]], id="180"),
    pytest.param(270, [[0, 3], [-2, 0]], id="270"),
]


@pytest.mark.parametrize(("degrees", "linear"), TURNS)
def test_a_turn_in_degrees_is_a_quarter_turn(degrees, linear, tmp_path: Path):
    layer = image(scale=(1, 2, 3), rotate=degrees)
    exported([layer], tmp_path / "o.zarr", version="0.5", resample=True)
    found = strata.open(tmp_path / "o.zarr").images[0].levels[0]
    to_world = np.eye(4)
    to_world[1:3, 1:3] = linear
    for voxel in [(0, 0, 0), (3, 9, 11), (1, 2, 5)]:
        place = to_world @ (*voxel, 1)
        there = np.linalg.solve(parsed.affines(tmp_path / "o.zarr")[0], place)[:3]
        np.testing.assert_allclose(there, np.round(there), atol=1e-9)
        assert found.data[tuple(np.round(there).astype(int))] == layer.data[voxel]


REFUSED = [
    ([image(data=values((2, 2, 2, 2, 2, 2)), axis_labels="abcdef", units=["pixel"] * 6)], {},
     "cells: OME-Zarr images have 2 to 5 axes, this one has 6"),
    ([of_type("c8")], {}, "cells: voxels of type complex64 cannot be written"),
    ([of_type("u1,f4")], {}, "cells: voxels of type .* cannot be written"),
    ([image()], {"shards": True, "version": "0.4"}, "OME-Zarr 0.4 has no shards"),
    ([image()], {"version": "0.3"}, "version of OME-Zarr: found '0.3'"),
    ([image()], {"method": "sinc"}, "method: found 'sinc'"),
    ([image(affine=TURN)], {"resample": True}, "cells is turned or sheared by other than quarter"),
    ([image()], {"chunks": (0, 1, 1)}, "cells: chunks: found"),
    ([image()], {"box": {"w": (0, 1)}}, "box: found axis 'w', expected one of z, y, x"),
    ([image()], {"voxels": {"Z": (0, 1)}}, "voxels: found axis 'Z', expected one of z, y, x"),
    ([image()], {"times": (0, 1)}, "times: there is no time axis"),
    ([image()], {"chunks": {"c": 1}}, "chunks: found axis 'c', expected one of z, y, x"),
    ([image()], {"shards": {"X": 64}}, "shards: found axis 'X', expected one of z, y, x"),
    ([image()], {"factors": [{"q": 2}]}, "factors: found axis 'q', expected one of z, y, x"),
    ([image(), image("b", units=["nm"] * 3)], {"box": {"z": (0, 1)}},
     "box along z: cells and b have other units there"),
    ([], {}, "nothing to write"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "wishes", "message"), REFUSED, ids=[m for _, _, m in REFUSED])
def test_what_cannot_be_written_is_refused_by_name(layers, wishes, message):
    with pytest.raises(ExportError, match=message):
        plan_images(layers, Options(**wishes))


def test_options_by_name():
    assert options_of({"codec": "zstd:3", "levels": None}).codec.level == 3
    for wishes in ({"colour": 1}, {"codec": "lzma"}, {"codec": "zstd:x"}, {"box": {"z": 3}}):
        with pytest.raises(ExportError):
            options_of(wishes)


# ----------------------------------------------------------------------------- sizes and writing


def test_sizes_are_known_before_anything_is_written(tmp_path: Path):
    plan = plan_images([image(data=values((40, 64, 64)))], Options(chunks=(16, 32, 32), levels=2))
    assert estimate(plan) == [("0", 12, 40 * 64 * 64 * 2), ("1", 2, 20 * 32 * 32 * 2)]
    assert plan.nbytes == 40 * 64 * 64 * 2 + 20 * 32 * 32 * 2
    assert list(tmp_path.iterdir()) == []


def test_more_levels_than_can_be_copied_are_computed(tmp_path: Path):
    source = write_sample("ome-zarr-0.5", tmp_path / "in").path  # three levels of every 2nd voxel
    wishes = {"copy_levels": True, "levels": 5, "factors": [(2, 2, 2)] * 3 + [(1, 2, 4)]}
    plan = exported(layers_of(source), tmp_path / "o.zarr", **wishes)
    parts = [(p.first, p.copied, len(p.pyramid.levels)) for p in plan.images[0].parts]
    assert parts == [(0, False, 1), (1, True, 1), (2, True, 3)]
    assert [x.shape for x in plan.images[0].levels[2:]] == [(24, 32, 32), (12, 16, 16), (12, 8, 4)]
    found = parsed.affines(tmp_path / "o.zarr")
    # Level 2 has voxels of 4, 5, 5 µm from 1700, 600, 300 nm on.
    np.testing.assert_allclose(found[3][:3, 3], (3700, 3100, 2800))
    np.testing.assert_allclose(np.diag(found[4])[:3], (8000, 20000, 40000))
    (loss,) = (x for x in plan.losses if x.code == "levels-computed")
    assert "levels 1, 2 are copied, 3, 4 are computed" in loss.message
    plan = plan_images(layers_of(source), Options(copy_levels=True, levels=2))
    assert [p.first for p in plan.images[0].parts] == [0, 1]


def test_sizes_by_name_and_for_the_last_axes():
    layers = [image("c a", values((4, 32, 32))), image("c b", values((4, 32, 32)))]
    wishes = {"chunks": {"y": 8}, "factors": {"x": 2}, "levels": 2}
    level0, level1 = plan_images(layers, Options(**wishes)).images[0].levels
    assert (level0.chunks, level1.shape) == ((1, 4, 8, 32), (2, 4, 32, 16))
    level0, *_ = plan_images(layers, Options(chunks=(2, 8, 16))).images[0].levels
    assert level0.chunks == (1, 2, 8, 16)


def test_contrast_that_nobody_declared_is_estimated_from_what_was_written(tmp_path: Path):
    # Two stored channels in colour, without a window, in no viewer.
    source = write_sample("n5-viewer", tmp_path / "in").path
    exported(layers_of(source), tmp_path / "o.zarr", copy_levels=True)
    windows = [c["window"] for c in parsed.group(tmp_path / "o.zarr")[0]["omero"]["channels"]]
    coarsest = np.asarray(strata.open(tmp_path / "o.zarr").images[0].levels[-1].data)
    for window, channel in zip(windows, coarsest, strict=True):
        assert (window["start"], window["end"]) == tuple(np.percentile(channel, (0.5, 99.8)))


def test_without_the_root_there_is_nothing_to_open(tmp_path: Path):
    plan = plan_images([image("a"), image("b", values((2, 3, 4)))])
    ome_zarr.write_arrays(plan, tmp_path / "o.zarr")
    assert not list((tmp_path / "o.zarr").glob("zarr.json"))
    ome_zarr.write_documents(plan, tmp_path / "o.zarr")
    assert len(strata.open(tmp_path / "o.zarr").images) == 2


def test_the_first_position_is_kept(tmp_path: Path):
    axes = tuple(Axis(name, "space", UM) for name in "zyx")
    display = Display((ChannelDisplay(window=(0, 9)),), first_position={"z": 2})
    one = LayerImage("i", "image", axes, (LayerLevel(values(), np.eye(4)),), display)
    exported([one], tmp_path / "o.zarr")
    assert strata.open(tmp_path / "o.zarr").images[0].display.first_position == {"z": 2}
    exported([one], tmp_path / "p.zarr", voxels={"z": (1, 4)})
    assert strata.open(tmp_path / "p.zarr").images[0].display.first_position == {"z": 1}


def test_progress_counts_all_images(tmp_path: Path):
    plan = plan_images([image("a"), image("b", values((2, 3, 4)))])
    seen = []
    ome_zarr.write(
        plan, tmp_path / "o.zarr", progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (plan.nbytes, plan.nbytes)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_the_fingerprint_is_that_of_the_pixels_and_their_places(tmp_path: Path):
    source = write_sample("ome-zarr-0.5", tmp_path / "in").path
    first, again = (plan_images(layers_of(source)).fingerprint for _ in range(2))
    assert first == again
    (moved,) = layers_of(source)
    moved.translate = (1, 2, 3)
    others = [
        plan_images([moved]), plan_images(layers_of(source), Options(chunks=(8, 8, 8))),
        plan_images(layers_of(source), Options(voxels={"z": (1, None)})),
    ]  # fmt: skip
    assert len({first, *(plan.fingerprint for plan in others)}) == 4


def test_documents_are_json(tmp_path: Path):
    odd = {"a": [np.nan, 1.0], "b": ["x", None], "index": [1, 2]}
    exported([labels(data=values((9, 9), "u1") + 1, features=odd)], tmp_path / "o.zarr")
    text = (tmp_path / "o.zarr/zarr.json").read_text()
    found = json.loads(text)["attributes"]["ome"]["image-label"]["properties"]
    assert found == [{"label-value": 1, "b": "x"}, {"label-value": 2, "a": 1.0}]


def test_what_is_resumed_has_the_same_pixels_and_may_look_otherwise(tmp_path):
    path = write_sample("ome-zarr-0.5", tmp_path).path
    (layer, *_) = layers_of(path)

    def words():
        return told(plan_images([layer_image(layer)], Options()))

    before = words()
    layer.contrast_limits, layer.colormap = (1, 4), "green"
    assert words() == before
    layer.translate = [t + 1 for t in layer.translate]
    assert words() != before
