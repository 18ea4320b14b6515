"""OME-Zarr 0.6 images: which system is intrinsic, where levels are in it, what else there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import napari_strata as strata
from napari_strata.model import OpenError
from napari_strata.store.tree import Tree

from .ome_06 import axes_of, dataset, edge, multiscale, system, write_image

SCALED = {"type": "scale", "scale": [2, 3]}


def problems(image: Any) -> list[tuple[str, str]]:
    return [(p.code, p.severity) for p in image.problems]


def opened(folder: Path) -> Any:
    return strata.open(folder).images[0]


def test_levels_are_in_the_system_their_datasets_name(tmp_path: Path):
    value = multiscale(
        [system("other", "yx"), system("physical", "yx", unit="nanometer")],
        [
            dataset("s0", {"type": "scale", "scale": [10, 20]}, "physical"),
            dataset(
                "s1",
                {
                    "type": "sequence",
                    "transformations": [
                        {"type": "scale", "scale": [20, 40]},
                        {"type": "translation", "translation": [5, 10]},
                    ],
                },
                "physical",
            ),
        ],
        [edge("physical", "other", {"type": "translation", "translation": [1000, 0]})],
    )
    image = opened(write_image(tmp_path / "i.zarr", value, {"s0": (8, 6), "s1": (4, 3)}))
    assert image.format == "ome-zarr-0.6"
    assert (image.system, image.systems) == ("physical", ("physical", "other"))
    assert [(a.name, a.unit) for a in image.axes] == [("y", "nanometer"), ("x", "nanometer")]
    assert [v.scale.tolist() for v in image.levels] == [[10, 20], [20, 40]]
    # The multiscale's own transform does not move the image until its system is chosen.
    assert [v.translate.tolist() for v in image.levels] == [[0, 0], [5, 10]]
    moved = image.in_system("other")
    assert [v.translate.tolist() for v in moved.levels] == [[1000, 0], [1005, 10]]
    assert [v.scale.tolist() for v in moved.levels] == [[10, 20], [20, 40]]
    assert moved.in_system("physical").levels[1].translate.tolist() == [5, 10]
    assert (moved.system, moved.axes[0].unit) == ("other", "micrometer")
    assert image.problems == ()


def test_where_each_number_comes_from(tmp_path: Path):
    value = multiscale(
        [system("p", "yx"), system("q", "yx")],
        [dataset("s0", SCALED, "p")],
        [edge("p", "q", {"type": "mapAxis", "mapAxis": [1, 0]})],
    )
    image = opened(write_image(tmp_path / "i.zarr", value, {"s0": (8, 6)}))
    origin = image.in_system("q").levels[0].origin
    entry = "zarr.json: attributes.ome.multiscales[0]"
    assert [(c.what, c.where) for c in origin][:2] == [
        ("mapAxis", f"{entry}.coordinateTransformations[0]"),
        ("scale", f"{entry}.datasets[0].coordinateTransformations[0]"),
    ]
    # The system's y is the array's second axis.
    composed = np.linalg.multi_dot([c.matrix for c in origin])
    np.testing.assert_allclose(composed, [[0, 3, 0], [2, 0, 0], [0, 0, 1]])
    assert image.in_system("q").levels[0].shape == (8, 6)


DATASETS = {
    "object-ends": {"input": {"path": "s0"}, "output": {"name": "p"}},
    "text-ends": {"input": "s0", "output": "p"},
    "text-with-slash": {"input": "/s0", "output": "p"},
    "named-array": {"input": "voxels", "output": {"name": "p"}},
    "no-input": {"output": {"name": "p"}},
    "null-path": {"input": {"path": "s0", "name": None}, "output": {"path": None, "name": "p"}},
}


@pytest.mark.parametrize("ends", DATASETS.values(), ids=DATASETS)
def test_ends_of_a_dataset(tmp_path: Path, ends: dict[str, Any]):
    entry = {"path": "s0", "coordinateTransformations": [SCALED | ends]}
    value = multiscale([system("first", "yx"), system("p", "yx")], [entry], [])
    image = opened(write_image(tmp_path / "i.zarr", value, {"s0": (8, 6)}))
    assert image.system == "p"
    assert image.levels[0].scale.tolist() == [2, 3]
    assert problems(image) == [("unconnected-system", "info")]  # of "first"


def test_system_with_the_name_of_an_array(tmp_path: Path):
    # As a text, the dataset's own path is the array; as an object's name it would be the system.
    entry = {"path": "s0", "coordinateTransformations": [SCALED | {"input": "s0", "output": "p"}]}
    value = multiscale([system("s0", "yx"), system("p", "yx")], [entry], [])
    image = opened(write_image(tmp_path / "i.zarr", value, {"s0": (8, 6)}))
    assert (image.system, image.systems) == ("p", ("p", "s0"))
    assert image.levels[0].scale.tolist() == [2, 3]


LISTS = {
    # (list of transforms, expected diagonal, expected offset)
    "listed-order": (
        [
            {"type": "translation", "translation": [1, 1]},
            {"type": "scale", "scale": [2, 3]},
        ],
        ([2, 3], [2, 3]),
    ),
    "backwards": (
        [{"type": "scale", "scale": [0.5, 0.25], "input": {"name": "p"}, "output": {"path": "s0"}}],
        ([2, 4], [0, 0]),
    ),
    "backwards-text": (
        [{"type": "translation", "translation": [3, 4], "input": "p", "output": "s0"}],
        ([1, 1], [-3, -4]),
    ),
    "through-another-system": (
        [
            {"type": "scale", "scale": [2, 3], "input": "s0", "output": "p"},
            {"type": "translation", "translation": [7, 7], "input": "p", "output": "q"},
        ],
        ([2, 3], [0, 0]),
    ),
    "only-the-first-names-it": (
        [
            {"type": "scale", "scale": [2, 3], "input": "s0", "output": "p"},
            {"type": "translation", "translation": [7, 7]},
        ],
        ([2, 3], [7, 7]),
    ),
}


@pytest.mark.parametrize(("transforms", "expected"), LISTS.values(), ids=LISTS)
def test_lists_of_transforms(tmp_path: Path, transforms: list[Any], expected: Any):
    if transforms[0].get("output") is None:
        transforms = [t | {"input": {"path": "s0"}, "output": {"name": "p"}} for t in transforms]
    entry = {"path": "s0", "coordinateTransformations": transforms}
    value = multiscale([system("q", "yx"), system("p", "yx")], [entry], [])
    image = opened(write_image(tmp_path / "i.zarr", value, {"s0": (8, 6)}))
    assert image.system == "p"
    assert image.levels[0].scale.tolist() == expected[0]
    assert image.levels[0].translate.tolist() == expected[1]


class TestDatasetsOfDifferentSystems:
    def value(self, edges: list[Any]) -> dict[str, Any]:
        return multiscale(
            [system("p", "yx"), system("q", "yx")],
            [
                dataset("s0", {"type": "scale", "scale": [1, 1]}, "p"),
                dataset("s1", {"type": "scale", "scale": [20, 20]}, "q"),
            ],
            edges,
        )

    def test_joined_by_a_transform(self, tmp_path: Path):
        value = self.value([edge("p", "q", {"type": "scale", "scale": [10, 10]})])
        image = opened(write_image(tmp_path / "i.zarr", value, {"s0": (8, 6), "s1": (4, 3)}))
        assert image.system == "p"
        assert [v.scale.tolist() for v in image.levels] == [[1, 1], [2, 2]]
        assert problems(image) == [("other-system", "warning")]

    def test_not_joined(self, tmp_path: Path):
        image = opened(
            write_image(tmp_path / "i.zarr", self.value([]), {"s0": (8, 6), "s1": (4, 3)})
        )
        assert [v.path for v in image.levels] == ["s0"]
        assert ("unconnected-system", "error") in problems(image)


def test_foreign_systems_have_a_path(tmp_path: Path):
    folder = tmp_path / "i.zarr"
    to_label = {"path": "labels/cells", "name": "own"}
    value = multiscale(
        [system("p", "yx")],
        [dataset("s0", SCALED, "p")],
        [edge("p", to_label, {"type": "translation", "translation": [5, 0]})],
    )
    write_image(folder, value, {"s0": (8, 6)})
    label = multiscale([system("own", "yx")], [dataset("s0", SCALED, "own")], [])
    write_image(folder / "labels" / "cells", label, {"s0": (8, 6)}, dtype="uint16")
    image = opened(folder)
    assert image.systems == ("p", "labels/cells:own")
    assert image.in_system("labels/cells:own").levels[0].translate.tolist() == [5, 0]


EDGES = {
    # What further transforms may say, and what is told of it; none of it moves the image.
    "unknown-system": ({"input": "p", "output": "nowhere"}, "unknown-system"),
    "unknown-group": ({"input": "p", "output": {"path": "nowhere", "name": "p"}}, "unknown-system"),
    "outside": ({"input": "p", "output": {"path": "../x", "name": "p"}}, "bad-path"),
    "no-output": ({"input": "p"}, "missing-key"),
    "number": ({"input": "p", "output": 7}, "invalid-value"),
    "no-object": (3, "invalid-value"),
    "wrong-rank": ({"input": "p", "output": "q", "scale": [1, 1, 1]}, "wrong-length"),
    "field": (
        {"input": "p", "output": "q", "type": "displacements", "path": "f"},
        "nonlinear-transform",
    ),
    "only-the-other-way": (
        {"input": "q", "output": "p", "type": "projectAxis"}
        | {"createdOutputs": [0], "droppedInputs": [0]},
        "unconnected-system",
    ),
    "two-ways": (
        {"input": "p", "output": "p", "type": "translation", "translation": [1, 0]},
        "contradicting-transforms",
    ),
}


@pytest.mark.parametrize(("value", "code"), EDGES.values(), ids=EDGES)
def test_further_transforms_cost_the_image_nothing(tmp_path: Path, value: Any, code: str):
    transform = {"type": "scale", "scale": [1, 1]} | value if isinstance(value, dict) else value
    whole = multiscale(
        [system("p", "yx"), system("q", "yx")], [dataset("s0", SCALED, "p")], [transform]
    )
    image = opened(write_image(tmp_path / "i.zarr", whole, {"s0": (8, 6)}))
    assert image.system == "p"
    assert image.levels[0].scale.tolist() == [2, 3]
    assert code in [p.code for p in image.problems]
    assert all(p.severity != "error" for p in image.problems)
    with pytest.raises(OpenError) as caught:
        image.in_system("q")
    assert caught.value.problem.severity == "error"


SYSTEMS = {
    "name-missing": ({"axes": axes_of("yx")}, "invalid-value", "name"),
    "name-empty": ({"name": "", "axes": axes_of("yx")}, "invalid-value", "name"),
    "name-a-list": ({"name": ["q"], "axes": axes_of("yx")}, "invalid-value", "name"),
    "no-axes": ({"name": "q"}, "invalid-value", "axes"),
    "empty-axes": ({"name": "q", "axes": []}, "wrong-length", "axes"),
    "1000-axes": ({"name": "q", "axes": axes_of("y" * 1000)}, "wrong-length", "axes"),
    "axis-a-number": ({"name": "q", "axes": [1, 2]}, "invalid-value", "axes[0]"),
    "no-object": ("q", "invalid-value", ""),
}


@pytest.mark.parametrize(("value", "code", "key"), SYSTEMS.values(), ids=SYSTEMS)
def test_damaged_system_costs_only_itself(tmp_path: Path, value: Any, code: str, key: str):
    whole = multiscale([value, system("p", "yx")], [dataset("s0", SCALED, "p")], [])
    image = opened(write_image(tmp_path / "i.zarr", whole, {"s0": (8, 6)}))
    assert image.systems == ("p",)
    (problem,) = image.problems
    assert (problem.code, problem.severity) == (code, "info")
    at = "zarr.json: attributes.ome.multiscales[0].coordinateSystems[0]"
    assert problem.where == at + (f".{key}" if key else "")


def test_repeated_system(tmp_path: Path):
    systems = [system("p", "yx"), system("p", "ba")]
    image = opened(
        write_image(
            tmp_path / "i.zarr",
            multiscale(systems, [dataset("s0", SCALED, "p")], []),
            {"s0": (8, 6)},
        )
    )
    assert problems(image) == [("repeated-system", "warning")]
    assert [a.name for a in image.axes] == ["y", "x"]


LEFT_OUT = {
    "no-transforms": ({"path": "s1"}, "missing-key"),
    "empty-list": ({"path": "s1", "coordinateTransformations": []}, "invalid-value"),
    "unknown-output": (dataset("s1", SCALED, "nowhere"), "unknown-system"),
    "scale-0": (dataset("s1", {"type": "scale", "scale": [0, 1]}, "p"), "invalid-value"),
    "wrong-length": (dataset("s1", {"type": "scale", "scale": [1] * 3}, "p"), "wrong-length"),
    "field": (dataset("s1", {"type": "displacements", "path": "f"}, "p"), "nonlinear-transform"),
    "outside": (dataset("../s1", SCALED, "p"), "bad-path"),
    "no-array": (dataset("s7", SCALED, "p"), "missing-array"),
    "projected": (
        dataset("s1", {"type": "projectAxis", "droppedInputs": [0], "createdOutputs": [0]}, "p"),
        "not-finite",
    ),
}


@pytest.mark.parametrize(("entry", "code"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_damaged_dataset_costs_only_its_level(tmp_path: Path, entry: Any, code: str):
    whole = multiscale([system("p", "yx")], [dataset("s0", SCALED, "p"), entry], [])
    image = opened(write_image(tmp_path / "i.zarr", whole, {"s0": (8, 6), "s1": (4, 3)}))
    assert [v.path for v in image.levels] == ["s0"]
    assert [p.code for p in image.problems if p.severity == "error"] == [code]


REFUSED = {
    "systems-a-text": ({"coordinateSystems": "p"}, "invalid-value"),
    "no-datasets": ({"datasets": []}, "invalid-value"),
    "no-level-left": ({"datasets": [{"path": "s0"}]}, "missing-key"),
    "no-system": ({"coordinateSystems": []}, "unknown-system"),
    "wrong-rank": ({"coordinateSystems": [system("p", "zyx")]}, "wrong-rank"),
    "a-field": (
        {
            "coordinateSystems": [
                {"name": "p", "axes": [{"name": "v", "type": "displacement"}, *axes_of("x")]}
            ]
        },
        "vector-field",
    ),
}


@pytest.mark.parametrize(("change", "code"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_honest_level_is_refused(tmp_path: Path, change: Any, code: str):
    whole = multiscale([system("p", "yx")], [dataset("s0", SCALED, "p")], []) | change
    folder = write_image(tmp_path / "i.zarr", whole, {"s0": (8, 6)})
    with pytest.raises(OpenError) as caught:
        strata.open(folder)
    assert caught.value.problem.code == code
    assert "\n" not in str(caught.value)


def test_drafts_name_the_axes_of_arrays(tmp_path: Path):
    # 0.6.dev2: y = dim_0 - 10, x = 2 dim_1
    transform = {
        "type": "byDimension",
        "input": "array",
        "output": "p",
        "transformations": [
            {"type": "scale", "scale": [2], "input_axes": ["dim_1"], "output_axes": ["x"]},
            {
                "type": "translation",
                "translation": [-10],
                "input_axes": ["dim_0"],
                "output_axes": ["y"],
            },
        ],
    }
    entry = {"path": "array", "coordinateTransformations": [transform]}
    whole = multiscale([system("p", "yx")], [entry], [])
    image = opened(write_image(tmp_path / "i.zarr", whole, {"array": (8, 6)}))
    assert image.levels[0].scale.tolist() == [1, 2]
    assert image.levels[0].translate.tolist() == [-10, 0]


def test_zarr_v2(tmp_path: Path):
    folder = tmp_path / "i.zarr"
    group = zarr.open_group(folder, mode="w", zarr_format=2)
    zarr.create_array(folder / "s0", shape=(8, 6), dtype="uint8", zarr_format=2)
    whole = multiscale([system("p", "yx")], [dataset("s0", SCALED, "p")], [])
    group.attrs["multiscales"] = [whole]
    image = opened(folder)
    assert (image.format, image.system) == ("ome-zarr-0.6", "p")
    assert image.levels[0].scale.tolist() == [2, 3]


def test_parameters_in_an_array_of_the_image(tmp_path: Path):
    whole = multiscale(
        [system("p", "yx"), system("q", "yx")],
        [dataset("s0", SCALED, "p")],
        [edge("p", "q", {"type": "affine", "path": "coordinateTransformations/m"})],
    )
    folder = write_image(tmp_path / "i.zarr", whole, {"s0": (8, 6)})
    matrix = np.array([[0.0, -1.0, 5.0], [1.0, 0.0, 6.0]])
    zarr.create_array(folder / "coordinateTransformations" / "m", data=matrix)
    image = opened(folder).in_system("q")
    # y = -x₀ + 5 with x₀ = 3 · second voxel axis; x = y₀ + 6 with y₀ = 2 · first
    expected = [[0, -3, 5], [2, 0, 6], [0, 0, 1]]
    np.testing.assert_allclose(image.levels[0].affine, expected)
    assert image.levels[0].shape == (8, 6)


def test_each_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    trees: list[Tree] = []
    at = Tree.at
    monkeypatch.setattr(Tree, "at", lambda where: trees.append(at(where)[0]) or at(where))
    whole = multiscale(
        [system("p", "yx"), system("q", "yx")],
        [dataset("s0", SCALED, "p"), dataset("s1", SCALED, "p")],
        [edge("p", "q", {"type": "identity"})],
    )
    opened(write_image(tmp_path / "i.zarr", whole, {"s0": (8, 6), "s1": (4, 3)}))
    assert all(count == 1 for tree in trees for count in tree.reads.values())


HOSTILE = [None, True, 7, 1e308, float("nan"), "text", [], {}, [[[[]]]], {"type": {}}, ["p"] * 3]


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_hostile_values_anywhere(tmp_path: Path, value: Any):
    """Replace every value of the metadata, one at a time: only OpenError comes of it."""
    sound = multiscale(
        [system("p", "yx"), system("q", "yx")],
        [dataset("s0", {"type": "sequence", "transformations": [SCALED]}, "p")],
        [
            edge("p", "q", {"type": "mapAxis", "mapAxis": [1, 0]}),
            edge("q", "p", {"type": "rotation", "rotation": [[0, 1], [-1, 0]]}),
        ],
    )
    folder = write_image(tmp_path / "i.zarr", sound, {"s0": (8, 6)})
    file = folder / "zarr.json"
    whole = json.loads(file.read_text())
    for path in _paths(sound):
        broken = json.loads(json.dumps(sound))
        inner = broken
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        whole["attributes"]["ome"]["multiscales"] = [broken]
        file.write_text(json.dumps(whole))
        told = _told(folder)
        assert all("\n" not in text for text in told), path


def _told(folder: Path) -> list[str]:
    """Open, show in every system; anything but OpenError comes through."""
    try:
        image = opened(folder)
    except OpenError as error:
        return [str(error)]
    told = []
    for name in image.systems:
        try:
            image.in_system(name)
        except OpenError as error:
            told.append(str(error))
    return told


def _paths(value: Any, start: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    found = []
    for key, inner in items:
        found.append((*start, key))
        if isinstance(inner, dict | list):
            found += _paths(inner, (*start, key))
    return found
