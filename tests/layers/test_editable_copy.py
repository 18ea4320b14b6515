"""A part of a level as an ordinary layer: at its place, painted, exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_drawing import drawn_position, settle, texture
from napari.components import ViewerModel
from napari.layers import Image, Labels
from opened import COS, SIN, VOXEL, at, opened, write_06

import napari_strata as strata
from napari_strata.export.planning.layer_image import layer_image
from napari_strata.layers.changing.editable_copy import Cancelled, copy_cost, read_copy
from napari_strata.layers.changing.reopen import apply, read_again
from napari_strata.layers.common_origin import move_near_zero
from napari_strata.layers.inspecting.alignment import alignment
from napari_strata.layers.inspecting.inspection import inspect
from napari_strata.samples import Sample


def test_all_of_a_level(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "fibsem-uint8")
    copy = read_copy(layer, 2)
    assert copy.first == (0, 0, 0)
    np.testing.assert_array_equal(copy.values, np.asarray(layer.data[2]))
    made = copy.layer()
    assert type(made) is Image
    assert made.name == "fibsem-uint8 (copy of level 2)"
    # em/fibsem-uint8/s2: the mean of 4³ voxels, so 1.5 of 1200 × 1000 × 1000 nm further on
    assert at(made, [0, 0, 0]) == [2.7, 1.25, 1.9]
    assert at(made, [1, 1, 1]) == [7.5, 5.25, 5.9]
    assert made.metadata == {"strata": {"common_origin": [0, 0, 0]}}  # and no record
    assert made.axis_labels == ("z", "y", "x")
    assert [str(unit) for unit in made.units] == ["micrometer"] * 3


def test_a_box_takes_the_voxels_whose_centres_are_in_it(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "fibsem-uint8")
    # level 1: z = 1.5 + 2.4 i, x = 0.9 + 2 i; both ends of z are centres of voxels
    box = {"z": (3.9, 8.7), "x": (11.0, 15.0)}
    assert copy_cost(layer, 1, box) == 3 * 79 * 2
    copy = read_copy(layer, 1, box)
    assert copy.first == (1, 0, 6)
    np.testing.assert_array_equal(copy.values, np.asarray(layer.data[1])[1:4, :, 6:8])
    assert at(copy.layer(), [0, 0, 0]) == [3.9, 0.25, 12.9]


def test_cost(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "mito_seg")
    assert copy_cost(layer, 0) == 36 * 72 * 72 * 2
    assert copy_cost(layer, 0, {"z": (0, 1)}) == 0


def test_level_that_runs_against_level_0_axes(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "mito_pred")
    # y = 158.6 − 2 i: 150 to 155 µm are voxels 2 (154.6), 3 (152.6) and 4 (150.6)
    copy = read_copy(layer, 0, {"y": (150, 155)})
    assert copy.first == (0, 2, 0)
    assert copy.values.shape == (40, 3, 80)
    assert at(copy.layer(), [0, 0, 0]) == [1.5, 154.6, 0.7]


def test_a_rotated_layer_lacks_nothing_of_the_box(tmp_path: Path):
    layer = opened(write_06(tmp_path / "i.zarr"))
    apply(layer, read_again(layer, system="rotated"))
    voxel = np.array([2, 3, 4]) * VOXEL
    place = [voxel[0], COS * voxel[1] - SIN * voxel[2], SIN * voxel[1] + COS * voxel[2]]
    box = {name: (p - 0.1, p + 0.1) for name, p in zip("zyx", place, strict=True)}
    copy = read_copy(layer, 0, {"z": box["z"]})
    assert (copy.first, copy.values.shape) == ((2, 0, 0), (1, 6, 6))
    copy = read_copy(layer, 0, box)
    assert (copy.first, copy.values.shape) == ((2, 3, 4), (1, 1, 1))
    np.testing.assert_allclose(copy.layer().data_to_world([0, 0, 0]), place)
    assert copy.values.item() == 2 * 36 + 3 * 6 + 4 + 1


def test_look(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "fibsem-uint8")
    layer.contrast_limits, layer.colormap, layer.opacity = (4, 44), "red", 0.6
    made = read_copy(layer, 2).layer()
    assert tuple(made.contrast_limits) == (4, 44)
    assert (made.colormap.name, made.opacity, made.visible) == ("red", 0.6, True)


def test_labels_are_painted_and_exported(samples: dict[str, Sample], tmp_path: Path):
    viewer = ViewerModel()
    layer = viewer.add_layer(opened(samples["cosem"].path, "mito_seg"))
    made = viewer.add_layer(read_copy(layer, 1, {"z": (35, 60)}).layer())
    assert isinstance(made, Labels)
    assert made.editable
    # z = 30.2 + 2.4 i: from voxel 2, at 35 µm, to voxel 12, at 59 µm
    assert at(made, [0, 0, 0]) == [35.0, 44.4, 43.3]
    made.brush_size, made.n_edit_dimensions = 1, 3
    made.paint((1, 5, 6), 9)
    assert made.data[1, 5, 6] == 9
    before = np.asarray(layer.data[1])
    assert before[3, 5, 6] != 9
    strata.export([made], tmp_path / "out.zarr")
    (image,) = [i for i in strata.open(tmp_path / "out.zarr").images if i.kind == "labels"]
    assert np.asarray(image.levels[0].data)[1, 5, 6] == 9
    np.testing.assert_allclose(image.levels[0].translate, [35.0, 44.4, 43.3])
    np.testing.assert_allclose(image.levels[0].scale, [2.4, 2, 2])


@pytest.mark.parametrize("moved", ["before", "after"])
def test_what_is_exported_beside_its_place_is_said_so(samples: dict[str, Sample], moved: str):
    """Of a copy as of the layer it is of, and whichever was there when all were moved."""
    viewer = ViewerModel()
    layer = viewer.add_layer(opened(samples["cosem"].path, "mito_seg"))
    if moved == "before":
        move_near_zero(viewer.layers)
    made = viewer.add_layer(read_copy(layer, 0).layer())
    assert alignment(made) is None
    assert inspect(made).kind == "single"
    assert [p.code for p in layer_image(made).losses] == ["moved-origin"] * (moved == "before")
    if moved == "after":
        move_near_zero(viewer.layers)
    np.testing.assert_allclose(made.data_to_world([0, 0, 0]), layer.data_to_world([0, 0, 0]))
    said = [p.message for each in (layer, made) for p in layer_image(each).losses]
    assert len(said) == 2
    assert said[0] == said[1]


def test_nothing_in_the_box(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "mito_seg")
    with pytest.raises(ValueError, match=r"'mito_seg' has no voxel of level 1 in the box"):
        read_copy(layer, 1, {"z": (0, 1)})


def test_unknown_axis(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "mito_seg")
    with pytest.raises(ValueError, match=r"has no axis t, its axes are z, y, x"):
        read_copy(layer, 1, {"t": (0, 1)})


def test_cancel(samples: dict[str, Sample]):
    layer = opened(samples["cosem"].path, "mito_seg")
    with pytest.raises(Cancelled, match=r"copying the layer 'mito_seg' was cancelled"):
        read_copy(layer, 0, cancel=lambda: True)


def test_read_in_parts(samples: dict[str, Sample], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("napari_strata.layers.changing.editable_copy._BLOCK_BYTES", 40_000)
    layer = opened(samples["cosem"].path, "mito_seg")
    asked: list[int] = []
    copy = read_copy(layer, 0, cancel=lambda: bool(asked.append(1)))
    assert len(asked) > 1
    np.testing.assert_array_equal(copy.values, np.asarray(layer.data[0]))


@pytest.mark.window
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing is being requested:UserWarning")
@pytest.mark.parametrize("name", ["rotated", "tilted", "moved"])
def test_drawn_over_what_it_is_of(tmp_path: Path, small_window: Any, name: str):
    viewer = small_window.viewer
    layer = viewer.add_layer(opened(write_06(tmp_path / "i.zarr")))
    apply(layer, read_again(layer, system=name))
    made = viewer.add_layer(read_copy(layer, 1).layer())
    viewer.dims.ndisplay = 3
    settle(viewer)  # in 3-D the coarsest level is drawn
    for voxel in ((0, 0, 0), (2, 1, 0), (2, 2, 2)):
        np.testing.assert_allclose(
            drawn_position(viewer, made, voxel), drawn_position(viewer, layer, voxel), atol=1e-4
        )
    np.testing.assert_array_equal(texture(viewer, made), texture(viewer, layer))
