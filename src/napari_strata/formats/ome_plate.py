"""OME-NGFF plates: all fields of all wells as one grid, one image an acquisition.

Rules: formats.md 2, after the specification's "plate" section. Each metadata file is read once,
those of all wells together, then those of all fields, then those of all arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_strata.formats._assemble import image_name
from napari_strata.formats._field_layout import Field
from napari_strata.formats._grid_of_fields import grids
from napari_strata.formats._ome import key_place, keys
from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.formats._read_ahead import read_groups
from napari_strata.formats.ome_well import Entry, Opened, read_fields, read_labels, read_well
from napari_strata.model import OpenError, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, mapping, quote, sequence, text

_MOST_ROWS = 1000  # a plate has 32 rows and 48 columns at most


@dataclass(frozen=True)
class Well:
    """A well as its plate lists it.

    ``position`` is its row and column; ``folder`` is above both, which before 0.4 was one an
    acquisition.
    """

    node: Node
    position: tuple[int, int]
    folder: str
    place: JsonPlace


def speaks(group: Group) -> bool:
    """Tell a plate."""
    return "plate" in keys(group)


def read_wells(group: Group, problems: list[Problem]) -> list[Well]:
    """Read which wells a plate has; what is wrong with one costs only that, and none is read.

    Raises
    ------
    OpenError
        If the plate does not say which wells it has.
    """
    at, plate = _plate(group)
    return _wells(group, plate, at, problems)


def _plate(group: Group) -> tuple[JsonPlace, Mapping[str, Any]]:
    at = key_place(group, "plate")
    return at, mapping(keys(group)["plate"], at)


def open_group(group: Group, context: Context, images_at: ImagesAt) -> Found | None:
    """Open a plate: a missing or damaged well or field leaves its place blank, with a problem.

    Raises
    ------
    OpenError
        If the plate does not say which wells it has.
    """
    if not speaks(group):
        return None
    found = Found()
    at, plate = _plate(group)
    wells = _wells(group, plate, at, found.problems)
    entries = _entries(wells, group, found.problems)
    opened = read_fields(
        [e for _, own in entries for e in own], group, context, images_at, found.problems
    )
    acquisitions = _acquisitions(plate, at, found.problems)
    fields = _fields(entries, opened, acquisitions, found.problems)
    if not fields:
        return found
    labels = read_labels(list(opened.values()), context, images_at, found.problems)
    fields = [replace(f, labels=labels.get(f.image.path, {})) for f in fields]
    name = plate.get("name")
    name = name if isinstance(name, str) and name.strip() else image_name(group.node)
    path = context.path(group.node)
    found.images += grids(
        fields, name=name, path=path, place=at, acquisitions=acquisitions, problems=found.problems
    )
    return found


def _fields(
    entries: Sequence[tuple[Well, list[Entry]]],
    opened: Mapping[Node, Opened],
    acquisitions: dict[int, str],
    problems: list[Problem],
) -> list[Field]:
    """Put each field into its well and acquisition, as far as there are several.

    Before 0.4 an acquisition may be a folder above row and column; it then is one here too.
    """
    runs = sorted(
        {(well.folder, e.acquisition) for well, own in entries for e in own},
        key=lambda run: (run[0], run[1] is not None, run[1]),
    )
    in_folders = len({folder for folder, _ in runs}) > 1
    if in_folders:
        known = [acquisitions.get(a, f"acquisition {a}") if a is not None else "" for _, a in runs]
        acquisitions.clear()
        acquisitions.update(
            (i, f"{folder} {name}".strip() or f"acquisition {i}")
            for i, ((folder, _), name) in enumerate(zip(runs, known, strict=True))
        )
    elif len(acquisitions) > 1:
        listed = ", ".join(map(str, acquisitions))
        problems += [_unlisted(e, listed) for _, own in entries for e in own
                     if e.acquisition not in acquisitions]  # fmt: skip
    fields = []
    for well, own in entries:
        for e in own:
            if e.node not in opened:
                continue
            acquisition = e.acquisition if len(runs) > 1 else None
            if in_folders:
                acquisition = runs.index((well.folder, e.acquisition))
            fields.append(Field(opened[e.node].image, well.position, e.number, acquisition))
    return fields


def _unlisted(entry: Entry, listed: str) -> Problem:
    message = f"found {quote(entry.acquisition)}, expected one of the plate's ({listed})"
    return entry.place.child("acquisition").problem("bad-acquisition", "warning", message)


def _acquisitions(
    plate: Mapping[str, Any], at: JsonPlace, problems: list[Problem]
) -> dict[int, str]:
    """Read the acquisitions' names by their ids."""
    value = plate.get("acquisitions")
    if value is None:
        return {}
    place = at.child("acquisitions")
    result: dict[int, str] = {}
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        number = item.get("id") if isinstance(item, dict) else None
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            message = f"found {quote(item)}, expected an object with an id from 0; not used"
            problems.append(place.item(index).problem("bad-acquisition", "warning", message))
            continue
        if number in result:
            message = f"found the id {number} a second time; the last one counts"
            problems.append(place.item(index).problem("bad-acquisition", "warning", message))
        name = item.get("name")
        result[number] = name if isinstance(name, str) and name else f"acquisition {number}"
    return result


def _wells(
    group: Group, plate: Mapping[str, Any], at: JsonPlace, problems: list[Problem]
) -> list[Well]:
    names = [_names(plate.get(key), at.child(key), problems) for key in ("rows", "columns")]
    wells: list[Well] = []
    for index, item in enumerate(sequence(plate.get("wells"), at.child("wells"))):
        place = at.child("wells").item(index)
        try:
            fields = mapping(item, place)
            path = text(fields.get("path"), place.child("path"))
            node = group.node.descend(path, place.child("path"))
            position = _position(fields, path, names, place, problems)
        except OpenError as error:
            problems.append(error.problem)
            continue
        inner = node.relative_to(group.node.path)
        well = Well(node, position, inner.rpartition("/")[0].rpartition("/")[0], place)
        if any((w.position, w.folder) == (well.position, well.folder) for w in wells):
            message = f"found {quote(path)} where a well is already; left out"
            problems.append(place.problem("repeated-well", "error", message))
        else:
            wells.append(well)
    return wells


def _names(value: object, at: JsonPlace, problems: list[Problem]) -> list[str | None]:
    """Read the names of rows or columns, in order; None for one without."""
    if not isinstance(value, list) or not value:
        message = f"found {quote(value)}, expected a list of objects with names"
        problems.append(at.problem("bad-plate", "warning", message))
        return []
    names: list[str | None] = []
    for index, item in enumerate(value):
        name = item.get("name") if isinstance(item, dict) else None
        name = str(name) if isinstance(name, int) and not isinstance(name, bool) else name
        if not isinstance(name, str):
            message = f"found {quote(item)}, expected an object with a name"
            problems.append(at.item(index).problem("bad-plate", "warning", message))
            name = None
        names.append(name)
    return names


def _position(
    well: Mapping[str, Any],
    path: str,
    names: Sequence[Sequence[str | None]],
    place: JsonPlace,
    problems: list[Problem],
) -> tuple[int, int]:
    """Find row and column: the last two names in the path, else the indices.

    The path is where the data are; the indices (since 0.4) are only to say the same.

    Raises
    ------
    OpenError
        If neither tells.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    position = []
    for side, key in enumerate(("rowIndex", "columnIndex")):
        known, index = names[side], well.get(key)
        if len(parts) >= 2 and parts[side - 2] in known:
            named = known.index(parts[side - 2])
            if index is not None and (index != named or isinstance(index, bool | float)):
                message = (
                    f"found {quote(index)}, but {quote(path)} is number {named}, which is used"
                )
                problems.append(place.child(key).problem("well-contradicts", "warning", message))
            position.append(named)
            continue
        if index is None:
            listed = ", ".join(str(name) for name in known) or "none"
            message = f"found {quote(path)}, expected names of {key[:-5]}s ({listed})"
            raise place.child("path").refuse("unknown-well", message)
        most = _MOST_ROWS if None in known or not known else len(known)
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < most:
            raise place.child(key).unexpected(index, f"a whole number from 0 to {most - 1}")
        position.append(index)
    return position[0], position[1]


def _entries(
    wells: Sequence[Well], group: Group, problems: list[Problem]
) -> list[tuple[Well, list[Entry]]]:
    """Read which fields each well has, all wells at once."""
    groups = read_groups([well.node for well in wells], group.encoding, problems)
    result = []
    for well in wells:
        found = groups.get(well.node)
        if found is not None:
            try:
                result.append((well, read_well(found, problems)))
            except OpenError as error:
                problems.append(error.problem)
        elif well.node in groups:
            message = f'found nothing at "{well.node.inner_path}"; its place is left blank'
            problems.append(well.place.problem("missing-well", "warning", message))
    return result
