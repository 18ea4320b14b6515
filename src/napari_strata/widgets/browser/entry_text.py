"""What the browser says of an entry, in words and figures."""

from __future__ import annotations

from collections.abc import Sequence

from napari_strata import units
from napari_strata.dataset.entry import Entry
from napari_strata.dataset.entry_details import Details
from napari_strata.widgets import captions

COLUMNS = ("Name", "Format", "Shape", "Type", "Voxel size", "Extent")

_SHORT = {
    "meter": "m", "millimeter": "mm", "micrometer": "µm", "nanometer": "nm", "picometer": "pm",
    "angstrom": "Å", "second": "s", "millisecond": "ms", "microsecond": "µs", "minute": "min",
    "hour": "h", "day": "d",
}  # fmt: skip
_LARGER = {"nanometer": "micrometer", "micrometer": "millimeter", "millisecond": "second"}
_KINDS = {
    "segments": "meshes of segments",
    "labels": "labels",
    "series": "image of a series",
    "field": "field of a well",
}


def columns(entry: Entry) -> tuple[str, ...]:
    """Give the text of each column; an entry that has not been looked at has only its name."""
    details = entry.details()
    if details is None:
        return (entry.name, entry.format or (kind(entry) if entry.looked else ""), "", "", "", "")
    return (
        entry.name,
        entry.format,
        _shape(details, entry),
        details.dtype or entry.kind,
        _sizes(details.voxel_size, entry),
        _sizes(details.extent, entry),
    )


def kind(entry: Entry) -> str:
    """Name what it is."""
    return _KINDS.get(entry.kind, entry.kind)


def lines(entry: Entry, total: int | None = None) -> list[tuple[str, str]]:
    """Describe an entry line by line: what, and how much; what is not known has no line.

    ``total`` is how many entries are in it, if that is known.
    """
    details = entry.details()
    what = kind(entry) + (f", {entry.format}" if entry.format else "")
    if details is None:
        empty = not entry.has_children and not entry.problems
        holds = "nothing that can be opened" if empty else _count(total)
        known = [("Kind", what), ("Holds", holds)]
        return [(a, b) for a, b in known if b] if entry.looked else [("", "Not looked at yet.")]
    found = [("Kind", what), ("Axes", ", ".join(details.axes))]
    if details.shape is not None:
        found.append(("Shape", f"{_times(details.shape)} {details.dtype}"))
    found.append(("Voxel", _sizes(details.voxel_size, entry)))
    found.append(("Extent", _sizes(details.extent, entry)))
    if entry.kind != "segments":
        found.append(("Levels", str(details.levels) if details.levels else ""))
    found.append(("Vertices", _count(details.vertices)))
    found.append(("Segments", _count(details.segments)))
    found.append(("Size", "" if details.nbytes is None else captions.size(details.nbytes)))
    return [(name, value) for name, value in found if value]


def _shape(details: Details, entry: Entry) -> str:
    if details.shape is not None:
        return _times(details.shape)
    if entry.kind == "segments":
        return "" if details.segments is None else f"{details.segments:,} segments"
    return "" if details.vertices is None else f"{details.vertices:,} vertices"


def _times(numbers: Sequence[int]) -> str:
    return " × ".join(str(n) for n in numbers)


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _sizes(sizes: Sequence[float | None] | None, entry: Entry) -> str:
    """Write lengths along axes; axes of one unit that follow each other share it.

    Axes but those of space have none where they have no unit: their number is in the shape.
    """
    details, drawn = entry.details(), entry.image or entry.geometry
    if sizes is None or details is None or drawn is None:
        return ""
    parts: list[tuple[str | None, list[float]]] = []
    for size, unit, axis in zip(sizes, details.units, drawn.axes, strict=True):
        if size is None or (axis.type != "space" and (unit is None or units.is_unitless(unit))):
            continue
        if parts and parts[-1][0] == unit:
            parts[-1][1].append(size)
        else:
            parts.append((unit, [size]))
    return ", ".join(_in_unit(unit, lengths) for unit, lengths in parts)


def _in_unit(text: str | None, lengths: Sequence[float]) -> str:
    """Write lengths in their unit, or in the next larger ones where all are thousands of it."""
    if text is None or units.is_unitless(text):
        return f"{_numbers(lengths)} px"
    known = units.parse(text)
    if known is None:
        return f"{_numbers(lengths)} {text}"
    name, values = known.name, list(lengths)
    while name in _LARGER and min(map(abs, values)) >= 1000:
        name, values = _LARGER[name], [value / 1000 for value in values]
    return f"{_numbers(values)} {_SHORT.get(name, name)}"


def _numbers(lengths: Sequence[float]) -> str:
    return " × ".join(f"{length:.6g}" for length in lengths)
