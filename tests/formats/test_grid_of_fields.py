"""Fields laid out in a grid: every level begins where level 0 does, whatever the sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_strata import affine
from napari_strata.formats._field_layout import Field
from napari_strata.formats._grid_of_fields import grids
from napari_strata.model import ArrayLocation, Axis, Image, Level, MosaicLocation, Problem
from napari_strata.store.values import JsonPlace

PLACE = JsonPlace(".zattrs", "plate")
AXES = (Axis("c", "channel"), Axis("y", "space", "micrometer"), Axis("x", "space", "micrometer"))


def field(
    shapes: list[tuple[int, int]],
    scales: list[float],
    *,
    well: tuple[int, int] = (0, 0),
    number: int = 0,
    translate: tuple[float, float] = (0.0, 0.0),
    shift: list[float] | None = None,
    dtype: str = "uint16",
    acquisition: int | None = None,
) -> Field:
    path = f"{well[0]}/{well[1]}/{number}"
    levels = []
    for k, (shape, scale) in enumerate(zip(shapes, scales, strict=True)):
        own = 0.0 if shift is None else shift[k]
        matrix = affine.from_scale_translate(
            [1, scale, scale], [0, translate[0] + own, translate[1] + own]
        )
        location = ArrayLocation({"driver": "file", "path": f"{path}/{k}"}, "zarr2", {}, path)
        levels.append(
            Level(f"{path}/{k}", (2, *shape), np.dtype(dtype), (1, 64, 64), matrix, location)
        )
    image = Image(path, path, "ome-zarr-0.4", "image", AXES, tuple(levels))
    return Field(image, well, number, acquisition)


def laid_out(fields: list[Field]) -> tuple[list[Image], list[Problem]]:
    problems: list[Problem] = []
    images = grids(
        fields,
        name="p",
        path="",
        place=PLACE,
        acquisitions={1: "before", 2: "after"},
        problems=problems,
    )
    return images, problems


def corners(image: Image) -> list[dict[str, tuple[float, ...]]]:
    """World place of each field's first voxel, level by level, by the field's folder."""
    result = []
    for level in image.levels:
        assert isinstance(level.location, MosaicLocation)
        places = {}
        for tile in level.location.tiles:
            world = level.affine @ [*tile.offset, 1]
            name = tile.location.kvstore["path"].rpartition("/")[0]
            places[name] = tuple(np.round(world[1:3], 9))
        result.append(places)
    return result


# shapes of the levels, their scales, the first voxel's shift per level
PYRAMIDS: dict[str, tuple[list[tuple[int, int]], list[float], list[float] | None]] = {
    "halved, dividing": ([(64, 96), (32, 48), (16, 24)], [0.5, 1.0, 2.0], None),
    "halved, odd": ([(63, 95), (32, 48), (16, 24)], [0.5, 1.0, 2.0], None),
    "means": ([(63, 95), (31, 47), (15, 23)], [0.5, 1.0, 2.0], [0.0, 0.25, 0.75]),
    "thirds": ([(100, 50), (33, 16)], [0.1, 0.3], None),
    "ratio of shapes": ([(9, 9), (5, 5)], [1.0, 1.8], None),
    "one level": ([(7, 11)], [0.325], None),
}


@pytest.mark.parametrize("name", PYRAMIDS)
def test_every_level_of_every_field_is_as_far_from_level_0_as_in_the_field(name: str):
    shapes, scales, shift = PYRAMIDS[name]
    fields = [
        field(shapes, scales, well=(row, column), number=n, shift=shift)
        for row in (0, 2)
        for column in (1, 3)
        for n in range(3)
    ]
    (image,), _ = laid_out(fields)
    assert len(image.levels) == len(shapes)
    finest, *coarser = corners(image)
    assert len(finest) == 12
    for k, places in enumerate(coarser, start=1):
        own = 0.0 if shift is None else shift[k]
        for key, place in places.items():
            assert place == pytest.approx([p + own for p in finest[key]], abs=1e-9)


@pytest.mark.parametrize("name", PYRAMIDS)
def test_fields_do_not_overlap_and_lie_inside(name: str):
    shapes, scales, _ = PYRAMIDS[name]
    fields = [field(shapes, scales, well=(0, w), number=n) for w in (0, 1) for n in range(4)]
    (image,), _ = laid_out(fields)
    for level in image.levels:
        assert isinstance(level.location, MosaicLocation)
        taken = np.zeros(level.shape[1:], dtype=int)
        for tile in level.location.tiles:
            y, x = tile.offset[1:]
            taken[y : y + tile.shape[1], x : x + tile.shape[2]] += 1
        sizes = sum(tile.shape[1] * tile.shape[2] for tile in level.location.tiles)
        assert taken.max() == 1
        assert taken.sum() == sizes


def test_rows_go_down_columns_right_and_fields_row_by_row():
    shapes, scales = [(32, 32)], [1.0]
    fields = [field(shapes, scales, well=w, number=n) for w in ((0, 0), (1, 2)) for n in range(4)]
    (image,), _ = laid_out(fields)
    (places,) = corners(image)
    # Cells of 32, two by two a well, and a gap of a sixteenth (2) between wells.
    assert places["0/0/0"] == (0, 0)
    assert places["0/0/1"] == (0, 32)
    assert places["0/0/2"] == (32, 0)
    assert places["1/2/0"] == (66, 132)
    assert places["1/2/3"] == (98, 164)


def test_a_smaller_field_stands_in_a_cell_of_the_largest():
    small = field([(20, 10)], [1.0], number=1)
    (image,), problems = laid_out(
        [field([(32, 48)], [1.0]), small, field([(8, 8)], [1.0], number=2)]
    )
    (places,) = corners(image)
    assert (places["0/0/1"], places["0/0/2"]) == ((0, 48), (32, 0))
    assert [p.code for p in problems] == ["grid-layout"]


ODD_ONES: list[tuple[str, Any]] = [
    ("data type", {"dtype": "uint8"}),
    ("voxel sizes", {"scales": [0.7, 1.4]}),
    ("voxel sizes", {"scales": [0.7], "shapes": [(64, 64)]}),
    ("voxel sizes", {"shift": [0.0, 0.1]}),
]


@pytest.mark.parametrize(("said", "change"), ODD_ONES, ids=[str(c) for _, c in ODD_ONES])
def test_what_differs_from_most_is_left_out_and_named(said: str, change: dict[str, Any]):
    usual: dict[str, Any] = {"shapes": [(64, 64), (32, 32)], "scales": [0.5, 1.0]}
    fields = [field(**usual, number=n) for n in (0, 1)]
    odd = field(**{**usual, **change}, number=2)
    (image,), problems = laid_out([*fields, odd])
    (found,) = [p for p in problems if p.code == "field-differs"]
    assert found.severity == "error"
    assert found.where == "0/0/2"
    assert said in found.message
    assert len(corners(image)[0]) == 2


def test_a_field_that_lacks_a_level_is_blank_there_and_named():
    usual: dict[str, Any] = {"shapes": [(64, 64), (32, 32), (16, 16)], "scales": [0.5, 1.0, 2.0]}
    fields = [field(**usual, number=n) for n in (1, 2)]
    short = field([(64, 64), (16, 16)], [0.5, 2.0], number=0)
    (image,), problems = laid_out([short, *fields])
    (found,) = [p for p in problems if p.code == "field-lacks-level"]
    assert (found.severity, found.where) == ("warning", "0/0/0")
    assert [sorted(places) for places in corners(image)] == [
        ["0/0/0", "0/0/1", "0/0/2"],
        ["0/0/1", "0/0/2"],
        ["0/0/0", "0/0/1", "0/0/2"],
    ]
    for places in corners(image):
        assert places["0/0/1"] == (0, 32)


def test_acquisitions_are_images_of_their_own():
    fields = [field([(8, 8)], [1.0], number=n, acquisition=a) for n, a in ((0, 1), (0, 2), (1, 2))]
    images, _ = laid_out(fields)
    assert [(i.name, i.path) for i in images] == [
        ("p before", "#acquisition-1"),
        ("p after", "#acquisition-2"),
    ]
    assert [len(corners(i)[0]) for i in images] == [1, 2]


def test_one_declared_place_is_kept_and_different_ones_are_told_of():
    same = [field([(8, 8)], [1.0], number=n, translate=(5, 7)) for n in (0, 1)]
    (image,), problems = laid_out(same)
    assert corners(image)[0]["0/0/0"] == (5, 7)
    assert [p.severity for p in problems] == ["info"]
    other = [same[0], field([(8, 8)], [1.0], number=1, translate=(5, 90))]
    (image,), problems = laid_out(other)
    assert corners(image)[0] == {"0/0/0": (5, 0), "0/0/1": (5, 8)}
    assert [(p.code, p.severity) for p in problems] == [("field-positions-not-shown", "warning")]


def test_a_level_of_odd_ratio_is_left_out_of_the_grid():
    fields = [field([(64, 64), (21, 21)], [1.0, float(np.pi)], number=n) for n in (0, 1)]
    (image,), problems = laid_out(fields)
    assert len(image.levels) == 1
    assert "level-not-in-grid" in [p.code for p in problems]


def test_where_the_grid_begins_is_a_contribution():
    fields = [field([(8, 8)], [0.5], number=n, translate=(n, 0.0)) for n in (0, 1)]
    (image,), _ = laid_out(fields)
    (first,) = image.levels[0].origin
    assert (first.what, first.where) == ("grid of fields", ".zattrs: plate")
