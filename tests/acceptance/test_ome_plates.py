"""Plates and wells: a grid of fields that is exact at every level, whatever is missing in it."""

from __future__ import annotations

import numpy as np
import pytest
from checks import open_layers
from ome_stores import (
    ome_group,
    read,
    under,
    write,
)
from plates import Field, Opened, bad, codes_of, every, fill, opened, plate, well
from test_http_requests import serving

import napari_strata as strata

VERSIONS = ["0.4", "0.5", "0.6"]
ALL = [f"{row}/{column}" for row in "AB" for column in "123"]
SPARSE = ["A/1", "A/3", "B/2"]


# ---------------------------------------------------------------------------------- the grid


@pytest.mark.parametrize("version", VERSIONS)
def test_a_full_plate(version, tmp_path):
    """2 × 3 wells, 2 fields each: every voxel of every level once, nothing else."""
    wells = fill(ALL, 2)
    found = opened(tmp_path, plate(wells, version=version))
    assert len(found.images) == 1
    for f in every(wells):
        found.check_field(f)
    assert found.count() == 12 * 64
    assert not bad(found)


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_go_down_and_columns_to_the_right(version, tmp_path):
    wells = fill(ALL, 3)
    found = opened(tmp_path, plate(wells, version=version))
    boxes: dict[str, np.ndarray] = {}
    for path, fields in wells.items():
        starts = np.array([found.check_field(f)[1] for f in fields.values()])
        boxes[path] = np.array([starts.min(axis=0), starts.max(axis=0) + 8])
    for row in "AB":
        for left, right in zip("12", "23", strict=True):
            assert boxes[f"{row}/{left}"][1, 1] <= boxes[f"{row}/{right}"][0, 1]
            assert boxes[f"{row}/{left}"][0, 0] == boxes[f"{row}/{right}"][0, 0]
    for column in "123":
        assert boxes[f"A/{column}"][1, 0] <= boxes[f"B/{column}"][0, 0]
        assert boxes[f"A/{column}"][0, 1] == boxes[f"B/{column}"][0, 1]


def test_the_order_of_the_list_of_wells_does_not_matter(tmp_path):
    wells = fill(ALL)
    starts = []
    for name, paths in (("a", ALL), ("b", ALL[::-1])):
        found = opened(tmp_path, plate({path: wells[path] for path in paths}), f"{name}.zarr")
        starts.append({path: found.check_field(wells[path]["0"])[1] for path in ALL})
    assert starts[0] == starts[1]


@pytest.mark.parametrize("version", VERSIONS)
def test_wells_that_are_not_listed_leave_gaps(version, tmp_path):
    """A/1, A/3 and B/2 of 2 × 3: three columns and two rows remain."""
    wells = fill(SPARSE)
    found = opened(tmp_path, plate(wells, version=version))
    starts = {path: found.check_field(fields["0"])[1] for path, fields in wells.items()}
    assert starts["A/1"][0] == starts["A/3"][0] < starts["B/2"][0]
    assert starts["A/1"][1] < starts["B/2"][1] < starts["A/3"][1]
    assert starts["B/2"][1] - starts["A/1"][1] == starts["A/3"][1] - starts["B/2"][1]
    assert found.count() == 3 * 64
    assert not bad(found)


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_before_0_4_rows_and_columns_come_from_the_path(version, tmp_path):
    """No rowIndex and columnIndex; images without transforms (8 → 4 is scale 2, translation 0)."""
    spec = [
        ((1, 1, 1, 8, 8), [1] * 5, [0] * 5),
        ((1, 1, 1, 4, 4), [1, 1, 1, 2, 2], [0] * 5),
    ]
    wells = fill(SPARSE, levels=spec, axes="tczyx")
    files = plate(wells, indices=False)
    files[".zattrs"]["plate"]["version"] = version
    for path in SPARSE:
        attributes = files[f"{path}/0/.zattrs"]["multiscales"][0]
        attributes["version"] = version
        for dataset in attributes["datasets"]:
            del dataset["coordinateTransformations"]
        del attributes["axes"]
        if version == "0.3":
            attributes["axes"] = list("tczyx")
    found = opened(tmp_path, files)
    starts = {path: found.check_field(fields["0"])[1] for path, fields in wells.items()}
    assert starts["A/1"][-2] == starts["A/3"][-2] < starts["B/2"][-2]
    assert starts["A/1"][-1] < starts["B/2"][-1] < starts["A/3"][-1]


def test_one_layer_a_channel(tmp_path):
    """Fields of 2 channels: two layers, each with all wells."""
    spec = [
        ((2, 6, 6), [1, 0.5, 0.5], [0, 0, 0]),
        ((2, 3, 3), [1, 1, 1], [0, 0.25, 0.25]),
    ]
    wells = fill(SPARSE, levels=spec, axes="cyx")
    omero = {"channels": [{"label": "red", "color": "FF0000"}, {"label": "blue"}]}
    files = plate(wells)
    for path in SPARSE:
        files[f"{path}/0/.zattrs"]["omero"] = omero
    found = opened(tmp_path, files)
    for f in every(wells):
        found.check_field(f)
    layers = open_layers(tmp_path / "p.zarr")
    assert len(layers) == 2
    for channel, layer in enumerate(layers):
        assert layer.multiscale
        values = np.asarray(layer.data[0][...])
        for f in every(wells):
            assert np.isin(f.data(0)[channel], values).all()
            assert not np.isin(f.data(0)[1 - channel], values).any()
        assert list(layer.scale) == [0.5, 0.5]
    assert "red" in layers[0].name
    assert "blue" in layers[1].name


def test_axes_before_y_and_x_are_kept(tmp_path):
    """Only y and x become a grid: z and t are the fields' own."""
    spec = [((2, 3, 4, 4), [1, 2, 1, 1], [0, 5, 0, 0])]
    wells = fill(SPARSE, levels=spec, axes="tzyx")
    found = opened(tmp_path, plate(wells))
    assert [axis.name for axis in found.images[0].axes] == list("tzyx")
    for f in every(wells):
        _, start = found.check_field(f)
        assert start[:2] == (0, 0)
    assert found.images[0].levels[0].translate[1] == 5


# ------------------------------------------------------------------ levels stay on each other

FACTORS = {
    "9-to-5-by-2": [((9, 9), [1, 1], [0, 0]), ((5, 5), [2, 2], [0.5, 0.5])],
    "9-to-4-by-2": [((9, 9), [1, 1], [0, 0]), ((4, 4), [2, 2], [0.5, 0.5])],
    "10-to-4-by-3": [((10, 10), [1, 1], [0, 0]), ((4, 4), [3, 3], [1, 1])],
    "7-11-by-2-4": [
        ((7, 11), [1, 1], [0, 0]),
        ((4, 6), [2, 2], [0.5, 0.5]),
        ((2, 3), [4, 4], [1.5, 1.5]),
    ],
    "only-x": [((8, 9), [1, 1], [0, 0]), ((8, 5), [1, 2], [0, 0.5])],
    "2-and-3": [
        ((12, 12), [0.5, 0.5], [0, 0]),
        ((6, 6), [1, 1], [0.25, 0.25]),
        ((4, 4), [1.5, 1.5], [0.5, 0.5]),
    ],
    "translated": [((8, 8), [1, 1], [100, -7]), ((4, 4), [2, 2], [100.5, -6.5])],
    "no-half-voxel": [((8, 8), [1, 1], [0, 0]), ((4, 4), [2, 2], [0, 0])],
    "small-units": [((9, 9), [0.1, 0.1], [0, 0]), ((5, 5), [0.2, 0.2], [0.05, 0.05])],
    "odd-spacing": [((9, 9), [0.325, 0.325], [0, 0]), ((3, 3), [0.975, 0.975], [0.325, 0.325])],
}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("name", FACTORS)
def test_levels_whose_factors_do_not_divide_the_field(name, version, tmp_path):
    """Whole factors: every level is in the grid, exact for every field (not only the first)."""
    wells = fill(ALL, 2, levels=FACTORS[name])
    found = opened(tmp_path, plate(wells, version=version))
    assert len(found.images[0].levels) == len(FACTORS[name])
    for f in every(wells):
        found.check_field(f)


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param([((9, 9), [1, 1], [0, 0]), ((5, 5), [1.8, 1.8], [0.4, 0.4])], id="9-to-5"),
        pytest.param([((10, 10), [1, 1], [0, 0]), ((3, 3), [10 / 3] * 2, [0, 0])], id="10-to-3"),
        pytest.param([((8, 8), [1, 1], [0, 0]), ((5, 5), [1.7, 1.7], [0, 0])], id="1.7"),
        pytest.param([((8, 8), [1, 1], [0, 0]), ((4, 4), [2.001, 2.001], [0, 0])], id="2.001"),
    ],
)
def test_fractional_factors_are_exact_or_left_out(levels, tmp_path):
    """A level that cannot lie exactly in the grid is left out, with a problem; never shifted."""
    wells = fill(ALL, 2, levels=levels)
    found = opened(tmp_path, plate(wells))
    shown = range(len(found.images[0].levels))
    for f in every(wells):
        found.check_field(f, shown)
    if len(shown) < len(levels):
        assert [p for p in found.problems if p.severity != "info"]


def test_early_fields_of_odd_size(tmp_path):
    """0.3: 9 → 5 is a factor of exactly 1.8 in every field."""
    spec = [((9, 9), [1, 1], [0, 0]), ((5, 5), [1.8, 1.8], [0, 0])]
    wells = fill(ALL, levels=spec)
    files = plate(wells, indices=False)
    for path in ALL:
        entry = files[f"{path}/0/.zattrs"]["multiscales"][0]
        entry["axes"] = ["y", "x"]
        for dataset in entry["datasets"]:
            del dataset["coordinateTransformations"]
    found = opened(tmp_path, files)
    for f in every(wells):
        found.check_field(f, range(len(found.images[0].levels)))


# ---------------------------------------------------------------------- fields that differ


def check_or_told(found: Opened, path: str, wanted: Field) -> None:
    """Every level of a field that is shown is exact; if one is not shown, a problem names it."""
    if not found.places(wanted, 0):
        assert [p for p in found.problems if path in p.where and p.severity == "error"]
        return
    shown = [k for k in range(len(wanted.levels)) if found.places(wanted, k)]
    found.check_field(wanted, shown)
    if len(shown) < len(wanted.levels):
        assert [p for p in found.problems if p.severity != "info"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([((8, 8), [1, 1], [0, 0]), ((4, 4), [2, 2], [0, 0])], id="another-corner"),
        pytest.param([((8, 8), [1, 1], [7, 9]), ((4, 4), [2, 2], [7.5, 9.5])], id="moved"),
        pytest.param([((8, 8), [1, 1], [7, 9]), ((4, 4), [2, 2], [7, 9])], id="moved-other-corner"),
        pytest.param([((8, 8), [1, 1], [0, 0]), ((4, 4), [2, 1.5], [0.5, 0.25])], id="another-x"),
        pytest.param([((8, 8), [1, 1], [0, 0]), ((2, 2), [4, 4], [1.5, 1.5])], id="only-by-4"),
        pytest.param([((8, 8), [1, -1], [0, 0]), ((4, 4), [2, -2], [0.5, -0.5])], id="flipped"),
    ],
)
@pytest.mark.parametrize("path", ["A/1", "A/3"], ids=["the-first", "a-later-one"])
def test_a_field_whose_levels_lie_otherwise(path, other, tmp_path):
    """One affine a level holds for all fields: what does not fit it is left out, and told."""
    wells = fill(SPARSE)
    wells[path]["0"].levels = other
    found = opened(tmp_path, plate(wells))
    for one, fields in wells.items():
        check_or_told(found, one, fields["0"])
    assert sum(bool(found.places(f, 0)) for f in every(wells)) >= 2


def test_early_fields_of_different_odd_sizes(tmp_path):
    """0.3: 9 → 5 is 1.8, 8 → 4 is 2: level 1 of the two cannot have one spacing."""
    wells = fill(SPARSE)
    wells["A/3"]["0"].levels = [((9, 9), [1, 1], [0, 0]), ((5, 5), [1.8, 1.8], [0, 0])]
    for path in ("A/1", "B/2"):
        wells[path]["0"].levels = [((8, 8), [1, 1], [0, 0]), ((4, 4), [2, 2], [0, 0])]
    files = plate(wells, indices=False)
    for path in SPARSE:
        entry = files[f"{path}/0/.zattrs"]["multiscales"][0]
        entry["axes"] = ["y", "x"]
        for dataset in entry["datasets"]:
            del dataset["coordinateTransformations"]
    found = opened(tmp_path, files)
    for path, fields in wells.items():
        check_or_told(found, path, fields["0"])


def test_different_numbers_of_fields(tmp_path):
    wells = fill(ALL, [1, 4, 2, 3, 1, 7])
    found = opened(tmp_path, plate(wells))
    for f in every(wells):
        found.check_field(f)
    assert found.count() == 18 * 64
    assert "missing-field" not in codes_of(found)


def test_fields_of_different_sizes(tmp_path):
    """5 × 9 beside 8 × 8 and 16 × 4: none is cut, none lies over another."""
    wells = fill(SPARSE, 2)
    sizes = [(5, 9), (8, 8), (16, 4), (8, 8), (3, 3), (12, 12)]
    for f, (h, w) in zip(every(wells), sizes, strict=True):
        f.levels = [
            ((h, w), [1, 1], [0, 0]),
            ((-(-h // 2), -(-w // 2)), [2, 2], [0.5, 0.5]),
        ]
    found = opened(tmp_path, plate(wells))
    for f in every(wells):
        found.check_field(f)
    assert found.count() == sum(h * w for h, w in sizes)


def test_fields_with_fewer_levels(tmp_path):
    """A field without level 1 is missing there, which is told or the level is left out."""
    wells = fill(SPARSE)
    wells["A/3"]["0"].levels = wells["A/3"]["0"].levels[:1]
    found = opened(tmp_path, plate(wells))
    for f in every(wells):
        found.check_field(f, range(min(len(f.levels), len(found.images[0].levels))))
    assert bad(found), "a field that vanishes when one zooms out is not said"


def test_fields_of_another_spacing_are_not_shown_at_this_one(tmp_path):
    """Half the voxel size in one well: in the grid's scale it would be twice as large."""
    wells = fill(SPARSE)
    wells["A/3"]["0"].levels = [((8, 8), [0.5, 0.5], [0, 0]), ((4, 4), [1, 1], [0.25, 0.25])]
    found = opened(tmp_path, plate(wells))
    for path in ("A/1", "B/2"):
        found.check_field(wells[path]["0"])
    if found.places(wells["A/3"]["0"], 0):  # shown: then at its own scale, in another image
        found.check_field(wells["A/3"]["0"])
    else:
        assert [p for p in found.problems if "A/3" in p.where and p.severity == "error"]


def test_a_field_of_another_dtype(tmp_path):
    wells = fill(SPARSE)
    wells["A/3"]["0"].dtype = "float32"
    found = opened(tmp_path, plate(wells))
    for path in ("A/1", "B/2"):
        found.check_field(wells[path]["0"])
    differing = wells["A/3"]["0"]
    if found.places(differing, 0):
        found.check_field(differing)
    else:
        assert [p for p in found.problems if "A/3/0" in p.where and p.severity == "error"]


def test_a_field_with_other_axes(tmp_path):
    wells = fill(SPARSE)
    wells["B/2"]["0"] = Field(9001, [((2, 8, 8), [1, 1, 1], [0, 0, 0])], axes="zyx")
    found = opened(tmp_path, plate(wells))
    for path in ("A/1", "A/3"):
        found.check_field(wells[path]["0"])
    assert [p for p in found.problems if "B/2/0" in p.where and p.severity == "error"]


@pytest.mark.parametrize("first", [True, False], ids=["the-first", "a-later-one"])
def test_a_damaged_field_costs_only_itself(first, tmp_path):
    wells = fill(SPARSE, 2)
    files = plate(wells)
    path = "A/1/0" if first else "B/2/1"
    files[f"{path}/.zattrs"] = "{"
    found = opened(tmp_path, files)
    for well_path, fields in wells.items():
        for name, f in fields.items():
            if f"{well_path}/{name}" == path:
                assert not found.places(f, 0)
            else:
                found.check_field(f)
    assert [p for p in found.problems if f"{path}/.zattrs" in p.where and p.severity == "error"]


@pytest.mark.parametrize("file", [".zarray", ".zattrs"])
def test_a_damaged_level_of_one_field(file, tmp_path):
    """Level 1 of one field is gone: its level 0 stays, and all of the others."""
    wells = fill(SPARSE)
    files = plate(wells)
    if file == ".zarray":
        files["A/3/0/1/.zarray"] = "{"
    else:
        files["A/3/0/.zattrs"]["multiscales"][0]["datasets"][1]["coordinateTransformations"] = 7
    found = opened(tmp_path, files)
    for path in ("A/1", "B/2"):
        found.check_field(wells[path]["0"], range(len(found.images[0].levels)))
    found.check_field(wells["A/3"]["0"], [0])
    assert [p for p in found.problems if "A/3/0" in p.where and p.severity == "error"]


# ------------------------------------------------------------------------- parts of a plate


@pytest.mark.parametrize("version", VERSIONS)
def test_a_well_opened_by_itself(version, tmp_path):
    """A grid comes first; the fields may be offered one by one besides, at their own places."""
    wells = fill(SPARSE, 3)
    root = write(tmp_path / "p.zarr", plate(wells, version=version))
    found = Opened(strata.open(root / "A/3"), only_first=True)
    for f in wells["A/3"].values():
        found.check_field(f)
    for path in ("A/1", "B/2"):
        assert not any(found.places(f, 0) for f in wells[path].values())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_well_without_a_plate(version, tmp_path):
    fields = fill(["A/1"], 4)["A/1"]
    root = write(tmp_path / "w.zarr", well(fields, version))
    found = Opened(strata.open(root), only_first=True)
    for f in fields.values():
        found.check_field(f)
    assert not bad(found)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_field_opened_by_itself(version, tmp_path):
    wells = fill(SPARSE, 2)
    root = write(tmp_path / "p.zarr", plate(wells, version=version))
    (found,) = strata.open(root / "A/3/1").images
    np.testing.assert_array_equal(read(found.levels[0]), wells["A/3"]["1"].data(0))
    assert [list(level.translate) for level in found.levels] == [[0, 0], [0.5, 0.5]]


def test_labels_of_fields_are_not_lost_silently(tmp_path):
    """Labels of a well's field: in the grid, offered, or a problem says that they are not shown."""
    wells = fill(SPARSE)
    files = plate(wells)
    own = Field(50_001).files("0.4")
    files |= under("A/3/0/labels", ome_group({"labels": ["n"]}), under("n", own))
    root = write(tmp_path / "p.zarr", files)
    (label,) = [found for found in strata.open(root / "A/3/0").images if found.kind == "labels"]
    np.testing.assert_array_equal(read(label.levels[0]), Field(50_001).data(0))


# ---------------------------------------------------------------------------------- reads


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_each_metadata_file_is_read_once(version, tmp_path):
    """Over HTTP, without a listing: no file twice, and every file of plate, wells, fields."""
    wells = fill(ALL, 2)
    files = plate(wells, version=version)
    write(tmp_path / "p.zarr", files)
    metadata = {path for path in files if path.endswith((".zattrs", ".zarray", "zarr.json"))}
    needed = {path for path in metadata if path.count("/") != 1 or "zarr" not in path}
    with serving(tmp_path, listing=False) as server:
        dataset = strata.open(f"{server.url}/p.zarr")
        counted = server.counted()
    assert len(dataset.images) == 1
    twice = {key: count for key, count in counted.items() if count > 1}
    assert not twice
    asked = {path.removeprefix("/p.zarr/") for _, path in counted}
    rows = {path for path in needed if path.split("/")[0] in "AB" and path.count("/") == 1}
    assert needed - rows <= asked
    chunks = {p for p in asked if p in files and p not in metadata and not p.endswith(".zgroup")}
    assert not chunks, "opening reads no pixels"
