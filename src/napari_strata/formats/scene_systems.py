"""The images of a scene in the systems they are joined to (OME-NGFF 0.6, "scene")."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from napari_strata.affine import Matrix
from napari_strata.formats.coordinate_systems import Declared
from napari_strata.formats.systems import in_system
from napari_strata.formats.transform_graph import Edge, Graph, SystemKey, Ways
from napari_strata.formats.transform_nesting import inverted, product
from napari_strata.model import Axis, CoordinateSystem, Image, OpenError, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.values import JsonPlace

# Every image can be shown in every other's systems, as long as these are so few.
_MOST_SYSTEMS = 64


@dataclass(frozen=True)
class Member:
    """An image of a scene; ``path`` is relative to the scene, ``""`` its own group."""

    path: str
    image: Image
    group: Group

    def axes_of(self, name: str) -> tuple[Axis, ...] | None:
        """Look up the axes of one of the image's systems; None if it has none such."""
        return next((s.axes for s in self.image.systems if s.name == name), None)

    def key(self, name: str) -> SystemKey:
        """Name one of the image's systems in the scene.

        An image in the scene's own group is told from the scene by ``"."``.
        """
        return SystemKey(self.path or ".", name)

    @property
    def intrinsic(self) -> SystemKey | None:
        """The image's intrinsic system; None for an image of an earlier version."""
        return self.key(self.image.systems[0].name) if self.image.systems else None


def joined(
    members: Sequence[Member],
    declared: Mapping[str, Declared],
    edges: Sequence[Edge],
    at: JsonPlace,
) -> tuple[list[Image], list[Problem]]:
    """Give every image the systems it is joined to, and show it in the scene's first one.

    Parameters
    ----------
    declared : the scene's own systems, in listed order.
    edges : the scene's transforms.
    at : the scene, for messages.
    """
    paths = {member.path for member in members}
    graph = Graph([*edges, *(edge for member in members for edge in _own_edges(member, paths))])
    others = _others(members)
    reference = _reference(members)
    asked = {reference, *(SystemKey("", name) for name in declared), *(key for key, _ in others)}
    images: list[Image] = []
    problems: list[Problem] = []
    reached: list[bool] = []
    compared: set[SystemKey] = set()
    for member in members:
        start = member.intrinsic
        if start is None:
            images.append(_unplaced(member, "it has no coordinate systems", at, declared))
            reached.append(False)
            continue
        wanted = {*asked, *(member.key(s.name) for s in member.image.systems)}
        ways = graph.ways(start, wanted if start in compared else None)
        if start not in compared:  # what is joined to it was compared with it
            problems += ways.contradictions(_finest(member.image))
            compared |= {start, *ways.steps}
        image = _with_systems(member, ways, declared, others)
        images.append(_shown(image, ways, declared, at))
        reached.append(ways.to(reference) is not None)
    if not declared and len(members) > 1:
        problems.append(_without_system(members, all(reached), at))
    return images, problems


def _finest(image: Image) -> Matrix:
    base = image.intrinsic or image
    return base.levels[0].affine


def _own_edges(member: Member, paths: Container[str]) -> list[Edge]:
    """Join an image's systems to its intrinsic one, as it says; ``paths`` are all members'."""
    start = member.intrinsic
    if start is None:
        return []
    edges = []
    for system in member.image.systems[1:]:
        chain = system.transforms
        place = JsonPlace(chain[0].where if chain else member.group.node.shown_path)
        key = member.key(system.name)
        if system.source is not None:
            inside = f"{member.path}/{system.source[0]}".strip("/")
            if inside in paths:  # a label image that is in the scene by itself
                key = SystemKey(inside, system.source[1])
        back = None if chain is None else inverted(chain)
        blocked = system.problem
        nonlinear = blocked if blocked and blocked.code == "nonlinear-transform" else None
        if chain is not None or nonlinear is not None:
            edges.append(Edge(start, key, chain, back, place, nonlinear))
    return edges


def _others(members: Sequence[Member]) -> list[tuple[SystemKey, CoordinateSystem]]:
    """List the images' systems; of very many only those of the first."""
    own = [m for m in members if m.image.systems]
    if sum(len(m.image.systems) for m in own) > _MOST_SYSTEMS:
        own = own[:1]
    return [(m.key(s.name), s) for m in own for s in m.image.systems]


def _with_systems(
    member: Member,
    ways: Ways,
    declared: Mapping[str, Declared],
    others: Sequence[tuple[SystemKey, CoordinateSystem]],
) -> Image:
    """List an image's own systems, then the scene's, then those of other images it is joined to."""
    systems = list(member.image.systems)
    taken = {s.name for s in systems}
    for name, system in declared.items():
        key = SystemKey("", name)
        shown = name if name not in taken else f"scene:{name}"
        systems.append(_system(shown, system.axes, key, ways, str(system.place)))
        taken.add(shown)
    for key, other in others:
        if key.path != (member.path or ".") and str(key) not in taken and ways.to(key) is not None:
            systems.append(_system(str(key), other.axes, key, ways, str(key)))
            taken.add(str(key))
    return replace(member.image, systems=tuple(systems))


def _system(
    name: str, axes: tuple[Axis, ...], key: SystemKey, ways: Ways, where: str
) -> CoordinateSystem:
    chain = ways.to(key)
    if chain is None:
        return CoordinateSystem(name, axes, None, ways.obstacle(key, where))
    if product(chain) is None:
        message = "found transforms whose product is no longer finite; it cannot be shown"
        return CoordinateSystem(name, axes, None, Problem("not-finite", "info", where, message))
    return CoordinateSystem(name, axes, chain)


def _shown(image: Image, ways: Ways, declared: Mapping[str, Declared], at: JsonPlace) -> Image:
    """Show an image in the scene's first system; where that cannot be, say why."""
    if not declared:
        return image
    first = next(iter(declared))
    name = next(n for n in (f"scene:{first}", first) if any(s.name == n for s in image.systems))
    try:
        return in_system(image, name)
    except OpenError as error:
        return _left_alone(image, error.problem, first)


def _left_alone(image: Image, problem: Problem, first: str) -> Image:
    message = f'{problem.message}; shown in its own coordinate system, not in "{first}"'
    warning = replace(problem, severity="warning", message=message)
    return replace(image, problems=(*image.problems, warning))


def _unplaced(
    member: Member, reason: str, at: JsonPlace, declared: Mapping[str, Declared]
) -> Image:
    if not declared:
        return member.image
    problem = Problem("unconnected-system", "warning", member.image.path or ".", reason)
    return _left_alone(member.image, problem, next(iter(declared)))


def _reference(members: Sequence[Member]) -> SystemKey:
    return next((m.intrinsic for m in members if m.intrinsic is not None), SystemKey("", ""))


def _without_system(members: Sequence[Member], connected: bool, at: JsonPlace) -> Problem:
    message = "found no coordinateSystems: every image is shown in its own coordinate system"
    if connected:
        message += (
            f'; to see them together, choose one of an image, such as "{_reference(members)}"'
        )
    else:
        message += ", and transforms do not join all of them"
    return at.problem("scene-without-system", "info", message)
