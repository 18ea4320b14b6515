"""What is asked of an export in the words of the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.codecs import Codec, Compressor

_T = TypeVar("_T", int, float)

Sizes = tuple[int, ...] | dict[str, int]


def box(text: str) -> dict[str, tuple[float, float]]:
    """Read ``z=0:10.5,y=-3:20``: by axis name the lowest and highest place.

    Raises
    ------
    ExportError : it is written otherwise.
    """
    example = "z=0:10.5,y=-3:20"
    return {
        name: (_number(low, float, "box", example), _number(high, float, "box", example))
        for name, low, high in _spans(text, "box", example)
    }


def voxels(text: str) -> dict[str, tuple[int | None, int | None]]:
    """Read ``z=0:64,y=:512``: by axis name the first voxel and the one after the last.

    Raises
    ------
    ExportError : it is written otherwise.
    """
    example = "z=0:64,y=:512"
    return {
        name: (_whole(start, "voxels", example), _whole(stop, "voxels", example))
        for name, start, stop in _spans(text, "voxels", example)
    }


def times(text: str) -> tuple[int | None, int | None]:
    """Read ``0:10``: the first time point and the one after the last.

    Raises
    ------
    ExportError : it is written otherwise.
    """
    start, colon, stop = text.partition(":")
    if not colon:
        raise _unclear("times", text, "0:10")
    return _whole(start, "times", "0:10"), _whole(stop, "times", "0:10")


def sizes(what: str, text: str) -> Sizes:
    """Read ``64,128,128`` (of the last axes) or ``z=64,y=128,x=128``.

    Raises
    ------
    ExportError : it is written otherwise.
    """
    example = "64,128,128 or z=64,y=128,x=128"
    parts = [part.strip() for part in text.split(",")]
    if "=" not in text:
        return tuple(_number(part, int, what, example) for part in parts)
    named = [part.partition("=") for part in parts]
    return {name.strip(): _number(value, int, what, example) for name, _, value in named}


def factors(text: str) -> Sizes | list[Sizes]:
    """Read ``2,2,2``, or one such text a level: ``1,2,2;2,2,2``.

    Raises
    ------
    ExportError : it is written otherwise.
    """
    rows = [sizes("factors", row) for row in text.split(";")]
    return rows[0] if len(rows) == 1 else rows


def shards(text: str) -> Sizes | bool:
    """Read ``auto``, ``none``, or sizes as `sizes` does.

    Raises
    ------
    ExportError : it is written otherwise.
    """
    if text in ("auto", "none"):
        return text == "auto"
    return sizes("shards", text)


def codec(text: str) -> Codec:
    """Read ``zstd`` or ``zstd:3``.

    Raises
    ------
    ExportError : there is no such compressor or level.
    """
    name, colon, level = text.partition(":")
    if name == "none":
        return Codec("none", 0)
    found = cast("Compressor", name)
    return Codec(found, _number(level, int, "codec", "zstd:3")) if colon else Codec(found)


def options(said: dict[str, Any]) -> dict[str, Any]:
    """Turn what was said into `Options`' values; what was not said (None) is left out.

    Raises
    ------
    ExportError : something is written otherwise than it should be.
    """
    readers: dict[str, Callable[[str], Any]] = {
        "box": box,
        "voxels": voxels,
        "times": times,
        "factors": factors,
        "chunks": lambda text: sizes("chunks", text),
        "shards": shards,
        "codec": codec,
    }
    return {
        name: readers[name](value) if name in readers else value
        for name, value in said.items()
        if value is not None
    }


def _spans(text: str, what: str, example: str) -> Sequence[tuple[str, str, str]]:
    found = []
    for part in text.split(","):
        name, equals, span = part.partition("=")
        low, colon, high = span.partition(":")
        if not (equals and colon and name.strip()):
            raise _unclear(what, part, example)
        found.append((name.strip(), low, high))
    return found


def _whole(text: str, what: str, example: str) -> int | None:
    return _number(text, int, what, example) if text.strip() else None


def _number(text: str, kind: Callable[[str], _T], what: str, example: str) -> _T:
    try:
        return kind(text)
    except ValueError:
        raise _unclear(what, text, example) from None


def _unclear(what: str, text: str, example: str) -> ExportError:
    return ExportError(f"{what}: found {text!r}, expected something like {example}")
