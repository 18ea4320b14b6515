"""Finding all images below a folder, and the image an array belongs to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from napari_strata.formats import Context, Found, images_at, ome_labels, zvf
from napari_strata.formats._natural_order import natural_key
from napari_strata.formats.cosem_prefix import contradicting_volumes, without_meshes
from napari_strata.formats.groups import open_folder, open_group, other_folders
from napari_strata.geometry import Geometry
from napari_strata.model import Image, OpenError, Problem, first_error
from napari_strata.store.container import encoding_hint, identify
from napari_strata.store.hierarchy import ATTRIBUTES_FILE, Group, is_array
from napari_strata.store.tree import Node, prefetch

DEEPEST = 8  # levels of folders below what is opened
MOST_FOLDERS = 20_000
_VISITS_AT_ONCE = 8  # waiting for a server is most of the time, where there is one
_FARTHEST_IMAGE = 4  # levels above an array


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
    group, named = identify(node), None
    whole = _whole(group, context)
    if whole is not None:
        return whole
    if group is not None:
        named = open_group(group, context)
        if named:
            return named, context
    else:
        named = open_folder(node, context)
        if named:
            return _with_others(named, context), context
    found = _discover(context, [node])
    if named is not None:
        found.problems[:0] = named.problems
    if not found:
        raise _nothing(found, node)
    return found, context


def stands_for(context: Context) -> Node:
    """Tell what the named folder is shown as: the ZVF store or the image it is a part of, or it.

    Raises
    ------
    OpenError
        If its metadata, or the store's, are damaged.
    """
    whole = _whole(identify(context.opened), context)
    return context.opened if whole is None else whole[1].opened


def _whole(group: Group | None, context: Context) -> tuple[Found, Context] | None:
    store = zvf.store_above(context.opened, group)
    if store is not None:
        return _open_store(store, context)
    return _image_of(context) if group is None or is_array(group) else None


def _open_store(store: Node, context: Context) -> tuple[Found, Context]:
    """Open the ZVF store that a folder in it stands for."""
    above = replace(context, opened=store)
    group = identify(store)
    found = None if group is None else open_group(group, above)
    assert found is not None  # it was recognised
    return found, above


def _with_others(found: Found, context: Context) -> Found:
    """Add what lies in a folder besides that by which it was opened."""
    others = other_folders(context.opened)
    if others:
        more = _discover(context, others, top=1)
        found.images += more.images
        found.geometries += more.geometries
        found.problems += more.problems
    return found


def _nothing(found: Found, node: Node) -> OpenError:
    error = first_error(found.problems)
    if error is not None:
        return OpenError(error, found.problems)
    message = (
        "found no image, expected N5 (attributes.json) or Zarr (zarr.json, .zattrs, .zarray) "
        "with arrays, or a precomputed volume (info)"
    )
    where = node.inner_path or node.name
    return OpenError(Problem("no-image", "error", where, message))


def _image_of(context: Context) -> tuple[Found, Context] | None:
    """Find the image that has the opened folder as a level, a few folders above it.

    A folder above whose own metadata is damaged is no reason to refuse a sound array.

    Raises
    ------
    OpenError
        If it is an array of a ZVF store that cannot be shown.
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
            if group is not None and zvf.speaks(group):
                return _open_store(node, context)
            images = images_at(group, above) if group is not None else None
        except OpenError:
            return None
        if group is None or images is None:
            continue
        if any(level.path == wanted for image in images for level in image.levels):
            return ome_labels.with_labels(group, images, above, images_at), above
    return None


@dataclass
class Visit:
    """What was found at one folder, or the folders to look into next."""

    images: list[Image] = field(default_factory=list)
    geometries: list[Geometry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)


def _discover(context: Context, layer: list[Node], *, top: int = 0) -> Found:
    """Walk breadth-first to a bounded depth; arrays and images are not descended into.

    ``layer`` are the folders to begin with, ``top`` levels below what was opened.
    """
    found = Found()
    by_path: list[tuple[str, list[Image]]] = []
    visited, seen = {node.real_path() for node in layer}, len(layer)
    with ThreadPoolExecutor(_VISITS_AT_ONCE) as pool:
        for depth in range(top, DEEPEST + 1):
            children: list[Node] = []
            visits = [
                # With what this thread was told: whether to give up.
                pool.submit(copy_context().run, _visit, node, context, depth)
                for node in layer
            ]
            for node, each in zip(layer, visits, strict=True):
                visit = each.result()
                by_path.append((context.path(node), visit.images))
                found.geometries += visit.geometries
                found.problems += visit.problems
                children += [c for c in visit.children if _is_new(c, visited, found.problems)]
            if seen + len(children) > MOST_FOLDERS:
                found.problems.append(_too_many(context.opened))
                children = children[: MOST_FOLDERS - seen]
            seen += len(children)
            layer = children
    by_path.sort(key=lambda pair: natural_key(pair[0]))
    found.images = [image for _, images in by_path for image in images]
    found.geometries.sort(key=lambda geometry: natural_key(geometry.path))
    found.problems += contradicting_volumes(found.images)
    return found


def visit(node: Node, context: Context, *, listing: bool = True) -> Visit:
    """Understand one folder by itself; what is wrong with it is among its problems.

    Its children are the folders that may hold something else; none of them is read. Without
    ``listing`` a folder that is nothing by itself is not listed.
    """
    result = Visit()
    try:
        group = identify(node)
        found = open_folder(node, context) if group is None else open_group(group, context)
        if found is not None:
            result.images, result.geometries = found.images, found.geometries
            result.problems = found.problems
        if found and group is None:
            result.children = other_folders(node)
        elif not found and listing:
            result.children = folders_in(node)
    except OpenError as error:
        result.problems.append(error.problem)
    return result


def _visit(node: Node, context: Context, depth: int) -> Visit:
    """Visit a folder, and read ahead the metadata of those in it."""
    if depth:
        result = visit(node, context, listing=depth < DEEPEST)
    else:  # what was opened is known to be no image
        result = Visit()
        try:
            result.children = folders_in(node)
        except OpenError as error:
            result.problems.append(error.problem)
    hint = encoding_hint(node)
    if hint is not None and not result.images and not result.geometries:
        prefetch(result.children, ATTRIBUTES_FILE[hint])
    return result


def folders_in(node: Node) -> list[Node]:
    """List the folders in a folder that images are looked for in, in the order of their names.

    Raises
    ------
    OpenError
        If it cannot be listed.
    """
    listing = node.listing()
    if listing is None:
        message = (
            "found no metadata, and this server does not list folders; "
            "open an image by its own address"
        )
        raise OpenError(Problem("no-listing", "error", node.shown_path, message))
    folders = without_meshes(node, listing.folders)
    names = sorted(folders, key=natural_key)
    return [node.child(name) for name in names if not name.startswith(".")]


def _is_new(child: Node, visited: set[str], problems: list[Problem]) -> bool:
    """Tell whether to look into a folder: not behind a link out, nor where we have been."""
    if not child.inside():
        message = "is a link that leads out of the dataset; not followed"
        problems.append(Problem("link-outside", "warning", child.shown_path, message))
        return False
    real = child.real_path()
    if real in visited:
        return False
    visited.add(real)
    return True


def _too_many(node: Node) -> Problem:
    message = f"more than {MOST_FOLDERS} folders; the rest is not searched for images"
    return Problem("too-many-folders", "warning", node.shown_path, message)
