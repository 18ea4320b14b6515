"""Neuroglancer's precomputed volumes: all scales are described by one ``info`` file.

Rules: Neuroglancer's description of precomputed volumes, and formats.md for world 0. Voxel i of
a scale lies on [i + offset, i + offset + 1) · resolution, in nanometres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_strata import affine
from napari_strata.formats._assemble import Draft, contribution, image
from napari_strata.formats._ome import labels_kind
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Survey
from napari_strata.formats.precomputed_properties import read_properties
from napari_strata.formats.precomputed_scale import Scale, Volume, read_resolution, read_scale
from napari_strata.model import GRID_SPACING, Axis, Display, Image, Kind, OpenError, Problem
from napari_strata.store.values import JsonPlace, quote, sequence, text

NAME = "precomputed"
_UNIT = "nm"
_VOLUME = "neuroglancer_multiscale_volume"
_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "float32")
_SEGMENTATION, _IMAGE = "segmentation", "image"
_MOST_CHANNELS = 2**20
_NEIGHBOURS = {"mesh": "meshes", "skeletons": "skeletons"}


def probe(survey: Survey) -> str | None:
    """See an ``info`` file of Neuroglancer's."""
    if survey.group.encoding != "precomputed":
        return None
    scales = survey.group.attributes.get("scales")
    return f"an info file with {len(scales) if isinstance(scales, list) else 'no'} scales"


def parse(survey: Survey, context: Context) -> list[Image]:
    """Place every scale by its resolution and offset.

    Raises
    ------
    OpenError
        If it is no volume, or none of its scales can be used.
    """
    info, place = survey.group.attributes, survey.group.place()
    _check_volume(info, place)
    problems: list[Problem] = []
    is_segmentation = _is_segmentation(info, place, problems)
    volume = Volume(survey.group, _dtype(info, place), _channels(info, place, problems))
    values, at = sequence(info.get("scales"), place.child("scales")), place.child("scales")
    scales = _scales(values, at, volume, problems)
    finest = _finest_resolution(values, at, problems)
    drafts = [
        Draft(scale, _contributions(scale, finest, context.origin == "corner"), listed=scale.at)
        for scale in scales
    ]
    kind: Kind = "image"
    display = Display()
    if is_segmentation:
        kind = labels_kind(volume.dtype, place.child("type"), problems)
        display = read_properties(survey.group, problems)
    problems += _not_read(info, place)
    return [
        image(
            survey,
            context,
            format_name=NAME,
            axes=_axes(volume),
            drafts=drafts,
            problems=problems,
            kind=kind,
            display=display,
        )
    ]


def _check_volume(info: Mapping[str, Any], place: JsonPlace) -> None:
    kind = info.get("@type")
    if "scales" not in info and kind != _VOLUME:
        message = f'found {quote(kind)}, expected "{_VOLUME}": only volumes are read'
        raise place.child("@type").refuse("not-a-volume", message)
    if "scales" not in info:
        raise place.child("scales").refuse("missing-key", "found no scales, expected a list")


def _is_segmentation(info: Mapping[str, Any], place: JsonPlace, problems: list[Problem]) -> bool:
    kind = info.get("type")
    name = kind.lower() if isinstance(kind, str) else kind
    if name not in (_SEGMENTATION, _IMAGE):
        message = f'found {quote(kind)}, expected "image" or "segmentation"; taken as "image"'
        problems.append(place.child("type").problem("unknown-volume-type", "warning", message))
    return name == _SEGMENTATION


def _dtype(info: Mapping[str, Any], place: JsonPlace) -> np.dtype[Any]:
    at = place.child("data_type")
    name = text(info.get("data_type"), at).lower()
    if name not in _DTYPES:
        raise at.unexpected(info["data_type"], f"one of {', '.join(_DTYPES)}", "unknown-dtype")
    return np.dtype(name)


def _channels(info: Mapping[str, Any], place: JsonPlace, problems: list[Problem]) -> int:
    at, value = place.child("num_channels"), info.get("num_channels")
    if value is None:
        message = "found no num_channels, expected a whole number from 1 up; taken as 1"
        problems.append(at.problem("missing-key", "warning", message))
        return 1
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    if not whole or not 1 <= value <= _MOST_CHANNELS:
        raise at.unexpected(value, "a whole number from 1 up")
    return int(value)


def _axes(volume: Volume) -> list[Axis]:
    channel = [] if volume.channels == 1 else [Axis("c", "channel")]
    return [*channel, *(Axis(name, "space", _UNIT) for name in "zyx")]


def _scales(
    values: Sequence[Any], at: JsonPlace, volume: Volume, problems: list[Problem]
) -> list[Scale]:
    """Read the scales that are to be shown; one that is wrong is left out, with an error."""
    hidden = [isinstance(v, dict) and v.get("hidden") is True for v in values]
    result = []
    for index, value in enumerate(values):
        if hidden[index] and not all(hidden):
            message = "found true: the scale is not to be shown; left out"
            problems.append(at.item(index).child("hidden").problem("hidden-level", "info", message))
            continue
        try:
            result.append(read_scale(value, at.item(index), volume, problems))
        except OpenError as error:
            problems.append(error.problem)
    return result


def _finest_resolution(
    values: Sequence[Any], at: JsonPlace, problems: list[Problem]
) -> tuple[float, ...]:
    """Return the smallest voxel that is declared, z, y, x: half of it is between the conventions.

    It is that of the first scale in a sound file, and counts even where that scale is not shown.
    """
    found = [read_resolution(value, at.item(index)) for index, value in enumerate(values)]
    known = [resolution for resolution in found if resolution is not None]
    if known and found[0] is None:
        message = (
            "the resolution of the finest scale is not known; world 0 is half a voxel of the "
            "finest one that is, which may be some finer voxels off"
        )
        problems.append(at.item(0).problem("finest-level-missing", "warning", message))
    return min(known, key=lambda r: float(np.sum(np.log(r))), default=(1.0, 1.0, 1.0))


def _contributions(scale: Scale, finest: tuple[float, ...], corner: bool) -> tuple[Any, ...]:
    """Compose: to the corner grid by offset and resolution, then to the wanted world 0."""
    extra = len(scale.shape) - 3
    ones, zeros = [1.0] * extra, [0.0] * extra
    centre = [offset + 0.5 for offset in scale.offset]
    resolution = scale.place("resolution")
    parts = [
        contribution(
            GRID_SPACING, resolution, affine.from_scale_translate([*ones, *scale.resolution])
        ),
        contribution(
            "voxel offset, and half a voxel to the centre",
            scale.place("voxel_offset"),
            affine.from_scale_translate([1.0] * len(scale.shape), [*zeros, *centre]),
        ),
    ]
    if not corner:
        half = [-r / 2 for r in finest]
        matrix = affine.from_scale_translate([1.0] * len(scale.shape), [*zeros, *half])
        parts.insert(0, contribution("world 0 at the centre of a voxel", "default", matrix))
    return tuple(parts)


def _not_read(info: Mapping[str, Any], place: JsonPlace) -> list[Problem]:
    return [
        place.child(key).problem(
            "geometry-not-read", "info", f"found {quote(info[key])}: {what} are not read"
        )
        for key, what in _NEIGHBOURS.items()
        if info.get(key) is not None
    ]
