"""What can be asked of an export; whatever is left open is decided from the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np

from napari_strata.export.documents.ome_multiscales import VERSIONS, Version
from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.codecs import DEFAULT, Codec
from napari_strata.export.pixels.reduce import METHODS, Method
from napari_strata.model import Axis

Sizes = Sequence[int] | Mapping[str, int]
"""Numbers by axis name; or for the last axes of an image, in its order."""


@dataclass(frozen=True)
class Options:
    """How layers are to be written.

    Attributes
    ----------
    version : of OME-Zarr; by default 0.5, or 0.6 where an image is turned, sheared or mirrored.
    channels : whether images on the same voxels become channels of one image.
    box : by axis name the (low, high) between which voxels have their centres, in the layers'
        units (micrometres and seconds for ours), of a dataset in its own.
    voxels : by axis name the (start, stop) of voxels of level 0.
    times : the same for the time axis.
    first_level : which of the levels that a layer has becomes level 0.
    levels : how many are written; by default as many as it takes to fit one chunk.
    factors : window size by axis, once for all levels or one entry a level.
    method : by default ``mean``; of labels ``mode``, also where a mean or median is asked for.
    chunks : voxels that are compressed as one.
    shards : voxels that are one file; True chooses. Not in 0.4.
    copy_levels : take the coarser levels that a layer has, instead of computing them anew.
    resample : write what is mirrored or turned by quarter turns on a straight grid: the same
        voxels, in another order. What is turned otherwise is refused.
    annotations : further files for annotations beside the dataset: ``csv`` of points and shapes
        as napari's own, ``geff`` of tracks.
    shapes : whether shapes are annotations, or become labels on the voxels of the first image
        layer.

    Raises
    ------
    ExportError : a value is none of those that can be asked for.
    """

    version: Version | None = None
    channels: Literal["merge", "separate"] = "merge"
    box: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    voxels: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    times: tuple[int | None, int | None] | None = None
    first_level: int = 0
    levels: int | None = None
    factors: Sizes | Sequence[Sizes] | None = None
    method: Method | None = None
    chunks: Sizes | None = None
    shards: Sizes | bool = False
    codec: Codec = DEFAULT
    copy_levels: bool = False
    resample: bool = False
    annotations: str | Sequence[str] = ()
    shapes: Literal["annotations", "labels"] = "annotations"

    def __post_init__(self) -> None:
        if self.version not in (None, *VERSIONS):
            known = ", ".join(VERSIONS)
            raise ExportError(f"version of OME-Zarr: found {self.version!r}, expected {known}")
        if self.channels not in ("merge", "separate"):
            raise ExportError(f"channels: found {self.channels!r}, expected merge or separate")
        if self.shapes not in ("annotations", "labels"):
            raise ExportError(f"shapes: found {self.shapes!r}, expected annotations or labels")
        if self.method not in (None, *METHODS):
            known = ", ".join(METHODS)
            raise ExportError(f"method: found {self.method!r}, expected one of {known}")
        if self.first_level < 0:
            raise ExportError(f"first level: found {self.first_level}, expected 0 or more")
        if self.version == "0.4" and self.shards is not False:
            raise ExportError("OME-Zarr 0.4 has no shards; write 0.5, or without shards")
        for name, ends in self.box.items():
            low, high = (float(v) for v in ends)
            if not (np.isfinite(low) and np.isfinite(high) and low <= high):
                raise ExportError(f"box along {name}: found {low} to {high}, expected low ≤ high")


def options_of(wishes: Mapping[str, Any]) -> Options:
    """Make options of what a caller named; what is None is left open.

    Raises
    ------
    ExportError : there is no such option, or its value is none that can be asked for.
    """
    known = [one.name for one in fields(Options)]
    for name in wishes:
        if name not in known:
            raise ExportError(f"found the option {name!r}, expected one of {', '.join(known)}")
    given = {name: value for name, value in wishes.items() if value is not None}
    if isinstance(given.get("codec"), str):
        given["codec"] = codec_of(given["codec"])
    try:
        return Options(**given)
    except (TypeError, ValueError) as error:
        if isinstance(error, ExportError):
            raise
        raise ExportError(f"an option cannot be understood: {error}") from error


def codec_of(text: str) -> Codec:
    """Read ``blosc``, or ``zstd:3`` with a level.

    Raises
    ------
    ExportError : there is no such compressor or level.
    """
    name, _, level = text.partition(":")
    if level and not level.isdecimal():
        raise ExportError(f"codec: found {text!r}, expected a name, or name:level")
    if name == "none":
        return Codec("none", int(level or 0))
    return Codec(name, int(level)) if level else Codec(name)  # type: ignore[arg-type]


def sizes_for(axes: Sequence[Axis], wish: Sizes, others: Sequence[int]) -> tuple[int, ...]:
    """Return what is asked for an image's axes; ``others`` where nothing is said of an axis."""
    if isinstance(wish, Mapping):
        return tuple(int(wish.get(axis.name, n)) for axis, n in zip(axes, others, strict=True))
    last = [int(n) for n in wish][-len(axes) :]
    return (*(int(n) for n in others[: len(axes) - len(last)]), *last)


def factors_for(axes: Sequence[Axis], wish: Any) -> Any:
    """Return window sizes for an image's axes, once or one tuple a level; 1 where not said."""
    if wish is None:
        return None
    ones = (1,) * len(axes)
    whole = isinstance(wish, Mapping) or all(isinstance(f, int | np.integer) for f in wish)
    return sizes_for(axes, wish, ones) if whole else [sizes_for(axes, one, ones) for one in wish]
