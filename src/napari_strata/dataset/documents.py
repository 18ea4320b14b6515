"""The metadata files an image was understood from, as they are on the disk or server."""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from napari_strata import model
from napari_strata.dataset.choices import DEFAULT_CHOICES, Choices
from napari_strata.dataset.opening import open_at
from napari_strata.model import OpenError, Problem
from napari_strata.store.container import open_container
from napari_strata.store.location import parse_location
from napari_strata.store.tree import Node

_LONGEST_LINE = 100  # a list of plain values stays on one line up to here


@dataclass(frozen=True)
class Document:
    """A metadata file.

    Attributes
    ----------
    path : relative to what was opened; a file above or beside that starts with ``..``.
    bytes : the file as it was read.
    """

    path: str
    bytes: bytes

    @cached_property
    def text(self) -> str:
        """JSON, indented; every value, number for number, as it is in the file.

        What is no JSON is as it is; bytes that are no text become ``\ufffd``.
        """
        raw = self.bytes.decode("utf-8-sig", "replace")
        try:
            value = json.loads(
                raw, parse_float=_Literal, parse_int=_Literal, object_pairs_hook=_Members
            )
            return "\n".join(_lines(value, ""))
        except (ValueError, RecursionError):
            return raw


def documents(
    path: str | os.PathLike[str], image_path: str, choices: Choices = DEFAULT_CHOICES
) -> tuple[Document, ...]:
    """Read the metadata files that an image's place, axes and looks come from, and no others.

    These are, as far as they exist, what opening reads in the folders from the container's root
    to the image and from there to its arrays, and files that its transforms were declared in.
    Everything is opened as it was before: this takes as long, so call it in a thread.

    Parameters
    ----------
    path, choices : what was opened, and how.
    image_path : the image's path in it (``Image.path``). Images of one path, such as the stacks
        of a slice, have their documents together.

    Returns
    -------
    From the root down; files of one folder by name.

    Raises
    ------
    OpenError
        If it cannot be opened, or there is no such image any more.
    """
    node = open_container(path, choices.profile)
    found = open_at(node, path, choices)
    images = [image.model for image in found.images if image.path == image_path]
    if not images:
        message = "there is no such image any more"
        raise OpenError(Problem("no-image", "error", image_path or ".", message))
    opened = _opened(node, path, found.path)
    wanted = {file for image in images for file in _declaring(image)}
    arrays = [file for image in images for file in _array_files(image)]
    wanted.update(arrays)
    folders = {above for file in arrays for above in _folders_to(posixpath.dirname(file))}
    chosen = [
        key
        for key in node.tree.reads
        if not key.endswith("/") and _is_wanted(_inner(node, key), key, wanted, folders)
    ]
    chosen.sort(key=lambda key: (posixpath.dirname(key).split("/"), key))
    contents = zip(chosen, node.tree.read(chosen), strict=True)
    return tuple(
        Document(posixpath.relpath(key, opened or "."), data)
        for key, data in contents
        if isinstance(data, bytes)
    )


def _opened(node: Node, path: str | os.PathLike[str], opened: str) -> str:
    """Return the key of the folder that paths are relative to: for an array, its image's."""
    location = parse_location(path)
    above: Node | None = node
    while above is not None and str(replace(location, path=above.path)) != opened:
        above = above.parent
    return (above or node).path


def _inner(node: Node, key: str) -> str | None:
    """Give a file's path as messages have it, relative to the root; None outside of it."""
    root = node.tree.root
    return key[len(root) :].strip("/") if not root or key.startswith(f"{root}/") else None


def _is_wanted(inner: str | None, key: str, wanted: set[str], folders: set[str]) -> bool:
    """Tell of a file that was read; of those beside the root only BigDataViewer's XML counts."""
    if inner is None:
        return key.endswith(".xml")
    return inner in wanted or posixpath.dirname(inner) in folders


def _declaring(image: model.Image) -> Iterator[str]:
    """Name the files in which the image's transforms, and its systems', were declared."""
    shown = image if image.intrinsic is None else image.intrinsic
    for chain in (
        *(level.origin for each in (image, shown) for level in each.levels),
        *(system.transforms or () for system in image.systems),
    ):
        yield from (contribution.where.partition(": ")[0] for contribution in chain)


def _array_files(image: model.Image) -> Iterator[str]:
    for level in image.levels:
        for array in model.stored_arrays(level.location):
            yield array.where.partition(": ")[0]


def _folders_to(folder: str) -> Iterator[str]:
    """Give a folder and all those above it up to the root, which is ``""``."""
    yield folder
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


class _Literal(str):
    """A number as it is written."""


class _Members(tuple[tuple[str, Any], ...]):
    """The members of a JSON object, all of them: readers take the last of those of one name."""


def _lines(value: Any, indent: str) -> Iterator[str]:
    """Write JSON as lines; the first one has no indent of its own."""
    inner = indent + "  "
    short = _on_one_line(value)
    fits = short is not None and len(indent) + len(short) <= _LONGEST_LINE
    if short is not None and (fits or not isinstance(value, list)):
        yield short
        return
    items = (
        [(f"{json.dumps(key, ensure_ascii=False)}: ", item) for key, item in value]
        if isinstance(value, _Members)
        else [("", item) for item in value]
    )
    opening, closing = "{}" if isinstance(value, _Members) else "[]"
    yield opening
    for index, (key, item) in enumerate(items):
        lines = list(_lines(item, inner))
        comma = "," if index < len(items) - 1 else ""
        yield f"{inner}{key}{lines[0]}" + (comma if len(lines) == 1 else "")
        yield from lines[1:-1]
        if len(lines) > 1:
            yield lines[-1] + comma
    yield indent + closing


def _on_one_line(value: Any) -> str | None:
    """Write plain values, lists of them, and what is empty; None for all else."""
    if isinstance(value, _Literal):
        return str(value)
    if isinstance(value, _Members):
        return None if value else "{}"
    if isinstance(value, list):
        parts = [_on_one_line(item) for item in value if not isinstance(item, _Members | list)]
        if len(parts) < len(value):
            return None
        return f"[{', '.join(part or '' for part in parts)}]"
    return json.dumps(value, ensure_ascii=False)
