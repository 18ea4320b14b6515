"""What panels say about a layer's record, in words and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SPACES = {
    "world": "Drawn as stored: the vertices are world coordinates.",
    "declared": "Drawn with the declared transform applied to the vertices.",
}
_MANY = 10**9


def vertices(count: int | None) -> str:
    """Say how many vertices there are, with separators of thousands."""
    if count is None:
        return "vertices not counted"
    number = f"{count:,}" if count < _MANY else f"{count:.3g}"
    return f"{number} {'vertex' if count == 1 else 'vertices'}"


def level(index: int, levels: Sequence[Mapping[str, Any]]) -> str:
    """Name a level for a list: its number, which end of the scale it is, its vertices."""
    last = len(levels) - 1
    end = "" if last == 0 else {0: " (finest)", last: " (coarsest)"}.get(index, "")
    return f"{index}{end} · {vertices(levels[index].get('vertex_count'))}"


def shown(record: Mapping[str, Any]) -> str:
    """Say how many of the level's vertices are shown, and whether that is a part."""
    own, index = record["levels"], record["level"]
    total = own[index].get("vertex_count")
    count = record["vertices_shown"]
    text = vertices(count) if total is None else f"{count:,} of {vertices(total)}"
    return f"{text} shown (cropped)" if record.get("box") is not None else f"{text} shown"


def space(record: Mapping[str, Any]) -> str:
    """Say how the vertices are taken, and why."""
    reason = str(record.get("reason") or "").strip().rstrip(".")
    reason = reason.removeprefix(f"{record['space']}: ")
    if record["format"] != "zvf":  # whose meshes have one place; nothing is decided
        return f"{reason[:1].upper()}{reason[1:]}." if reason else ""
    drawn = _SPACES[record["space"]]
    if record.get("chosen_by") == "user":
        return f"{drawn} You chose so."
    return f"{drawn} Why: {reason}." if reason else drawn


def declared(record: Mapping[str, Any]) -> str:
    """Say which scale and translation the metadata declares for the level shown."""
    own = record["levels"][record["level"]]
    scale, translate = own.get("declared_scale"), own.get("declared_translate")
    names = ", ".join(str(axis["name"]) for axis in record["axes"])
    if scale is None or translate is None:
        return "The metadata declares no plain scale and translation for this level."
    return (
        f"Declared for this level, in the order {names}: scale {_vector(scale)}; "
        f"translation {_vector(translate)}."
    )


def _vector(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:,.6g}" for number in numbers)


def memory(count: int, columns: int) -> str:
    """Say roughly what so many vertices take in memory."""
    return size(count * columns * 8)


def size(nbytes: int) -> str:
    """Say how much so many bytes are."""
    value = float(nbytes)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if value >= 100 or unit == "bytes" else f"{value:.1f} {unit}"
