"""Whether a folder holds a dataset and nothing else, so that it may be replaced.

Only Zarr and N5 are known here, because only those are written. Every file below the folder must
be metadata, or a chunk of the array it lies in; anything else belongs to somebody.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_METADATA = frozenset({"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"})
_N5_METADATA = "attributes.json"
_N5_KEYS = frozenset({"n5", "dimensions", "multiscales"})
_OME_FOLDER, _OME_FILE = "OME", "METADATA.ome.xml"
_OF_THE_SYSTEM = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_LOCK = ".__lock"  # what a killed tensorstore leaves beside a file
_LARGEST = 64 << 20


@dataclass(frozen=True)
class _Node:
    """A folder with metadata: what it is, and of an array how many axes it has."""

    kind: Literal["array", "group"]
    is_n5: bool
    rank: int = 0


def is_dataset(folder: Path) -> bool:
    """Tell whether a folder is a Zarr or N5 array or group."""
    return _node(folder) is not None


def is_image_or_array(folder: Path) -> bool:
    """Tell whether a folder is an array, or a group that is one image with its levels."""
    node = _node(folder)
    if node is None or node.kind == "array":
        return node is not None
    keys: set[str] = set()
    for name in ("zarr.json", ".zattrs", _N5_METADATA):
        found = _json(folder / name) or {}
        attributes = found.get("attributes")
        inner = attributes if isinstance(attributes, Mapping) else found
        ome = inner.get("ome")
        keys |= inner.keys() | (ome.keys() if isinstance(ome, Mapping) else set())
    return "multiscales" in keys


def first_foreign(folder: Path) -> Path | None:
    """Return the first file or link below a dataset that is no part of it; None if all are.

    Raises
    ------
    OSError : a folder cannot be listed.
    """
    node = _node(folder)
    return folder if node is None else next(_foreign_in_node(folder, node), None)


def _foreign_in_node(folder: Path, node: _Node) -> Iterator[Path]:
    own = _METADATA | ({_N5_METADATA} if node.is_n5 else set())
    for entry in _entries(folder):
        path = Path(entry.path)
        if entry.is_symlink():
            yield path
        elif entry.is_dir():
            yield from _foreign_below(path, node)
        elif entry.name.removesuffix(_LOCK) not in own and not _is_usual(path, node):
            yield path


def _foreign_below(folder: Path, above: _Node) -> Iterator[Path]:
    """Look into a folder of a node: another node, or one of chunks."""
    if above.kind == "array":
        yield from _foreign_chunks(folder, (folder.name,), above)
        return
    node = _node(folder)
    if node is None and above.is_n5:
        node = _Node("group", is_n5=True)  # N5's groups need no metadata
    if node is None:
        yield folder
    else:
        yield from _foreign_in_node(folder, node)


def _foreign_chunks(folder: Path, parts: tuple[str, ...], array: _Node) -> Iterator[Path]:
    if not _is_key(parts, array.rank, whole=False):
        yield folder
        return
    for entry in _entries(folder):
        below = (*parts, entry.name)
        if entry.is_symlink():
            yield Path(entry.path)
        elif entry.is_dir():
            yield from _foreign_chunks(Path(entry.path), below, array)
        elif entry.name not in _OF_THE_SYSTEM and not _is_key(below, array.rank, whole=True):
            yield Path(entry.path)


def _is_usual(path: Path, node: _Node) -> bool:
    """Tell whether a file directly in a node is expected there."""
    if path.name in _OF_THE_SYSTEM:
        return True
    if node.kind == "group":
        return (path.parent.name, path.name) == (_OME_FOLDER, _OME_FILE)
    return _is_key((path.name,), node.rank, whole=True)


def _is_key(parts: tuple[str, ...], rank: int, *, whole: bool) -> bool:
    """Tell whether a path within an array is a chunk's (``c/0/1``, ``0.1``), or begins one."""
    numbers = re.split(r"[./]", "/".join(parts).removesuffix(_LOCK))
    if numbers[0] == "c":
        numbers = numbers[1:]
        if whole and not numbers:
            return rank == 0
    elif whole and rank == 0:
        return numbers == ["0"]
    fits = len(numbers) == rank if whole else len(numbers) <= rank
    return fits and all(number.isascii() and number.isdigit() for number in numbers)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _node(folder: Path) -> _Node | None:
    """Read what a folder is; None if it has no metadata that says so."""
    v3 = _json(folder / "zarr.json")
    if v3 is not None and v3.get("zarr_format") == 3:
        if v3.get("node_type") == "array":
            return _Node("array", False, _length(v3.get("shape")))
        return _Node("group", False) if v3.get("node_type") == "group" else None
    v2 = _json(folder / ".zarray")
    if v2 is not None:
        return _Node("array", False, _length(v2.get("shape")))
    if _json(folder / ".zgroup") is not None:
        return _Node("group", False)
    n5 = _json(folder / _N5_METADATA)
    if n5 is None:
        return None
    if "dimensions" in n5:
        return _Node("array", True, _length(n5["dimensions"]))
    return _Node("group", True) if _N5_KEYS & n5.keys() else None


def _length(shape: Any) -> int:
    return len(shape) if isinstance(shape, list) else -1  # no chunk has -1 axes: all are foreign


def _json(file: Path) -> dict[str, Any] | None:
    """Read a JSON object; None if there is none that can be read."""
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return None
        value = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
