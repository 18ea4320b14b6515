"""Annotations go beside the OME-Zarr and come back with it, exactly; the OME-Zarr stays strict."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from napari.layers import Image, Labels, Layer, Points
from tests.export.annotations import make
from tests.export.test_zvf_exact import in_world, restored_world

import napari_strata as strata
from napari_strata.export.errors import ExportError
from napari_strata.layers.annotations import annotation
from napari_strata.layers.build import build

GRID = {"scale": (2, 0.5, 0.5), "units": "um", "axis_labels": ("z", "y", "x")}


def image(name: str = "em") -> Image:
    return Image(np.arange(4 * 6 * 8, dtype=np.uint16).reshape(4, 6, 8), name=name, **GRID)


def labels() -> Labels:
    return Labels(np.ones((4, 6, 8), np.uint16), name="seg", **GRID)


def points(name: str, **more: Any) -> Points:
    return Points([[1.0, 2.0, 3.0]], name=name, **{**GRID, **more})


def restored(dataset: strata.Dataset) -> list[tuple[Any, dict[str, Any], str]]:
    found = [annotation.restore(g, g.read(), {}) for g in dataset.geometries]
    assert None not in found
    return found  # type: ignore[return-value]


def codes(dataset: strata.Dataset) -> list[str]:
    return [problem.code for problem in dataset.problems]


def manifest_of(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_all_types_come_back_in_order(tmp_path, version):
    layers = [
        make("tracks", 4, "scaled"),
        make("points", 3, "sheared"),
        make("surface", 3, "scaled"),
        make("shapes", 3, "sheared"),
        make("vectors", 2, "scaled"),
    ]
    given = [*layers[:2], image(), *layers[2:], labels()]
    done = strata.export(given, tmp_path / "a.ome.zarr", version=version)
    assert done.problems == ()
    assert done.annotations == tmp_path / "a.annotations"
    opened = strata.open(done.path)
    assert opened.problems == ()
    assert [i.kind for i in opened.images] == ["image", "labels"]
    assert [g.name for g in opened.geometries] == [layer.name for layer in layers]
    for layer, found in zip(layers, restored(opened), strict=True):
        np.testing.assert_allclose(restored_world(found), in_world(layer), rtol=1e-12, atol=1e-9)
        again = Layer.create(*found)
        pd.testing.assert_frame_equal(again.features, layer.features, check_exact=True)
        written, second = annotation.from_layer(layer), annotation.from_layer_data(*found)
        assert second.vertices.vertices.tobytes() == written.vertices.vertices.tobytes()


def test_one_point_is_where_it_is_worked_out_to_be(tmp_path):
    done = strata.export([image(), points("p", translate=(10, 20, 30))], tmp_path / "a.zarr")
    (geometry,) = strata.open(done.path).geometries
    assert geometry.read().vertices.tolist() == [[12.0, 21.0, 31.5]]
    assert {axis.unit for axis in geometry.axes} == {"micrometer"}


def test_the_ome_zarr_is_the_same_as_without(tmp_path):
    alone = strata.export(image(), tmp_path / "alone.ome.zarr").path
    both = strata.export([image(), points("p")], tmp_path / "both.ome.zarr").path

    def files(root: Path) -> dict[str, bytes]:
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}

    assert files(alone) == files(both)


def test_what_the_manifest_says(tmp_path):
    layers = [points("first", visible=False), points("second", features={"n": [7]})]
    strata.export([image(), *layers], tmp_path / "a.ome.zarr")
    found = manifest_of(tmp_path / "a.annotations")
    assert found["strata-annotations"] == 1
    assert found["dataset"]["suffix"] == ".ome.zarr"
    one, two = found["layers"]
    assert (one["file"], one["type"], one["name"]) == ("first.zarrvectors", "points", "first")
    assert (one["visible"], two["visible"]) == (False, True)
    assert [axis["name"] for axis in one["axes"]] == ["z", "y", "x"]
    assert one["units"] == ["micrometer"] * 3
    assert one["transform"] == np.eye(4).tolist()
    assert two["features"]["rows"] == 1
    assert [column["name"] for column in two["features"]["columns"]] == ["n"]


ODD = ["a/b", "a/b", "A_B", "..", "", "CON", "λ 図", "manifest.json", " .x", "n" * 300, "%20#?"]


def test_names_with_odd_characters(tmp_path):
    layers = [points(name) for name in ODD]
    for layer, name in zip(layers, ODD, strict=True):
        layer.name = name
    expected = [layer.name or "points" for layer in layers]
    done = strata.export([image(), *layers], tmp_path / "ü #1 %.ome.zarr")
    files = [entry["file"] for entry in manifest_of(done.annotations)["layers"]]
    assert len({file.lower() for file in files}) == len(ODD)
    assert all("/" not in file and not file.startswith(".") for file in files)
    opened = strata.open(done.path)
    assert opened.problems == ()
    assert [g.model.layer["name"] for g in opened.geometries] == expected
    assert sorted(os.listdir(tmp_path)) == ["ü #1 %.annotations", "ü #1 %.ome.zarr"]


def test_layers_in_a_viewer(tmp_path):
    """All of them, however many, each as visible as it was, over the image."""
    layers = [points(f"p{i}", visible=i % 2 == 0) for i in range(10)]
    done = strata.export([*layers, image()], tmp_path / "a.ome.zarr")
    built = build(strata.open(done.path))
    assert built.geometries_left_out == 0
    made = [x if isinstance(x, Layer) else Layer.create(*x) for x in built.layers]
    assert [layer.name for layer in made] == ["em", *(f"p{i}" for i in range(10))]
    assert [layer.visible for layer in made[1:]] == [True, False] * 5
    for layer in made[1:]:
        np.testing.assert_array_equal(layer.data_to_world(layer.data[0]), [2, 1, 1.5])
        record = layer.metadata["strata"]
        assert strata.open(record["path"]).geometries[0].read().vertices.tolist() == [[2, 1, 1.5]]


def test_opened_by_itself_or_with_the_folder_around(tmp_path):
    done = strata.export([image(), points("p"), points("o")], tmp_path / "a.ome.zarr")
    alone = strata.open(done.annotations)
    assert alone.images == ()
    assert [g.name for g in alone.geometries] == ["p", "o"]
    around = strata.open(tmp_path)
    assert [i.path for i in around.images] == ["a.ome.zarr"]
    assert sorted(g.path for g in around.geometries) == [
        "a.annotations/o.zarrvectors",
        "a.annotations/p.zarrvectors",
    ]
    assert [g.name for g in strata.open(done.path / "0").geometries] == ["p", "o"]
    assert strata.open(tmp_path / "a.annotations" / "p.zarrvectors").geometries[0].name == "p"


@pytest.mark.parametrize("name", ["b.ome.zarr", "b.zarr"])
def test_a_pair_that_was_moved_and_renamed(tmp_path, name):
    done = strata.export([image(), points("p")], tmp_path / "a.ome.zarr")
    (tmp_path / "there").mkdir()
    moved = shutil.move(done.path, tmp_path / "there" / name)
    assert strata.open(moved).geometries == ()
    shutil.move(done.annotations, tmp_path / "there" / "b.annotations")
    opened = strata.open(moved)
    assert codes(opened) == []
    assert [g.name for g in opened.geometries] == ["p"]


def test_behind_a_link(tmp_path):
    done = strata.export([image(), points("p")], tmp_path / "a.ome.zarr")
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "other.ome.zarr"
    link.symlink_to(done.path)
    opened = strata.open(link)
    assert [g.name for g in opened.geometries] == ["p"]
    again = strata.open(os.path.normpath(link / opened.geometries[0].path))
    assert [g.name for g in again.geometries] == ["p"]


def test_inspect_lists_them(tmp_path):
    done = strata.export([image(), points("p")], tmp_path / "a.ome.zarr")
    assert "../a.annotations/p.zarrvectors" in strata.open(done.path).tree()


def test_a_dataset_takes_its_annotations_along(tmp_path):
    first = strata.export([image(), make("points", 3, "sheared")], tmp_path / "a.ome.zarr")
    second = strata.export(strata.open(first.path), tmp_path / "b.ome.zarr")
    assert second.problems == ()
    one, two = (strata.open(done.path).geometries[0] for done in (first, second))
    assert one.model.layer == two.model.layer
    assert one.read().vertices.tobytes() == two.read().vertices.tobytes()


def test_only_one_file_is_asked_for_where_there_are_none(tmp_path):
    from napari_strata.dataset.opening import open_at
    from napari_strata.formats import annotations_beside
    from napari_strata.store.container import open_container

    done = strata.export(image(), tmp_path / "a.ome.zarr")
    node = open_container(done.path)
    open_at(node, done.path)
    folder = annotations_beside._folder_beside(node)
    assert folder is not None
    assert not annotations_beside._is_there(folder)
    assert dict(folder.tree.reads) == {str(tmp_path / "a.annotations" / "manifest.json"): 1}
    assert not [key for key in node.tree.reads if ".annotations" in key]


def test_empty_layers_are_told(tmp_path):
    done = strata.export([image(), Points(None, ndim=3, name="none")], tmp_path / "a.ome.zarr")
    assert [(p.code, p.where) for p in done.problems] == [("annotation-empty", "none")]
    assert os.listdir(tmp_path) == ["a.ome.zarr"]


REFUSED = {
    "alone": (
        lambda: [points("p")], {"format": "ome-zarr"}, "no place for points.*a.zarrvectors"
    ),
    "alone by name": (lambda: points("p"), {}, "no place for points.*a.zarrvectors"),
    "not finite": (lambda: [image(), Points([[np.nan, 1, 2]], name="A")], {}, "'A'.*no finite"),
    "csv": (lambda: [image(), points("p")], {"annotations": "xls"}, "'xls', expected csv or geff"),
    "bucket": (lambda: [image(), points("p")], {"path": "s3://none/a.zarr"}, "this computer only"),
    "cosem": (lambda: [image(), points("p")], {"format": "cosem"}, "Points layer, expected Image"),
}  # fmt: skip


@pytest.mark.parametrize(("layers", "given", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_before_anything_is_written(tmp_path, layers, given, message):
    path = given.get("path", tmp_path / "a.ome.zarr")
    with pytest.raises(ExportError, match=message):
        strata.export(layers(), **{"path": path, **given})
    assert os.listdir(tmp_path) == []


# ----------------------------------------------------------------------- what was done to the files


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    layers = [image(), points("p"), points("q"), make("shapes", 3, "scaled")]
    strata.export(layers, folder / "a.ome.zarr")
    return folder


@pytest.fixture
def pair(written, tmp_path) -> Path:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return tmp_path / "a.annotations"


def write_manifest(folder: Path, change: Any) -> None:
    content = manifest_of(folder)
    change(content)
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")


def listed(index: int, **values: Any) -> Any:
    return lambda folder: write_manifest(folder, lambda c: c["layers"][index].update(values))


def set_to(key: str, value: Any) -> Any:
    return lambda folder: write_manifest(folder, lambda c: c.update({key: value}))


def swapped(folder: Path) -> None:
    shutil.rmtree(folder / "p.zarrvectors")
    shutil.copytree(folder / "outlines.zarrvectors", folder / "p.zarrvectors")


def edited_image(folder: Path) -> None:
    file = folder.with_name("a.ome.zarr") / "zarr.json"
    file.write_text(file.read_text() + "\n")


DAMAGE = {
    "none": (lambda f: None, ["p", "q", "outlines"], []),
    "deleted": (lambda f: shutil.rmtree(f / "p.zarrvectors"), ["q", "outlines"],
                ["annotation-missing"]),
    "damaged store": (lambda f: (f / "q.zarrvectors" / "zarr.json").write_text("{"),
                      ["p", "outlines"], ["not-json"]),
    "replaced": (swapped, ["outlines", "q", "outlines"], ["annotation-replaced"] * 3),
    "extra": (lambda f: shutil.copytree(f / "p.zarrvectors", f / "x.zarrvectors"),
              ["p", "q", "outlines"], []),
    "no manifest": (lambda f: (f / "manifest.json").unlink(), [], []),
    "manifest cut": (lambda f: (f / "manifest.json").write_text('{"strata'), [], ["not-json"]),
    "foreign manifest": (lambda f: (f / "manifest.json").write_text('{"name": "x"}'), [], []),
    "manifest a list": (lambda f: (f / "manifest.json").write_text("[]"), [], ["not-an-object"]),
    "later version": (set_to("strata-annotations", 2), [], ["invalid-value"]),
    "no layers": (set_to("layers", {}), [], ["invalid-value"]),
    "an entry": (lambda f: write_manifest(f, lambda c: c["layers"].insert(0, 3)),
                 ["p", "q", "outlines"], ["invalid-value"]),
    "out": (listed(0, file="../x.zarrvectors"), ["q", "outlines"], ["invalid-value"]),
    "up": (listed(0, file=".."), ["q", "outlines"], ["invalid-value"]),
    "number": (listed(0, file=5), ["q", "outlines"], ["invalid-value"]),
    "twice": (listed(1, file="p.zarrvectors"), ["p", "outlines"], ["invalid-value"]),
    "other name": (listed(0, name="z"), ["p", "q", "outlines"], ["annotation-replaced"]),
    "image edited": (edited_image, ["p", "q", "outlines"], ["annotations-older"]),
    "of another": (lambda f: (edited_image(f), write_manifest(
        f, lambda c: c["dataset"].update(suffix=".zarr"))), [], ["annotations-of-another"]),
    "no dataset": (set_to("dataset", None), ["p", "q", "outlines"], ["invalid-value"]),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "names", "expected"), DAMAGE.values(), ids=DAMAGE)
def test_damage_never_costs_the_image(pair, damage, names, expected):
    damage(pair)
    opened = strata.open(pair.with_name("a.ome.zarr"))
    assert len(opened.images) == 1
    assert [g.name for g in opened.geometries] == names
    assert codes(opened) == expected
    assert all(p.where.startswith("../a.annotations/") for p in opened.problems)


def test_a_link_out_of_the_folder_is_not_followed(pair, tmp_path):
    shutil.move(pair / "p.zarrvectors", tmp_path / "elsewhere.zarrvectors")
    (pair / "p.zarrvectors").symlink_to(tmp_path / "elsewhere.zarrvectors")
    opened = strata.open(pair.with_name("a.ome.zarr"))
    assert [g.name for g in opened.geometries] == ["q", "outlines"]
    assert codes(opened) == ["link-outside"]
