"""All that is known of a layer without reading a file: what an inspector shows first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from napari.layers import Image, Labels, Layer

from napari_strata.layers.geometry.record import is_geometry_record
from napari_strata.layers.inspecting.known_levels import KnownLevels, known_levels
from napari_strata.layers.inspecting.level_rows import (
    LevelRow,
    geometry_rows,
    known_rows,
    plain_rows,
)
from napari_strata.layers.notes import KEY

InspectedKind = Literal["ours", "multiscale", "single", "geometry", "other"]

__all__ = ["InspectedKind", "Inspection", "LevelRow", "inspect"]


@dataclass(frozen=True)
class Inspection:
    """A layer, as values.

    Attributes
    ----------
    name : the layer's, now.
    kind : ``ours`` is an image or labels with the levels it was opened with by this plugin,
        ``geometry`` points, lines or meshes of ours; ``multiscale`` and ``single`` are other
        images and labels, also what was made from one of ours; ``other`` is all else.
    format, path, evidence : as the record says, also that of a layer it was made from; without
        one, ``path`` is what napari opened and the others are empty.
    axes, units : of the layer, as they are now.
    levels : finest first; none for ``other``.
    drawn : the level that is drawn now; None for ``other``.
    locked : the level that is drawn always, None where napari chooses.
    problems : ``code``, ``severity``, ``where``, ``message`` each.
    """

    name: str
    kind: InspectedKind
    format: str
    path: str
    evidence: str
    axes: tuple[str, ...]
    units: tuple[str, ...]
    levels: tuple[LevelRow, ...]
    drawn: int | None
    locked: int | None
    problems: tuple[Mapping[str, str], ...]


def inspect(layer: Layer) -> Inspection:
    """Collect what is known of any layer; nothing is read, so the window's thread may."""
    note = layer.metadata.get(KEY)
    note = note if isinstance(note, Mapping) else {}
    known = known_levels(layer)
    kind = _kind(layer, note, known)
    return Inspection(
        name=layer.name,
        kind=kind,
        format=_text(note, "format"),
        path=_text(note, "path") or str(layer.source.path or ""),
        evidence=_text(note, "evidence"),
        axes=tuple(layer.axis_labels),
        units=tuple(str(unit) for unit in layer.units),
        levels=_levels(layer, kind, note, known),
        drawn=_drawn(layer, kind, note),
        locked=layer.locked_data_level if isinstance(layer, Image | Labels) else None,
        problems=_problems(note),
    )


def _kind(layer: Layer, note: Mapping[str, Any], known: KnownLevels | None) -> InspectedKind:
    if isinstance(layer, Image | Labels):
        if known is not None:
            return "ours"
        return "multiscale" if layer.multiscale else "single"
    return "geometry" if is_geometry_record(note) else "other"


def _levels(
    layer: Layer, kind: InspectedKind, note: Mapping[str, Any], known: KnownLevels | None
) -> tuple[LevelRow, ...]:
    if known is not None:
        return known_rows(layer, known)
    if kind == "geometry":
        return geometry_rows(note)
    return () if kind == "other" else plain_rows(layer)


def _drawn(layer: Layer, kind: InspectedKind, note: Mapping[str, Any]) -> int | None:
    if kind == "other":
        return None
    if kind == "geometry":
        return int(note["level"])
    return int(layer.data_level) if layer.multiscale else 0


def _text(note: Mapping[str, Any], key: str) -> str:
    value = note.get(key, "")
    return value if isinstance(value, str) else ""


def _problems(note: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    found = note.get("problems", ())
    if not isinstance(found, list | tuple):
        return ()
    keys = ("code", "severity", "where", "message")
    return tuple(
        {key: str(each.get(key, "")) for key in keys} for each in found if isinstance(each, Mapping)
    )
