"""ZVF metadata to geometries: hand-written stores, expected numbers worked out by hand."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata
from formats.zvf_files import MS, ZV, Files, axis, dataset, group, level, store, write
from napari_strata.formats.zvf_parts import KINDS
from napari_strata.formats.zvf_version import SERIES
from napari_strata.geometry import Geometry


def opened(root: Path, files: Files, **how: Any) -> Geometry:
    """Write and open a store that holds one geometry and nothing else."""
    dataset = strata.open(write(root / "s.zarrvectors", files), **how)
    assert not dataset.images
    assert not dataset.problems
    (found,) = dataset.geometries
    return found.model


def told(model: Geometry) -> set[tuple[str, str, str]]:
    return {(p.code, p.severity, p.where) for p in model.problems}


def test_a_sound_store(tmp_path: Path):
    files = store()
    files["zarr.json"]["attributes"]["user_metadata"] = {
        "napari_strata": {"layer": {"name": "a"}},
        "other": {"x": 1},
    }
    model = opened(tmp_path, files)
    assert (model.name, model.path, model.format) == ("s", "", "zvf")
    assert (model.kind, model.stored_kind, model.space) == ("points", "point_cloud", None)
    assert [(a.name, a.type, a.unit) for a in model.axes] == [
        (name, "space", "micrometer") for name in "zyx"
    ]
    assert model.columns == (2, 1, 0)
    np.testing.assert_array_equal(model.bounds, [[2, 1, 0], [200, 300, 400]])
    assert model.layer == {"layer": {"name": "a"}}
    assert model.problems == ()
    assert [found.path for found in model.levels] == ["0", "1", "2"]
    assert [found.vertex_count for found in model.levels] == [1000, 500, 250]
    coarsest = model.levels[2]
    # scale 4 on each axis; translation half a bin, x 4·10/2, y 4·20/2, z 4·30/2
    np.testing.assert_array_equal(
        coarsest.declared, [[4, 0, 0, 60], [0, 4, 0, 40], [0, 0, 4, 20], [0, 0, 0, 1]]
    )
    np.testing.assert_array_equal(coarsest.cell, [120, 80, 40])
    np.testing.assert_array_equal(model.levels[0].cell, [30, 20, 10])
    assert [(c.what, c.where) for c in coarsest.origin] == [
        ("translation", f"zarr.json: {MS}.datasets[2].coordinateTransformations[1]"),
        ("scale", f"zarr.json: {MS}.datasets[2].coordinateTransformations[0]"),
    ]
    location = coarsest.location
    assert (location.encoding, location.where) == (
        "zvf",
        "2/zarr.json: attributes.zarr_vectors_level",
    )
    assert location.metadata == {
        "level": 2,
        "kind": "point_cloud",
        "version": "0.9.2",
        "arrays_present": ["vertices"],
    }
    assert location.kvstore["path"].rstrip("/").endswith("s.zarrvectors")


AXES = {
    "xyz": (tuple("xyz"), "zyx", (2, 1, 0)),
    "zyx": (tuple("zyx"), "zyx", (0, 1, 2)),
    "yxz": (tuple("yxz"), "zyx", (2, 0, 1)),
    "capitals": (tuple("XYZ"), "ZYX", (2, 1, 0)),
    "plane": (tuple("xy"), "yx", (1, 0)),
    "xz": (tuple("xz"), "zx", (1, 0)),
    "time first": ((axis("t", "time", "second"), *"xyz"), "tzyx", (0, 3, 2, 1)),
    "time last": ((*"xyz", axis("t", "time", "second")), "tzyx", (3, 2, 1, 0)),
    "channel": ((axis("c", "channel", None), *"xyz"), "czyx", (0, 3, 2, 1)),
    "no type": (tuple(axis(n, None) for n in "xyz"), "zyx", (2, 1, 0)),
    "null type": (tuple(axis(n) | {"type": None} for n in "xyz"), "zyx", (2, 1, 0)),
    "no type, time": ((axis("t", None, "s"), axis("y"), axis("x")), "tyx", (0, 1, 2)),
}


@pytest.mark.parametrize("name", AXES)
def test_axes_are_brought_into_order(name: str, tmp_path: Path):
    axes, expected, columns = AXES[name]
    model = opened(tmp_path, store(axes=axes))
    assert "".join(a.name for a in model.axes) == expected
    assert model.columns == columns
    assert model.problems == ()
    assert [a.type for a in model.axes if a.name.lower() in "zyx"] == ["space"] * sum(
        n.lower() in "zyx" for n in expected
    )
    # In the store's order the bins are 10, 20, 30 (, 40) and the bounds begin at 0, 1, 2 (, 3).
    np.testing.assert_array_equal(model.levels[0].cell, [10 * (c + 1) for c in columns])
    np.testing.assert_array_equal(model.bounds[0], columns)
    np.testing.assert_array_equal(model.levels[0].declared[:-1, -1], [5 * (c + 1) for c in columns])


ODD_AXES = {
    "type and unit changed over": (
        [axis("x", "micrometer", "space"), axis("y"), axis("z")],
        ("axis-swapped", "warning", f"zarr.json: {MS}.axes[0].type"),
        ["micrometer"] * 3,
    ),
    "a unit as type": (
        [axis("x"), axis("y", "nm", None), axis("z")],
        ("axis-swapped", "warning", f"zarr.json: {MS}.axes[1].type"),
        ["micrometer", "nm", "micrometer"],
    ),
    "unknown unit": (
        [axis("x"), axis("y"), axis("z", "space", "furlong")],
        ("unknown-unit", "warning", f"zarr.json: {MS}.axes[2].unit"),
        ["furlong", "micrometer", "micrometer"],
    ),
    "unitless": ([axis("x", "space", "pixel"), "y", "z"], None, ["micrometer"] * 2 + [None]),
    "texts": ([{"name": "x", "type": "space"}, "y", "z"], None, ["micrometer"] * 2 + [None]),
    "null": (
        None,
        ("missing-axes", "warning", f"zarr.json: {MS}.axes"),
        [None] * 3,
    ),
}


@pytest.mark.parametrize("name", ODD_AXES)
def test_odd_axes(name: str, tmp_path: Path):
    axes, problem, units = ODD_AXES[name]
    files = store(axes=axes or tuple("xyz"))
    if axes is None:
        del files["zarr.json"]["attributes"]["multiscales"][0]["axes"]
    model = opened(tmp_path, files)
    assert told(model) == ({problem} if problem else set())
    assert [a.name for a in model.axes] == ["z", "y", "x"]
    assert {a.type for a in model.axes} == {"space"}
    assert [a.unit for a in model.axes] == units


def test_axes_with_other_names_keep_the_stores_order(tmp_path: Path):
    model = opened(tmp_path, store(axes=("ap", "dv", "lr")))
    assert (model.columns, [a.name for a in model.axes]) == ((0, 1, 2), ["ap", "dv", "lr"])
    assert told(model) == {("axis-order-kept", "info", f"zarr.json: {MS}.axes")}


@pytest.mark.parametrize("stored", KINDS)
def test_kinds(stored: str, tmp_path: Path):
    model = opened(tmp_path, store(kind=stored))
    assert (model.kind, model.stored_kind) == (
        {
            "point_cloud": "points",
            "line": "lines",
            "polyline": "lines",
            "streamline": "lines",
            "graph": "graph",
            "skeleton": "graph",
            "mesh": "mesh",
        }[stored],
        stored,
    )
    assert model.levels[0].location.metadata["kind"] == stored


def test_the_transform_of_the_whole_store_is_applied_last(tmp_path: Path):
    files = store(
        axes=("z", "y", "x"),
        coordinateTransformations=[
            {"type": "translation", "translation": [1, 2, 3]},
            {"type": "scale", "scale": [10, 100, 1000]},
        ],
    )
    model = opened(tmp_path, files)
    # level 1: 2·v + (10, 20, 30), then + (1, 2, 3), then times 10, 100, 1000
    np.testing.assert_array_equal(np.diagonal(model.levels[1].declared), [20, 200, 2000, 1])
    np.testing.assert_array_equal(model.levels[1].declared[:3, 3], [110, 2200, 33000])
    np.testing.assert_array_equal(model.levels[1].cell, [20, 40, 60])
    assert [c.where.rpartition("[0].")[2] for c in model.levels[1].origin] == [
        "coordinateTransformations[1]",
        "coordinateTransformations[0]",
        "datasets[1].coordinateTransformations[1]",
        "datasets[1].coordinateTransformations[0]",
    ]


def test_no_transform_is_declared(tmp_path: Path):
    files = store()
    for entry in files["zarr.json"]["attributes"]["multiscales"][0]["datasets"]:
        del entry["coordinateTransformations"]
    model = opened(tmp_path, files)
    assert [found.declared for found in model.levels] == [None] * 3
    assert [found.path for found in model.levels] == ["0", "1", "2"]
    assert model.problems == ()


def test_bins_as_the_level_says_them(tmp_path: Path):
    files = store()
    own = files["1/zarr.json"]["attributes"]["zarr_vectors_level"]
    own["bin_shape"] = [7, 8, 9]
    del files["zarr.json"]["attributes"]["zarr_vectors"]["base_bin_shape"]
    model = opened(tmp_path, files)
    np.testing.assert_array_equal(model.levels[1].cell, [9, 8, 7])
    np.testing.assert_array_equal(model.levels[0].cell, [60, 40, 20])  # a chunk is one bin


ORDERS = {
    "listed backwards": (["2", "1", "0"], (1, 2, 4), ["0", "1", "2"]),
    "by the bins, not the numbers": (["0", "1", "2"], (4, 1, 2), ["1", "2", "0"]),
    "equal bins: by number": (["1", "0", "2"], (1, 1, 1), ["0", "1", "2"]),
}


@pytest.mark.parametrize("name", ORDERS)
def test_levels_are_ordered(name: str, tmp_path: Path):
    listed, factors, expected = ORDERS[name]
    files = store(factors=factors)
    block = files["zarr.json"]["attributes"]["multiscales"][0]
    block["datasets"] = [block["datasets"][int(path)] for path in listed]
    model = opened(tmp_path, files)
    assert [found.path for found in model.levels] == expected
    assert told(model) == {("levels-unordered", "warning", f"zarr.json: {MS}.datasets")}


def test_a_level_without_a_transform_among_others_does_not_spoil_the_order(tmp_path: Path):
    files = store()
    del files["zarr.json"]["attributes"]["multiscales"][0]["datasets"][1][
        "coordinateTransformations"
    ]
    model = opened(tmp_path, files)
    assert [found.path for found in model.levels] == ["0", "1", "2"]
    assert model.problems == ()


@pytest.mark.parametrize("how", ["world", "declared"])
def test_the_users_choice_of_space(how: str, tmp_path: Path):
    assert opened(tmp_path, store(), vertices=how).space == how


def test_a_wrong_transform_costs_the_level_only_where_it_is_asked_for(tmp_path: Path):
    files = store()
    datasets = files["zarr.json"]["attributes"]["multiscales"][0]["datasets"]
    datasets[1] = dataset("1", [2, 0, 2], [1, 1, 1])
    where = f"zarr.json: {MS}.datasets[1].coordinateTransformations[0].scale[1]"
    model = opened(tmp_path / "a", files)
    assert [found.path for found in model.levels] == ["0", "1", "2"]
    assert model.levels[1].declared is None
    assert told(model) == {("bad-zvf", "warning", where)}
    model = opened(tmp_path / "b", files, vertices="declared")
    assert [found.path for found in model.levels] == ["0", "2"]
    assert told(model) == {("invalid-value", "error", where)}


# ------------------------------------------------------------------------------ further parts


def with_parts(types: list[str], index: dict[str, Any], count: int = 100) -> Files:
    files = store(factors=(1,))
    files["zarr.json"]["attributes"]["zarr_vectors"]["geometry_types"] = types
    files["0/zarr.json"] = level(0, count)
    files["0/geometry_index/zarr.json"] = group(**index)
    return files


PART = {"array": "vertices_x", "vertex_count": 7}
PARTS = {
    "points and a graph": (["point_cloud", "graph"], {"graph": PART}, 100, "point_cloud"),
    "the other way": (["graph", "point_cloud"], {"graph": PART}, 100, "point_cloud"),
    "twice one kind": (["mesh"], {"mesh": PART}, 100, "mesh"),
    "a part of a kind nobody knows": (["mesh", "blob"], {"blob": PART}, 100, "mesh"),
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_are_told(name: str, tmp_path: Path):
    types, index, count, expected = PARTS[name]
    model = opened(tmp_path, with_parts(types, index, count))
    assert model.stored_kind == expected
    assert told(model) == {
        ("zvf-part", "error", f"0/geometry_index/zarr.json: attributes.{part}") for part in index
    }


POINTS, LINES = ["vertices"], ["vertices", "object_index"]
LINKED = ["vertices", "links", "object_index"]
SEVERAL = {
    "created for points, a mesh written": (["point_cloud", "mesh"], LINKED, "mesh", "warning"),
    "created for points, lines written": (["point_cloud", "line"], LINES, "line", "warning"),
    "the first is written again": (["point_cloud", "mesh"], POINTS, "point_cloud", "warning"),
    "lines written again": (["polyline", "graph"], LINES, "polyline", "warning"),
    "not said": (["point_cloud", "skeleton"], None, "skeleton", "warning"),
    "all lines": (["streamline", "polyline"], LINES, "polyline", "info"),
    "all graphs": (["graph", "skeleton"], LINKED, "skeleton", "info"),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_of_several_kinds_the_last_that_was_written(name: str, tmp_path: Path):
    types, arrays, expected, severity = SEVERAL[name]
    files = with_parts(types, {})
    files["0/zarr.json"] = level(0, 100, arrays_present=arrays)
    model = opened(tmp_path, files)
    assert (model.stored_kind, model.kind) == (expected, KINDS[expected])
    assert told(model) == {("zvf-kinds", severity, f"zarr.json: {ZV}.geometry_types")}


NO_KIND = {
    "parts only": (with_parts(["mesh"], {"mesh": PART}, 0), "only further geometries (mesh)"),
    "two, no index": (with_parts(["mesh", "line"], {}), '["mesh", "line"], expected one'),
    "unknown": (with_parts(["blob"], {}), '"blob", expected one of point_cloud, line, polyline'),
    "none": (with_parts([], {}), "no kind of geometry"),
}


@pytest.mark.parametrize("name", NO_KIND)
def test_no_kind(name: str, tmp_path: Path):
    files, message = NO_KIND[name]
    with pytest.raises(strata.OpenError, match="geometry_types: found") as caught:
        opened(tmp_path, files)
    assert caught.value.problem.code == "zvf-kind"
    assert message in str(caught.value)


def test_parametric_objects_are_told(tmp_path: Path):
    files = store() | {"parametric/zarr.json": group()}
    assert told(opened(tmp_path, files)) == {("zvf-part", "error", "parametric/zarr.json")}


# ---------------------------------------------------------------------------------- versions

VERSIONS = [
    "0.7.0", "0.8.1", "0.8", "0.10.0", "0.10", "1.0.0", "0.9.x", "0.9.2rc1", "0.9.", "", "latest",
    "0.9.2.1", "-0.9.2", 0.9, 9, None, ["0.9.2"], {"major": 0},
]  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_versions_that_are_not_read(version: Any, tmp_path: Path):
    with pytest.raises(strata.OpenError) as caught:
        opened(tmp_path, store(version=version))
    problem = caught.value.problem
    assert (problem.code, problem.where) == ("zvf-version", f"zarr.json: {ZV}.zv_version")
    assert "expected version 0.9 of ZVF" in problem.message
    newer = version in ("0.10.0", "0.10", "1.0.0")
    todo = "a newer napari-strata" if newer else "write the data again with zarr-vectors 0.9"
    assert todo in problem.message


@pytest.mark.parametrize("version", ["0.9.0", "0.9.1", "0.9.2", "0.9", "0.9.17"])
def test_versions_that_are_read(version: str, tmp_path: Path):
    model = opened(tmp_path, store(version=version))
    assert model.levels[0].location.metadata["version"] == version


def test_the_series_is_that_of_the_installed_library():
    with warnings.catch_warnings():
        from zarr_vectors.constants import FORMAT_VERSION
    assert tuple(int(n) for n in FORMAT_VERSION.split(".")[:2]) == SERIES


def test_a_store_before_0_5_names_its_version(tmp_path: Path):
    files = store()
    own = files["zarr.json"]["attributes"]["zarr_vectors"]
    del own["zv_version"]
    own["format_version"] = "0.4.1"
    with pytest.raises(strata.OpenError, match=r"format_version: found version 0\.4\.1"):
        opened(tmp_path, files)


def test_zarr_v2_is_refused(tmp_path: Path):
    attributes = store()["zarr.json"]["attributes"]
    files = {".zgroup": {"zarr_format": 2}, ".zattrs": attributes}
    with pytest.raises(strata.OpenError, match="Zarr v2 group, expected Zarr v3"):
        opened(tmp_path, files)


# ------------------------------------------------------------------------------- recognition


@pytest.mark.parametrize(
    "sign", [{"metadata": {"format": "zarr_vectors"}}, {"type": "zarr_vectors_multiscale"}]
)
def test_a_store_without_its_own_block_is_recognised_and_refused(sign: Any, tmp_path: Path):
    files = store(**{"metadata": {}, **sign})
    del files["zarr.json"]["attributes"]["zarr_vectors"]
    with pytest.raises(strata.OpenError, match="zv_version: found no zv_version"):
        opened(tmp_path, files)


def test_a_level_without_its_store(tmp_path: Path):
    write(tmp_path / "alone", {"zarr.json": level(0)})
    with pytest.raises(strata.OpenError) as caught:
        strata.open(tmp_path / "alone")
    assert caught.value.problem.code == "zvf-level-alone"


def test_a_damaged_store_does_not_offer_its_arrays_as_images(tmp_path: Path):
    files = store(version="0.7.0")
    shape = {"shape": [4, 4, 4], "data_type": "uint8", "codecs": [{"name": "bytes"}]}
    grid = {"name": "regular", "configuration": {"chunk_shape": [4, 4, 4]}}
    files["0/vertices/zarr.json"] = {
        "zarr_format": 3, "node_type": "array", "chunk_grid": grid, "fill_value": 0, **shape,
        "chunk_key_encoding": {"name": "default"}, "attributes": {},
    }  # fmt: skip
    for below in (".", "0", "0/vertices"):
        with pytest.raises(strata.OpenError, match=r"found version 0\.7\.0"):
            strata.open(write(tmp_path / "s.zarrvectors", files) / below)


IMAGE_BELOW = {
    "image.zarr": ["image.zarr", "image.zarr/0"],
    "img": ["img", "img/0"],
    "more/img": ["more/img", "more/img/0"],
    "0/img": ["0/img", "0/img/0"],
    "5": ["5"],
}


@pytest.mark.parametrize(
    ("image", "opened_"), [(i, o) for i, named in IMAGE_BELOW.items() for o in named]
)
def test_an_image_in_a_store_s_folder_is_no_part_of_it(image: str, opened_: str, tmp_path: Path):
    shape = {"shape": [4, 4], "data_type": "uint8", "codecs": [{"name": "bytes"}]}
    grid = {"name": "regular", "configuration": {"chunk_shape": [4, 4]}}
    axes = [{"name": name, "type": "space"} for name in "yx"]
    scale = [{"type": "scale", "scale": [1, 1]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    files = {
        **store(),
        f"{image}/zarr.json": group(
            ome={"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
        ),
        f"{image}/0/zarr.json": {
            "zarr_format": 3, "node_type": "array", "chunk_grid": grid, "fill_value": 0, **shape,
            "chunk_key_encoding": {"name": "default"}, "attributes": {},
        },
    }  # fmt: skip
    root = write(tmp_path / "s.zarrvectors", files)
    dataset = strata.open(root / opened_)
    assert not dataset.geometries
    assert len(dataset.images) == 1


@pytest.mark.parametrize(
    ("value", "kept"), [(0.5, 0.5), (1, None), (None, None), (0, None), (2, None), ("x", None)]
)
def test_how_much_of_the_objects_a_level_keeps(value: Any, kept: float | None, tmp_path: Path):
    files = store()
    files["1/zarr.json"]["attributes"]["zarr_vectors_level"]["object_sparsity"] = value
    model = opened(tmp_path, files)
    assert [found.location.metadata.get("object_sparsity") for found in model.levels] == [
        None, kept, None,
    ]  # fmt: skip
    where = "1/zarr.json: attributes.zarr_vectors_level.object_sparsity"
    wrong = {("bad-zvf", "warning", where)} if value in (0, 2, "x") else set()
    assert told(model) == wrong
