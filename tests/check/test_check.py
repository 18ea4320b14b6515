"""A check as a whole: damaged stores, other formats, the order of things, and what it reads."""

from __future__ import annotations

import dataclasses
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

import napari_strata as strata
from check.stores import CONFORMING, MISSING, Files, at, changed, image04, write
from napari_strata.check import Finding, check, registry
from napari_strata.check.walk import walk
from napari_strata.samples import Sample
from napari_strata.store.container import open_container
from napari_strata.store.tree import Tree
from sampling import kind_of_place, sampled


def codes(folder: Path) -> list[tuple[str, str]]:
    return [(f.problem.code, f.problem.severity) for f in check(folder).findings]


def test_a_report_is_plain_json(tmp_path: Path):
    files = changed(
        CONFORMING["0.5 labels"], "labels/cells/zarr.json", (at("axes", 0, "unit"), "nm")
    )
    folder = write(files, tmp_path / "s.zarr")
    report = check(folder)
    (finding,) = report.findings
    assert isinstance(finding, Finding)
    assert (finding.group, finding.format) == ("labels/cells", "ome-zarr-0.5")
    assert report.summary == "0 errors, 1 warnings in 2 images"
    assert json.loads(json.dumps(report.as_json())) == {
        "path": str(folder),
        "findings": [
            {
                "code": "spec-unit",
                "severity": "warning",
                "where": "labels/cells/zarr.json: attributes.ome.multiscales[0].axes[0].unit",
                "rule": "axes: a unit has one of the listed names",
                "message": 'found "nm", expected a name from the specification\'s list, such as '
                '"micrometer" or "nanometer"',
            }
        ],
        "images": 2,
        "geometries": 0,
    }


def test_findings_are_frozen(tmp_path: Path):
    report = check(write(image04(), tmp_path / "s.zarr"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.images = 5  # type: ignore[misc]


# ------------------------------------------------------------------------------ damaged stores

DAMAGED: dict[str, tuple[Files, set[tuple[str, str]]]] = {
    "no JSON": ({**image04(), ".zattrs": "{"}, {("not-json", "error")}),
    "no JSON in Zarr v3": ({"zarr.json": "]"}, {("not-json", "error")}),
    "a list": ({**image04(), ".zattrs": "[]"}, {("not-an-object", "error")}),
    "an array that is gone": (
        {k: v for k, v in image04().items() if not k.startswith("1/")},
        {("missing-array", "error")},
    ),
    "all arrays gone": (
        {k: v for k, v in image04().items() if not k.startswith(("0/", "1/"))},
        {("missing-array", "error")},
    ),
    "an unknown codec": (
        changed(image04(), "1/.zarray", (("compressor",), {"id": "quantum"})),
        {("unknown-codec", "error")},
    ),
    "another dtype": (
        changed(image04(), "1/.zarray", (("dtype",), "<u2")),
        {("dtype-differs", "error")},
    ),
    "damaged labels": (
        {**CONFORMING["0.5 labels"], "labels/cells/zarr.json": "{"},
        {("not-json", "error")},
    ),
    "multiscales as number": (
        changed(image04(), ".zattrs", (("multiscales",), 5)),
        {("invalid-value", "error")},
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_a_finding(name: str, tmp_path: Path):
    files, expected = DAMAGED[name]
    found = {pair for pair in codes(write(files, tmp_path / "s.zarr")) if pair[1] != "info"}
    assert expected <= found
    assert {code for code, _ in found} <= {code for code, _ in expected} | {"missing-array"}


def test_one_defect_of_a_part_does_not_hide_those_of_the_others(tmp_path: Path):
    files: Files = {**CONFORMING["0.4 plate"], "A/1/0/.zattrs": "{"}
    files = changed(files, "B/2/1/.zattrs", (("multiscales", 0, "axes", 0, "unit"), "nm"))
    found = codes(write(files, tmp_path / "s.zarr"))
    assert ("not-json", "error") in found
    assert ("spec-unit", "warning") in found


def nothing(folder: Path, what: str) -> Path:
    (folder / "empty").mkdir()
    (folder / "a.tif").write_text("x")
    return folder / what


@pytest.mark.parametrize("what", ["gone.zarr", "empty", "a.tif"])
def test_where_there_is_nothing_to_check(what: str, tmp_path: Path):
    with pytest.raises(strata.OpenError):
        check(nothing(tmp_path, what))


# A value of every kind that JSON can hold, in the place of any other.
HOSTILE: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    10**400,
    "",
    "\ud800",
    "../..",
    [],
    {},
    [[]],
    [{}],
    [None],
]


def every_key(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return [path, *(found for key, item in inner for found in every_key(item, (*path, key)))]


def hostile_cases() -> list[tuple[str, str, tuple[str | int, ...]]]:
    cases = []
    for name in ("0.3", "0.4 labels", "0.5 plate", "0.5 series", "0.6 scene", "0.6 two systems"):
        for file, content in CONFORMING[name].items():
            attributes = content if file == ".zattrs" or "attributes" in content else {}
            if not isinstance(content, str) and "shape" not in content and "B/" not in file:
                cases += [(name, file, path) for path in every_key(attributes) if path]
    return cases


def report_or_refusal(folder: Path) -> Any:
    try:
        return check(folder).as_json()
    except strata.OpenError as error:
        return str(error)


def test_nothing_in_json_is_a_traceback(tmp_path: Path):
    """Each key of each kind of group in turn holds something it should not."""
    cases = [(*case, HOSTILE[k % len(HOSTILE)]) for k, case in enumerate(hostile_cases())]
    assert len(cases) > 300
    folders: dict[str, Path] = {}
    for name, file, keys, value in sampled(cases, lambda c: (c[0], kind_of_place(c[2])), most=300):
        folder = folders.setdefault(name, tmp_path / f"{name}.zarr")
        if not folder.exists():
            write(CONFORMING[name], folder)
        write({file: changed(CONFORMING[name], file, (keys, value))[file]}, folder)
        json.dumps(report_or_refusal(folder), allow_nan=False)
        write({file: CONFORMING[name][file]}, folder)


def test_transforms_nested_without_end(tmp_path: Path):
    inner: Any = {"type": "scale", "scale": [1, 1, 1]}
    for _ in range(200):
        inner = {"type": "sequence", "transformations": [inner]}
    files = changed(
        CONFORMING["0.6 two systems"],
        "zarr.json",
        (at("coordinateTransformations", 0, "transformations"), [inner]),
        (at("coordinateTransformations", 0, "type"), "sequence"),
    )
    assert check(write(files, tmp_path / "s.zarr")).images == 1


# ------------------------------------------------------------------------------ other formats


def test_other_formats_have_what_opening_finds(samples: dict[str, Sample]):
    for name, sample in samples.items():
        report = check(sample.path)
        assert report.images + report.geometries > 0, name
        assert report.count("error") == 0, (name, report.findings)
        found = {(f.problem.code, f.problem.where) for f in report.findings}
        opened = strata.open(sample.path)
        parts = (*opened.images, *opened.geometries)
        problems = [*opened.problems, *(p for part in parts for p in part.problems)]
        assert {(p.code, p.where) for p in problems} <= found, name


def test_the_format_of_an_image_that_is_no_ome_zarr(samples: dict[str, Sample]):
    findings = check(samples["cosem"].path).findings
    assert {(f.group, f.format) for f in findings} == {("labels/mito_pred", "cosem")}


# ------------------------------------------------------------------------------ the way there


@pytest.mark.parametrize("inside", ["0", "0/.zarray", ".zattrs"])
def test_a_level_or_file_stands_for_its_image(inside: str, tmp_path: Path):
    files = changed(image04(), ".zattrs", (("multiscales", 0, "axes", 1, "unit"), "nm"))
    folder = write(files, tmp_path / "s.zarr")
    assert codes(folder / inside) == [("spec-unit", "warning")]


def test_images_in_plain_folders_are_found(tmp_path: Path):
    files = changed(image04(), ".zattrs", (("multiscales", 0, "axes", 1, "unit"), "nm"))
    write(files, tmp_path / "all" / "deep" / "one.zarr")
    write(image04(), tmp_path / "all" / "two.zarr")
    report = check(tmp_path / "all")
    assert [f.group for f in report.findings] == ["deep/one.zarr"]
    assert report.images == 2


def test_a_zip_is_checked(tmp_path: Path):
    files = changed(image04(), ".zattrs", (("multiscales", 0, "axes", 1, "unit"), "nm"))
    folder = write(files, tmp_path / "s.zarr")
    with zipfile.ZipFile(tmp_path / "s.zarr.zip", "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    shutil.rmtree(folder)
    assert codes(tmp_path / "s.zarr.zip") == [("spec-unit", "warning")]


def test_nothing_outside_is_followed(tmp_path: Path):
    """A group that a link or a path leads to from inside is not checked."""
    write(changed(image04(), ".zattrs", (("multiscales", 0, "name"), 5)), tmp_path / "other.zarr")
    files = changed(
        CONFORMING["0.5 labels"],
        "labels/zarr.json",
        (("attributes", "ome", "labels"), ["x", "../../other.zarr"]),
    )
    folder = write(files, tmp_path / "s.zarr")
    (folder / "labels" / "x").symlink_to(tmp_path / "other.zarr")
    assert all("other" not in f.problem.where for f in check(folder).findings)
    assert all(f.problem.code != "invalid-value" for f in check(folder).findings)


def test_a_link_in_a_circle_ends(tmp_path: Path):
    folder = write(image04("inner"), tmp_path / "all")
    (folder / "again").symlink_to(folder)
    assert check(folder).images == 1


def test_origin_is_handed_on(samples: dict[str, Sample]):
    for origin in ("center", "corner"):
        assert check(samples["neuroglancer-n5"].path, origin=origin).images == 1  # type: ignore[arg-type]


def test_missing_is_left_out():
    files = changed(image04(), ".zattrs", (("multiscales", 0, "name"), MISSING))
    assert "name" not in files[".zattrs"]["multiscales"][0]


@pytest.mark.parametrize("name", CONFORMING)
def test_the_rules_read_each_file_once(name: str, tmp_path: Path):
    node = open_container(write(CONFORMING[name], tmp_path / "s.zarr"))
    assert list(registry.findings(walk(node).roots)) == []
    files = [file for file in CONFORMING[name] if "/OME/" not in file]
    assert set(node.tree.reads.values()) == {1}
    assert len(node.tree.reads) < 5 * len(files)


@pytest.mark.parametrize("name", CONFORMING)
def test_opening_and_the_rules_share_what_was_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trees: list[Tree] = []
    at = Tree.at

    def remember(location: Any) -> Any:
        tree, node = at(location)
        trees.append(tree)
        return tree, node

    monkeypatch.setattr(Tree, "at", remember)
    check(write(CONFORMING[name], tmp_path / "s.zarr"))
    (tree,) = trees
    assert set(tree.reads.values()) == {1}
