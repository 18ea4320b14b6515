"""A plan in words: to tell whether another is the same, and to read before it is run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from napari_strata import affine
from napari_strata.export.pixels.codecs import Codec
from napari_strata.export.pixels.pyramid import LevelPlan
from napari_strata.export.pixels.sources import Source
from napari_strata.export.planning.export_plan import ExportPlan

_SHORT = 12  # characters of a checksum


def told(plan: ExportPlan) -> dict[str, str]:
    """Say what pixels an export writes and from where, by what each sentence is about.

    Two exports with the same words write the same chunks. How layers look may differ: metadata
    is written afresh at the end.
    """
    words = {"format": f"{plan.container} {plan.version}", "codec": _codec(plan.codec)}
    for image in plan.images:
        name = image.written.path or image.written.name or "image"
        for number, part in enumerate(image.parts):
            words[f"source {number} of {name}"] = _source(part.source)
            words[f"how {name} {number} is reduced"] = part.pyramid.method
        for written, level in zip(image.written.levels, image.levels, strict=True):
            words[f"level {written.path} of {name}"] = _level(level)
    words["metadata files"] = ", ".join(key for key, _ in plan.documents)
    words["everything together"] = plan.fingerprint[:_SHORT]
    return words


def shape_text(sizes: Sequence[int] | None) -> str:
    """Write sizes as people do: ``64 × 64``."""
    return "none" if sizes is None else " × ".join(str(n) for n in sizes)


def bytes_text(number: float) -> str:
    """Write a number of bytes in the unit that fits."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.3g} {unit}"
        number /= 1000
    raise AssertionError("a unit was found above")


def seconds_text(seconds: float | None) -> str:
    """Write a time span: ``1:05:09``."""
    if seconds is None or not np.isfinite(seconds):
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def place_text(level: LevelPlan) -> tuple[str, str]:
    """Write a level's scale and translation; where it has more, say so."""
    split = affine.scale_translate(level.affine)
    if split is None:
        return "see affine", "see affine"
    scale, translate = (", ".join(f"{v:.9g}" for v in part) for part in split)
    return scale, translate


def _level(level: LevelPlan) -> str:
    return (
        f"{shape_text(level.shape)} {level.dtype.name}, chunks {shape_text(level.chunks)}, shards "
        f"{shape_text(level.shards)}, affine {_checksum(repr(level.affine.tolist()))}"
    )


def _source(source: Source) -> str:
    if not source.portable:
        return f"pixels in memory ({source.identity[:_SHORT]}), which cannot be resumed"
    return f"stored pixels {source.identity[:_SHORT]}"


def _codec(codec: Codec) -> str:
    return f"{codec.name} {codec.level}"


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_SHORT]
