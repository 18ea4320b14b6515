"""What the versions of OME-NGFF images have in common: which multiscale, its name, its look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_strata.formats._assemble import Draft, image
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Candidate, Survey, chosen_entry, dataset_entries
from napari_strata.formats.image_label import read_image_label
from napari_strata.formats.omero import omero_name, read_omero
from napari_strata.model import Axis, Image, Kind, OpenError, Problem
from napari_strata.store.hierarchy import Array, Group
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, mapping, quote, sequence


@dataclass(frozen=True)
class Multiscale:
    """The chosen entry of ``multiscales``."""

    survey: Survey
    context: Context
    value: Mapping[str, Any]
    place: JsonPlace


def keys(group: Group) -> Mapping[str, Any]:
    """Return the object that holds the OME keys: ``ome`` in Zarr v3, the attributes in v2."""
    inner = group.attributes.get("ome")
    return inner if isinstance(inner, dict) else group.attributes


def key_place(group: Group, key: str) -> JsonPlace:
    """Point at one of the OME keys."""
    inside = isinstance(group.attributes.get("ome"), dict)
    return group.place(f"ome.{key}" if inside else key)


def choose(survey: Survey, context: Context, problems: list[Problem]) -> Multiscale:
    """Choose the multiscale of the wanted name, else the one named "3D", else the first.

    Raises
    ------
    OpenError
        If there are several and none has the name, or the chosen one is no object.
    """
    at = key_place(survey.group, "multiscales")
    items = sequence(survey.ome.value["multiscales"], at)
    index = chosen_entry(items, context.multiscale)
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if index is None and any(isinstance(item, dict) for item in items):
        message = f'found {quote(names)}, expected "{context.multiscale}"'
        raise at.refuse("no-such-multiscale", message)
    index = index or 0
    problems += [
        at.item(i).unexpected(item, "an object {…}").problem
        for i, item in enumerate(items)
        if i != index and not isinstance(item, dict)
    ]
    if len(items) > 1 and context.multiscale is None:
        message = f"found {quote(names)}; number {index} is shown, another by its name"
        problems.append(at.problem("several-multiscales", "info", message))
    place = at.item(index)
    return Multiscale(survey, context, mapping(items[index], place), place)


def candidates(multiscale: Multiscale) -> list[Candidate]:
    """Read the arrays of ``datasets``, each with its ``coordinateTransformations``.

    Raises
    ------
    OpenError
        If there is no array at all.
    """
    at = multiscale.place.child("datasets")
    value = multiscale.value.get("datasets")
    entries = dataset_entries(value, at, "coordinateTransformations")
    found = multiscale.survey.declared_candidates(entries, attributes=False)
    if all(c.array is None for c in found):
        raise next(c.error for c in found if c.error is not None)
    return found


def dataset_nodes(group: Group) -> list[Node]:
    """List the folders of an image's arrays, as far as they are named soundly.

    For reading the metadata of many images at once; what is unsound shows when each is opened.
    """
    multiscales = keys(group).get("multiscales")
    first = multiscales[0] if isinstance(multiscales, list) and multiscales else None
    datasets = first.get("datasets") if isinstance(first, dict) else None
    place = key_place(group, "multiscales")
    nodes = []
    for entry in datasets if isinstance(datasets, list) else []:
        with suppress(OpenError):
            nodes.append(group.node.descend(mapping(entry, place).get("path"), place))
    return nodes


def contradicting_names(array: Array, axes: Sequence[Axis]) -> list[Problem]:
    """Compare Zarr v3's ``dimension_names`` with the axes; they must be the same (0.5)."""
    names = array.dimension_names
    wanted = [a.name for a in axes]
    if names is None or len(names) != len(wanted):
        return []
    if all(n is None or n == a for n, a in zip(names, wanted, strict=True)):
        return []
    message = f"found {list(names)}, expected {wanted} as in the axes, which are used"
    at = array.stored("dimension_names")
    return [at.problem("dimension-names-contradict", "warning", message)]


def finish(
    multiscale: Multiscale,
    *,
    format_name: str,
    axes: Sequence[Axis],
    drafts: Sequence[Draft],
    problems: Sequence[Problem],
    named: bool = True,
) -> Image:
    """Make the image of its levels, and give it its name, kind and look.

    ``named`` tells whether the multiscale's ``name`` is the image's (before 0.4 it is a role
    such as "3D").

    Raises
    ------
    OpenError
        If no level is left.
    """
    survey = multiscale.survey
    collected = list(problems)
    omero = survey.ome.value.get("omero")
    result = image(
        survey,
        multiscale.context,
        format_name=format_name,
        axes=axes,
        drafts=drafts,
        problems=collected,
        name=omero_name(omero) or (_name(multiscale.value) if named else None),
    )
    more: list[Problem] = []
    lengths = {a.name: n for a, n in zip(axes, result.levels[0].shape, strict=True)}
    channel = result.channel_axis
    count = 1 if channel is None else result.levels[0].shape[channel]
    at = key_place(survey.group, "omero")
    display = read_omero(omero, at, more, channel_count=count, lengths=lengths)
    kind: Kind = result.kind
    if "image-label" in survey.ome.value:
        at = key_place(survey.group, "image-label")
        look = read_image_label(survey.ome.value["image-label"], at, more)
        display = replace(
            display, label_colors=look.label_colors, label_properties=look.label_properties
        )
        kind = labels_kind(result.levels[0].dtype, at, more)
    return replace(result, kind=kind, display=display, problems=(*result.problems, *more))


def labels_kind(dtype: np.dtype[Any], at: JsonPlace, problems: list[Problem]) -> Kind:
    """Tell whether what is declared as labels can be shown as such: whole numbers can."""
    if dtype.kind in "iub":
        return "labels"
    message = f"found labels of type {dtype}, expected whole numbers; shown as an image"
    problems.append(at.problem("labels-not-integer", "warning", message))
    return "image"


def _name(value: Mapping[str, Any]) -> str | None:
    """Take the image's own name where it is one (CellMap writes paths, many write "/")."""
    name = value.get("name")
    return name if isinstance(name, str) and name.strip() and "/" not in name else None
