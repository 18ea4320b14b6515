"""Writing a new place into COSEM's metadata: on the arrays, the group, and Neuroglancer's keys.

All say the same afterwards: the arrays' ``transform`` and ``pixelResolution`` (their own spacing,
x-first), the group's ``multiscales``, and its ``axes``, ``units``, ``pixelResolution`` and
``resolution`` (the finest level's, x-first), where they are there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.edit_ome import level_node, relative_path
from napari_strata.export.metadata.files import Documents, Json
from napari_strata.export.metadata.place import Moved, tidy
from napari_strata.formats._survey import first_object
from napari_strata.store.hierarchy import Group
from napari_strata.store.values import quote

FACTORS = ("downsamplingFactors", "downSamplingFactors")
"""Keys by which n5-viewer multiplies a ``pixelResolution``."""

_LISTS = ("axes", "units", "scale", "translate")


def edit_cosem(group: Group, moved: Moved, documents: Documents) -> None:
    """Change the transforms of every level wherever they are declared.

    Raises
    ------
    ExportError
        If a level has no transform, or two declarations of one contradict each other.
    """
    own = documents.attributes(group.node, group.encoding)
    entries = list(_entries(own))
    for index in range(len(moved.levels)):
        array = documents.attributes(level_node(group, moved, index), group.encoding)
        path = relative_path(moved, index)
        declared = [array["transform"]] if "transform" in array else []
        declared += [e["transform"] for e in entries if e.get("path") == path and "transform" in e]
        if not declared:
            raise ExportError(
                f"{moved.image.name}: level {path} has no transform, Neuroglancer's keys "
                "place it; write the transforms first (metadata regenerate --from group)"
            )
        for transform in declared:
            _set(transform, moved, index)
        if group.encoding == "n5":
            set_resolution(array, moved, index)
    if group.encoding == "n5" and relative_path(moved, 0):
        set_grid(own, moved)


def _entries(attributes: Json) -> Iterable[Json]:
    """Go through the datasets that the group's ``multiscales`` lists as objects."""
    first = first_object(attributes.get("multiscales")) or {}
    datasets = first.get("datasets")
    return [d for d in datasets if isinstance(d, dict)] if isinstance(datasets, list) else []


def _set(transform: Any, moved: Moved, index: int) -> None:
    """Change one transform, its lists in the order they are in."""
    names = [a.name for a in moved.image.axes]
    lists = [transform.get(k) for k in _LISTS] if isinstance(transform, dict) else [None]
    if not all(isinstance(values, list) and len(values) == len(names) for values in lists):
        raise ExportError(
            f"{moved.image.name}: found {quote(transform)} as the transform of "
            f"{relative_path(moved, index)}, expected axes, units, scale and translate of "
            f"{len(names)} values; write it anew first (metadata regenerate)"
        )
    if transform["axes"] not in (names, names[::-1]):
        raise ExportError(
            f"{moved.image.name}: found axes {transform['axes']} beside {names}; say which are "
            "right first (metadata regenerate)"
        )
    flipped = transform["axes"] != names
    rank = len(names)
    scale, translate = moved.levels[index]
    for i in range(rank):
        at = rank - 1 - i if flipped else i
        if i in moved.axes_moved:
            transform["scale"][at], transform["translate"][at] = scale[i], translate[i]
        before, after = moved.image.axes[i], moved.axes[i]
        if after.name != before.name:
            transform["axes"][at] = after.name
        if after.unit != before.unit:
            transform["units"][at] = after.unit or ""


def set_resolution(attributes: Json, moved: Moved, index: int) -> None:
    """Change a ``pixelResolution``, where it is there.

    It is the level's own spacing; beside factors of an array, n5-viewer takes it times those.
    """
    value = attributes.get("pixelResolution")
    holder: Any = value if isinstance(value, dict) else attributes
    key = "dimensions" if isinstance(value, dict) else "pixelResolution"
    spacing = [abs(s) for s in moved.levels[index][0]]
    _set_spacing(holder, key, moved, spacing, _own_factors(attributes, len(spacing)))
    units = {a.unit for a in moved.axes}
    if isinstance(value, dict) and "unit" in value and moved.axes != moved.image.axes:
        if len(units) > 1:
            raise ExportError(
                f"{moved.image.name}: pixelResolution has one unit for all axes, found "
                f"{[a.unit for a in moved.axes]}"
            )
        value["unit"] = moved.axes[0].unit or ""


def set_grid(attributes: Json, moved: Moved) -> None:
    """Change the group's keys of Neuroglancer, where they are there."""
    set_resolution(attributes, moved, 0)
    _set_spacing(attributes, "resolution", moved, [abs(s) for s in moved.levels[0][0]])
    if moved.is_renamed and "axes" in attributes:
        attributes["axes"] = [a.name for a in moved.axes[::-1]]
    if moved.axes != moved.image.axes and "units" in attributes:
        attributes["units"] = [a.unit or "" for a in moved.axes[::-1]]


def _own_factors(attributes: Json, rank: int) -> list[float]:
    """Return the factors an array has itself, array order; 1 where it has none."""
    for key in FACTORS:
        values = attributes.get(key)
        listed = values if isinstance(values, list) else []
        factors = [float(v) for v in listed if isinstance(v, int | float) and v > 0]
        if len(factors) == len(listed) == rank:
            return factors[::-1]
    return [1.0] * rank


def _set_spacing(
    holder: Json, key: str, moved: Moved, spacing: list[float], factors: Sequence[float] = ()
) -> None:
    """Change the numbers of axes that move in an x-first list, where there is one.

    What times its factor was the old spacing is so for the new one too.
    """
    values = holder.get(key)
    if not isinstance(values, list) or len(values) != len(spacing):
        return
    for i in moved.axes_moved:
        at, factor = len(values) - 1 - i, factors[i] if factors else 1.0
        move = moved.moves[moved.image.axes[i].name]
        old = abs(spacing[i] / move.new_spacing * move.old_spacing)
        is_base = isinstance(values[at], int | float) and math.isclose(values[at] * factor, old)
        values[at] = tidy(spacing[i] / factor) if is_base else spacing[i]
