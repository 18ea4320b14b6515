"""The same layer in another coordinate system, with another origin, opened in another way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from opened import CUBES, SYSTEMS, at, layers_of, opened, write_06

from napari_strata.dataset import Choices
from napari_strata.layers.changing.level_layer import level_layer
from napari_strata.layers.changing.reopen import apply, can_read_again, read_again
from napari_strata.layers.common_origin import move_near_zero
from napari_strata.layers.drawing.placed import PlacedImage
from napari_strata.samples import Sample


def test_another_system_and_back(tmp_path: Path):
    layer = opened(write_06(tmp_path / "i.zarr"))
    layer.name, layer.opacity = "mine", 0.3
    arrays = list(layer.data)
    assert at(layer, [1, 1, 1]) == [2, 3, 5]
    apply(layer, read_again(layer, system="moved"))
    assert at(layer, [1, 1, 1]) == [12, -17, 35]
    assert all(a is b for a, b in zip(layer.data, arrays, strict=True))  # nothing is read anew
    assert layer.metadata["strata"]["system"] == "moved"
    assert layer.metadata["strata"]["systems"] == ["own", *SYSTEMS]
    apply(layer, read_again(layer, system="turned"))
    # the stored voxel (1, 2, 3), its axes now in the order z, x, y
    assert at(layer, [1, 3, 2]) == [2, -15, 6]
    assert int(np.asarray(layer.data[0][1, 3, 2])) == 1 * 36 + 2 * 6 + 3 + 1
    assert layer.name == "mine"  # in the planes of the view: not tilted
    apply(layer, read_again(layer, system="own"))
    assert at(layer, [1, 1, 1]) == [2, 3, 5]
    assert (layer.name, layer.opacity) == ("mine", 0.3)
    assert int(np.asarray(layer.data[0][1, 2, 3])) == 1 * 36 + 2 * 6 + 3 + 1
    np.testing.assert_array_equal(layer.affine.affine_matrix, np.eye(4))
    assert layer.placement.scale == ((1, 1, 1), (2, 2, 2))
    assert layer.placement.translate == ((0, 0, 0), (0.5, 0.5, 0.5))


@pytest.mark.parametrize(
    "shapes", [CUBES, {"s0": (6, 8, 12), "s1": (3, 4, 6)}], ids=["cube", "sides differ"]
)
def test_axes_in_another_order_show_the_same_voxels(tmp_path: Path, shapes: dict[str, Any]):
    layer = opened(write_06(tmp_path / "i.zarr", shapes))
    stored = np.arange(np.prod(shapes["s0"])).reshape(shapes["s0"]) + 1
    apply(layer, read_again(layer, system="swapped"))
    # the system's z is the image's x, its y the image's z, its x the image's y
    place = layer.world_to_data([3 * 5.0, 1 * 2.0, 2 * 3.0])
    index = tuple(round(v) for v in place)
    assert int(np.asarray(layer.data[0][index])) == stored[1, 2, 3]
    assert "⚠" not in layer.name
    assert can_read_again(layer)


def test_levels_lie_to_each_other_as_their_axes_do(tmp_path: Path):
    layer = opened(write_06(tmp_path / "i.zarr", {"s0": (6, 8, 12), "s1": (6, 4, 4)}))
    assert layer.placement.scale[1] == (1, 2, 3)
    assert layer.placement.translate[1] == (0, 0.5, 1)
    apply(layer, read_again(layer, system="swapped"))  # x, z, y of before
    assert layer.placement.scale[1] == (3, 1, 2)
    assert layer.placement.translate[1] == (1, 0, 0.5)
    assert layer.metadata["strata"]["level_shapes"] == [[12, 6, 8], [4, 6, 4]]


def test_an_address_with_a_secret(samples: dict[str, Sample]):
    layer = opened(samples["zarr-array"].path)
    url = "http://127.0.0.1:9/gone.zarr"
    note = {**layer.metadata["strata"], "dataset": url}
    layer.metadata = {"strata": note}
    with pytest.raises(ValueError, match=r"gone.zarr.*; if its address had a password"):
        read_again(layer)


# napari's word to the user of an oblique layer.
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing is being requested:UserWarning")
def test_system_with_a_tilt_is_said_in_the_name(tmp_path: Path):
    layer = opened(write_06(tmp_path / "i.zarr"))
    name = layer.name
    apply(layer, read_again(layer, system="tilted"))
    assert layer.name == f"{name} ⚠ exact in 3-D only"
    assert layer.metadata["strata"]["layer_name"] == layer.name
    apply(layer, read_again(layer, system="own"))
    assert layer.name == name


def test_a_move_is_undone_in_another_system_and_said(tmp_path: Path):
    layer = opened(write_06(tmp_path / "i.zarr"))
    layer.translate = [100, 0, 0]
    (problem,) = apply(layer, read_again(layer, system="moved"))
    assert problem.code == "move-undone"
    assert at(layer, [0, 0, 0]) == [10, -20, 30]


def test_a_move_stays_where_the_world_is_the_same(samples: dict[str, Sample]):
    layer = opened(samples["neuroglancer-n5"].path)
    layer.translate = [100, 0, 0]
    layer.scale = [3.0, 1.0, 1.0]  # of 1.5 µm: twice as thick, about world 0
    assert apply(layer, read_again(layer, choices=Choices(origin="corner"))) == ()
    # half a voxel of 1.5 × 1 × 1 µm, twice as thick, moved
    assert at(layer, [0, 0, 0]) == [101.5, 0.5, 0.5]
    assert layer.scale.tolist() == [3.0, 1.0, 1.0]


def test_origin(samples: dict[str, Sample]):
    layer = opened(samples["neuroglancer-n5"].path)
    assert at(layer, [0, 0, 0]) == [0, 0, 0]
    apply(layer, read_again(layer, choices=Choices(origin="corner")))
    assert at(layer, [0, 0, 0]) == [0.75, 0.5, 0.5]
    assert layer.metadata["strata"]["choices"] == {"origin": "corner"}
    # as it was opened, now
    apply(layer, read_again(layer))
    assert at(layer, [0, 0, 0]) == [0.75, 0.5, 0.5]
    apply(layer, read_again(layer, choices=Choices()))
    assert at(layer, [0, 0, 0]) == [0, 0, 0]
    assert layer.metadata["strata"]["choices"] == {}


def test_common_origin_stays(samples: dict[str, Sample]):
    viewer = ViewerModel()
    layer = viewer.add_layer(opened(samples["cosem"].path, "fibsem-uint8"))
    move_near_zero(viewer.layers)
    assert at(layer, [0, 0, 0]) == [0, 0, 0]
    assert apply(layer, read_again(layer)) == ()
    assert at(layer, [0, 0, 0]) == [0, 0, 0]
    assert layer.metadata["strata"]["common_origin"] == pytest.approx([0.9, -0.25, 0.4])


def test_locked_level_selection_and_look_stay(samples: dict[str, Sample]):
    viewer = ViewerModel()
    layer = viewer.add_layer(opened(samples["neuroglancer-n5"].path))
    layer.contrast_limits, layer.locked_data_level = (10, 20), 1
    viewer.layers.selection = {layer}
    apply(layer, read_again(layer, choices=Choices(origin="corner")))
    assert layer.locked_data_level == 1
    assert tuple(layer.contrast_limits) == (10, 20)
    assert viewer.layers.selection == {layer}


@pytest.mark.parametrize("channel", [0, 1])
def test_each_channel_finds_itself(samples: dict[str, Sample], channel: int):
    layer = layers_of(samples["ome-zarr-0.4"].path)[channel]
    again = read_again(layer)
    assert again.image.note["channel"] == channel
    apply(layer, again)
    assert at(layer, [0, 0, 0]) == [1.8, 4.5, 3.5]


def test_single_level_labels(samples: dict[str, Sample]):
    layer = level_layer(opened(samples["cosem"].path, "mito_seg"), 1)
    assert isinstance(layer, Labels)
    apply(layer, read_again(layer))
    assert at(layer, [0, 0, 0]) == [30.2, 44.4, 43.3]
    assert at(layer, [1, 1, 1]) == [32.6, 46.4, 45.3]
    assert [x["path"] for x in layer.metadata["strata"]["levels"]] == ["labels/mito_seg/s1"]


def test_a_layer_of_one_level_is_moved_as_its_level(samples: dict[str, Sample]):
    layer = level_layer(opened(samples["neuroglancer-n5"].path), 1)
    assert at(layer, [0, 0, 0]) == [0.75, 0.5, 0.5]
    apply(layer, read_again(layer, choices=Choices(origin="corner")))
    assert at(layer, [0, 0, 0]) == [1.5, 1, 1]


def test_a_plain_layer_becomes_exact_where_it_must(tmp_path: Path, samples: dict[str, Sample]):
    layer = opened(samples["zarr-array"].path)
    assert type(layer) is Image
    apply(layer, read_again(layer))
    assert type(layer) is Image
    assert "placement" not in layer.metadata["strata"]


def test_what_changed_on_disk(tmp_path: Path, samples: dict[str, Sample]):
    folder = tmp_path / "c.n5"
    shutil.copytree(samples["cosem"].path, folder)
    layer = opened(folder, "fibsem-uint8")
    assert isinstance(layer, PlacedImage)
    shutil.rmtree(folder / "em" / "fibsem-uint8")
    with pytest.raises(ValueError, match=r"found no image em/fibsem-uint8; it has changed since"):
        read_again(layer)


def test_other_levels_are_refused(tmp_path: Path):
    folder = write_06(tmp_path / "i.zarr")
    layer = opened(folder)
    shutil.rmtree(folder)
    write_06(folder, {"s0": (8, 6, 6), "s1": (4, 3, 3)})
    with pytest.raises(ValueError, match=r"has levels of shape \[6, 6, 6\] and \[3, 3, 3\]"):
        read_again(layer)


def test_layers_of_others_are_refused():
    layer = Image(np.zeros((4, 4)), name="theirs")
    assert not can_read_again(layer)
    with pytest.raises(ValueError, match=r"the layer 'theirs' was not opened by napari-strata"):
        read_again(layer)


def test_a_layer_with_other_data_is_refused(samples: dict[str, Sample]):
    layer = opened(samples["neuroglancer-n5"].path)
    layer.data = [np.asarray(level) for level in layer.data]
    assert not can_read_again(layer)
    with pytest.raises(ValueError, match=r"no longer holds the data"):
        read_again(layer)
