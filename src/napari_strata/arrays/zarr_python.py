"""Zarr v3 codecs that tensorstore lacks, decoded by zarr-python from tensorstore's own reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorstore as ts
import zarr
from zarr.storage import StorePath

from napari_strata.arrays.decoding import ZarrPython
from napari_strata.store.warned import silenced
from napari_strata.zarr_store import ReadOnlyStore


class ZarrChunks:
    """Reads regions of an array through zarr-python, without asking for its metadata."""

    def __init__(self, plan: ZarrPython, kvstore: Any) -> None:
        with silenced():  # it warns of codecs outside the specification: those are why we are here
            path = StorePath(ReadOnlyStore(kvstore))
            self._array: Any = zarr.Array.from_dict(path, dict(plan.metadata))
        self._dtype = plan.dtype

    def read(self, domain: ts.IndexDomain) -> npt.NDArray[Any]:
        """Return the values of a region, missing chunks as the fill value."""
        return np.asarray(self._array[domain.index_exp]).astype(self._dtype, copy=False)
