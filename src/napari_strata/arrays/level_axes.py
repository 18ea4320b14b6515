"""How the axes of a level are made of the axes an array is stored with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    fixed : the index on stored axes that are not shown; 0 on those that are not in here either.
    """

    shape: tuple[int, ...]
    stored: tuple[int | None, ...] | None
    fixed: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, location: ArrayLocation, shape: tuple[int, ...]) -> LevelAxes:
        """Take the axes of a location.

        Raises
        ------
        ValueError : there are more or fewer than the shape has, or one stored axis is used twice.
        """
        stored, fixed = location.axes, dict(location.fixed)
        if stored is not None:
            shown = [axis for axis in stored if axis is not None]
            if (
                len(stored) != len(shape)
                or len({*shown}) != len(shown)
                or min(shown, default=0) < 0
            ):
                raise ValueError(f"{location.where}: axes {stored} do not make a shape {shape}")
        if fixed and (stored is None or set(fixed) & set(stored) or min(fixed.values()) < 0):
            raise ValueError(f"{location.where}: axes {stored} cannot be at {fixed}")
        return cls(shape, stored, fixed)

    def __str__(self) -> str:
        if self.stored is None:
            return str(self.shape)
        at = f" at {dict(self.fixed)}" if self.fixed else ""
        return f"{self.shape} from axes {self.stored}{at}"

    def fit(self, shape: tuple[int, ...]) -> bool:
        """Tell whether an array of this stored shape looks like the level."""
        if self.stored is None:
            return shape == self.shape
        if any(axis >= len(shape) or at >= shape[axis] for axis, at in self.fixed.items()):
            return False
        expected = [n if axis in self.fixed else 1 for axis, n in enumerate(shape)]
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
            ts.OutputIndexMap(offset=self.fixed.get(axis, 0))
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
                shown = axis in self.stored
                pick = index[self.stored.index(axis)] if shown else self.fixed.get(axis, 0)
            first, last = (pick, pick) if isinstance(pick, int) else (pick.start, pick.stop - 1)
            if first // size != last // size:
                return None
            result.append(first // size)
        return tuple(result)
