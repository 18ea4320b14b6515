"""Scenes of OME-Zarr 0.6: where each image is shown, and what happens where it cannot be."""

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

from .ome_06 import dataset, edge, multiscale, system, write_group, write_image


def at(path: str, name: str = "physical") -> dict[str, str]:
    return {"path": path, "name": name}


def move(*by: float) -> dict[str, Any]:
    return {"type": "translation", "translation": list(by)}


def add_image(
    folder: Path, axes: str = "yx", scale: Any = (2, 3), transforms: Any = (), further: Any = ()
) -> Path:
    value = multiscale(
        [system("physical", axes), *further],
        [
            dataset("s0", {"type": "scale", "scale": list(scale)}, "physical"),
            dataset("s1", {"type": "scale", "scale": [2 * s for s in scale]}, "physical"),
        ],
        list(transforms),
    )
    shape = (2, 4, 6)[-len(axes) :]
    return write_image(folder, value, {"s0": shape, "s1": tuple(n // 2 for n in shape)})


def add_scene(folder: Path, transforms: list[Any], systems: Any = None) -> Path:
    listed = {} if systems is None else {"coordinateSystems": systems}
    return write_group(folder, scene={**listed, "coordinateTransformations": transforms})


WORLD = [system("world", "yx")]


def translations(found: Any) -> dict[str, Any]:
    return {image.path: image.levels[0].translate.tolist() for image in found.images}


def codes(found: Any) -> list[tuple[str, str]]:
    every = [*found.problems, *(p for image in found.images for p in image.problems)]
    return [(p.code, p.severity) for p in every]


def test_stitched_tiles(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    places = {"tile_0": (0, 0), "tile_1": (0, 348), "tile_2": (276, 0)}
    for name in places:
        add_image(folder / name)
    add_scene(folder, [edge(at(n), "world", move(*by)) for n, by in places.items()], WORLD)
    found = strata.open(folder)
    assert translations(found) == {name: list(by) for name, by in places.items()}
    assert {image.system for image in found.images} == {"world"}
    assert codes(found) == []
    for image in found.images:
        assert [v.path for v in image.levels] == [f"{image.path}/s0", f"{image.path}/s1"]
    tile = found["tile_1"]
    assert tile.systems == ("physical", "world", "tile_0:physical", "tile_2:physical")
    assert tile.in_system("physical").levels[0].translate.tolist() == [0, 0]
    assert tile.in_system("tile_2:physical").levels[0].translate.tolist() == [-276, 348]


def test_way_through_other_images_backwards_and_further_systems(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    # a → pixels of a (· 1/2, 1/3) → world + 10; b → a backwards
    pixels = {"type": "scale", "scale": [1 / 2, 1 / 3]}
    add_image(
        folder / "a", transforms=[edge("physical", "px", pixels)], further=[system("px", "yx")]
    )
    add_image(folder / "deep" / "b")
    transforms = [
        edge(at("a", "px"), "world", move(10, 10)),
        edge(at("a"), at("deep/b"), move(6, 0)),
    ]
    found = strata.open(add_scene(folder, transforms, WORLD))
    a, b = found["a"], found["deep/b"]
    np.testing.assert_allclose(a.levels[0].affine, [[1, 0, 10], [0, 1, 10], [0, 0, 1]])
    np.testing.assert_allclose(b.levels[0].affine, [[1, 0, 7], [0, 1, 10], [0, 0, 1]])
    assert b.systems == ("physical", "world", "a:physical", "a:px")
    where = [c.where for c in b.levels[0].origin]
    assert where[0] == "zarr.json: attributes.ome.scene.coordinateTransformations[0]"
    assert where[1] == ("a/zarr.json: attributes.ome.multiscales[0].coordinateTransformations[0]")


def test_first_listed_system_is_shown_others_on_choice(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a")
    transforms = [edge(at("a"), "stage", move(1, 1)), edge("stage", "atlas", move(50, 50))]
    systems = [system("atlas", "yx"), system("stage", "yx")]
    image = strata.open(add_scene(folder, transforms, systems)).images[0]
    assert (image.system, image.levels[0].translate.tolist()) == ("atlas", [51, 51])
    assert image.in_system("stage").levels[0].translate.tolist() == [1, 1]


def test_same_name_in_scene_and_image(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a")
    transforms = [edge(at("a"), "physical", move(9, 9))]
    image = strata.open(add_scene(folder, transforms, [system("physical", "yx")])).images[0]
    assert image.systems == ("physical", "scene:physical")
    assert (image.system, image.levels[0].translate.tolist()) == ("scene:physical", [9, 9])


def test_without_systems_images_stay_where_they_are(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a")
    add_image(folder / "b")
    found = strata.open(add_scene(folder, [edge(at("b"), at("a"), move(0, 40))]))
    assert translations(found) == {"b": [0, 0], "a": [0, 0]}
    assert codes(found) == [("scene-without-system", "info")]
    assert '"b:physical"' in found.problems[0].message
    assert found["a"].in_system("b:physical").levels[0].translate.tolist() == [0, -40]
    assert found["b"].in_system("a:physical").levels[0].translate.tolist() == [0, 40]


def test_plane_in_a_volumes_world(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    add_image(folder / "volume", "zyx", (5, 1, 1))
    add_image(folder / "plane")
    lift = {
        "type": "sequence",
        "transformations": [{"type": "projectAxis", "createdOutputs": [0]}, move(30, 0, 0)],
    }
    transforms = [
        edge(at("volume"), "world", {"type": "identity"}),
        edge(at("plane"), "world", lift),
    ]
    found = strata.open(add_scene(folder, transforms, [system("world", "zyx")]))
    plane = found["plane"]
    assert [a.name for a in plane.axes] == ["z", "y", "x"]
    assert plane.levels[0].shape == (1, 4, 6)
    assert plane.levels[0].scale.tolist() == [3, 2, 3]
    assert plane.levels[0].translate.tolist() == [30, 0, 0]
    # nothing leads back from the volume to the plane
    assert "plane:physical" not in found["volume"].systems


ENDS = {
    "objects": (at("a"), {"name": "world"}),
    "null-path": (at("a"), {"name": "world", "path": None}),
    "text-for-the-scene": (at("a"), "text:world"),
    "text-for-both": ("text:a/physical", "text:world"),
    "dots-in-the-path": (at("./a/"), {"name": "world"}),
}


@pytest.mark.parametrize(("source", "target"), ENDS.values(), ids=ENDS)
def test_spellings_of_ends(tmp_path: Path, source: Any, target: Any):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a")
    ends = [e.removeprefix("text:") if isinstance(e, str) else e for e in (source, target)]
    transform = move(1, 2) | {"input": ends[0], "output": ends[1]}
    assert translations(strata.open(add_scene(folder, [transform], WORLD))) == {"a": [1, 2]}


def test_scene_inside_other_groups_and_zarr_v2(tmp_path: Path):
    folder = tmp_path / "top.zarr" / "deep" / "scene"
    add_image(folder / "a")
    add_scene(folder, [edge(at("a"), "world", move(1, 2))], WORLD)
    zarr.open_group(tmp_path / "top.zarr", mode="a", zarr_format=3)
    assert translations(strata.open(tmp_path / "top.zarr")) == {"deep/scene/a": [1, 2]}

    old = tmp_path / "old.zarr"
    scene = {"coordinateSystems": WORLD}
    scene["coordinateTransformations"] = [edge(at("a"), "world", move(3, 4))]
    zarr.open_group(old, mode="w", zarr_format=2).attrs["scene"] = scene
    value = multiscale(
        [system("physical", "yx")], [dataset("s0", {"type": "identity"}, "physical")], []
    )
    zarr.open_group(old / "a", mode="w", zarr_format=2).attrs["multiscales"] = [value]
    zarr.create_array(old / "a" / "s0", shape=(4, 6), dtype="uint8", zarr_format=2)
    assert translations(strata.open(old)) == {"a": [3, 4]}


def test_image_in_the_scenes_own_group(tmp_path: Path):
    folder = add_image(tmp_path / "s.zarr")
    group = zarr.open_group(folder, mode="a")
    scene = {"coordinateSystems": WORLD}
    scene["coordinateTransformations"] = [edge("physical", "world", move(3, 4))]
    group.attrs["ome"] = {**group.attrs["ome"], "scene": scene}
    assert translations(strata.open(folder)) == {"": [3, 4]}


def test_labels_are_shown_with_their_image(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    to_label = edge("physical", at("labels/cells"), move(0, 10))
    add_image(folder / "a", transforms=[to_label])
    value = multiscale(
        [system("physical", "yx")], [dataset("s0", {"type": "identity"}, "physical")], []
    )
    write_image(folder / "a" / "labels" / "cells", value, {"s0": (8, 18)}, "uint8")
    write_group(folder / "a" / "labels", labels=["cells"])
    found = strata.open(add_scene(folder, [edge(at("a"), "world", move(5, 5))], WORLD))
    label = found["a/labels/cells"]
    assert (label.kind, label.system) == ("labels", "world")
    assert label.levels[0].translate.tolist() == [5, -5]


FIELD = {"type": "displacements", "path": "field"}
NOT_PLACED = {
    # an image that cannot be brought to the scene's system stays in its own, and says why
    "field": (edge(at("b"), "world", FIELD), ("nonlinear-transform", "warning")),
    "not-joined": (edge(at("b"), "other", move(1, 1)), ("unconnected-system", "warning")),
    "projected": (
        edge(at("b"), "line", {"type": "projectAxis", "droppedInputs": [0]}),
        ("unconnected-system", "warning"),
    ),
}


@pytest.mark.parametrize(("transform", "told"), NOT_PLACED.values(), ids=NOT_PLACED)
def test_image_that_cannot_be_placed(tmp_path: Path, transform: Any, told: tuple[str, str]):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a")
    add_image(folder / "b")
    systems = [*WORLD, system("other", "yx"), system("line", "x")]
    transforms = [edge(at("a"), "world", move(5, 5)), transform]
    found = strata.open(add_scene(folder, transforms, systems))
    assert translations(found) == {"a": [5, 5], "b": [0, 0]}
    assert found["b"].system == "physical"
    (problem,) = [p for p in found["b"].problems if p.severity != "info"]
    assert (problem.code, problem.severity) == told
    assert "its own coordinate system" in problem.message
    assert not [p for p in found["a"].problems if p.severity != "info"]


def test_projected_default_is_refused_and_said(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a", "zyx", (1, 1, 1))
    flat = edge(at("a"), "world", {"type": "projectAxis", "droppedInputs": [0]})
    image = strata.open(add_scene(folder, [flat], WORLD)).images[0]
    assert image.system == "physical"
    assert [(p.code, p.severity) for p in image.problems] == [("not-drawable-in-system", "warning")]


def test_image_of_an_earlier_version_stays_where_it_is(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a")
    axes = [{"name": n, "type": "space"} for n in "yx"]
    scale = {"type": "scale", "scale": [7, 7]}
    old = {"axes": axes, "datasets": [{"path": "s0", "coordinateTransformations": [scale]}]}
    write_image(folder / "b", old, {"s0": (4, 6)})
    transforms = [edge(at(n), "world", move(5, 5)) for n in "ab"]
    found = strata.open(add_scene(folder, transforms, WORLD))
    assert translations(found) == {"a": [5, 5], "b": [0, 0]}
    assert codes(found) == [("unknown-system", "error"), ("unconnected-system", "warning")]


def test_ways_that_disagree(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a")
    transforms = [edge(at("a"), "world", move(5, 5)), edge("world", at("a"), move(-5, -6))]
    found = strata.open(add_scene(folder, transforms, WORLD))
    assert translations(found) == {"a": [5, 5]}
    (problem,) = found.problems
    assert (problem.code, problem.severity) == ("contradicting-transforms", "warning")
    assert problem.where.endswith("coordinateTransformations[1]")


def test_images_that_no_transform_names(tmp_path: Path):
    folder = tmp_path / "s.zarr"
    for name in "ab":
        add_image(folder / name)
    field = {"name": "p", "axes": [{"name": "v", "type": "displacement"}, *system("", "x")["axes"]]}
    value = multiscale([field], [dataset("s0", {"type": "identity"}, "p")], [])
    write_image(folder / "field", value, {"s0": (2, 6)})
    found = strata.open(add_scene(folder, [edge(at("a"), "world", move(5, 5))], WORLD))
    assert translations(found) == {"a": [5, 5], "b": [0, 0]}
    assert [(p.code, p.severity) for p in found["b"].problems] == [
        ("unconnected-system", "warning")
    ]
    found = strata.open(add_scene(folder, 7, WORLD))  # type: ignore[arg-type]
    assert translations(found) == {"a": [0, 0], "b": [0, 0]}
    assert [(p.code, p.severity) for p in found.problems] == [("invalid-value", "error")]


DAMAGED = {
    # (what is put beside the sound transform of "a", the problem it makes)
    "missing-group": (edge(at("nothing"), "world", move(1, 1)), "missing-image"),
    "outside": (edge(at("../a"), "world", move(1, 1)), "bad-path"),
    "broken-image": (edge(at("broken"), "world", move(1, 1)), "invalid-value"),
    "unknown-system": (edge(at("a", "q"), "world", move(1, 1)), "unknown-system"),
    "unknown-world": (edge(at("a"), "nowhere", move(1, 1)), "unknown-system"),
    "no-input": ({"type": "identity", "output": {"name": "world"}}, "missing-key"),
    "path-without-name": (edge({"path": "a"}, "world", move(1, 1)), "missing-key"),
    "wrong-length": (edge(at("a"), "world", move(1, 1, 1)), "wrong-length"),
    "no-object": ("identity", "invalid-value"),
}


@pytest.mark.parametrize(("transform", "code"), DAMAGED.values(), ids=DAMAGED)
def test_damage_costs_only_itself(tmp_path: Path, transform: Any, code: str):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a")
    write_group(folder / "broken", multiscales=[{"coordinateSystems": 7, "datasets": [{}]}])
    transforms = [transform, edge(at("a"), "world", move(5, 5))]
    found = strata.open(add_scene(folder, transforms, WORLD))
    assert translations(found) == {"a": [5, 5]}
    assert code in [p.code for p in found.problems if p.severity == "error"]
    assert all("\n" not in str(p) for p in found.problems)


REFUSED = {
    "text": "scene",
    "no-transforms": {},
    "empty": {"coordinateTransformations": []},
    "transforms-a-text": {"coordinateTransformations": "x"},
    "only-its-own-systems": {
        "coordinateSystems": WORLD,
        "coordinateTransformations": [edge("world", "world", move(1, 1))],
    },
}


@pytest.mark.parametrize("scene", REFUSED.values(), ids=REFUSED)
def test_scene_of_nothing_is_refused(tmp_path: Path, scene: Any):
    with pytest.raises(OpenError) as caught:
        strata.open(write_group(tmp_path / "s.zarr", scene=scene))
    assert "scene" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "value", [None, True, 7, float("nan"), "text", [], {}, [[[]]], ["a", "b"]], ids=repr
)
def test_hostile_values_anywhere(tmp_path: Path, value: Any):
    folder = tmp_path / "s.zarr"
    add_image(folder / "a")
    scene = {
        "coordinateSystems": WORLD,
        "coordinateTransformations": [
            edge(at("a"), "world", {"type": "sequence", "transformations": [move(1, 1)]})
        ],
    }
    write_group(folder, scene=scene)
    file = folder / "zarr.json"
    whole = json.loads(file.read_text())
    for path in _paths(scene):
        broken = json.loads(json.dumps(scene))
        inner = broken
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        whole["attributes"]["ome"]["scene"] = broken
        file.write_text(json.dumps(whole))
        assert "\n" not in _told(folder), path


def _told(folder: Path) -> str:
    """Open; anything but OpenError comes through."""
    try:
        strata.open(folder)
    except OpenError as error:
        return str(error)
    return ""


def _paths(value: Any, start: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    found = []
    for key, inner in items:
        found.append((*start, key))
        if isinstance(inner, dict | list):
            found += _paths(inner, (*start, key))
    return found


def test_each_file_is_read_once_and_all_at_once(tmp_path: Path, monkeypatch: Any):
    folder = tmp_path / "s.zarr"
    for name in "abc":
        add_image(folder / name)
    add_scene(folder, [edge(at(n), "world", move(5, 5)) for n in "abc"], WORLD)
    batches: list[list[str]] = []
    trees: list[Tree] = []
    read = Tree.read

    def noted(tree: Tree, keys: Any) -> Any:
        wanted = list(keys)
        batches.append([k.removeprefix(f"{folder}/") for k in wanted])
        trees.append(tree)
        return read(tree, wanted)

    monkeypatch.setattr(Tree, "read", noted)
    strata.open(folder)
    assert max(trees[0].reads.values()) == 1
    assert ["a/zarr.json", "b/zarr.json", "c/zarr.json"] in batches
    arrays = [f"{n}/{s}/zarr.json" for n in "abc" for s in ("s0", "s1")]
    assert arrays in batches
