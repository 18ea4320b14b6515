"""The groups of an OME-Zarr and their metadata: one image, several, a scene, and labels.

One image is the root. Several are groups below it: in 0.4 and 0.5 listed as bioformats2raw lists
a series, in 0.6 joined by a scene, which also holds a single image that is turned.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from napari_strata.export.documents.image_label import image_label
from napari_strata.export.documents.ome_multiscales import (
    Json,
    Version,
    is_plain,
    multiscales,
    same_world,
    scene,
)
from napari_strata.export.documents.omero import omero, window
from napari_strata.export.documents.written import WrittenImage

_LAYOUT = {"bioformats2raw.layout": 3}
_SERIES = "OME"
LABELS = "labels"

Document = tuple[str, Json]
"""Where a metadata file goes, relative to the root, and what is in it."""


def is_collection(images: Sequence[WrittenImage], version: Version) -> bool:
    """Tell whether images are in groups of their own, below a root that only lists them."""
    return len(images) > 1 or (version == "0.6" and not is_plain(images[0]))


def documents(
    version: Version,
    images: Sequence[WrittenImage],
    channels: Mapping[str, int],
    labels: Mapping[str, Sequence[WrittenImage]],
) -> tuple[Document, ...]:
    """Describe all groups, the root's last file last.

    Parameters
    ----------
    images : those that are not below ``labels``.
    channels : how many each image has, by its path.
    labels : by the path of the image they belong to.

    Raises
    ------
    NotCarried
        If the version has no place for the axes or transforms of one.
    """
    found: list[Document] = []
    root: Json = {}
    for image in images:
        found += _labels_of(version, image, labels.get(image.path, ()))
        block = _image(version, image, channels[image.path])
        if image.path:
            found += _group(version, image.path, block)
        else:
            root = block
    if is_collection(images, version):
        alike = all(same_world(image.axes, images[0].axes) for image in images)
        # Without a scene each image is shown in its own system: right only if that is the world.
        if version == "0.6" and (alike or not all(is_plain(image) for image in images)):
            root = {"scene": scene(images)}
        else:
            root = dict(_LAYOUT)
            found += _group(version, _SERIES, {"series": [image.path for image in images]})
    return (*found, *_group(version, "", root))


def _image(version: Version, image: WrittenImage, channels: int) -> Json:
    block: Json = {"multiscales": multiscales(image, version)}
    if image.kind == "labels":
        block["image-label"] = _clean(image_label(image.display, version, source=None))
    else:
        look = omero(image, channels)
        if look is not None:
            block["omero"] = look
    return block


def _labels_of(
    version: Version, image: WrittenImage, labels: Sequence[WrittenImage]
) -> Iterable[Document]:
    if not labels:
        return
    folder = f"{image.path}/{LABELS}".strip("/")
    for label in labels:
        look = _clean(image_label(label.display, version, source="../../"))
        block = {"multiscales": multiscales(label, version), "image-label": look}
        yield from _group(version, label.path, block)
    names = [label.path.removeprefix(f"{folder}/") for label in labels]
    yield from _group(version, folder, {"labels": names})


def _group(version: Version, path: str, block: Json) -> list[Document]:
    """Describe a group; in Zarr v2 in two files, the one that says more last."""
    at = f"{path}/" if path else ""
    if version == "0.4":
        return [(f"{at}.zgroup", {"zarr_format": 2}), (f"{at}.zattrs", block)]
    attributes = {"ome": {"version": version, **block}}
    content = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return [(f"{at}zarr.json", content)]


def with_windows(document: Json, windows: Mapping[int, tuple[float, float]]) -> Json:
    """Return an image's metadata with contrast limits of channels that had none."""
    changed: Json = copy.deepcopy(document)
    keys = changed["attributes"]["ome"] if "attributes" in changed else changed
    for channel, limits in windows.items():
        keys["omero"]["channels"][channel]["window"] = window(limits)
    return changed


def _clean(value: Any) -> Any:
    """Keep what JSON can hold: properties of labels may be anything."""
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return str(value)
