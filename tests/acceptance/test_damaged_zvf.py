"""Damaged ZVF metadata: told or refused by file and key, never a crash, never a wrong place."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks import one_line
from test_damaged_ome import VALUES, matches, places_in

import napari_strata as strata
from formats.zvf_files import MS, ZV, Files, dataset, group, level, store, write

GONE = object()  # the key is taken away
ALL, FEWER = ["0", "1", "2"], ["0", "2"]
DS = f"{MS}.datasets"
CT = f"{DS}[1].coordinateTransformations"
LV = "attributes.zarr_vectors_level"
NAN, INFINITE = float("nan"), float("inf")

# key of zarr.json, what stands there instead, code, severity, levels left (None: refused) and
# where the problem is, if that is not the key
ROOT: list[tuple[Any, ...]] = [
    (ZV, GONE, "zvf-version", "error", None, f"{ZV}.zv_version"),
    (ZV, 7, "invalid-value", "error", None),
    (f"{ZV}.zv_version", GONE, "zvf-version", "error", None),
    (f"{ZV}.chunk_shape", GONE, "invalid-value", "error", None),
    (f"{ZV}.chunk_shape", [20], "wrong-rank", "error", None),
    (f"{ZV}.chunk_shape", [20] * 5, "wrong-rank", "error", None),
    (f"{ZV}.chunk_shape", [20, 20], "wrong-length", "error", None, f"{MS}.axes"),
    (f"{ZV}.chunk_shape[1]", 0, "invalid-value", "error", None),
    (f"{ZV}.chunk_shape[0]", -20, "invalid-value", "error", None),
    (f"{ZV}.chunk_shape[2]", NAN, "invalid-value", "error", None),
    (f"{ZV}.base_bin_shape", [1], "bad-zvf", "warning", ALL),
    (f"{ZV}.base_bin_shape[0]", 0, "bad-zvf", "warning", ALL),
    (f"{ZV}.bounds", GONE, "bad-zvf", "warning", ALL),
    (f"{ZV}.bounds", [[1, 2, 3], [0, 9, 9]], "bad-zvf", "warning", ALL),
    (f"{ZV}.bounds[1]", [9, 9], "bad-zvf", "warning", ALL),
    (f"{ZV}.bounds[0][1]", NAN, "bad-zvf", "warning", ALL),
    (f"{ZV}.geometry_types", GONE, "invalid-value", "error", None),
    (f"{ZV}.geometry_types", "point_cloud", "invalid-value", "error", None),
    (f"{ZV}.geometry_types", [], "zvf-kind", "error", None),
    (f"{ZV}.geometry_types[0]", 7, "invalid-value", "error", None),
    (f"{ZV}.geometry_types[0]", "points", "zvf-kind", "error", None, f"{ZV}.geometry_types"),
    ("attributes.multiscales", GONE, "invalid-value", "error", None),
    ("attributes.multiscales", [], "no-levels", "error", None),
    (MS, 7, "invalid-value", "error", None),
    (f"{MS}.axes", 7, "invalid-value", "error", None),
    (f"{MS}.axes", ["x", "y"], "wrong-length", "error", None),
    (f"{MS}.axes", ["t", "x", "y", "z"], "wrong-length", "error", None),
    (f"{MS}.axes", ["x", "x", "z"], "repeated-axis", "error", None),
    (f"{MS}.axes", ["x", "X", "z"], "repeated-axis", "error", None),
    (f"{MS}.axes[1]", 7, "invalid-value", "error", None),
    (f"{MS}.axes[1].name", GONE, "missing-name", "warning", ALL),
    (f"{MS}.axes[0].unit", 7, "unknown-unit", "warning", ALL),
    (f"{MS}.axes[0].type", 7, "invalid-value", "warning", ALL),
    (DS, GONE, "invalid-value", "error", None),
    (DS, [], "no-levels", "error", None),
    (f"{DS}[1]", 7, "invalid-value", "error", FEWER),
    (f"{DS}[1].path", GONE, "invalid-value", "error", FEWER),
    (f"{DS}[1].path", "../../x", "bad-path", "error", FEWER),
    (f"{DS}[1].path", "/etc", "bad-path", "error", FEWER),
    (f"{DS}[1].path", ".", "bad-path", "error", FEWER),
    (f"{DS}[1].path", "01", "invalid-value", "error", FEWER),
    (f"{DS}[1].path", "a/1", "invalid-value", "error", FEWER),
    (f"{DS}[1].path", "7", "missing-level", "error", FEWER),
    (f"{DS}[1].path", "2", "duplicate-path", "warning", FEWER, f"{DS}[2].path"),
    (CT, 7, "bad-zvf", "warning", ALL),
    (f"{CT}[0]", 7, "bad-zvf", "warning", ALL),
    (f"{CT}[0].type", "warp", "bad-zvf", "warning", ALL),
    (f"{CT}[0].scale", [2, 2], "bad-zvf", "warning", ALL),
    (f"{CT}[0].scale[1]", 0, "bad-zvf", "warning", ALL),
    (f"{CT}[0].scale[0]", NAN, "bad-zvf", "warning", ALL),
    (f"{CT}[0].scale[2]", -2, "negative-scale", "info", ALL, CT),
    (f"{CT}[0].scale", [1e-300] * 3, "levels-unordered", "warning", ["1", "0", "2"], DS),
    (f"{CT}[1].translation", [1], "bad-zvf", "warning", ALL),
    (f"{CT}[1].translation[0]", INFINITE, "bad-zvf", "warning", ALL),
    (f"{MS}.coordinateTransformations", [{"type": "scale", "scale": [1]}], "bad-zvf", "warning",
     ALL, f"{MS}.coordinateTransformations[0].scale"),
    (f"{MS}.coordinateTransformations", [{"type": "scale", "scale": [1e308] * 3}], "bad-zvf",
     "warning", ALL, f"{DS}[0].coordinateTransformations"),
    (f"{CT}[1]", {"type": "scale", "scale": [1e-200] * 3}, "levels-unordered", "warning",
     ["1", "0", "2"], DS),
    (f"{CT}", [{"type": "scale", "scale": [1e-200] * 3}] * 2, "bad-zvf", "warning", ALL),
    ("attributes.user_metadata", {"napari_strata": 7}, "bad-zvf", "warning", ALL,
     "attributes.user_metadata.napari_strata"),
]  # fmt: skip
LEVEL: list[tuple[Any, ...]] = [
    (LV, GONE, "bad-zvf", "warning", ALL),
    (LV, [], "bad-zvf", "warning", ALL),
    (f"{LV}.level", 7, "bad-zvf", "warning", ALL),
    (f"{LV}.vertex_count", GONE, "bad-zvf", "warning", ALL),
    (f"{LV}.vertex_count", -1, "bad-zvf", "warning", ALL),
    (f"{LV}.vertex_count", "500", "bad-zvf", "warning", ALL),
    (f"{LV}.vertex_count", 0.5, "bad-zvf", "warning", ALL),
    (f"{LV}.vertex_count", True, "bad-zvf", "warning", ALL),
    (f"{LV}.vertex_count", NAN, "bad-zvf", "warning", ALL),
    (f"{LV}.vertex_count", 10**400, "bad-zvf", "warning", ALL),
    (f"{LV}.bin_shape", [1, 2], "bad-zvf", "warning", ALL),
    (f"{LV}.bin_ratio", [0, 1, 1], "bad-zvf", "warning", ALL, f"{LV}.bin_ratio[0]"),
    (f"{LV}.arrays_present", "vertices", "bad-zvf", "warning", ALL),
    ("attributes", 7, "invalid-value", "error", FEWER),
    ("node_type", "array", "missing-level", "error", FEWER, "zarr.json: " + f"{DS}[1].path"),
]
TABLE = [("zarr.json", *row) for row in ROOT] + [("1/zarr.json", *row) for row in LEVEL]


def spoil(files: Files, file: str, key: str, value: Any) -> Files:
    """Put a value in the place of another."""
    steps = [int(s) if s.isdigit() else s for s in re.findall(r"[^.\[\]]+", key)]
    files = copy.deepcopy(files)
    target: Any = files[file]
    for step in steps[:-1]:
        target = target[step]
    if value is GONE:
        del target[steps[-1]]
    else:
        target[steps[-1]] = value
    return files


def row_id(row: tuple[Any, ...]) -> str:
    shown = "gone" if row[2] is GONE else str(row[2])[:60]
    return f"{row[0]} {row[1].removeprefix('attributes.')} {shown}"


@pytest.mark.parametrize("row", TABLE, ids=row_id)
def test_each_is_told(row: tuple[Any, ...], tmp_path: Path):
    file, key, value, code, severity, left, *elsewhere = row
    place = elsewhere[0] if elsewhere else key
    pattern = f"{place}*" if ": " in place else f"{file}: {place}*"
    root = write(tmp_path / "s.zarrvectors", spoil(store(), file, key, value))
    if left is None:
        with pytest.raises(strata.OpenError) as caught:
            strata.open(root)
        problem = caught.value.problem
        assert (problem.code, problem.severity) == (code, severity)
        assert matches(problem.where, pattern), problem.where
        one_line(str(problem))
        return
    (found,) = strata.open(root).geometries
    told = [(p.code, p.severity) for p in found.model.problems if matches(p.where, pattern)]
    assert told == [(code, severity)], found.model.problems
    for problem in found.model.problems:
        one_line(str(problem))
        assert problem.code in (code, "axis-order-kept"), problem
    assert [each.path for each in found.levels] == left


def test_the_table():
    ids = [row_id(row) for row in TABLE]
    assert len(set(ids)) == len(ids) > 70


def test_a_large_count_is_kept_to_be_compared(tmp_path: Path):
    files = spoil(store(), "1/zarr.json", f"{LV}.vertex_count", 10**12)
    (found,) = strata.open(write(tmp_path / "s.zarrvectors", files)).geometries
    assert found.levels[1].vertex_count == 10**12
    assert found.model.problems == ()


@pytest.mark.parametrize("file", ["zarr.json", "1/zarr.json"])
@pytest.mark.parametrize("text", ["", "{", "[1]", "7", '{"a":' * 5000, "\x00"])
def test_files_that_are_no_json_object(file: str, text: str, tmp_path: Path):
    root = write(tmp_path / "s.zarrvectors", store() | {file: text})
    if file == "zarr.json":
        with pytest.raises(strata.OpenError, match=r"^zarr\.json"):
            strata.open(root)
        return
    (found,) = strata.open(root).geometries
    assert [each.path for each in found.levels] == FEWER
    (problem,) = found.model.problems
    assert (problem.severity, problem.where) == ("error", "1/zarr.json")
    assert problem.message.endswith("the level is left out")


def test_no_level_is_left(tmp_path: Path):
    files = {"zarr.json": store()["zarr.json"]}
    with pytest.raises(strata.OpenError) as caught:
        strata.open(write(tmp_path / "s.zarrvectors", files))
    assert caught.value.problem.code == "missing-level"
    assert [p.where for p in caught.value.problems] == [
        f"zarr.json: {DS}[{i}].path" for i in range(3)
    ]


def test_a_level_that_is_a_link_out_of_the_store(tmp_path: Path):
    root = write(tmp_path / "s.zarrvectors", store(factors=(1, 2)))
    write(tmp_path / "other", {"zarr.json": level(2, 7)})
    (root / "2").symlink_to(tmp_path / "other", target_is_directory=True)
    content = store()["zarr.json"]
    write(root, {"zarr.json": content})
    (found,) = strata.open(root).geometries
    assert [each.path for each in found.levels] == ["0", "1"]
    (problem,) = found.model.problems
    assert (problem.code, problem.where) == ("link-outside", f"zarr.json: {DS}[2].path")


def test_the_same_level_under_two_paths(tmp_path: Path):
    files = store()
    files["zarr.json"]["attributes"]["multiscales"][0]["datasets"] += [
        dataset("./0", [9, 9, 9], [0, 0, 0])
    ]
    (found,) = strata.open(write(tmp_path / "s.zarrvectors", files)).geometries
    assert [each.path for each in found.levels] == ALL
    np.testing.assert_array_equal(np.diagonal(found.levels[0].declared), [1, 1, 1, 1])
    (problem,) = found.model.problems
    assert (problem.code, problem.where) == ("duplicate-path", f"zarr.json: {DS}[3].path")


def test_no_value_anywhere_raises(tmp_path: Path):
    """Each value of each file is replaced by each of several others: opened, or one line."""
    files = store(coordinateTransformations=[{"type": "scale", "scale": [1, 2, 3]}])
    files["0/geometry_index/zarr.json"] = group(graph={"array": "vertices_graph"})
    files["zarr.json"]["attributes"]["user_metadata"] = {"napari_strata": {"layer": {"a": [1]}}}
    del files["2/zarr.json"]
    files["zarr.json"]["attributes"]["multiscales"][0]["datasets"].pop()
    root = write(tmp_path / "s.zarrvectors", files)
    sound, tried, opened = strata.open(root).geometries[0].model, 0, 0
    for file, content in files.items():
        for place in places_in(content):
            for number, value in enumerate(VALUES):
                if (tried + number) % 2:  # every second value at each place
                    continue
                spoilt = copy.deepcopy(content)
                target: Any = spoilt
                for key in place[:-1]:
                    target = target[key]
                target[place[-1]] = value
                write(root, {file: spoilt})
                opened += check_one(root, sound)
                tried += 1
        write(root, {file: content})
    assert tried > 1000
    assert opened > 300


def check_one(root: Path, sound: Any) -> bool:
    """What opens has levels of its rank and finite places; what is not shown is told."""
    try:
        found = strata.open(root)
    except strata.OpenError as error:
        for problem in error.problems:
            one_line(str(problem))
        return False
    (geometry,) = found.geometries
    model = geometry.model
    for problem in (*found.problems, *model.problems):
        one_line(str(problem))
    n = model.ndim
    assert sorted(model.columns) == list(range(n))
    for each in model.levels:
        assert each.declared is None or each.declared.shape == (n + 1, n + 1)
        assert each.declared is None or np.all(np.isfinite(each.declared))
        assert each.cell is None or np.all(each.cell > 0)
        assert each.vertex_count is None or each.vertex_count >= 0
    assert model.bounds is None or np.all(np.isfinite(model.bounds))
    if len(model.levels) < len(sound.levels):
        assert any(p.severity == "error" and "level" in p.message for p in model.problems)
    return True
