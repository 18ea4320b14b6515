"""Images shown in other coordinate systems: axes, places and pixels, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata
from napari_strata.affine import compose
from napari_strata.formats.axis_assignment import arranged
from napari_strata.formats.label_systems import moved_into, shown_with
from napari_strata.formats.level_axes import rearranged
from napari_strata.formats.systems import in_system
from napari_strata.model import (
    ArrayLocation,
    MosaicLocation,
    OpenError,
    Problem,
    StackLocation,
    Tile,
)
from napari_strata.report import image_as_json

from .ome_06 import dataset, edge, multiscale, system, write_image


def placed_with(label: Any, image: Any) -> Any:
    """A label as it is shown with its image."""
    return shown_with(moved_into(label, image), image)


def scaled(*scale: float, at: Any = None) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "scale", "scale": list(scale)}
    if at is None:
        return value
    shift = {"type": "translation", "translation": list(at)}
    return {"type": "sequence", "transformations": [value, shift]}


def image_in(
    folder: Path,
    axes: str,
    to: dict[str, Any],
    transform: dict[str, Any],
    shape: tuple[int, ...],
    scale: tuple[float, ...],
    dtype: str = "uint16",
) -> Any:
    """Write an image of two levels with one further system, and open it."""
    half = tuple(max(1, n // 2) for n in shape)
    double = [2 * s if n > 1 else s for s, n in zip(scale, shape, strict=True)]
    shift = [s / 2 if n > 1 else 0 for s, n in zip(scale, shape, strict=True)]
    value = multiscale(
        [system("p", axes), to],
        [dataset("s0", scaled(*scale), "p"), dataset("s1", scaled(*double, at=shift), "p")],
        [edge("p", to["name"], transform)],
    )
    return strata.open(
        write_image(folder / "i.zarr", value, {"s0": shape, "s1": half}, dtype)
    ).images[0]


def world(image: Any, level: int, voxel: Any) -> np.ndarray:
    return (image.levels[level].affine @ [*voxel, 1.0])[:-1]


def test_voxels_keep_the_order_of_their_axes(tmp_path: Path):
    # q = (x, z, y): a voxel (k, j, i) of 2 × 3 × 5 µm lies at x = 5i, z = 2k, y = 3j
    image = image_in(
        tmp_path,
        "zyx",
        system("q", "xzy"),
        {"type": "mapAxis", "mapAxis": [2, 0, 1]},
        (4, 6, 8),
        (2, 3, 5),
    )
    shown = image.in_system("q")
    assert [a.name for a in shown.axes] == ["x", "z", "y"]
    assert [v.shape for v in shown.levels] == [(4, 6, 8), (2, 3, 4)]
    expected = [[0, 0, 5, 0], [2, 0, 0, 0], [0, 3, 0, 0], [0, 0, 0, 1]]
    np.testing.assert_array_equal(shown.levels[0].affine, expected)
    np.testing.assert_array_equal(shown.levels[1].affine[:3, 3], [2.5, 1, 1.5])
    for mine, theirs in zip(shown.levels, image.levels, strict=True):
        np.testing.assert_array_equal(np.asarray(mine.data), np.asarray(theirs.data))


def test_arranged_for_drawing_they_follow_the_world(tmp_path: Path):
    image = image_in(
        tmp_path,
        "zyx",
        system("q", "xzy"),
        {"type": "mapAxis", "mapAxis": [2, 0, 1]},
        (4, 6, 8),
        (2, 3, 5),
    )
    shown = strata.Image(arranged(image.in_system("q").model))
    assert [a.name for a in shown.axes] == ["x", "z", "y"]
    assert [v.shape for v in shown.levels] == [(8, 4, 6), (4, 2, 3)]
    assert shown.levels[0].scale.tolist() == [5, 2, 3]
    assert shown.levels[1].translate.tolist() == [2.5, 1, 1.5]
    assert shown.levels[0].chunks == (4, 4, 4)
    for mine, theirs in zip(shown.levels, image.levels, strict=True):
        np.testing.assert_array_equal(np.asarray(mine.data), np.moveaxis(theirs.data, 2, 0))
        composed = np.linalg.multi_dot([c.matrix for c in mine.origin])
        np.testing.assert_allclose(composed, mine.affine)


ROTATIONS = {
    # degrees about z → which axis of the image is nearest to the world's y
    "0": (0, (0, 1)),
    "30": (30, (0, 1)),
    "45": (45, (0, 1)),
    "60": (60, (1, 0)),
    "90": (90, (1, 0)),
    "-135": (-135, (0, 1)),
}


@pytest.mark.parametrize(("degrees", "order"), ROTATIONS.values(), ids=ROTATIONS)
def test_rotated(tmp_path: Path, degrees: float, order: tuple[int, int]):
    turn = np.deg2rad(degrees)
    rotation = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    transform = {"type": "rotation", "rotation": rotation}
    image = image_in(tmp_path, "yx", system("q", "yx"), transform, (6, 8), (2, 5))
    shown = image.in_system("q")
    assert shown.levels[0].shape == (6, 8)
    drawn = strata.Image(arranged(shown.model))
    assert drawn.levels[0].shape == tuple((6, 8)[a] for a in order)
    for voxel in ((0, 0), (5, 0), (0, 7), (3, 4)):
        expected = np.array(rotation) @ [2 * voxel[0], 5 * voxel[1]]
        np.testing.assert_allclose(world(shown, 0, voxel), expected, atol=1e-12)
        mine = [voxel[a] for a in order]
        np.testing.assert_allclose(world(drawn, 0, mine), expected, atol=1e-12)
        assert drawn.levels[0].data[tuple(mine)] == image.levels[0].data[voxel]


class TestMoreAxes:
    def test_plane_along_the_systems_axes(self, tmp_path: Path):
        # z = 7, y = 2j, x = 3i; the plane is as thick as its largest voxel side, 3 µm
        steps = [
            {"type": "projectAxis", "createdOutputs": [0]},
            {"type": "translation", "translation": [7, 0, 0]},
        ]
        transform = {"type": "sequence", "transformations": steps}
        image = image_in(tmp_path, "yx", system("q", "zyx"), transform, (6, 8), (2, 3))
        shown = image.in_system("q")
        assert [v.shape for v in shown.levels] == [(1, 6, 8), (1, 3, 4)]
        assert [v.scale.tolist() for v in shown.levels] == [[3, 2, 3], [3, 4, 6]]
        assert [v.translate.tolist() for v in shown.levels] == [[7, 0, 0], [7, 1, 1.5]]
        np.testing.assert_array_equal(np.asarray(shown.levels[0].data)[0], image.levels[0].data)

    @pytest.mark.parametrize("down", [0.6, -0.6])
    @pytest.mark.parametrize("along", [0.8, -0.8])
    def test_oblique_plane(self, tmp_path: Path, down: float, along: float):
        # (z, y) = (down, along) · 2j; at right angles to it lies ±(along, -down), z upwards.
        transform = {"type": "affine", "affine": [[down, 0, 1], [along, 0, 2], [0, 1, 3]]}
        image = image_in(tmp_path, "yx", system("q", "zyx"), transform, (6, 8), (2, 3))
        shown = image.in_system("q")
        assert shown.levels[0].shape == (1, 6, 8)
        across = np.array([along, -down, 0]) * (3 if along > 0 else -3)
        expected = [
            [across[0], 2 * down, 0, 1],
            [across[1], 2 * along, 0, 2],
            [0, 0, 3, 3],
            [0, 0, 0, 1],
        ]
        np.testing.assert_allclose(shown.levels[0].affine, expected, atol=1e-12)
        relative = np.linalg.inv(shown.levels[0].affine) @ shown.levels[1].affine
        np.testing.assert_allclose(relative[:3, :3], np.diag([1, 2, 2]), atol=1e-12)

    def test_across_in_real_lengths(self, tmp_path: Path):
        # q's z is in nm: at right angles in space, not in numbers. 1 µm up is 1000 nm.
        to = system("q", "zyx")
        to["axes"][0]["unit"] = "nanometer"
        transform = {"type": "affine", "affine": [[1000, 0, 0], [1, 0, 0], [0, 1, 0]]}
        image = image_in(tmp_path, "yx", to, transform, (6, 8), (1, 1))
        matrix = image.in_system("q").levels[0].affine[:3, :3] * [[0.001], [1], [1]]  # in µm
        np.testing.assert_allclose(matrix.T @ matrix, np.diag([2, 2, 1]), atol=1e-12)

    def test_two_axes_and_a_time(self, tmp_path: Path):
        # A line in space: t and z, y come from nowhere.
        transform = {"type": "affine", "affine": [[0, 0, 4], [1, 0, 0], [0, 1, 0], [0, 0, 5]]}
        image = image_in(tmp_path, "yx", system("q", "tyxz"), transform, (6, 8), (2, 3))
        shown = image.in_system("q")
        assert shown.levels[0].shape == (1, 6, 8, 1)
        assert shown.levels[0].scale.tolist() == [1, 2, 3, 3]
        assert shown.levels[0].translate.tolist() == [4, 0, 0, 5]


class TestFewerAxes:
    def test_channels_stay_in_front(self, tmp_path: Path):
        transform = {"type": "projectAxis", "droppedInputs": [0], "createdOutputs": [0]}
        image = image_in(tmp_path, "cyx", system("q", "zyx"), transform, (2, 6, 8), (1, 2, 3))
        shown = image.in_system("q")
        assert [(a.name, a.type, a.unit) for a in shown.axes][:2] == [
            ("c", "channel", None),
            ("z", "space", "micrometer"),
        ]
        assert shown.levels[0].shape == (2, 1, 6, 8)
        assert shown.levels[0].scale.tolist() == [1, 3, 2, 3]
        np.testing.assert_array_equal(np.asarray(shown.levels[0].data)[:, 0], image.levels[0].data)

    def test_single_plane_stays_in_front(self, tmp_path: Path):
        transform = {"type": "projectAxis", "droppedInputs": [0]}
        image = image_in(tmp_path, "zyx", system("q", "yx"), transform, (1, 6, 8), (4, 2, 3))
        shown = image.in_system("q")
        assert [a.name for a in shown.axes] == ["z", "y", "x"]
        assert shown.levels[0].scale.tolist() == [1, 2, 3]

    def test_name_that_the_system_has_too(self, tmp_path: Path):
        transform = {"type": "projectAxis", "droppedInputs": [0], "createdOutputs": [2]}
        image = image_in(tmp_path, "cyx", system("q", "yxc"), transform, (2, 6, 8), (1, 2, 3))
        assert [a.name for a in image.in_system("q").axes] == ["c'", "y", "x", "c"]


REFUSED = {
    "depth-dropped": (
        "zyx",
        system("q", "yx"),
        {"type": "projectAxis", "droppedInputs": [0]},
        'axis "z" of 4 voxels',
    ),
    "depth-flattened": (
        "zyx",
        system("q", "zyx"),
        {"type": "projectAxis", "droppedInputs": [0], "createdOutputs": [0]},
        'axis "z" of 4 voxels',
    ),
    "two-axes-on-one": (
        "zyx",
        system("q", "yx"),
        {"type": "affine", "affine": [[1, 1, 0, 0], [0, 0, 1, 0]]},
        "it has 3 axes, the system 2",
    ),
    "two-axes-on-one-of-three": (
        "zyx",
        system("q", "zyx"),
        {
            "type": "sequence",
            "transformations": [
                {"type": "affine", "affine": [[1, 1, 0, 0], [0, 0, 1, 0]]},
                {"type": "projectAxis", "createdOutputs": [0]},
            ],
        },
        "coincide",
    ),
}


@pytest.mark.parametrize(("axes", "to", "transform", "words"), REFUSED.values(), ids=REFUSED)
def test_projections_are_refused(tmp_path: Path, axes: str, to: Any, transform: Any, words: str):
    image = image_in(tmp_path, axes, to, transform, (4, 6, 8), (1, 1, 1))
    with pytest.raises(OpenError) as caught:
        image.in_system("q")
    assert caught.value.problem.code == "not-drawable-in-system"
    assert words in str(caught.value)


def test_contributions_make_up_the_affine(tmp_path: Path):
    transform = {
        "type": "sequence",
        "transformations": [
            {"type": "projectAxis", "droppedInputs": [0], "createdOutputs": [1]},
            {"type": "affine", "affine": [[0, 0, 2, 1], [0.6, 5, 0, 2], [0.8, 0, 0, 3]]},
        ],
    }
    image = image_in(tmp_path, "cyx", system("q", "zyx"), transform, (2, 6, 8), (1, 2, 3))
    shown = image.in_system("q")
    for level in shown.levels:
        found = compose(*(c.matrix for c in level.origin))
        np.testing.assert_allclose(found, level.affine, atol=1e-12)
        assert level.affine.shape == (5, 5)


def test_problems_names_and_levels_that_were_left_out_stay(tmp_path: Path):
    transform = {"type": "mapAxis", "mapAxis": [1, 0]}
    image = image_in(tmp_path, "yx", system("q", "yx"), transform, (6, 8), (2, 3)).model
    display = replace(image.display, first_position={"y": 4})
    image = replace(image, name="renamed", levels=image.levels[:1], display=display)
    shown = in_system(image, "q")
    assert (shown.name, len(shown.levels)) == ("renamed", 1)
    assert shown.display.first_position == {"x": 4}
    back = in_system(replace(shown, name="again"), "p")
    assert (back.name, back.system, back.intrinsic) == ("again", "p", None)
    assert back.display.first_position == {"y": 4}
    assert len(back.levels) == 1


def test_a_level_that_one_system_leaves_out_is_there_in_another(tmp_path: Path):
    image = image_in(tmp_path, "yx", system("q", "yx"), {"type": "identity"}, (6, 8), (2, 3)).model
    shown = in_system(image, "q")
    assert [v.path for v in in_system(shown, "p").levels] == ["s0", "s1"]
    problem = Problem("not-drawable-in-system", "error", "s0", "left out")
    shown = replace(shown, levels=shown.levels[1:], problems=(*shown.problems, problem))
    back = in_system(shown, "p")
    assert [v.path for v in back.levels] == ["s0", "s1"]
    assert problem not in back.problems


def test_names_that_are_not_there(tmp_path: Path):
    image = image_in(tmp_path, "yx", system("q", "yx"), {"type": "identity"}, (6, 8), (2, 3))
    with pytest.raises(OpenError, match=r'found the systems \["p", "q"\], expected "r"'):
        image.in_system("r")
    with pytest.raises(OpenError, match="has no coordinate systems"):
        in_system(replace(image.model, systems=()), "p")


def test_report_names_the_systems(tmp_path: Path):
    image = image_in(tmp_path, "yx", system("q", "yx"), {"type": "identity"}, (6, 8), (2, 3))
    found = image_as_json(image.in_system("q"))
    assert (found["system"], found["systems"]) == ("q", ["p", "q"])
    plain = strata.dataset.Image(replace(image.model, systems=(), system=None))
    assert "systems" not in image_as_json(plain)


class TestLocations:
    one = ArrayLocation({}, "zarr3", {}, "a")

    def test_axes_of_axes(self):
        located = replace(self.one, axes=(None, 2, 0))
        assert rearranged(located, [2, None, 0, 1]).axes == (0, None, None, 2)

    def test_mosaic(self):
        mosaic = MosaicLocation((Tile(self.one, (3, 5), (10, 20)),))
        (tile,) = rearranged(mosaic, [1, None, 0]).tiles
        assert (tile.shape, tile.offset) == ((5, 1, 3), (20, 0, 10))
        assert tile.location.axes == (1, None, 0)

    def test_stack_keeps_its_axes(self):
        stack = StackLocation((self.one,))
        assert rearranged(stack, [0, 1]) is stack
        with pytest.raises(TypeError, match="keeps its axes"):
            rearranged(stack, [1, 0])


TO = {"path": "labels/cells", "name": "own"}
JOINS = {
    # label = 2 · image + (4, 0), so image = (label − (4, 0)) / 2
    "image-to-label": edge(
        "p",
        TO,
        {
            "type": "sequence",
            "transformations": [
                {"type": "scale", "scale": [2, 2]},
                {"type": "translation", "translation": [4, 0]},
            ],
        },
    ),
    "label-to-image": edge(TO, "p", {"type": "affine", "affine": [[0.5, 0, -2], [0, 0.5, 0]]}),
}


class TestLabels:
    def open(self, folder: Path, transforms: list[Any], label: dict[str, Any]) -> tuple[Any, Any]:
        value = multiscale(
            [system("p", "yx"), system("q", "yx")],
            [dataset("s0", scaled(2, 3), "p")],
            [edge("p", "q", {"type": "translation", "translation": [100, 0]}), *transforms],
        )
        write_image(folder / "i.zarr", value, {"s0": (6, 8)})
        inside = folder / "i.zarr" / "labels" / "cells"
        write_image(inside, label, {"s0": (6, 8)}, **{"image-label": {}})
        both = strata.open(folder / "i.zarr", multiscale=None)
        image = next(i.model for i in both.images if i.path == "")
        alone = strata.open(inside).images[0].model
        return image, replace(alone, path="labels/cells")

    def label(self, name: str = "p", unit: str = "micrometer") -> dict[str, Any]:
        return multiscale([system(name, "yx", unit)], [dataset("s0", scaled(2, 3), name)], [])

    def test_same_system_without_transform(self, tmp_path: Path):
        image, label = self.open(tmp_path, [], self.label("own"))
        placed = placed_with(label, image)
        assert placed.system == "p"
        np.testing.assert_allclose(placed.levels[0].affine, np.diag([2, 3, 1]))
        moved = in_system(placed, "q")
        assert moved.levels[0].translate.tolist() == [100, 0]

    @pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)
    def test_moved_by_the_images_transform(self, tmp_path: Path, join: Any):
        image, label = self.open(tmp_path, [join], self.label("own"))
        placed = placed_with(label, image)
        np.testing.assert_allclose(
            placed.levels[0].affine, [[1, 0, -2], [0, 1.5, 0], [0, 0, 1]], atol=1e-12
        )
        assert placed.axes == image.axes
        assert placed.problems == label.problems
        shown = placed_with(label, in_system(image, "q"))
        assert shown.system == "q"
        assert shown.levels[0].translate.tolist() == [98, 0]
        found = compose(*(c.matrix for c in shown.levels[0].origin))
        np.testing.assert_allclose(found, shown.levels[0].affine, atol=1e-12)
        # its own system, as seen from where it is now: as it was read
        own = in_system(shown, "labels/cells:own")
        np.testing.assert_allclose(own.levels[0].affine, np.diag([2, 3, 1]), atol=1e-12)

    def test_unusable_transform_is_told(self, tmp_path: Path):
        join = edge("p", TO, {"type": "displacements", "path": "f"})
        image, label = self.open(tmp_path, [join], self.label("own"))
        placed = placed_with(label, image)
        assert placed.levels[0].affine.tolist() == np.diag([2, 3, 1]).tolist()
        assert [(p.code, p.severity) for p in placed.problems][-1] == (
            "label-not-placed",
            "warning",
        )

    def test_other_unit_and_fewer_axes(self, tmp_path: Path):
        value = multiscale(
            [system("p", "cyx"), system("q", "cyx")],
            [dataset("s0", scaled(1, 2, 3), "p")],
            [edge("p", "q", {"type": "translation", "translation": [0, 100, 0]})],
        )
        whole = write_image(tmp_path / "i.zarr", value, {"s0": (2, 6, 8)})
        image = strata.open(whole).images[0].model
        # 2000 × 3000 nm is 2 × 3 µm
        value = multiscale(
            [system("own", "yx", "nanometer")], [dataset("s0", scaled(2000, 3000), "own")], []
        )
        label = strata.open(write_image(tmp_path / "l.zarr", value, {"s0": (6, 8)}))
        placed = placed_with(replace(label.images[0].model, path="labels/l"), image)
        assert [a.unit for a in placed.axes] == ["nanometer"] * 2
        shown = in_system(placed, "q")
        assert [a.name for a in shown.axes] == ["c", "y", "x"]
        assert shown.levels[0].shape == (1, 6, 8)
        np.testing.assert_allclose(shown.levels[0].scale, [1, 2, 3])
        np.testing.assert_allclose(shown.levels[0].translate, [0, 100, 0])

    def test_shown_apart_where_it_cannot_be_shown(self, tmp_path: Path):
        image, label = self.open(tmp_path, [], self.label())
        broken = replace(image.systems[1], transforms=None, problem=image.systems[1].problem)
        shown = in_system(image, "q")
        why = Problem("nonlinear-transform", "info", "x", "y")
        lost = replace(shown, systems=(shown.systems[0], replace(broken, problem=why)))
        placed = placed_with(label, lost)
        assert placed.system == "p"
        assert [p.severity for p in placed.problems][-1] == "warning"
