"""VISoR's channels: which wavelength is at which index of the channel axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from napari_strata.formats._survey import Sourced
from napari_strata.formats.visor_keys import axis_index, name_of, not_used, objects
from napari_strata.model import ChannelDisplay, Image, OpenError, Problem
from napari_strata.store.values import JsonPlace

_WAVELENGTH = ("wavelength", "wave_length")  # the schema's pages write both


def named(image: Image, declared: Sourced | None, problems: list[Problem]) -> Image:
    """Give every channel its wavelength as a label, else ``channel_0``, ``channel_1``, …"""
    if image.channel_axis is None:
        return image
    count = image.levels[0].shape[image.channel_axis]
    labels = {} if declared is None else _wavelengths(declared, count, problems)
    listed = image.display.channels
    channels = [
        replace(
            listed[index] if index < len(listed) else ChannelDisplay(),
            label=labels.get(index, f"channel_{index}"),
        )
        for index in range(min(count, _most(labels, count)))
    ]
    return replace(image, display=replace(image.display, channels=tuple(channels)))


_MOST_NAMED = 1000  # more channels than that are a spectrum: they keep a slider


def _most(labels: Mapping[int, str], count: int) -> int:
    return count if count <= _MOST_NAMED else max(labels, default=-1) + 1


def _wavelengths(declared: Sourced, count: int, problems: list[Problem]) -> dict[int, str]:
    """Read the wavelength at each index; in 2024.11.1 no entry has one, and their order counts."""
    entries = objects(declared, problems)
    in_order = not any("index" in fields for fields, _ in entries)
    found: dict[int, str] = {}
    for position, (fields, place) in enumerate(entries):
        try:
            at = place.child("index")
            index = position if in_order else axis_index(fields.get("index"), at)
            label = _wavelength(fields, place)
        except OpenError as error:
            problems.append(not_used(error))
            continue
        if index >= count:
            message = f"found {index}, expected an index below {count}, the number of channels"
            problems.append(at.problem("channel-index-out-of-range", "warning", message))
        elif index in found:
            message = f"found {index} a second time; the channel is called {found[index]}"
            problems.append(at.problem("duplicate-channel-index", "warning", message))
        else:
            found[index] = label
    if len(found) < count:
        message = f"found {len(found)} channels, expected {count}; the others are numbered"
        problems.append(declared.place.problem("channels-shorter-than-axis", "info", message))
    return found


def _wavelength(fields: Mapping[str, Any], place: JsonPlace) -> str:
    key = next((k for k in _WAVELENGTH if k in fields), _WAVELENGTH[0])
    return name_of(fields.get(key), place.child(key))


def indices_of(image: Image, wanted: Sequence[str]) -> list[int]:
    """Find the channels of some wavelengths, in the order of the axis."""
    labels = [channel.label for channel in image.display.channels]
    return [index for index, label in enumerate(labels) if label in wanted]
