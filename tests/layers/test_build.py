"""From datasets on disk to layers: which, where, how they look, and what is read for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels, Layer

import napari_strata as strata
from formats.helpers import add_attributes, write_n5_array, write_ome_04, write_zarr_array
from napari_strata.arrays import LevelArray
from napari_strata.layers.arrival import settle
from napari_strata.layers.build import Built, build
from napari_strata.layers.run import run_at_once

LEVELS = {
    "0": ((8, 8, 8), {"scale": [4, 2, 1]}),
    "1": ((4, 4, 4), {"scale": [8, 4, 2], "translation": [2, 1, 0.5]}),
}


def built(path: Path) -> Built:
    return build(strata.open(path))


def as_layer(item: Any) -> Any:
    if isinstance(item, Layer):
        return item
    data, arguments, kind = item
    return {"image": Image, "labels": Labels}[kind](data, **arguments)


def layers(path: Path) -> list[Any]:
    return [as_layer(item) for item in built(path).layers]


def note(layer: Any) -> dict[str, Any]:
    found: dict[str, Any] = layer.metadata["strata"]
    return found


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders of the arrays whose pixels were read."""
    read: list[str] = []
    original = LevelArray.__array__

    def remembered(self: LevelArray, *args: Any, **kwargs: Any) -> Any:
        location: Any = self.location
        read.append(Path(location.kvstore["path"]).name)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(LevelArray, "__array__", remembered)
    return read


# ------------------------------------------------------------------------------- placement


def test_an_image_lands_in_micrometres(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/s0", (4, 6, 8))
    add_attributes(tmp_path / "a.n5/attributes.json", resolution=[4, 6, 30], units=["nm"] * 3)
    (layer,) = layers(tmp_path / "a.n5")
    np.testing.assert_allclose(layer.scale, [0.03, 0.006, 0.004], rtol=1e-12)
    assert [str(u) for u in layer.units] == ["micrometer"] * 3
    assert list(layer.axis_labels) == ["z", "y", "x"]


def test_what_napari_places_right_is_a_plain_tuple(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/s0", (4, 4))
    (item,) = built(tmp_path / "a.n5").layers
    data, arguments, kind = item
    assert isinstance(item, tuple)
    assert (kind, arguments["multiscale"], len(data)) == ("image", True, 1)


def test_what_it_does_not_is_an_exact_layer(tmp_path: Path):
    folder = write_ome_04(tmp_path / "a.zarr", LEVELS)
    (item,) = built(folder).layers
    assert isinstance(item, Image)
    np.testing.assert_allclose(item.downsample_factors, [[1, 1, 1], [2, 2, 2]])  # type: ignore[attr-defined]


def test_an_evenly_halved_plane_is_exact_for_the_value_under_the_cursor(tmp_path: Path):
    halved = {
        "0": ((8, 8), {"scale": [1, 1]}),
        "1": ((4, 4), {"scale": [2, 2], "translation": [0.5, 0.5]}),
    }
    (layer,) = layers(write_ome_04(tmp_path / "a.zarr", halved, axes="yx"))
    assert type(layer).__name__ == "PlacedImage"
    layer.data_level = 1
    expected = np.asarray(layer.data[1])
    # World (1.4, 1.4) is in voxel (0, 0) of level 1, which covers -0.5 … 1.5 on both axes.
    assert layer.get_value((1.4, 1.4)) == (1, expected[0, 0])
    assert layer.get_value((1.6, 1.4)) == (1, expected[1, 0])
    plain = Image(list(layer.data), multiscale=True, contrast_limits=(0, 255))
    plain.data_level = 1
    assert plain.get_value((1.4, 1.4)) == (1, expected[1, 1])


def test_a_level_that_runs_backwards_is_turned_round(tmp_path: Path):
    levels = {
        "0": ((8, 8, 8), {"scale": [1, 1, 1]}),
        # voxel i of z is at 6.5 − 2 i: the last one first
        "1": ((4, 4, 4), {"scale": [-2, 2, 2], "translation": [6.5, 0.5, 0.5]}),
    }
    (layer,) = layers(write_ome_04(tmp_path / "a.zarr", levels))
    stored = np.asarray(strata.open(tmp_path / "a.zarr").images[0].levels[1].data)
    np.testing.assert_array_equal(np.asarray(layer.data[1]), stored[::-1])
    matrix = note(layer)["layer_levels"][1]["affine"]
    assert matrix == [[2, 0, 0, 0.5], [0, 2, 0, 0.5], [0, 0, 2, 0.5], [0, 0, 0, 1]]
    assert note(layer)["levels"][1]["scale"] == [-2, 2, 2]  # as declared


def test_a_flip_that_all_levels_share_stays(tmp_path: Path):
    levels = {
        "0": ((8, 8, 8), {"scale": [1, -1, 1], "translation": [0, 7, 0]}),
        "1": ((4, 4, 4), {"scale": [2, -2, 2], "translation": [0.5, 6.5, 0.5]}),
    }
    (layer,) = layers(write_ome_04(tmp_path / "a.zarr", levels))
    assert layer.scale.tolist() == [1, -1, 1]
    assert np.asarray(layer.data[1]).tolist() == (np.arange(64) % 251 + 1).reshape(4, 4, 4).tolist()


def test_a_level_turned_against_level_0_is_left_out_and_told(tmp_path: Path):
    root = tmp_path / "a.n5"
    write_n5_array(root / "s0", (4, 8, 8), pixelResolution=[1, 1, 1])
    turned = [0.8, -0.6, 0, 0, 0.6, 0.8, 0, 0, 0, 0, 1, 0]
    write_n5_array(
        root / "s1", (4, 4, 4), pixelResolution=[1, 1, 1],
        downsamplingFactors=[2, 2, 1], affineTransform=turned,
    )  # fmt: skip
    found = built(root)
    (layer,) = map(as_layer, found.layers)
    assert len(layer.data) == 1 if layer.multiscale else layer.data.shape == (4, 8, 8)
    problem = next(p for p in note(layer)["problems"] if p["code"] == "level-not-drawn")
    assert problem["where"] == "s1"
    assert "rotated or sheared" in problem["message"]
    assert [p.code for p in found.problems].count("level-not-drawn") == 1


def test_axes_in_another_order_are_transposed(tmp_path: Path):
    folder = write_ome_04(tmp_path / "a.zarr", {"0": ((2, 3, 4), {"scale": [1, 2, 3]})}, "xyz")
    (layer,) = layers(folder)
    assert layer.level_shapes.tolist() == [[4, 3, 2]]
    assert layer.scale.tolist() == [3, 2, 1]
    stored = (np.arange(24) % 251 + 1).reshape(2, 3, 4)
    np.testing.assert_array_equal(np.asarray(layer.data[0]), stored.T)


def test_a_far_origin_is_told(tmp_path: Path):
    root = tmp_path / "a.n5"
    transform = {"axes": ["z", "y", "x"], "units": ["nm"] * 3, "scale": [4] * 3}
    write_n5_array(root / "s0", (4, 4, 4), transform=transform | {"translate": [0, 0, 1e8]})
    found = built(root)
    (layer,) = map(as_layer, found.layers)
    assert "far-origin" in [p["code"] for p in note(layer)["problems"]]
    assert "far-origin" in [p.code for p in found.problems]
    assert layer.translate.tolist() == [0, 0, 1e5]


# -------------------------------------------------------------------------------- channels


def channels(folder: Path, count: int, **attributes: Any) -> Path:
    """Write an image of axes c, z, y, x."""
    levels = {
        "0": ((count, 4, 4, 4), {"scale": [1, 1, 1, 1]}),
        "1": ((count, 2, 2, 2), {"scale": [1, 2, 2, 2], "translation": [0, 0.5, 0.5, 0.5]}),
    }
    return write_ome_04(folder / "a.zarr", levels, "czyx", **attributes)


def test_one_layer_a_channel(tmp_path: Path):
    omero = {
        "channels": [
            {"label": "DAPI", "color": "0000FF", "window": {"start": 3, "end": 90}},
            {"label": "GFP", "color": "00FF00", "active": False},
            "broken",
        ]
    }
    shown = layers(channels(tmp_path, 4, omero=omero))
    assert [layer.name for layer in shown] == ["a DAPI", "a GFP", "a channel_2", "a channel_3"]
    assert [layer.visible for layer in shown] == [True, False, True, True]
    assert [list(layer.contrast_limits) for layer in shown] == [[3, 90], *[[0, 255]] * 3]
    assert [note(layer)["channel"] for layer in shown] == [0, 1, 2, 3]
    assert all(layer.blending == "additive" for layer in shown)
    np.testing.assert_allclose(shown[0].colormap.map([1.0])[0, :3], [0, 0, 1], atol=1e-6)
    for index, layer in enumerate(shown):
        assert layer.level_shapes.tolist() == [[4, 4, 4], [2, 2, 2]]
        assert list(layer.axis_labels) == ["z", "y", "x"]
        assert int(layer.data[0][0, 0, 1]) == (64 * index + 1) % 251 + 1


def test_one_channel_is_one_plain_layer(tmp_path: Path):
    (layer,) = layers(channels(tmp_path, 1))
    assert layer.name == "a"
    assert layer.blending == "translucent_no_depth"
    assert layer.colormap.name == "gray"


NAMES: dict[str, tuple[int, dict[str, Any] | None, list[str]]] = {
    "one, without omero": (1, None, ["a"]),
    "one, without a label": (1, {"channels": [{"label": ""}]}, ["a"]),
    "one, with a label": (1, {"channels": [{"label": "EM"}]}, ["a EM"]),
    "two, without omero": (2, None, ["a channel_0", "a channel_1"]),
    "two, with a name": (
        2,
        {"name": "b.tif", "channels": [{}]},
        ["b.tif channel_0", "b.tif channel_1"],
    ),
    "too many labels": (1, {"channels": [{"label": "x"}, {"label": "y"}]}, ["a x"]),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_channels(name: str, tmp_path: Path):
    count, omero, names = NAMES[name]
    attributes = {} if omero is None else {"omero": omero}
    assert [layer.name for layer in layers(channels(tmp_path, count, **attributes))] == names


def look(tmp_path: Path, channel: dict[str, Any], dtype: str = "uint16") -> Any:
    """Return the one layer of an image of one channel, settled as in a viewer."""
    folder = channels(tmp_path, 1, omero={"channels": [channel]})
    for path in ("0", "1"):
        shape = (1, 4, 4, 4) if path == "0" else (1, 2, 2, 2)
        write_zarr_array(folder / path, shape, dtype, overwrite=True)
    (item,) = built(folder).layers
    assert isinstance(item, Layer), "an exact layer"
    settle(item, run_at_once)
    return item


@pytest.mark.parametrize(
    ("channel", "gamma"),
    [({}, 1.0), ({"family": "linear"}, 1.0), ({"family": "polynomial", "coefficient": 3}, 3.0)],
)
def test_gamma(channel: dict[str, Any], gamma: float, tmp_path: Path):
    assert look(tmp_path, channel).gamma == gamma


def test_a_curve_and_an_inverted_one(tmp_path: Path):
    curved = {"color": "0000FF", "family": "logarithmic", "window": {"start": 0, "end": 255}}
    layer = look(tmp_path, curved)
    assert layer.gamma == 1.0
    # log 16 / log 255 = 0.50035
    np.testing.assert_allclose(layer.colormap.map([16 / 255])[0], [0, 0, 0.50035, 1], atol=1e-4)
    layer = look(tmp_path / "b", {**curved, "inverted": True})
    np.testing.assert_allclose(layer.colormap.map([16 / 255])[0], [0, 0, 0.49965, 1], atol=1e-4)
    np.testing.assert_allclose(layer.colormap.map([0.0])[0], [0, 0, 1, 1], atol=1e-6)


WINDOWS: dict[str, tuple[str, dict[str, Any], list[float], list[float]]] = {
    "all": ("uint16", {"start": 3, "end": 9, "min": 1, "max": 100}, [3, 9], [1, 100]),
    "no range": ("uint16", {"start": 3, "end": 9}, [3, 9], [0, 65535]),
    "no range, 32 bits": ("uint32", {"start": 3, "end": 9}, [3, 9], [3, 9]),
    "no range, floats": ("float32", {"start": 3, "end": 9}, [3, 9], [3, 9]),
    "a range within the limits": (
        "uint16", {"start": 3, "end": 9, "min": 4, "max": 8}, [3, 9], [3, 9]
    ),
    "wrong limits": ("uint16", {"start": 9, "end": 3, "min": 1, "max": 100}, [1, 100], [1, 100]),
}  # fmt: skip


@pytest.mark.parametrize("name", WINDOWS)
def test_contrast_limits_and_their_range(name: str, tmp_path: Path):
    dtype, window, limits, slider = WINDOWS[name]
    layer = look(tmp_path, {"window": window}, dtype)
    assert list(layer.contrast_limits) == limits
    assert list(layer.contrast_limits_range) == slider


def test_greyscale(tmp_path: Path):
    omero = {
        "channels": [{"active": False}, {"color": "FF0000"}],
        "rdefs": {"model": "greyscale"},
    }
    shown = layers(channels(tmp_path, 3, omero=omero))
    assert [layer.visible for layer in shown] == [False, True, False]
    for layer in shown:
        np.testing.assert_allclose(layer.colormap.map([0.5])[0, :3], [0.5] * 3, atol=1e-6)


def test_the_first_position_is_told(tmp_path: Path):
    omero = {"rdefs": {"defaultT": 7, "defaultZ": 2}}
    shown = layers(channels(tmp_path, 2, omero=omero))
    assert [note(layer)["first_position"] for layer in shown] == [{"z": 2}] * 2
    (layer,) = layers(write_ome_04(tmp_path / "b.zarr", LEVELS))
    assert "first_position" not in note(layer)


def test_spectra_keep_a_slider(tmp_path: Path):
    omero = {"channels": [{"label": "first", "color": "FF0000", "active": False}] * 33}
    (layer,) = layers(channels(tmp_path, 33, omero=omero))
    assert (layer.name, layer.visible, layer.colormap.name) == ("a", True, "gray")
    assert list(layer.axis_labels) == ["c", "z", "y", "x"]
    assert layer.level_shapes[0].tolist() == [33, 4, 4, 4]


# ---------------------------------------------------------------------------- many and hidden


def test_at_most_eight_with_the_largest_raw_one_first_and_visible(tmp_path: Path):
    for index in range(9):
        write_n5_array(tmp_path / f"a.n5/em/i{index}/s0", (4, 4, 4 + index))
    write_n5_array(tmp_path / "a.n5/labels/cell_seg/s0", (50, 50, 50), "uint16")
    found = built(tmp_path / "a.n5")
    shown = [as_layer(item) for item in found.layers]
    assert [layer.name for layer in shown] == [f"i{index}" for index in range(8, 0, -1)]
    assert [layer.visible for layer in shown] == [True, *[False] * 7]
    assert found.images_left_out == 2


def test_the_first_that_can_be_drawn_is_visible(tmp_path: Path):
    root = tmp_path / "a.zarr"
    write_zarr_array(root / "spectrum", (50, 50), "complex64", 3)
    write_zarr_array(root / "trace", (5000,), "uint16", 3)
    write_zarr_array(root / "picture", (4, 4), "uint8", 3)
    found = built(root)
    (layer,) = map(as_layer, found.layers)
    assert (layer.name, layer.visible) == ("picture", True)
    assert [p.code for p in found.problems] == ["complex-not-drawn", "too-few-axes"]


def test_labels(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/labels/cell_seg/s0", (4, 4, 4), "uint16")
    (layer,) = layers(tmp_path / "a.n5")
    assert isinstance(layer, Labels)


@pytest.mark.parametrize("levels", [LEVELS, {"0": LEVELS["0"]}], ids=["exact", "plain"])
def test_labels_with_colors_and_properties(levels: Any, tmp_path: Path):
    block = {
        "colors": [{"label-value": 1, "rgba": [255, 0, 0, 51]}, {"label-value": 2}],
        "properties": [{"label-value": 2, "area": 7}],
    }
    (layer,) = layers(write_ome_04(tmp_path / "a.zarr", levels, **{"image-label": block}))
    assert isinstance(layer, Labels)
    np.testing.assert_allclose(layer.get_color(1), [1, 0, 0, 0.2])
    assert layer.colormap.map(np.array([0]))[0].tolist() == [0, 0, 0, 0]
    assert layer.get_color(3)[3] == 1  # not declared, yet visible
    assert layer.features.to_dict("list") == {"index": [2], "area": [7]}


def test_labels_without_declarations_look_as_usual(tmp_path: Path):
    (layer,) = layers(write_ome_04(tmp_path / "a.zarr", LEVELS, **{"image-label": {}}))
    usual = Labels(np.zeros((4, 4), dtype="uint8"))
    np.testing.assert_array_equal(layer.get_color(5), usual.get_color(5))
    assert layer.features.empty


def test_labels_of_booleans(tmp_path: Path):
    root = tmp_path / "a.zarr"
    write_zarr_array(root, (4, 4), "bool", 3)
    add_attributes(root / "zarr.json", attributes={"cellmap": {"annotation": {}}})
    (layer,) = layers(root)
    assert isinstance(layer, Labels)
    assert layer.data[0].dtype == np.uint8


# ---------------------------------------------------------------------------------- contrast


def test_making_layers_never_reads_level_0(tmp_path: Path, reads: list[str]):
    folder = write_ome_04(tmp_path / "a.zarr", LEVELS)
    layers(folder)
    assert set(reads) <= {"1"}


def test_contrast_comes_from_the_coarsest_level_alone(tmp_path: Path, reads: list[str]):
    root = tmp_path / "a.zarr"
    write_ome_04(root, LEVELS)
    for path in LEVELS:
        for file in root.glob(f"{path}/*.*"):
            file.unlink()
        write_zarr_array(root / path, LEVELS[path][0], "uint16", overwrite=True)
    (item,) = built(root).layers
    assert item.contrast_limits == [0, 65535]
    reads.clear()
    settle(item, run_at_once)
    assert set(reads) == {"1"}
    # 1 … 64: 0.5 % is 1.315, 99.8 % is 63.874
    np.testing.assert_allclose(item.contrast_limits, [1.315, 63.874], atol=1e-3)


def test_eight_bits_have_their_full_range_without_reading(tmp_path: Path, reads: list[str]):
    (layer,) = layers(write_ome_04(tmp_path / "a.zarr", LEVELS))
    reads.clear()
    settle(layer, run_at_once)
    assert list(layer.contrast_limits) == [0, 255]
    assert reads == []


# ----------------------------------------------------------------------------------- records


def test_the_record_is_plain_json(tmp_path: Path):
    for item in built(write_ome_04(tmp_path / "a.zarr", LEVELS)).layers:
        found = note(as_layer(item))
        assert json.loads(json.dumps(found, allow_nan=False)) == found
        assert found["format"] == "ome-zarr-0.4"
        assert found["path"] == f"{tmp_path}/a.zarr"
        assert found["layer_units"] == ["micrometer"] * 3
        assert [level["path"] for level in found["levels"]] == ["0", "1"]
        assert [o["what"] for o in found["levels"][1]["origin"]] == ["translation", "scale"]
        assert found["problems"] == []


def test_problems_of_the_image_reach_the_layer_and_the_user(tmp_path: Path):
    folder = write_ome_04(tmp_path / "a.zarr", {**LEVELS, "gone": ((4, 4, 4), {"scale": [9] * 3})})
    for file in (folder / "gone").iterdir():
        file.unlink() if file.is_file() else None
    found = built(folder)
    (layer,) = map(as_layer, found.layers)
    assert [p["code"] for p in note(layer)["problems"]] == ["missing-array"]
    assert [p.code for p in found.problems] == ["missing-array"]
