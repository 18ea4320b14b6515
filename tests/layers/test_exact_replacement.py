"""Layers of other readers, found again in their dataset and replaced by exact ones."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_drawing import drawn_position, settle
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.layers._source import Source
from opened import at, opened

import napari_strata as strata
from formats.helpers import write_ome_04
from napari_strata.layers.changing.exact_replacement import find_exact, replace
from napari_strata.layers.drawing.placed import PlacedImage, PlacedLabels
from napari_strata.layers.inspecting.alignment import alignment
from napari_strata.layers.live_world import set_world
from napari_strata.samples import Sample


def theirs(path: Any, image: str, kind: Any = Image, channel: Any = (), **kwargs: Any) -> Any:
    """Make the layer that a reader makes which hands levels to napari and one scale."""
    levels = [np.asarray(level.data)[channel] for level in strata.open(path)[image].levels]
    if kind is Image:
        kwargs.setdefault("contrast_limits", (0, 255))
    layer = kind(levels, multiscale=True, **kwargs)
    layer._source = Source(path=str(path))
    return layer


def test_found_by_what_napari_remembers(samples: dict[str, Sample]):
    path = samples["ome-zarr-0.5"].path
    layer = theirs(path, "")
    exact = find_exact(layer)
    note = exact.built.note
    assert (note["dataset"], note["image"], note["channel"]) == (str(path), "", None)
    assert exact.units == ("micrometer",) * 3
    # 1000 × 1250 × 1250 nm from 1700, 600, 300 nm, twice that from the same place
    np.testing.assert_allclose(exact.affines[0][:3, 3], [1.7, 0.6, 0.3])
    np.testing.assert_allclose(exact.affines[1][:3, 3], [1.7, 0.6, 0.3])
    np.testing.assert_allclose(np.diag(exact.affines[1])[:3], [2, 2.5, 2.5])
    # every second voxel, of even sizes: napari is (2^k - 1) / 2 off
    set_world(layer, exact.affines[0])
    found = alignment(layer, exact.affines)
    assert found is not None
    assert [each.largest for each in found] == [0, 0.5, 1.5][: len(found)]


def test_the_image_among_several(samples: dict[str, Sample]):
    path = samples["n5-viewer"].path
    for image in ("c0", "c1"):
        assert find_exact(theirs(path, image), path).built.note["image"] == image


@pytest.mark.parametrize("channel", [0, 1])
def test_the_channel(samples: dict[str, Sample], channel: int):
    path = samples["ome-zarr-0.4"].path
    exact = find_exact(theirs(path, "", channel=channel))
    assert exact.built.note["channel"] == channel
    assert exact.built.note["channel"] == channel


def test_all_channels_on_a_slider(samples: dict[str, Sample]):
    with pytest.raises(ValueError, match=r"the layer 'em' holds all channels on a slider"):
        find_exact(theirs(samples["ome-zarr-0.4"].path, "", name="em"))


def test_fewer_levels(samples: dict[str, Sample]):
    path = samples["ome-zarr-0.5"].path
    layer = theirs(path, "")
    layer = Image(layer.data[:2], multiscale=True, contrast_limits=(0, 255))
    exact = find_exact(layer, path)
    assert len(exact.affines) == 2
    set_world(layer, exact.affines[0])
    found = alignment(layer, exact.affines)
    assert found is not None
    assert found[1].largest == 0.5


def test_levels_of_one_shape(tmp_path: Path):
    """Two levels beside each other: the first two of the layer are not one level twice."""
    cube, half = {"scale": [1, 1, 1]}, {"scale": [2, 2, 2]}
    beside = cube | {"translation": [0.25, 0, 0]}
    levels = {"0": ((8, 8, 8), cube), "1": ((8, 8, 8), beside), "2": ((4, 4, 4), half)}
    path = write_ome_04(tmp_path / "a.zarr", levels)
    exact = find_exact(theirs(path, ""))
    assert [affine[:3, 3].tolist() for affine in exact.affines] == [
        [0, 0, 0], [0.25, 0, 0], [0, 0, 0]
    ]  # fmt: skip
    fewer = Image(theirs(path, "").data[::2], multiscale=True, contrast_limits=(0, 255))
    assert len(find_exact(fewer, path).affines) == 2


def test_labels_that_were_opened_as_an_image(samples: dict[str, Sample]):
    path = samples["cosem"].path
    layer = theirs(path, "labels/mito_seg", name="seg")
    viewer = ViewerModel()
    viewer.add_layer(layer)
    made = replace(viewer, layer, find_exact(layer))
    assert type(made) is PlacedImage
    assert at(made, [0, 0, 0]) == [30.2, 44.4, 43.3]


def test_replaced_in_its_place_with_its_look(samples: dict[str, Sample]):
    path = samples["ome-zarr-0.5"].path
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 4, 4)), name="below")
    layer = viewer.add_layer(
        theirs(path, "", name="em", contrast_limits=(3, 77), gamma=0.7, colormap="magenta")
    )
    layer.contrast_limits_range = (0, 100)
    layer.opacity, layer.blending, layer.visible = 0.4, "additive", False
    viewer.add_image(np.zeros((4, 4, 4)), name="above")
    made = replace(viewer, layer, find_exact(layer))
    assert [x.name for x in viewer.layers] == ["below", "em", "above"]
    assert viewer.layers[1] is made
    assert viewer.layers.selection == {made}
    assert type(made) is PlacedImage
    assert made.placement.scale[1] == (2, 2, 2)
    assert made.placement.translate[1] == (0, 0, 0)
    assert tuple(made.contrast_limits) == (3, 77)
    assert tuple(made.contrast_limits_range) == (0, 100)
    assert (made.gamma, made.colormap.name) == (0.7, "magenta")
    assert (made.opacity, made.blending, made.visible) == (0.4, "additive", False)
    assert at(made, [0, 0, 0]) == [1.7, 0.6, 0.3]
    assert made.metadata["strata"]["format"] == "ome-zarr-0.5"
    assert "pending_contrast" not in made.metadata["strata"]


def test_labels_keep_what_is_selected(samples: dict[str, Sample]):
    path = samples["cosem"].path
    viewer = ViewerModel()
    layer = viewer.add_layer(theirs(path, "labels/mito_seg", Labels, name="seg"))
    layer.selected_label, layer.contour, layer.show_selected_label = 3, 2, True
    made = replace(viewer, layer, find_exact(layer))
    assert type(made) is PlacedLabels
    assert (made.selected_label, made.contour, made.show_selected_label) == (3, 2, True)
    assert list(viewer.layers) == [made]


def test_sliders_stay_on_the_voxel(samples: dict[str, Sample]):
    viewer = ViewerModel()
    layer = viewer.add_layer(theirs(samples["ome-zarr-0.5"].path, ""))
    viewer.dims.set_point(0, 40)  # voxel 40, which is at 1.7 + 40 µm
    replace(viewer, layer, find_exact(layer))
    assert viewer.dims.point[0] == pytest.approx(41.7)


def test_other_pixels(samples: dict[str, Sample], tmp_path: Path):
    path = samples["ome-zarr-0.5"].path
    layer = theirs(path, "", name="em")
    layer = Image([d // 2 for d in layer.data], multiscale=True, contrast_limits=(0, 1), name="em")
    with pytest.raises(ValueError, match=r"with other pixels than the layer 'em'"):
        find_exact(layer, path)


def test_other_shapes(samples: dict[str, Sample]):
    layer = Image([np.zeros((8, 8)), np.zeros((4, 4))], multiscale=True)
    path = samples["ome-zarr-0.5"].path
    with pytest.raises(ValueError, match=r"no image with levels of 8 × 8, 4 × 4 voxels of type fl"):
        find_exact(layer, path)


def test_two_that_are_alike(samples: dict[str, Sample], tmp_path: Path):
    folder = tmp_path / "two.n5"
    shutil.copytree(samples["n5-viewer"].path, folder)
    shutil.rmtree(folder / "c1")
    shutil.copytree(folder / "c0", folder / "c1")
    layer = theirs(folder, "c0", name="mine")
    with pytest.raises(ValueError, match=r"have the same shapes and pixels"):
        find_exact(layer)
    layer.name = "two c1"
    assert find_exact(layer).built.note["image"] == "c1"


def test_unknown_file():
    layer = Image([np.zeros((8, 8)), np.zeros((4, 4))], multiscale=True, name="em")
    with pytest.raises(ValueError, match=r"does not know which file the layer 'em'"):
        find_exact(layer)


def test_one_resolution():
    with pytest.raises(ValueError, match=r"'em' has no levels that could be misplaced"):
        find_exact(Image(np.zeros((8, 8)), name="em"))


def test_ours_is_exact(samples: dict[str, Sample]):
    with pytest.raises(ValueError, match=r"was opened by napari-strata, it is exact"):
        find_exact(opened(samples["ome-zarr-0.5"].path))


def test_no_longer_there(samples: dict[str, Sample]):
    layer = theirs(samples["ome-zarr-0.5"].path, "", name="em")
    with pytest.raises(ValueError, match=r"'em' is no longer in the viewer"):
        replace(ViewerModel(), layer, find_exact(layer))


@pytest.mark.window
def test_drawn_exactly_afterwards(small_window: Any, samples: dict[str, Sample]):
    viewer = small_window.viewer
    layer = viewer.add_layer(theirs(samples["ome-zarr-0.5"].path, ""))
    exact = find_exact(layer)
    viewer.dims.ndisplay = 3
    layer.locked_data_level = 1
    settle(viewer)
    # napari: half a voxel of level 0 too far
    np.testing.assert_allclose(drawn_position(viewer, layer, (4, 5, 6)), [8.5, 10.5, 12.5])
    made = replace(viewer, layer, exact)
    made.locked_data_level = 1
    settle(viewer)
    expected = [1.7 + 2 * 4, 0.6 + 2.5 * 5, 0.3 + 2.5 * 6]
    np.testing.assert_allclose(drawn_position(viewer, made, (4, 5, 6)), expected, atol=1e-4)
