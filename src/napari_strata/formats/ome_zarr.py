"""OME-NGFF 0.4 and 0.5 images: dataset and multiscale transforms, both applied, at every level.

Rules: formats.md 2, after the specification's "multiscales" section. 0.5 keeps the same under
``attributes.ome`` of Zarr v3; which one it is, is told by structure, never by ``version``.
Fiji writes the same into N5, x-first: there all lists are reversed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_strata.formats._assemble import Draft, image
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Candidate, Survey, dataset_entries
from napari_strata.formats.ome_axes import read_axes
from napari_strata.formats.ome_transforms import read_transforms
from napari_strata.formats.omero import read_omero
from napari_strata.model import Axis, Contribution, Image, Kind, OpenError, Problem
from napari_strata.store.hierarchy import Array
from napari_strata.store.values import JsonPlace, mapping, quote, sequence

NAME_04 = "ome-zarr-0.4"
NAME_05 = "ome-zarr-0.5"


def probe(survey: Survey) -> str | None:
    """See ``multiscales`` whose datasets have ``coordinateTransformations``.

    Raises
    ------
    OpenError
        For OME-Zarr older than 0.4 or with coordinate systems (0.6), which are not read.
    """
    dialect = survey.multiscales
    key = "ome.multiscales" if survey.ome.place.key.endswith("ome") else "multiscales"
    if dialect == "ome":
        return f"{key} with coordinateTransformations"
    if survey.group.encoding == "n5" or dialect in (None, "cosem"):
        return None
    at = survey.group.place(key)
    if dialect == "ome-early":
        message = "found OME-Zarr 0.1 to 0.3 (no transforms), expected 0.4 or 0.5"
        raise at.refuse("unsupported-version", message)
    if dialect == "ome-0.6":
        message = "found OME-Zarr 0.6 (coordinate systems), expected 0.4 or 0.5"
        raise at.refuse("unsupported-version", message)
    raise at.unexpected(
        survey.ome.value["multiscales"], "a list of multiscale images with datasets"
    )


@dataclass(frozen=True)
class _Multiscale:
    """One entry of ``multiscales``, and what all its levels share."""

    survey: Survey
    context: Context
    value: Mapping[str, Any]
    place: JsonPlace
    axes: tuple[Axis, ...]  # array order
    x_first: bool
    outer: tuple[Contribution, ...]  # the multiscale's own transforms, outermost first


def parse(survey: Survey, context: Context) -> list[Image]:
    """Read the first multiscale image of the group."""
    problems: list[Problem] = []
    at = _keys_place(survey).child("multiscales")
    items = sequence(survey.ome.value["multiscales"], at)
    index = _choose(items, at, context.multiscale, problems)
    chosen = at.item(index)
    value = mapping(items[index], chosen)
    candidates = _candidates(survey, value, chosen)
    multiscale = _open(survey, context, value, chosen, candidates, problems)
    drafts = []
    for index, candidate in enumerate(candidates):
        try:
            drafts.append(_level(multiscale, candidate, index, problems))
        except OpenError as error:
            problems.append(error.problem)
    keys = survey.ome.value
    where = _keys_place(survey)
    return [
        image(
            survey,
            context,
            format_name=NAME_05 if survey.ome.place.key.endswith("ome") else NAME_04,
            axes=multiscale.axes,
            drafts=drafts,
            problems=problems,
            name=_name(value),
            kind=_labels(survey, candidates, problems),
            display=read_omero(keys.get("omero"), where.child("omero"), problems),
        )
    ]


def _choose(items: list[Any], at: JsonPlace, wanted: str | None, problems: list[Problem]) -> int:
    """Choose the multiscale of a name, else the one named "3D", else the first."""
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if wanted is not None and len(items) > 1:
        if wanted not in names:
            raise at.refuse("no-such-multiscale", f'found {quote(names)}, expected "{wanted}"')
        return names.index(wanted)
    index = names.index("3D") if "3D" in names else 0
    if len(items) > 1:
        message = f"found {quote(names)}; number {index} is shown, another by its name"
        problems.append(at.problem("several-multiscales", "info", message))
    return index


def _keys_place(survey: Survey) -> JsonPlace:
    """Point at the object whose members are the OME keys."""
    if survey.ome.place.key.endswith("ome"):
        return survey.group.place("ome")
    place = survey.group.place("multiscales")
    return JsonPlace(place.file, place.key.removesuffix("multiscales").removesuffix("."))


def _candidates(survey: Survey, value: Mapping[str, Any], place: JsonPlace) -> list[Candidate]:
    at = place.child("datasets")
    entries = dataset_entries(value.get("datasets"), at, "coordinateTransformations")
    return survey.declared_candidates(entries, attributes=False)


def _open(
    survey: Survey,
    context: Context,
    value: Mapping[str, Any],
    place: JsonPlace,
    candidates: list[Candidate],
    problems: list[Problem],
) -> _Multiscale:
    arrays = [c.array for c in candidates if c.array is not None]
    if not arrays:
        raise next(c.error for c in candidates if c.error is not None)
    axes = read_axes(value.get("axes"), place.child("axes"), len(arrays[0].shape), problems)
    x_first = survey.group.encoding == "n5" and _is_x_first(axes, place.child("axes"), problems)
    if x_first:
        axes = axes[::-1]
    outer: tuple[Contribution, ...] = ()
    transforms = value.get("coordinateTransformations")
    if transforms is not None:
        at = place.child("coordinateTransformations")
        outer = read_transforms(transforms, at, len(axes), x_first, survey, context)
    return _Multiscale(survey, context, value, place, axes, x_first, outer)


def _is_x_first(axes: tuple[Axis, ...], place: JsonPlace, problems: list[Problem]) -> bool:
    """Tell Fiji's order in N5 by the names; without the usual names, N5's own order."""
    names = [a.name.lower() for a in axes]
    known = [n for n in names if n in ("x", "y", "z")]
    if len(known) < 2:
        message = "found axes without the names x, y, z in N5; taken as x-first, as N5 is"
        problems.append(place.problem("axis-order-assumed", "warning", message))
        return True
    return known == sorted(known)


def _level(
    multiscale: _Multiscale, candidate: Candidate, index: int, problems: list[Problem]
) -> Draft:
    """Compose one level's transforms; raises OpenError where it has no honest place."""
    if candidate.array is None:
        assert candidate.error is not None  # a named array that is missing is an error
        raise candidate.error
    array, rank = candidate.array, len(multiscale.axes)
    if len(array.shape) != rank:
        message = f"found an array of {len(array.shape)} axes, expected {rank}; left out"
        raise array.stored("shape").refuse("wrong-rank", message)
    problems += _contradicting_names(array, multiscale)
    declared = candidate.declared
    if declared is None or declared.value is None:
        at = multiscale.place.child("datasets").item(index).child("coordinateTransformations")
        message = "found no coordinateTransformations, expected a scale; the level is left out"
        raise at.refuse("missing-key", message)
    inner = read_transforms(
        declared.value,
        declared.place,
        rank,
        multiscale.x_first,
        multiscale.survey,
        multiscale.context,
    )
    if not inner:
        raise declared.place.unexpected(declared.value, "a list with a scale")
    if not any(c.what == "scale" for c in inner):
        message = "found no scale, expected one; taken as 1"
        problems.append(declared.place.problem("missing-scale", "warning", message))
    return Draft(array, (*multiscale.outer, *inner))


def _contradicting_names(array: Array, multiscale: _Multiscale) -> list[Problem]:
    """Compare Zarr v3's ``dimension_names`` with the axes; they must be the same (0.5)."""
    names = array.dimension_names
    axes = [a.name for a in multiscale.axes]
    if names is None or all(n is None or n == a for n, a in zip(names, axes, strict=True)):
        return []
    message = f"found {list(names)}, expected {axes} as in the axes, which are used"
    at = array.stored("dimension_names")
    return [at.problem("dimension-names-contradict", "warning", message)]


def _name(value: Mapping[str, Any]) -> str | None:
    """Take the image's own name where it is one (CellMap writes paths, many write "/")."""
    name = value.get("name")
    return name if isinstance(name, str) and name.strip() and "/" not in name else None


def _labels(survey: Survey, candidates: list[Candidate], problems: list[Problem]) -> Kind | None:
    """Tell labels by ``image-label``; None leaves it to the folder's conventions."""
    if "image-label" not in survey.ome.value:
        return None
    dtype = next(c.array.dtype for c in candidates if c.array is not None)
    if dtype.kind in "iub":
        return "labels"
    message = f"found labels of type {dtype}, expected whole numbers; shown as an image"
    at = _keys_place(survey).child("image-label")
    problems.append(at.problem("labels-not-integer", "warning", message))
    return "image"
