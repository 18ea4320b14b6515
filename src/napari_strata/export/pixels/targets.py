"""The arrays that are written: created from a plan, one block at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.blocks import Slices
from napari_strata.export.pixels.codecs import DEFAULT, Codec, Container
from napari_strata.export.pixels.pyramid import LevelPlan

Array = npt.NDArray[Any]

_N5_TYPES = frozenset(["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"])


@dataclass(frozen=True)
class Target:
    """Where one level goes and how it is encoded; small, and can be pickled.

    Attributes
    ----------
    kvstore : tensorstore key-value store specification (JSON) of the array's own folder.
    members : what a format adds to the array's own metadata, such as ``dimension_names``.
    """

    kvstore: Mapping[str, Any]
    container: Container = "zarr3"
    codec: Codec = DEFAULT
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def declared_last(self) -> bool:
        """Whether the array's metadata comes after its voxels, where nothing is staged."""
        return self.kvstore.get("driver") not in ("file", "memory")

    def metadata(self, plan: LevelPlan) -> dict[str, Any]:
        """Return the array's metadata as tensorstore takes it.

        Raises
        ------
        ExportError : the container cannot hold the level.
        """
        if plan.shards is not None and self.container != "zarr3":
            raise ExportError(f"{self.container} has no shards, only zarr3 has")
        own = {"zarr3": _zarr3, "zarr2": _zarr2, "n5": _n5}[self.container](plan, self.codec)
        return {**own, **self.members}


class OpenTarget:
    """An array that is being written."""

    def __init__(self, store: Any, context: Any) -> None:
        self._store = store
        self._context = context
        self._without_copy = _may_refer(store)

    def begin(self, region: Slices, values: Array) -> Any:
        """Begin to write whole chunks or shards; ``values`` must not change any more.

        The future's ``result()`` returns once the storage has them. What holds nothing but the
        fill value is not stored.
        """
        return self._store[region].write(
            values, can_reference_source_data_indefinitely=self._without_copy
        )

    def read(self, region: Slices) -> Array:
        """Return voxels that were written before."""
        return np.asarray(self._store[region].read().result())


def open_target(target: Target, plan: LevelPlan, *, create: bool) -> OpenTarget:
    """Open an array for writing.

    Nothing is cached: a block is written once and read at most once.

    Parameters
    ----------
    create : write the metadata; else it must be there, and be the same. Neither holds of a
        target that is ``declared_last``; see `declare`.

    Raises
    ------
    ExportError : the container cannot hold the level.
    ValueError, OSError : the storage refuses, or has another array there.
    """
    how = {"assume_metadata": True} if target.declared_last else {"create": create}
    return _opened(target, plan, how)


def declare(target: Target, plan: LevelPlan) -> None:
    """Write the metadata of an array that is ``declared_last`` and has its voxels.

    Raises
    ------
    ValueError, OSError : the storage refuses, or has another array there.
    """
    _opened(target, plan, {"create": True})


def _opened(target: Target, plan: LevelPlan, how: Mapping[str, bool]) -> OpenTarget:
    import tensorstore as ts

    context = ts.Context({"cache_pool": {"total_bytes_limit": 0}})
    spec = {
        "driver": {"zarr3": "zarr3", "zarr2": "zarr", "n5": "n5"}[target.container],
        "kvstore": dict(target.kvstore),
        "metadata": target.metadata(plan),
        "open": True,
        **how,
    }
    store = ts.open(spec, context=context, read=True, write=True).result()
    return OpenTarget(store.T if target.container == "n5" else store, context)


def _zarr3(plan: LevelPlan, codec: Codec) -> dict[str, Any]:
    codecs = codec.in_zarr3()
    if plan.shards is not None:
        index = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
        sharding = {"chunk_shape": list(plan.chunks), "codecs": codecs, "index_codecs": index}
        codecs = [{"name": "sharding_indexed", "configuration": sharding}]
    return {
        "shape": list(plan.shape),
        "data_type": plan.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(plan.unit)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": codecs,
    }


def _zarr2(plan: LevelPlan, codec: Codec) -> dict[str, Any]:
    return {
        "shape": list(plan.shape),
        "chunks": list(plan.chunks),
        "dtype": plan.dtype.newbyteorder("<").str,
        "compressor": codec.in_zarr2(),
        "dimension_separator": "/",
        "fill_value": 0,
        "filters": None,
        "order": "C",
    }


def _n5(plan: LevelPlan, codec: Codec) -> dict[str, Any]:
    """Return N5's metadata, x first."""
    if f"{plan.dtype.kind}{plan.dtype.itemsize}" not in _N5_TYPES:
        raise ExportError(f"N5 has no type for voxels of {plan.dtype.name}")
    return {
        "dimensions": list(reversed(plan.shape)),
        "blockSize": list(reversed(plan.chunks)),
        "dataType": plan.dtype.name,
        "compression": codec.in_n5(),
    }


_MOST_AXES_REFERRED = 3


def _may_refer(store: Any) -> bool:
    """Tell whether values may be written without a copy.

    Tensorstore 0.1.86 takes chunks that are longer than 1 along more than three axes for nothing
    but the fill value then, and does not store them (shown by a test).
    """
    layout = store.chunk_layout
    shapes = (layout.read_chunk.shape, layout.write_chunk.shape)
    return all(sum(n > 1 for n in shape) <= _MOST_AXES_REFERRED for shape in shapes)
