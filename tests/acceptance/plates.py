"""Plates written by hand, and a search for their fields' voxels in what is opened.

How the fields of a plate are laid out is the reader's own matter: so a field is found by its
values, which are all different, and its place is compared with what its own metadata says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ome_stores import Files, all_problems, image, numbered, ome_group, read, under, write

import napari_strata as strata

# One (sizes, scale, translation) a level, in the order of the axes.
LevelSpec = tuple[tuple[int, ...], list[float], list[float]]
HALVED: list[LevelSpec] = [((8, 8), [1, 1], [0, 0]), ((4, 4), [2, 2], [0.5, 0.5])]


@dataclass
class Field:
    """One field of view; ``first`` is the value of its first voxel at level 0.

    Level k's values start at ``first + 400 * k``.
    """

    first: int
    levels: list[LevelSpec] = field(default_factory=lambda: HALVED)
    axes: str = "yx"
    dtype: str = "uint32"
    acquisition: Any = None

    def data(self, level: int) -> np.ndarray:
        return numbered(self.levels[level][0], self.dtype, self.first + 400 * level)

    def files(self, version: str) -> Files:
        levels = {
            str(k): (self.data(k), scale, translation)
            for k, (_, scale, translation) in enumerate(self.levels)
        }
        return image(self.axes, levels, version=version)


Wells = dict[str, dict[str, Field]]  # "A/1" → "0" → field


def plate(
    wells: Wells,
    *,
    rows: str = "AB",
    columns: tuple[str, ...] = ("1", "2", "3"),
    version: str = "0.4",
    indices: bool = True,
    **keys: Any,
) -> Files:
    """Return a whole plate; ``keys`` are added to ``plate``."""
    listed = []
    for path in wells:
        row, column = path.split("/")
        entry: dict[str, Any] = {"path": path}
        if indices:
            entry |= {"rowIndex": rows.index(row), "columnIndex": columns.index(column)}
        listed.append(entry)
    content = {
        "rows": [{"name": name} for name in rows],
        "columns": [{"name": name} for name in columns],
        "wells": listed,
        "name": "my plate",
        "field_count": max((len(fields) for fields in wells.values()), default=1),
        **({"version": version} if version <= "0.4" else {}),
        **keys,
    }
    files = ome_group({"plate": content}, version)
    for row in dict.fromkeys(path.split("/")[0] for path in wells):
        files |= under(row, ome_group({}, version))
    for path, fields in wells.items():
        files |= under(path, well(fields, version))
    return files


def well(fields: dict[str, Field], version: str = "0.4") -> Files:
    """Return one well with its fields."""
    images = [
        {"path": name} | ({} if f.acquisition is None else {"acquisition": f.acquisition})
        for name, f in fields.items()
    ]
    content = {"images": images, **({"version": version} if version <= "0.4" else {})}
    files = ome_group({"well": content}, version)
    for name, f in fields.items():
        files |= under(name, f.files(version))
    return files


def fill(paths: list[str], counts: Any = 1, **options: Any) -> Wells:
    """Return wells with equal fields of different values; ``counts``: fields a well."""
    wells: Wells = {}
    number = 10  # other images of a test have values below 10,000
    for index, path in enumerate(paths):
        count = counts if isinstance(counts, int) else counts[index]
        wells[path] = {}
        for k in range(count):
            wells[path][str(k)] = Field(first=1 + 1000 * number, **options)
            number += 1
    return wells


# ----------------------------------------------------------------------- finding it again


class Opened:
    """What was opened, level by level as plain arrays."""

    def __init__(self, dataset: Any, *, only_first: bool = False) -> None:
        self.dataset = dataset
        self.images = [found for found in dataset.images if found.kind == "image"]
        if only_first:
            del self.images[1:]
        self.arrays = {
            (i, k): read(level)
            for i, found in enumerate(self.images)
            for k, level in enumerate(found.levels)
        }

    @property
    def problems(self) -> list[Any]:
        return all_problems(self.dataset)

    def places(self, wanted: Field, level: int) -> list[tuple[int, int, tuple[int, ...]]]:
        """List (image, level, index) wherever the first voxel of the field's level is."""
        value = int(wanted.data(level).flat[0])
        return [
            (*key, tuple(int(i) for i in index))
            for key, data in self.arrays.items()
            for index in np.argwhere(data == value)
        ]

    def count(self) -> int:
        """Return how many voxels of the finest levels are not empty."""
        return sum(int((data != 0).sum()) for (_, k), data in self.arrays.items() if k == 0)

    def check_field(self, wanted: Field, levels: Any = None) -> tuple[int, tuple[int, ...]]:
        """Each level of the field is there once, whole, and where its own metadata puts it.

        Returns the image and the index of the field's first voxel at level 0.
        """
        ((found, depth, start),) = self.places(wanted, 0)
        assert depth == 0
        for k in range(len(wanted.levels)) if levels is None else levels:
            ((other, depth, index),) = self.places(wanted, k)
            assert other == found, "levels of one field in different images"
            data = wanted.data(k)
            part = tuple(slice(i, i + n) for i, n in zip(index, data.shape, strict=True))
            np.testing.assert_array_equal(self.arrays[found, depth][part], data)
            self._check_place(wanted, k, found, depth, start, index)
        return found, start

    def _check_place(
        self,
        wanted: Field,
        k: int,
        found: int,
        depth: int,
        start: tuple[int, ...],
        index: tuple[int, ...],
    ) -> None:
        """Level k lies to level 0 as the field's own scale and translation say."""
        grid = self.images[found].levels
        _, scale, translation = wanted.levels[k]
        _, _, origin = wanted.levels[0]
        np.testing.assert_allclose(grid[depth].scale, scale, rtol=1e-9)
        first = np.asarray(grid[0].translate) + np.asarray(grid[0].scale) * start
        here = np.asarray(grid[depth].translate) + np.asarray(grid[depth].scale) * index
        np.testing.assert_allclose(
            here - first, np.subtract(translation, origin), rtol=1e-9, atol=1e-9
        )


def opened(folder: Path, files: dict[str, Any], name: str = "p.zarr") -> Opened:
    return Opened(strata.open(write(folder / name, files)))


def every(wells: Wells) -> list[Field]:
    return [f for fields in wells.values() for f in fields.values()]


def codes_of(found: Opened) -> set[str]:
    return {p.code for p in found.problems}


def bad(found: Opened) -> list[str]:
    return [p.code for p in found.problems if p.severity != "info"]
