"""A container as a read-only tree of nodes.

Every file is read at most once; every way to a node goes through a guard that keeps paths from
metadata, and links, inside the container's root.
"""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from napari_strata.model import OpenError, Problem
from napari_strata.store.backend import Backend, Listing, ReadError, open_backend
from napari_strata.store.cancel import Cancelled, check_cancelled
from napari_strata.store.location import CONTAINER_SUFFIXES, Location
from napari_strata.store.paths import path_defect
from napari_strata.store.values import JsonPlace, quote


@dataclass
class Tree:
    """What has been read so far below one root; safe to use from several threads.

    Attributes
    ----------
    root : key of the container's root: nothing above it is read.
    reads : how often each key was asked of the storage; a listing counts as ``key/``.
    """

    backend: Backend
    root: str
    reads: Counter[str] = field(default_factory=Counter)
    _files: dict[str, Future[bytes | ReadError | None]] = field(default_factory=dict)
    _listings: dict[str, Future[Listing | None]] = field(default_factory=dict)
    _parsed: dict[str, Any] = field(default_factory=dict)
    _real_roots: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def at(cls, location: Location) -> tuple[Tree, Node]:
        """Open the tree that holds a location; its root is the location until moved."""
        tree = cls(open_backend(location), location.path)
        return tree, Node(tree, location.path)

    def read(self, keys: Iterable[str]) -> list[bytes | ReadError | None]:
        """Read files, each once in the life of the tree, in parallel where that helps.

        Raises
        ------
        Cancelled
            Before anything is asked for, see `cancelled_by`.
        """
        check_cancelled()
        wanted = list(keys)
        mine = _claim(self._files, wanted, self._lock)
        if mine:
            with self._lock:
                self.reads.update(mine)
            try:
                results = self.backend.read_many(mine)
            except BaseException as error:
                for key in mine:
                    self._files[key].set_exception(error)
                raise
            for key, result in zip(mine, results, strict=True):
                self._files[key].set_result(result)
        return [self._files[key].result() for key in wanted]

    def listing(self, key: str) -> Listing | None:
        """List a folder, once in the life of the tree, unless it was given up half-way.

        Raises
        ------
        Cancelled
            Before a page of it is asked for, see `cancelled_by`.
        """
        while True:
            check_cancelled()
            with self._lock:
                known = self._listings.get(key)
                future = self._listings.setdefault(key, known or Future())
                self.reads[key + "/"] += known is None
            if known is None:
                return self._list(key, future)
            try:
                return known.result()
            except Cancelled:
                continue  # by another thread, whose wish it was

    def _list(self, key: str, future: Future[Listing | None]) -> Listing | None:
        try:
            result = self.backend.list(key)
        except Cancelled as error:
            del self._listings[key]
            future.set_exception(error)
            raise
        except BaseException as error:
            future.set_exception(error)
            raise
        future.set_result(result)
        return result

    def was_parsed(self, key: str) -> bool:
        """Tell whether a file was read as JSON before."""
        return key in self._parsed

    def real_root(self) -> str:
        """The root's path with links resolved, asked of the storage once."""
        if self.root not in self._real_roots:
            self._real_roots[self.root] = self.backend.real_path(self.root)
        return self._real_roots[self.root]

    def parsed(self, key: str, place: JsonPlace) -> Any:
        """Read a JSON object; None if the file does not exist.

        Raises
        ------
        OpenError
            If it cannot be read or is not a JSON object; the same one every time.
        """
        if key not in self._parsed:
            (data,) = self.read([key])
            try:
                self._parsed[key] = _parse_object(data, place)
            except OpenError as error:
                self._parsed[key] = error
        result = self._parsed[key]
        if isinstance(result, OpenError):
            raise OpenError(result.problem)
        return result


def _claim(known: dict[str, Future[Any]], keys: Iterable[str], lock: Lock) -> list[str]:
    """Enter the keys nobody has asked for yet; whoever entered one is to fetch it."""
    with lock:
        new = [key for key in dict.fromkeys(keys) if key not in known]
        known.update((key, Future()) for key in new)
    return new


def _parse(data: bytes | ReadError | None, place: JsonPlace) -> Any:
    if data is None:
        return None
    if isinstance(data, ReadError):
        raise place.refuse("unreadable", str(data))
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise place.refuse("not-json", "found bytes that are no text, expected JSON") from None
    except json.JSONDecodeError as error:
        found = (
            "nothing"
            if not data.strip()
            else f"a mistake at line {error.lineno}, column {error.colno}"
        )
        raise place.refuse("not-json", f"found {found}, expected JSON ({error.msg})") from None
    except RecursionError:
        raise place.refuse("not-json", "found brackets nested too deeply, expected JSON") from None
    except ValueError:
        raise place.refuse("not-json", "found a number of too many digits, expected JSON") from None
    return value


def _parse_object(data: bytes | ReadError | None, place: JsonPlace) -> Any:
    value = _parse(data, place)
    if data is not None and not isinstance(value, dict):
        raise place.unexpected(value, "an object {…}", "not-an-object")
    return value


@dataclass(frozen=True)
class Node:
    """A folder in a tree.

    ``path`` is its key in the storage, without ``/`` at the end.
    """

    tree: Tree = field(repr=False, compare=False)
    path: str

    @property
    def name(self) -> str:
        """The folder's own name."""
        return posixpath.basename(self.path)

    @property
    def inner_path(self) -> str:
        """The path relative to the container's root, ``""`` for the root."""
        return self.relative_to(self.tree.root)

    def relative_to(self, key: str) -> str:
        """The path relative to the folder ``key``, which this one must be in (or be)."""
        return self.path[len(key) :].strip("/")

    @property
    def shown_path(self) -> str:
        """The inner path for a message; the root's name for the root."""
        return self.inner_path or self.name or "."

    @property
    def parent(self) -> Node | None:
        """The folder above; None at the container's root."""
        return None if self.path == self.tree.root else self.outer()

    def outer(self) -> Node | None:
        """The folder above, even above the root; None at the storage's end."""
        parent = posixpath.dirname(self.path)
        return None if parent == self.path or self.path in ("", "/") else Node(self.tree, parent)

    def lineage(self) -> list[Node]:
        """This node and its ancestors up to the nearest container's root, nearest first."""
        nodes = [self]
        while not nodes[-1].name.endswith(CONTAINER_SUFFIXES):
            above = nodes[-1].parent
            if above is None:
                break
            nodes.append(above)
        return nodes

    def child(self, name: str) -> Node:
        """Go to a folder directly below, by a name that was listed or is ours."""
        return Node(self.tree, posixpath.join(self.path, name) if self.path else name)

    def descend(self, path: object, place: JsonPlace) -> Node:
        """Go to the folder that metadata names, relative to this one.

        Raises
        ------
        OpenError
            If the path is not a plain relative path to something below this folder
            (formats.md, section 5), located at ``place``.
        """
        if not isinstance(path, str):
            raise place.unexpected(path, "a path (text)")
        reason = path_defect(path)
        if reason:
            raise place.refuse("bad-path", f"found {quote(path)}, {reason}")
        parts = [p for p in path.split("/") if p not in ("", ".")]
        node = self.child("/".join(parts))
        node.check_inside(place)
        return node

    def check_inside(self, place: JsonPlace) -> None:
        """Refuse a folder that a symbolic link leads out of the container's root."""
        if not self.inside():
            raise place.refuse(
                "link-outside",
                f"the folder {self.inner_path!r} is a link that leads out of the dataset",
            )

    def real_path(self) -> str:
        """The path with links resolved: the same for one folder, whatever way led there."""
        return self.tree.backend.real_path(self.path)

    def inside(self) -> bool:
        """Tell whether this folder, links resolved, lies in the container's root."""
        real, root = self.real_path(), self.tree.real_root()
        return real == root or real.startswith(f"{root.rstrip('/')}/") or not root

    def key(self, name: str) -> str:
        """The storage key of a file in this folder."""
        return posixpath.join(self.path, name) if self.path else name

    def place(self, name: str, key: str = "") -> JsonPlace:
        """Point at a file in this folder, for messages."""
        return JsonPlace(posixpath.join(self.inner_path, name), key)

    def json(self, name: str) -> dict[str, Any] | None:
        """Read a JSON object file in this folder; None if there is none; may raise OpenError."""
        key, place = self.key(name), self.place(name)
        if not self.tree.was_parsed(key) and not self.child(name).inside():
            raise place.refuse("link-outside", "the file is a link that leads out of the dataset")
        result: dict[str, Any] | None = self.tree.parsed(key, place)
        return result

    def json_value(self, name: str) -> Any:
        """Read a JSON file that need not be an object; None if there is none; may raise OpenError.

        It is read once, but parsed every time.
        """
        place = self.place(name)
        if not self.child(name).inside():
            raise place.refuse("link-outside", "the file is a link that leads out of the dataset")
        (data,) = self.tree.read([self.key(name)])
        return _parse(data, place)

    def listing(self) -> Listing | None:
        """List this folder; None where the storage cannot list.

        Raises
        ------
        OpenError
            If listing fails.
        """
        try:
            return self.tree.listing(self.path)
        except ReadError as error:
            problem = Problem("unreadable", "error", self.shown_path, str(error))
            raise OpenError(problem) from None

    def folders(self, problems: list[Problem]) -> list[Node]:
        """Go to the folders in this one, but hidden ones and links out of the container.

        A listing that fails is noted; storage that cannot list gives none.
        """
        try:
            listing = self.listing()
        except OpenError as error:
            problems.append(error.problem)
            return []
        names = () if listing is None else listing.folders
        nodes = [self.child(name) for name in names if not name.startswith(".")]
        return [node for node in nodes if node.inside()]

    def kvstore(self) -> dict[str, Any]:
        """Give tensorstore's key-value store specification of this folder."""
        return self.tree.backend.kvstore(self.path)


def prefetch(nodes: Iterable[Node], name: str) -> None:
    """Read the same file of several folders of a tree at once; errors show when each is used.

    What a link leads out of the container is not read.
    """
    inside = [node for node in nodes if node.child(name).inside()]
    if inside:
        inside[0].tree.read(node.key(name) for node in inside)
