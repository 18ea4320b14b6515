"""Writing a new place into the keys of Neuroglancer's N5 and of n5-viewer, all x-first.

Neuroglancer's N5 has a spacing and units; it has no origin. n5-viewer has an ``affineTransform``
for that. What is inherited from folders above is not touched there, where it may be of other
images too: the image's own group gets the key, which wins.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from napari_strata import affine
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.edit_ome import level_node, relative_path
from napari_strata.export.metadata.files import Documents, Json
from napari_strata.export.metadata.place import Moved, tidy
from napari_strata.formats import _grid
from napari_strata.formats._survey import Survey
from napari_strata.formats.n5_viewer import AFFINE_KEY, KEY
from napari_strata.store.hierarchy import Group


def edit_neuroglancer(group: Group, moved: Moved, documents: Documents) -> None:
    """Change spacing, units and names in the group's file, or a single array's.

    Raises
    ------
    ExportError
        If the change needs an origin, or a mirrored axis.
    """
    for index in moved.axes_moved:
        move = moved.moves[moved.image.axes[index].name]
        if move.new_origin != tidy(move.old_origin / move.old_spacing * move.new_spacing):
            raise ExportError(
                f"{moved.image.name}: Neuroglancer's N5 metadata has no origin, so it cannot be "
                f"moved along {moved.image.axes[index].name}; give its arrays COSEM's transforms "
                "first (metadata regenerate --from group)"
            )
    _check_positive(moved)
    own = documents.attributes(group.node, group.encoding)
    _set_group_spacing(own, Survey(group), moved)
    _set_axes(own, Survey(group), moved)


def edit_n5_viewer(group: Group, moved: Moved, documents: Documents) -> None:
    """Change the arrays' ``pixelResolution``, else the group's, and ``affineTransform``.

    Raises
    ------
    ExportError
        If axes would need different units, or an image of other than three axes an origin.
    """
    _check_positive(moved)
    survey = Survey(group)
    if survey.multiscales == "canonical" or "spatialTransform" in group.attributes:
        raise ExportError(
            f"{moved.image.name}: its place is in n5-universe's spatialTransform, which is not "
            "changed here"
        )
    own = documents.attributes(group.node, group.encoding)
    arrays = [
        documents.attributes(level_node(group, moved, i), group.encoding)
        for i in range(len(moved.levels))
    ]
    with_spacing = [a for a in arrays if KEY in a and relative_path(moved, 0)]
    for array in with_spacing:
        _scale_resolution(array, array[KEY], moved)
    if not with_spacing:
        _set_group_spacing(own, survey, moved)
        _set_axes(own, survey, moved)
    elif moved.axes != moved.image.axes:
        _set_unit_of_arrays(with_spacing, own, survey, moved)
    _move_origin([own, *arrays], moved)


def _check_positive(moved: Moved) -> None:
    for index in moved.axes_moved:
        if moved.levels[0][0][index] <= 0:
            raise ExportError(
                f"scale of {moved.image.axes[index].name}: found {moved.levels[0][0][index]:g}, "
                "expected one above 0: this metadata cannot mirror an image"
            )


def _ratios(moved: Moved) -> dict[int, tuple[float, float]]:
    """Give the new and the old spacing of level 0 by the index of the axis in x-first lists."""
    rank = len(moved.axes)
    found = {}
    for index in moved.axes_moved:
        move = moved.moves[moved.image.axes[index].name]
        if move.new_spacing != move.old_spacing:
            found[rank - 1 - index] = (move.new_spacing, move.old_spacing)
    return found


def _scaled(values: list[Any], moved: Moved) -> list[Any]:
    result = list(values)
    for at, (new, old) in _ratios(moved).items():
        result[at] = tidy(new * (values[at] / old))
    return result


def _scale_resolution(holder: Json, value: Any, moved: Moved) -> None:
    """Put a ``pixelResolution``, in its form, times the change into a file."""
    if isinstance(value, list):
        holder[KEY] = _scaled(value, moved)
    elif "dimensions" in value:
        value = copy.deepcopy(value)
        value["dimensions"] = _scaled(value["dimensions"], moved)
        holder[KEY] = value


def _set_group_spacing(own: Json, survey: Survey, moved: Moved) -> None:
    """Write the spacing under the key that counts, in the image's own file."""
    if not _ratios(moved):
        return
    inherited = survey.inherited
    spacing = _grid.read_spacing(inherited, len(moved.axes))
    if spacing is None:
        own["resolution"] = _scaled([1.0] * len(moved.axes), moved)
        return
    if spacing.source.place.key.endswith("pixelResolution"):
        _scale_resolution(own, spacing.source.value, moved)
        if "resolution" in own:
            own["resolution"] = _scaled(own["resolution"], moved)
    else:
        own["resolution"] = _scaled(spacing.source.value, moved)


def _set_axes(own: Json, survey: Survey, moved: Moved) -> None:
    """Write names and units under the keys that count, in the image's own file."""
    bare = moved.image.format == "n5-array"  # has no unit, where the keys' default is nm
    if moved.is_renamed:
        own["axes"] = [a.name for a in moved.axes[::-1]]
    units = [a.unit or "" for a in moved.axes[::-1]]
    if [a.unit for a in moved.axes] == [a.unit for a in moved.image.axes]:
        if bare and moved.is_changed:
            own["units"] = units
        return
    resolution = survey.inherited.get(KEY)
    value = None if resolution is None else resolution.value
    if isinstance(value, dict) and "unit" in value and len(set(units)) == 1:
        value = own.setdefault(KEY, copy.deepcopy(value))
        value["unit"] = units[0]
        if "units" not in survey.inherited:
            return
    own["units"] = units


def _set_unit_of_arrays(arrays: list[Json], own: Json, survey: Survey, moved: Moved) -> None:
    """Write names into the group's file and one unit into every array's ``pixelResolution``."""
    if moved.is_renamed:
        own["axes"] = [a.name for a in moved.axes[::-1]]
    if [a.unit for a in moved.axes] == [a.unit for a in moved.image.axes]:
        return
    units = {a.unit or "pixel" for a in moved.axes}
    if len(units) > 1:
        raise ExportError(
            f"{moved.image.name}: pixelResolution has one unit for all axes, found "
            f"{[a.unit for a in moved.axes]}"
        )
    for array in arrays:
        value = array[KEY]
        array[KEY] = {"dimensions": value} if isinstance(value, list) else value
        array[KEY]["unit"] = next(iter(units))
    if "units" in survey.inherited:
        own["units"] = [a.unit or "" for a in moved.axes[::-1]]


def _move_origin(holders: list[Json], moved: Moved) -> None:
    """Change ``affineTransform`` so that it does what scaling the spacing does not."""
    if not moved.axes_moved:
        return
    having = [h for h in holders if AFFINE_KEY in h]
    n = len(moved.axes)
    ratio, shift = np.ones(n), np.zeros(n)
    for i in moved.axes_moved:
        move = moved.moves[moved.image.axes[i].name]
        ratio[i] = move.new_spacing / move.old_spacing
        shift[i] = move.new_origin - move.old_origin * ratio[i]
    if not having and np.all(shift == 0):
        return
    if n != 3:
        raise ExportError(
            f"{moved.image.name}: found {n} axes; n5-viewer's affineTransform, which alone could "
            "move it, is for three"
        )
    change = affine.from_scale_translate(ratio, shift)
    unscale = affine.from_scale_translate(1 / ratio)
    for holder in having or holders[:1]:
        before = _read(holder.get(AFFINE_KEY))
        after = affine.compose(change, affine.reversed_axes(before), unscale)
        x_first = affine.reversed_axes(after)[:3]
        numbers = [tidy(float(v)) for v in x_first.ravel()]
        rows = [numbers[i : i + 4] for i in (0, 4, 8)]
        value = holder.get(AFFINE_KEY)
        holder[AFFINE_KEY] = rows if value and isinstance(value[0], list) else numbers


def _read(value: Any) -> affine.Matrix:
    """Return an ``affineTransform`` as a matrix, x-first."""
    if value is None:
        return affine.from_scale_translate([1.0, 1.0, 1.0])
    matrix = np.eye(4)
    matrix[:3] = np.reshape(value, (3, 4))
    return affine.frozen(matrix)
