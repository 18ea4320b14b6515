"""OME-NGFF ``labels``: the label images of an image, each at its own place.

Rules: formats.md 2, after the specification's "labels" section. A label image may cover a part
of its image.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace

from napari_strata.formats._ome import key_place, keys, labels_kind
from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.formats._read_ahead import LABELS
from napari_strata.formats.label_axes import on_axes_of
from napari_strata.formats.label_frame import in_frame_of
from napari_strata.formats.label_systems import moved_into, shown_with
from napari_strata.model import Image, OpenError, Problem
from napari_strata.store.hierarchy import ATTRIBUTES_FILE, Encoding, Group, read_group
from napari_strata.store.tree import Node, prefetch
from napari_strata.store.values import JsonPlace, quote, sequence, text


def open_group(group: Group, context: Context, images_at: ImagesAt) -> Found | None:
    """Open all label images of a ``labels`` group that was opened by itself."""
    if "labels" not in keys(group) or "multiscales" in keys(group):
        return None
    return _label_images(group, group.node, context, images_at, True)


def with_labels(
    group: Group,
    images: list[Image],
    context: Context,
    images_at: ImagesAt,
    *,
    one_of_many: bool = False,
) -> Found:
    """Add its label images to an image of OME-NGFF; whatever is wrong with one costs only it.

    Beside the parts of an image (VISoR's stacks) its labels stand as they are. For
    ``one_of_many``, folders are listed only where that costs no request.
    """
    if group.encoding == "n5" or "multiscales" not in keys(group):
        return Found(images)
    folder = group.node.child(LABELS)
    if not folder.inside():
        return Found(images, [_leads_out(folder)])
    problems: list[Problem] = []
    labels = None
    try:
        labels = read_group(folder, group.encoding)
    except OpenError as error:
        problems.append(error.problem)
    if labels is None and not problems and not group.node.tree.backend.absent_is_free:
        return Found(images)
    listing = not one_of_many or group.node.tree.backend.absent_is_free
    found = _label_images(labels, folder, replace(context, multiscale=None), images_at, listing)
    placed = found.images
    if len(images) == 1:
        placed = [_with_image(label, images[0]) for label in placed]
    return Found([*images, *placed], [*problems, *found.problems])


def _with_image(label: Image, image: Image) -> Image:
    """Bring a label to its image's place, axes and (0.6) coordinate systems."""
    placed = moved_into(in_frame_of(label, image.intrinsic or image), image)
    if placed.kind == "labels":
        placed = on_axes_of(placed, image.intrinsic or image)
    return shown_with(placed, image)


def _label_images(
    labels: Group | None, folder: Node, context: Context, images_at: ImagesAt, listing: bool
) -> Found:
    """Open the listed label images, then those that a listing shows besides."""
    found = Found()
    listed = _listed(labels, found.problems) if labels is not None else {}
    others = folder.folders(found.problems) if listing else []
    others = [node for node in others if node not in listed]
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
                message = f'found no image at "{node.inner_path}", expected a label image'
                found.problems.append(listed[node].problem("missing-label", "error", message))
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


def _listed(labels: Group, problems: list[Problem]) -> dict[Node, JsonPlace]:
    """Go to the label images that the group lists, each once; also where each is listed."""
    at = key_place(labels, "labels")
    nodes: dict[Node, JsonPlace] = {}
    try:
        paths = sequence(keys(labels).get("labels", []), at)
    except OpenError as error:
        problems.append(error.problem)
        return {}
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
            nodes[node] = place
    return nodes


def _leads_out(folder: Node) -> Problem:
    message = "is a link that leads out of the dataset; not followed"
    return Problem("link-outside", "warning", folder.shown_path, message)


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
    at = key_place(label, "image-label").child("source")
    if source is not None and not isinstance(source, dict):
        message = f"found {quote(source)}, expected an object {{…}}; shown with the image around it"
        return [at.problem("label-source", "warning", message)]
    path = source.get("image") if source is not None else None
    around = folder.parent
    if path is None or around is None:
        return []
    at = at.child("image")
    if isinstance(path, str):
        named = posixpath.normpath(posixpath.join(label.node.inner_path, path))
        if named == posixpath.normpath(around.inner_path):
            return []
    message = f"found {quote(path)}, expected the image around the labels; shown with that one"
    return [at.problem("label-source", "info", message)]
