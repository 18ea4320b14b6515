"""How many bytes a level's chunks take on this computer, where that is quickly known."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from napari_strata.arrays import LevelArray
from napari_strata.dataset.image import Level
from napari_strata.model import Location, stored_arrays
from napari_strata.store.backend import LocalBackend, ReadError
from napari_strata.store.location import METADATA_FILES
from napari_strata.store.zip_directory import (
    TAIL_LENGTH,
    Directory,
    DirectoryError,
    find_end,
    parse_directory,
)

MOST_FILES = 20_000
_MOST_MEMBERS = 1_000_000  # of a zip: its directory is read in about a second


class _TooMany(Exception):
    """More files than are to be counted."""


def stored_bytes(level: Level | LevelArray, *, most_files: int = MOST_FILES) -> int | None:
    """Return the size of a level's stored chunks in bytes: of all its channels and stacks.

    Files are looked at, none of them is read (of a zip file, its directory): in a thread.

    Parameters
    ----------
    level : a `Level`, or a `LevelArray`, of which the whole level counts.
    most_files : files and folders that may be looked at.

    Returns
    -------
    None where that is not quickly known: the level is on a server, there are more files, or one
    of its folders or its zip file cannot be looked at.
    """
    array = level.data if isinstance(level, Level) else level
    folders = _folders(array.location)
    if folders is None:
        return None
    counted, total = 0, 0
    directories: dict[str, Directory] = {}
    try:
        for driver, path, inner in folders:
            sizes = (
                _in_folder(path) if driver == "file" else _in_zip(_known(path, directories), inner)
            )
            for size in sizes:
                counted += 1
                if counted > most_files:
                    return None
                total += size
    except (OSError, DirectoryError, _TooMany):
        return None
    return total


def _folders(location: Location) -> list[tuple[str, str, str]] | None:
    """List driver, path, and path within a zip, of every array; None if one is elsewhere."""
    found = []
    for array in stored_arrays(location):
        spec = array.kvstore
        base: Any = spec.get("base", {})
        key = str(array.metadata["key"]) if array.encoding == "precomputed" else ""
        path = posixpath.join(str(spec.get("path", "")), key)
        if spec.get("driver") == "file":
            found.append(("file", path, ""))
        elif spec.get("driver") == "zip" and isinstance(base, Mapping) and _is_file(base):
            found.append(("zip", str(base["path"]), path))
        else:
            return None
    return list(dict.fromkeys(found))


def _is_file(spec: Mapping[str, Any]) -> bool:
    return spec.get("driver") == "file"


def _in_folder(path: str) -> Iterator[int]:
    """Give the size of every file below a folder but the metadata; 0 for a folder."""
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append(entry.path)
                    yield 0
                elif folder != path or entry.name not in METADATA_FILES:
                    yield entry.stat().st_size


def _known(path: str, directories: dict[str, Directory]) -> Directory:
    """Return a zip file's directory, read once for all arrays in it."""
    if path not in directories:
        directories[path] = _directory(path)
    return directories[path]


def _directory(path: str) -> Directory:
    storage = LocalBackend()
    end = find_end(_read(storage.read_tail(path, TAIL_LENGTH)))
    if end.count > _MOST_MEMBERS:
        raise _TooMany
    (data,) = storage.read_spans(path, [(end.offset, end.stop)])
    return parse_directory(_read(data), end.count)


def _read(data: bytes | ReadError | None) -> bytes:
    if isinstance(data, bytes):
        return data
    raise data or FileNotFoundError


def _in_zip(directory: Directory, folder: str) -> Iterator[int]:
    """Give the stored size of every member in a folder of a zip but the metadata."""
    start = folder.removeprefix(directory.prefix).rstrip("/")
    start = f"{start}/" if start else ""
    for name, member in directory.members.items():
        if name.startswith(start) and name[len(start) :] not in METADATA_FILES:
            yield member.stored_size
