"""Checking ZVF: the published page's rules one by one, and zarr-vectors' own validation."""

from __future__ import annotations

import json
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from arrays.conftest import FolderServer
from check.cases_zvf import CASES, FILE, store, without_bins
from check.stores import Files, changed, image05, write
from check.test_check import HOSTILE, every_key, report_or_refusal
from geometries import stores
from napari_strata import cli
from napari_strata.check import Finding, Report, check, registry, zvf_library
from napari_strata.check.walk import walk
from napari_strata.store.container import open_container

NAME = "s.zarrvectors"
PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
LEVELS = [(2, 1.0), (2, 1.0)]

Found = list[tuple[str, str, str]]


def told(findings: list[Finding]) -> Found:
    return [(f.problem.code, f.problem.severity, f.problem.where) for f in findings]


def ruled(folder: Path) -> Found:
    """What the page's rules find by themselves."""
    found = walk(open_container(folder))
    assert found.roots == []
    return told([finding for _, finding in registry.of_page(found.stores)])


def of(report: Report, source: str) -> Found:
    """What one of the three sources finds: ``zvf``, ``published page`` or ``zarr-vectors``."""
    wanted = "zvf" if source == "zvf" else f"zvf, {source}"
    return told([f for f in report.findings if f.format == wanted])


# --------------------------------------------------------------------------- the published page


@pytest.mark.parametrize("name", CASES)
def test_a_broken_rule_is_found_once_at_its_place(name: str, tmp_path: Path):
    files, expected = CASES[name]
    assert sorted(ruled(write(files, tmp_path / NAME))) == sorted(expected)


def test_a_store_as_the_page_has_it_keeps_all_rules(tmp_path: Path):
    assert ruled(write(store(), tmp_path / NAME)) == []


def test_every_rule_of_the_page_is_broken_by_a_case(tmp_path: Path):
    broken = set()
    for number, (files, _) in enumerate(CASES.values()):
        found = walk(open_container(write(files, tmp_path / f"{number}.zarrvectors")))
        broken |= {(f.problem.code, f.rule) for _, f in registry.of_page(found.stores)}
    rules = {(r.code, f"{r.section}: {r.text}") for r in registry.rules(registry.ZVF)}
    assert rules - broken == set()


def test_the_page_of_the_docs_lists_exactly_the_rules_there_are():
    table = PAGE.partition("## ZVF")[2].partition("| --- | --- | --- | --- |\n")[2]
    rows = table.partition("\n\n")[0].splitlines()
    listed = [tuple(cell.strip() for cell in row.strip("| ").split(" | ")) for row in rows]
    rules = [
        (f"`{r.code}`", r.severity, r.section.removeprefix("published page, "), r.text)
        for r in registry.rules(registry.ZVF)
    ]
    assert listed == rules


def test_each_file_is_read_once(tmp_path: Path):
    node = open_container(write(store(), tmp_path / NAME))
    assert list(registry.of_page(walk(node).stores)) == []
    assert set(node.tree.reads.values()) == {1}
    assert len(node.tree.reads) < 12


def test_a_store_without_a_block_of_its_own_is_told_by_its_multiscales(tmp_path: Path):
    files = changed(store(), FILE, (("attributes", "zarr_vectors"), {}))
    assert ruled(write(files, tmp_path / NAME)) == []


@pytest.mark.parametrize("sources", [store, without_bins], ids=["as the page", "as written"])
def test_nothing_in_json_is_a_traceback(sources: Callable[[], Files], tmp_path: Path):
    """Each key in turn holds something it should not; the library's levels are made too."""
    files = sources()
    folder = write(files, tmp_path / NAME)
    cases = [
        (file, keys) for file in (FILE, f"1/{FILE}") for keys in every_key(files[file]) if keys
    ]
    assert len(cases) > 60
    for number, (file, keys) in enumerate(cases):
        value = HOSTILE[number % len(HOSTILE)]
        write({file: changed(files, file, (keys, value))[file]}, folder)
        json.dumps(report_or_refusal(folder), allow_nan=False)
        write({file: files[file]}, folder)


# ------------------------------------------------------------------------------- sound stores


@pytest.mark.parametrize("kind", stores.WRITERS)
def test_a_store_that_zarr_vectors_has_written_has_no_errors(kind: str, tmp_path: Path):
    folder = stores.WRITERS[kind](tmp_path / NAME, levels=LEVELS)
    report = check(folder)
    assert (report.count("error"), report.images, report.geometries) == (0, 0, 1)
    missing = [
        ("zvf-missing-key", "warning", f"{FILE}: attributes.multiscales[0].{key}")
        for key in ("type", "datasets[0]", "datasets[1]", "datasets[2]")
    ]
    assert of(report, "published page") == missing
    assert {code for code, _, _ in of(report, "zarr-vectors")} <= {"zvf-library-l4"}


@pytest.mark.parametrize("axes", [stores.XY, stores.ZYX, stores.TXYZ], ids=["xy", "zyx", "txyz"])
def test_any_axes_will_do(axes: Any, tmp_path: Path):
    n = len(axes)
    folder = stores.points(tmp_path / NAME, stores.POINTS[:, [0, 1, 2, 0]][:, :n], axes=axes)
    assert check(folder).count("error") == 0


def completed(folder: Path) -> Path:
    """Add to a store of zarr-vectors what the page wants."""

    def add(document: dict[str, Any]) -> None:
        entry = document["attributes"]["multiscales"][0]
        entry["type"] = "zarr_vectors_multiscale"
        for number, dataset in enumerate(entry["datasets"]):
            scale, translation = dataset["coordinateTransformations"]
            dataset["level"] = number
            dataset["bin_ratio"] = [int(r) for r in scale["scale"]]
            dataset["bin_shape"] = [2 * t for t in translation["translation"]]

    stores.change(folder, "", add)
    return folder


def test_a_store_with_all_the_page_wants_has_no_findings(tmp_path: Path):
    report = check(completed(stores.polylines(tmp_path / NAME, levels=LEVELS)))
    assert [f for f in report.findings if f.problem.severity != "info"] == []


@pytest.mark.parametrize("inside", ["0", "1/vertices", "zarr.json", "0/zarr.json"])
def test_a_part_stands_for_its_store(inside: str, tmp_path: Path):
    folder = stores.points(tmp_path / NAME, levels=LEVELS)
    assert len(of(check(folder / inside), "published page")) == 4


def test_stores_below_a_folder_are_found_beside_images(tmp_path: Path):
    stores.lines(tmp_path / "all" / "deep" / "one.zarrvectors")
    completed(stores.mesh(tmp_path / "all" / "two.zarrvectors"))
    image = changed(image05(), FILE, (("attributes", "ome", "multiscales", 0, "name"), 5))
    write(image, tmp_path / "all" / "cells.zarr")
    report = check(tmp_path / "all")
    assert (report.images, report.geometries) == (1, 2)
    assert report.summary == "1 errors, 2 warnings in 1 images, 2 geometries"
    groups = {(f.group, f.format) for f in report.findings if f.problem.severity != "info"}
    assert groups == {
        ("cells.zarr", "ome-zarr-0.5"),
        ("deep/one.zarrvectors", "zvf, published page"),
    }


def test_what_is_found_stands_below_its_store(tmp_path: Path):
    for name in ("one", "two"):
        stores.points(tmp_path / "all" / f"{name}.zarrvectors", levels=LEVELS)
    headings = groupby(check(tmp_path / "all").findings, key=lambda f: (f.group, f.format))
    assert [heading for heading, _ in headings] == [
        ("one.zarrvectors", "zvf, published page"),
        ("one.zarrvectors", "zvf, zarr-vectors"),
        ("two.zarrvectors", "zvf, published page"),
        ("two.zarrvectors", "zvf, zarr-vectors"),
    ]


# ----------------------------------------------------------------------- zarr-vectors' validation


def gone(folder: Path) -> None:
    shutil.rmtree(folder / "0" / "vertices")


def undivided(folder: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["attributes"]["zarr_vectors"]["chunk_shape"] = [100.0, 100.0, 70.0]

    stores.change(folder, "", change)


def truncated(folder: Path) -> None:
    chunk = min(p for p in (folder / "0" / "vertices" / "c").rglob("*") if p.is_file())
    chunk.write_bytes(chunk.read_bytes()[:-7])


def renamed(folder: Path) -> None:
    (folder / "1").rename(folder / "2")

    def change(document: dict[str, Any]) -> None:
        document["attributes"]["multiscales"][0]["datasets"][1]["path"] = "2"

    stores.change(folder, "", change)


def unopened(folder: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["attributes"]["zarr_vectors"]["bounds"] = 5

    stores.change(folder, "", change)


def halted(folder: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["attributes"]["zarr_vectors"]["geometry_types"] = 5

    stores.change(folder, "", change)


LIBRARY: dict[str, tuple[Callable[[Path], None], tuple[str, str]]] = {
    "no vertices: structure": (gone, ("zvf-library-l1", f"0/{FILE}")),
    "bins that do not divide cells: metadata": (undivided, ("zvf-library-l2", FILE)),
    "a truncated chunk: consistency": (truncated, ("zvf-library-l3", f"0/{FILE}")),
    "levels 0 and 2: multiresolution": (renamed, ("zvf-library-l5", FILE)),
    "it cannot open the store": (unopened, ("zvf-library-l1", FILE)),
    "it stops within a level": (halted, ("zvf-library-l3", FILE)),
}


def library(folder: Path) -> Found:
    (found,) = walk(open_container(folder)).stores
    return told(list(zvf_library.findings(found)))


@pytest.mark.parametrize("name", LIBRARY)
def test_what_the_library_finds_has_its_level(name: str, tmp_path: Path):
    damage, (code, where) = LIBRARY[name]
    folder = stores.polylines(tmp_path / NAME, levels=LEVELS[:1])
    damage(folder)
    assert set(library(folder)) == {(code, "error", where)}


def test_its_warnings_are_warnings(tmp_path: Path):
    """Levels of points are joined by links, of which its level 4 warns."""
    folder = stores.points(tmp_path / NAME, levels=LEVELS)
    assert library(folder) == [("zvf-library-l4", "warning", FILE)]


def test_what_two_levels_find_is_told_once_each(tmp_path: Path):
    """Its level 4 repeats what level 3 finds, and level 5 both."""
    folder = stores.points(tmp_path / NAME)
    truncated(folder)
    assert library(folder) == [
        ("zvf-library-l3", "error", f"0/{FILE}"),
        ("zvf-library-l4", "warning", FILE),
    ]


def test_its_sentences_are_kept_and_its_filters_are_not(tmp_path: Path):
    folder = stores.polylines(tmp_path / NAME)
    undivided(folder)
    (found,) = walk(open_container(folder)).stores
    before = list(warnings.filters)
    (finding,) = zvf_library.findings(found)
    assert list(warnings.filters) == before
    assert finding.rule == "zarr-vectors: level 2, metadata"
    message = "chunk_shape[2]=70.0 not integer multiple of base_bin_shape[2]=50.0"
    assert finding.problem.message == message


def test_stores_that_would_take_long_are_not_read_whole(tmp_path: Path):
    """No matter whether the number is true: levels 1 and 2 are made, the others left out."""
    folder = stores.points(tmp_path / NAME, levels=LEVELS)
    undivided(folder)

    def change(document: dict[str, Any]) -> None:
        document["attributes"]["zarr_vectors_level"]["vertex_count"] = 10**12

    stores.change(folder, "0", change)
    assert library(folder) == [
        ("zvf-library-l2", "error", FILE),
        ("zvf-library-left-out", "info", f"{FILE}: attributes"),
    ]


@pytest.mark.parametrize("table", ["0/object_index/manifests", "1/object_index/manifests"])
def test_a_number_of_objects_that_lies_is_not_believed(table: str, tmp_path: Path):
    """A million rows, one a file, of which a few are there: the library would ask for each."""
    folder = stores.polylines(tmp_path / NAME, levels=LEVELS[:1])

    def change(document: dict[str, Any]) -> None:
        document["shape"] = [1_000_000]
        document["chunk_grid"]["configuration"]["chunk_shape"] = [1]

    stores.change(folder, table, change)
    (found,) = walk(open_container(folder)).stores
    (finding,) = zvf_library.findings(found)
    assert finding.problem.code == "zvf-library-left-out"
    assert finding.rule == "zarr-vectors: levels 3 to 5"
    assert f"{table}: it declares 1000000 rows" in finding.problem.message


# ----------------------------------------------------------------------------- zip and server


def zipped(folder: Path, archive: Path, prefix: str) -> Path:
    with zipfile.ZipFile(archive, "w") as out:
        for path in folder.rglob("*"):
            if path.is_file():
                out.write(path, f"{prefix}{path.relative_to(folder)}")
    return archive


@pytest.mark.parametrize("prefix", ["", f"{NAME}/"], ids=["at its top", "in a folder"])
def test_a_zip_is_checked(prefix: str, tmp_path: Path):
    folder = stores.polylines(tmp_path / NAME, levels=LEVELS[:1])
    undivided(folder)
    found = library(zipped(folder, tmp_path / f"{NAME}.zip", prefix))
    assert [(code, severity) for code, severity, _ in found] == [("zvf-library-l2", "error")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FolderServer]:
    served = FolderServer(tmp_path)
    yield served
    served.close()


@pytest.mark.parametrize(
    ("lists", "code", "severity"),
    [(True, "zvf-library-l2", "error"), (False, "zvf-library-left-out", "info")],
    ids=["lists", "does not list"],
)
def test_a_store_on_a_server(
    lists: bool, code: str, severity: str, tmp_path: Path, server: FolderServer
):
    folder = stores.polylines(tmp_path / NAME, levels=LEVELS[:1])
    undivided(folder)
    server.lists = lists
    url = f"{server.url}/{NAME}"
    (found,) = walk(open_container(url)).stores
    told_there = told(list(zvf_library.findings(found)))
    assert [(c, s) for c, s, _ in told_there] == [(code, severity)]


# ------------------------------------------------------------------------- the command as a whole


def ended(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["check", *arguments])
    code = stopped.value.code
    assert isinstance(code, int)
    return code


def test_it_ends_with_0_where_keys_are_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = stores.lines(tmp_path / NAME)
    assert ended([str(folder)]) == 0
    out = capsys.readouterr().out
    assert "\n.  zvf, published page\nwarning zvf-missing-key zarr.json: " in out
    assert out.endswith("\n0 errors, 2 warnings in 1 geometries\n")


def test_it_ends_with_1_where_a_rule_is_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = completed(stores.polylines(tmp_path / NAME))
    keys = ("multiscales", 0, "datasets", 0, "bin_ratio")

    def change(document: dict[str, Any]) -> None:
        holder: Any = document["attributes"]
        for key in keys[:-1]:
            holder = holder[key]
        holder[keys[-1]] = [2, 2, 2]

    stores.change(folder, "", change)
    assert ended(["--json", str(folder)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["geometries"]) == (0, 1)
    assert {f["rule"] for f in found["findings"] if f["severity"] == "error"} == {
        "published page, datasets: level 0 has bin_ratio 1 along every axis",
        "published page, datasets: bin_shape is base_bin_shape times bin_ratio",
        "published page, coordinateTransformations: scale is bin_ratio",
    }


def test_it_ends_with_2_where_there_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert ended([str(tmp_path / NAME)]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kind", ["point_cloud", "mesh"])
def test_a_version_that_is_not_read_is_an_error_by_name(kind: str, tmp_path: Path):
    """Written by zarr-vectors 0.2.0, as 0.7.0; the library would find it empty."""
    archive = Path(__file__).parents[1] / "data" / "zvf_0_2.zip"
    with zipfile.ZipFile(archive) as files:
        files.extractall(tmp_path)
    report = check(tmp_path / kind)
    place = f"{FILE}: attributes.zarr_vectors.zv_version"
    assert of(report, "zvf") == [("zvf-version", "error", place)]
    assert of(report, "zarr-vectors") == []
    assert {code for code, _, _ in of(report, "published page")} == {"zvf-missing-key"}
    assert report.geometries == 0
    assert ended([str(tmp_path / kind)]) == 1
