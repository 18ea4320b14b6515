"""n5-universe's "canonical" metadata: ``spatialTransform`` on arrays, or an object ``multiscales``.

Written by Fiji's metadata tools into N5. Vectors and matrices are x-first; a sequence applies its
first transform first. Reported as ``n5-viewer``, which the same software writes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_strata import affine
from napari_strata.formats import _grid
from napari_strata.formats._assemble import Draft, contribution, image
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Candidate, Sourced, Survey, dataset_entries
from napari_strata.formats.n5_viewer import NAME
from napari_strata.model import Axis, Image, OpenError, Problem
from napari_strata.store.hierarchy import Array, read_array
from napari_strata.store.values import mapping, nonzero_vector, sequence, text, vector

KEY = "spatialTransform"


def probe(survey: Survey) -> str | None:
    """See an object ``multiscales`` with datasets, or an array with ``spatialTransform``."""
    if survey.group.encoding != "n5":
        return None
    if survey.multiscales == "canonical" and _has_transforms(survey):
        return "multiscales as an object (n5-universe's canonical metadata)"
    if survey.is_array and survey.own(KEY):
        return "an array with spatialTransform (n5-universe's canonical metadata)"
    return None


def _has_transforms(survey: Survey) -> bool:
    """Tell whether any level has one; without, other metadata may still place the levels."""
    try:
        candidates = _candidates(survey)
    except OpenError:
        return True
    return any(
        c.declared is not None or c.error or (c.array is not None and KEY in c.array.attributes)
        for c in candidates
    )


def parse(survey: Survey, context: Context) -> list[Image]:
    """Place every array by its spatial transform."""
    problems: list[Problem] = []
    drafts: list[Draft] = []
    axes: Sequence[Axis] = []
    for candidate in _candidates(survey):
        try:
            array, source = _array_and_source(candidate)
            found, draft = _place(array, source, problems)
        except OpenError as error:
            problems.append(error.problem)
            continue
        axes = axes or found
        drafts.append(draft)
    return [
        image(
            survey,
            context,
            format_name=NAME,
            axes=axes,
            drafts=drafts,
            problems=problems,
        )
    ]


def _candidates(survey: Survey) -> list[Candidate]:
    if survey.multiscales != "canonical":
        return [Candidate("", survey.node, read_array(survey.node, "n5"), None)]
    at = survey.group.place("multiscales").child("datasets")
    datasets = survey.group.attributes["multiscales"]["datasets"]
    return survey.declared_candidates(dataset_entries(datasets, at, KEY))


def _array_and_source(candidate: Candidate) -> tuple[Array, Sourced]:
    """Take the array's own transform, else the group's entry for it."""
    if candidate.array is None:
        assert candidate.error is not None  # a named array that is missing is an error
        raise candidate.error
    array = candidate.array
    if KEY in array.attributes:
        return array, Sourced(array.attributes[KEY], array.place(KEY))
    if candidate.declared is None:
        message = "found no spatialTransform (nor the group's), expected one; left out"
        raise array.place(KEY).refuse("missing-key", message)
    return array, candidate.declared


def _place(array: Array, source: Sourced, problems: list[Problem]) -> tuple[list[Axis], Draft]:
    value = mapping(source.value, source.place)
    rank = len(array.shape)
    names = _grid.axis_names({}, rank)
    unit = value.get("unit")
    if unit is not None:
        unit = text(unit, source.place.child("unit"))
    axes = _grid.make_axes(names, {}, unit, problems, source.place.child("unit"))
    at = source.place.child("transform")
    x_first = _matrix(Sourced(value.get("transform"), at), rank)
    part = contribution(KEY, source.place, affine.reversed_axes(x_first))
    return axes, Draft(array, (part,))


def _matrix(source: Sourced, rank: int) -> affine.Matrix:
    """Read one transform, x-first; raises OpenError for an unknown type or wrong numbers."""
    value, at = mapping(source.value, source.place), source.place
    ones = [1.0] * rank
    match value.get("type"):
        case "identity":
            return affine.from_scale_translate(ones)
        case "scale":
            return affine.from_scale_translate(
                nonzero_vector(value.get("scale"), at.child("scale"), rank)
            )
        case "translation":
            shift = vector(value.get("translation"), at.child("translation"), rank)
            return affine.from_scale_translate(ones, shift)
        case "scale_offset":
            return affine.from_scale_translate(
                nonzero_vector(value.get("scale"), at.child("scale"), rank),
                vector(value.get("offset"), at.child("offset"), rank),
            )
        case "affine":
            where = at.child("affine")
            numbers = vector(value.get("affine"), where, rank * (rank + 1))
            matrix = np.eye(rank + 1)
            matrix[:rank] = np.reshape(numbers, (rank, rank + 1))
            if not np.isfinite(affine.log_volume(matrix)):
                raise where.unexpected(numbers, "a transform that can be inverted")
            return affine.frozen(matrix)
        case "sequence":
            where = at.child("transformations")
            items = sequence(value.get("transformations"), where)
            parts = [_matrix(Sourced(t, where.item(i)), rank) for i, t in enumerate(items)]
            return affine.compose(np.eye(rank + 1), *reversed(parts))
        case other:
            raise at.child("type").unexpected(other, "a linear transform's type")
