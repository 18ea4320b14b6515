"""Writing into a bucket: there is nothing to rename, so all metadata comes last.

The root's comes at the very end.
Until then there are chunks alone, which nobody can open, and a note by which they are known to be
an export's. A bucket has no exchange of two prefixes either: what is replaced is removed first,
its root's metadata before all else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from napari_strata.export.errors import ExportError
from napari_strata.export.safety.place import TargetExists
from napari_strata.model import OpenError
from napari_strata.store.location import Location, is_url, parse_location

_ROOT_METADATA = ("zarr.json", ".zgroup", ".zarray", ".zattrs", "attributes.json")
_METADATA = frozenset({*_ROOT_METADATA, ".zmetadata"})
_OME_FILE = ("OME", "METADATA.ome.xml")
_NOTE = ".strata-export"
_CHUNK = re.compile(r"c(?:[./]\d+)*|\d+(?:[./]\d+)*", re.ASCII)
_CHUNK_OF_ANY = re.compile(r"(?:.*/)?\d+(?:[./]\d+)*", re.ASCII)
_LARGEST_KEPT = 200  # characters of tensorstore's message


def is_remote(path: object) -> bool:
    """Tell a URL from a path on this computer."""
    return isinstance(path, str) and is_url(path) and not path.startswith("file:")


def remote_target(url: str) -> tuple[Location, dict[str, Any]]:
    """Return where a URL leads, and the key-value store of that folder (JSON).

    Raises
    ------
    ExportError : it is no bucket that can be written to, or the whole of one.
    """
    try:
        location = parse_location(url)
    except OpenError as error:
        raise ExportError(str(error.problem.message)) from error
    if location.scheme not in ("s3", "gs"):
        raise ExportError(f"{url}: only s3:// and gs:// can be written to, {location.scheme} not")
    if not location.path:
        raise ExportError(f"{url} is a whole bucket, expected a folder in one")
    from napari_strata.store.remote import RemoteBackend

    kvstore = RemoteBackend(location).kvstore(location.path)
    context = dict(kvstore.get("context", {}))
    context.pop("aws_credentials", None)  # asked for without any first, which cannot write
    return location, {**kvstore, "context": context}


def begin_remote(kvstore: Mapping[str, Any], url: str, *, replace: bool) -> None:
    """Refuse a folder of a bucket in which something is, or empty it; leave the note in it.

    Parameters
    ----------
    replace : whether a dataset that is there, or what an export has left, may be removed.

    Raises
    ------
    TargetExists : something is there that was not to be replaced, or is no dataset.
    ExportError : the bucket cannot be read or written.
    """
    store = _open(kvstore, url)
    keys = _keys(store, url)
    if keys:
        _empty(store, keys, url, replace=replace)
    _done(store.write(_NOTE, b"An export to this folder is under way, or was broken off."), url)


def end_remote(kvstore: Mapping[str, Any], url: str) -> None:
    """Take the note away from a dataset that is complete.

    Raises
    ------
    ExportError : the bucket refuses.
    """
    _done(_open(kvstore, url).write(_NOTE, None), url)


def _empty(store: Any, keys: Sequence[str], url: str, *, replace: bool) -> None:
    has_root = not {*_ROOT_METADATA}.isdisjoint(keys)
    if not replace:
        state = "is there already" if has_root else "holds files already"
        if _NOTE in keys:
            state = "holds what an export has left"
        raise TargetExists(f"{url} {state}; it is only replaced if that is asked for")
    foreign = foreign_key(keys)
    if foreign is not None:
        raise TargetExists(
            f"{url} holds {foreign}, which is no part of a dataset; it is not replaced"
        )
    first = [key for key in _ROOT_METADATA if key in keys]
    for key in first:
        _done(store.write(key, None), url)
    for future in [store.write(key, None) for key in keys if key not in (*first, _NOTE)]:
        _done(future, url)


def foreign_key(keys: Iterable[str]) -> str | None:
    """Return the first key that is neither metadata nor a chunk below an array's metadata.

    Beside the note of an export, chunks have no metadata yet.
    """
    known = sorted(set(keys))
    is_begun = _NOTE in known
    folders = {PurePosixPath(key).parent for key in known if PurePosixPath(key).name in _METADATA}
    for key in known:
        path = PurePosixPath(key)
        if path.name in _METADATA or path.parts[-2:] == _OME_FILE or key == _NOTE:
            continue
        if is_begun and _CHUNK_OF_ANY.fullmatch(key):
            continue
        above = next((folder for folder in path.parents if folder in folders), None)
        if above is None or not _CHUNK.fullmatch(path.relative_to(above).as_posix()):
            return key
    return None


def end_unsound(kvstore: Mapping[str, Any], url: str) -> None:
    """Remove all metadata, the root's first, so that nobody can open what is there.

    Raises
    ------
    ExportError : the bucket refuses.
    """
    store = _open(kvstore, url)
    for key in _ROOT_METADATA:
        _done(store.write(key, None), url)
    for key in _keys(store, url):
        if PurePosixPath(key).name in _METADATA:
            _done(store.write(key, None), url)


def check_apart_remote(
    kvstore: Mapping[str, Any], sources: Iterable[Mapping[str, Any]], url: str
) -> None:
    """Refuse a folder of a bucket that lies in a source, or a source in it.

    Parameters
    ----------
    sources : key-value stores of the arrays that are read.

    Raises
    ------
    ExportError : they overlap, or a source is read through a web address that names the same
        bucket and folder: it would be removed before it is read.
    """
    for source in sources:
        while isinstance(source.get("base"), Mapping):
            source = source["base"]
        address = _web_address(source)
        if str(kvstore["bucket"]) in address and f"/{_folder(kvstore)}" in address:
            raise ExportError(
                f"{url} and {_folder(source).rstrip('/')} of a web server, which is exported, are "
                "called as if they were the same; choose another folder"
            )
        same = all(source.get(key) == kvstore.get(key) for key in ("driver", "bucket"))
        if not same or "path" not in source:
            continue
        one, other = _folder(source), _folder(kvstore)
        if one.startswith(other) or other.startswith(one):
            raise ExportError(f"{url} and {one.rstrip('/')}, which is exported, are in each other")


def _web_address(kvstore: Mapping[str, Any]) -> str:
    """Return where a web server is asked; ``""`` for what is no web server."""
    if kvstore.get("driver") != "http":
        return ""
    return unquote(f"{kvstore.get('base_url', '')}/{_folder(kvstore)}")


def _folder(kvstore: Mapping[str, Any]) -> str:
    return str(kvstore["path"]).strip("/") + "/"


def _open(kvstore: Mapping[str, Any], url: str) -> Any:
    import tensorstore as ts

    try:
        return ts.KvStore.open(dict(kvstore)).result()
    except (ValueError, OSError) as error:
        raise _refused(url, error) from error


def _keys(store: Any, url: str) -> list[str]:
    try:
        return [key.decode() for key in store.list().result()]
    except (ValueError, OSError) as error:
        raise _refused(url, error) from error


def _done(future: Any, url: str) -> None:
    try:
        future.result()
    except (ValueError, OSError) as error:
        raise _refused(url, error) from error


def _refused(url: str, error: Exception) -> ExportError:
    return ExportError(f"{url}: {' '.join(str(error).split())[:_LARGEST_KEPT]}")
