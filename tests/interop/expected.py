"""What a library was asked to write, compared with what napari-strata makes of its store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr

import napari_strata as strata
from napari_strata.model import MosaicLocation

T = ("t", "time", None)
C = ("c", "channel", None)


@dataclass(frozen=True)
class Level:
    """One level; vectors and pixels in array order."""

    path: str
    scale: tuple[float, ...]
    translate: tuple[float, ...]
    pixels: np.ndarray


@dataclass(frozen=True)
class Image:
    """An image; ``axes`` are (name, type, unit)."""

    name: str
    format: str
    axes: tuple[tuple[str, str, str | None], ...]
    levels: tuple[Level, ...]
    path: str = ""
    kind: str = "image"


def space(names: str, unit: str | None = None) -> tuple[tuple[str, str, str | None], ...]:
    """Give axes of space, one a letter."""
    return tuple((name, "space", unit) for name in names)


def check(store: Path, dataset: strata.Dataset, expected: Image) -> None:
    """Compare an image with what was written, level by level and voxel by voxel."""
    image = dataset[expected.path]
    assert image.problems == ()
    assert (image.name, image.format, image.kind) == (
        expected.name,
        expected.format,
        expected.kind,
    )
    assert tuple((a.name, a.type, a.unit) for a in image.axes) == expected.axes
    assert [level.path for level in image.levels] == [level.path for level in expected.levels]
    for level, wanted in zip(image.levels, expected.levels, strict=True):
        np.testing.assert_allclose(level.scale, wanted.scale, rtol=1e-12)
        np.testing.assert_allclose(level.translate, wanted.translate, rtol=1e-12, atol=1e-12)
        assert level.dtype == wanted.pixels.dtype
        np.testing.assert_array_equal(level.data, wanted.pixels)
        np.testing.assert_array_equal(stored(store, level.path), wanted.pixels)


def stored(store: Path, path: str) -> Any:
    """Read an array by zarr-python."""
    return zarr.open_array(store / path, mode="r")[...]


def check_grid(
    store: Path, dataset: strata.Dataset, path: str, level: int, fields: list[tuple[int, int, str]]
) -> None:
    """Look for every field of view in a grid: (row, column in any numbering, array's path).

    How far fields are apart is ours to choose; which is above or left of which is the plate's.
    """
    image = dataset[path]
    view = image.levels[level]
    location = dataset[path].model.levels[level].location
    assert isinstance(location, MosaicLocation)
    tiles = {t.location.where.rpartition("/")[0]: t for t in location.tiles}
    assert sorted(tiles) == sorted(array for _, _, array in fields)
    pixels = np.asarray(view.data)
    covered = np.zeros(pixels.shape, dtype=bool)
    for _, _, array in fields:
        tile = tiles[array]
        place = tuple(
            slice(start, start + size) for start, size in zip(tile.offset, tile.shape, strict=True)
        )
        assert not covered[place].any()
        covered[place] = True
        np.testing.assert_array_equal(pixels[place], stored(store, array))
    assert not pixels[~covered].any()
    for row, column, array in fields:
        for other_row, other_column, other in fields:
            (y, x), (other_y, other_x) = tiles[array].offset[-2:], tiles[other].offset[-2:]
            assert (y < other_y) is (row < other_row)
            assert (x < other_x) is (column < other_column)
