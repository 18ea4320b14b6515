"""Plates and wells written by ome-zarr-py, in every version it can write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata

from .conftest import Served
from .expected import check_grid
from .ome_zarr_py import EARLY, FORMATS, PIXELS, VERSIONS, new_group, writer

WELLS = {"A/1": 2, "A/3": 1, "B/2": 2}  # fields; B/3 is listed and was never written


LEVELS = ("s0", "s1")


def write_plate(folder: Path, version: str) -> Path:
    fmt = VERSIONS[version]
    path, group = new_group(folder, version)
    writer.write_plate_metadata(
        group,
        ["A", "B"],
        ["1", "2", "3"],
        [*WELLS, "B/3"],
        fmt=fmt,
        name="screen",
        field_count=2,
        acquisitions=[{"id": 0, "name": "day 1"}],
    )
    for number, (well, fields) in enumerate(WELLS.items()):
        of_well = group.require_group(well)
        images: list[str | dict[str, Any]] = [
            {"path": str(field), "acquisition": 0} for field in range(fields)
        ]
        writer.write_well_metadata(of_well, images, fmt=fmt)
        for field in range(fields):
            pixels = PIXELS[..., :8, :8] + 1000 * number + 500 * field + 1
            writer.write_multiscale(
                [pixels, pixels[..., ::2, ::2]],
                of_well.require_group(str(field)),
                fmt=fmt,
                axes="tczyx",
                name="field",
            )
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_plate(version: str, tmp_path: Path) -> None:
    path = write_plate(tmp_path, version)
    dataset = strata.open(path)
    assert [image.name for image in dataset.images] == ["screen"]
    assert {p.code for p in dataset.problems if p.severity != "info"} == {"missing-well"}
    image = dataset[""]
    assert image.format == FORMATS[version]
    for level, scale in enumerate([1.0, 2.0]):
        np.testing.assert_allclose(image.levels[level].scale, (1.0, 1.0, 1.0, scale, scale))
        shift = 0.0 if version in EARLY else (scale - 1) / 2
        np.testing.assert_allclose(image.levels[level].translate, (0.0, 0.0, 0.0, shift, shift))
        # Two fields of a well stand side by side: columns 0, 1 of well 1; 2, 3 of well 2; …
        places = [(0, 0, "A/1/0"), (0, 1, "A/1/1"), (0, 4, "A/3/0")]
        places += [(1, 2, "B/2/0"), (1, 3, "B/2/1")]
        check_grid(path, dataset, "", level, [(y, x, f"{f}/s{level}") for y, x, f in places])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_plate_is_read_once(version: str, tmp_path: Path, serve: Callable[[Path], Served]) -> None:
    """Each metadata file of wells, fields and levels is asked for once, and no other."""
    path = write_plate(tmp_path, version)
    server = serve(path.parent)
    dataset = strata.open(f"{server.url}/{path.name}")
    for level in dataset[""].levels:
        assert np.asarray(level.data).any()  # reading pixels needs no more metadata
    of_group, of_array = (".zattrs", ".zarray") if version == "0.4" else ("zarr.json",) * 2
    fields = [f"{well}/{field}" for well, count in WELLS.items() for field in range(count)]
    wanted = {f"cells.zarr/{of_group}"}
    wanted |= {f"cells.zarr/{group}/{of_group}" for group in (*WELLS, *fields)}
    wanted |= {f"cells.zarr/{field}/{array}/{of_array}" for field in fields for array in LEVELS}
    assert server.found == dict.fromkeys(wanted, 1)
    # Besides the ways a root may be stored: the well that is not there, and the fields' labels.
    absent = [key for key in server.missing if key.count("/") > 1]
    labels = [f"cells.zarr/{field}/labels/{of_group}" for field in fields]
    assert sorted(absent) == sorted([*labels, f"cells.zarr/B/3/{of_group}"])
    assert set(server.missing.values()) == {1}


@pytest.mark.parametrize("version", VERSIONS)
def test_well(version: str, tmp_path: Path) -> None:
    path = write_plate(tmp_path, version) / "B" / "2"
    dataset = strata.open(path)
    fields = [image.path for image in dataset.images if "*" not in image.levels[0].path]
    assert fields == ["0", "1"]
    for field in (0, 1):
        pixels = PIXELS[..., :8, :8] + 2000 + 500 * field + 1
        np.testing.assert_array_equal(dataset[str(field)].levels[0].data, pixels)
