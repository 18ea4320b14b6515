"""Finding all images below a folder, and the image an array belongs to."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace

from napari_strata.formats import Context, images_at
from napari_strata.model import Image, OpenError, Problem
from napari_strata.store.container import encoding_hint, identify
from napari_strata.store.hierarchy import ATTRIBUTES_FILE, is_array
from napari_strata.store.tree import Node, prefetch

DEEPEST = 8  # levels of folders below what is opened
MOST_FOLDERS = 20_000
_FARTHEST_IMAGE = 4  # levels above an array


@dataclass
class Found:
    """Images and problems, in the order of their paths."""

    images: list[Image] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def open_node(context: Context) -> tuple[Found, Context]:
    """Open what the user named: an image, an array (or its image), or all images below.

    The context that comes back is that of the image where an array's image was found: paths
    are then relative to it.

    Raises
    ------
    OpenError
        If there is no image, or what there is cannot be shown honestly.
    """
    node = context.opened
    group = identify(node)
    if group is not None and is_array(group):
        above = _image_of(context)
        if above is not None:
            return above
    if group is not None:
        images = images_at(group, context)
        if images is not None:
            return Found(images), context
    found = _discover(context)
    if not found.images:
        raise _nothing(found, node)
    return found, context


def _nothing(found: Found, node: Node) -> OpenError:
    for problem in found.problems:
        if problem.severity == "error":
            return OpenError(problem)
    message = (
        "found no image, expected N5 (attributes.json) or Zarr (zarr.json, .zattrs, .zarray) "
        "with arrays"
    )
    where = node.inner_path or node.name
    return OpenError(Problem("no-image", "error", where, message))


def _image_of(context: Context) -> tuple[Found, Context] | None:
    """Find the image that has the opened array as a level, a few folders above it.

    A folder above whose own metadata is damaged is no reason to refuse a sound array.
    """
    node: Node | None = context.opened
    for _ in range(_FARTHEST_IMAGE):
        node = node.parent if node else None
        if node is None:
            return None
        above = replace(context, opened=node)
        wanted = context.opened.relative_to(node.path)
        try:
            group = identify(node)
            images = images_at(group, above) if group is not None else None
        except OpenError:
            return None
        for image in images or ():
            if any(level.path == wanted for level in image.levels):
                return Found(images or []), above
    return None


def _discover(context: Context) -> Found:
    """Walk breadth-first to a bounded depth; arrays and images are not descended into."""
    found = Found()
    queue = deque([(context.opened, 0)])
    visited = {context.opened.real_path()}
    seen = 0
    while queue:
        node, depth = queue.popleft()
        seen += 1
        try:
            if depth and _claimed(node, context, found):
                continue
            if depth == DEEPEST:
                continue
            children = _children(node, found, visited)
        except OpenError as error:
            found.problems.append(error.problem)
            continue
        if seen + len(queue) + len(children) > MOST_FOLDERS:
            found.problems.append(_too_many(node))
            children = children[: max(0, MOST_FOLDERS - seen - len(queue))]
        queue.extend((child, depth + 1) for child in children)
    found.images.sort(key=lambda image: natural_key(image.path))
    return found


def _claimed(node: Node, context: Context, found: Found) -> bool:
    group = identify(node)
    images = images_at(group, context) if group is not None else None
    if images is None:
        return False
    found.images.extend(images)
    return True


def _children(node: Node, found: Found, visited: set[str]) -> list[Node]:
    """List the folders to look into next; links out, or to where we have been, are not followed."""
    listing = node.listing()
    if listing is None:
        message = (
            "found no metadata, and this server does not list folders; "
            "open an image by its own address"
        )
        raise OpenError(Problem("no-listing", "error", node.shown_path, message))
    children = []
    for name in sorted(listing.folders, key=natural_key):
        if name.startswith("."):
            continue
        child = node.child(name)
        real = child.real_path()
        if child.inside() and real not in visited:
            visited.add(real)
            children.append(child)
        elif not child.inside():
            message = "is a link that leads out of the dataset; not followed"
            found.problems.append(Problem("link-outside", "warning", child.shown_path, message))
    hint = encoding_hint(node)
    if hint is not None and children:
        prefetch(children, ATTRIBUTES_FILE[hint])
    return children


def _too_many(node: Node) -> Problem:
    message = f"more than {MOST_FOLDERS} folders; the rest is not searched for images"
    return Problem("too-many-folders", "warning", node.shown_path, message)


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sort numbers inside names as numbers."""
    parts = re.split(r"([0-9]{1,100})", text)
    return [(1, int(p), "") if i % 2 else (0, 0, p) for i, p in enumerate(parts)]
