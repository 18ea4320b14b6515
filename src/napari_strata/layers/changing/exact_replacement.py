"""A multiscale layer of any reader, replaced by one whose levels are where their metadata says.

The dataset is opened again by napari-strata. Which of its images, and which channel of it, the
layer shows is told by the shapes and types of the levels, and by the pixels of the coarsest one.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_strata import dataset
from napari_strata.affine import Matrix
from napari_strata.dataset import Dataset
from napari_strata.layers.arrival import settle
from napari_strata.layers.changing.built_image import BuiltImage, built, on_each_axes
from napari_strata.layers.changing.look import take_look
from napari_strata.layers.changing.opened_image import image_note, levels_of, shapes_of
from napari_strata.layers.drawing.guard import guard
from napari_strata.layers.live_world import unread
from napari_strata.layers.notes import KEY
from napari_strata.layers.placement import Placement
from napari_strata.layers.record import PENDING_CONTRAST, Source
from napari_strata.layers.run import run_at_once
from napari_strata.model import Kind

_SAMPLE_BYTES = 8 * 2**20  # how much of the coarsest level is compared


@dataclass(frozen=True)
class Exact:
    """What a layer is of, as napari-strata opens it.

    Attributes
    ----------
    affines : where the layer's levels are declared to be, ``(n + 1, n + 1)`` each: the layer's
        axes, in ``units``.
    units : of the layer's axes: micrometer, second, pixel.
    built : the layer it is replaced by; its record says which image and channel of what it is.
    """

    affines: tuple[Matrix, ...]
    units: tuple[str, ...]
    built: BuiltImage


def find_exact(layer: Layer, path: str | os.PathLike[str] | None = None) -> Exact:
    """Find what a multiscale layer is of; in any thread. Compares up to 8 MiB of pixels.

    Parameters
    ----------
    layer : Image or Labels.
    path : the dataset; None: what the layer was opened from, which napari remembers.

    Raises
    ------
    OpenError
        If it cannot be opened.
    ValueError
        If it holds no such image, or several that are alike, or the layer is already exact.
    OSError
        If its pixels cannot be read.
    """
    if not isinstance(layer, Image | Labels) or not layer.multiscale:
        raise ValueError(f"the layer '{layer.name}' has no levels that could be misplaced")
    if _is_ours(layer):
        raise ValueError(f"the layer '{layer.name}' was opened by napari-strata, it is exact")
    found = path if path is not None else layer.source.path
    if not found:
        raise ValueError(
            f"napari does not know which file the layer '{layer.name}' was opened from; "
            "give the dataset's path"
        )
    opened = dataset.open(found)
    kind: Kind = "labels" if isinstance(layer, Labels) else "image"
    candidates = _alike(layer, _as_kind(opened, kind))
    if not candidates and any(_has_all_channels(layer, image) for image in opened.images):
        raise ValueError(
            f"the layer '{layer.name}' holds all channels on a slider, exact layers hold one "
            "each: open the dataset with napari-strata instead"
        )
    if not candidates:
        raise ValueError(f"{opened.path}: found no image with {_described(layer)}")
    same = [each for each in candidates if _same_pixels(layer, each)]
    if not same:
        raise ValueError(
            f"{opened.path}: found {len(candidates)} with {_described(layer)}, but with other "
            f"pixels than the layer '{layer.name}'"
        )
    same = [each for each in same if _named(each, layer.name)] or same
    if len(same) > 1:
        names = ", ".join(f"'{_name(each)}'" for each in same)
        raise ValueError(f"{opened.path}: {names} have the same shapes and pixels")
    affines = tuple(same[0].worlds[index] for index in _levels_in(layer, same[0]))
    return Exact(affines, tuple(same[0].note["layer_units"]), same[0])


def _is_ours(layer: Layer) -> bool:
    try:
        image_note(layer)
    except ValueError:
        return isinstance(getattr(layer, "placement", None), Placement)
    return True


def _as_kind(opened: Dataset, kind: Kind) -> Dataset:
    """Take images for what the layer is: another reader may show labels as an image."""
    images = [dataclasses.replace(image.model, kind=kind) for image in opened.images]
    return Dataset(opened.path, images, opened.problems, choices=opened.choices)


def _alike(layer: Layer, opened: Dataset) -> list[BuiltImage]:
    """List the channels of images with levels such as the layer's; no two of one channel."""
    source = Source(opened.path, opened.choices)
    result: list[BuiltImage] = []
    for image in opened.images:
        shapes = {tuple(sorted(shape)) for shape in shapes_of(layer)[:1]}
        for shown in on_each_axes(opened, image, image):
            if not shapes <= _sorted_shapes(shown.levels[0].shape):
                continue
            fitting = [each for each in built(source, shown, []) if _levels_in(layer, each)]
            result += fitting
            if fitting:
                break
    return result


def _has_all_channels(layer: Layer, image: dataset.Image) -> bool:
    same = sorted(image.levels[0].shape) == sorted(shapes_of(layer)[0])
    return same and image.model.channel_axis is not None


def _sorted_shapes(shape: Sequence[int]) -> set[tuple[int, ...]]:
    """List what a layer of a level can have for a shape, with and without one axis, sorted."""
    without = [(*shape[:axis], *shape[axis + 1 :]) for axis in range(len(shape))]
    return {tuple(sorted(each)) for each in (tuple(shape), *without)}


def _levels_in(layer: Layer, each: BuiltImage) -> list[int]:
    """Say which levels of what was built the layer has, in order; none if it has others."""
    shapes, indices = each.shapes, list[int]()
    for shape in shapes_of(layer):
        start = indices[-1] + 1 if indices else 0
        if shape not in shapes[start:]:
            return []
        indices.append(shapes.index(shape, start))
    types = {np.dtype(array.dtype).newbyteorder("=") for array in levels_of(layer)}
    own = {np.dtype(array.dtype) for array in each.data} | {_stored(each)}
    return indices if indices[0] == 0 and types <= own else []


def _stored(each: BuiltImage) -> np.dtype[Any]:
    stored: np.dtype[Any] = np.dtype(str(each.note["levels"][0]["dtype"]))
    return stored


def _same_pixels(layer: Layer, each: BuiltImage) -> bool:
    """Compare the middle of the layer's coarsest level, as much as is read at once."""
    indices = _levels_in(layer, each)
    theirs, ours = levels_of(layer)[-1], each.data[indices[-1]]
    shape = list(ours.shape)
    while int(np.prod(shape)) * ours.dtype.itemsize > _SAMPLE_BYTES:
        axis = int(np.argmax(shape))
        shape[axis] = max(shape[axis] // 2, 1)
    part = tuple(
        slice((whole - n) // 2, (whole - n) // 2 + n)
        for whole, n in zip(ours.shape, shape, strict=True)
    )
    one, other = np.asarray(theirs[part]), np.asarray(ours[part])
    exact = one.dtype.kind in "fc"
    return bool(np.array_equal(one, other, equal_nan=exact))


def _named(each: BuiltImage, name: str) -> bool:
    """Tell whether a layer is called as the channel or the image is."""
    return name in {_name(each), each.note["name"], each.note.get("channel_label")}


def _name(each: BuiltImage) -> str:
    return str(each.note["layer_name"])


def _described(layer: Layer) -> str:
    shapes = ", ".join(" × ".join(str(n) for n in shape) for shape in shapes_of(layer))
    return f"levels of {shapes} voxels of type {layer.dtype}"


# --------------------------------------------------------------------------- in the viewer


def replace(viewer: Any, layer: Layer, exact: Exact) -> Layer:
    """Put the exact layer where a layer of a viewer is; in the window's thread.

    It has the name, visibility and look of the layer, and is selected. Where it is the only
    layer, the sliders stay on the same voxels.

    Raises
    ------
    ValueError
        If the layer is no longer in the viewer.
    """
    if layer not in viewer.layers:
        raise ValueError(f"the layer '{layer.name}' is no longer in the viewer")
    made = _as_layer(exact.built.item)
    note = {k: v for k, v in made.metadata[KEY].items() if k != PENDING_CONTRAST}
    made.metadata = {**made.metadata, KEY: note}
    with unread(made):
        take_look(made, layer)
    name, position, index = layer.name, _voxel(viewer, layer), viewer.layers.index(layer)
    guard(viewer)
    viewer.layers.insert(index + 1, made)
    viewer.layers.remove(layer)
    made.name = name
    settle(made, run_at_once)  # the limits are the layer's: nothing is read
    if position is not None and len(viewer.layers) == 1:
        viewer.dims.set_point(range(made.ndim), made.data_to_world(position))
    viewer.layers.selection = {made}
    return made


def _as_layer(item: Any) -> Layer:
    return item if isinstance(item, Layer) else Layer.create(*item)


def _voxel(viewer: Any, layer: Layer) -> Any:
    """Return which voxel of level 0 the sliders are at; None where they have other axes."""
    if viewer.dims.ndim != layer.ndim:
        return None
    return np.asarray(layer.world_to_data(viewer.dims.point))
