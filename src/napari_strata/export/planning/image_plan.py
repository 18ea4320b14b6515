"""What an export writes, decided from the layers before anything is read or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_strata import affine, units
from napari_strata.export.documents import ome_layout, omero
from napari_strata.export.documents.ome_axes import check_axes
from napari_strata.export.documents.ome_layout import LABELS
from napari_strata.export.documents.ome_multiscales import (
    Version,
    intrinsic_of,
    is_straight,
    same_world,
)
from napari_strata.export.documents.written import NotCarried, WrittenImage, WrittenLevel
from napari_strata.export.errors import ExportError
from napari_strata.export.planning import channels, label_places
from napari_strata.export.planning.asked_part import asked_parts, check_sizes
from napari_strata.export.planning.axis_order import in_order
from napari_strata.export.planning.export_plan import ExportPlan, PlannedImage, below, estimate
from napari_strata.export.planning.image_parts import levels_of, plan_parts
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel
from napari_strata.export.planning.names import folder_names
from napari_strata.export.planning.options import Options
from napari_strata.export.planning.straight import straight
from napari_strata.model import Problem

__all__ = [
    "ExportPlan", "PlannedImage", "below", "estimate", "plan_images", "planned_image",
]  # fmt: skip


_NO = "is written without a unit: it is none of length or time"


def plan_images(layers: Sequence[Any], options: Options | None = None) -> ExportPlan:
    """Plan an export; nothing is read or written.

    Parameters
    ----------
    layers : napari's Image and Labels layers, or `LayerImage` values.

    Raises
    ------
    ExportError : it cannot be made as it was asked for; the message names the layer.
    """
    options = options or Options()
    losses: list[Problem] = []
    found = [_in_format(image, options, losses) for image in asked_parts(layers, options, losses)]
    pictures = [image for image in found if image.kind == "image"]
    labels = [image for image in found if image.kind == "labels"]
    if not pictures and not labels:
        raise ExportError("nothing to write: no Image or Labels layer has a voxel in what is asked")
    if options.channels == "merge":
        pictures = channels.merged(pictures)
    version = options.version or _default_version([*pictures, *labels])
    images, below_them = _labels_assigned(pictures, labels, version)
    check_sizes([image.axes for image in (*images, *labels)], options)
    losses += [loss for image in (*pictures, *labels) for loss in image.losses]
    try:
        return _plan(version, images, below_them, options, losses)
    except NotCarried as error:
        raise ExportError(str(error)) from error


# ------------------------------------------------------------------------------ what is written


def _in_format(image: LayerImage, options: Options, losses: list[Problem]) -> LayerImage:
    """Bring an image's axes into the format's order, and along those of the world if asked for.

    Raises
    ------
    ExportError : it cannot be written.
    """
    image = in_order(straight(image) if options.resample else image)
    if "/" in image.name or not image.name.strip():
        message = "readers take a name with a slash for a path, or show none; the folder's is shown"
        losses.append(Problem("name-not-carried", "info", image.name, message))
    losses += _units_lost(image)
    try:
        check_axes(image.axes)
    except NotCarried as error:
        raise ExportError(f"{image.name}: {error}") from error
    return image


def _units_lost(image: LayerImage) -> list[Problem]:
    """Say which units are none of length or time, the only ones that OME-Zarr lists."""
    return [
        Problem("unit-not-carried", "warning", image.name, f"axis {axis.name} in {axis.unit} {_NO}")
        for axis in image.axes
        if axis.unit and not units.is_unitless(axis.unit) and units.parse(axis.unit) is None
    ]


def _default_version(images: Sequence[LayerImage]) -> Version:
    straight = all(is_straight([level.affine for level in image.levels]) for image in images)
    return "0.5" if straight else "0.6"


def _labels_assigned(
    pictures: Sequence[LayerImage], labels: Sequence[LayerImage], version: Version
) -> tuple[list[LayerImage], dict[int, list[LayerImage]]]:
    """Return the images by themselves, and the labels below each by its index."""
    images = list(pictures)
    below_them: dict[int, list[LayerImage]] = {}
    for label in labels:
        owner = label_places.image_of(label, pictures, version)
        if owner is None:
            images.append(label)
        else:
            own = label_places.in_units_of(label, pictures[owner]) if version == "0.6" else label
            below_them.setdefault(owner, []).append(own)
    if version == "0.6" and len(images) > 1:
        images = _on_common_axes(images, below_them)
    return images, below_them


def _on_common_axes(
    images: Sequence[LayerImage], below_them: Mapping[int, Sequence[LayerImage]]
) -> list[LayerImage]:
    """Give images a channel of their own, where that puts all of a scene on the same axes."""
    theirs = [axis for image in images for axis in image.axes if axis.type == "channel"]
    if not theirs:
        return list(images)
    extended = [
        channels.with_channel_axis(image, theirs[0]) if channels.can_have_channels(image) else image
        for image in images
    ]
    alike = all(same_world(image.axes, extended[0].axes) for image in extended)
    return extended if alike else list(images)


def _plan(
    version: Version,
    images: Sequence[LayerImage],
    below_them: Mapping[int, Sequence[LayerImage]],
    options: Options,
    losses: list[Problem],
) -> ExportPlan:
    paths = _paths(images, version)
    planned: list[PlannedImage] = []
    labels_by_path: dict[str, list[WrittenImage]] = {}
    for index, (image, path) in enumerate(zip(images, paths, strict=True)):
        whole = planned_image(_with_windows(image), path, options)
        planned.append(whole)
        own = below_them.get(index, ())
        names = folder_names(label.name for label in own)
        for label, name in zip(own, names, strict=True):
            at = f"{path}/{LABELS}/{name}".strip("/")
            one = _planned_label(label, image, at, options, version, len(whole.levels))
            planned.append(replace(one, parent=path))
            labels_by_path.setdefault(path, []).append(one.written)
    alone = [one for one in planned if one.parent is None]
    counts = {one.path: one.channel_count for one in alone}
    documents = ome_layout.documents(
        version, [one.written for one in alone], counts, labels_by_path
    )
    losses += _copy_notes(planned, options)
    return ExportPlan(
        version=version,
        container="zarr2" if version == "0.4" else "zarr3",
        codec=options.codec,
        images=tuple(planned),
        documents=documents,
        losses=tuple(dict.fromkeys(losses)),
    )


def _paths(images: Sequence[LayerImage], version: Version) -> list[str]:
    turned = not is_straight([level.affine for level in images[0].levels])
    if len(images) == 1 and not (version == "0.6" and turned):
        return [""]
    if version == "0.4":  # its readers know a series by numbers alone
        return [str(index) for index in range(len(images))]
    return folder_names(image.name for image in images)


def planned_image(
    image: LayerImage, path: str, options: Options, *, levels: int | None = None
) -> PlannedImage:
    """Plan the levels of an image that goes to ``path``; ``levels`` as for `plan_parts`."""
    parts = plan_parts(image, options, levels=levels)
    plans = levels_of(parts)
    computed = any(len(part.pyramid.levels) > 1 for part in parts)
    written = WrittenImage(
        name=image.name,
        path=path,
        kind=image.kind,
        axes=image.axes,
        levels=tuple(WrittenLevel(str(k), level.affine) for k, level in enumerate(plans)),
        display=image.display,
        method=parts[0].pyramid.method if computed and len(parts) == 1 else "",
    )
    return PlannedImage(written, tuple(parts), tuple(level.affine for level in plans))


def _planned_label(
    label: LayerImage,
    image: LayerImage,
    path: str,
    options: Options,
    version: Version,
    levels: int,
) -> PlannedImage:
    """Plan a label with as many levels as its image has; in 0.6 in the image's own system."""
    turned = intrinsic_of([level.affine for level in image.levels], image.name).to_world is not None
    if version != "0.6" or not turned:
        return planned_image(label, path, options, levels=levels)
    to_world = label_places.world_of(label, image)
    inside = None if to_world is None else label_places.in_system_of(label, to_world)
    assert to_world is not None  # it was assigned to this image
    assert inside is not None
    moved = tuple(
        LayerLevel(level.pixels, matrix) for level, matrix in zip(label.levels, inside, strict=True)
    )
    planned = planned_image(replace(label, levels=moved), path, options, levels=levels)
    return replace(planned, worlds=tuple(affine.compose(to_world, w) for w in planned.worlds))


def _with_windows(image: LayerImage) -> LayerImage:
    """Give channels of 8-bit values that have no contrast limits the whole range."""
    dtype = np.dtype(image.levels[0].pixels.dtype)
    if image.kind != "image" or dtype.kind not in "iu" or dtype.itemsize > 1:
        return image
    if not omero.is_needed(image.display):
        return image
    info = np.iinfo(dtype)
    whole = (float(info.min), float(info.max))
    shown = image.display.channels
    full = tuple(c if c.window is not None else replace(c, window=whole) for c in shown)
    return replace(image, display=replace(image.display, channels=full))


def _copy_notes(planned: Sequence[PlannedImage], options: Options) -> list[Problem]:
    """Say which levels are copied, where that was asked for."""
    if not options.copy_levels:
        return []
    notes = []
    for image in planned:
        count = len(image.levels)
        copied = [part.first for part in image.parts if part.copied]
        computed = [k for k in range(1, count) if k not in copied]
        if computed:
            message = (
                f"levels {_listed(copied)} are copied, {_listed(computed)} are computed: the layer "
                "has none that can be copied"
            )
            notes.append(Problem("levels-computed", "info", image.written.name, message))
    return notes


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(n) for n in numbers) or "none"
