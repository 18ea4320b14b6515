"""Stores written by ome-zarr-py, in every version it can write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ome_zarr.scale import Methods

import napari_strata as strata
from napari_strata.model import ChannelDisplay

from .expected import C, Image, Level, T, check, space
from .ome_zarr_py import EARLY, FORMATS, PIXELS, VERSIONS, new_group, writer

COARSE = PIXELS[..., ::2, ::2]  # 9 × 10 → 5 × 5
CELLS = (PIXELS[:, :1] % 5).astype("u1")
MICROMETRES = {"z": "micrometer", "y": "micrometer", "x": "micrometer"}
SIZE = {"z": 2.0, "y": 0.5, "x": 0.25}
OMERO: dict[str, Any] = {
    "channels": [
        {
            "label": "DAPI",
            "color": "0000FF",
            "active": True,
            "window": {"min": 0, "max": 65535, "start": 10, "end": 400},
        },
        {
            "label": "GFP",
            "color": "00FF00",
            "active": False,
            "window": {"min": 0, "max": 4095, "start": 0, "end": 300},
        },
    ]
}
CHANNELS = (
    ChannelDisplay("DAPI", "0000FF", (10.0, 400.0), (0.0, 65535.0), True),
    ChannelDisplay("GFP", "00FF00", (0.0, 300.0), (0.0, 4095.0), False),
)


@pytest.fixture(scope="module", params=VERSIONS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An image of two levels and two channels with its labels, by version."""
    version = request.param
    fmt = VERSIONS[version]
    path, group = new_group(tmp_path_factory.mktemp("ome_zarr_py"), version)
    writer.write_multiscale(
        [PIXELS, COARSE],
        group,
        fmt=fmt,
        axes="tczyx",
        scale=SIZE,
        axes_units=MICROMETRES,
        name="cells",
        metadata={"omero": OMERO},
        storage_options={"chunks": (1, 1, 2, 4, 4)},
    )
    writer.write_multiscale_labels(
        [CELLS],
        group,
        "nuclei",
        fmt=fmt,
        axes="tczyx",
        scale=SIZE,
        axes_units=MICROMETRES,
        label_metadata={
            "colors": [{"label-value": 1, "rgba": [255, 0, 0, 51]}],
            "properties": [{"label-value": 1, "area": 7}, {"label-value": 4, "class": "dead"}],
        },
    )
    return version, path, strata.open(path)


def test_image(written: Any) -> None:
    version, path, dataset = written
    if version in EARLY:  # no transforms: the ratio of shapes, 9 / 5 and 10 / 5
        axes = (T, C, *space("zyx"))
        fine, coarse = (1.0, 1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.8, 2.0)
        shift = (0.0, 0.0, 0.0, 0.0, 0.0)
    else:
        axes = (T, C, *space("zyx", "micrometer"))
        fine, coarse = (1.0, 1.0, 2.0, 0.5, 0.25), (1.0, 1.0, 2.0, 0.9, 0.5)
        # This function forgets to multiply the shift by the voxels' size: half of 1.8 - 1 and
        # 2 - 1 where 0.2 and 0.125 µm are meant. What is declared is shown.
        shift = (0.0, 0.0, 0.0, 0.4, 0.5)
    levels = (Level("s0", fine, (0.0,) * 5, PIXELS), Level("s1", coarse, shift, COARSE))
    check(path, dataset, Image("cells", FORMATS[version], axes, levels))
    assert dataset[""].display.channels == CHANNELS
    assert [image.path for image in dataset.images] == ["", "labels/nuclei"]
    assert dataset.problems == ()


def test_labels(written: Any) -> None:
    version, path, dataset = written
    early = version in EARLY
    size = (1.0, 1.0, 1.0, 1.0, 1.0) if early else (1.0, 1.0, 2.0, 0.5, 0.25)
    levels = (Level("labels/nuclei/s0", size, (0.0,) * 5, CELLS),)
    axes = (T, C, *space("zyx", None if early else "micrometer"))
    check(
        path,
        dataset,
        Image("nuclei", FORMATS[version], axes, levels, "labels/nuclei", "labels"),
    )
    display = dataset["labels/nuclei"].display
    assert display.label_colors == {1: (1.0, 0.0, 0.0, 0.2)}
    assert display.label_properties == {1: {"area": 7}, 4: {"class": "dead"}}


def test_flat_chunks_of_0_1(tmp_path: Path) -> None:
    """As ome-zarr-py 0.0.x wrote them: keys like 0.0.1.2.0, and no separator in the metadata."""
    path, group = new_group(tmp_path, "0.1")
    array = group.create_array(
        "0",
        shape=PIXELS.shape,
        dtype="u2",
        chunks=(1, 1, 2, 4, 4),
        chunk_key_encoding={"name": "v2", "separator": "."},
    )
    array[...] = PIXELS
    zarray = path / "0" / ".zarray"
    separator = '"dimension_separator": ".",'
    text = zarray.read_text()
    assert separator in text
    zarray.write_text(text.replace(separator, ""))
    assert (path / "0" / "0.1.1.2.2").is_file()
    writer.write_multiscales_metadata(group, [{"path": "0"}], VERSIONS["0.1"], name="cells")
    levels = (Level("0", (1.0,) * 5, (0.0,) * 5, PIXELS),)
    axes = (T, C, *space("zyx"))
    check(path, strata.open(path), Image("cells", "ome-zarr-0.1", axes, levels))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_pyramid_made_by_the_library(version: str, tmp_path: Path) -> None:
    path, group = new_group(tmp_path, version)
    pixels = PIXELS[0, 0, :, :8]  # 3 × 8 × 10
    writer.write_image(
        pixels,
        group,
        scale_factors=[{"y": 2, "x": 2}, {"y": 4, "x": 2}],
        method=Methods.NEAREST,
        name="cells",
        fmt=VERSIONS[version],
        axes="zyx",
        scale=SIZE,
        axes_units=MICROMETRES,
    )
    dataset = strata.open(path)
    # Levels are centred on the finest one's extent: (scale - finest scale) / 2.
    places = [
        ("s0", (2.0, 0.5, 0.25), (0.0, 0.0, 0.0), pixels.shape),
        ("s1", (2.0, 1.0, 0.5), (0.0, 0.25, 0.125), (3, 4, 5)),
        ("s2", (2.0, 2.0, 0.5), (0.0, 0.75, 0.125), (3, 2, 5)),
    ]
    levels = []
    for name, scale, translate, shape in places:
        data = group[name][...]
        assert data.shape == shape
        levels.append(Level(name, scale, translate, data))
    np.testing.assert_array_equal(levels[0].pixels, pixels)
    check(
        path,
        dataset,
        Image("cells", f"ome-zarr-{version}", space("zyx", "micrometer"), tuple(levels)),
    )


@pytest.mark.filterwarnings("ignore:The 'coordinate_transformations':DeprecationWarning")
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_transforms_of_ones_own(version: str, tmp_path: Path) -> None:
    path, group = new_group(tmp_path, version)
    fine, coarse = PIXELS[0, 0, 0, :8, :], PIXELS[0, 0, 0, :8:4, ::2]
    writer.write_multiscale(
        [fine, coarse],
        group,
        fmt=VERSIONS[version],
        axes=[{"name": "y", "type": "space", "unit": "nanometer"}, {"name": "x", "type": "space"}],
        coordinate_transformations=[
            [{"type": "scale", "scale": [4, 3]}, {"type": "translation", "translation": [100, -7]}],
            [
                {"type": "scale", "scale": [16.0, 6.0]},
                {"type": "translation", "translation": [106.0, -5.5]},
            ],
        ],
        name="cells",
    )
    levels = (
        Level("s0", (4.0, 3.0), (100.0, -7.0), fine),
        Level("s1", (16.0, 6.0), (106.0, -5.5), coarse),
    )
    axes = (("y", "space", "nanometer"), ("x", "space", None))
    check(path, strata.open(path), Image("cells", f"ome-zarr-{version}", axes, levels))


def test_shards(tmp_path: Path) -> None:
    path, group = new_group(tmp_path, "0.5")
    pixels = PIXELS[0, 0]
    writer.write_multiscale(
        [pixels],
        group,
        fmt=VERSIONS["0.5"],
        axes="zyx",
        name="cells",
        storage_options={"chunks": (1, 2, 2), "shards": (2, 4, 6)},
    )
    dataset = strata.open(path)
    levels = (Level("s0", (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), pixels),)
    check(path, dataset, Image("cells", "ome-zarr-0.5", space("zyx"), levels))
    assert dataset[""].levels[0].chunks == (1, 2, 2)
