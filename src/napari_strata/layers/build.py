"""From a dataset to napari layers: of images, one a channel, every level exactly at its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any

import numpy as np

from napari_strata import affine
from napari_strata.arrays import LevelArray
from napari_strata.dataset import Dataset, Image, Level
from napari_strata.formats.axis_assignment import arranged
from napari_strata.layers import tilt
from napari_strata.layers.channel_look import (
    channel_display,
    colormap,
    contrast,
    slider_range,
)
from napari_strata.layers.choose import choose, split_axis
from napari_strata.layers.chunk_report import ChunkReport
from napari_strata.layers.drawing.placed import place
from napari_strata.layers.geometry.choice import WaitingFolder, geometries_of
from napari_strata.layers.label_look import label_arguments
from napari_strata.layers.placement import Placement, PlacementError, differs
from napari_strata.layers.record import (
    CHANNEL_LABEL,
    CONTRAST_RANGE,
    LAYER_NAME,
    PENDING_CONTRAST,
    Source,
    record,
)
from napari_strata.layers.shared_axes import on_shared_axes
from napari_strata.layers.viewer_axes import ViewerAxes, precision_loss, viewer_axes
from napari_strata.model import Problem

LayerData = Any  # a napari Layer, or its (data, arguments, type) tuple


@dataclass(frozen=True)
class Built:
    """Layers, and what the user should hear about.

    ``mesh_folders`` hold more meshes than are shown at once: the user says which.
    """

    layers: list[LayerData]
    problems: list[Problem]
    images_left_out: int
    geometries_left_out: int = 0
    mesh_folders: tuple[WaitingFolder, ...] = ()


@dataclass(frozen=True)
class _Placed:
    """Levels in the layer's axes: pixels, affine to world (µm, s), relative to level 0."""

    levels: list[Level]
    data: list[LevelArray]
    worlds: list[affine.Matrix]
    placement: Placement


def build(dataset: Dataset) -> Built:
    """Make the layers of a dataset: at most 8 images, the first visible, the others hidden.

    Images of one scene are all visible: it says how they lie to each other. So are the parts of
    one whole; their layers are in the order of the channels, then of the parts. At most 8
    geometries lie over the images, all of them visible if they are few (`choose.is_few`).
    """
    chosen, left_out = choose(dataset.images)
    images = [_arranged(image) for image in chosen]
    source = Source(dataset.path, dataset.choices)
    layers: list[LayerData] = []
    problems = list(dataset.problems)
    for _, parts in groupby(on_shared_axes(images, problems), key=_whole):
        is_first, of_parts = not layers, []
        for image in parts:
            problems += image.problems
            visible = is_first or _in_one_scene(image, images[0])
            of_parts.append(image_layers(source, image, problems, visible=visible))
        layers += [x for row in zip_longest(*of_parts) for x in row if x is not None]
    of_geometries = geometries_of(dataset, layers, problems)
    layers += of_geometries.layers
    problems = list(dict.fromkeys(problems))
    return Built(
        layers, problems, left_out, of_geometries.left_out, tuple(of_geometries.mesh_folders)
    )


def _whole(image: Image) -> object:
    """Return what an image shares with the other parts of its whole, and with no other image."""
    whole = image.model.whole
    return id(image) if whole is None else (whole, image.kind)


def _in_one_scene(image: Image, first: Image) -> bool:
    """Tell whether both images are shown in a system other than their own, and the same one."""
    moved = image.model.intrinsic is not None and first.model.intrinsic is not None
    return moved and image.model.system == first.model.system and image.kind == "image"


def _arranged(image: Image) -> Image:
    model = arranged(image.model)
    return image if model is image.model else Image(model)


def image_layers(
    source: Source, image: Image, problems: list[Problem], *, visible: bool = True
) -> list[LayerData]:
    """Make the layers of one image.

    A layer whose levels napari would place right by itself is a plain (data, arguments, type)
    tuple. What cannot be drawn is left out, with an error added to ``problems``.
    """
    image = _arranged(image)
    if image.levels[0].dtype.kind == "c":
        message = "complex numbers cannot be drawn by napari; read them with strata.open"
        problems.append(Problem("complex-not-drawn", "error", image.path, message))
        return []
    split = split_axis(image)
    axes = viewer_axes(image.model, split)
    if len(axes.order) < 2:
        message = "the image has one axis, napari draws two and more; read it with strata.open"
        problems.append(Problem("too-few-axes", "error", image.path or ".", message))
        return []
    count = 1 if split is None else image.levels[0].shape[split]
    layers = []
    for channel in range(count):
        own: list[Problem] = []
        report = ChunkReport(image.name)
        placed = _placed(image, axes, split, channel, report, own)
        if channel == 0:
            problems += own  # the same for every channel
        if placed is None:
            return []
        layers.append(_layer(source, image, axes, placed, split, channel, count, own, visible))
    return layers


def _placed(
    image: Image,
    axes: ViewerAxes,
    split: int | None,
    channel: int,
    report: ChunkReport,
    problems: list[Problem],
) -> _Placed | None:
    """Bring every level into the layer's axes; leave out those that cannot be drawn."""
    levels: list[Level] = []
    data: list[LevelArray] = []
    worlds: list[affine.Matrix] = []
    for level in image.levels:
        try:
            world = axes.to_world(level.affine)
        except ValueError as error:
            problems.append(
                _undrawable(level, f"its transform mixes channels with space ({error})")
            )
            continue
        if split is not None and level.shape[split] != image.levels[0].shape[split]:
            problems.append(_undrawable(level, "it has another number of channels than level 0"))
            continue
        array = _in_layer_axes(level.lazy(report), axes, split, channel)
        if worlds:
            array, world = _unflipped(array, world, worlds[0])
        try:
            Placement.from_affines([*worlds, world])
        except PlacementError as error:
            problems.append(_undrawable(level, str(error)))
            continue
        levels.append(level)
        data.append(array)
        worlds.append(world)
    if not data:
        return None
    if tilt.is_tilted(worlds[0]):
        problems.append(tilt.tilted_problem(image.path))
    loss = precision_loss(worlds[0], data[0].shape)
    if loss:
        problems.append(_far_origin(image, loss))
    return _Placed(levels, data, worlds, Placement.from_affines(worlds))


def _in_layer_axes(
    array: LevelArray, axes: ViewerAxes, split: int | None, channel: int
) -> LevelArray:
    if split is not None:
        array = array[(slice(None),) * split + (channel,)]
    remaining = sorted(axes.order)
    order = tuple(remaining.index(axis) for axis in axes.order)
    return array if order == tuple(range(len(order))) else array.transpose(order)


def _unflipped(
    array: LevelArray, world: affine.Matrix, base: affine.Matrix
) -> tuple[LevelArray, affine.Matrix]:
    """Reverse the axes on which a level runs against level 0; napari's ratios are positive."""
    ratios = np.diagonal(affine.relative(world, base))[:-1]
    against = ratios < 0
    if not np.any(against):
        return array, world
    array = array[tuple(slice(None, None, -1 if a else 1) for a in against)]
    ends = [float(s - 1) for s in array.shape]
    flip = affine.from_scale_translate(np.where(against, -1.0, 1.0), np.where(against, ends, 0.0))
    return array, affine.compose(world, flip)


def _undrawable(level: Level, reason: str) -> Problem:
    message = f"the level is left out of the view: {reason}"
    return Problem("level-not-drawn", "error", level.path, message)


def _far_origin(image: Image, loss: float) -> Problem:
    message = (
        f"the image lies so far from world 0 that drawing is only exact to {loss:.2f} of a voxel "
        "(the graphics card counts in float32); Layers > Transform > Move layers to a common "
        "origin brings them near"
    )
    return Problem("far-origin", "warning", image.path, message)


def _layer(
    source: Source,
    image: Image,
    axes: ViewerAxes,
    placed: _Placed,
    split: int | None,
    channel: int,
    count: int,
    problems: Sequence[Problem],
    visible: bool,
) -> LayerData:
    note = record(
        source,
        image,
        placed.levels,
        placed.data,
        channel=None if split is None else channel,
        worlds=placed.worlds,
        labels=axes.labels,
        units=axes.units,
        problems=problems,
    )
    arguments: dict[str, Any] = {
        "name": image.name,
        "axis_labels": axes.labels,
        "units": axes.units,
        "visible": visible,
        "metadata": {"strata": note},
        **_world_arguments(placed.worlds[0]),
    }
    data: list[Any] = list(placed.data)
    if image.kind == "image":
        _look(arguments, image, None if split is None else channel, count, note, visible)
    else:
        arguments |= label_arguments(image.display)
        if data[0].dtype.kind == "b":
            data = [level.astype(np.uint8) for level in data]  # napari has no labels of booleans
    if tilt.is_tilted(placed.worlds[0]):
        arguments["name"] = f"{arguments['name']} {tilt.SUFFIX}"
    note[LAYER_NAME] = arguments["name"]
    if image.kind == "labels" and len(data) == 1:  # napari takes a list of one apart, wrongly
        return data[0], {**arguments, "multiscale": False}, image.kind
    if not _needs_exact(placed.placement, [level.shape for level in data]):
        return data, {**arguments, "multiscale": True}, image.kind
    return place(image.kind, data, placed.placement, **arguments)


def _needs_exact(placement: Placement, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Tell whether napari would draw a level elsewhere, or read the value of another pixel.

    A 2-D pyramid that is halved evenly is drawn right by napari, but the value under the cursor
    is off by its half voxel, and so is its place in 3-D beside layers of other units.
    """
    return len(set(shapes)) > 1 or differs(placement, shapes)


def _world_arguments(world: affine.Matrix) -> dict[str, Any]:
    """Say where level 0 is: scale and translate where that is all, else the whole affine."""
    split = affine.scale_translate(world)
    if split is None:
        return {"affine": np.array(world)}
    return {"scale": tuple(split[0]), "translate": tuple(split[1])}


def _look(
    arguments: dict[str, Any],
    image: Image,
    channel: int | None,
    count: int,
    note: dict[str, Any],
    visible: bool,
) -> None:
    dtype = image.levels[0].dtype
    declared = channel_display(image.model, channel)
    limits, provisional = contrast(declared, dtype)
    arguments["contrast_limits"] = limits
    arguments["colormap"] = colormap(declared, channel or 0, count)
    arguments["gamma"] = 1.0 if declared.gamma is None else declared.gamma
    arguments["visible"] = visible and declared.visible
    additive = count > 1 or image.display.additive
    arguments["blending"] = "additive" if additive else "translucent_no_depth"  # as napari's own
    label = declared.label
    if count > 1:
        label = label or f"channel_{channel}"
    if label:
        arguments["name"] = f"{image.name} {label}"
    if declared.label:
        note[CHANNEL_LABEL] = declared.label
    if provisional:
        note[PENDING_CONTRAST] = True
    slider = slider_range(declared, dtype)
    if slider is not None:
        note[CONTRAST_RANGE] = list(slider)
