"""Arrays of other libraries that are read where they are sliced, such as Zarr's and HDF5's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.arrays import LevelArray
from napari_strata.arrays.selection import Selection


class Unread:
    """A view of such an array; slicing and reordering it reads nothing, `numpy.asarray` does.

    Parameters
    ----------
    array : anything with a shape and a dtype that is indexed with slices of steps from 1 up.
    """

    def __init__(self, array: Any, selection: Selection | None = None) -> None:
        self._array = array
        self._selection = selection or Selection.whole(tuple(int(n) for n in array.shape))

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each axis."""
        return self._selection.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its voxels."""
        dtype: np.dtype[Any] = np.dtype(self._array.dtype)
        return dtype

    @property
    def chunksize(self) -> tuple[int, ...] | None:
        """What is read at once, None where that is not known."""
        grid = getattr(self._array, "chunks", None)
        if not grid or not all(isinstance(c, int) for c in grid):
            return None
        sizes = self._selection.chunks(tuple(grid))
        return tuple(c if isinstance(c, int) else max(c) for c in sizes)

    def __getitem__(self, key: tuple[slice, ...]) -> Unread:
        return Unread(self._array, self._selection.index(key))

    def transpose(self, order: tuple[int, ...]) -> Unread:
        """Reorder the axes."""
        return Unread(self._array, self._selection.transpose(tuple(order)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        values = np.asarray(self._array[self._selection.ascending()])
        return np.asarray(self._selection.arrange(values), dtype)


def unread(array: Any) -> Any:
    """Return an array that is sliced and reordered without being read."""
    is_lazy = isinstance(array, np.ndarray | LevelArray)
    is_lazy = is_lazy or type(array).__module__.partition(".")[0] == "dask"
    return array if is_lazy else Unread(array)
