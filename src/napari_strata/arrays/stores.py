"""From a plan to an open tensorstore in array (C) order, without any request."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.arrays.cache import Contexts
from napari_strata.arrays.decoding import (
    Decoded,
    Native,
    NativeScale,
    Packed,
    ZarrPython,
    fill_number,
)
from napari_strata.arrays.errors import (
    READ_ERRORS,
    CodecError,
    chunk_error,
    is_permission_denied,
    reason_of,
)
from napari_strata.arrays.plan import plan
from napari_strata.model import ArrayLocation


def open_store(location: ArrayLocation, contexts: Contexts) -> Any:
    """Open an array for reading; nothing is read and nothing is ever created.

    Raises
    ------
    CodecError : it cannot be decoded.
    """
    how = plan(location)
    try:
        if isinstance(how, Native):
            return open_native(how, folder(location), contexts.direct)
        return _open_virtual(location, how, contexts)
    except READ_ERRORS as error:
        if isinstance(error, CodecError):
            raise
        raise CodecError(location.where, f"cannot be opened: {reason_of(error)}") from error


def open_kvstore(location: ArrayLocation, context: Any) -> Any:
    """Open the array's folder as a key-value store."""
    import tensorstore as ts

    return ts.KvStore.open(folder(location), context=context).result()


def fill_number_of(location: ArrayLocation, dtype: np.dtype[Any]) -> Any:
    """Return the value of a missing chunk's voxels."""
    how = plan(location)
    if isinstance(how, Native):
        return fill_number(how.metadata.get("fill_value"), dtype)
    return how.fill


def folder(location: ArrayLocation) -> dict[str, Any]:
    """Return the key-value store specification with a path that ends in a slash."""
    spec = dict(location.kvstore)
    path = spec.get("path", "")
    if path and not path.endswith("/"):
        spec["path"] = path + "/"
    return spec


def open_native(how: Native, kvstore: dict[str, Any], context: Any) -> Any:
    """Open what tensorstore decodes, in array order, its origin at 0."""
    import tensorstore as ts

    spec = {
        "driver": how.driver,
        "kvstore": kvstore,
        **how.members,
        "open": True,
        "assume_metadata": True,
        "recheck_cached_data": "open",
        "recheck_cached_metadata": "open",
    }
    store = ts.open(spec, context=context, read=True, write=False).result()
    if isinstance(how, NativeScale):
        store = store[ts.d[:].translate_to[0].label["", "", "", ""]]
    return store.T if how.reversed else store


def _open_virtual(
    location: ArrayLocation, how: Decoded | ZarrPython | Packed, contexts: Contexts
) -> Any:
    kvstore = open_kvstore(location, contexts.direct)
    read = chunk_reader(location, how, kvstore)
    return virtual(read, how.shape, how.chunks, how.dtype, contexts.decoding)


def virtual(
    read: Any, shape: tuple[int, ...], chunks: tuple[int, ...], dtype: np.dtype[Any], context: Any
) -> Any:
    """Return a tensorstore whose chunks come from ``read(domain, array, parameters)``."""
    import tensorstore as ts

    return ts.virtual_chunked(
        read_function=read,
        dtype=dtype,
        domain=ts.IndexDomain(shape=shape),
        chunk_layout=ts.ChunkLayout(
            grid_origin=[0] * len(shape), read_chunk_shape=chunks, write_chunk_shape=chunks
        ),
        context=context,
    )


def zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Return a tensorstore of zeros that takes no memory."""
    import tensorstore as ts

    return ts.array(np.zeros((), dtype))[ts.IndexTransform(input_shape=shape, output=[])]


def chunk_reader(location: ArrayLocation, how: Decoded | ZarrPython | Packed, kvstore: Any) -> Any:
    """Return ``read(domain, array, _)``, which names the chunk in every failure but a refusal.

    Tensorstore pickles what a reader raises, and some libraries' exceptions cannot be pickled:
    so each failure is raised anew, with its reason as text and no exception chained to it.
    """
    if isinstance(how, ZarrPython):
        from napari_strata.arrays.zarr_python import ZarrChunks

        fetch = ZarrChunks(how, kvstore).read
    elif isinstance(how, Packed):
        from napari_strata.arrays.packed_chunks import PackedChunks

        fetch = PackedChunks(how, kvstore).read
    else:
        fetch = _Fetch(how, kvstore).read

    def attempt(domain: Any, array: npt.NDArray[Any]) -> Exception | None:
        try:
            array[...] = fetch(domain)
        except Exception as error:  # noqa: BLE001  # any codec may be behind it; read() raises
            if is_permission_denied(error):
                return ValueError(str(error))  # whether it means "missing" is decided above
            grid = tuple(o // c for o, c in zip(domain.origin, how.chunks, strict=True))
            return chunk_error(location.where, error, grid)
        return None

    def read(domain: Any, array: npt.NDArray[Any], _: Any) -> None:
        failure = attempt(domain, array)
        if failure is not None:
            raise failure

    return read


class _Fetch:
    """Reads and decodes the one chunk a region lies in."""

    def __init__(self, how: Decoded, kvstore: Any) -> None:
        self._how = how
        self._kvstore = kvstore

    def read(self, domain: Any) -> npt.NDArray[Any]:
        """Return the region's values; what is missing has the fill value."""
        how = self._how
        grid = tuple(o // c for o, c in zip(domain.origin, how.chunks, strict=True))
        result = np.full(domain.shape, how.fill, how.dtype)
        found = self._kvstore.read(how.decoder.key(grid)).result()
        if found.state == "missing":
            return result
        block = how.decoder.decode(found.value)
        starts = [o - g * c for o, g, c in zip(domain.origin, grid, how.chunks, strict=True)]
        part = block[tuple(slice(s, s + n) for s, n in zip(starts, domain.shape, strict=True))]
        result[tuple(slice(0, n) for n in part.shape)] = part
        return result
