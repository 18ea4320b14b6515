"""OME-NGFF wells: the fields of view of one well, and reading those of many wells at once.

Rules: formats.md 2, after the specification's "well" section.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from napari_strata.formats import ome_labels
from napari_strata.formats._assemble import image_name
from napari_strata.formats._field_layout import Field
from napari_strata.formats._grid_of_fields import grids
from napari_strata.formats._ome import key_place, keys
from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.formats._read_ahead import read_ahead, read_groups
from napari_strata.model import Image, OpenError, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, mapping, quote, sequence, text


@dataclass(frozen=True)
class Entry:
    """A field of view as its well lists it.

    ``number`` counts the fields of one acquisition in the well; ``acquisition`` is None where
    none is named.
    """

    node: Node
    number: int
    acquisition: int | None
    place: JsonPlace


@dataclass(frozen=True)
class Opened:
    """A field that could be read: its group and its image."""

    group: Group
    image: Image


def speaks(group: Group) -> bool:
    """Tell a well."""
    return "well" in keys(group)


def open_group(group: Group, context: Context, images_at: ImagesAt) -> Found | None:
    """Open a well: its fields as a grid; the well itself also each field where it lies."""
    if not speaks(group):
        return None
    found = Found()
    entries = read_well(group, found.problems)
    opened = read_fields(entries, group, context, images_at, found.problems)
    labels = read_labels(list(opened.values()), context, images_at, found.problems)
    if len(opened) > 1:
        fields = [
            Field(image, (0, 0), e.number, e.acquisition, labels.get(image.path, {}))
            for e in entries
            if (image := opened[e.node].image if e.node in opened else None) is not None
        ]
        found.images += grids(
            fields,
            name=image_name(group.node),
            path=context.path(group.node),
            place=key_place(group, "well"),
            acquisitions={},
            problems=found.problems,
        )
    if len(opened) > 1 and group.node != context.opened and found.images:
        return found
    for field in _told_apart(list(opened.values())):
        found.images += [field.image, *labels.get(field.image.path, {}).values()]
    return found


def _told_apart(fields: list[Opened]) -> list[Opened]:
    """Add a field's folder to its name where several have one name."""
    names = [field.image.name for field in fields]
    if len(set(names)) == len(names):
        return fields
    return [
        Opened(f.group, replace(f.image, name=f"{f.image.name} {f.group.node.name}"))
        for f in fields
    ]


def read_well(group: Group, problems: list[Problem]) -> list[Entry]:
    """Read which fields a well has; what is wrong with one costs only that.

    Raises
    ------
    OpenError
        If the well does not say which fields it has.
    """
    at = key_place(group, "well")
    well = mapping(keys(group).get("well"), at)
    items = sequence(well.get("images"), at.child("images"))
    if not items:
        raise at.child("images").unexpected(items, "at least one field of view")
    entries: list[Entry] = []
    for index, item in enumerate(items):
        place = at.child("images").item(index)
        try:
            fields = mapping(item, place)
            path = place.child("path")
            node = group.node.descend(text(fields.get("path"), path), path)
        except OpenError as error:
            problems.append(error.problem)
            continue
        if any(entry.node == node for entry in entries):
            message = f"found {quote(fields['path'])} a second time; it is shown once"
            problems.append(place.problem("repeated-field", "warning", message))
            continue
        acquisition = _acquisition(fields.get("acquisition"), place, problems)
        number = sum(entry.acquisition == acquisition for entry in entries)
        entries.append(Entry(node, number, acquisition, place))
    return entries


def _acquisition(value: object, place: JsonPlace, problems: list[Problem]) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    message = f"found {quote(value)}, expected a whole number; not used"
    problems.append(place.child("acquisition").problem("bad-acquisition", "warning", message))
    return None


def read_fields(
    entries: Sequence[Entry],
    group: Group,
    context: Context,
    images_at: ImagesAt,
    problems: list[Problem],
) -> dict[Node, Opened]:
    """Read many fields' images: first all groups at once, then all their arrays and labels.

    ``group`` is the well or plate they belong to: all of a plate has one encoding.
    """
    found = read_groups([entry.node for entry in entries], group.encoding, problems)
    groups: list[tuple[Entry, Group]] = []
    for entry in entries:
        field = found.get(entry.node)
        if field is not None:
            groups.append((entry, field))
        elif entry.node in found:
            problems.append(_missing(entry))
    read_ahead([field for _, field in groups])
    opened: dict[Node, Opened] = {}
    for entry, field in groups:
        try:
            images = images_at(field, context)
        except OpenError as error:
            problems.append(error.problem)
            continue
        if images:
            opened[entry.node] = Opened(field, images[0])
        else:
            problems.append(_missing(entry))
    problems += _summed_up(p for field in opened.values() for p in field.image.problems)
    return opened


def _summed_up(problems: Iterable[Problem]) -> list[Problem]:
    """List what is wrong with many fields in the same way once, with their number."""
    alike: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        key = problem.where.partition(": ")[2] or problem.where.rpartition("/")[2]
        alike.setdefault((problem.code, key, problem.message), []).append(problem)
    return [
        replace(own[0], message=f"{own[0].message} (so in {len(own)} fields)")
        if own[1:]
        else own[0]
        for own in alike.values()
    ]


def _missing(entry: Entry) -> Problem:
    message = f'found no image at "{entry.node.inner_path}", expected a field of view'
    return entry.place.problem("missing-field", "error", message)


def read_labels(
    fields: Sequence[Opened], context: Context, images_at: ImagesAt, problems: list[Problem]
) -> dict[str, dict[str, Image]]:
    """Read the labels of many fields: by the path of the field's image, then by their own in it."""
    result: dict[str, dict[str, Image]] = {}
    for field in fields:
        found = ome_labels.with_labels(
            field.group, [field.image], context, images_at, one_of_many=True
        )
        problems += found.problems
        for label in found.images[1:]:
            inner = label.path.removeprefix(field.image.path).strip("/")
            result.setdefault(field.image.path, {})[inner] = label
    labels = [label for own in result.values() for label in own.values()]
    problems += _summed_up(p for label in labels for p in label.problems)
    return result
