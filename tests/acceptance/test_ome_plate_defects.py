"""Plates with wells, fields, rows or acquisitions that are missing, wrong or contradictory."""

from __future__ import annotations

from typing import Any

import pytest
from checks import one_line, refused
from ome_stores import (
    without,
    write,
)
from plates import bad, every, fill, opened, plate

VERSIONS = ["0.4", "0.5", "0.6"]
ALL = [f"{row}/{column}" for row in "AB" for column in "123"]
SPARSE = ["A/1", "A/3", "B/2"]


# --------------------------------------------------------------------- wells that are not there


def test_a_listed_well_that_is_missing(tmp_path):
    """Common: the writer stopped early. The others open; one problem names it."""
    wells = fill(ALL)
    files = without(plate(wells), "A/2/")
    found = opened(tmp_path, files)
    for path, fields in wells.items():
        if path != "A/2":
            found.check_field(fields["0"])
    assert found.count() == 5 * 64
    (problem,) = [p for p in found.problems if p.code == "missing-well"]
    assert "wells[1]" in problem.where


@pytest.mark.parametrize(
    "attributes", [{}, {"well": {}}, {"well": []}, {"well": {"images": 7}}, {"well": None}], ids=str
)
def test_a_well_without_metadata(attributes, tmp_path):
    """The group is there and lists no image: it costs only itself, or its images are found."""
    wells = fill(SPARSE)
    files = plate(wells)
    files["A/3/.zattrs"] = attributes
    found = opened(tmp_path, files)
    for path in ("A/1", "B/2"):
        found.check_field(wells[path]["0"])
    assert [p for p in found.problems if "A/3" in p.where or "wells[1]" in p.where]


def test_a_field_that_is_missing(tmp_path):
    wells = fill(SPARSE, 2)
    found = opened(tmp_path, without(plate(wells), "A/3/1/"))
    for path, fields in wells.items():
        for name, f in fields.items():
            if (path, name) != ("A/3", "1"):
                found.check_field(f)
    (problem,) = [p for p in found.problems if p.code == "missing-field"]
    assert "A/3/.zattrs" in problem.where
    assert "images[1]" in problem.where


@pytest.mark.parametrize("path", ["../../../x", "/etc", "..", "", ".", "0/../../../x"])
def test_a_field_that_leads_away_is_named_and_not_followed(path, tmp_path):
    wells = fill(SPARSE)
    files = plate(wells)
    files["A/3/.zattrs"]["well"]["images"].append({"path": path})
    found = opened(tmp_path, files)
    for f in every(wells):
        found.check_field(f)
    assert [p for p in found.problems if "A/3/.zattrs" in p.where and "images[1]" in p.where]


@pytest.mark.parametrize("path", ["../x", "/etc", "..", "", ".", "A", "A/1/0", "C/1", "A/9", 7])
def test_a_well_that_leads_away_is_named_and_not_followed(path, tmp_path):
    """A path is a row's name, a slash, a column's name, and nothing else."""
    wells = fill(SPARSE)
    files = plate(wells)
    entry = {"path": path, "rowIndex": 0, "columnIndex": 1}
    files[".zattrs"]["plate"]["wells"].append(entry)
    found = opened(tmp_path, files)
    for f in every(wells):
        found.check_field(f)
    assert found.count() == 3 * 64
    assert [
        p
        for p in found.problems
        if p.where.endswith(("wells[3]", "wells[3].path"))
        or p.where.startswith((f"{path}/", f"{path}:"))
    ]


def test_nothing_of_a_plate_left_is_refused(tmp_path):
    files = plate(fill(SPARSE))
    for path in SPARSE:
        files = without(files, f"{path}/")
    one_line(refused(write(tmp_path / "p.zarr", files)))


# ---------------------------------------------------------------- indices against the path


@pytest.mark.parametrize(
    "wrong",
    [
        {"rowIndex": 1},
        {"columnIndex": 0},
        {"rowIndex": 1, "columnIndex": 1},
        {"rowIndex": 99},
        {"rowIndex": -1},
        {"rowIndex": "0"},
        {"rowIndex": 0.5},
        {"rowIndex": None, "columnIndex": None},
        {"columnIndex": True},
    ],
    ids=str,
)
def test_indices_that_contradict_the_path(wrong, tmp_path):
    """The path is where the data are and names row and column: it wins, and a problem says so."""
    wells = fill(ALL)
    files = plate(wells)
    files[".zattrs"]["plate"]["wells"][2] |= wrong  # A/3 is row 0, column 2
    found = opened(tmp_path, files)
    starts = {path: found.check_field(fields["0"])[1] for path, fields in wells.items()}
    assert starts["A/3"][0] == starts["A/1"][0]
    assert starts["A/3"][1] == starts["B/3"][1]
    if set(wrong.values()) != {None}:
        assert [p for p in found.problems if "wells[2]" in p.where and p.severity != "info"]


def test_a_well_listed_twice(tmp_path):
    wells = fill(SPARSE)
    files = plate(wells)
    files[".zattrs"]["plate"]["wells"].append(dict(files[".zattrs"]["plate"]["wells"][0]))
    found = opened(tmp_path, files)
    for f in every(wells):
        found.check_field(f)
    assert [p for p in found.problems if "wells[3]" in p.where]


def test_a_field_listed_twice(tmp_path):
    wells = fill(SPARSE)
    files = plate(wells)
    files["A/3/.zattrs"]["well"]["images"].append({"path": "0"})
    found = opened(tmp_path, files)
    for f in every(wells):
        found.check_field(f)
    assert [p for p in found.problems if "images[1]" in p.where]


@pytest.mark.parametrize("key", ["rows", "columns"])
@pytest.mark.parametrize("value", [None, 7, [], [7], [{"nam": "A"}], {"A": 1}], ids=str)
def test_rows_and_columns_that_are_none(key, value, tmp_path):
    """Paths still tell rows and columns apart: it opens, with a problem."""
    wells = fill(SPARSE)
    files = plate(wells)
    files[".zattrs"]["plate"][key] = value
    found = opened(tmp_path, files)
    starts = {path: found.check_field(fields["0"])[1] for path, fields in wells.items()}
    assert starts["A/1"][0] == starts["A/3"][0] < starts["B/2"][0]
    assert starts["A/1"][1] < starts["B/2"][1] < starts["A/3"][1]
    assert [p for p in found.problems if key in p.where or "wells" in p.where]


# -------------------------------------------------------------------------------- acquisitions


def two_acquisitions() -> Any:
    wells = fill(SPARSE, 4)
    for fields in wells.values():
        for name, f in fields.items():
            f.acquisition = {"0": 7, "1": 7, "2": 9, "3": 9}[name]
    return wells


@pytest.mark.parametrize("version", VERSIONS)
def test_two_acquisitions(version, tmp_path):
    """Every field of both is found once; those of one acquisition are in one image."""
    wells = two_acquisitions()
    runs = [{"id": 7, "name": "morning"}, {"id": 9, "name": "evening"}]
    found = opened(tmp_path, plate(wells, version=version, acquisitions=runs))
    images = {7: set(), 9: set()}
    for f in every(wells):
        images[f.acquisition].add(found.check_field(f)[0])
    assert [len(found) for found in images.values()] == [1, 1]
    names = {run: found.images[index].name for run, (index,) in images.items()}
    if names[7] != names[9]:
        assert "morning" in names[7]
        assert "evening" in names[9]
    assert not bad(found)


@pytest.mark.parametrize("acquisition", [8, "7", None, -1, 7.5, [7], {"id": 7}, True], ids=str)
def test_an_acquisition_that_is_not_listed(acquisition, tmp_path):
    """The field is there all the same: shown, with a problem, or left out, with an error."""
    wells = two_acquisitions()
    files = plate(wells, acquisitions=[{"id": 7, "name": "a"}, {"id": 9, "name": "b"}])
    files["A/3/.zattrs"]["well"]["images"][1]["acquisition"] = acquisition
    found = opened(tmp_path, files)
    for path, fields in wells.items():
        for name, f in fields.items():
            if (path, name) != ("A/3", "1") or found.places(f, 0):
                found.check_field(f)
    assert found.places(wells["A/3"]["1"], 0) or [
        p for p in found.problems if "images[1]" in p.where and p.severity == "error"
    ]
    assert [p for p in found.problems if "A/3/.zattrs" in p.where and "images[1]" in p.where]


@pytest.mark.parametrize(
    "runs", [7, {}, [7], [{}], [{"id": "x"}], [{"id": 7}, {"id": 7}], [{"id": -1}], None], ids=str
)
def test_acquisitions_that_are_none(runs, tmp_path):
    """Descriptive metadata: no field is lost for it."""
    wells = two_acquisitions()
    found = opened(tmp_path, plate(wells, acquisitions=runs))
    for f in every(wells):
        found.check_field(f)
    if runs is not None:  # null is as good as no list
        assert bad(found)
