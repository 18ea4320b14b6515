"""Fields that cannot stand in one grid: of other channels, runs, systems, or absurd numbers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from ome_stores import (
    Files,
    array,
    axes_of,
    group,
    multiscale,
    numbered,
    ome_group,
    serious,
    under,
    write,
)
from plates import Field, Wells, every, fill, opened, plate
from voxels import pictures_of, place_of, places_of

import napari_strata as strata

PAIR = ["A/1", "B/2"]
MOST = 2**62  # tensorstore's largest index

# ---------------------------------------------------------------------------- acquisitions


def test_acquisitions_share_the_places_of_their_wells(tmp_path):
    """Two fields a well in one acquisition, one in the other: well B/2 is one place in both."""
    wells: Wells = {}
    for k, path in enumerate(["A/1", "A/3", "B/2"]):
        wells[path] = {
            name: Field(10001 + 1000 * (3 * k + i), acquisition=number)
            for i, (name, number) in enumerate([("0", 0), ("1", 0), ("2", 1)])
        }
    runs = [{"id": 0, "name": "live"}, {"id": 1, "name": "fixed"}]
    dataset = opened(tmp_path, plate(wells, acquisitions=runs)).dataset
    live, fixed = pictures_of(dataset)
    for fields in wells.values():
        assert place_of(live, fields["0"].first) == place_of(fixed, fields["2"].first)
        assert place_of(live, fields["1"].first) != place_of(live, fields["0"].first)


def test_acquisitions_in_folders_and_in_wells(tmp_path):
    """Two folders of wells, two acquisitions in each: four grids, each field there whole."""
    wells = {
        f"{folder}/A/1": {
            name: Field(10001 + 1000 * (2 * k + i), acquisition=i) for i, name in enumerate("01")
        }
        for k, folder in enumerate("xy")
    }
    files = plate({}, rows="A", columns=("1",))
    files[".zattrs"]["plate"]["wells"] = [{"path": path} for path in wells]
    for path, fields in wells.items():
        inner = plate({"A/1": fields}, rows="A", columns=("1",))
        files |= {
            f"{path[0]}/{name}": content for name, content in inner.items() if name.startswith("A/")
        }
    found = opened(tmp_path, files)
    for one in every(wells):
        found.check_field(one)
    assert len(found.images) == 4
    assert found.count() == 4 * 64


def test_a_dot_in_a_wells_path_is_no_acquisition(tmp_path):
    """ "./A/1" and "B/2" are wells of one plate."""
    wells = fill(PAIR)
    files = plate(wells)
    files[".zattrs"]["plate"]["wells"][0]["path"] = "./A/1"
    found = opened(tmp_path, files)
    assert len(found.images) == 1
    for one in every(wells):
        found.check_field(one)


# ------------------------------------------------------------------- fields unlike each other


def coloured(files: Files, path: str, *names: str) -> Files:
    """Name the channels of a field."""
    shown = {"color": "FFFFFF", "window": {"min": 0, "max": 9, "start": 0, "end": 9}}
    channels = [shown | {"label": name} for name in names]
    files[f"{path}/.zattrs"]["omero"] = {"channels": channels}
    return files


def channel_wells(paths: list[str]) -> Wells:
    levels: Any = [((2, 8, 8), [1, 1, 1], [0, 0, 0])]
    return fill(paths, levels=levels, axes="cyx")


def test_a_field_with_other_channels_is_not_shown_under_wrong_names(tmp_path):
    """A/1 and A/3 have DAPI, GFP; B/2 has GFP, DAPI: it is not under DAPI, and that is said."""
    wells = channel_wells(["A/1", "A/3", "B/2"])
    files = plate(wells)
    for path in ("A/1/0", "A/3/0"):
        coloured(files, path, "DAPI", "GFP")
    coloured(files, "B/2/0", "GFP", "DAPI")
    dataset = opened(tmp_path, files).dataset
    for found in pictures_of(dataset):
        names = [channel.label for channel in found.display.channels]
        for path, here in (("A/1", 0), ("A/3", 0), ("B/2", 1)):
            for at in places_of(found, wells[path]["0"].first):
                assert names[int(at["c"])] == ("DAPI" if here == 0 else "GFP")
    assert "field-differs" in serious(dataset)
    assert places_of(pictures_of(dataset)[0], wells["A/3"]["0"].first)


def test_fields_with_other_channels_and_voxels(tmp_path):
    """Two fields are alike in their voxels, three others in their channels: one grid or another.

    The alike ones and the others are no grid together, so at least one field is not shown.
    """
    paths = ["A/1", "A/2", "A/3", "B/1", "B/2"]
    wells = channel_wells(paths)
    for path, step in zip(paths[2:], (2, 3, 5), strict=True):
        wells[path]["0"].levels = [((2, 8, 8), [1, step, step], [0, 0, 0])]
    files = plate(wells)
    for index, path in enumerate(paths):
        coloured(files, f"{path}/0", *(("a", "b") if index < 2 else ("c", "d")))
    dataset = opened(tmp_path, files).dataset
    for found in pictures_of(dataset):
        names = [channel.label for channel in found.display.channels]
        for index, path in enumerate(paths):
            for at in places_of(found, wells[path]["0"].first):
                assert names[int(at["c"])] == ("a" if index < 2 else "c")
                assert found.levels[0].scale[-1] == wells[path]["0"].levels[0][1][-1]
    assert "field-differs" in serious(dataset)


def six(step: dict[str, Any], moved: list[float] | None, first: int) -> Files:
    """Return an image of 0.6 by its only transform, with a system "stage" if it is moved."""
    axes = axes_of("yx")
    ends = {"input": {"path": "0"}, "output": {"name": "physical"}}
    entry: dict[str, Any] = {
        "coordinateSystems": [{"name": "physical", "axes": axes}],
        "datasets": [{"path": "0", "coordinateTransformations": [step | ends]}],
    }
    if moved is not None:
        entry["coordinateSystems"].append({"name": "stage", "axes": axes})
        entry["coordinateTransformations"] = [
            {
                "type": "translation",
                "translation": moved,
                "input": {"name": "physical"},
                "output": {"name": "stage"},
            }
        ]
    files = ome_group({"multiscales": [entry]}, "0.6")
    return files | under("0", array(numbered((8, 8), "uint32", first), 3))


def plate_of(fields: dict[str, Files], version: str) -> Files:
    """Return a plate whose fields are files."""
    files = plate(fill(list(fields)), version=version)
    files = {p: c for p, c in files.items() if not any(p.startswith(f"{f}/0/") for f in fields)}
    for path, content in fields.items():
        files |= under(f"{path}/0", content)
    return files


def test_a_grid_is_in_no_system_of_a_field(tmp_path):
    """Each field has its own place on the stage; the grid as a whole has none there."""
    step = {"type": "scale", "scale": [1, 1]}
    places = {"A/1": [5, 7], "B/2": [1005, 7]}
    fields = {p: six(step, moved, 1000 * k + 1) for k, (p, moved) in enumerate(places.items())}
    root = write(tmp_path / "p.zarr", plate_of(fields, "0.6"))
    (found,) = strata.open(root).images
    assert found.systems == ()
    with pytest.raises(strata.OpenError, match="stage"):
        found.in_system("stage")
    for k, (path, moved) in enumerate(places.items()):
        (one,) = strata.open(root / path).images
        assert list(place_of(one.in_system("stage"), 1000 * k + 1).values()) == moved


def test_sheared_fields_are_refused_or_shown_where_they_are(tmp_path):
    """y += x / 2: no grid of them; whatever is shown of them is sheared."""
    step = {"type": "affine", "affine": [[1, 0.5, 0], [0, 1, 0]]}
    fields = {path: six(step, None, 1000 * k + 1) for k, path in enumerate(PAIR)}
    root = write(tmp_path / "p.zarr", plate_of(fields, "0.6"))
    dataset = strata.open(root)
    (problem,) = [p for p in dataset.problems if p.code == "no-grid"]
    assert problem.severity == "error"
    assert "turned or sheared" in problem.message
    by_path = {found.path: found for found in dataset.images}
    assert set(by_path) == {"A/1/0", "B/2/0"}
    for k, path in enumerate(PAIR):
        assert place_of(by_path[f"{path}/0"], 1000 * k + 64) == {"y": 10.5, "x": 7}
        (one,) = strata.open(root / path).images
        assert place_of(one, 1000 * k + 64) == {"y": 10.5, "x": 7}


# ------------------------------------------------------------------------------- hostile fields

HOSTILE: dict[str, Any] = {
    "absurd-ratio": {"0": ((8, 8), [1e-200] * 2, [0, 0]), "1": ((8, 8), [1e200] * 2, [0, 0])},
    "absurd-moves": {
        "0": ((8, 8), [1e-300, 1], [1e300, 0]),
        "1": ((4, 4), [2e-300, 2], [-1e300, 0]),
    },
    "below-rounding": {"0": ((8, 8), [1e-300, 1e-300], [0, 1e300])},
    "huge": {"0": ((2**61, 2**61), [1, 1], [0, 0])},
    "huge-in-y": {"0": ((2**61, 8), [1, 1], [0, 0])},
}


def hollow(levels: dict[str, Any]) -> Files:
    """Return an image whose arrays have no chunk."""
    files = group({"multiscales": [multiscale("yx", {k: v[1:] for k, v in levels.items()})]})
    for path, (shape, _, _) in levels.items():
        metadata = array((1, 1))[".zarray"] | {"shape": list(shape), "chunks": [64, 64]}
        files |= under(path, {".zarray": metadata})
    return files


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_numbers_are_refused_or_told(case, tmp_path):
    """No crash, no index that cannot be, and no two fields at one place without a word."""
    fields = {f"A/{k}": hollow(HOSTILE[case]) for k in range(1, 13)}
    files = plate_of_columns(fields)
    try:
        dataset = strata.open(write(tmp_path / "p.zarr", files))
    except strata.OpenError:
        return
    for found in pictures_of(dataset):
        for level in found.levels:
            assert max(level.shape) < MOST
            assert np.isfinite(level.affine).all()
            assert apart(level) or serious(dataset)


def plate_of_columns(fields: dict[str, Files]) -> Files:
    """Return a plate of one row, a field a well."""
    columns = tuple(path.split("/")[1] for path in fields)
    files = plate(fill(list(fields)), rows="A", columns=columns)
    files = {p: c for p, c in files.items() if p.count("/") < 3}
    for path, content in fields.items():
        files |= under(f"{path}/0", content)
    return files


def apart(level: Any) -> bool:
    """Tell whether the tiles of one row of wells lie beside each other."""
    tiles = sorted(getattr(level._model.location, "tiles", ()), key=lambda tile: tile.offset[1])
    return all(b.offset[1] >= a.offset[1] + a.shape[1] for a, b in pairwise(tiles))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_coarse_level_larger_than_its_field_covers_no_other(version, tmp_path):
    """Level 1 reaches 32 µm where level 0 reaches 8: every voxel of both is still to be seen."""
    levels: Any = [((8, 8), [1, 1], [0, 0]), ((16, 16), [2, 2], [0.5, 0.5])]
    wells = fill(["A/1", "A/2", "B/1"], 2, levels=levels)
    found = opened(tmp_path, plate(wells, version=version))
    for one in every(wells):
        found.check_field(one)
    assert sum(int((a != 0).sum()) for (_, k), a in found.arrays.items() if k == 1) == 6 * 256
