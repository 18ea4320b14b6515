"""Label images in the coordinate systems of the image they belong to (OME-NGFF 0.6, "labels").

An image may have a transform to a label's intrinsic system; without one the two intrinsic
systems are the same.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_strata.formats.axis_assignment import unit_factors
from napari_strata.formats.systems import in_system
from napari_strata.formats.transform_nesting import Chain, inverted
from napari_strata.formats.transform_types import homogeneous
from napari_strata.model import Contribution, CoordinateSystem, Image, OpenError, Problem


def moved_into(label: Image, image: Image) -> Image:
    """Move a label into its image's intrinsic system, by the image's transform if it has one.

    To be done once for a label as it was read.
    """
    if not label.systems or not image.systems:
        return label
    inside = label.path.removeprefix(image.path).strip("/")
    joined = {s.source: s for s in image.systems if s.source is not None}
    found = [(joined[n], s) for s in label.systems if (n := (inside, s.name)) in joined]
    if not found:
        return label
    reason = "it cannot be followed back"
    for theirs, own in found:
        if theirs.transforms is None or own.transforms is None:
            blocked = theirs.problem or own.problem
            reason = blocked.message if blocked is not None else reason
            continue
        back = inverted(theirs.transforms)
        if back is None:
            continue
        try:
            return _moved(label, image, (*back, *own.transforms))
        except OpenError as error:
            reason = error.problem.message
    return _not_placed(label, f"the image's transform to this label cannot be used ({reason})")


def _moved(label: Image, image: Image, chain: Chain) -> Image:
    axes = (image.intrinsic or image).axes
    name = image.systems[0].name
    target = CoordinateSystem(name, axes, chain)
    label = in_system(label, label.systems[0].name)
    start = replace(label.systems[0], name=f"{name}'")
    moved = in_system(replace(label, systems=(start, target), system=start.name), name)
    way_back = inverted(chain) if moved.axes == axes else None
    others = [
        replace(s, transforms=(*s.transforms, *way_back))
        for s in label.systems[1:]
        if way_back is not None and s.transforms is not None
    ]
    systems = (CoordinateSystem(name, moved.axes, ()), *others)
    return replace(moved, systems=systems, intrinsic=None)


def shown_with(label: Image, image: Image) -> Image:
    """Give a label that is in its image's intrinsic system the image's other systems too.

    It is shown in the one that the image is shown in; if that cannot be, in the intrinsic one,
    with a warning.
    """
    if not image.systems:
        return label
    base = in_system(label, label.systems[0].name) if label.systems else label
    name = image.systems[0].name
    between = _between(base, image)
    systems = [CoordinateSystem(name, base.axes, ())]
    for system in image.systems[1:]:
        chain = None if system.transforms is None else (*system.transforms, *between)
        systems.append(replace(system, transforms=chain))
    taken = {s.name for s in systems}
    own = [s for s in base.systems[1:] if s.name not in taken]
    problems = base.problems
    if base.systems and base.systems[0].axes == base.axes:
        systems += own
    elif own:
        problems = (*problems, _systems_lost(label, own))
    base = replace(base, systems=tuple(systems), system=name, problems=problems)
    if image.system in (None, name):
        return base
    try:
        return in_system(base, image.system)
    except OpenError as error:
        problem = replace(error.problem, severity="warning")
        message = f'{problem.message}; it is shown in the system "{name}", apart from its image'
        return replace(base, problems=(*base.problems, replace(problem, message=message)))


def _systems_lost(label: Image, own: list[CoordinateSystem]) -> Problem:
    names = ", ".join(f'"{s.name}"' for s in own)
    message = f"is on the axes of its image here; its own systems {names} are there if it is opened"
    return Problem("label-systems", "info", label.path, f"{message} by itself")


def _between(label: Image, image: Image) -> Chain:
    """Map a label's own axes to its image's, by name; an axis that the label lacks is 0."""
    theirs = (image.intrinsic or image).axes
    if label.axes == theirs:
        return ()
    names = [a.name for a in label.axes]
    own, other = unit_factors(label.axes), unit_factors(theirs)
    linear = np.zeros((len(theirs), len(names)))
    for row, axis in enumerate(theirs):
        if axis.name in names:
            column = names.index(axis.name)
            linear[row, column] = own[column] / other[row]
    return (Contribution("axes of the image", label.path, homogeneous(linear)),)


def _not_placed(label: Image, message: str) -> Image:
    text = f"{message}; it is shown as if both had the same coordinate system"
    problem = Problem("label-not-placed", "warning", label.path, text)
    return replace(label, problems=(*label.problems, problem))
