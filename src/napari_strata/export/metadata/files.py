"""The metadata files of a dataset on this computer, and what is to become of them.

Only whole JSON documents are handed out; what is written keeps everything that was not changed.
Copies that consolidated metadata holds of a document (``.zmetadata`` of Zarr v2,
``consolidated_metadata`` of Zarr v3) change with it.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.text import rewritten
from napari_strata.store.container import open_container
from napari_strata.store.hierarchy import ATTRIBUTES_FILE, Encoding
from napari_strata.store.location import parse_location, zip_in
from napari_strata.store.tree import Node

Json = dict[str, Any]

_LARGEST = 64 * 2**20


@dataclass(frozen=True)
class FileChange:
    """One file: its path relative to the root, its bytes before and after; None: no file."""

    path: str
    before: bytes | None
    after: bytes | None


def local_container(path: str | os.PathLike[str]) -> Node:
    """Open a dataset whose metadata can be changed.

    Raises
    ------
    ExportError
        If it is elsewhere than in folders of this computer.
    OpenError
        If there is none.
    """
    location = parse_location(path)
    if location.scheme != "file":
        raise ExportError(
            f"{location}: is no folder of this computer; several remote files cannot be changed "
            "all at once, so copy it here, or write a new one"
        )
    if zip_in(location) is not None:
        raise ExportError(
            f"{location}: is in a zip file, where nothing can be changed in place; unpack it first"
        )
    return open_container(path)


class Documents:
    """The documents below a root, read when they are asked for, changed in memory alone.

    Paths are relative to the root, with ``/``.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._bytes: dict[str, bytes | None] = {}
        self._documents: dict[str, Json] = {}

    def relative(self, node: Node, name: str) -> str:
        """Give the path of a node's file."""
        return posixpath.join(node.relative_to(self.root), name)

    def document(self, path: str) -> Json:
        """Return a document to change; an empty one where there is no file.

        Raises
        ------
        ExportError
            If the file is a link, cannot be read, or holds no JSON object.
        """
        if path not in self._documents:
            data = self._read(path)
            try:
                value = {} if data is None else json.loads(data.decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:
                raise ExportError(f"{path}: found no JSON ({error})") from None
            if not isinstance(value, dict):
                raise ExportError(f"{path}: found {type(value).__name__}, expected an object {{…}}")
            self._bytes[path], self._documents[path] = data, value
        return self._documents[path]

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file."""
        return os.path.lexists(os.path.join(self.root, path))

    def attributes(self, node: Node, encoding: Encoding) -> Json:
        """Return a node's attributes to change."""
        document = self.document(self.relative(node, ATTRIBUTES_FILE[encoding]))
        if encoding != "zarr3":
            return document
        found = document.setdefault("attributes", {})
        if not isinstance(found, dict):
            path = self.relative(node, "zarr.json")
            raise ExportError(f"{path}: attributes: found no object, expected one")
        return found

    def changes(self) -> tuple[FileChange, ...]:
        """List the files that would change, in the order of their paths.

        Raises
        ------
        ExportError
            If a file's text cannot be changed safely.
        """
        for path in [p for p in self._documents if self._is_changed(p)]:
            self._consolidate(path)
        found = []
        for path in sorted(self._documents):
            if self._is_changed(path):
                before = self._bytes[path]
                try:
                    after = rewritten(before, self._documents[path])
                except ExportError as error:
                    raise ExportError(f"{path}: {error}") from None
                found.append(FileChange(path, before, after))
        return tuple(found)

    def _is_changed(self, path: str) -> bool:
        before = self._bytes[path]
        if before is None:
            return bool(self._documents[path])
        return bool(json.loads(before.decode("utf-8-sig")) != self._documents[path])

    def _read(self, path: str) -> bytes | None:
        full = os.path.join(self.root, path)
        if os.path.islink(full):
            raise ExportError(f"{path}: is a link; the file it leads to may belong to others")
        try:
            with open(full, "rb") as file:
                data = file.read(_LARGEST + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ExportError(f"{path}: cannot be read: {error.strerror or error}") from None
        if len(data) > _LARGEST:
            raise ExportError(f"{path}: is larger than 64 MiB, which no metadata file is")
        return data

    def _consolidate(self, path: str) -> None:
        """Change the copies of a document that groups above it hold."""
        folder, name = posixpath.split(path)
        above: str | None = folder
        while above is not None:
            relative = posixpath.relpath(path, above or ".")
            if self.exists(posixpath.join(above, ".zmetadata")):
                copies = self.document(posixpath.join(above, ".zmetadata")).get("metadata")
                self._renew(copies, relative, path)
            outer = posixpath.join(above, "zarr.json")
            if name == "zarr.json" and above != folder and self.exists(outer):
                held = self.document(outer)
                inline = held.get("consolidated_metadata")
                copies = inline.get("metadata") if isinstance(inline, Mapping) else None
                self._renew(copies, posixpath.dirname(relative), path)
            above = posixpath.dirname(above) if above else None

    def _renew(self, copies: Any, key: str, path: str) -> None:
        if not isinstance(copies, dict) or not isinstance(copies.get(key), dict):
            return
        inner = "consolidated_metadata"  # of a group: the copy has its own
        own = {k: v for k, v in copies[key].items() if k == inner}
        new = {k: v for k, v in self._documents[path].items() if k != inner}
        copies[key] = json.loads(json.dumps({**new, **own}))
