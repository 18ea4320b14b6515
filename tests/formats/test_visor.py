"""VISoR by rules: where each version keeps the places of stacks, and what is wrong with them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata
from napari_strata.model import OpenError

from .visor_stores import (
    MICROMETRES,
    PLACES,
    POSITIONS,
    axes,
    channels,
    dataset,
    levels,
    moved,
    multiscale,
    plain_image,
    scaled,
    stacks,
    stored,
    write_image,
    write_json,
)


def codes(found: Any) -> set[str]:
    problems = [*found.problems, *(p for image in found.images for p in image.problems)]
    return {p.code for p in problems}


def places(found: Any, level: int = 0) -> list[list[float]]:
    """The translation z, y, x of every image."""
    return [[float(v) for v in image.levels[level].translate[-3:]] for image in found.images]


def names(found: Any) -> list[str]:
    return [image.name for image in found.images]


def read(level: Any) -> np.ndarray:
    return np.asarray(level.data[...])


# ------------------------------------------------------------------------- 2024.11.2 and later


@pytest.mark.parametrize("version", [2, 3])
def test_each_stack_is_an_image_at_its_own_place(version: int, tmp_path: Path):
    found = strata.open(plain_image(tmp_path / "slice_3_10x.zarr", version=version))
    assert names(found) == ["slice_3_10x stack_1", "slice_3_10x stack_2"]
    assert codes(found) == set()
    for index, image in enumerate(found.images):
        assert [axis.name for axis in image.axes] == list("czyx")
        for k, (level, step) in enumerate(zip(image.levels, (1, 2), strict=True)):
            assert level.scale == pytest.approx([1, 3.5, 1.03 * step, 1.03 * step])
            assert level.translate == pytest.approx([0, *PLACES[index]])
            shape = (2, 2, 2, 4 >> k, 4 >> k)
            np.testing.assert_array_equal(read(level), stored(shape)[index])
            matrices = [c.matrix for c in level.origin]
            np.testing.assert_allclose(np.linalg.multi_dot(matrices), level.affine)
        assert image.levels[0].origin[0].where.endswith(f"visor_stacks[{index}].position")


def test_a_stack_is_found_by_its_name(tmp_path: Path):
    found = strata.open(plain_image(tmp_path / "a.zarr"))
    assert found["a stack_2"].levels[0].translate[-2] == pytest.approx(63258.1)
    with pytest.raises(KeyError):
        found["a stack_3"]


def test_millimetres_become_the_unit_of_the_axes(tmp_path: Path):
    entry = multiscale(levels()) | {"axes": axes(unit="nanometer")}
    path = write_image(tmp_path / "a.zarr", entry, visor_stacks=stacks(*POSITIONS))
    assert places(strata.open(path))[1] == pytest.approx([0, 63258100, 20264700])


def test_places_stand_after_all_declared_transforms(tmp_path: Path):
    """A dataset's translation of 10 µm in y is scaled by 3 and moved by 7 before the position."""
    first = dataset("0", [*scaled([1] * 5), *moved(0, 0, 0, 10, 0)])
    outer = [*scaled([1, 1, 1, 3, 1]), *moved(0, 0, 0, 7, 0)]
    entry = multiscale([first], coordinateTransformations=outer)
    path = write_image(tmp_path / "a.zarr", entry, paths=("0",), visor_stacks=stacks(*POSITIONS))
    assert places(strata.open(path))[0] == pytest.approx([0, 61258.1 + 37, 20264.7])


@pytest.mark.parametrize("order", ["sczyx", "csyxz", "zyxcs", "xyzsc"])
def test_the_stack_axis_may_be_anywhere(order: str, tmp_path: Path):
    sizes = {"s": 2, "c": 3, "z": 4, "y": 5, "x": 6}
    shape = tuple(sizes[n] for n in order)
    scale = [{"z": 3.5, "y": 2, "x": 4}.get(n, 1) for n in order]
    entry = multiscale([dataset("0", scaled(scale))], order)
    path = write_image(
        tmp_path / "a.zarr", entry, shape, paths=("0",), visor_stacks=stacks([7, 5], [8, 6])
    )
    found = strata.open(path)
    assert len(found.images) == 2
    left = [n for n in order if n != "s"]
    for index, image in enumerate(found.images):
        assert [axis.name for axis in image.axes] == left
        wanted = {"x": 7000 + 1000 * index, "y": 5000 + 1000 * index}
        assert list(image.levels[0].translate) == [wanted.get(n, 0) for n in left]
        data = stored(shape).take(index, axis=order.index("s"))
        np.testing.assert_array_equal(read(image.levels[0]), data)


UNPLACED: dict[str, tuple[Any, set[str]]] = {
    "one is missing": (stacks(POSITIONS[0]), set()),
    "none is listed": ([], set()),
    "no list": ({"index": 0}, {"bad-visor"}),
    "an entry is no object": ([*stacks(POSITIONS[0]), 7], {"bad-visor"}),
    "without positions": ([{"index": i, "label": "a"} for i in (0, 1)], set()),
    "a position of three": (stacks(POSITIONS[0], [1, 2, 3]), {"bad-position"}),
    "a position in words": (stacks(POSITIONS[0], "here"), {"bad-position"}),
    "an infinite position": (stacks(POSITIONS[0], [1e999, 0]), {"bad-position"}),
    "an index in words": ([*stacks(POSITIONS[0]), {"index": "1"}], {"bad-visor"}),
    "an index of true": ([*stacks(POSITIONS[0]), {"index": True}], {"bad-visor"}),
    "a negative index": ([*stacks(POSITIONS[0]), {"index": -1}], {"bad-visor"}),
    "one index at two places": (
        [*stacks(*POSITIONS), {"index": 1, "label": "stack_2", "position": [0, 0]}],
        {"duplicate-stack-index"},
    ),
}


@pytest.mark.parametrize(("listed", "expected"), UNPLACED.values(), ids=UNPLACED)
def test_without_a_place_for_each_the_stacks_are_a_slider(
    listed: Any, expected: set[str], tmp_path: Path
):
    path = write_image(tmp_path / "a.zarr", multiscale(levels()), visor_stacks=listed)
    found = strata.open(path)
    (image,) = found.images
    assert (image.name, image.format) == ("a", "visor")
    assert [axis.name for axis in image.axes] == list("sczyx")
    assert [list(level.translate) for level in image.levels] == [[0] * 5] * 2
    assert expected | {"stacks-unplaced"} == codes(found)
    np.testing.assert_array_equal(read(image.levels[0]), stored((2, 2, 2, 4, 4)))


def test_an_index_listed_twice_at_one_place_has_that_place(tmp_path: Path):
    listed = [*stacks(*POSITIONS), stacks(*POSITIONS)[1]]
    path = write_image(tmp_path / "a.zarr", multiscale(levels()), visor_stacks=listed)
    found = strata.open(path)
    assert places(found) == [pytest.approx(p) for p in PLACES]
    assert codes(found) == {"duplicate-stack-index"}


def test_axes_without_a_unit_cannot_be_placed_in_millimetres(tmp_path: Path):
    entry = multiscale(levels()) | {"axes": axes(unit=None)}
    path = write_image(tmp_path / "a.zarr", entry, visor_stacks=stacks(*POSITIONS))
    found = strata.open(path)
    assert len(found.images) == 1
    assert {"bad-position", "stacks-unplaced"} <= codes(found)


def test_a_level_of_fewer_stacks_is_left_out(tmp_path: Path):
    path = plain_image(tmp_path / "a.zarr")
    keys = json.loads((path / "1" / ".zarray").read_text())
    write_json(path / "1" / ".zarray", keys | {"shape": [1, *keys["shape"][1:]]})
    found = strata.open(path)
    assert [len(image.levels) for image in found.images] == [1, 1]
    assert codes(found) == {"levels-disagree"}


CHANNELS: dict[str, tuple[Any, list[str], set[str]]] = {
    "by index": (channels("488", "561")[::-1], ["488", "561"], set()),
    "the other spelling": (
        [{"index": 1, "wave_length": "a"}, {"index": 0, "wave_length": "b"}],
        ["b", "a"],
        set(),
    ),
    "as numbers": (channels(488, 561), ["488", "561"], set()),
    "none": ([], ["channel_0", "channel_1"], {"channels-shorter-than-axis"}),
    "no list": (7, ["channel_0", "channel_1"], {"bad-visor", "channels-shorter-than-axis"}),
    "twice": (
        [*channels("488", "561"), {"index": 1, "wavelength": "640"}],
        ["488", "561"],
        {"duplicate-channel-index"},
    ),
    "too many": (
        channels("488", "561", "640"),
        ["488", "561"],
        {"channel-index-out-of-range"},
    ),
    "nameless": (
        [*channels("488"), {"index": 1}],
        ["488", "channel_1"],
        {"bad-visor", "channels-shorter-than-axis"},
    ),
}


@pytest.mark.parametrize(("listed", "labels", "expected"), CHANNELS.values(), ids=CHANNELS)
def test_channels(listed: Any, labels: list[str], expected: set[str], tmp_path: Path):
    path = write_image(
        tmp_path / "a.zarr",
        multiscale(levels()),
        version=3,
        visor_stacks=stacks(*POSITIONS),
        channels=listed,
    )
    found = strata.open(path)
    for image in found.images:
        assert [channel.label for channel in image.display.channels] == labels
    assert codes(found) == expected


# ----------------------------------------------------------------------------------- 2024.11.1


def older(folder: Path, *lists: Any, shape: tuple[int, ...] = (2, 2, 2, 4, 4)) -> Path:
    """Write 2024.11.1: a list of positions for each channel."""
    listed = [
        {"wave_length": w, "stack_positions": p}
        for w, p in zip(("488", "561", "640"), lists, strict=False)
    ]
    entry = multiscale(levels(), coordinateTransformations=scaled(MICROMETRES))
    return write_image(folder, entry, shape, visor={"version": "2024.11.0", "channels": listed})


def test_positions_of_channels_are_in_the_order_of_the_axis(tmp_path: Path):
    found = strata.open(older(tmp_path / "a.zarr", list(POSITIONS), list(POSITIONS)))
    assert names(found) == ["a stack_1", "a stack_2"]
    assert places(found, 1) == [pytest.approx(p) for p in PLACES]
    assert [c.label for c in found.images[0].display.channels] == ["488", "561"]
    assert codes(found) == set()


def test_channels_at_different_places_are_images_of_their_own(tmp_path: Path):
    second = [POSITIONS[0], [9.0, 8.0]]
    found = strata.open(older(tmp_path / "a.zarr", list(POSITIONS), second))
    assert names(found) == ["a stack_1", "a stack_2", "a stack_2"]
    assert places(found) == [pytest.approx(p) for p in (*PLACES, [0, 8000, 9000])]
    labels = [[c.label for c in image.display.channels] for image in found.images]
    assert labels == [["488", "561"], ["488"], ["561"]]
    data = stored((2, 2, 2, 4, 4))
    for image, part in zip(found.images, (data[0], data[1, :1], data[1, 1:]), strict=True):
        np.testing.assert_array_equal(read(image.levels[0]), part)


def test_one_list_of_positions_holds_for_all_channels(tmp_path: Path):
    found = strata.open(older(tmp_path / "a.zarr", list(POSITIONS)))
    assert places(found) == [pytest.approx(p) for p in PLACES]
    assert [len(image.display.channels) for image in found.images] == [2, 2]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ([[POSITIONS[0]]], set()),
        ([list(POSITIONS), [POSITIONS[0]]], set()),
        ([list(POSITIONS), [POSITIONS[1], POSITIONS[0]]], set()),
        ([[POSITIONS[0], "there"]], {"bad-position"}),
        ([7], {"bad-visor"}),
        ([[*POSITIONS, [1, 1]], []], {"stack-index-out-of-range"}),
    ],
    ids=["short", "second-short", "third-channel-unknown", "damaged", "no-list", "long"],
)
def test_positions_of_channels_that_leave_one_open(
    lists: list[Any], expected: set[str], tmp_path: Path
):
    found = strata.open(older(tmp_path / "a.zarr", *lists, shape=(2, 3, 2, 4, 4)))
    assert len(found.images) == 1
    assert expected | {"stacks-unplaced"} <= codes(found)


@pytest.mark.parametrize("drawn", ["stack_1/405", "slice_1_stack_1/405nm_10X", "xx_brain_2024/405"])
def test_chunks_that_lie_only_in_named_folders_are_refused(drawn: str, tmp_path: Path):
    """Zarr would show zeros."""
    path = older(tmp_path / "a.zarr", list(POSITIONS))
    for level in ("0", "1"):
        (path / level / drawn).parent.mkdir(parents=True)
        (path / level / "0").rename(path / level / drawn)
    with pytest.raises(OpenError) as caught:
        strata.open(path)
    assert caught.value.problem.code == "chunks-in-folders"
    assert drawn.split("/")[0] in str(caught.value)


def test_an_array_without_any_chunk_is_empty(tmp_path: Path):
    path = older(tmp_path / "a.zarr", list(POSITIONS))
    for level in ("0", "1"):
        (path / level / "0").rename(tmp_path / f"away{level}")
    assert not read(strata.open(path).images[0].levels[0]).any()


# ----------------------------------------------------------------------------------- 2024.11.0


def oldest(folder: Path, placements: dict[str, Any], count: int = 2, **keys: Any) -> Path:
    """Write 2024.11.0: places among the datasets."""
    listed = [dataset(path, transforms) for path, transforms in placements.items()]
    first, second = levels()
    entry = multiscale([first, *listed, second], "tczyx")
    return write_image(folder, entry, (count, 1, 2, 4, 4), **keys)


def test_stacks_are_sorted_by_their_numbers(tmp_path: Path):
    numbers = [(10, 1), (2, 10), (2, 9), (1, 1)]
    found = strata.open(
        oldest(
            tmp_path / "a.zarr",
            {f"0/slice_{s}_stack_{k}": moved(1, 1, 5, 100 * s, k) for s, k in numbers},
            count=4,
        )
    )
    assert places(found) == [[5, 100, 1], [5, 200, 9], [5, 200, 10], [5, 1000, 1]]
    assert names(found)[1] == "a slice_2_stack_9"
    assert codes(found) == set()
    data = stored((4, 1, 2, 4, 4))
    for index, image in enumerate(found.images):
        np.testing.assert_array_equal(read(image.levels[0]), data[index])


def test_the_finest_level_that_places_a_stack_counts(tmp_path: Path):
    placements = {
        "1/slice_1_stack_1": moved(0, 0, 0, 7, 7),
        "0/slice_1_stack_1": moved(0, 0, 0, 1, 1),
        "1/slice_1_stack_2": moved(0, 0, 0, 2, 2),
    }
    found = strata.open(oldest(tmp_path / "a.zarr", placements))
    assert places(found) == places(found, 1) == [[0, 1, 1], [0, 2, 2]]
    assert codes(found) == {"stack-places-differ"}


def test_the_whole_parent_path_is_a_level(tmp_path: Path):
    """``10/slice_1_stack_2`` is no placement of level 1, nor of level 0."""
    placements = {
        "0/slice_1_stack_1": moved(0, 0, 0, 1, 1),
        "10/slice_1_stack_2": moved(0, 0, 0, 2, 2),
    }
    found = strata.open(oldest(tmp_path / "a.zarr", placements))
    assert [len(image.levels) for image in found.images] == [2]
    assert {"stray-stack-entry", "stacks-unplaced"} == codes(found)


@pytest.mark.parametrize(
    "transforms",
    [
        moved(0, 1, 2),
        moved(0, 0, 0, "a", 1),
        scaled([1] * 5),
        [*scaled([1] * 5), *moved(0, 0, 0, 1, 1)],
        [],
        7,
        [7],
        None,
    ],
    ids=str,
)
def test_a_placement_that_cannot_be_used(transforms: Any, tmp_path: Path):
    placements = {
        "0/slice_1_stack_1": moved(0, 0, 0, 1, 1),
        "0/slice_1_stack_2": transforms,
    }
    found = strata.open(oldest(tmp_path / "a.zarr", placements))
    assert [len(image.levels) for image in found.images] == [2]
    assert {"stray-stack-entry", "stacks-unplaced"} == codes(found)


def test_more_placements_than_stacks_place_none(tmp_path: Path):
    placements = {f"0/slice_1_stack_{k}": moved(0, 0, 0, k, k) for k in (1, 2, 3)}
    found = strata.open(oldest(tmp_path / "a.zarr", placements))
    assert len(found.images) == 1
    assert {"stray-stack-entry", "stacks-unplaced"} == codes(found)


def test_a_reconstructed_image_has_versions_in_place_of_stacks(tmp_path: Path):
    placements = {"0/xxx_brain_20241101": moved(1, 1, 1, 2, 3)}
    path = oldest(tmp_path / "visor_reconstructed_image.zarr", placements, count=1)
    found = strata.open(path)
    assert names(found) == ["visor_reconstructed_image xxx_brain_20241101"]
    assert places(found) == [[1, 2, 3]]
    assert codes(found) == set()
    more = placements | {"0/xxx_brain_20241001": moved(1, 1, 1, 5, 5)}
    path = oldest(tmp_path / "other.zarr", more, count=2)
    assert places(strata.open(path)) == [[1, 5, 5], [1, 2, 3]]
    assert codes(strata.open(path)) == {"stack-order-assumed"}


def test_labels_open_beside_the_stacks(tmp_path: Path):
    placements = {f"0/slice_1_stack_{k}": moved(0, 0, 0, k, k) for k in (1, 2)}
    path = oldest(tmp_path / "a.zarr", placements)
    entry = multiscale([dataset("0", scaled([1, 2, 2]))], "zyx")
    label = {"image-label": {"version": "0.4"}}
    write_image(path / "labels" / "cells", entry, (2, 4, 4), paths=("0",), **label)
    write_json(path / "labels" / ".zgroup", {"zarr_format": 2})
    write_json(path / "labels" / ".zattrs", {"labels": ["cells"]})
    found = strata.open(path)
    assert [(image.kind, image.format) for image in found.images] == [
        ("image", "visor"),
        ("image", "visor"),
        ("labels", "ome-zarr-0.4"),
    ]


def test_a_sample_of_2024_11_0(tmp_path: Path):
    placements = {f"0/slice_1_stack_{k}": moved(0, 0, 0, k, k) for k in (1, 2)}
    oldest(tmp_path / "BB001" / "visor_raw_image.zarr", placements)
    placements = {"0/xxx_brain_20241101": moved(1, 1, 1, 2, 3)}
    oldest(tmp_path / "BB001" / "visor_reconstructed_image.zarr", placements, count=1)
    (tmp_path / "BB001" / "visor_reconstruction_transforms").mkdir()
    found = strata.open(tmp_path / "BB001")
    assert [image.path for image in found.images] == [
        "visor_raw_image.zarr",
        "visor_raw_image.zarr",
        "visor_reconstructed_image.zarr",
    ]
    assert [image.model.beside for image in found.images] == [False, False, True]
    assert codes(found) == {"transforms-not-applied"}


# ------------------------------------------------------------------------------ processed images


def test_a_projection_has_no_positions(tmp_path: Path):
    listed = [{"index": i, "label": f"stack_{k}"} for i, k in enumerate((1, 3))]
    entry = multiscale(levels(4), "scyx", coordinateTransformations=scaled([1, 1, 1.03, 1.03]))
    path = write_image(
        tmp_path / "a.zarr", entry, (2, 2, 4, 4), visor_stacks=listed, channels=channels("488")
    )
    (image,) = strata.open(path).images
    assert [axis.name for axis in image.axes] == list("scyx")
    assert image.levels[1].scale == pytest.approx([1, 1, 2.06, 2.06])


def reconstructed(folder: Path, scale: Any, outer: Any = None) -> Path:
    entry = multiscale([dataset("0", scaled(scale))], "czyx")
    if outer is not None:
        entry["coordinateTransformations"] = scaled(outer)
    return write_image(
        folder,
        entry,
        (2, 2, 4, 4),
        paths=("0",),
        version=3,
        channels=channels("488", "561"),
        transform_version="xxx_20250525",
    )


def test_surplus_ones_in_front_of_a_scale_are_dropped(tmp_path: Path):
    found = strata.open(
        reconstructed(
            tmp_path / "a.zarr", [1.0, 1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]
        )
    )
    (image,) = found.images
    assert (image.format, image.name) == ("visor", "a")
    assert [axis.name for axis in image.axes] == list("czyx")
    assert list(image.levels[0].scale) == [1, 10, 15, 20]
    assert [c.label for c in image.display.channels] == ["488", "561"]
    assert codes(found) == {"surplus-scale", "transforms-not-applied"}


@pytest.mark.parametrize("scale", [[2.0, 1.0, 2.0, 2.0, 2.0], [1.0, 2.0, 2.0], [True, 1, 2, 2, 2]])
def test_any_other_length_is_refused(scale: Any, tmp_path: Path):
    with pytest.raises(OpenError) as caught:
        strata.open(reconstructed(tmp_path / "a.zarr", scale))
    assert caught.value.problem.code == "wrong-length"


def test_an_image_in_a_folder_of_visor_may_have_surplus_ones_too(tmp_path: Path):
    entry = multiscale([dataset("0", scaled([1.0, 1, 2, 2, 2]))], "czyx")
    folder = tmp_path / "A.vsr" / "visor_recon_images" / "xx_brain_2025.zarr"
    write_image(folder, entry, (1, 2, 4, 4), paths=("0",))
    for path in (folder, folder.parent, folder.parent.parent):
        (image,) = strata.open(path).images
        assert list(image.levels[0].scale) == [1, 2, 2, 2]
        assert image.format == "visor"


# -------------------------------------------------------------------------------------- the stage


def test_in_the_axes_of_the_stage(tmp_path: Path):
    """Frames (z, 3.5 µm) follow along the stage's x, columns (x) lie along its y."""
    path = plain_image(tmp_path / "a.zarr")
    found = strata.open(path, orientation="stage")
    assert codes(found) == {"on-stage"}
    for index, (image, (_, y, x)) in enumerate(zip(found.images, PLACES, strict=True)):
        assert [axis.name for axis in image.axes] == list("czyx")
        for k, (level, step) in enumerate(zip(image.levels, (1, 2), strict=True)):
            assert level.scale == pytest.approx([1, 1.03 * step, 1.03 * step, 3.5])
            assert level.translate == pytest.approx([0, 0, y, x])
            data = stored((2, 2, 2, 4 >> k, 4 >> k))[index]  # c, frame, row, column
            np.testing.assert_array_equal(read(level), data.transpose(0, 2, 3, 1))
            matrices = [c.matrix for c in level.origin]
            np.testing.assert_allclose(np.linalg.multi_dot(matrices), level.affine)
    with pytest.raises(ValueError, match="orientation"):
        strata.open(path, orientation="sideways")  # type: ignore[arg-type]


def test_a_layer_in_the_axes_of_the_stage(tmp_path: Path):
    from napari_strata.layers.build import build

    path = plain_image(tmp_path / "a.zarr")
    built = build(strata.open(path, orientation="stage"))
    assert len(built.layers) == 4
    for layer, (_, y, x) in zip(built.layers, (*PLACES, *PLACES), strict=True):
        assert layer.axis_labels == ("z", "y", "x")
        world = layer.data_to_world((2, 3, 1))  # row, column, frame
        assert world == pytest.approx([2 * 1.03, y + 3 * 1.03, x + 3.5])


def test_a_flat_image_stays_in_its_own_axes(tmp_path: Path):
    entry = multiscale([dataset("0", scaled([1, 1, 2, 2]))], "scyx")
    path = write_image(
        tmp_path / "a.zarr", entry, (2, 1, 4, 4), paths=("0",), visor_stacks=stacks(*POSITIONS)
    )
    found = strata.open(path, orientation="stage")
    assert codes(found) == {"not-on-stage"}
    assert [list(image.levels[0].scale) for image in found.images] == [[1, 2, 2]] * 2


# ---------------------------------------------------------------------------------------- hostile

JUNK: list[Any] = [None, True, -1, 1e999, 10**400, "", "../..", [], {}, [[[]]], {"a": {}}]


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in items if isinstance(value, dict | list) else ():
        found.append((*path, key))
        if isinstance(item, dict | list):
            found += spots(item, (*path, key))
    return found


def with_junk(value: Any, spot: tuple[Any, ...], junk: Any) -> Any:
    result = copy.deepcopy(value)
    inner = result
    for key in spot[:-1]:
        inner = inner[key]
    inner[spot[-1]] = junk
    return result


@pytest.mark.parametrize("kind", ["index", "channels", "datasets"])
def test_no_value_anywhere_raises(kind: str, tmp_path: Path):
    """Whatever stands in the metadata: images of sound levels, or one line that says why not."""
    path = tmp_path / "a.zarr"
    if kind == "index":
        plain_image(path)
    elif kind == "channels":
        older(path, list(POSITIONS), list(POSITIONS))
    else:
        oldest(path, {f"0/slice_1_stack_{k}": moved(0, 0, 0, k, k) for k in (1, 2)})
    sound = json.loads((path / ".zattrs").read_text())
    refused: set[str] = set()
    for spot in spots(sound):
        for junk in JUNK:
            write_json(path / ".zattrs", with_junk(sound, spot, junk))
            try:
                found = strata.open(path)
            except OpenError as error:
                refused.add(str(error))
                continue
            for image in found.images:
                for level in image.levels:
                    assert np.isfinite(level.affine).all()
                    assert len(level.shape) == len(image.axes)
    assert refused
    assert all(len(text.splitlines()) == 1 for text in refused)
