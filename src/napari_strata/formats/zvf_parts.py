"""What a ZVF store holds: its kind, and the parts beside it that are not read.

Rules: ``zarr_vectors.composite`` (further geometries lie in arrays of their own, listed by the
attributes of a level's ``geometry_index``), and its ``parametric`` group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from napari_strata.formats.zvf_keys import not_used
from napari_strata.geometry import GeometryKind
from napari_strata.model import OpenError, Problem
from napari_strata.store.hierarchy import read_group
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, quote, texts

INDEX = "geometry_index"
PARAMETRIC = "parametric"
KINDS: Mapping[str, GeometryKind] = {
    "point_cloud": "points",
    "line": "lines",
    "polyline": "lines",
    "streamline": "lines",
    "graph": "graph",
    "skeleton": "graph",
    "mesh": "mesh",
}


def read_types(value: object, place: JsonPlace) -> tuple[str, ...]:
    """Read ``geometry_types``, each once.

    Raises
    ------
    OpenError
        If it is no list of texts, or empty.
    """
    types = tuple(dict.fromkeys(texts(value, place)))
    if not types:
        raise place.refuse("zvf-kind", f"found no kind of geometry, expected {_expected()}")
    return types


def part_nodes(store: Node, levels: Sequence[Node]) -> list[Node]:
    """List the folders whose metadata tells of further parts."""
    return [*(level.child(INDEX) for level in levels), store.child(PARAMETRIC)]


def read_parts(store: Node, levels: Sequence[Node], problems: list[Problem]) -> tuple[str, ...]:
    """Name the kinds that lie in arrays of their own; each is told, as they are not read."""
    found: dict[str, JsonPlace] = {}
    for node in part_nodes(store, levels):
        try:
            group = read_group(node, "zarr3")
        except OpenError as error:
            problems.append(not_used(error))
            continue
        if group is None:
            continue
        if node.name == PARAMETRIC:
            message = "holds parametric objects (planes, lines, spheres); they are not shown"
            problems.append(node.place("zarr.json").problem("zvf-part", "error", message))
            continue
        for name in group.attributes:
            found.setdefault(name, group.place(name))
    for name, place in found.items():
        message = f"holds a further geometry, {quote(name)}, in arrays of its own; it is not shown"
        problems.append(place.problem("zvf-part", "error", message))
    return tuple(found)


def own_kind(
    types: Sequence[str],
    place: JsonPlace,
    parts: Iterable[str],
    finest: Holds,
    problems: list[Problem],
) -> str:
    """Tell the kind of the store's own vertices: what no further part is of.

    Of several the last that fits the arrays of the finest level: zarr-vectors adds a kind to the
    list with each writing, which replaces the vertices, and begins it with the kind the store was
    created for (points, if none was given).

    Raises
    ------
    OpenError
        If that is none, or one that is not known.
    """
    elsewhere = set(parts)
    own = [name for name in types if name not in elsewhere]
    if not own and finest.vertices and len(types) == 1:
        own = [*types]
    if not own:
        message = f"found only further geometries ({', '.join(types)}); these are not read"
        raise place.refuse("zvf-kind", message)
    for name in own:
        if name not in KINDS:
            raise place.refuse("zvf-kind", f"found {quote(name)}, expected {_expected()}")
    if len(own) == 1:
        return own[0]
    fitting = [name for name in own if finest.fits(KINDS[name])]
    if not fitting:
        message = f"found {quote(own)}, expected one: the arrays of level 0 are of none of these"
        raise place.refuse("zvf-kind", message)
    chosen = fitting[-1]
    same = len({KINDS[name] for name in own}) == 1
    message = f"found {quote(own)}, expected one; taken as {chosen}, which was written last"
    problems.append(place.problem("zvf-kinds", "info" if same else "warning", message))
    return chosen


@dataclass(frozen=True)
class Holds:
    """What the finest level says it holds.

    Attributes
    ----------
    vertices : whether it has any of its own.
    arrays : the families of its arrays; None if it does not say.
    """

    vertices: bool
    arrays: tuple[str, ...] | None

    def fits(self, kind: GeometryKind) -> bool:
        """Tell whether a kind is stored so: edges and faces are links, lines are objects."""
        if self.arrays is None:
            return True
        if kind in ("graph", "mesh"):
            return "links" in self.arrays
        return "links" not in self.arrays and (kind == "points" or "object_index" in self.arrays)


def _expected() -> str:
    return f"one of {', '.join(KINDS)}"
