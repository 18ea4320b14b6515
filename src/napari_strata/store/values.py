"""Reading typed values out of foreign JSON, with errors that name the file and the key."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_strata.model import OpenError, Problem

_LONGEST_QUOTE = 200


def quote(value: object) -> str:
    """Return ``value`` as short JSON, on one line, for a message."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


@dataclass(frozen=True)
class JsonPlace:
    """A key in a metadata file: what messages point at.

    ``file`` is relative to the container's root; ``key`` is written like
    ``multiscales[0].datasets[1].path``.
    """

    file: str
    key: str = ""

    def child(self, name: str) -> JsonPlace:
        """Go to a member of the object at this place."""
        return JsonPlace(self.file, f"{self.key}.{name}" if self.key else name)

    def item(self, index: int) -> JsonPlace:
        """Go to an element of the list at this place."""
        return JsonPlace(self.file, f"{self.key}[{index}]")

    def __str__(self) -> str:
        return f"{self.file}: {self.key}" if self.key else self.file

    def problem(self, code: str, severity: Any, message: str) -> Problem:
        """Make a problem that is located here."""
        return Problem(code, severity, str(self), message)

    def refuse(self, code: str, message: str) -> OpenError:
        """Make the error that says why this place cannot be used."""
        return OpenError(self.problem(code, "error", message))

    def unexpected(self, value: object, expected: str, code: str = "invalid-value") -> OpenError:
        """Make the error for a value that is not what it should be."""
        return self.refuse(code, f"found {quote(value)}, expected {expected}")


def number(value: object, at: JsonPlace) -> float:
    """Return a finite float; a boolean or a numeric string is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise at.unexpected(value, "a number")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise at.unexpected(value, "a finite number")
    return result


def sequence(value: object, at: JsonPlace, length: int | None = None) -> list[Any]:
    """Return a list, of the given length if one is given."""
    if not isinstance(value, list):
        raise at.unexpected(value, "a list")
    if length is not None and len(value) != length:
        raise at.unexpected(
            value, f"{length} values (one per axis), not {len(value)}", "wrong-length"
        )
    return value


def vector(value: object, at: JsonPlace, length: int) -> list[float]:
    """Return ``length`` finite floats, in the order of the file."""
    return [number(v, at.item(i)) for i, v in enumerate(sequence(value, at, length))]


def positive_vector(value: object, at: JsonPlace, length: int) -> list[float]:
    """Return ``length`` finite floats greater than zero, in the order of the file."""
    result = vector(value, at, length)
    for index, item in enumerate(result):
        if item <= 0:
            raise at.item(index).unexpected(value[index], "a number greater than 0")  # type: ignore[index]
    return result


def nonzero_vector(value: object, at: JsonPlace, length: int) -> list[float]:
    """Return ``length`` finite floats other than zero, in the order of the file."""
    result = vector(value, at, length)
    for index, item in enumerate(result):
        if item == 0:
            raise at.item(index).unexpected(value[index], "a number other than 0")  # type: ignore[index]
    return result


def text(value: object, at: JsonPlace) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise at.unexpected(value, "a text")
    return value


def texts(value: object, at: JsonPlace, length: int | None = None) -> list[str]:
    """Return a list of strings, of the given length if one is given."""
    return [text(v, at.item(i)) for i, v in enumerate(sequence(value, at, length))]


def mapping(value: object, at: JsonPlace) -> Mapping[str, Any]:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise at.unexpected(value, "an object {…}")
    return value


_LARGEST_EXTENT = 2**62  # tensorstore's index limit


def extents(value: object, at: JsonPlace, length: int | None = None) -> tuple[int, ...]:
    """Return whole numbers ≥ 1 (an array's shape or chunks), in the order of the file."""
    result = []
    for index, item in enumerate(sequence(value, at, length)):
        whole = isinstance(item, int) and not isinstance(item, bool)
        if not whole or not 1 <= item < _LARGEST_EXTENT:
            raise at.item(index).unexpected(item, "a whole number from 1 to 2^62")
        result.append(item)
    if not result:
        raise at.unexpected(value, "at least one axis")
    return tuple(result)
