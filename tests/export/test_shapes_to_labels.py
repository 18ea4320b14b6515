"""Which voxels have their centre in which shape; expected values are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Points, Shapes

import napari_strata as strata
from napari_strata.export.errors import ExportError
from napari_strata.export.geometries.shapes_to_labels import shapes_to_labels


def grid(*shape: int, **more) -> Image:
    return Image(np.zeros(shape, np.uint8), name="em", **more)


def shapes(data, kind="polygon", **more) -> Shapes:
    return Shapes(data, shape_type=kind, name="s", **more)


def rows(labels) -> list[str]:
    return ["".join(map(str, row)) for row in labels]


RECTANGLE = [[1, 1], [1, 4], [3, 4], [3, 1]]
TRIANGLE = [[0, 0], [4, 0], [4, 4]]
CASES = {
    "from its lower border up to its upper one": (
        shapes([RECTANGLE], "rectangle"), ["00000", "01110", "01110", "00000", "00000"]),
    "between centres": (
        shapes([np.add(RECTANGLE, 0.5)]), ["00000", "00000", "00111", "00111", "00000"]),
    "other way round": (
        shapes([RECTANGLE[::-1]]), ["00000", "01110", "01110", "00000", "00000"]),
    "just over a centre": (
        shapes([np.add(RECTANGLE, 1e-6)]), ["00000", "00000", "00111", "00111", "00000"]),
    "rounding decides nothing": (
        shapes([np.add(RECTANGLE, 1e-12)]), ["00000", "01110", "01110", "00000", "00000"]),
    # Row r of the triangle holds columns 0 to r, not with r.
    "triangle": (shapes([TRIANGLE]), ["00000", "10000", "11000", "11100", "00000"]),
    "abutting share no voxel": (
        shapes([TRIANGLE, [[0, 0], [0, 4], [4, 4]]]),
        ["22220", "12220", "11220", "11120", "00000"]),
    "on top": (shapes([RECTANGLE, TRIANGLE]), ["00000", "21110", "22110", "22200", "00000"]),
    "below": (shapes([RECTANGLE, TRIANGLE], z_index=[1, 0]),
              ["00000", "21110", "21110", "22200", "00000"]),
    # Centre (2, 2) and radii 2: (0, 2) and (2, 0) are on its edge, (1, 1) is inside.
    "ellipse": (shapes([[[0, 0], [0, 4], [4, 4], [4, 0]]], "ellipse"),
                ["00100", "01110", "11111", "01110", "00100"]),
    "no area": (shapes([[[0, 0], [4, 4]]], "line"), ["00000"] * 5),
    "outside": (shapes([np.add(RECTANGLE, 50)]), ["00000"] * 5),
    "partly outside": (shapes([np.subtract(RECTANGLE, 2)]),
                       ["11000", "00000", "00000", "00000", "00000"]),
    "even-odd": (shapes([[[0, 0], [0, 5], [5, 5], [5, 0], [0, 0], [1, 1], [4, 1], [4, 4], [1, 4],
                          [1, 1]]]), ["11111", "10001", "10001", "10001", "11111"]),
}  # fmt: skip


@pytest.mark.parametrize(("layer", "expected"), CASES.values(), ids=CASES)
def test_centres(layer, expected):
    assert rows(shapes_to_labels(layer, grid(5, 5))) == expected


def test_transforms_and_units_of_both():
    """Shapes in nanometres on an image in micrometres: y from 12 to 16 µm is rows 1 and 2."""
    like = grid(4, 4, scale=(2, 0.5), translate=(10, -1), units="um")
    layer = shapes(
        [[[0, 0], [0, 1], [4, 1], [4, 0]]],
        scale=(1000, 1000),
        translate=(12000, -500),
        units="nm",
    )
    assert rows(shapes_to_labels(layer, like)) == ["0000", "0110", "0110", "0000"]


def test_scale_of_a_tenth_decides_no_border():
    like = grid(12, 12, scale=(0.1, 0.1))
    layer = shapes([np.multiply(0.1, [[3, 3], [3, 7], [7, 7], [7, 3]])])
    found = shapes_to_labels(layer, like)
    expected = np.zeros((12, 12))
    expected[3:7, 3:7] = 1
    np.testing.assert_array_equal(found, expected)


def test_plane_of_a_volume():
    square = np.array(RECTANGLE, float)
    layer = shapes([np.insert(square, 0, 1.4, axis=1), np.insert(square, 1, 2.6, axis=1)])
    found = shapes_to_labels(layer, grid(5, 5, 5))
    expected = np.zeros((5, 5, 5))
    expected[1, 1:3, 1:4] = 1
    expected[1:3, 3, 1:4] = 2
    np.testing.assert_array_equal(found, expected)


def test_fewer_axes_are_on_all_planes():
    found = shapes_to_labels(shapes([RECTANGLE]), grid(3, 5, 5))
    assert found.shape == (3, 5, 5)
    assert [rows(plane) for plane in found] == [["00000", "01110", "01110", "00000", "00000"]] * 3


def test_levels_and_colours_of_the_image():
    levels = [np.zeros((4, 4), np.uint8), np.zeros((2, 2), np.uint8)]
    assert shapes_to_labels(shapes([RECTANGLE]), Image(levels, multiscale=True)).shape == (4, 4)
    assert shapes_to_labels(shapes([RECTANGLE]), grid(4, 4, 3, rgb=True)).shape == (4, 4)


TILTED = [[0, 0, 0], [0, 4, 0], [2, 4, 4], [2, 0, 4]]
REFUSED = {
    "tilted": (lambda: shapes([TILTED]), (5, 5, 5), "shape 0 of 's' lies in no plane.*2 voxels"),
    "axes": (lambda: shapes([TILTED]), (5, 5), "has 3 axes, more than 'em' with 2"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("make", "shape", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(make, shape, message):
    with pytest.raises(ValueError, match=message):
        shapes_to_labels(make(), grid(*shape))


def test_too_large():
    like = Image(
        np.broadcast_to(np.uint8(0), (2000, 2000, 2000)), name="em", contrast_limits=[0, 1]
    )
    with pytest.raises(ValueError, match=r"2000 × 2000 × 2000 voxels take 32\.0 GB"):
        shapes_to_labels(shapes([RECTANGLE]), like)


def test_exported_as_labels_on_request(tmp_path):
    like = grid(5, 5, scale=(2, 0.5), translate=(10, -1), units="um")
    layer = shapes([RECTANGLE], scale=(2, 0.5), translate=(10, -1), units="um")
    both = [Points([[1, 2]], name="p"), layer, like]
    done = strata.export(both, tmp_path / "a.ome.zarr", shapes="labels")
    opened = strata.open(done.path)
    assert [g.name for g in opened.geometries] == ["p"]
    (labels,) = [image for image in opened.images if image.kind == "labels"]
    assert labels.path == "labels/s"
    level = labels.levels[0]
    assert rows(np.asarray(level.data)) == ["00000", "01110", "01110", "00000", "00000"]
    assert (level.scale.tolist(), level.translate.tolist()) == ([2, 0.5], [10, -1])


def test_no_image_to_be_labels_on(tmp_path):
    with pytest.raises(ExportError, match="layers with 's' there is none"):
        strata.export(
            [shapes([RECTANGLE])], tmp_path / "a.zarr", format="ome-zarr", shapes="labels"
        )
