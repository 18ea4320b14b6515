"""A VISoR sample, ``NAME.vsr`` or an older folder: raw images, and processed ones beside.

Its folders have no Zarr metadata. Rules: formats.md 4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from napari_strata.formats import ome_labels, visor_channels, visor_parts
from napari_strata.formats._natural_order import natural_key
from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.formats.visor import FOLDER
from napari_strata.formats.visor_datasets import level_nodes
from napari_strata.formats.visor_selection import Selected, read_selection
from napari_strata.model import Image, OpenError, Problem
from napari_strata.store.container import identify
from napari_strata.store.hierarchy import ARRAY_FILE, ATTRIBUTES_FILE, Group
from napari_strata.store.tree import Node, prefetch
from napari_strata.store.values import JsonPlace

SUFFIX = ".vsr"
RAW_FOLDER = "visor_raw_images"

_RAW_IMAGE = "visor_raw_image.zarr"  # 2024.11.0
_PROCESSED_IMAGE = "visor_reconstructed_image.zarr"
_TRANSFORMS = re.compile(r"visor_recon(struction)?_transforms")
_IMAGE_SUFFIX = ".zarr"


def open_folder(node: Node, context: Context, images_at: ImagesAt) -> Found | None:
    """Open a sample, or one of its folders of images; None for any other folder.

    Of the raw images those are opened that are selected; processed ones are offered beside.

    Raises
    ------
    OpenError
        If the folder cannot be listed.
    """
    found = Found()
    if FOLDER.fullmatch(node.name):
        _open(_images_in(node, found.problems), context, images_at, found)
        return found if found.images or found.problems else None
    raw, processed = _contents(node, found.problems)
    if raw is None and not processed:
        return None
    _open(raw or [], context, images_at, found)
    beside = Found()
    _open(processed, context, images_at, beside)
    found.images += [replace(image, beside=True) for image in beside.images]
    found.problems += beside.problems
    return found


def other_folders(node: Node) -> list[Node]:
    """List the folders in a sample that are not VISoR's: other images may be in there."""
    listing = None if FOLDER.fullmatch(node.name) else node.listing()
    names = () if listing is None else listing.folders
    return [node.child(name) for name in names if not name.startswith(("visor_", "."))]


_Wanted = Node | Selected


def _contents(node: Node, problems: list[Problem]) -> tuple[list[_Wanted] | None, list[_Wanted]]:
    """List a sample's raw images (None if it is no sample that has any) and its processed ones."""
    listing = node.listing()
    if listing is None:  # its name, and what we know to be in it, have to do
        if not node.name.endswith(SUFFIX):
            return None, []
        return _images_in(node.child(RAW_FOLDER), problems), []
    folders = sorted(name for name in listing.folders if node.child(name).inside())
    raw: list[_Wanted] | None = None
    processed: list[_Wanted] = []
    for name in folders:
        if name == RAW_FOLDER:
            raw = [*(raw or []), *_images_in(node.child(name), problems)]
        elif name == _RAW_IMAGE:
            raw = [*(raw or []), node.child(name)]
        elif name == _PROCESSED_IMAGE:
            processed.append(node.child(name))
        elif FOLDER.fullmatch(name):
            processed += _images_in(node.child(name), problems)
        elif _TRANSFORMS.fullmatch(name):
            message = "holds transforms of a reconstruction, which are not applied"
            where = node.child(name).shown_path
            problems.append(Problem("transforms-not-applied", "info", where, message))
    return raw, processed


def _images_in(folder: Node, problems: list[Problem]) -> list[_Wanted]:
    """List the selected images of a folder, or all where nothing is selected."""
    selection = read_selection(folder, problems)
    if selection is not None:
        return [*selection]
    nodes = [node for node in folder.folders(problems) if node.name.endswith(_IMAGE_SUFFIX)]
    return [*sorted(nodes, key=lambda node: natural_key(node.name))]


def _open(wanted: Sequence[_Wanted], context: Context, images_at: ImagesAt, found: Found) -> None:
    """Open images, the metadata of all read together; what is wrong costs only one."""
    nodes = [item.node if isinstance(item, Selected) else item for item in wanted]
    for item, group in zip(wanted, _groups(nodes), strict=True):
        try:
            one = _one(item, group, context, images_at)
        except OpenError as error:
            found.problems.append(error.problem)
        else:
            found.images += one.images
            found.problems += one.problems


def _one(
    item: _Wanted, group: Group | OpenError | None, context: Context, images_at: ImagesAt
) -> Found:
    if isinstance(group, OpenError):
        raise group
    images = images_at(group, context) if group is not None else None
    if group is None or images is None:
        if isinstance(item, Selected):
            message = f'found no image at "{item.node.inner_path}", expected one as selected'
            raise item.place.refuse("missing-image", message)
        return Found()  # a folder that is something else
    if isinstance(item, Selected) and item.channels is not None:
        images = _only(images, item.channels)
    return ome_labels.with_labels(group, images, context, images_at)


def _groups(nodes: Sequence[Node]) -> list[Group | OpenError | None]:
    """Read the groups of all images at once, then their arrays."""
    prefetch(nodes, ATTRIBUTES_FILE["zarr3"])
    prefetch([node for node in nodes if _is_older(node)], ATTRIBUTES_FILE["zarr2"])
    groups: list[Group | OpenError | None] = []
    for node in nodes:
        try:
            groups.append(identify(node))
        except OpenError as error:
            groups.append(error)
    for encoding in ("zarr3", "zarr2"):
        sound = [g for g in groups if isinstance(g, Group) and g.encoding == encoding]
        prefetch([array for g in sound for array in level_nodes(g)], ARRAY_FILE[encoding])
    return groups


def _is_older(node: Node) -> bool:
    """Tell whether a server has no Zarr v3 there; on a disk it is quicker to ask one by one."""
    if node.tree.backend.absent_is_free:
        return False
    return node.tree.read([node.key(ATTRIBUTES_FILE["zarr3"])]) == [None]


def _only(images: Sequence[Image], wanted: Sequence[tuple[str, JsonPlace]]) -> list[Image]:
    """Keep the selected channels of an image, or of its stacks.

    Raises
    ------
    OpenError
        If it has none of them.
    """
    names = [name for name, _ in wanted]
    result = []
    known: set[str] = set()
    for image in images:
        if image.channel_axis is None:  # nothing can be left out
            result.append(image)
            continue
        indices = visor_channels.indices_of(image, names)
        known.update(str(image.display.channels[i].label) for i in indices)
        if indices:
            result.append(visor_parts.some_channels(image, indices))
    missing = [(name, place) for name, place in wanted if name not in known]
    if not result:
        name, place = missing[0]
        raise place.refuse("selected-channel-missing", _lacks(images[0], name))
    problems = [
        place.problem("selected-channel-missing", "warning", _lacks(images[0], name))
        for name, place in missing
    ]
    return [replace(image, problems=(*image.problems, *problems)) for image in result]


def _lacks(image: Image, name: str) -> str:
    labels = ", ".join(str(channel.label) for channel in image.display.channels)
    return f'found "{name}", expected one of the channels of {image.path}: {labels or "none"}'
