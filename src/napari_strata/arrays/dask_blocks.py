"""A view of a level as dask's graphs hold it: indexing it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from napari_strata.arrays.level_array import LevelArray


@dataclass(frozen=True)
class BlockReader:
    """Gives dask numpy arrays: a level gives views, which dask would take for blocks."""

    level: LevelArray

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each axis."""
        return self.level.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of one voxel."""
        return self.level.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.level.ndim

    def __getitem__(self, key: tuple[slice, ...]) -> npt.NDArray[Any]:
        return np.asarray(self.level[key])

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return self.level.__dask_tokenize__()


def as_dask(level: LevelArray) -> Any:
    """Return a dask array with a block for each chunk of a level."""
    import dask.array as da

    meta = np.empty((0,) * level.ndim, level.dtype)
    return da.from_array(BlockReader(level), chunks=level.chunks, meta=meta)
