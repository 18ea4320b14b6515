"""OME-NGFF ``labels``: the label images of an image, each at its own place.

Rules: formats.md 2, after the specification's "labels" section. A label image may cover a part
of its image; an axis of length 1 on which it has the image's own place holds for all of the
image's planes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_strata.formats._ome import key_place, keys, labels_kind
from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.model import ArrayLocation, Image, Level, OpenError, Problem
from napari_strata.store.backend import LocalBackend
from napari_strata.store.hierarchy import ATTRIBUTES_FILE, Encoding, Group, read_group
from napari_strata.store.tree import Node, prefetch
from napari_strata.store.values import quote, sequence, text

FOLDER = "labels"


def open_group(group: Group, context: Context, images_at: ImagesAt) -> Found | None:
    """Open all label images of a ``labels`` group that was opened by itself."""
    if "labels" not in keys(group) or "multiscales" in keys(group):
        return None
    return _label_images(group, group.node, context, images_at)


def with_labels(group: Group, images: list[Image], context: Context, images_at: ImagesAt) -> Found:
    """Add its label images to an image of OME-NGFF; whatever is wrong with one costs only it."""
    if len(images) != 1 or group.encoding == "n5" or "multiscales" not in keys(group):
        return Found(images)
    folder = group.node.child(FOLDER)
    if not folder.inside():
        return Found(images, [_leads_out(folder)])
    try:
        labels = read_group(folder, group.encoding)
    except OpenError as error:
        return Found(images, [error.problem])
    if labels is None and not isinstance(group.node.tree.backend, LocalBackend):
        return Found(images)
    found = _label_images(labels, folder, replace(context, multiscale=None), images_at)
    (image,) = images
    placed = [_repeated(la, image) if la.kind == "labels" else la for la in found.images]
    return Found([image, *placed], found.problems)


def _label_images(
    labels: Group | None, folder: Node, context: Context, images_at: ImagesAt
) -> Found:
    """Open the listed label images, then those that a listing shows besides."""
    found = Found()
    listed = _listed(labels, found.problems) if labels is not None else []
    others = [node for node in _folders(folder, found.problems) if node not in listed]
    prefetch([*listed, *others], ATTRIBUTES_FILE[labels.encoding if labels else "zarr3"])
    for node in (*listed, *others):
        try:
            group = _group(node, labels)
            images = images_at(group, context) if group is not None else None
        except OpenError as error:
            found.problems.append(error.problem)
            continue
        if group is None or images is None:
            if node in listed:
                found.problems.append(_missing(labels, node))
            continue
        found.problems += _other_source(group, folder)
        if node in listed:
            found.images += [_as_labels(image, labels) for image in images]
        else:
            found.images += images
            message = "is in the folder of labels but not in its list; shown as its type tells"
            found.problems.append(Problem("label-not-listed", "info", node.shown_path, message))
    return found


def _group(node: Node, labels: Group | None) -> Group | None:
    encodings: tuple[Encoding, ...] = ("zarr3", "zarr2") if labels is None else (labels.encoding,)
    for encoding in encodings:
        group = read_group(node, encoding)
        if group is not None:
            return group
    return None


def _listed(labels: Group, problems: list[Problem]) -> list[Node]:
    """Go to the label images that the group lists, each once."""
    at = key_place(labels, "labels")
    nodes: list[Node] = []
    try:
        paths = sequence(keys(labels).get("labels", []), at)
    except OpenError as error:
        problems.append(error.problem)
        return []
    for index, path in enumerate(paths):
        place = at.item(index)
        try:
            node = labels.node.descend(text(path, place), place)
        except OpenError as error:
            problems.append(error.problem)
            continue
        if node in nodes:
            message = f"found {quote(path)} a second time; it is shown once"
            problems.append(place.problem("repeated-label", "info", message))
        else:
            nodes.append(node)
    return nodes


def _folders(folder: Node, problems: list[Problem]) -> list[Node]:
    try:
        listing = folder.listing()
    except OpenError as error:
        problems.append(error.problem)
        return []
    names = () if listing is None else listing.folders
    nodes = [folder.child(name) for name in names if not name.startswith(".")]
    return [node for node in nodes if node.inside()]


def _leads_out(folder: Node) -> Problem:
    message = "is a link that leads out of the dataset; not followed"
    return Problem("link-outside", "warning", folder.shown_path, message)


def _missing(labels: Group | None, node: Node) -> Problem:
    assert labels is not None  # only listed ones are missed
    message = f'found no image at "{node.inner_path}", expected a label image'
    return key_place(labels, "labels").problem("missing-label", "error", message)


def _as_labels(image: Image, labels: Group | None) -> Image:
    """Show a listed image as labels even if it has no ``image-label`` of its own."""
    if image.kind == "labels" or any(p.code == "labels-not-integer" for p in image.problems):
        return image
    assert labels is not None  # only listed ones come here
    problems: list[Problem] = []
    place = key_place(labels, "labels")
    kind = labels_kind(image.levels[0].dtype, place, problems)
    return replace(image, kind=kind, problems=(*image.problems, *problems))


def _other_source(label: Group, folder: Node) -> list[Problem]:
    """Note where ``image-label.source.image`` names another image than the one around it.

    It is the one path in metadata that may go up (to ``../../`` if it is not given); it is
    compared, never followed.
    """
    declared = keys(label).get("image-label")
    source = declared.get("source") if isinstance(declared, dict) else None
    path = source.get("image") if isinstance(source, dict) else None
    around = folder.parent
    if path is None or around is None:
        return []
    at = key_place(label, "image-label").child("source.image")
    if isinstance(path, str):
        named = posixpath.normpath(posixpath.join("/", label.node.inner_path, path))
        if named == posixpath.normpath(posixpath.join("/", around.inner_path)):
            return []
    message = f"found {quote(path)}, expected the image around the labels; shown with that one"
    return [at.problem("label-source", "info", message)]


def _repeated(label: Image, image: Image) -> Image:
    """Let a label of one plane hold for all planes, on axes where it has the image's place."""
    axes = [i for i, axis in enumerate(label.axes) if _is_for_all(label, i, image, axis.name)]
    if not axes:
        return label
    names = [a.name for a in image.axes]
    lengths = {i: image.levels[0].shape[names.index(label.axes[i].name)] for i in axes}
    levels = tuple(_repeat(level, lengths) for level in label.levels)
    shown = ", ".join(f"{label.axes[i].name} ({n})" for i, n in lengths.items())
    message = (
        f"has one plane where its image has more, at the same place; it holds for all: {shown}"
    )
    problem = Problem("label-repeated", "info", label.path, message)
    return replace(label, levels=levels, problems=(*label.problems, problem))


def _is_for_all(label: Image, index: int, image: Image, name: str) -> bool:
    names = [a.name for a in image.axes]
    if label.axes[index].type == "channel" or names.count(name) != 1:
        return False
    other = names.index(name)
    if any(level.shape[index] != 1 for level in label.levels):
        return False
    if image.levels[0].shape[other] == 1 or label.axes[index].unit != image.axes[other].unit:
        return False
    return _same_place(label.levels, index, image.levels[0], other)


def _same_place(levels: Sequence[Level], index: int, base: Level, other: int) -> bool:
    """Tell whether a label's only plane is where the image's first one is, and as thick."""
    for level in levels:
        scale, translate = level.scale, level.translate
        if scale is None or translate is None or base.scale is None or base.translate is None:
            return False
        step = base.scale[other]
        off = abs(translate[index] - base.translate[other])
        if not np.isclose(scale[index], step, rtol=1e-6, atol=0.0) or off > 1e-6 * abs(step):
            return False
    return True


def _repeat(level: Level, lengths: dict[int, int]) -> Level:
    location = level.location
    if not isinstance(location, ArrayLocation):
        return level
    stored = location.axes or tuple(range(len(level.shape)))
    axes = tuple(None if i in lengths else axis for i, axis in enumerate(stored))
    shape = tuple(lengths.get(i, n) for i, n in enumerate(level.shape))
    chunks = tuple(lengths.get(i, n) for i, n in enumerate(level.chunks))
    return replace(level, shape=shape, chunks=chunks, location=replace(location, axes=axes))
