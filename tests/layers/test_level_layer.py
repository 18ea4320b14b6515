"""One level as a layer of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_drawing import drawn_position, settle, texture
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points
from opened import CUBES, SYSTEMS, VOXEL, at, opened, write_06

from napari_strata.affine import from_scale_translate
from napari_strata.layers.changing.level_layer import level_layer
from napari_strata.layers.changing.reopen import apply, read_again
from napari_strata.layers.common_origin import move_near_zero
from napari_strata.samples import Sample


def test_image(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "fibsem-uint8")
    layer.contrast_limits, layer.gamma, layer.colormap = (5, 50), 0.5, "green"
    made = level_layer(layer, 1)
    assert made.name == "fibsem-uint8 (level 1)"
    # em/fibsem-uint8/s1: 2400 × 2000 × 2000 nm from 1500, 250, 900 nm
    assert at(made, [0, 0, 0]) == [1.5, 0.25, 0.9]
    assert at(made, [1, 1, 1]) == [3.9, 2.25, 2.9]
    assert len(made.data) == 1
    assert made.data[0] is layer.data[1]
    assert tuple(made.contrast_limits) == (5, 50)
    assert (made.gamma, made.colormap.name) == (0.5, "green")
    assert made.visible
    assert [str(unit) for unit in made.units] == ["micrometer"] * 3
    assert made.axis_labels == ("z", "y", "x")


def test_record_is_of_this_level_alone(samples: dict[str, Sample]):
    note = level_layer(opened(samples["cosem"].path, "fibsem-uint8"), 1).metadata["strata"]
    assert [level["path"] for level in note["levels"]] == ["em/fibsem-uint8/s1"]
    assert note["layer_levels"][0]["affine"][0] == [2.4, 0, 0, 1.5]
    assert len(note["arrays"]) == 1
    assert note["layer_name"] == "fibsem-uint8 (level 1)"
    assert "placement" not in note


def test_the_other_layer_keeps_its_own(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "fibsem-uint8")
    level_layer(layer, 2)
    assert len(layer.metadata["strata"]["levels"]) == 3
    assert layer.name == "fibsem-uint8"


def test_labels_cannot_be_painted(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "mito_seg")
    layer.selected_label = 7
    made = ViewerModel().add_layer(level_layer(layer, 1))
    assert isinstance(made, Labels)
    assert not made.editable
    assert made.selected_label == 7
    # labels/mito_seg/s1: every second voxel, so from the same place as level 0
    assert at(made, [0, 0, 0]) == [30.2, 44.4, 43.3]
    assert at(made, [1, 1, 1]) == [32.6, 46.4, 45.3]


def test_a_move_goes_with_it(samples: dict[str, Sample]):
    layer = opened(samples["neuroglancer-n5"].path)
    layer.translate = [10, 0, 0]
    # level 1 begins half a voxel of 1.5 × 1 × 1 µm further on
    assert at(level_layer(layer, 1), [0, 0, 0]) == [10.75, 0.5, 0.5]


def test_a_level_that_runs_against_level_0(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "mito_pred")
    # y runs down from 158.6 µm at level 0 (2 µm), from 157.6 µm at level 1 (4 µm)
    assert at(level_layer(layer, 1), [0, 0, 0]) == [2.7, 157.6, 1.7]


def test_a_level_of_other_data_has_no_record_but_of_where_all_were_moved(
    samples: dict[str, Sample],
):
    layer = opened(samples["cosem"].path)
    assert move_near_zero([layer]).any()
    layer.data = [np.asarray(level) + 1 for level in layer.data]
    made = level_layer(layer, 1)
    offset = layer.metadata["strata"]["common_origin"]
    assert made.metadata == {"strata": {"common_origin": offset}}


def test_layers_of_others_need_to_be_told():
    levels = [np.zeros((8, 8, 8)), np.zeros((4, 4, 4))]
    layer = Image(levels, multiscale=True, name="theirs", scale=[2, 2, 2])
    with pytest.raises(ValueError, match=r"where the levels of the layer 'theirs' belong"):
        level_layer(layer, 1)
    affines = [from_scale_translate([5.0] * 3), from_scale_translate([10.0] * 3)]
    made = level_layer(layer, 1, affines)
    assert at(made, [1, 1, 1]) == [4, 4, 4]
    assert "strata" not in made.metadata


@pytest.mark.parametrize("level", [-1, 3])
def test_no_such_level(samples: dict[str, Sample], level: int):
    with pytest.raises(ValueError, match=r"has levels 0 to 2"):
        level_layer(opened(samples["cosem"].path, "fibsem-uint8"), level)


def test_points_have_no_levels():
    with pytest.raises(ValueError, match=r"'Points' has no levels"):
        level_layer(Points(np.zeros((1, 3))), 0)


def rotated(name: str, point: Any) -> np.ndarray:
    transform = SYSTEMS[name]
    if name == "moved":
        return np.asarray(point) + transform["translation"]
    return np.array(transform["rotation"]) @ point


@pytest.mark.window
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing is being requested:UserWarning")
@pytest.mark.parametrize("dtype", ["uint16", "labels"])
@pytest.mark.parametrize("name", ["moved", "rotated", "tilted"])
def test_drawn_where_the_level_is(tmp_path: Path, small_window: Any, name: str, dtype: str):
    viewer = small_window.viewer
    layer = opened(write_06(tmp_path / "i.zarr"))
    apply(layer, read_again(layer, system=name))
    if dtype == "labels":
        layer = as_labels(layer)
    made = viewer.add_layer(level_layer(layer, 1))
    viewer.dims.ndisplay = 3
    settle(viewer)
    for voxel in ((0, 0, 0), (2, 1, 0), (2, 2, 2)):
        expected = rotated(name, (2 * np.array(voxel) + 0.5) * VOXEL)
        found = drawn_position(viewer, made, voxel)
        np.testing.assert_allclose(found, expected, atol=1e-4)
    value = texture(viewer, made)[2, 1, 0]
    if dtype != "labels":
        assert value == np.ravel_multi_index((2, 1, 0), CUBES["s1"]) + 1


def as_labels(layer: Any) -> Any:
    from napari_strata.layers.drawing.placed import PlacedLabels

    return PlacedLabels(
        list(layer.data),
        placement=layer.placement,
        metadata=layer.metadata,
        affine=layer.affine,
        scale=layer.scale,
        translate=layer.translate,
        axis_labels=layer.axis_labels,
        units=layer.units,
    )
