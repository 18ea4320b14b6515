"""ZVF stores as zarr-vectors writes them: found by every way, and what their metadata says."""

from __future__ import annotations

import json
import os
import shutil
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from checks import one_line, run_cli
from ome_stores import array, numbered
from ome_stores import write as write_files
from test_http_requests import serving

import napari_strata as strata
from formats.zvf_files import group, write
from geometries import stores
from napari_strata.geometry import Geometry
from napari_strata.store.recognise import recognise

with warnings.catch_warnings():
    import zarr_vectors as zv  # it installs a warnings filter of its own

OLD = Path(__file__).parents[1] / "data" / "zvf_0_2.zip"
OLD_STORES = ["graph", "line", "mesh", "point_cloud", "polyline", "skeleton", "streamline"]
COUNTS = {
    "point_cloud": 6,
    "line": 4,
    "polyline": 9,
    "streamline": 9,
    "graph": 5,
    "skeleton": 5,
    "mesh": 4,
}


def only(path: Path | str) -> Geometry:
    """Open what holds one geometry without a problem."""
    found = strata.open(path)
    (geometry,) = found.geometries
    assert (found.images, found.problems, geometry.model.problems) == ((), (), ())
    return geometry.model


@pytest.fixture
def pyramid(tmp_path: Path) -> Path:
    return stores.points(tmp_path / "nuclei.zarrvectors", levels=[(2.0, 1.0), (2.0, 1.0)])


@pytest.mark.parametrize("kind", stores.WRITERS)
def test_every_kind(kind: str, tmp_path: Path):
    model = only(stores.WRITERS[kind](tmp_path / "a.zarrvectors"))
    assert (model.name, model.stored_kind, model.kind) == ("a", kind, stores.KINDS[kind])
    assert [(a.name, a.type, a.unit) for a in model.axes] == [
        (name, "space", "micrometer") for name in "zyx"
    ]
    np.testing.assert_array_equal(model.bounds, [[0, 0, 0], [400, 400, 400]])
    (level,) = model.levels
    assert (level.path, level.vertex_count) == ("0", COUNTS[kind])
    np.testing.assert_array_equal(level.cell, [50, 50, 50])
    assert level.location.metadata["kind"] == kind
    assert level.location.metadata["version"] == "0.9.2"
    assert "vertices" in level.location.metadata["arrays_present"]


@pytest.mark.parametrize("kind", [kind for kind in stores.WRITERS if kind != "point_cloud"])
def test_a_store_that_was_created_for_points(kind: str, tmp_path: Path):
    """zarr-vectors takes a store to be of points if it is not told otherwise, and adds the kind."""
    path = stores.WRITERS[kind](tmp_path / "a.zarrvectors")
    stores.change(
        path,
        "",
        lambda d: d["attributes"]["zarr_vectors"].update(geometry_types=["point_cloud", kind]),
    )
    (found,) = strata.open(path).geometries
    assert found.model.stored_kind == kind
    assert [(p.code, p.severity) for p in found.model.problems] == [("zvf-kinds", "warning")]


def test_levels_and_what_they_declare(pyramid: Path):
    model = only(pyramid)
    assert [level.path for level in model.levels] == ["0", "1", "2"]
    assert model.levels[0].vertex_count == 6
    # Bins of 50 grow to 100 and 200: the factor is the scale, half an edge the translation.
    for level, factor in zip(model.levels, (1, 2, 4), strict=True):
        expected = np.diag([factor, factor, factor, 1.0])
        expected[:3, 3] = 25 * factor
        np.testing.assert_array_equal(level.declared, expected)
        np.testing.assert_array_equal(level.cell, [50 * factor] * 3)


ORDERS = {
    "xyz": (stores.XYZ, "zyx", (2, 1, 0)),
    "zyx": (stores.ZYX, "zyx", (0, 1, 2)),
    "yxz": (tuple((n, "space", "nanometer") for n in "yxz"), "zyx", (2, 0, 1)),
    "xy": (stores.XY, "yx", (1, 0)),
    "txyz": (stores.TXYZ, "tzyx", (0, 3, 2, 1)),
}


@pytest.mark.parametrize("name", ORDERS)
def test_axis_orders(name: str, tmp_path: Path):
    axes, expected, columns = ORDERS[name]
    points = np.arange(1.0, 1 + len(axes))[None]
    model = only(stores.points(tmp_path / "a.zarrvectors", points, axes=axes))
    assert "".join(a.name for a in model.axes) == expected
    assert model.columns == columns
    units = {declared: unit for declared, _, unit in axes}
    assert [a.unit for a in model.axes] == [units[a.name] for a in model.axes]


WITHIN = [".", "zarr.json", "0", "1", "2/zarr.json", "0/vertices", "1/links"]


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        *(("nuclei.zarrvectors", opened) for opened in (*WITHIN, "0/vertices/c/0/0", "0/empty")),
        *(("nuclei", opened) for opened in WITHIN),
    ],
)
def test_whatever_is_named_in_it_opens_the_store(name: str, opened: str, pyramid: Path):
    root = pyramid.rename(pyramid.with_name(name))
    if not (root / opened).exists():
        (root / opened).mkdir(parents=True)
    dataset = strata.open(root / opened)
    (found,) = dataset.geometries
    assert Path(dataset.path) == root
    assert (found.path, found.name) == ("", "nuclei")
    assert [level.path for level in found.levels] == ["0", "1", "2"]


def test_stores_beside_images(pyramid: Path, tmp_path: Path):
    stores.mesh(tmp_path / "surface.zarrvectors")
    stores.polylines(tmp_path / "more" / "tracts")
    write_files(tmp_path / "image.zarr", array(numbered((2, 3, 4)), 3))
    dataset = strata.open(tmp_path)
    assert [image.path for image in dataset.images] == ["image.zarr"]
    assert [(g.path, g.kind) for g in dataset.geometries] == [
        ("more/tracts", "lines"),
        ("nuclei.zarrvectors", "points"),
        ("surface.zarrvectors", "mesh"),
    ]
    assert [level.path for level in dataset.geometries[1].levels] == [
        f"nuclei.zarrvectors/{i}" for i in range(3)
    ]
    assert dataset.problems == ()


def test_a_damaged_store_costs_no_other(pyramid: Path, tmp_path: Path):
    broken = stores.mesh(tmp_path / "old.zarrvectors")
    stores.change(broken, "", lambda d: d["attributes"]["zarr_vectors"].update(zv_version="0.7.0"))
    dataset = strata.open(tmp_path)
    assert [g.path for g in dataset.geometries] == [pyramid.name]
    (problem,) = dataset.problems
    assert (problem.code, problem.severity) == ("zvf-version", "error")
    assert problem.where.startswith("old.zarrvectors/zarr.json")


def zipped(folder: Path, file: Path, under: str = "") -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, str(Path(under) / path.relative_to(folder)))
    return file


@pytest.mark.parametrize("under", ["", "nuclei.zarrvectors"])
def test_in_a_zip(under: str, pyramid: Path, tmp_path: Path):
    file = zipped(pyramid, tmp_path / "nuclei.zarrvectors.zip", under)
    shutil.rmtree(pyramid)
    model = only(file)
    assert (model.name, len(model.levels)) == ("nuclei", 3)
    assert recognise(str(file))
    assert [level.path for level in only(file / "1").levels] == ["0", "1", "2"]


@pytest.mark.parametrize("listing", [False, True])
def test_over_http(pyramid: Path, listing: bool):
    with serving(pyramid.parent, listing=listing) as server:
        model = only(f"{server.url}/{pyramid.name}")
        assert (model.name, len(model.levels)) == ("nuclei", 3)
        asked = server.counted()
        assert max(asked.values()) == 1
        below = [*"012", *(f"{level}/geometry_index" for level in "012"), "parametric"]
        assert {path for _, path in asked if path.count("/") > 2} == {
            f"/{pyramid.name}/{path}/zarr.json" for path in below
        }
        server.forget()
        assert len(only(f"{server.url}/{pyramid.name}/1/zarr.json").levels) == 3
        assert len(only(f"{server.url}/{pyramid.name}/0/vertices").levels) == 3
        assert len(only(f"{server.url}/{pyramid.name}/1/links").levels) == 3


def test_the_name_alone_is_recognised(tmp_path: Path):
    for name in ("a.zarrvectors", "a.zarrvectors/0"):
        (tmp_path / name).mkdir()
        assert recognise(str(tmp_path / name))
        assert recognise(f"https://h/{name}?x=1")
    assert recognise(str(tmp_path))  # a folder of stores
    assert recognise("https://h/a.zarrvectors.zip")
    assert not recognise("https://h/a.zarrvectors.tif")


def test_composite_parts_are_named(tmp_path: Path):
    store = stores.points(tmp_path / "a.zarrvectors")
    stores.change(
        store, "", lambda d: d["attributes"]["zarr_vectors"]["geometry_types"].append("graph")
    )
    part = {"array": "vertices_graph", "vertex_count": 3, "links_array": "links_graph"}
    write(store, {"0/geometry_index/zarr.json": group(graph=part)})
    (found,) = strata.open(store).geometries
    assert found.kind == "points"
    (problem,) = found.model.problems
    assert (problem.code, problem.severity) == ("zvf-part", "error")
    assert problem.where == "0/geometry_index/zarr.json: attributes.graph"


def test_what_we_wrote_ourselves_comes_back(pyramid: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = zv.open(str(pyramid), mode="r+")
        dataset.metadata.namespace("napari_strata").update({"layer": {"name": "nuclei"}})
    assert only(pyramid).layer == {"layer": {"name": "nuclei"}}


# ------------------------------------------------------------ what zarr-vectors 0.2.0 wrote


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    with zipfile.ZipFile(OLD) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.parametrize("below", [".", "0", "0/vertices"])
@pytest.mark.parametrize("kind", OLD_STORES)
def test_old_stores_are_refused_by_name(kind: str, below: str, old: Path):
    with pytest.raises(strata.OpenError) as caught:
        strata.open(old / kind / below)
    message = one_line(str(caught.value))
    assert caught.value.problem.code == "zvf-version"
    for word in ("zv_version", "found version 0.7.0", "version 0.9", "write the data again"):
        assert word in message


def test_a_folder_and_a_zip_of_old_stores(
    old: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    for path in (old, OLD):
        with pytest.raises(strata.OpenError) as caught:
            strata.open(path)
        assert [p.where.partition("/")[0] for p in caught.value.problems] == OLD_STORES
        assert {p.code for p in caught.value.problems} == {"zvf-version"}
        code, out, err = run_cli(["inspect", os.fspath(path)], capsys, monkeypatch)
        assert (code, out) == (2, "")
        assert "found version 0.7.0" in err


def test_old_stores_are_of_that_version(old: Path):
    for kind in OLD_STORES:
        own = json.loads((old / kind / "zarr.json").read_text())["attributes"]["zarr_vectors"]
        assert (own["zv_version"], own["geometry_types"]) == ("0.7.0", [kind])
