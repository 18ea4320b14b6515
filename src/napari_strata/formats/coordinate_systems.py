"""OME-NGFF 0.6 ``coordinateSystems``, and how ``input`` and ``output`` refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from napari_strata.formats._ome import key_place, keys
from napari_strata.formats.ome_axes import read_axes
from napari_strata.formats.transform_parameters import MOST_AXES
from napari_strata.formats.transform_types import Space
from napari_strata.model import Axis, OpenError, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.values import JsonPlace, mapping, quote, sequence

FIELD_TYPES = ("displacement", "coordinate")


@dataclass(frozen=True)
class Declared:
    """A coordinate system as it is declared.

    ``of_vectors`` tells that an axis counts the components of vectors: what is in this system is
    a field that bends space, no image. ``problems`` are those of its axes.
    """

    name: str
    axes: tuple[Axis, ...]
    place: JsonPlace
    of_vectors: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def space(self) -> Space:
        """Its axes, for transforms that refer to them."""
        return Space(tuple(a.name for a in self.axes))


def as_info(problems: Iterable[Problem]) -> list[Problem]:
    """Weaken problems of what is not shown by default."""
    return [replace(p, severity="info") for p in problems]


def read_systems(value: object, at: JsonPlace, problems: list[Problem]) -> dict[str, Declared]:
    """Read the systems by name, in listed order; a damaged one costs only itself.

    Raises
    ------
    OpenError
        If it is no list.
    """
    found: dict[str, Declared] = {}
    for index, item in enumerate(sequence(value, at)):
        try:
            system = _system(item, at.item(index))
        except OpenError as error:
            problems += as_info([error.problem])
            continue
        if system.name in found:
            message = f'found the system "{system.name}" a second time; the first is used'
            place = system.place.child("name")
            problems.append(place.problem("repeated-system", "warning", message))
        else:
            found[system.name] = system
    return found


def _system(item: object, place: JsonPlace) -> Declared:
    fields = mapping(item, place)
    name = fields.get("name")
    if not isinstance(name, str) or not name:
        raise place.child("name").unexpected(name, "a name (text)")
    at = place.child("axes")
    axes = sequence(fields.get("axes"), at)
    if not 1 <= len(axes) <= MOST_AXES:
        message = f"found {len(axes)} axes, expected 1 to {MOST_AXES}"
        raise at.refuse("wrong-length", message)
    of_vectors = any(isinstance(a, dict) and _is_vector_axis(a.get("type")) for a in axes)
    own: list[Problem] = []
    parsed = read_axes(axes, at, len(axes), own)
    return Declared(name, parsed, place, of_vectors, tuple(own))


def _is_vector_axis(kind: object) -> bool:
    return isinstance(kind, str) and kind in FIELD_TYPES


def system_of(group: Group, name: str) -> Declared | None:
    """Find a coordinate system of another image group by its name; None if it has none such."""
    multiscales = keys(group).get("multiscales")
    at = key_place(group, "multiscales")
    for index, item in enumerate(multiscales if isinstance(multiscales, list) else []):
        systems = item.get("coordinateSystems") if isinstance(item, dict) else None
        if not isinstance(systems, list):
            continue
        place = at.item(index).child("coordinateSystems")
        found = read_systems(systems, place, []).get(name)
        if found is not None:
            return found
    return None


@dataclass(frozen=True)
class Reference:
    """What an ``input`` or ``output`` names: a system, and the group or array it belongs to.

    A plain text, as the drafts have it, is a name that may also be a path.
    """

    name: str | None
    path: str | None
    place: JsonPlace
    plain: bool = False

    def unknown(self) -> OpenError:
        """Make the error for a reference to what does not exist."""
        shown = self.name if self.path is None else {"path": self.path, "name": self.name}
        message = f"found {quote(shown)}, which is no coordinate system there; not used"
        return self.place.refuse("unknown-system", message)


def read_reference(transform: object, end: str, at: JsonPlace) -> Reference | None:
    """Read a transform's ``input`` or ``output``; None where it has none.

    Raises
    ------
    OpenError
        If it is neither a text nor an object with a name or a path.
    """
    value = mapping(transform, at).get(end)
    place = at.child(end)
    if value is None:
        return None
    if isinstance(value, str) and value:
        return Reference(value, None, place, plain=True)
    if not isinstance(value, dict):
        raise place.unexpected(value, "an object with a name or a path")
    name, path = _text(value, "name", place), _text(value, "path", place)
    if path is not None and not [part for part in path.split("/") if part not in ("", ".")]:
        path = None  # the group itself
    return None if name is None and path is None else Reference(name, path, place)


def _text(value: Mapping[str, Any], key: str, place: JsonPlace) -> str | None:
    found = value.get(key)
    if found is not None and not isinstance(found, str):
        raise place.child(key).unexpected(found, "a text")
    return found or None
