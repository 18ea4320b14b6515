"""In which order axes are shown: other ones, then t, z, y, x, as napari lines them up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from napari_strata.model import Axis

_SPACE_ORDER = {"z": 0, "y": 1, "x": 2}


def viewer_order(axes: Sequence[Axis], kept: Iterable[int] | None = None) -> tuple[int, ...]:
    """Sort the indices of axes (all, or those in ``kept``) into the viewer's order.

    Axes of space keep their order unless all are called z, y or x.
    """
    indices = range(len(axes)) if kept is None else kept
    return tuple(sorted(indices, key=lambda index: _rank(axes, index)))


def has_usual_names(axes: Sequence[Axis]) -> bool:
    """Tell whether all axes of space are called z, y or x."""
    return {a.name.lower() for a in axes if a.type == "space"} <= _SPACE_ORDER.keys()


def _rank(axes: Sequence[Axis], index: int) -> tuple[int, int]:
    axis = axes[index]
    if axis.type == "time":
        return 1, 0
    if axis.type != "space":
        return 0, index
    if has_usual_names(axes):
        return 2, _SPACE_ORDER[axis.name.lower()]
    return 2, index
