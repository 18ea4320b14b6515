"""Axes as OME-NGFF 0.4 to 0.6 write them.

Source: https://ngff.openmicroscopy.org, "axes" and "multiscales" metadata.
"""

from __future__ import annotations

from collections.abc import Sequence

from napari_strata import units
from napari_strata.export.documents.written import NotCarried
from napari_strata.model import Axis

_RANK = {"time": 0, "channel": 1, "other": 1, "space": 2}
_FEWEST, _MOST = 2, 5
_FEWEST_SPACE, _MOST_SPACE = 2, 3

AxisJson = dict[str, str]


def axes_as_json(axes: Sequence[Axis]) -> list[AxisJson]:
    """Describe the axes; units by their names in OME-NGFF.

    Raises
    ------
    NotCarried
        If the specification has no image with these axes.
    """
    check_axes(axes)
    return [_axis(axis) for axis in axes]


def check_axes(axes: Sequence[Axis]) -> None:
    """Refuse what no version allows: their number, order and names."""
    shown = ", ".join(f"{a.name} ({a.type})" for a in axes)
    if not _FEWEST <= len(axes) <= _MOST:
        raise NotCarried(f"OME-Zarr images have 2 to 5 axes, this one has {len(axes)}: {shown}")
    spatial = sum(a.type == "space" for a in axes)
    if not _FEWEST_SPACE <= spatial <= _MOST_SPACE:
        raise NotCarried(
            f"OME-Zarr images have 2 or 3 spatial axes, this one has {spatial}: {shown}"
        )
    if sum(a.type == "time" for a in axes) > 1:
        raise NotCarried(f"OME-Zarr images have one time axis at most, found {shown}")
    if sum(a.type in ("channel", "other") for a in axes) > 1:
        raise NotCarried(f"OME-Zarr images have one channel or other axis at most, found {shown}")
    if len({a.name for a in axes}) != len(axes):
        raise NotCarried(f"each axis needs a name of its own, found {shown}")
    if [a.type for a in axes] != [a.type for a in sorted(axes, key=rank)]:
        raise NotCarried(f"OME-Zarr wants the order time, channel, space; found {shown}")


def rank(axis: Axis) -> int:
    """Return an axis' place in the order that every version demands: time, channel, space."""
    return _RANK[axis.type]


def unit_factor(axis: Axis, target: Axis) -> float | None:
    """Return what turns one axis' unit into another's; None where nothing does."""
    one, other = units.parse(axis.unit or ""), units.parse(target.unit or "")
    if one == other:
        return 1.0
    if one is None or other is None or one.dimension != other.dimension:
        return None
    return one.factor / other.factor


def _axis(axis: Axis) -> AxisJson:
    found: AxisJson = {"name": axis.name}
    if axis.type != "other":  # a type of one's own is allowed, but says nothing to others
        found["type"] = axis.type
    unit = None if axis.unit is None else units.parse(axis.unit)
    if unit is not None:
        found["unit"] = unit.name
    return found
