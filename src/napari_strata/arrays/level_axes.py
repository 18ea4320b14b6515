"""How the axes of a level are made of the axes an array is stored with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_strata.arrays.selection import Index
from napari_strata.model import ArrayLocation


@dataclass(frozen=True)
class LevelAxes:
    """A level's axes as a choice among stored ones.

    Attributes
    ----------
    shape : voxels along each axis of the level.
    stored : per axis of the level, the stored axis it shows; None repeats the same values. None
        altogether where the level has the stored axes in their order.
    """

    shape: tuple[int, ...]
    stored: tuple[int | None, ...] | None

    @classmethod
    def of(cls, location: ArrayLocation, shape: tuple[int, ...]) -> LevelAxes:
        """Take the axes of a location.

        Raises
        ------
        ValueError : there are more or fewer than the shape has, or one stored axis is shown twice.
        """
        stored = location.axes
        if stored is not None:
            shown = [axis for axis in stored if axis is not None]
            if (
                len(stored) != len(shape)
                or len({*shown}) != len(shown)
                or min(shown, default=0) < 0
            ):
                raise ValueError(f"{location.where}: axes {stored} do not make a shape {shape}")
        return cls(shape, stored)

    def __str__(self) -> str:
        return str(self.shape) if self.stored is None else f"{self.shape} from axes {self.stored}"

    def fit(self, shape: tuple[int, ...]) -> bool:
        """Tell whether an array of this stored shape looks like the level."""
        if self.stored is None:
            return shape == self.shape
        expected = [1] * len(shape)
        for axis, size in zip(self.stored, self.shape, strict=True):
            if axis is None:
                continue
            if axis >= len(shape):
                return False
            expected[axis] = size
        return shape == tuple(expected)

    def arrange(self, store: Any) -> Any:
        """Return a tensorstore of the level's axes, which begin at 0; reads nothing."""
        import tensorstore as ts

        if self.stored is None:
            return store
        output = [
            ts.OutputIndexMap(offset=0)
            if axis not in self.stored
            else ts.OutputIndexMap(input_dimension=self.stored.index(axis))
            for axis in range(store.ndim)
        ]
        return store[ts.IndexTransform(input_shape=self.shape, output=output)]

    def grid(self, chunks: tuple[int, ...]) -> tuple[int, ...]:
        """Turn a stored chunk shape into one along the level's axes; a repeated axis is one."""
        if self.stored is None:
            return chunks
        return tuple(
            max(1, size) if axis is None else chunks[axis]
            for axis, size in zip(self.stored, self.shape, strict=True)
        )

    def chunk_at(self, index: Index, chunks: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return the grid index of the stored chunk a region lies in; None if in several.

        Parameters
        ----------
        index : the region, ascending, along the level's axes.
        chunks : shape of the stored chunks.
        """
        result = []
        for axis, size in enumerate(chunks):
            if self.stored is None:
                pick = index[axis]
            else:
                pick = index[self.stored.index(axis)] if axis in self.stored else 0
            first, last = (pick, pick) if isinstance(pick, int) else (pick.start, pick.stop - 1)
            if first // size != last // size:
                return None
            result.append(first // size)
        return tuple(result)
