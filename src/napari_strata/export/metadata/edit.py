"""Declaring another scale, origin, unit or other names of axes for data that is on disk.

Nothing is written at first: the change is planned, the dataset is opened as it would be, and every
level's place compared with what it has to be.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from napari_strata import model, units
from napari_strata.affine import Matrix
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.change import MetadataChange
from napari_strata.export.metadata.edit_cosem import edit_cosem
from napari_strata.export.metadata.edit_grid import edit_n5_viewer, edit_neuroglancer
from napari_strata.export.metadata.edit_ome import edit_ome
from napari_strata.export.metadata.files import Documents, FileChange
from napari_strata.export.metadata.image import LABELS, Opened, labels_of, open_image
from napari_strata.export.metadata.ome_over_n5 import renew_over_n5
from napari_strata.export.metadata.overlay import open_changed
from napari_strata.export.metadata.place import Moved, Wanted, follow, is_same_place, moved
from napari_strata.model import Axis, OpenError, Problem
from napari_strata.store.hierarchy import Group

_OME = ("ome-zarr-0.4", "ome-zarr-0.5", "ome-zarr-0.6")
_OME_XML = "OME/METADATA.ome.xml"
_GRID = ("neuroglancer-n5", "n5-array")
_REFUSED = {
    "ome-zarr-0.1": "OME-Zarr before 0.4 has no transforms; convert it to a newer version",
    "ome-zarr-0.2": "OME-Zarr before 0.4 has no transforms; convert it to a newer version",
    "ome-zarr-0.3": "OME-Zarr before 0.4 has no transforms; convert it to a newer version",
    "bdv-n5": "its place is in BigDataViewer's XML file, which is not changed here",
    "visor": "its place is the microscope's record of the stage, which is not changed here",
    "precomputed": "only the metadata of Zarr and N5 is changed here",
    "zarr-array": "a bare Zarr array has no place for it; make it a level of an OME-Zarr image",
}


def edit_metadata(
    path: str | os.PathLike[str],
    *,
    image: str | None = None,
    scale: Mapping[str, float] | None = None,
    translate: Mapping[str, float] | None = None,
    unit: str | Mapping[str, str | None] | None = "",
    axes: Sequence[str] | None = None,
    level: int = 0,
    labels: bool = True,
    multiscale: str | None = None,
) -> MetadataChange:
    """Plan another place for an image on disk; call ``write()`` of the result to make it.

    Every level moves by the same change in world. Where only a scale is given, the centre of the
    finest level's voxel 0 stays where it is.

    Parameters
    ----------
    path : a folder with an image in Zarr (OME-Zarr 0.4 to 0.6) or N5 (COSEM, Neuroglancer,
        n5-viewer), or one of its levels.
    image : which one, by its path or name, where there are several.
    scale, translate : by axis, of ``level``, in the unit that is declared (or given here).
    unit : of all axes of space, or by axis. The numbers stay; None is no unit, an empty text
        leaves it as it is.
    axes : new names of all axes, in array order.
    level : whose scale and translation are given, 0 the finest.
    labels : move the label images of the image with it (OME-Zarr).
    multiscale : which one, by name, where an OME-Zarr group holds several.

    Raises
    ------
    ExportError
        If the format cannot hold the change, or the dataset is not in folders of this computer.
    OpenError
        If nothing can be opened at ``path``.
    """
    opened = open_image(path, image, multiscale)
    units_of = _units(opened.image, unit)
    names = None if axes is None else tuple(axes)
    wanted = Wanted(scale or {}, translate or {}, units_of, names, level)
    return plan_edit(opened, wanted, labels=labels, multiscale=multiscale)


def plan_edit(
    opened: Opened, wanted: Wanted, *, labels: bool, multiscale: str | None = None
) -> MetadataChange:
    """Plan the change of an image that was opened; see `edit_metadata`."""
    _check_format(opened.image)
    _check_scene(opened, wanted)
    leader = moved(opened.image, wanted, world_stays=opened.image.format in _GRID)
    documents = Documents(opened.node.tree.root)
    notes = _edit(opened.group, leader, documents, multiscale)
    followers: dict[str, Moved] = {}
    for each in labels_of(opened) if opened.image.format in _OME else ():
        if labels:
            alone = open_image(str(opened.folder_of(each).path))
            notes += _edit(alone.group, follow(alone.image, leader), documents, None)
            followers[each.path] = follow(each.model.intrinsic or each.model, leader)
        elif leader.axes_moved:
            message = "these labels stay where they are declared to be; the image moves"
            notes.append(Problem("labels-stay", "warning", each.path, message))
    if opened.image.format in _OME and leader.axes_moved:
        notes += _staying(opened, documents)
    changes = documents.changes()
    if changes:
        _verify(opened, leader, followers, changes, multiscale)
    return MetadataChange(opened.root, changes, tuple(notes))


def _staying(opened: Opened, documents: Documents) -> list[Problem]:
    """Say what belongs to the image and cannot move with it."""
    below = f"{opened.image.path}/{LABELS}/".lstrip("/")
    notes = [
        Problem(
            "labels-stay", "warning", p.where, f"these labels cannot be read and stay: {p.message}"
        )
        for p in opened.dataset.problems
        if p.severity == "error" and p.where.startswith(below)
    ]
    if documents.exists(_OME_XML):
        message = "its physical sizes stay as they are; some readers go by them"
        notes.append(Problem("ome-xml-stays", "warning", _OME_XML, message))
    return notes


def _units(
    image: model.Image, unit: str | Mapping[str, str | None] | None
) -> Mapping[str, str | None]:
    if isinstance(unit, Mapping):
        return unit
    if unit == "":
        return {}
    return {axis.name: unit for axis in image.axes if axis.type == "space"}


def _check_format(image: model.Image) -> None:
    if image.format in _REFUSED:
        raise ExportError(f"{image.name}: {_REFUSED[image.format]}")
    if image.format not in (*_OME, *_GRID, "cosem", "n5-viewer"):
        raise ExportError(f"{image.name}: the metadata of {image.format} is not changed here")


def _check_scene(opened: Opened, wanted: Wanted) -> None:
    """Refuse units where a scene's transforms turn numbers of the old ones into its world's."""
    shown = any(i.model.intrinsic is opened.image for i in opened.dataset.images)
    if shown and (wanted.units or wanted.names):
        raise ExportError(
            f"{opened.image.name}: a scene turns its numbers into those of its world, whose axes "
            "and units would no longer fit; only scale and translation are changed here"
        )


def _edit(
    group: Group, leader: Moved, documents: Documents, multiscale: str | None
) -> list[Problem]:
    if not leader.is_changed:
        return []
    _check_format(leader.image)
    notes: list[Problem] = []
    if leader.image.format in _OME:
        notes += edit_ome(group, leader, documents, multiscale)
    elif leader.image.format == "cosem":
        edit_cosem(group, leader, documents)
    elif leader.image.format == "n5-viewer":
        edit_n5_viewer(group, leader, documents)
    else:
        edit_neuroglancer(group, leader, documents)
    renew_over_n5(group, leader.as_image(), documents)
    return notes


# ------------------------------------------------------------------------------ before writing


def _verify(
    opened: Opened,
    leader: Moved,
    followers: Mapping[str, Moved],
    changes: Sequence[FileChange],
    multiscale: str | None,
) -> None:
    """Open the dataset as it would be, and compare every level of every image."""
    try:
        then = open_changed(opened.node, opened.path, changes, multiscale=multiscale)
    except OpenError as error:
        raise ExportError(f"the dataset could no longer be opened: {error}") from None
    if [i.path for i in then.images] != [i.path for i in opened.dataset.images]:
        raise ExportError("the dataset would no longer hold the same images; nothing is written")
    of_leader = {each.path for each in labels_of(opened)} if opened.image.format in _OME else ()
    for before, after in zip(opened.dataset.images, then.images, strict=True):
        known = before.model.intrinsic or before.model
        found = after.model.intrinsic or after.model
        if known.path == opened.image.path and known.name == opened.image.name:
            _compare(found, leader.axes, [leader.affine_of(i) for i in range(len(known.levels))])
            _check_problems(known, found)
        elif before.path in followers:
            expected = followers[before.path]
            levels = [expected.affine_of(i) for i in range(len(known.levels))]
            _compare(found, expected.axes, levels)
        else:
            axes = _read_along(known.axes, leader) if before.path in of_leader else known.axes
            _compare(found, axes, [level.affine for level in known.levels])


def _read_along(axes: Sequence[Axis], leader: Moved) -> tuple[Axis, ...]:
    """Give labels that stay, and have no unit of their own, that which their image gets."""
    new = {axis.name: axis.unit for axis in leader.axes}
    return tuple(
        axis if axis.unit is not None else replace(axis, unit=new.get(axis.name)) for axis in axes
    )


def _compare(found: model.Image, axes: Sequence[Axis], levels: Sequence[Matrix]) -> None:
    if [_meant(a) for a in found.axes] != [_meant(a) for a in axes]:
        raise ExportError(
            f"{found.name}: its axes would be read as {_shown(found.axes)}, not as {_shown(axes)}; "
            "nothing is written"
        )
    if len(found.levels) != len(levels):
        raise ExportError(f"{found.name}: a level could no longer be read; nothing is written")
    for level, expected in zip(found.levels, levels, strict=True):
        if not is_same_place(level.affine, expected, expected):
            raise ExportError(
                f"{found.name}: level {level.path or '.'} would be read at "
                f"{level.affine.tolist()}, not at {expected.tolist()}; nothing is written"
            )


def _meant(axis: Axis) -> Axis:
    unit = None if axis.unit is None else units.parse(axis.unit)
    return replace(axis, unit=None if unit is None else unit.name)


def _shown(axes: Sequence[Axis]) -> str:
    return ", ".join(f"{a.name} ({a.type}, {a.unit or 'voxel'})" for a in axes)


def _check_problems(before: model.Image, after: model.Image) -> None:
    """Refuse a change that would bring up what is not as it should be."""
    known = {p.code for p in before.problems}
    for problem in after.problems:
        if problem.severity != "info" and problem.code not in known:
            raise ExportError(f"{problem}; nothing is written")
