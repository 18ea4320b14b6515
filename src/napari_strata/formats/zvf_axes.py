"""ZVF's axes: the columns of the vertices, in the store's own order, and the declared bounds.

Rules: ``zarr_vectors.core.metadata`` (axes are ``multiscales[0].axes``, a missing type is space,
the default order is x, y, z), and formats.md, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_strata import units
from napari_strata.formats._grid import axis_type
from napari_strata.formats.ome_axes import read_axes
from napari_strata.formats.viewer_order import has_usual_names, viewer_order
from napari_strata.formats.zvf_keys import not_used
from napari_strata.geometry import Box
from napari_strata.model import Axis, OpenError, Problem
from napari_strata.store.values import JsonPlace, positive_vector, quote, sequence, vector

_RANKS = (2, 3, 4)
_USUAL = ("x", "y", "z")
_TYPES = ("space", "time", "channel")


@dataclass(frozen=True)
class Frame:
    """The axes in the viewer's order.

    Attributes
    ----------
    columns : for each axis, the store's own column.
    chunk : ``(n,)`` edges of a chunk, in the order of the store.
    bounds : ``(2, n)`` in the viewer's order; None if none are declared.
    """

    axes: tuple[Axis, ...]
    columns: tuple[int, ...]
    chunk: tuple[float, ...]
    bounds: Box | None

    @property
    def ndim(self) -> int:
        """Number of columns."""
        return len(self.axes)


def read_frame(
    own: Mapping[str, Any],
    place: JsonPlace,
    multiscale: Mapping[str, Any],
    multiscale_place: JsonPlace,
    problems: list[Problem],
) -> Frame:
    """Read axes and bounds; how many there are is told by ``chunk_shape``.

    Raises
    ------
    OpenError
        If there is no ``chunk_shape``, or the axes are not as many or not told apart by their
        names: the vertices are plain rows of numbers, and would be cut up wrongly.
    """
    at = place.child("chunk_shape")
    sizes = sequence(own.get("chunk_shape"), at)
    chunk = positive_vector(sizes, at, len(sizes))
    if len(chunk) not in _RANKS:
        raise at.refuse("wrong-rank", f"found {len(chunk)} axes, expected 2, 3 or 4")
    stored = _axes(multiscale.get("axes"), multiscale_place.child("axes"), len(chunk), at, problems)
    columns = viewer_order(stored)
    if not has_usual_names(stored):
        names = ", ".join(a.name for a in stored if a.type == "space")
        message = f"the axes {names} are not called x, y, z; they are kept in the store's order"
        problems.append(multiscale_place.child("axes").problem("axis-order-kept", "info", message))
    bounds = _bounds(own.get("bounds"), place.child("bounds"), len(chunk), problems)
    return Frame(
        axes=tuple(stored[i] for i in columns),
        columns=columns,
        chunk=tuple(chunk),
        bounds=None if bounds is None else bounds[:, columns],
    )


def _axes(
    value: object, place: JsonPlace, rank: int, chunk: JsonPlace, problems: list[Problem]
) -> tuple[Axis, ...]:
    if value is None:
        if rank > len(_USUAL):
            message = f"found no axes, expected {rank}: which of them is time is not known"
            raise place.refuse("missing-axes", message)
        usual = _USUAL[:rank]
        message = f"found no axes, expected {rank}; taken as {', '.join(usual)}"
        problems.append(place.problem("missing-axes", "warning", message))
        return tuple(Axis(name, "space") for name in usual)
    items = sequence(value, place)
    if len(items) != rank:
        message = (
            f"found {len(items)} axes, expected {rank} as {chunk.key} has: the vertices would be "
            "cut up wrongly"
        )
        raise place.refuse("wrong-length", message)
    items = [_plain(item, place.item(i), problems) for i, item in enumerate(items)]
    found: list[Problem] = []
    axes = read_axes(items, place, rank, found)
    names = [axis.name.lower() for axis in axes]
    if len(set(names)) != rank:
        message = f"found {quote(names)}, expected a different name for each axis"
        raise place.refuse("repeated-axis", message)
    problems += found
    return axes


def _plain(item: object, place: JsonPlace, problems: list[Problem]) -> object:
    """Write an axis as the specification has it: type and unit changed over, or no type."""
    if not isinstance(item, dict):
        return item
    kind, unit, name = item.get("type"), item.get("unit"), item.get("name")
    if kind is None:
        known = axis_type(name) if isinstance(name, str) else "other"
        return {**item, "type": known if known != "other" else "space"}
    if not isinstance(kind, str) or not (unit is None or unit in _TYPES) or not _is_unit(kind):
        return item
    message = f"found {quote(kind)}, a unit, expected a type such as space; taken as the unit"
    problems.append(place.child("type").problem("axis-swapped", "warning", message))
    plain = {**item, "type": unit, "unit": kind}
    return plain if unit is not None else _plain(plain, place, problems)


def _is_unit(text: str) -> bool:
    return bool(text) and (units.parse(text) is not None or units.is_unitless(text))


def _bounds(value: object, place: JsonPlace, rank: int, problems: list[Problem]) -> Box | None:
    """Read the lowest and the highest corner, in the order of the store; None with a warning."""
    try:
        corners = sequence(value, place)
        if len(corners) != 2:
            raise place.unexpected(value, "two corners, the lowest and the highest")
        box = np.array([vector(c, place.item(i), rank) for i, c in enumerate(corners)])
        if np.any(box[0] > box[1]):
            raise place.unexpected(value, "the lowest corner first")
    except OpenError as error:
        problems.append(not_used(error))
        return None
    return box
