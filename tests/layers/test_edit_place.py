"""A layer's place in declared units: told, changed, taken back, written back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer
from opened import at, layers_of, opened, write_06

import napari_strata as strata
from napari_strata.export.metadata import edit_metadata_of_layer
from napari_strata.layers.changing.edit_place import Place, apply, place_of, revert
from napari_strata.layers.changing.reopen import apply as apply_reopened
from napari_strata.layers.changing.reopen import read_again
from napari_strata.layers.common_origin import move_near_zero
from napari_strata.samples import Sample

FIBSEM = Place(
    ("z", "y", "x"), (1200.0, 1000.0, 1000.0), (900.0, -250.0, 400.0), ("nm", "nm", "nm")
)


def changed(place: Place, **parts: dict[int, Any]) -> Place:
    """Change one number, unit or name an axis: ``scale={0: 5}``."""
    new = {
        key: tuple(values.get(i, old) for i, old in enumerate(getattr(place, key)))
        for key, values in parts.items()
    }
    return replace(place, **new)


@pytest.fixture
def fibsem(samples: dict[str, Sample]) -> Layer:
    return opened(samples["cosem"].path, "fibsem-uint8")


def test_as_declared(fibsem: Layer):
    assert place_of(fibsem) == FIBSEM


def test_channel_axis_does_not_count(samples: dict[str, Sample]):
    units = ("micrometer",) * 3
    expected = Place(("z", "y", "x"), (1.8, 1.5, 1.5), (1.8, 4.5, 3.5), units)
    assert [place_of(x) for x in layers_of(samples["ome-zarr-0.4"].path)] == [expected] * 2


def test_voxels_have_no_unit(samples: dict[str, Sample]):
    expected = Place(("z", "y", "x"), (1.0,) * 3, (0.0,) * 3, (None,) * 3)
    assert place_of(opened(samples["zarr-array"].path)) == expected


def test_moved_in_napari(fibsem: Layer):
    fibsem.translate = [0.9, 1, 0.4]
    assert place_of(fibsem) == changed(FIBSEM, translate={1: 1000.0})


def test_changed_numbers_move_the_layer_and_its_levels(fibsem: Layer):
    apply(fibsem, changed(FIBSEM, scale={0: 1300}, translate={2: 500}))
    assert at(fibsem, [0, 0, 0]) == [0.9, -0.25, 0.5]
    assert at(fibsem, [1, 1, 1]) == [2.2, 0.75, 1.5]
    # level 1 lies to level 0 as before
    assert fibsem.placement.scale[1] == (2, 2, 2)
    assert place_of(fibsem) == changed(FIBSEM, scale={0: 1300.0}, translate={2: 500.0})


def test_what_is_the_same_keeps_its_very_numbers(fibsem: Layer):
    scale, translate = np.array(fibsem.scale), np.array(fibsem.translate)
    apply(fibsem, changed(FIBSEM, names={0: "depth"}))
    np.testing.assert_array_equal(fibsem.scale, scale)
    np.testing.assert_array_equal(fibsem.translate, translate)
    assert fibsem.axis_labels == ("depth", "y", "x")


def test_another_unit_is_another_size(fibsem: Layer):
    place = changed(FIBSEM, units={0: "um"}, scale={0: 2}, translate={0: 3})
    apply(fibsem, place)
    assert at(fibsem, [1, 0, 0]) == [5, -0.25, 0.4]
    assert [str(unit) for unit in fibsem.units] == ["micrometer"] * 3  # as all layers are
    assert place_of(fibsem) == place
    assert fibsem.metadata["strata"]["edited_units"] == {"z": "um"}


def test_voxels_get_a_unit(samples: dict[str, Sample]):
    layer = opened(samples["zarr-array"].path)
    now = place_of(layer)
    place = replace(now, units=("nm", "nm", "nm"), scale=(40.0, 4.0, 4.0))
    apply(layer, place)
    assert at(layer, [1, 1, 1]) == [0.04, 0.004, 0.004]
    assert [str(unit) for unit in layer.units] == ["micrometer"] * 3
    assert place_of(layer) == place
    apply(layer, now)
    assert at(layer, [1, 1, 1]) == [1, 1, 1]
    assert [str(unit) for unit in layer.units] == ["pixel"] * 3
    assert "edited_units" not in layer.metadata["strata"]


def test_revert(fibsem: Layer):
    scale, translate = np.array(fibsem.scale), np.array(fibsem.translate)
    place = changed(FIBSEM, names={0: "depth"}, scale={0: 3}, units={0: "um"}, translate={1: 0})
    apply(fibsem, place)
    revert(fibsem)
    np.testing.assert_array_equal(fibsem.scale, scale)
    np.testing.assert_array_equal(fibsem.translate, translate)
    assert place_of(fibsem) == FIBSEM
    assert "edited_units" not in fibsem.metadata["strata"]


def test_revert_takes_back_turns(fibsem: Layer):
    fibsem.rotate = [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]
    with pytest.raises(ValueError, match=r"is rotated or sheared"):
        place_of(fibsem)
    revert(fibsem)
    assert place_of(fibsem) == FIBSEM


def test_common_origin_does_not_count(fibsem: Layer):
    viewer = ViewerModel()
    viewer.add_layer(fibsem)
    move_near_zero(viewer.layers)
    assert place_of(fibsem) == FIBSEM
    apply(fibsem, changed(FIBSEM, translate={0: 1900}))
    assert at(fibsem, [0, 0, 0]) == [1, 0, 0]
    assert place_of(fibsem) == changed(FIBSEM, translate={0: 1900.0})
    revert(fibsem)
    assert at(fibsem, [0, 0, 0]) == [0, 0, 0]


def test_an_edit_stays_when_opened_with_another_origin(samples: dict[str, Sample]):
    layer = opened(samples["neuroglancer-n5"].path)
    apply(layer, changed(place_of(layer), units={0: "um"}, scale={0: 2}))
    apply_reopened(layer, read_again(layer))
    assert place_of(layer).units[0] == "um"
    assert place_of(layer).scale[0] == 2


def test_layers_of_others():
    layer = Image(np.zeros((4, 4)), name="theirs", units=("nm", "pixel"), scale=(4, 2))
    assert place_of(layer).units == ("nanometer", None)
    with pytest.raises(ValueError, match=r"'theirs' was not opened by napari-strata"):
        revert(layer)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"scale": {0: 0}}, r"axis z: found the scale 0"),
        ({"scale": {1: float("nan")}}, r"axis y: found the scale nan"),
        ({"translate": {2: float("inf")}}, r"axis x: found .* translation inf"),
        ({"names": {0: "y"}}, r"each axis needs a name of its own"),
        ({"names": {0: " "}}, r"each axis needs a name of its own"),
        ({"units": {0: "furlong"}}, r"axis z: 'furlong' is no unit of length or time"),
        ({"units": {0: "s"}}, r"axis z: 's' is no unit of length"),
    ],
)
def test_refused(fibsem: Layer, parts: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        apply(fibsem, changed(FIBSEM, **parts))
    assert place_of(fibsem) == FIBSEM


def test_another_number_of_axes(fibsem: Layer):
    with pytest.raises(ValueError, match=r"has 3 axes"):
        apply(fibsem, Place(("x",), (1.0,), (0.0,), (None,)))


# ------------------------------------------------------------------------------- written back


@pytest.mark.parametrize(
    ("name", "image", "parts"),
    [
        ("cosem", "fibsem-uint8", {"scale": {0: 1300}, "translate": {2: 500}}),
        ("ome-zarr-0.5", None, {"names": {0: "depth"}}),
        ("ome-zarr-0.5", None, {"scale": {1: 1000}, "translate": {0: -40}}),
        ("ome-zarr-0.5", None, {"units": {0: "micrometer"}, "scale": {0: 2}}),
        ("ome-zarr-0.5", None, {"units": {0: None}, "scale": {0: 1}, "translate": {0: 0}}),
    ],
)
def test_written_back(
    samples: dict[str, Sample], tmp_path: Path, name: str, image: Any, parts: dict[str, Any]
):
    folder = tmp_path / samples[name].path.name
    shutil.copytree(samples[name].path, folder)
    layer = opened(folder, image)
    place = changed(place_of(layer), **parts)
    apply(layer, place)
    edit_metadata_of_layer(layer).write()
    again = opened(folder, image)
    assert place_of(again).units == place.units  # in the spelling that was chosen
    np.testing.assert_allclose(again.scale, layer.scale, rtol=1e-14)
    np.testing.assert_allclose(again.translate, layer.translate, rtol=1e-14)
    assert [str(u) for u in again.units] == [str(u) for u in layer.units]
    assert again.axis_labels == layer.axis_labels
    # and the layer that was edited is unmoved once it is read again
    assert apply_reopened(layer, read_again(layer)) == ()
    assert "edited_units" not in layer.metadata["strata"]
    assert layer.metadata["strata"]["layer_levels"] == again.metadata["strata"]["layer_levels"]
    np.testing.assert_allclose(again.scale, layer.scale, rtol=1e-14)


def test_nothing_changed_is_nothing_to_write(samples: dict[str, Sample], tmp_path: Path):
    folder = tmp_path / "c.n5"
    shutil.copytree(samples["cosem"].path, folder)
    layer = opened(folder, "fibsem-uint8")
    apply(layer, changed(FIBSEM, scale={0: 1300}))
    apply(layer, FIBSEM)
    edit_metadata_of_layer(layer).write()
    assert strata.open(folder)["em/fibsem-uint8"].levels[0].scale.tolist() == [1200, 1000, 1000]
    np.testing.assert_array_equal(layer.scale, opened(folder, "fibsem-uint8").scale)


def test_systems_that_are_turned_have_no_such_place(tmp_path: Path):
    layer = opened(write_06(tmp_path / "i.zarr"))
    apply_reopened(layer, read_again(layer, system="rotated"))
    with pytest.raises(ValueError, match=r"is rotated or sheared"):
        place_of(layer)
