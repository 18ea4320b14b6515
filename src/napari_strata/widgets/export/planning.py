"""What an export would be: planned from a snapshot of layers, before anything is written.

Nothing here knows a window, so that all of it runs in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from napari_strata.export.annotations_beside import Beside, check_has_images, parted
from napari_strata.export.errors import ExportError
from napari_strata.export.formats import image_format
from napari_strata.export.geometries.annotations_place import check_folder, folder_beside
from napari_strata.export.planning.layer_image import KINDS, LayerImage
from napari_strata.export.planning.options import Options
from napari_strata.export.planning.origins import layer_origins, local_origins
from napari_strata.export.planning.plan_text import bytes_text, place_text, shape_text
from napari_strata.export.safety.place import TargetExists, check_target, local_target, missing_room
from napari_strata.export.safety.remote import is_remote, remote_target
from napari_strata.export.safety.stage_folder import leftover
from napari_strata.layers.annotations.annotation import LayerCopy, copy_of
from napari_strata.model import Problem

SUFFIXES = {"ome-zarr": ".ome.zarr", "cosem": ".n5"}
"""By format, how a folder of it is called at the end."""

MOST_SHOWN = 8
"""Problems that are shown each with its sign; making these takes a moment."""

MOST_COPIED = 64 * 2**20
"""Bytes that are copied without the window standing still."""

_KNOWN_ENDS = (".zarr", ".n5")


@dataclass(frozen=True)
class Wish:
    """What is to be exported, as it was when it was asked for.

    Attributes
    ----------
    images : the images and labels, described in the window's thread.
    layers : the same, live; asked only for where they come from.
    annotations : copies of layers of points, shapes and so on, which go beside the images.
    path : a folder or a bucket's; empty while none is chosen.
    """

    images: tuple[LayerImage, ...]
    layers: tuple[Any, ...]
    path: str
    format: str = "ome-zarr"
    options: Mapping[str, Any] = field(default_factory=dict)
    scheduler: str | None = None
    annotations: tuple[LayerCopy, ...] = ()

    def without_painting(self) -> Wish:
        """Copy labels in memory, each up to `MOST_COPIED`: what is painted later is not in them.

        In the window's thread, which paints.
        """
        images = (_copied(i) if 0 < paintable(i) <= MOST_COPIED else i for i in self.images)
        return replace(self, images=tuple(images))


def paintable(image: LayerImage) -> int:
    """Return the bytes of labels in memory; 0 of what nobody can paint on."""
    pixels = image.levels[0].pixels
    is_painted = image.kind == "labels" and isinstance(pixels, np.ndarray)
    return int(pixels.nbytes) if is_painted else 0


def _copied(image: LayerImage) -> LayerImage:
    levels = tuple(replace(level, pixels=level.pixels.copy()) for level in image.levels)
    return replace(image, levels=levels)


@dataclass(frozen=True)
class Preview:
    """What would be written, and what is at the target.

    Attributes
    ----------
    exists : whether something is there that would have to be replaced.
    leftover : what an export that was broken off has left beside it.
    """

    wish: Wish
    plan: Any
    exists: bool = False
    leftover: Path | None = None
    problems: tuple[Problem, ...] = ()


def wish_of(
    layers: Sequence[Any],
    images: Sequence[LayerImage],
    path: str,
    format: str,
    options: Mapping[str, Any],
    scheduler: str | None = None,
) -> Wish:
    """Take a snapshot of layers; in the window's thread. Reads no pixels of images.

    Parameters
    ----------
    images : those of the layers that are images or labels, described.

    Raises
    ------
    ExportError
        If there is no image among them, or the format has no place for one of them.
    """
    whole = with_suffix(path, format)
    pictures = tuple(layer for layer in layers if layer._type_string in KINDS)
    others = tuple(layer for layer in layers if layer._type_string not in KINDS)
    if others and format != "ome-zarr":
        raise ExportError(
            f"COSEM N5 has no place for '{others[0].name}' ({others[0]._type_string}); untick it, "
            "or write OME-Zarr"
        )
    check_has_images(layers, whole or f"NAME{SUFFIXES[format]}")
    copies = tuple(copy_of(layer) for layer in others)
    return Wish(tuple(images), pictures, whole, format, dict(options), scheduler, copies)


def with_suffix(path: str, format: str) -> str:
    """Put the format's usual end to a path that has none by which it is opened."""
    text = path.strip()
    bare = text.rstrip("/\\")
    return text if not bare or bare.lower().endswith(_KNOWN_ENDS) else bare + SUFFIXES[format]


def preview(wish: Wish) -> Preview:
    """Plan an export and look at its target; writes nothing.

    Raises
    ------
    ExportError
        If it cannot be made; one sentence says why.
    """
    plan = image_format(wish.format).plan(wish.images, Options(**wish.options))
    beside = Beside(parted(wish.annotations))
    losses = (*plan.losses, *beside.problems)
    if not wish.path:
        return Preview(wish, plan, problems=losses)
    if is_remote(wish.path):
        remote_target(wish.path)
        beside.check_remote(wish.path)
        return Preview(wish, plan, problems=losses)
    target = local_target(wish.path)
    origins = (*local_origins(wish.images), *layer_origins(wish.layers))
    exists = False
    try:
        check_target(target, sources=origins)
        if wish.annotations:
            check_folder(target, replace=False)
    except TargetExists:
        exists = True
    room = missing_room(target, plan.nbytes)
    problems = (*losses, *([room] if room else []))
    return Preview(wish, plan, exists, leftover(target), problems)


def described(found: Preview) -> str:
    """List images, their levels (shape, size, scale, translation), annotations and problems."""
    parts = [_image_text(image) for image in found.plan.images]
    if found.wish.annotations:
        names = [f"{layer.name} ({layer._type_string})" for layer in found.wish.annotations]
        path = found.wish.path or "NAME.ome.zarr"
        folder = folder_beside(Path(path)).name
        parts.append("\n".join([f"Beside it, whole, in {folder}", *names]))
    if len(found.problems) > MOST_SHOWN:
        parts.append("\n".join(["What to know", *map(str, found.problems)]))
    return "\n\n".join(parts)


def sum_of(plan: Any, format: str) -> str:
    """Say how much it is altogether, and as what."""
    count = len(plan.images)
    images = "1 image" if count == 1 else f"{count} images"
    kind = f"OME-Zarr {plan.version}" if format == "ome-zarr" else "COSEM N5"
    packed = "" if plan.codec.name == "none" else " before compression"
    return f"{kind}: {images}, {bytes_text(plan.nbytes)}{packed}."


def _image_text(image: Any) -> str:
    written = image.written
    first = image.levels[0]
    where = f" in {written.path}" if written.path else ""
    shards = "" if first.shards is None else f", shards {shape_text(first.shards)}"
    lines = [
        f"{written.name}{where}",
        f"{written.kind} of {first.dtype.name}, axes {_axes_text(written.axes)}",
        f"chunks {shape_text(first.chunks)}{shards}",
    ]
    copied = {part.first for part in image.parts if part.copied}
    for index, (named, level) in enumerate(zip(written.levels, image.levels, strict=True)):
        note = ", copied" if index in copied else ""
        lines.append(
            f"Level {named.path}: {shape_text(level.shape)}, {bytes_text(level.nbytes)}{note}"
        )
        scale, translate = place_text(level)
        if scale == "see affine":
            lines += [f"    [{', '.join(f'{v:.6g}' for v in row)}]" for row in level.affine[:-1]]
        else:
            lines += [f"    scale {scale}", f"    translation {translate}"]
    return "\n".join(lines)


def _axes_text(axes: Sequence[Any]) -> str:
    """Name axes with their units, a unit that several have only once."""
    return ", ".join(
        f"{', '.join(axis.name for axis in alike)}{f' in {unit}' if unit else ''}"
        for unit, alike in groupby(axes, key=lambda axis: axis.unit)
    )
