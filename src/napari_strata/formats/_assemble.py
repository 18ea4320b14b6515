"""From levels that were understood one by one to an image whose levels agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_strata import affine
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Survey
from napari_strata.model import (
    ArrayLocation,
    Axis,
    Contribution,
    Display,
    Image,
    Kind,
    Level,
    OpenError,
    Problem,
    StackLocation,
    first_error,
)
from napari_strata.store.hierarchy import Array
from napari_strata.store.location import without_zip_suffix
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace

_LARGEST_AXIS_COUNT = 32  # numpy's and tensorstore's own limit is no larger


@dataclass(frozen=True)
class Draft:
    """A level that was understood: its array and what composes to its affine.

    With ``stack``, the level is those arrays along a new first axis (None: missing there) and
    ``array`` is one of them, to stand for all. ``listed`` is where metadata names the array.
    """

    array: Array
    contributions: tuple[Contribution, ...]
    stack: tuple[Array | None, ...] | None = None
    listed: JsonPlace | None = None


def contribution(what: str, place: JsonPlace | str, matrix: affine.Matrix) -> Contribution:
    """Note where a matrix comes from."""
    return Contribution(what, str(place), matrix)


def without_level(error: OpenError) -> Problem:
    """Say, of a defect that costs a level, that it does."""
    problem = error.problem
    if problem.message.endswith("left out"):
        return problem
    return replace(problem, message=f"{problem.message}; the level is left out")


def level(draft: Draft, context: Context) -> Level:
    """Make a level of a draft."""
    array, stack = draft.array, draft.stack
    location: ArrayLocation | StackLocation = array.location
    shape, chunks = array.shape, array.chunks
    if stack is not None:
        location = StackLocation(tuple(a.location if a else None for a in stack))
        shape, chunks = (len(stack), *shape), (1, *chunks)
    return Level(
        path=context.path(array.node),
        shape=shape,
        dtype=array.dtype,
        chunks=chunks,
        affine=affine.compose(*(c.matrix for c in draft.contributions)),
        location=location,
        origin=draft.contributions,
    )


def _overflow(draft: Draft) -> Problem | None:
    """Say if transforms that are finite each are not so together; None if all is well."""
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = affine.compose(*(c.matrix for c in draft.contributions))
    if np.all(np.isfinite(matrix)) and np.isfinite(affine.log_volume(matrix)):
        return None
    where = draft.contributions[-1].where
    message = "found transforms whose product is no longer finite or not invertible; left out"
    return Problem("not-finite", "error", where, message)


def image(
    survey: Survey,
    context: Context,
    *,
    format_name: str,
    axes: Sequence[Axis],
    drafts: Sequence[Draft],
    problems: Sequence[Problem],
    name: str | None = None,
    kind: Kind | None = None,
    display: Display | None = None,
) -> Image:
    """Put levels together, finest first, leaving out what does not fit the finest.

    Raises
    ------
    OpenError
        If no level is left: the first error among ``problems``.
    """
    collected = [*survey.problems, *problems]
    kept: list[Level] = []
    fitting = []
    for draft in drafts:
        if _ranks(draft) != (len(axes), len(axes)):
            collected.append(_wrong_rank(draft, len(axes)))
        elif (overflow := _overflow(draft)) is not None:
            collected.append(overflow)
        else:
            fitting.append(draft)
    for candidate, draft in sorted(
        ((level(d, context), d) for d in fitting),
        key=lambda pair: affine.log_volume(pair[0].affine),
    ):
        defect = _misfit(candidate, kept, draft)
        if defect is None:
            kept.append(candidate)
        else:
            collected.append(defect)
    if not kept:
        message = "found no level, expected one"
        nothing = Problem("no-levels", "error", survey.node.shown_path, message)
        raise OpenError(first_error(collected) or nothing)
    if kind is None:
        kind = array_kind(survey, kept[0].dtype, collected)
    return Image(
        name=name or image_name(survey.node),
        path=context.path(survey.node),
        format=format_name,
        kind=kind,
        axes=tuple(axes),
        levels=tuple(kept),
        display=display or Display(),
        problems=(*collected, *_flips(kept)),
        evidence=survey.evidence,
    )


def _ranks(draft: Draft) -> tuple[int, int]:
    """Count the axes of the world and of the voxels; steps in between may have others."""
    outer, inner = draft.contributions[0].matrix, draft.contributions[-1].matrix
    return outer.shape[0] - 1, inner.shape[1] - 1


def _wrong_rank(draft: Draft, ndim: int) -> Problem:
    found = next((n for n in _ranks(draft) if n != ndim), ndim)
    message = f"found {found} axes, expected {ndim}; the level is left out"
    return draft.array.place().problem("wrong-rank", "error", message)


def _misfit(candidate: Level, kept: list[Level], draft: Draft) -> Problem | None:
    """Say why a level cannot stand beside those that are kept; None if it can."""
    array = draft.array
    if len(candidate.shape) > _LARGEST_AXIS_COUNT:
        message = f"found {len(candidate.shape)} axes, expected at most {_LARGEST_AXIS_COUNT}"
        return array.place().problem("wrong-rank", "error", message)
    if kept and candidate.dtype != kept[0].dtype:
        message = (
            f"found {candidate.dtype}, expected {kept[0].dtype} as in "
            f'"{kept[0].path}"; the level is left out'
        )
        keys = {"n5": "dataType", "zarr2": "dtype", "zarr3": "data_type"}
        key = keys.get(array.encoding, "data_type")
        return array.stored(key).problem("dtype-differs", "error", message)
    if any(k.path == candidate.path for k in kept):
        message = "the level is listed twice; it is used once"
        return (draft.listed or array.place()).problem("duplicate-path", "warning", message)
    return None


def _flips(levels: Sequence[Level]) -> list[Problem]:
    scale = levels[0].scale
    if scale is None or not np.any(scale < 0):
        return []
    where = levels[0].origin[-1].where
    shown = ", ".join(f"{s:g}" for s in scale)
    message = f"the scale [{shown}] is negative on an axis: the image is shown flipped there"
    return [Problem("negative-scale", "info", where, message)]


_GENERIC_NAME = ("c", "s", "setup", "timepoint")


def image_name(node: Node) -> str:
    """Name an image after its folder, with the folder above where its own says too little."""
    name = without_zip_suffix(node.name)
    for suffix in (".zarr", ".n5", ".precomputed", ".ome"):
        name = name.removesuffix(suffix)
    stem = name.rstrip("0123456789")
    above = node.parent
    if above is not None and above.name and (not stem or (stem in _GENERIC_NAME and stem != name)):
        return f"{image_name(above)} {name}"
    return name


def array_kind(survey: Survey, dtype: np.dtype[Any], problems: list[Problem]) -> Kind:
    """Tell labels from images by CellMap's conventions (formats.md, 1b).

    ``cellmap.annotation`` marks labels; in a ``labels`` folder ``*_pred`` are images, and
    ``*_seg`` and other arrays of integers are labels.
    """
    where = survey.group.place("cellmap.annotation")
    cellmap = survey.group.attributes.get("cellmap")
    marked = isinstance(cellmap, dict) and "annotation" in cellmap
    parts = survey.node.inner_path.split("/")
    if not marked and ("labels" not in parts[:-1] or parts[-1].endswith("_pred")):
        return "image"
    if dtype.kind in "iub":
        return "labels"
    if marked or parts[-1].endswith("_seg"):
        message = f"found labels of type {dtype}, expected whole numbers; shown as an image"
        problems.append(where.problem("labels-not-integer", "warning", message))
    return "image"
