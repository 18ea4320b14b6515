"""BigDataViewer's XML beside an N5 container: each view's affine, unit and name.

Read after the SpimData schema: the transforms of a view are concatenated in the order of the
file, so the last one listed acts on voxels first. Affines are 3 × 4, rows of x, y, z.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from napari_strata import affine
from napari_strata.model import OpenError, Problem
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, positive_vector
from napari_strata.store.xml import parse_xml


@dataclass(frozen=True)
class Views:
    """What the XML says.

    ``affines`` maps (setup, timepoint) to voxel → world; ``sizes`` are voxel sizes. Both are in
    array order (z, y, x).
    """

    place: JsonPlace
    affines: dict[tuple[int, int], affine.Matrix] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    sizes: dict[int, list[float]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


def read_views(container: Node) -> Views | None:
    """Read ``NAME.xml`` beside the container ``NAME.n5``; None if there is none.

    Raises
    ------
    OpenError
        If it is there and cannot be read or understood.
    """
    if not container.name.endswith(".n5"):
        return None
    name = container.name.removesuffix(".n5") + ".xml"
    place = JsonPlace(name)
    (data,) = container.tree.read([container.path.removesuffix(".n5") + ".xml"])
    if data is None:
        return None
    root = parse_xml(data, place)
    views = Views(place)
    for setup in root.iter("ViewSetup"):
        number = _integer(setup.findtext("id"), place, "ViewSetup/id")
        if unit := (setup.findtext("voxelSize/unit") or "").strip():
            views.units[number] = unit
        if size := setup.findtext("voxelSize/size"):
            at_size = place.child(f"ViewSetup[{number}]/voxelSize/size")
            views.sizes[number] = _voxel_size(size, at_size)
        if title := (setup.findtext("name") or "").strip():
            views.names[number] = title
    for view in root.iter("ViewRegistration"):
        setup_number = _integer(view.get("setup"), place, "ViewRegistration/setup")
        timepoint = _integer(view.get("timepoint"), place, "ViewRegistration/timepoint")
        where = f"ViewRegistration[setup={setup_number}, timepoint={timepoint}]/affine"
        matrices = [
            _affine(t.findtext("affine"), JsonPlace(name, where))
            for t in view.iter("ViewTransform")
        ]
        views.affines[setup_number, timepoint] = affine.compose(np.eye(4), *matrices)
    return views


def _integer(text: str | None, place: JsonPlace, key: str) -> int:
    try:
        return int(text or "")
    except ValueError:
        raise place.child(key).unexpected(text, "a whole number") from None


def _voxel_size(text: str, place: JsonPlace) -> list[float]:
    try:
        numbers = [float(n) for n in text.split()]
    except ValueError:
        raise place.unexpected(text, "three numbers") from None
    return positive_vector(numbers, place, 3)[::-1]


def _affine(text: str | None, place: JsonPlace) -> affine.Matrix:
    try:
        numbers = np.array((text or "").split(), dtype=np.float64)
    except ValueError:
        raise place.unexpected(text, "12 numbers") from None
    if numbers.shape != (12,) or not np.all(np.isfinite(numbers)):
        raise place.unexpected(text, "12 finite numbers")
    matrix = np.eye(4)
    matrix[:3] = numbers.reshape(3, 4)
    if not np.isfinite(affine.log_volume(matrix)):
        raise place.unexpected(text, "a transform that can be inverted")
    return affine.reversed_axes(matrix)


def defect(error: OpenError) -> Problem:
    """Turn an unusable XML into a problem of the images, which open without it."""
    message = f"{error.problem.message}; the views' places in it are unknown and not used"
    return Problem(error.problem.code, "error", error.problem.where, message)
