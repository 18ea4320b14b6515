"""Where a level's place comes from: the product of the tree, and what each number is said to be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import LayerList
from napari.layers import Image, Labels, Layer, Points

import napari_strata as strata
from formats.helpers import add_attributes, write_n5_array, write_ome_04, write_zarr_array
from napari_strata.layers.build import build
from napari_strata.layers.common_origin import move_near_zero
from napari_strata.layers.drawing.placed import place
from napari_strata.layers.inspecting import contribution_status
from napari_strata.layers.inspecting.contribution import Contribution
from napari_strata.layers.inspecting.contribution_status import is_about
from napari_strata.layers.inspecting.provenance import provenance
from napari_strata.layers.placement import Placement

LAST_ONE = np.diag([0, 0, 0, 1])
FORMATS_PAGE = Path(__file__).parents[2] / "docs/formats.md"


def layers_of(path: Any, **choices: Any) -> list[Layer]:
    built = build(strata.open(path, **choices)).layers
    return [each if isinstance(each, Layer) else Layer.create(*each) for each in built]


def walk(node: Contribution) -> Iterator[Contribution]:
    yield node
    for child in node.children:
        yield from walk(child)


def check_products(node: Contribution) -> None:
    """Multiply up, at every node, what its children say; matrices of the wrong size raise."""
    if node.children:
        factors = [np.array(c.matrix) for c in node.children if c.matrix is not None]
        product = factors[0]
        for factor in factors[1:]:
            product = product @ factor
        size = np.abs(product).max()
        np.testing.assert_allclose(product, np.array(node.matrix), rtol=1e-12, atol=1e-12 * size)
    for child in node.children:
        check_products(child)


def drawn(layer: Layer, level: int, voxel: Any) -> np.ndarray:
    """Say where a voxel of a level is drawn in micrometres, by napari's own mapping."""
    shapes = layer.level_shapes
    ratio = shapes[0] / shapes[level]
    at = ratio * np.asarray(voxel) + (ratio - 1) / 2
    if hasattr(layer, "placement"):
        scale, translate = layer.placement.scale[level], layer.placement.translate[level]
        at = np.array(scale) * voxel + translate
    factors = {"micrometer": 1, "second": 1, "pixel": 1, "nanometer": 1e-3, "millimeter": 1e3}
    return np.array(layer.data_to_world(at)) * [factors[str(u)] for u in layer.units]


def check_root(layer: Layer, level: int) -> Contribution:
    """Compare the root with what is drawn, at two corners and one voxel aside of their line."""
    root = provenance(layer, level)
    check_products(root)
    last = np.array(layer.level_shapes[level]) - 1
    for voxel in (last * 0, last, last // [*range(1, len(last) + 1)]):
        found = (np.array(root.matrix) @ [*voxel, 1])[:-1]
        np.testing.assert_allclose(found, drawn(layer, level, voxel), rtol=1e-9, atol=1e-9)
    return root


def as_opened(root: Contribution) -> Contribution:
    (found,) = [node for node in root.children if node.title == "as it was opened"]
    return found


def the(root: Contribution, title: str) -> Contribution:
    (found,) = [node for node in walk(root) if node.title == title]
    return found


def image_layers(samples: dict[str, Any]) -> Iterator[Layer]:
    for sample in samples.values():
        if sample.name != "zvf":
            yield from layers_of(sample.path)


def test_every_level_of_every_sample(samples: dict[str, Any]):
    for layer in image_layers(samples):
        note = layer.metadata["strata"]
        for level, declared in enumerate(note["levels"]):
            root = check_root(layer, level)
            opened = as_opened(root)
            world = np.array(note["layer_levels"][level]["affine"])
            np.testing.assert_allclose(np.array(opened.matrix), world, rtol=1e-9, atol=1e-9)
            origins = [(entry["what"], entry["where"]) for entry in declared["origin"]]
            found = [(node.title, node.where) for node in opened.children]
            start = found.index(origins[0])
            assert found[start : start + len(origins)] == origins
            assert root.children == (opened,)


def test_every_level_of_moved_layers(samples: dict[str, Any]):
    for layer in image_layers(samples):
        n = layer.ndim
        turn = np.eye(n)
        turn[-2:, -2:] = [[0.8, -0.6], [0.6, 0.8]]
        layer.rotate = turn
        layer.translate = np.asarray(layer.translate) + np.arange(n) + 1
        layer.scale = np.asarray(layer.scale) * 1.5
        for level in range(len(layer.level_shapes)):
            root = check_root(layer, level)
            moved, opened = root.children
            assert (moved.title, moved.status) == ("moved in napari", "live")
            assert "rotation" in [child.title for child in moved.children]
            assert opened == as_opened(provenance(layer, level))


def test_sheared_with_an_affine_in_another_unit(samples: dict[str, Any]):
    layer = layers_of(samples["cosem"].path)[0]
    layer.shear = [0, 0, 0.25]
    outer = np.eye(4)
    outer[:3, 3] = [5, 6, 7]
    layer.affine = outer
    layer.units = ("nm", "mm", "um")
    root = check_root(layer, 1)
    titles = [child.title for child in root.children[0].children]
    assert titles == [
        "unit", "affine", "translation", "shear", "scale", "where it was opened, undone"
    ]  # fmt: skip
    assert "micrometres" in root.note


@pytest.mark.parametrize(
    "shear", [[[1, 0, 0], [0, 1, 0], [0, 0.25, 1]], [[1, 0, 0], [0, 1, 0.25], [0, 0, 1]]]
)
def test_sheared_below_or_above_the_diagonal(samples: dict[str, Any], shear: Any):
    ours = layers_of(samples["cosem"].path)[0]
    other = Image(np.zeros((4, 5, 6)), scale=(3, 2, 4))
    for layer in (ours, other):
        layer.shear = np.array(shear)
        root = check_root(layer, 0)
        np.testing.assert_allclose(the(root, "shear").matrix, np.pad(shear, (0, 1)) + LAST_ONE)


def test_swapped_axes_of_one_size_are_a_move(samples: dict[str, Any]):
    """The first voxel stays where it is, and so does the last."""
    layer = layers_of(samples["neuroglancer-n5"].path)[0]
    layer.affine = np.eye(4)[[0, 2, 1, 3]]
    for level in range(len(layer.level_shapes)):
        assert check_root(layer, level).children[0].title == "moved in napari"


def test_the_common_origin_is_a_step_of_its_own(samples: dict[str, Any]):
    layers = LayerList(layers_of(samples["cosem"].path)[:1])
    move_near_zero(layers)
    root = check_root(layers[0], 2)
    assert [child.title for child in root.children] == ["common origin", "as it was opened"]
    assert np.array(root.children[0].matrix)[:3, 3] == pytest.approx([-0.9, 0.25, -0.4])
    layers[0].translate = (1, 2, 3)
    root = check_root(layers[0], 2)
    assert root.children[0].title == "moved in napari"


def test_plain_copies_of_ours_say_how_napari_places_them(samples: dict[str, Any]):
    layer = layers_of(samples["cosem"].path)[2]  # strided labels
    copy = Labels(
        list(layer.data), multiscale=True, scale=layer.scale, translate=layer.translate,
        units=layer.units, metadata=layer.metadata,
    )  # fmt: skip
    assert len(check_root(copy, 0).children) == 1
    opened, napari = check_root(copy, 2).children
    assert opened.title == "as it was opened"
    assert (napari.title, napari.status) == ("placed by napari", "assumed")
    # 1.5 voxels of level 0 are 0.375 of level 2
    assert np.array(napari.matrix)[:3, 3] == pytest.approx([0.375] * 3)


def test_a_layer_of_another_reader():
    levels = [np.zeros((9, 8)), np.zeros((4, 4))]
    layer = Image(levels, multiscale=True, scale=(3, 2), translate=(1, 0), contrast_limits=(0, 1))
    root = check_root(layer, 1)
    assert [(child.title, child.status) for child in root.children] == [
        ("translation", "live"), ("scale", "live"), ("placed by napari", "assumed")
    ]  # fmt: skip
    untouched = provenance(Points(np.zeros((1, 2))))
    assert untouched.matrix == ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    with pytest.raises(ValueError, match="has 2 levels, found number 2"):
        provenance(layer, 2)


def test_a_placement_without_a_record():
    """As a layer has it that was projected, or made by `PlacedImage` itself."""
    levels = [np.zeros((9, 8)), np.zeros((4, 4))]
    lying = Placement(((1, 1), (2, 2)), ((0, 0), (0, 0.5)))
    layer = place("image", levels, lying, scale=(3, 2), contrast_limits=(0, 1))
    last = check_root(layer, 1).children[-1]
    assert (last.title, last.status) == ("placement of the level", "declared")
    assert last.matrix == ((2, 0, 0), (0, 2, 0.5), (0, 0, 1))


def test_vertices(samples: dict[str, Any]):
    (layer,) = layers_of(samples["zvf"].path)
    for level in range(3):
        root = provenance(layer, level)
        check_products(root)
        np.testing.assert_allclose(np.array(root.matrix), np.diag([1e-3, 1e-3, 1e-3, 1]))
        unit, ignored = root.children
        assert (unit.title, unit.status) == ("unit", "computed")
        assert (ignored.status, ignored.matrix, ignored.where) == ("ignored", None, str(level))
    layer.scale = (2, 1, 1)
    assert provenance(layer).children[0].status == "live"


def test_declared_vertices(samples: dict[str, Any]):
    (layer,) = layers_of(samples["zvf"].path, vertices="declared")
    note = layer.metadata["strata"]
    level = note["level"]
    root = provenance(layer, level)
    check_products(root)
    transform = the(root, "declared transform")
    assert transform.status == "declared"
    assert "as was asked for" in transform.note
    rows = [[a["name"] for a in note["axes"]].index(name) for name in note["layer_axes"]]
    expected = np.array(note["levels"][level]["affine"])[[*rows, 3]]
    expected[:3] /= 1000
    np.testing.assert_allclose(np.array(root.matrix), expected, rtol=1e-12)


# ---------------------------------------------------------------------- what a number is said to be


def neuroglancer(folder: Path, **root: Any) -> Path:
    """Write two levels with factors; ``root`` are keys of the container."""
    for level, shape in enumerate([(8, 8, 8), (4, 4, 4)]):
        write_n5_array(folder / f"a.n5/v/s{level}", shape)
    factors = [[1, 1, 1], [2, 2, 2]]
    add_attributes(folder / "a.n5/v/attributes.json", downsamplingFactors=factors, axes=[*"xyz"])
    add_attributes(folder / "a.n5/attributes.json", units=["nm"] * 3, **root)
    return folder / "a.n5"


@pytest.mark.parametrize("opened", ["", "v", "v/s1"])
def test_a_spacing_of_a_folder_above_is_inherited(tmp_path: Path, opened: str):
    path = neuroglancer(tmp_path, resolution=[4, 6, 30]) / opened
    root = check_root(layers_of(path)[0], 1)
    spacing = the(root, "grid spacing")
    assert (spacing.status, spacing.where) == ("inherited", "attributes.json: resolution")
    factors = the(root, "downsampling factors")
    assert (factors.status, factors.where) == (
        "declared", "v/attributes.json: downsamplingFactors[1]"
    )  # fmt: skip


def test_a_spacing_of_the_image_itself_is_not(samples: dict[str, Any], tmp_path: Path):
    path = neuroglancer(tmp_path)
    add_attributes(path / "v/attributes.json", resolution=[4, 6, 30])
    assert the(check_root(layers_of(path)[0], 1), "grid spacing").status == "declared"
    layer = layers_of(samples["n5-viewer"].path)[0]
    assert the(check_root(layer, 1), "grid spacing").status == "declared"
    write_n5_array(tmp_path / "root.n5/s0", (8, 8, 8))  # the container is the image
    add_attributes(tmp_path / "root.n5/attributes.json", resolution=[4, 6, 30], units=["nm"] * 3)
    layer = layers_of(tmp_path / "root.n5")[0]
    assert the(check_root(layer, 0), "grid spacing").status == "declared"


@pytest.mark.parametrize("origin", ["center", "corner"])
def test_world_0_is_assumed_and_said(tmp_path: Path, origin: Any):
    layer = layers_of(neuroglancer(tmp_path, resolution=[4, 6, 30]), origin=origin)[0]
    expected = "centre" if origin == "center" else "corner"
    note = the(check_root(layer, 1), "downsampling factors").note
    assert f"world 0 is taken at the {expected}" in note


def test_world_0_is_bigdataviewers_own(samples: dict[str, Any]):
    root = check_root(layers_of(samples["bdv-n5"].path)[0], 1)
    assert "world 0" not in the(root, "downsampling factors").note
    assert the(root, "ViewRegistration").where == "bdv-n5.xml"


def test_no_spacing_at_all_is_assumed(tmp_path: Path):
    root = check_root(layers_of(neuroglancer(tmp_path))[0], 1)
    spacing = the(root, "grid spacing")
    assert (spacing.status, spacing.where) == ("assumed", "default")


def test_n5_viewers_missing_spacing_is_assumed(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/s0", (8, 8, 8))
    affine = [1, 0, 0, 5, 0, 1, 0, 6, 0, 0, 1, 7]
    add_attributes(tmp_path / "a.n5/attributes.json", affineTransform=affine)
    root = check_root(layers_of(tmp_path / "a.n5")[0], 0)
    assert the(root, "grid spacing").status == "assumed"
    assert the(root, "downsampling factors").status == "assumed"  # there are none
    assert the(root, "affineTransform").status == "declared"


def cosem(
    folder: Path, transforms: list[dict[str, Any]], group: dict[str, Any] | None = None
) -> Path:
    base = {"axes": ["z", "y", "x"], "units": ["nm"] * 3, "translate": [1, 2, 3]}
    for level, transform in enumerate(transforms):
        size = 8 >> level
        write_n5_array(folder / f"a.n5/v/s{level}", (size,) * 3, transform=base | transform)
    add_attributes(folder / "a.n5/v/attributes.json", **(group or {}))
    return folder / "a.n5/v"


def test_a_repaired_order(tmp_path: Path):
    x_first = {"axes": ["x", "y", "z"], "scale": [4, 6, 30]}
    layer = layers_of(cosem(tmp_path, [x_first], {"axes": ["x", "y", "z"]}))[0]
    transform = the(check_root(layer, 0), "transform")
    assert transform.status == "repaired"
    assert "they are reversed" in transform.note
    assert transform.matrix == ((30, 0, 0, 3), (0, 6, 0, 2), (0, 0, 4, 1), (0, 0, 0, 1))


def test_another_source_of_the_same_number_is_overridden(tmp_path: Path):
    entry = {"axes": ["z", "y", "x"], "units": ["nm"] * 3, "scale": [4] * 3, "translate": [1, 2, 7]}
    datasets = [{"path": "s0", "transform": entry}]
    path = cosem(tmp_path, [{"scale": [4, 4, 4]}], {"multiscales": [{"datasets": datasets}]})
    opened = as_opened(check_root(layers_of(path)[0], 0))
    (lost,) = [node for node in opened.children if node.status == "overridden"]
    assert lost.where == "v/attributes.json: multiscales[0].datasets[0].transform.translate"
    assert lost.matrix is None
    assert "the array's transform is used" in lost.note
    assert the(opened, "transform").status == "declared"


def test_what_is_of_another_level_is_left_out(tmp_path: Path):
    path = cosem(tmp_path, [{"scale": [4, 4, 4]}, {"scale": [8, 8, 8]}])
    wrong = {"dimensions": [8, 8, 9], "unit": "nm"}
    add_attributes(path / "s1/attributes.json", pixelResolution=wrong)
    layer = layers_of(path)[0]
    statuses = [
        [node.where for node in walk(check_root(layer, level)) if node.status == "overridden"]
        for level in (0, 1)
    ]
    assert statuses == [[], ["v/s1/attributes.json: pixelResolution"]]


def test_a_level_that_runs_the_other_way(tmp_path: Path):
    down = {"scale": [8, -8, 8], "translate": [2, 27, 2]}
    layer = layers_of(cosem(tmp_path, [{"scale": [4, 4, 4]}, down]))[0]
    flip = the(check_root(layer, 1), "read reversed")
    assert "along y" in flip.note
    assert flip.matrix == ((1, 0, 0, 0), (0, -1, 0, 3), (0, 0, 1, 0), (0, 0, 0, 1))


def ome(folder: Path, **changes: Any) -> Path:
    levels = {"0": ((8, 8, 8), {"scale": [4, 3, 2]}), "1": ((4, 4, 4), {"scale": [8, 6, 4]})}
    path = write_ome_04(folder / "a.zarr", levels)
    value = json.loads((path / ".zattrs").read_text())
    value["multiscales"][0] |= changes
    (path / ".zattrs").write_text(json.dumps(value))
    return path


def test_a_scale_that_is_missing_is_assumed(tmp_path: Path):
    moved = [{"type": "translation", "translation": [1, 2, 3]}]
    datasets = [{"path": "0", "coordinateTransformations": moved}]
    opened = as_opened(check_root(layers_of(ome(tmp_path, datasets=datasets))[0], 0))
    assert [(node.title, node.status) for node in opened.children] == [
        ("translation", "declared"), ("scale", "assumed")
    ]  # fmt: skip
    assert (
        opened.children[1].where == ".zattrs: multiscales[0].datasets[0].coordinateTransformations"
    )


def test_a_unit_nobody_knows_is_assumed(tmp_path: Path):
    axes = [{"name": n, "type": "space", "unit": "furlong" if n == "z" else "nm"} for n in "zyx"]
    opened = as_opened(check_root(layers_of(ome(tmp_path, axes=axes))[0], 1))
    unit, scale, unknown = opened.children
    assert "y: nm → micrometer" in unit.note
    assert scale.status == "declared"
    assert (unknown.status, unknown.title) == ("assumed", "unit of an axis")
    assert unknown.where.startswith(".zattrs: multiscales[0].axes[0]")


def test_channels_that_became_layers(tmp_path: Path):
    write_ome_04(tmp_path / "a.zarr", {"0": ((2, 8, 8), {"scale": [1, 3, 2]})}, axes="cyx")
    layer = layers_of(tmp_path / "a.zarr")[1]
    opened = as_opened(check_root(layer, 0))
    first, *_, last = opened.children
    assert np.shape(first.matrix) == (3, 4)
    assert np.shape(last.matrix) == (4, 3)
    assert "c is left out, the layer shows number 1" in first.note


def test_early_ome_zarr_declares_nothing(samples: dict[str, Any]):
    root = check_root(layers_of(samples["ome-zarr-0.2"].path)[0], 2)
    ratio = the(root, "ratio of shapes")
    assert (ratio.status, ratio.where) == ("assumed", "2/.zarray: shape")


def test_a_scene_declares_what_it_does(samples: dict[str, Any]):
    root = check_root(layers_of(samples["ome-zarr-0.6"].path)[0], 1)
    rotation = the(root, "rotation")
    assert rotation.status == "declared"
    assert rotation.where.startswith("zarr.json: attributes.ome.scene")
    assert 'in the coordinate system "world"' in as_opened(root).note


def test_a_label_that_is_taken_to_cover_its_image(tmp_path: Path):
    path = tmp_path / "a.zarr"
    path.mkdir()
    for folder, listed in ((path, None), (path / "labels/b", {})):
        write_zarr_array(folder / "0", (1, 1, 1, 8 if listed is None else 4, 8))
        value: dict[str, Any] = {"multiscales": [{"version": "0.1", "datasets": [{"path": "0"}]}]}
        if listed is not None:
            value["image-label"] = listed
        add_attributes(folder / ".zattrs", **value)
        add_attributes(folder / ".zgroup", zarr_format=2)
    add_attributes(path / "labels/.zattrs", labels=["b"])
    add_attributes(path / "labels/.zgroup", zarr_format=2)
    (label,) = [each for each in layers_of(path) if isinstance(each, Labels)]
    size = the(check_root(label, 0), "size of the image")
    assert size.status == "assumed"
    assert "taken to cover all of it" in size.note


def test_a_record_that_does_not_add_up_is_said_to_be_a_record(samples: dict[str, Any]):
    layer = layers_of(samples["ome-zarr-0.5"].path)[0]
    note = layer.metadata["strata"]
    levels = [{**level, "origin": level["origin"][:1]} for level in note["levels"]]
    layer.metadata = {"strata": {**note, "levels": levels}}
    (only,) = as_opened(check_root(layer, 1)).children
    assert (only.title, only.status) == ("as noted in the layer's record", "computed")


@pytest.mark.parametrize(
    ("problem", "contribution", "expected"),
    [
        ("a: b", "a: b", True),
        ("a: b[0]", "a: b[0].c", True),
        ("a: b[0].c.d", "a: b[0].c", True),
        ("a", "a: b", True),
        ("a: b[1]", "a: b[10]", False),
        ("a: b", "a: bc", False),
        ("a: b", "c: b", False),
        ("", "", False),
    ],
)
def test_whether_a_problem_is_about_a_number(problem: str, contribution: str, expected: bool):
    assert is_about(problem, contribution) is expected


def test_the_codes_exist():
    documented = set(re.findall(r"^\| `([a-z0-9-]+)` \|", FORMATS_PAGE.read_text(), re.MULTILINE))
    known = {*contribution_status._OF_ITS_NUMBER, *contribution_status._BESIDE}
    assert len(known) > 30
    assert known <= documented
