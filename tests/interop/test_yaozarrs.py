"""Stores written by yaozarrs: its writers of 0.5, its models of 0.4 with zarr-python's arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaozarrs
import zarr
from yaozarrs import DimSpec, v04, v05
from yaozarrs.write.v05 import write_bioformats2raw, write_image, write_plate

import napari_strata as strata
from napari_strata.model import ChannelDisplay

from .expected import C, Image, Level, check, check_grid, space

PIXELS = np.arange(2 * 4 * 8 * 12, dtype="u2").reshape(2, 4, 8, 12)
COARSE = PIXELS[:, :, ::2, ::2]
CELLS = (PIXELS[0] % 5).astype("u1")
COARSE_CELLS = CELLS[:, ::2, ::2]
MODELS = {"0.4": v04, "0.5": v05}

DIMS = [
    DimSpec(name="c"),
    DimSpec(name="z", scale=2.0, unit="micrometer", scale_factor=1.0, translation=10.0),
    DimSpec(name="y", scale=0.5, unit="micrometer", translation=-3.0),
    DimSpec(name="x", scale=0.25, unit="micrometer", translation=7.0),
]
AXES = (C, *space("zyx", "micrometer"))
OMERO = {
    "channels": [
        {
            "label": "red",
            "color": "FF0000",
            "window": {"min": 0, "start": 5, "end": 99, "max": 255},
        },
        {
            "label": "green",
            "color": "00FF00",
            "active": False,
            "window": {"min": 0, "start": 1, "end": 2, "max": 3},
        },
    ],
    "rdefs": {"defaultZ": 3, "model": "color"},
}
CHANNELS = (
    ChannelDisplay("red", "FF0000", (5.0, 99.0), (0.0, 255.0)),
    ChannelDisplay("green", "00FF00", (1.0, 2.0), (0.0, 3.0), visible=False),
)
LOOK = {
    "colors": [{"label-value": 1, "rgba": [0, 255, 0, 51]}, {"label-value": 2}],
    "properties": [{"label-value": 3, "class": "glia"}],
}
# Its models write a label's value as 1.0, and drop properties without a word.
DISPLAYED: Any = ({1: (0.0, 1.0, 0.0, 0.2)}, {3: {}})


def image_levels(prefix: str = "", offset: int = 0) -> tuple[Level, ...]:
    """Its models move no level: the translation is the same at every level."""
    shift = (0.0, 10.0, -3.0, 7.0)
    return (
        Level(f"{prefix}0", (1.0, 2.0, 0.5, 0.25), shift, PIXELS + offset),
        Level(f"{prefix}1", (1.0, 2.0, 1.0, 0.5), shift, COARSE + offset),
    )


def write_04(path: Path, model: Any, arrays: dict[str, np.ndarray]) -> None:
    """Write a group of 0.4: what its model says as attributes, and its arrays."""
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.attrs.put(model.model_dump(by_alias=True, exclude_none=True, mode="json"))
    for name, pixels in arrays.items():
        separator = {"name": "v2", "separator": "/"}
        array = group.create_array(
            name,
            shape=pixels.shape,
            dtype=pixels.dtype,
            chunks=(1,) * (pixels.ndim - 2) + (4, 4),
            chunk_key_encoding=separator,
        )
        array[...] = pixels


def write(path: Path, version: str, offset: int = 0) -> None:
    """An image with an omero block and labels."""
    models = MODELS[version]
    both = {"0": PIXELS + offset, "1": COARSE + offset}
    multiscale = models.Multiscale.from_dims(DIMS, name="vol", n_levels=2)
    of_label = models.Multiscale.from_dims(DIMS[1:], name="cells", n_levels=2)
    # Its models name fields in Python's way; JSON's keys are aliases.
    image = models.Image.model_validate({"multiscales": [multiscale], "omero": OMERO})
    label = models.LabelImage.model_validate({"multiscales": [of_label], "image-label": LOOK})
    if version == "0.5":
        write_image(
            path, image, list(both.values()), labels={"cells": (label, [CELLS, COARSE_CELLS])}
        )
        return
    write_04(path, image, both)
    write_04(path / "labels", v04.LabelsGroup(labels=["cells"]), {})
    write_04(path / "labels" / "cells", label, {"0": CELLS, "1": COARSE_CELLS})


def read_metadata(path: Path) -> Any:
    attributes = dict(zarr.open_group(path, mode="r").attrs)
    return attributes.get("ome", attributes)


@pytest.mark.parametrize("version", MODELS)
def test_image_with_labels(version: str, tmp_path: Path) -> None:
    path = tmp_path / "vol.zarr"
    write(path, version)
    yaozarrs.validate_zarr_store(path)
    values = read_metadata(path / "labels" / "cells")["image-label"]
    assert values["colors"][0]["label-value"] == 1.0
    assert values["properties"] == [{"label-value": 3}]
    dataset = strata.open(path)
    assert dataset.problems == ()
    name = f"ome-zarr-{version}"
    check(path, dataset, Image("vol", name, AXES, image_levels()))
    display = dataset[""].display
    assert display.channels == CHANNELS
    assert display.first_position == {"z": 3}
    levels = (
        Level("labels/cells/0", (2.0, 0.5, 0.25), (10.0, -3.0, 7.0), CELLS),
        Level("labels/cells/1", (2.0, 1.0, 0.5), (10.0, -3.0, 7.0), COARSE_CELLS),
    )
    cells = Image("cells", name, space("zyx", "micrometer"), levels, "labels/cells", "labels")
    check(path, dataset, cells)
    display = dataset["labels/cells"].display
    assert (display.label_colors, display.label_properties) == DISPLAYED


@pytest.mark.parametrize("compression", ["blosc-zstd", "blosc-lz4", "zstd", "none"])
@pytest.mark.parametrize("backend", ["zarr", "tensorstore"])
@pytest.mark.parametrize("shards", [None, (2, 4, 8, 8)], ids=["plain", "shards"])
def test_how_it_is_stored(
    compression: Any, backend: Any, shards: tuple[int, ...] | None, tmp_path: Path
) -> None:
    path = tmp_path / "vol.zarr"
    multiscale = v05.Multiscale.from_dims(DIMS, name="vol", n_levels=2)
    write_image(
        path,
        v05.Image(multiscales=[multiscale]),
        [PIXELS, COARSE],
        chunks=(1, 2, 4, 4),
        shards=shards,
        compression=compression,
        writer=backend,
    )
    dataset = strata.open(path)
    check(path, dataset, Image("vol", "ome-zarr-0.5", AXES, image_levels()))
    assert dataset[""].levels[0].chunks == (1, 2, 4, 4)


def field() -> v05.Image:
    return v05.Image(multiscales=[v05.Multiscale.from_dims(DIMS, name="vol", n_levels=2)])


def test_plate_of_0_5(tmp_path: Path) -> None:
    path = tmp_path / "plate.zarr"
    # Columns 2 and 11 in this order, though 11 comes first by its letters.
    plate = {
        "name": "screen",
        "rows": [{"name": "A"}, {"name": "C"}],
        "columns": [{"name": "2"}, {"name": "11"}],
        "wells": [
            {"path": "A/2", "rowIndex": 0, "columnIndex": 0},
            {"path": "A/11", "rowIndex": 0, "columnIndex": 1},
            {"path": "C/2", "rowIndex": 1, "columnIndex": 0},
        ],
    }
    fields = [("A", "2", "0"), ("A", "2", "1"), ("A", "11", "0"), ("C", "2", "0")]
    write_plate(
        path,
        {
            key: (field(), [PIXELS + 1000 * n + 1, COARSE + 1000 * n + 1])
            for n, key in enumerate(fields)
        },
        plate=v05.Plate.model_validate({"plate": plate}),
    )
    dataset = strata.open(path)
    assert [image.name for image in dataset.images] == ["screen"]
    for level in (0, 1):
        places = [(0, 0, "A/2/0"), (0, 1, "A/2/1"), (0, 2, "A/11/0"), (1, 0, "C/2/0")]
        check_grid(path, dataset, "", level, [(y, x, f"{p}/{level}") for y, x, p in places])


def test_plate_of_0_4(tmp_path: Path) -> None:
    path = tmp_path / "plate.zarr"
    plate = {
        "name": "screen",
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": [
            {"path": "A/2", "rowIndex": 0, "columnIndex": 1},
            {"path": "B/1", "rowIndex": 1, "columnIndex": 0},
        ],
        "acquisitions": [{"id": 0, "name": "dry"}, {"id": 7, "name": "wet"}],
    }
    write_04(path, v04.Plate.model_validate({"plate": plate}), {})
    images = [{"path": "0", "acquisition": 0}, {"path": "1", "acquisition": 7}]
    for number, well in enumerate(["A/2", "B/1"]):
        model = v04.Well.model_validate({"well": {"images": images}})
        write_04(path / well, model, {})
        for index in (0, 1):
            write(path / well / str(index), "0.4", offset=1000 * number + 500 * index + 1)
    dataset = strata.open(path)
    grids = [image for image in dataset.images if image.kind == "image"]
    assert len(grids) == 2  # one an acquisition
    for image, index, acquisition in zip(grids, (0, 1), ("dry", "wet"), strict=True):
        assert "screen" in image.name
        assert acquisition in image.name
        places = [(0, 1, f"A/2/{index}/0"), (1, 0, f"B/1/{index}/0")]
        check_grid(path, dataset, image.path, 0, places)


SERIES = ["0", "1", "2"]


@pytest.mark.parametrize("version", MODELS)
def test_bioformats2raw(version: str, tmp_path: Path) -> None:
    path = tmp_path / "many.zarr"
    if version == "0.5":
        images = {
            name: (field(), [PIXELS + 7 * n, COARSE + 7 * n]) for n, name in enumerate(SERIES)
        }
        write_bioformats2raw(path, images)
    else:
        write_04(path, v04.Bf2Raw.model_validate({"bioformats2raw.layout": 3}), {})
        write_04(path / "OME", v04.Series(series=SERIES), {})
        for number, name in enumerate(SERIES):
            write(path / name, version, offset=7 * number)
    dataset = strata.open(path)
    images_found = [image for image in dataset.images if image.kind == "image"]
    assert [image.path for image in images_found] == SERIES
    for number, name in enumerate(SERIES):
        expected = image_levels(f"{name}/", 7 * number)
        for level, wanted in zip(dataset[name].levels, expected, strict=True):
            np.testing.assert_allclose(level.translate, wanted.translate)
            np.testing.assert_allclose(level.scale, wanted.scale)
            np.testing.assert_array_equal(level.data, wanted.pixels)
