"""Which character is between the numbers of a Zarr v2 array's chunk names, where no key says.

OME-Zarr 0.1 has ``0.0.0``; later versions have ``0/0/0``, and writers did not always declare it.
With the wrong one, every chunk seems to be missing and an array reads as its fill value. So this
is looked up in the names that are there, once, before the first chunk is read.
"""

from __future__ import annotations

import itertools
import os
import re
import urllib.parse
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from napari_strata.arrays import stores
from napari_strata.arrays.cache import Contexts
from napari_strata.arrays.decoding import extents
from napari_strata.arrays.errors import READ_ERRORS, chunk_error, is_permission_denied
from napari_strata.model import ArrayLocation
from napari_strata.store import listing
from napari_strata.store.backend import Listing, ReadError
from napari_strata.store.hierarchy import ARRAY_FILE

_FLAT, _NESTED = ".", "/"
_MORE_PROBES = 16  # chunks along the diagonal, where nothing but asking by name is allowed


def is_unknown(location: ArrayLocation) -> bool:
    """Tell whether the names of the chunks have to be looked at."""
    if location.encoding != "zarr2" or location.metadata.get("dimension_separator"):
        return False
    shape = location.metadata.get("shape")
    return isinstance(shape, list | tuple) and len(shape) > 1


def settled(location: ArrayLocation, contexts: Contexts) -> ArrayLocation:
    """Return the location with the separator that is in use; as it is where that is known.

    A local folder is looked through up to the first chunk. Any other is asked for one byte of the
    first chunk by both names, then, where it has neither, for one listing of the folder, and
    where it does not list, for some more chunks. No chunk found means ``"."``, the default of
    Zarr v2.

    Raises
    ------
    CodecError : the array has no sound shape or chunks.
    ChunkError : the store does not answer.
    """
    if not is_unknown(location):
        return location
    shape = extents(location, "shape", location.metadata.get("shape"), least=0)
    chunks = extents(location, "chunks", location.metadata.get("chunks"), least=1, rank=len(shape))
    grid = tuple(-(-n // c) for n, c in zip(shape, chunks, strict=True))
    found = _FLAT if 0 in grid else _look(location, grid, contexts)
    return replace(location, metadata={**location.metadata, "dimension_separator": found})


def _look(location: ArrayLocation, grid: tuple[int, ...], contexts: Contexts) -> str:
    rank = len(grid)
    if location.kvstore.get("driver") == "file":
        try:
            with os.scandir(stores.folder(location)["path"]) as entries:
                return _told_by((entry.name for entry in entries), rank) or _FLAT
        except (FileNotFoundError, NotADirectoryError):
            return _FLAT
        except OSError:
            pass  # a folder that may not be listed can still have files that may be read
    first = (0,) * rank
    if found := _probe(location, [first], contexts):
        return found
    is_zip = location.kvstore.get("driver") == "zip"
    names = _list_zip(location, contexts) if is_zip else _list(location.kvstore)
    names = names or Listing((), ())
    if found := _told_by(itertools.chain(names.folders, names.files), rank):
        return found
    if ARRAY_FILE["zarr2"] in names.files:
        return _FLAT  # a listing of this very folder, and no chunk in it
    return _probe(location, _spread(grid), contexts) or _FLAT


def _told_by(names: Iterable[str], rank: int) -> str | None:
    """Return what the first chunk among names tells; there are at least two axes."""
    flat = re.compile(rf"[0-9]+(\.[0-9]+){{{rank - 1}}}")
    for name in names:
        if name.isdecimal():
            return _NESTED
        if flat.fullmatch(name):
            return _FLAT
    return None


def _spread(grid: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return chunks from the last to the first, evenly along the diagonal, and the centre."""
    steps = range(_MORE_PROBES, 0, -1)
    chunks = [tuple((n - 1) * step // _MORE_PROBES for n in grid) for step in steps]
    return list(dict.fromkeys([tuple(n // 2 for n in grid), *chunks]))


def _probe(
    location: ArrayLocation, chunks: list[tuple[int, ...]], contexts: Contexts
) -> str | None:
    """Ask for one byte of each chunk by both its names, all at once."""
    kvstore = stores.open_kvstore(location, contexts.direct)
    asked = [
        (separator, kvstore.read(separator.join(map(str, chunk)), byte_range=slice(0, 1)))
        for chunk in chunks
        for separator in (_FLAT, _NESTED)
    ]
    for separator, future in asked:
        if _exists(location, future):
            return separator
    return None


def _exists(location: ArrayLocation, future: Any) -> bool:
    try:
        return bool(future.result().state == "value")
    except READ_ERRORS as error:
        if str(error).startswith("OUT_OF_RANGE"):
            return True  # an empty file
        if is_permission_denied(error):
            return False  # what a store that may not be listed answers for what it does not have
        raise chunk_error(location.where, error) from error


def _list_zip(location: ArrayLocation, contexts: Contexts) -> Listing:
    """List a folder in a zip file: its directory has been read for the first chunk."""
    try:
        keys = stores.open_kvstore(location, contexts.direct).list().result()
    except READ_ERRORS as error:
        raise chunk_error(location.where, error) from error
    names = {key.decode("utf-8", "replace").partition("/")[0] for key in keys}
    return Listing((), tuple(sorted(names)))


def _list(kvstore: Any) -> Listing | None:
    """List the array's own folder, nothing below it; None where the store does not list."""
    key = kvstore.get("path", "")
    try:
        if kvstore["driver"] == "http":
            base = urllib.parse.urlsplit(kvstore["base_url"])
            user, _, host = base.netloc.rpartition("@")
            address = f"{base.scheme}://{host}{base.path.rstrip('/')}"
            return listing.list_web_folder(address, base.query, user, key)
        if kvstore["driver"] == "gcs":
            return listing.list_gcs_folder(kvstore["bucket"], key)
        if kvstore["driver"] == "s3":
            place = kvstore.get("endpoint"), kvstore.get("aws_region")
            return listing.list_s3_folder(kvstore["bucket"], key, *place)
    except ReadError:
        return None
    return None
