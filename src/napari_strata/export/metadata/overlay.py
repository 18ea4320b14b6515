"""Opening a dataset as it would be with changed metadata, before anything is written."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from napari_strata.dataset import Choices, Dataset, open_at
from napari_strata.export.metadata.files import FileChange
from napari_strata.store.backend import Backend, Listing, Many
from napari_strata.store.tree import Node, Tree


def open_changed(
    node: Node, path: str, changes: Sequence[FileChange], *, multiscale: str | None = None
) -> Dataset:
    """Open a path as if the changes had been made.

    Raises
    ------
    OpenError
        If nothing could be shown honestly then.
    """
    root, below = node.tree.root, node.tree.backend
    contents = {posixpath.join(root, change.path): change.after for change in changes}
    if isinstance(below, Overlay):  # what is hidden stays so
        contents = {key: data for key, data in contents.items() if not below.hides(key)}
    tree = Tree(Overlay(below, contents), root)
    return open_at(Node(tree, node.path), path, Choices(multiscale=multiscale))


def without(node: Node, keys: Iterable[str]) -> Node:
    """Give the node in a tree where some files are not seen."""
    tree = Tree(Overlay(node.tree.backend, dict.fromkeys(keys)), node.tree.root)
    return Node(tree, node.path)


class Overlay:
    """Another backend, some files of which have other bytes."""

    def __init__(self, below: Backend, contents: Mapping[str, bytes | None]) -> None:
        self._below = below
        self._contents = contents
        self.absent_is_free = below.absent_is_free

    def hides(self, key: str) -> bool:
        """Tell whether a file is not seen, though it may be there."""
        return key in self._contents and self._contents[key] is None

    def read_many(self, keys: Sequence[str]) -> Many:
        """Read files, changed ones as they are to be."""
        return [
            self._contents[key] if key in self._contents else self._below.read_many([key])[0]
            for key in keys
        ]

    def list(self, key: str) -> Listing | None:
        """List a folder; changes make no folders, and files are not looked at by name."""
        return self._below.list(key)

    def kvstore(self, key: str) -> dict[str, Any]:
        """Give tensorstore's specification of a folder: its chunks are the same."""
        return self._below.kvstore(key)

    def real_path(self, key: str) -> str:
        """Give the key with links resolved."""
        return self._below.real_path(key)
