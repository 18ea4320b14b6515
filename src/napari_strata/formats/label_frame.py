"""What a label image leaves unsaid of its place, taken from the image it belongs to."""

from __future__ import annotations

import math
from dataclasses import replace

from napari_strata import affine
from napari_strata.model import Axis, Contribution, Image, Level, Problem

_WITHOUT_TRANSFORMS = ("ome-zarr-0.1", "ome-zarr-0.2", "ome-zarr-0.3")


def in_frame_of(label: Image, image: Image) -> Image:
    """Give a label the units it lacks and, before 0.4, the size of its image's voxels.

    Units are only recommended, and label images often have none. Before 0.4 there are no
    transforms: the image is the only frame there is for a label of other resolution.
    """
    label = _with_units(_with_names(label, image), image)
    both = {label.format, image.format}
    return _resized(label, image) if both <= set(_WITHOUT_TRANSFORMS) else label


def _with_names(label: Image, image: Image) -> Image:
    """Call a label's axes as its image's, where they differ in case, or by their order."""
    by_case = {axis.name.lower(): axis.name for axis in image.axes}
    own = [axis.name for axis in label.axes]
    names = [by_case.get(name.lower(), name) for name in own]
    assumed = []
    for kind in ("space", "time"):
        mine = [
            i
            for i, axis in enumerate(label.axes)
            if axis.type == kind and names[i] not in by_case.values()
        ]
        theirs = [a.name for a in image.axes if a.type == kind and a.name not in names]
        if mine and len(mine) <= len(theirs):
            for i, name in zip(mine, theirs[-len(mine) :], strict=True):
                names[i] = name
            assumed += [own[i] for i in mine]
    problems = label.problems
    if assumed:
        message = f"has axes that its image has not ({', '.join(assumed)}); taken in its order"
        problem = Problem("label-axes-assumed", "warning", label.path, message)
        problems = (*problems, problem)
    if names == own or len(set(names)) != len(names):
        return label
    types = {axis.name: axis.type for axis in image.axes}
    axes = tuple(
        replace(a, name=n, type=types.get(n, a.type))
        for a, n in zip(label.axes, names, strict=True)
    )
    return replace(_with_axes(label, axes), problems=problems)


def _with_axes(label: Image, axes: tuple[Axis, ...]) -> Image:
    """Give a label other names or units of its axes, its intrinsic system too."""
    systems = label.systems
    if systems:
        systems = (replace(systems[0], axes=axes), *systems[1:])
    return replace(label, axes=axes, systems=systems)


def _with_units(label: Image, image: Image) -> Image:
    units = {axis.name: axis.unit for axis in image.axes}
    lacking = [a.name for a in label.axes if a.unit is None and units.get(a.name) is not None]
    beside = [a.name for a in label.axes if a.unit and a.name in units and not units[a.name]]
    problems = list(label.problems)
    if beside:
        message = f"has units on {', '.join(beside)}, its image has none: they cannot be aligned"
        problems.append(Problem("label-unit-differs", "warning", label.path, message))
    if lacking:
        message = f"has no unit on {', '.join(lacking)}; taken as those of its image"
        problems.append(Problem("label-unit-assumed", "warning", label.path, message))
    axes = tuple(
        Axis(a.name, a.type, units[a.name]) if a.name in lacking else a for a in label.axes
    )
    return replace(_with_axes(label, axes), problems=tuple(problems))


def _resized(label: Image, image: Image) -> Image:
    full = dict(zip((a.name for a in image.axes), image.levels[0].shape, strict=True))
    ratios = []
    for axis, size in zip(label.axes, label.levels[0].shape, strict=True):
        differs = axis.type == "space" and size > 1 and full.get(axis.name, size) != size
        ratios.append(full[axis.name] / size if differs else 1.0)
    if all(ratio == 1.0 for ratio in ratios):
        return label
    shown = ", ".join(
        f"{a.name} {r:.6g}"
        for a, r in zip(label.axes, ratios, strict=True)
        if not math.isclose(r, 1)
    )
    message = f"has another size than its image; taken to cover all of it, enlarged on {shown}"
    problem = Problem("label-size-assumed", "warning", label.path, message)
    larger = affine.from_scale_translate(ratios)
    levels = tuple(_enlarged(level, larger) for level in label.levels)
    return replace(label, levels=levels, problems=(*label.problems, problem))


def _enlarged(level: Level, larger: affine.Matrix) -> Level:
    step = Contribution("size of the image", level.origin[0].where, larger)
    return replace(level, affine=affine.compose(larger, level.affine), origin=(step, *level.origin))
