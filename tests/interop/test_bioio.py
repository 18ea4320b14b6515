"""Stores written by bioio-ome-zarr: 0.4 (Zarr v2) and 0.5 (Zarr v3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from bioio_ome_zarr.writers import Channel, OMEZarrWriter

import napari_strata as strata
from napari_strata.model import ChannelDisplay

from .expected import C, Image, Level, check, space

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:The input Dask array will be rechunked:dask.array.core.PerformanceWarning"
    ),
    # With zarr 3.4 on, which takes a text instead.
    pytest.mark.filterwarnings("ignore:Blosc.* is deprecated:DeprecationWarning"),
]

FORMATS: dict[str, Literal[2, 3]] = {"0.4": 2, "0.5": 3}
PIXELS = np.arange(2 * 3 * 4 * 8 * 10, dtype="u2").reshape(2, 3, 4, 8, 10)
COARSE = PIXELS[..., 1::2, 1::2]  # it takes the last voxel of each block
UNITS = ["second", None, "micrometer", "micrometer", "micrometer"]
AXES = (("t", "time", "second"), C, *space("zyx", "micrometer"))


def write(path: Path, version: str, pixels: np.ndarray = PIXELS, **options: Any) -> strata.Dataset:
    options.setdefault("level_shapes", [pixels.shape])
    writer = OMEZarrWriter(
        str(path), dtype=pixels.dtype, zarr_format=FORMATS[version], image_name="stack", **options
    )
    writer.write_full_volume(pixels)
    writer.close()
    return strata.open(path)


@pytest.mark.parametrize("version", FORMATS)
def test_two_levels(version: str, tmp_path: Path) -> None:
    path = tmp_path / "stack.zarr"
    dataset = write(
        path,
        version,
        level_shapes=[(2, 3, 4, 8, 10), (2, 3, 4, 4, 5)],
        chunk_shape=(1, 1, 2, 4, 4),
        axes_units=UNITS,
        physical_pixel_size=[3.0, 1.0, 2.0, 0.5, 0.25],
    )
    assert dataset.problems == ()
    levels = (
        Level("0", (3.0, 1.0, 2.0, 0.5, 0.25), (0.0,) * 5, PIXELS),
        # It declares no shift for the coarse level, though its voxels are not centred on the
        # finest ones: what is declared is shown.
        Level("1", (3.0, 1.0, 2.0, 1.0, 0.5), (0.0,) * 5, COARSE),
    )
    check(path, dataset, Image("stack", f"ome-zarr-{version}", AXES, levels))
    assert dataset[""].levels[0].chunks == (1, 1, 2, 4, 4)


@pytest.mark.parametrize("version", FORMATS)
def test_root_transform(version: str, tmp_path: Path) -> None:
    """A transform of the multiscale is applied after the level's own."""
    path = tmp_path / "stack.zarr"
    dataset = write(
        path,
        version,
        level_shapes=[(2, 3, 4, 8, 10), (2, 3, 4, 4, 5)],
        axes_units=UNITS,
        physical_pixel_size=[3.0, 1.0, 2.0, 0.5, 0.25],
        root_transform={"type": "translation", "translation": [0.0, 0.0, 7.0, -1.0, 0.5]},
    )
    shift = (0.0, 0.0, 7.0, -1.0, 0.5)
    levels = (
        Level("0", (3.0, 1.0, 2.0, 0.5, 0.25), shift, PIXELS),
        Level("1", (3.0, 1.0, 2.0, 1.0, 0.5), shift, COARSE),
    )
    check(path, dataset, Image("stack", f"ome-zarr-{version}", AXES, levels))


@pytest.mark.parametrize("version", FORMATS)
def test_channels(version: str, tmp_path: Path) -> None:
    dataset = write(
        tmp_path / "stack.zarr",
        version,
        channels=[
            Channel(
                label="a",
                color="ff0000",
                window={"min": 0, "max": 1000, "start": 5, "end": 500},
            ),
            Channel(label="b", color="00FF00", active=False),
            Channel(
                label="c", color="#0000ff", family="polynomial", coefficient=2.0, inverted=True
            ),
        ],
        rdefs={"defaultZ": 1, "defaultT": 1, "model": "color"},
    )
    display = dataset[""].display
    usual = (0.0, 255.0)  # what the library writes where no window is given
    assert display.channels == (
        ChannelDisplay("a", "FF0000", (5.0, 500.0), (0.0, 1000.0), gamma=1.0),
        ChannelDisplay("b", "00FF00", usual, usual, visible=False, gamma=1.0),
        ChannelDisplay("c", "0000FF", usual, usual, gamma=2.0, inverted=True),
    )
    # In 0.4 it ignores rdefs: the first time point and the middle of 4 planes.
    assert display.first_position == ({"t": 0, "z": 2} if version == "0.4" else {"t": 1, "z": 1})
    assert dataset[""].problems == ()


@pytest.mark.parametrize("version", FORMATS)
def test_nothing_asked_for(version: str, tmp_path: Path) -> None:
    path = tmp_path / "stack.zarr"
    dataset = write(path, version)
    axes = (("t", "time", None), C, *space("zyx"))
    levels = (Level("0", (1.0,) * 5, (0.0,) * 5, PIXELS),)
    check(path, dataset, Image("stack", f"ome-zarr-{version}", axes, levels))
    # In 0.4 it makes channels up.
    white = [ChannelDisplay(f"C:{n}", "FFFFFF", (0.0, 255.0), (0.0, 255.0)) for n in range(3)]
    plain = [(c.label, c.color, c.window) for c in white] if version == "0.4" else []
    assert [(c.label, c.color, c.window) for c in dataset[""].display.channels] == plain


@pytest.mark.parametrize("version", FORMATS)
def test_sizes_that_do_not_divide(version: str, tmp_path: Path) -> None:
    """8 → 3 and 10 → 4: the scale is the ratio of shapes."""
    path = tmp_path / "stack.zarr"
    pixels = PIXELS[0, 0]
    dataset = write(
        path,
        version,
        pixels,
        level_shapes=[(4, 8, 10), (4, 3, 4)],
        axes_units=["micrometer"] * 3,
        physical_pixel_size=[2.0, 0.75, 0.25],
    )
    image = dataset[""]
    np.testing.assert_allclose(image.levels[1].scale, (2.0, 2.0, 0.625), rtol=1e-12)
    assert image.levels[1].shape == (4, 3, 4)
    np.testing.assert_array_equal(image.levels[0].data, pixels)


def test_shards(tmp_path: Path) -> None:
    path = tmp_path / "stack.zarr"
    pixels = PIXELS[0, 0]
    dataset = write(
        path,
        "0.5",
        pixels,
        level_shapes=[(4, 8, 10), (4, 4, 5)],
        chunk_shape=[(1, 4, 4), (1, 2, 2)],
        shard_shape=[(2, 8, 8), (4, 4, 4)],
    )
    levels = (
        Level("0", (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), pixels),
        Level("1", (1.0, 2.0, 2.0), (0.0, 0.0, 0.0), pixels[:, 1::2, 1::2]),
    )
    check(path, dataset, Image("stack", "ome-zarr-0.5", space("zyx"), levels))
    assert [level.chunks for level in dataset[""].levels] == [(1, 4, 4), (1, 2, 2)]


@pytest.mark.parametrize("version", FORMATS)
def test_axis_of_its_own_kind(version: str, tmp_path: Path) -> None:
    """An axis the library does not know is written without a type."""
    path = tmp_path / "stack.zarr"
    pixels = PIXELS[0, :, 0]
    dataset = write(
        path,
        version,
        pixels,
        axes_names=["angle", "y", "x"],
        axes_units=["degree", "micrometer", "micrometer"],
        physical_pixel_size=[15.0, 0.5, 0.5],
    )
    assert [(a.name, a.type) for a in dataset[""].axes] == [
        ("angle", "other"),
        ("y", "space"),
        ("x", "space"),
    ]
    np.testing.assert_allclose(dataset[""].levels[0].scale, (15.0, 0.5, 0.5))
    np.testing.assert_array_equal(dataset[""].levels[0].data, pixels)


@pytest.mark.parametrize("version", FORMATS)
def test_time_points_one_by_one(version: str, tmp_path: Path) -> None:
    """Those that were not written yet read as zeros."""
    path = tmp_path / "stack.zarr"
    writer = OMEZarrWriter(
        str(path), level_shapes=[PIXELS.shape], dtype="u2", zarr_format=FORMATS[version]
    )
    writer.write_timepoints(PIXELS[1:], start_T_src=0, start_T_dest=1)
    level = strata.open(path)[""].levels[0]
    np.testing.assert_array_equal(level.data[1], PIXELS[1])
    assert not np.asarray(level.data[0]).any()


def test_zip(tmp_path: Path) -> None:
    path = tmp_path / "stack.ozx"
    dataset = write(path, "0.5", PIXELS, axes_units=UNITS, chunk_shape=(1, 1, 2, 4, 4))
    image = dataset[""]
    assert (image.name, image.format) == ("stack", "ome-zarr-0.5")
    np.testing.assert_allclose(image.levels[0].scale, (1.0,) * 5)
    np.testing.assert_array_equal(image.levels[0].data, PIXELS)
