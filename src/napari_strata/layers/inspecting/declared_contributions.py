"""What a level's metadata contributes to its place, as the record of its layer has it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.arrays import LevelArray
from napari_strata.formats import Origin
from napari_strata.layers.changing.opened_image import levels_of
from napari_strata.layers.inspecting.contribution import Contribution, product, rows
from napari_strata.layers.inspecting.contribution_status import (
    Note,
    beside,
    is_about,
    nothing_declared,
    place,
    status_by_title,
    with_problems,
)
from napari_strata.layers.inspecting.known_levels import KnownLevels
from napari_strata.layers.viewer_axes import arranged_axes
from napari_strata.model import stored_arrays


def declared_parts(layer: Layer, known: KnownLevels, level: int) -> list[Contribution]:
    """List what composes to a level's place as it was opened, then what was not used for it.

    From the world inwards: the layer's axes among the image's, units, what is declared, the
    image's axes that the layer leaves out, and whether the level is read reversed.
    """
    n, kept = len(known.axes), list(known.order)
    problems = _problems(known.note)
    inner = _inner_folders(layer, known)
    declared = with_problems(_origins(known, level, inner[level]), problems)
    factors = arranged_axes(known.axes).factors
    to_layer = np.eye(n + 1)[[*kept, n]]
    parts = []
    if to_layer.shape != (n + 1, n + 1) or kept != sorted(kept):
        parts.append(_axes(known, to_layer, "axes of the layer"))
    parts += _unit(known, factors)
    parts += declared
    if parts and parts[0].title == "axes of the layer":
        parts.append(_axes(known, to_layer.T, "voxels of the layer"))
    parts += _reversed(known, level, product(parts))
    return [*parts, *_beside(known, level, problems, inner)]


def _origins(known: KnownLevels, level: int, image_folder: str | None) -> list[Contribution]:
    note = known.note
    found = []
    origin = _origin(known, level)
    for entry in _entries(known, level):
        title, where = str(entry["what"]), str(entry["where"])
        matrix = np.asarray(entry["matrix"], dtype=np.float64)
        is_identity = matrix.shape[0] == matrix.shape[1] and np.array_equal(
            matrix, np.eye(len(matrix))
        )
        is_pixels = all(axis.unit is None for axis in known.axes)
        status, text = status_by_title(
            title,
            where,
            format_name=str(note["format"]),
            image_folder=image_folder,
            origin=origin,
        )
        if nothing_declared(title, str(note["format"]), is_identity, is_pixels):
            status, text = "assumed", "no spacing is declared; 1 is taken"
        found.append(Contribution(title, where, rows(matrix), status, text))
    return found


def _origin(known: KnownLevels, level: int) -> Origin | None:
    """Return where world 0 was asked to be; a registration of BigDataViewer's says that itself."""
    if any(entry["what"] == "ViewRegistration" for entry in _entries(known, level)):
        return None
    choices = known.note.get("choices")
    corner = isinstance(choices, Mapping) and choices.get("origin") == "corner"
    return "corner" if corner else "center"


def _entries(known: KnownLevels, level: int) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = known.levels[level].get("origin", ())
    return found


def _axes(known: KnownLevels, matrix: Matrix, title: str) -> Contribution:
    names = [known.axes[axis].name for axis in known.order]
    left = [axis.name for i, axis in enumerate(known.axes) if i not in known.order]
    note = f"the layer has the axes {', '.join(names)}"
    if left:
        note += f"; {', '.join(left)} is left out"
        channel = known.note.get("channel")
        if channel is not None:
            note += f", the layer shows number {channel}"
    return Contribution(title, "", rows(matrix), "computed", note)


def _unit(known: KnownLevels, factors: Sequence[float]) -> list[Contribution]:
    """Say how declared units become the layer's; nothing where they are those already."""
    layer_units = dict(zip(known.order, known.note["layer_units"], strict=True))
    named = [
        f"{axis.name}: {axis.unit or 'no unit'} → {layer_units[i]}"
        for i, axis in enumerate(known.axes)
        if i in layer_units and (factors[i] != 1.0 or axis.unit is None)
    ]
    if not named:
        return []
    lacking = [a.name for i, a in enumerate(known.axes) if i in layer_units and a.unit is None]
    note = "; ".join(named)
    if lacking:
        note += f"; one step along {', '.join(lacking)} counts as 1"
    return [Contribution("unit", "", rows(affine.from_scale_translate(factors)), "computed", note)]


def _reversed(known: KnownLevels, level: int, so_far: Matrix | None) -> list[Contribution]:
    """Say that a level which runs against level 0 is read from its other end."""
    world = known.worlds[level]
    if so_far is None or so_far.shape != world.shape:
        return []
    shape = np.array([known.levels[level]["shape"][axis] for axis in known.order], dtype=float)
    ratios = np.diagonal(affine.relative(so_far, known.worlds[0]))[:-1]
    against = ratios < 0
    if level == 0 or not np.any(against):
        return []
    flip = affine.from_scale_translate(
        np.where(against, -1.0, 1.0), np.where(against, shape - 1, 0.0)
    )
    names = [
        known.axes[axis].name for axis, flips in zip(known.order, against, strict=True) if flips
    ]
    note = f"the level runs against level 0 along {', '.join(names)}; it is read from its other end"
    return [Contribution("read reversed", "", rows(flip), "computed", note)]


# ------------------------------------------------------------------------ what problems tell


def _problems(note: Mapping[str, Any]) -> list[Note]:
    """List the record's problems, each once."""
    found = note.get("problems", ())
    keys = ("code", "severity", "where", "message")
    told = [tuple(str(p.get(key, "")) for key in keys) for p in found if isinstance(p, Mapping)]
    return [dict(zip(keys, row, strict=True)) for row in dict.fromkeys(told)]


def _beside(
    known: KnownLevels, level: int, problems: Sequence[Note], inner: Sequence[str | None]
) -> list[Contribution]:
    """List what was not used, or assumed; what is known to be of another level is left out."""
    found = []
    for problem in problems:
        node = beside(problem)
        if node is None:
            continue
        levels = [i for i in range(len(known.levels)) if _is_of(known, i, inner[i], problem)]
        if not levels or level in levels:
            found.append(node)
    return found


def _is_of(known: KnownLevels, level: int, image: str | None, problem: Note) -> bool:
    """Tell whether a problem lies in what a level was read from."""
    if any(is_about(problem["where"], str(e["where"])) for e in _entries(known, level)):
        return True
    folder = _level_folder(known, level, image)
    return posixpath.dirname(place(problem["where"])[0]) == folder


def _level_folder(known: KnownLevels, level: int, image: str | None) -> str:
    return posixpath.join(image or "", _in_image(known, level)).rstrip("/")


def _in_image(known: KnownLevels, level: int) -> str:
    """Give a level's path relative to its image's folder."""
    path, image = str(known.levels[level]["path"]), str(known.note.get("image", ""))
    return path.removeprefix(image).strip("/") if path.startswith(image) else path


def _inner_folders(layer: Layer, known: KnownLevels) -> list[str | None]:
    """Give for each level its image's folder from the container's root, None if not known.

    Paths in a record are relative to what was opened, those of problems to the root; an array
    that is still the layer's own knows its file.
    """
    found: list[str | None] = []
    for level, data in enumerate(levels_of(layer)):
        stored = stored_arrays(data.location) if isinstance(data, LevelArray) else ()
        if not stored:
            found.append(None)
            continue
        folder, inside = posixpath.dirname(stored[0].where), _in_image(known, level)
        fits = not inside or folder == inside or folder.endswith(f"/{inside}")
        found.append(folder.removesuffix(inside).strip("/") if fits else None)
    return found
