"""What became of a declared number: told by what the formats say of it.

A format says it in two ways: by what it calls a contribution of a level, and by problems, whose
``where`` is a place in the metadata. The tables are about `napari_strata.formats`; codes that are
not in them say nothing of where a level is.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from napari_strata.formats import Origin
from napari_strata.layers.inspecting.contribution import Contribution, Status
from napari_strata.model import GRID_SPACING

Note = Mapping[str, str]  # a problem, as a record has it

#: By what a contribution is called, where that says more than "declared".
_BY_TITLE: dict[str, tuple[Status, str]] = {
    "nothing declared: voxels": ("assumed", "nothing is declared; a voxel counts as 1"),
    "ratio of shapes": (
        "assumed",
        "OME-Zarr before 0.4 declares no transforms; a level's voxel is as large as the ratio of "
        "the shapes says",
    ),
    "grid of fields": ("assumed", "where the fields lay is not used; they stand in a grid"),
    "size of the image": ("assumed", "the label is taken to cover all of its image"),
    "axis of another image": (
        "inherited",
        "the image lacks this axis; it is repeated along that of another image of the dataset",
    ),
    "first timepoint": ("declared", "by the name of the first timepoint's folder"),
    "order of axes": ("computed", "each axis of voxels is shown as the axis it lies along"),
    "axes of the view": ("computed", "the image's axes among those of the coordinate system"),
    "axes of the image": ("computed", "the label's axes among those of its image, by name"),
    "transforms": ("computed", "several transforms in one, as together they keep the axes"),
}

#: These say of a number that is used what was done to it.
_OF_ITS_NUMBER: dict[str, Status] = {
    "finest-level-missing": "assumed",
    "grid-layout": "assumed",
    "key-spelling": "repaired",
    "label-size-assumed": "assumed",
    "negative-scale": "declared",
    "not-a-rotation": "declared",
    "ome-over-n5-order": "repaired",
    "order-repaired": "repaired",
    "other-system": "declared",
    "sizes-contradict": "declared",
    "spacing-differs": "declared",
    "surplus-scale": "repaired",
}

#: These say that something was read and not used, or not there and assumed.
_BESIDE: dict[str, tuple[Status, str]] = {
    "axis-order-assumed": ("assumed", "order of the axes"),
    "axis-swapped": ("assumed", "unit and type of an axis"),
    "bad-position": ("ignored", "position of a stack"),
    "contradicting-transforms": ("overridden", "another transform"),
    "different-spacing": ("assumed", "world 0 of images of different spacing"),
    "dimension-names-contradict": ("overridden", "names of the array's axes"),
    "field-positions-not-shown": ("ignored", "places of the fields"),
    "invalid-value": ("ignored", "a value that is not what it should be"),
    "label-axes-assumed": ("assumed", "axes of the label"),
    "label-not-placed": ("assumed", "place of the label in its image"),
    "label-repeated": ("assumed", "planes of the label"),
    "label-systems": ("ignored", "the label's own systems"),
    "label-unit-assumed": ("assumed", "unit of the label"),
    "missing-axes": ("assumed", "axes"),
    "missing-key": ("assumed", "a key that is missing"),
    "missing-output": ("assumed", "system that a transform leads to"),
    "missing-registration": ("assumed", "registration of a view"),
    "missing-scale": ("assumed", "scale"),
    "nonlinear-transform": ("ignored", "a field of vectors"),
    "on-stage": ("assumed", "axes of the stage"),
    "repeated-system": ("ignored", "another system of the same name"),
    "stack-order-assumed": ("assumed", "order of the stacks"),
    "stack-places-differ": ("overridden", "another level's place of the stack"),
    "stacks-unplaced": ("ignored", "places of the stacks"),
    "stray-stack-entry": ("ignored", "a dataset that places no stack"),
    "transforms-disagree": ("overridden", "another source of the same number"),
    "transforms-not-applied": ("ignored", "transforms of a reconstruction"),
    "unconnected-system": ("ignored", "a system without a way to it"),
    "unknown-unit": ("assumed", "unit of an axis"),
    "well-contradicts": ("overridden", "indices of the well"),
}

# In keys of values that say where something is; a wrong value can be of anything.
_OF_PLACES = ("offset", "position", "resolution", "scale", "transform", "translat", "unit")

# What a problem that names no file is about.
_TITLE_OF = {"grid-layout": "grid of fields", "label-size-assumed": "size of the image"}

# Dialects in which a folder passes keys on to the images below it.
_INHERITING = ("neuroglancer-n5", "n5-viewer", "bdv-n5", "cosem", "n5-array")
_ATTRIBUTES = "attributes.json"

_NO_FACTORS = "no factors are declared for this level; 1 is taken"
_FROM_ABOVE = "from a folder above the image"
_WORLD_0: dict[Origin | None, str] = {
    None: "",
    "center": "world 0 is taken at the centre of the full-resolution voxel 0, which the metadata "
    "does not say",
    "corner": "world 0 is taken at the corner of the full-resolution voxel 0, as was asked for; "
    "the metadata does not say",
}


def status_by_title(
    title: str, where: str, *, format_name: str, image_folder: str | None, origin: Origin | None
) -> tuple[Status, str]:
    """Tell what a contribution is by its name and its place alone, with a note.

    Parameters
    ----------
    title, where : as the format has them.
    image_folder : the image's path from the container's root; None where it is not known.
    origin : where world 0 was asked to be; None where the metadata says that.
    """
    if title == "world 0 at the centre of a voxel":
        return "assumed", _WORLD_0["center"]
    if where == "default":
        return "assumed", "no spacing is declared; 1 is taken"
    if title in _BY_TITLE:
        return _BY_TITLE[title]
    if title.startswith("inverse of "):
        return "declared", "declared the other way round, and inverted"
    if title.startswith("voxel offset"):
        return "declared", _WORLD_0["corner"] if origin == "corner" else ""
    note = ""
    file, key = place(where)
    if title in ("downsampling factors", "the level's own spacing"):
        note = _WORLD_0[origin]
        if title == "downsampling factors" and not key:
            return "assumed", "; ".join(filter(None, [_NO_FACTORS, note]))
    above = _is_above(posixpath.dirname(file), image_folder)
    if format_name in _INHERITING and posixpath.basename(file) == _ATTRIBUTES and above:
        return "inherited", "; ".join(filter(None, [_FROM_ABOVE, note]))
    return "declared", note


def nothing_declared(title: str, format_name: str, is_identity: bool, is_pixels: bool) -> bool:
    """Tell a spacing that n5-viewer's rule fills in where no key declares one."""
    return title == GRID_SPACING and format_name == "n5-viewer" and is_identity and is_pixels


def _is_above(folder: str, image_folder: str | None) -> bool:
    if image_folder is None or folder == image_folder:
        return False
    return folder == "" or image_folder.startswith(f"{folder}/")


def with_problems(
    found: Sequence[Contribution], problems: Iterable[Note]
) -> tuple[Contribution, ...]:
    """Let problems change the status of the contributions they are about."""
    result = list(found)
    for problem in problems:
        status = _OF_ITS_NUMBER.get(problem["code"])
        if status is None:
            continue
        for index, one in enumerate(result):
            if one.title == _TITLE_OF.get(problem["code"]) or is_about(problem["where"], one.where):
                kept = one.status if status == "declared" else status
                note = problem["message"]
                note = f"{one.note}; {note}" if one.note else note
                result[index] = Contribution(
                    one.title, one.where, one.matrix, kept, note, one.children
                )
    return tuple(result)


def beside(problem: Note) -> Contribution | None:
    """Make a node of what was read and not used, or assumed; None for any other problem."""
    known = _BESIDE.get(problem["code"])
    if known is None or problem["severity"] == "error":  # that cost a level, not this one
        return None
    key = place(problem["where"])[1].lower()
    if problem["code"] == "invalid-value" and not any(word in key for word in _OF_PLACES):
        return None
    status, title = known
    return Contribution(title, problem["where"], None, status, problem["message"])


def place(where: str) -> tuple[str, str]:
    """Take a place apart: the file, and the key in it."""
    file, _, key = where.partition(": ")
    return file, key


def is_about(problem: str, contribution: str) -> bool:
    """Tell whether a problem's place holds a contribution's, or lies in it."""
    (file, key), (other_file, other_key) = place(problem), place(contribution)
    if not file or file != other_file:
        return False
    return _holds(key, other_key) or _holds(other_key, key)


def _holds(outer: str, inner: str) -> bool:
    rest = inner.removeprefix(outer)
    return inner.startswith(outer) and (not outer or not rest or rest[0] in ".[")
