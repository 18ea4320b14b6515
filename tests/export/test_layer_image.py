"""A layer as something to be written: always the truth of the live layer."""

from pathlib import Path

import napari
import numpy as np
import pytest
import zarr
from napari.layers import Image, Labels, Points

import napari_strata as strata
from napari_strata.export.ome_zarr import write
from napari_strata.export.planning.image_plan import plan_images
from napari_strata.export.planning.layer_image import layer_image
from napari_strata.export.planning.options import Options
from napari_strata.export.verify import verify
from napari_strata.layers.common_origin import move_near_zero
from napari_strata.samples import write_sample

from . import parsed
from .layers import exported, in_viewer, layers_of


@pytest.fixture
def opened(tmp_path: Path):
    """One layer of three levels, declared in nanometres."""
    (layer,) = in_viewer(layers_of(write_sample("ome-zarr-0.5", tmp_path / "in").path))
    return layer


# What write_sample("ome-zarr-0.5") declares, in nanometres.
SCALES = [(1000, 1250, 1250), (2000, 2500, 2500), (4000, 5000, 5000)]
SHIFT = (1700, 600, 300)


def matrix_of(scale, shift):
    matrix = np.diag([*scale, 1.0])
    matrix[:-1, -1] = shift
    return matrix


def places(layer, folder: Path, **wishes):
    """Export a layer and return name, units, and each level's matrix, as the files say."""
    exported([layer], folder, copy_levels=True, **wishes)
    ome, _ = parsed.group(folder)
    units = [unit for _, _, unit in parsed.axes(folder)]
    return ome["multiscales"][0]["name"], units, parsed.affines(folder)


def test_untouched_it_is_as_it_was_declared(opened, tmp_path: Path):
    name, units, found = places(opened, tmp_path / "o.zarr")
    assert (name, units) == ("specimen", ["nanometer"] * 3)
    for matrix, scale in zip(found, SCALES, strict=True):
        np.testing.assert_array_equal(matrix, matrix_of(scale, SHIFT))


def test_a_duplicate_is_the_same(opened, tmp_path: Path):
    data, state, kind = opened.as_layer_data_tuple()
    copy = type(opened).create(data, state, kind)
    assert places(copy, tmp_path / "o.zarr")[1:][0] == ["nanometer"] * 3
    found = places(copy, tmp_path / "p.zarr")[2]
    for matrix, scale in zip(found, SCALES, strict=True):
        np.testing.assert_array_equal(matrix, matrix_of(scale, SHIFT))


def test_another_array_has_the_layers_own_place(opened, tmp_path: Path):
    data, state, kind = opened.as_layer_data_tuple()
    copy = type(opened).create(data, state, kind)
    values = np.arange(96 * 128 * 128, dtype=np.uint16).reshape(96, 128, 128)
    copy.data = [values, values[::2, ::2, ::2], values[::4, ::4, ::4]]
    _, units, found = places(copy, tmp_path / "o.zarr")
    assert units == ["micrometer"] * 3
    assert len(found) == 1  # nobody says where the others are: they would be computed
    np.testing.assert_allclose(found[0], matrix_of((1, 1.25, 1.25), (1.7, 0.6, 0.3)), rtol=1e-12)
    image = strata.open(tmp_path / "o.zarr").images[0]
    np.testing.assert_array_equal(np.asarray(image.levels[0].data), values)


def test_reversed_levels_are_not_those_that_were_declared(opened, tmp_path: Path):
    levels = list(opened.data)
    copy = Image(
        levels[:1], multiscale=True, name="x", scale=opened.scale, translate=opened.translate,
        units=opened.units, axis_labels=opened.axis_labels, metadata=opened.metadata,
    )  # fmt: skip
    copy.data = levels[::-1]
    image = layer_image(copy)
    assert [level.pixels.shape for level in image.levels] == [levels[-1].shape]
    np.testing.assert_allclose(
        image.levels[0].affine, matrix_of(opened.scale, opened.translate), rtol=1e-12
    )


def test_a_sliced_array_is_written_as_it_is(opened, tmp_path: Path):
    part = Image(
        opened.data[0][10:, ::2], name="part", scale=opened.scale, translate=(5, 6, 7),
        units=opened.units, axis_labels=opened.axis_labels, metadata=opened.metadata,
    )  # fmt: skip
    name, units, found = places(part, tmp_path / "o.zarr")
    assert (name, units) == ("part", ["micrometer"] * 3)
    np.testing.assert_allclose(found[0], matrix_of((1, 1.25, 1.25), (5, 6, 7)), rtol=1e-12)
    image = strata.open(tmp_path / "o.zarr").images[0]
    voxels = np.asarray(opened.data[0])[10:, ::2]
    np.testing.assert_array_equal(np.asarray(image.levels[0].data), voxels)


ZARR = np.arange(5 * 6 * 7, dtype=np.uint16).reshape(5, 6, 7)
OF_ZARR = [
    pytest.param("zyx", {}, {"voxels": {"z": (1, 4), "x": (2, 7)}}, ZARR[1:4, :, 2:], id="cropped"),
    pytest.param("xyz", {}, {}, ZARR.transpose(2, 1, 0), id="reordered"),
    pytest.param(
        "zyx", {"scale": (1, -1, 1)}, {"resample": True}, ZARR[:, ::-1], id="mirrored"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("names", "more", "wishes", "expected"), OF_ZARR)
def test_an_array_of_zarr_is_read_only_when_it_is_written(
    names, more, wishes, expected, tmp_path: Path, monkeypatch
):
    array = zarr.create_array(tmp_path / "in.zarr", shape=ZARR.shape, chunks=(2, 3, 4), dtype="u2")
    array[...] = ZARR
    layer = Image(array, name="i", axis_labels=tuple(names), contrast_limits=(0, 9), **more)
    with monkeypatch.context() as patch:
        patch.setattr(zarr.Array, "__getitem__", lambda *_: pytest.fail("it was read"))
        plan = plan_images([layer], Options(**wishes))
    write(plan, tmp_path / "o.zarr")
    verify(plan, tmp_path / "o.zarr")
    found = strata.open(tmp_path / "o.zarr").images[0].levels[0].data
    np.testing.assert_array_equal(np.asarray(found), expected)


def test_a_moved_layer_moves_all_its_levels(opened, tmp_path: Path):
    opened.translate = np.add(opened.translate, (10, 20, 30))
    _, units, found = places(opened, tmp_path / "o.zarr")
    assert units == ["nanometer"] * 3
    shift = np.add(SHIFT, (10_000, 20_000, 30_000))
    for matrix, scale, shape in zip(found, SCALES, opened.level_shapes, strict=True):
        parsed.same_place(matrix, matrix_of(scale, shift), shape)


def test_a_layer_with_an_affine_moves_too(opened, tmp_path: Path):
    turn = np.array([[1, 0, 0, 2], [0, 0.8, -0.6, 0], [0, 0.6, 0.8, 0], [0, 0, 0, 1]])
    opened.affine = turn
    exported([opened], tmp_path / "o.zarr", copy_levels=True)
    found = parsed.affines(tmp_path / "o.zarr", "specimen")
    in_nanometres = turn.copy()
    in_nanometres[:3, 3] *= 1000
    for matrix, scale, shape in zip(found, SCALES, opened.level_shapes, strict=True):
        parsed.same_place(matrix, in_nanometres @ matrix_of(scale, SHIFT), shape)


def test_a_renamed_layer_has_its_own_name(opened, tmp_path: Path):
    opened.name = "Zelle 1/α"
    assert layer_image(opened).name == "Zelle 1/α"


def test_other_units_are_the_layers_own(opened, tmp_path: Path):
    opened.units = ("nm", "nm", "nm")  # the numbers stay: the specimen is 1000 times smaller
    _, units, found = places(opened, tmp_path / "o.zarr")
    assert units == ["nanometer"] * 3
    shift = (1.7, 0.6, 0.3)
    for matrix, scale, shape in zip(found, SCALES, opened.level_shapes, strict=True):
        parsed.same_place(matrix, matrix_of(np.divide(scale, 1000), shift), shape)


def test_axis_names_are_the_layers_own(opened, tmp_path: Path):
    opened.axis_labels = ("depth", "row", "column")
    places(opened, tmp_path / "o.zarr")
    assert [name for name, _, _ in parsed.axes(tmp_path / "o.zarr")] == ["depth", "row", "column"]


def test_contrast_that_is_not_known_yet_is_not_declared(tmp_path: Path):
    path = write_sample("ome-zarr-0.5", tmp_path / "in").path
    (layer,) = layers_of(path)  # in no viewer: its limits only stand in for an estimate
    assert layer_image(layer).display.channels[0].window is None
    layer.contrast_limits = (5, 500)
    assert layer_image(layer).display.channels[0].window == (5, 500)


def test_a_look_that_has_no_place_is_told():
    layer = Image(np.zeros((4, 4)), name="i", colormap="viridis", blending="minimum", opacity=0.5)
    losses = layer_image(layer).losses
    assert [loss.code for loss in losses] == ["colormap-not-carried", "look-not-carried"]
    assert "viridis" in losses[0].message
    assert "opacity 0.5, blending minimum" in losses[1].message
    assert layer_image(Image(np.zeros((4, 4)), colormap="green")).losses == ()


def test_an_inverted_ramp_is_written_as_such():
    channel = layer_image(Image(np.zeros((4, 4)), colormap="gray_r")).display.channels[0]
    assert (channel.color, channel.inverted) == ("FFFFFF", True)


def test_colors_are_channels():
    values = np.random.default_rng(1).integers(0, 255, (5, 6, 7, 3)).astype(np.uint8)
    image = layer_image(Image(values, rgb=True, name="photo"))
    assert [axis.name for axis in image.axes] == ["c", "z", "y", "x"]
    np.testing.assert_array_equal(image.levels[0].pixels, values.transpose(3, 0, 1, 2))
    assert [c.color for c in image.display.channels] == ["FF0000", "00FF00", "0000FF"]
    assert [c.window for c in image.display.channels] == [(0, 255)] * 3


def test_the_opacity_of_colors_is_a_channel_that_is_not_shown():
    image = layer_image(Image(np.zeros((6, 7, 4), np.uint8), rgb=True, name="photo"))
    assert [c.color for c in image.display.channels[:3]] == ["FF0000", "00FF00", "0000FF"]
    assert [c.visible for c in image.display.channels] == [True, True, True, False]
    assert image.display.channels[3].label == "opacity"
    assert [loss.code for loss in image.losses] == ["look-not-carried"]


def test_all_channels_of_one_layer_look_as_it_does(tmp_path: Path):
    """More than 32 channels are one layer with a slider."""
    source = tmp_path / "in.zarr"
    root = zarr.create_group(source, zarr_format=2)
    root.create_array("0", shape=(40, 3, 4), chunks=(40, 3, 4), dtype="u2")[...] = 5
    axes = [{"name": "c", "type": "channel"}, *({"name": n, "type": "space"} for n in "yx")]
    dataset = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1]}]}
    root.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [dataset]}]
    (layer,) = layers_of(source)
    layer.colormap, layer.contrast_limits = "red", (1, 9)
    plan = exported([layer], tmp_path / "o.zarr")
    assert plan.images[0].channel_count == 40
    channels = strata.open(tmp_path / "o.zarr").images[0].display.channels
    assert {(c.color, c.window) for c in channels} == {("FF0000", (1.0, 9.0))}


def test_a_layer_that_was_moved_to_a_common_origin_says_so(opened):
    model = napari.components.ViewerModel()
    model.add_layer(opened)
    move_near_zero(model.layers)
    (loss,) = layer_image(opened).losses
    assert (loss.code, loss.severity) == ("moved-origin", "warning")
    assert "minus [1.7, 0.6, 0.3] µm" in loss.message


def test_label_colors_and_properties():
    layer = Labels(
        np.zeros((4, 4), dtype=int),
        colormap={None: "transparent", 0: "transparent", 1: "red", 7: (0, 0.2, 0.4, 0.6)},
        features={"index": [1, 7], "name": ["one", None], "size": [3, 4]},
    )
    display = layer_image(layer).display
    assert display.label_colors[1] == (1, 0, 0, 1)
    assert display.label_colors[7] == pytest.approx((0, 0.2, 0.4, 0.6), abs=1e-6)
    assert display.label_properties == {1: {"name": "one", "size": 3}, 7: {"size": 4}}
    layer.colormap = {None: "yellow", 1: "red"}
    assert [loss.code for loss in layer_image(layer).losses] == ["colormap-not-carried"]


SHEARS = [
    pytest.param([0.1, 0.2, 0.3], [[1, 0.1, 0.2], [0, 1, 0.3], [0, 0, 1]], id="above"),
    pytest.param(
        np.array([[1, 0, 0], [0.1, 1, 0], [0.2, 0.3, 1]]),
        [[1, 0, 0], [0.1, 1, 0], [0.2, 0.3, 1]],
        id="below the diagonal",
    ),
]


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")  # of planes, in napari
@pytest.mark.parametrize(("shear", "matrix"), SHEARS)
def test_a_sheared_layer(shear, matrix):
    layer = Image(np.zeros((4, 5, 6)), shear=shear, scale=(2, 3, 4), translate=(5, 6, 7))
    expected = np.eye(4)
    expected[:3, :3] = matrix @ np.diag([2, 3, 4])
    expected[:3, 3] = (5, 6, 7)
    np.testing.assert_allclose(layer_image(layer).levels[0].affine, expected, atol=1e-12)


NAMED = [
    pytest.param("czyx", {}, ["channel", "space", "space", "space"], id="c, z, y, x"),
    pytest.param("tcyx", {}, ["time", "channel", "space", "space"], id="t, c, y, x"),
    pytest.param(("channel", "y", "x"), {}, ["channel", "space", "space"], id="channel, y, x"),
    pytest.param("cyx", {"units": "um"}, ["channel", "space", "space"], id="all in micrometres"),
    pytest.param("abyx", {}, ["time", "space", "space", "space"], id="other names"),
]


@pytest.mark.parametrize(("names", "more", "types"), NAMED)
def test_axes_that_nobody_declared_are_told_by_their_names(names, more, types, tmp_path: Path):
    layer = Image(np.zeros((3,) * len(names)), axis_labels=tuple(names), name="i", **more)
    axes = layer_image(layer).axes
    assert [axis.type for axis in axes] == types
    assert all(axis.unit is None for axis in axes if axis.type == "channel")


def test_channels_in_one_array_are_not_averaged(tmp_path: Path):
    values = np.stack([np.full((8, 8), v, np.uint8) for v in (0, 100, 200)])
    exported([Image(values, axis_labels=("c", "y", "x"), name="i")], tmp_path / "o.zarr", levels=2)
    coarse = np.asarray(strata.open(tmp_path / "o.zarr").images[0].levels[1].data)
    assert [np.unique(channel).tolist() for channel in coarse] == [[0], [100], [200]]


@pytest.mark.parametrize("limits", [(0, np.inf), (-1e308, 1e308)], ids=["no end", "no width"])
def test_contrast_that_is_no_number_is_estimated(limits, tmp_path: Path):
    values = np.arange(16.0).reshape(4, 4)
    layer = Image(values, name="i", colormap="green", contrast_limits=limits)
    plan = exported([layer], tmp_path / "o.zarr")
    assert [loss.code for loss in plan.losses] == ["look-not-carried"]
    assert strata.open(tmp_path / "o.zarr").images[0].display.channels[0].window is not None


def test_properties_of_what_is_no_label_are_left_out():
    rows = {"index": [1.0, np.nan, 2.5], "name": ["one", "none", "half"]}
    image = layer_image(Labels(np.zeros((4, 4), dtype=int), name="l", features=rows))
    assert image.display.label_properties == {1: {"name": "one"}}
    (loss,) = image.losses
    assert (loss.code, loss.message[:6]) == ("properties-not-carried", "2 rows")
    text = {"index": ["a"], "name": ["one"]}
    image = layer_image(Labels(np.zeros((4, 4), dtype=int), name="l", features=text))
    assert image.display.label_properties == {}


def test_a_property_without_a_time_is_left_out():
    rows = {"index": [1, 2], "seen": np.array(["2020-01-01", "NaT"], "datetime64[ns]")}
    image = layer_image(Labels(np.zeros((4, 4), dtype=int), features=rows))
    assert set(image.display.label_properties[1]) == {"seen"}
    assert image.display.label_properties[2] == {}


def test_a_unit_that_is_no_length_is_told(tmp_path: Path):
    layer = Image(np.zeros((4, 4)), name="i", units=["kg", "um"], contrast_limits=(0, 1))
    plan = exported([layer], tmp_path / "o.zarr")
    (loss,) = plan.losses
    assert (loss.code, loss.message) == (
        "unit-not-carried",
        "axis y in kilogram is written without a unit: it is none of length or time",
    )
    assert [unit for _, _, unit in parsed.axes(tmp_path / "o.zarr")] == [None, "micrometer"]


def test_other_layers_are_refused():
    with pytest.raises(ValueError, match="p is a Points layer, expected Image or Labels"):
        layer_image(Points(np.zeros((1, 2)), name="p"))
