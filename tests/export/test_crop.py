"""Parts of layers: boxes, voxels, times, first levels."""

from pathlib import Path

import numpy as np
import pytest
from napari.layers import Image, Labels

import napari_strata as strata
from napari_strata.affine import from_scale_translate
from napari_strata.export.errors import ExportError
from napari_strata.export.planning.crop import cropped
from napari_strata.export.planning.image_plan import plan_images
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel
from napari_strata.export.planning.options import Options
from napari_strata.model import Axis, Display

from . import parsed
from .layers import exported

UM = "micrometer"
T, Z, Y, X = Axis("t", "time", "second"), *(Axis(name, "space", UM) for name in "zyx")


def image_of(*levels, axes=(Z, Y, X), first=None):
    """Levels are (array, scale, translate)."""
    levels = tuple(LayerLevel(a, from_scale_translate(s, t)) for a, s, t in levels)
    return LayerImage("cells", "image", axes, levels, Display(first_position=first or {}))


def volume(shape=(8, 12, 16)):
    return np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)


ONE = image_of((volume(), (2.0, 1.0, 0.5), (10.0, 0.0, -1.0)))
BOXES = [
    # box, voxels along z, y, x
    ({"z": (12, 16)}, (slice(1, 4), slice(0, 12), slice(0, 16))),  # centres on the faces count
    ({"z": (12.1, 15.9)}, (slice(2, 3), slice(0, 12), slice(0, 16))),
    ({"y": (-5, 3.2), "x": (0.0, 1.0)}, (slice(0, 8), slice(0, 4), slice(2, 5))),
    ({"z": (13.2, 13.4)}, (slice(2, 3), slice(0, 12), slice(0, 16))),  # thinner than a voxel
    ({"z": (-100, 100), "t": (0, 1)}, (slice(0, 8), slice(0, 12), slice(0, 16))),
]


@pytest.mark.parametrize(("box", "voxels"), BOXES, ids=[str(box) for box, _ in BOXES])
def test_a_box_takes_the_voxels_whose_centres_are_in_it(box, voxels):
    (level,) = cropped(ONE, Options(box=box)).image.levels
    np.testing.assert_array_equal(level.pixels, volume()[voxels])
    first = [s.start for s in voxels]
    expected = np.array([10.0, 0.0, -1.0]) + np.array([2.0, 1.0, 0.5]) * first
    np.testing.assert_array_equal(level.affine[:3, 3], expected)
    np.testing.assert_array_equal(np.diag(level.affine), [2.0, 1.0, 0.5, 1])


def test_a_box_beside_the_layer_leaves_it_out():
    found = cropped(ONE, Options(box={"z": (100, 200)}))
    assert found.image is None
    assert [p.code for p in found.problems] == ["outside-part"]
    with pytest.raises(ExportError, match="no Image or Labels layer has a voxel"):
        plan_images([ONE], Options(box={"z": (100, 200)}))


def test_a_box_in_the_layers_units(tmp_path: Path):
    values = volume()
    layer = Image(
        values, name="i", scale=(1000, 500, 500), units=("nm", "nm", "nm"), axis_labels="zyx"
    )
    exported([layer], tmp_path / "o.zarr", box={"z": (2000, 3000), "y": (0, 1000)})
    image = strata.open(tmp_path / "o.zarr").images[0]
    np.testing.assert_array_equal(np.asarray(image.levels[0].data), values[2:4, 0:3])


def test_a_box_around_a_turned_layer_holds_all_of_it():
    turned = np.eye(4)
    turned[1:3, 1:3] = [[0.8, -0.6], [0.6, 0.8]]
    image = LayerImage("i", "image", (Z, Y, X), (LayerLevel(volume(), turned),), Display())
    (level,) = cropped(image, Options(box={"y": (2, 4), "x": (6, 8)})).image.levels
    # Corners (y, x) of the box in voxels: y' = 0.8 y + 0.6 x, x' = -0.6 y + 0.8 x.
    corners = np.array([(0.8 * y + 0.6 * x, -0.6 * y + 0.8 * x) for y in (2, 4) for x in (6, 8)])
    low, high = np.ceil(corners.min(axis=0)), np.floor(corners.max(axis=0))
    start, stop = low.astype(int), high.astype(int) + 1
    np.testing.assert_array_equal(level.pixels, volume()[:, start[0] : stop[0], start[1] : stop[1]])
    np.testing.assert_allclose(level.affine[:3, 3], turned[:3, :3] @ [0, *start])


MEAN = image_of(
    (volume(), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
    (volume((4, 6, 8)), (2.0, 2.0, 2.0), (0.5, 0.5, 0.5)),
    (volume((2, 3, 4)), (4.0, 4.0, 4.0), (1.5, 1.5, 1.5)),
)
STRIDE = image_of(
    (volume(), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
    (volume((4, 6, 8)), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0)),
)
THIRD = image_of(
    (volume(), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
    (volume((3, 12, 16)), (3.0, 1.0, 1.0), (1.0, 0.0, 0.0)),
)
COARSER = [
    # image, voxels of level 0, voxels of the coarser levels that are the same part
    (MEAN, {"z": (4, 8), "x": (8, 16)}, [np.s_[2:4, :, 4:8], np.s_[1:2, :, 2:4]]),
    (MEAN, {"z": (2, 8)}, [np.s_[1:4]]),  # level 2 would begin in the middle of a window
    (MEAN, {"z": (3, 8)}, []),
    (MEAN, {"z": (0, 5)}, []),  # the last window would hold voxels that are cut off
    (STRIDE, {"z": (2, 7)}, [np.s_[1:4]]),  # its voxels are windows' first ones, all there
    (STRIDE, {"z": (1, 8)}, []),
    (THIRD, {"z": (0, 5)}, []),  # a mean of 3, or the middle one of 3? nobody says
    (THIRD, {"z": (3, 8)}, [np.s_[1:3]]),
]


@pytest.mark.parametrize(("image", "voxels", "coarser"), COARSER)
def test_coarser_levels_are_kept_while_they_are_of_the_same_part(image, voxels, coarser):
    levels = cropped(image, Options(voxels=voxels)).image.levels
    assert len(levels) == 1 + len(coarser)
    for old, new, part in zip(image.levels[1:], levels[1:], coarser, strict=False):
        np.testing.assert_array_equal(new.pixels, old.pixels[part])
        start = np.argwhere(old.pixels == new.pixels.flat[0])[0]
        np.testing.assert_allclose(new.affine[:3, 3], old.affine[:3, 3] + new.affine[0, 0] * start)


def test_a_coarser_level_as_the_first():
    levels = cropped(MEAN, Options(first_level=1, voxels={"z": (4, 8)})).image.levels
    assert [level.pixels.shape for level in levels] == [(2, 6, 8), (1, 3, 4)]
    np.testing.assert_array_equal(levels[0].affine[:3, 3], [4.5, 0.5, 0.5])
    found = cropped(ONE, Options(first_level=2))
    assert [p.code for p in found.problems] == ["fewer-levels"]
    assert found.image.levels == ONE.levels


def test_times_and_the_first_position():
    image = image_of(
        (volume((5, 8, 12, 16)), (3.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0)),
        axes=(T, Z, Y, X),
        first={"t": 3, "z": 7},
    )
    found = cropped(image, Options(times=(1, -1), voxels={"z": (None, 4)})).image
    assert found.levels[0].pixels.shape == (3, 4, 12, 16)
    assert found.levels[0].affine[0, -1] == 3.0
    assert found.display.first_position == {"t": 2, "z": 3}
    assert cropped(ONE, Options(times=(1, 2))).image.levels == ONE.levels


WRONG = [
    ({"box": {"z": (3, 2)}}, "box along z: found 3.0 to 2.0, expected low ≤ high"),
    ({"box": {"z": (float("nan"), 2)}}, "box along z"),
    ({"voxels": {"z": slice(0, 4, 2)}}, "found a step of 2, expected 1"),
    ({"voxels": {"z": (0.5, 4)}}, "voxels along z: found"),
    ({"first_level": -1}, "first level: found -1"),
]


@pytest.mark.parametrize(("wishes", "message"), WRONG, ids=[m for _, m in WRONG])
def test_what_is_no_part_is_refused(wishes, message):
    with pytest.raises(ExportError, match=message):
        cropped(ONE, Options(**wishes))


def test_labels_and_images_of_other_resolution_are_cut_to_the_same_box(tmp_path: Path):
    image = Image(volume((8, 16, 16)), name="i", axis_labels="zyx", units=[UM] * 3)
    labels = Labels(
        volume((8, 32, 32)), name="l", axis_labels="zyx", units=[UM] * 3,
        scale=(1, 0.5, 0.5), translate=(0, -0.25, -0.25),
    )  # fmt: skip
    exported([image, labels], tmp_path / "o.zarr", box={"y": (4, 7), "x": (0, 100)})
    (matrix,) = parsed.affines(tmp_path / "o.zarr", "labels/l")
    shape, _, _ = parsed.array(tmp_path / "o.zarr/labels/l/0")
    # Label voxels from 4 to 7: centres at -0.25 + 0.5 i, so i from 8.5 to 14.5.
    assert shape == (8, 6, 31)
    assert matrix[1, 3] == 4.25
