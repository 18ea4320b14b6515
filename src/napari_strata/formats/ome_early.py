"""OME-NGFF 0.1 to 0.3 images: no transforms, levels placed by the ratio of their shapes.

Rules: formats.md 2. Axes are texts in 0.3 and t, c, z, y, x before. Which version it is, is told
by structure; ``version`` counts where that leaves it open.
"""

from __future__ import annotations

import math

from napari_strata import affine
from napari_strata.formats._assemble import Draft, contribution, without_level
from napari_strata.formats._ome import (
    Multiscale,
    candidates,
    choose,
    contradicting_names,
    finish,
)
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Candidate, Survey
from napari_strata.formats.ome_axes import read_axes
from napari_strata.model import Axis, Image, OpenError, Problem
from napari_strata.store.hierarchy import Array
from napari_strata.store.values import JsonPlace

NAME_01 = "ome-zarr-0.1"
NAME_02 = "ome-zarr-0.2"
NAME_03 = "ome-zarr-0.3"

_RANK = 5  # before 0.3, images are t, c, z, y, x
_AXES = ["t", "c", "z", "y", "x"]


def probe(survey: Survey) -> str | None:
    """See ``multiscales`` whose datasets are paths alone."""
    if survey.multiscales != "ome-early" or survey.group.encoding == "n5":
        return None
    return "multiscales without coordinateTransformations"


def parse(survey: Survey, context: Context) -> list[Image]:
    """Read the chosen multiscale image of the group."""
    problems: list[Problem] = []
    multiscale = choose(survey, context, problems)
    found = candidates(multiscale)
    arrays = [c.array for c in found if c.array is not None]
    largest = max(arrays, key=lambda a: math.prod(a.shape))
    axes = _axes(multiscale, len(largest.shape), problems)
    if found[0].array is None:  # what all ratios are to
        message = f'lacks the finest level: a voxel of "{largest.node.inner_path}" is taken as 1'
        problems.append(multiscale.place.problem("finest-level-missing", "warning", message))
    drafts = []
    for index, candidate in enumerate(found):
        listed = multiscale.place.child("datasets").item(index).child("path")
        try:
            drafts.append(_level(candidate, largest, axes, listed, problems))
        except OpenError as error:
            problems.append(without_level(error))
    return [
        finish(
            multiscale,
            format_name=_version(multiscale, arrays),
            axes=axes,
            drafts=drafts,
            problems=problems,
            named=False,
        )
    ]


def _axes(multiscale: Multiscale, rank: int, problems: list[Problem]) -> tuple[Axis, ...]:
    value = multiscale.value.get("axes")
    if value is None and rank == _RANK:
        value = _AXES
    return read_axes(value, multiscale.place.child("axes"), rank, problems)


def _level(
    candidate: Candidate,
    largest: Array,
    axes: tuple[Axis, ...],
    listed: JsonPlace,
    problems: list[Problem],
) -> Draft:
    """Place a level by the exact ratio of shapes: 9 voxels drawn as 5 are 1.8 wide each."""
    if candidate.array is None:
        assert candidate.error is not None  # a named array that is missing is an error
        raise candidate.error
    array = candidate.array
    if len(array.shape) != len(axes):
        message = f"found an array of {len(array.shape)} axes, expected {len(axes)}; left out"
        raise array.stored("shape").refuse("wrong-rank", message)
    problems += contradicting_names(array, axes)
    scale = [
        1.0 if axis.type == "channel" else full / size
        for axis, full, size in zip(axes, largest.shape, array.shape, strict=True)
    ]
    matrix = affine.from_scale_translate(scale)
    ratio = contribution("ratio of shapes", array.stored("shape"), matrix)
    return Draft(array, (ratio,), listed=listed)


def _version(multiscale: Multiscale, arrays: list[Array]) -> str:
    if multiscale.value.get("axes") is not None:
        return NAME_03
    separators = [a.metadata.get("dimension_separator") for a in arrays]
    if "/" in separators or (
        separators == [None] * len(arrays) and multiscale.value.get("version") == "0.2"
    ):
        return NAME_02
    return NAME_01
