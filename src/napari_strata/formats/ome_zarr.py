"""OME-NGFF 0.4 and 0.5 images: dataset and multiscale transforms, both applied, at every level.

Rules: formats.md 2, after the specification's "multiscales" section. 0.5 keeps the same under
``attributes.ome`` of Zarr v3; which one it is, is told by structure, never by ``version``.
Fiji writes the same into N5, x-first: there all lists are reversed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_strata.formats._assemble import Draft, without_level
from napari_strata.formats._ome import (
    Multiscale,
    candidates,
    choose,
    contradicting_names,
    finish,
    key_place,
)
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Candidate, Survey
from napari_strata.formats.ome_axes import read_axes
from napari_strata.formats.ome_transforms import read_transforms
from napari_strata.model import Axis, Contribution, Image, OpenError, Problem
from napari_strata.store.values import JsonPlace

NAME_04 = "ome-zarr-0.4"
NAME_05 = "ome-zarr-0.5"


def probe(survey: Survey) -> str | None:
    """See ``multiscales`` whose datasets have ``coordinateTransformations``.

    Raises
    ------
    OpenError
        For ``multiscales`` in Zarr that no version of the specification knows.
    """
    dialect = survey.multiscales
    if dialect == "ome":
        inside = survey.ome.place.key.endswith("ome")
        return f"{'ome.' if inside else ''}multiscales with coordinateTransformations"
    given = survey.group.encoding != "n5" and "multiscales" in survey.ome.value
    if given and dialect in (None, "unknown", "canonical"):  # an object is n5-universe's, in N5
        expected = "a list of multiscale images with datasets"
        place = key_place(survey.group, "multiscales")
        raise place.unexpected(survey.ome.value["multiscales"], expected)
    return None


@dataclass(frozen=True)
class Frame:
    """What all levels of a multiscale share."""

    multiscale: Multiscale
    axes: tuple[Axis, ...]  # array order
    x_first: bool
    outer: tuple[Contribution, ...]  # the multiscale's own transforms, outermost first


def parse(survey: Survey, context: Context) -> list[Image]:
    """Read the chosen multiscale image of the group."""
    problems: list[Problem] = []
    multiscale = choose(survey, context, problems)
    found = candidates(multiscale)
    frame = read_frame(multiscale, found, problems)
    drafts = []
    for index, candidate in enumerate(found):
        try:
            drafts.append(read_level(frame, candidate, index, problems))
        except OpenError as error:
            problems.append(without_level(error))
    name = NAME_05 if survey.ome.place.key.endswith("ome") else NAME_04
    return [finish(multiscale, format_name=name, axes=frame.axes, drafts=drafts, problems=problems)]


def read_frame(
    multiscale: Multiscale, found: Sequence[Candidate], problems: list[Problem]
) -> Frame:
    """Read axes and outer transforms; at least one of the candidates has an array.

    Raises
    ------
    OpenError
        If the axes are not those of the arrays, or a transform is not understood.
    """
    survey, value, place = multiscale.survey, multiscale.value, multiscale.place
    rank = next(len(c.array.shape) for c in found if c.array is not None)
    axes = read_axes(value.get("axes"), place.child("axes"), rank, problems)
    x_first = survey.group.encoding == "n5" and _is_x_first(axes, place.child("axes"), problems)
    if x_first:
        axes = axes[::-1]
    outer: tuple[Contribution, ...] = ()
    transforms = value.get("coordinateTransformations")
    if transforms is not None:
        at = place.child("coordinateTransformations")
        outer = read_transforms(transforms, at, len(axes), x_first, survey, multiscale.context)
    return Frame(multiscale, axes, x_first, outer)


def _is_x_first(axes: tuple[Axis, ...], place: JsonPlace, problems: list[Problem]) -> bool:
    """Tell Fiji's order in N5 by the names; without the usual names, N5's own order."""
    names = [a.name.lower() for a in axes]
    known = [n for n in names if n in ("x", "y", "z")]
    if len(known) < 2:
        message = "found axes without the names x, y, z in N5; taken as x-first, as N5 is"
        problems.append(place.problem("axis-order-assumed", "warning", message))
        return True
    return known == sorted(known)


def read_level(frame: Frame, candidate: Candidate, index: int, problems: list[Problem]) -> Draft:
    """Compose the transforms of the level at ``index`` of ``datasets``.

    Raises
    ------
    OpenError
        Where it has no honest place.
    """
    if candidate.array is None:
        assert candidate.error is not None  # a named array that is missing is an error
        raise candidate.error
    array, rank = candidate.array, len(frame.axes)
    entry = frame.multiscale.place.child("datasets").item(index)
    if len(array.shape) != rank:
        message = f"found an array of {len(array.shape)} axes, expected {rank}; left out"
        raise array.stored("shape").refuse("wrong-rank", message)
    problems += contradicting_names(array, frame.axes)
    declared, multiscale = candidate.declared, frame.multiscale
    if declared is None or declared.value is None:
        at = entry.child("coordinateTransformations")
        message = "found no coordinateTransformations, expected a scale; the level is left out"
        raise at.refuse("missing-key", message)
    inner = read_transforms(
        declared.value,
        declared.place,
        rank,
        frame.x_first,
        multiscale.survey,
        multiscale.context,
    )
    if not inner:
        raise declared.place.unexpected(declared.value, "a list with a scale")
    if not any(c.what == "scale" for c in inner):
        message = "found no scale, expected one; taken as 1"
        problems.append(declared.place.problem("missing-scale", "warning", message))
    return Draft(array, (*frame.outer, *inner), listed=entry.child("path"))
