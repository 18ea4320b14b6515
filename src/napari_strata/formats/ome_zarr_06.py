"""OME-NGFF 0.6 images (RFC-5): datasets mapped to one coordinate system, and others beside it.

Rules: the specification's "multiscales" section, with the drafts' spellings. An image is shown
in its intrinsic system, the one its datasets are mapped to. Transforms of the multiscale do not
move it: they lead to further systems it may be shown in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from napari_strata.formats._assemble import Draft
from napari_strata.formats._ome import (
    Multiscale,
    candidates,
    choose,
    finish,
)
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Candidate, Survey
from napari_strata.formats.coordinate_systems import (
    Declared,
    as_info,
    read_reference,
    read_systems,
    system_of,
)
from napari_strata.formats.dataset_transforms import Datasets
from napari_strata.formats.transform_graph import Edge, Graph, SystemKey, Ways, read_edge
from napari_strata.formats.transform_nesting import product
from napari_strata.formats.transform_parameters import Reading
from napari_strata.formats.transform_types import Space
from napari_strata.model import CoordinateSystem, Image, OpenError, Problem, first_error
from napari_strata.store.hierarchy import read_group
from napari_strata.store.values import JsonPlace, sequence

NAME = "ome-zarr-0.6"


def probe(survey: Survey) -> str | None:
    """See ``multiscales`` with ``coordinateSystems``."""
    if survey.multiscales != "ome-0.6" or survey.group.encoding == "n5":
        return None
    inside = survey.ome.place.key.endswith("ome")
    return f"{'ome.' if inside else ''}multiscales with coordinateSystems"


def parse(survey: Survey, context: Context) -> list[Image]:
    """Read the chosen multiscale image of the group.

    Raises
    ------
    OpenError
        If no level has an honest place, or the group is a field of vectors, no image.
    """
    problems: list[Problem] = []
    multiscale = choose(survey, context, problems)
    place = multiscale.place.child("coordinateSystems")
    declared = read_systems(multiscale.value.get("coordinateSystems"), place, problems)
    found = candidates(multiscale)
    datasets = Datasets(multiscale, declared, problems)
    levels = [(c, datasets.edges(c, index)) for index, c in enumerate(found)]
    intrinsic = datasets.intrinsic
    if intrinsic is None:
        raise _nothing(problems, multiscale)
    if intrinsic.of_vectors:
        message = "found a field of displacements or coordinates, which bends space; not an image"
        raise intrinsic.place.child("axes").refuse("vector-field", message)
    problems += intrinsic.problems
    further = _Further(multiscale, declared)
    graph = Graph([*(e for _, edges in levels for e in edges), *further.edges(problems)])
    drafts = [
        draft
        for candidate, edges in levels
        if edges and (draft := _draft(candidate, graph, intrinsic, problems)) is not None
    ]
    image = finish(
        multiscale, format_name=NAME, axes=intrinsic.axes, drafts=drafts, problems=problems
    )
    return [_with_systems(image, intrinsic, further, graph)]


def _nothing(problems: Sequence[Problem], multiscale: Multiscale) -> OpenError:
    error = first_error(problems)
    if error is not None:
        return OpenError(error)
    message = "found no dataset that is mapped to a coordinate system, expected one"
    return multiscale.place.child("datasets").refuse("no-levels", message)


def _draft(
    candidate: Candidate, graph: Graph, intrinsic: Declared, problems: list[Problem]
) -> Draft | None:
    """Follow the transforms from an array to the intrinsic system."""
    array = candidate.array
    assert array is not None  # only arrays have edges
    ways = graph.ways(SystemKey(candidate.path, ""))
    chain = ways.to(SystemKey("", intrinsic.name))
    at = candidate.declared.place if candidate.declared is not None else array.place()
    if chain is None:
        obstacle = ways.obstacle(SystemKey("", intrinsic.name), str(at))
        message = f"{obstacle.message}; the level is left out"
        problems.append(replace(obstacle, severity="error", message=message))
        return None
    matrix = product(chain)
    if matrix is None:
        message = "found transforms whose product is no longer finite; left out"
        problems.append(at.problem("not-finite", "error", message))
        return None
    if matrix.shape != (len(intrinsic.axes) + 1,) * 2:
        message = (
            f"found transforms from {matrix.shape[1] - 1} to {matrix.shape[0] - 1} axes, "
            "expected as many after as before; left out"
        )
        problems.append(at.problem("wrong-rank", "error", message))
        return None
    return Draft(array, chain)


@dataclass
class _Further:
    """The systems besides the intrinsic one, and the transforms that lead to them."""

    multiscale: Multiscale
    declared: dict[str, Declared]
    foreign: dict[SystemKey, Declared] = field(default_factory=dict)

    def edges(self, problems: list[Problem]) -> list[Edge]:
        """Read the multiscale's own ``coordinateTransformations``; they move nothing."""
        value = self.multiscale.value.get("coordinateTransformations")
        at = self.multiscale.place.child("coordinateTransformations")
        if value is None:
            return []
        reading = Reading(self.multiscale.survey.group, self.multiscale.context)
        edges = []
        try:
            items = sequence(value, at)
        except OpenError as error:
            problems += as_info([error.problem])
            return []
        for index, item in enumerate(items):
            try:
                edges.append(read_edge(item, at.item(index), self._end, reading))
            except OpenError as error:
                problems += as_info([error.problem])
        problems += as_info(reading.problems)
        return edges

    def _end(self, item: object, end: str, at: JsonPlace) -> tuple[SystemKey, Space]:
        reference = read_reference(item, end, at)
        if reference is None:
            message = f"found no {end}, expected the name of a coordinate system; not used"
            raise at.child(end).refuse("missing-key", message)
        if reference.path is None:
            if reference.name not in self.declared:
                raise reference.unknown()
            own = self.declared[reference.name]
            return SystemKey("", own.name), own.space
        survey = self.multiscale.survey
        node = survey.node.descend(reference.path, reference.place.child("path"))
        group = read_group(node, survey.group.encoding)
        if group is None or reference.name is None:
            raise reference.unknown()
        system = system_of(group, reference.name)
        if system is None:
            raise reference.unknown()
        key = SystemKey(node.relative_to(survey.node.path), system.name)
        self.foreign[key] = system
        return key, system.space


def _with_systems(image: Image, intrinsic: Declared, further: _Further, graph: Graph) -> Image:
    """List the systems: intrinsic, the multiscale's others, those of other groups."""
    start = SystemKey("", intrinsic.name)
    ways = graph.ways(start)
    others = {SystemKey("", name): system for name, system in further.declared.items()}
    others.update(further.foreign)
    others.pop(start)
    systems = [CoordinateSystem(intrinsic.name, intrinsic.axes, ())]
    own = {intrinsic.name, *(key.name for key in others if not key.path)}
    for key, system in others.items():
        # An own system may be called as one of another group is.
        taken = bool(key.path) and str(key) in own
        systems.append(_system(f"./{key}" if taken else str(key), key, system, ways))
    unreached = [s.problem for s in systems if s.problem is not None]
    axes = [p for system in others.values() for p in system.problems]
    problems = [*as_info(axes), *ways.contradictions(image.levels[0].affine), *unreached]
    return replace(
        image,
        systems=tuple(systems),
        system=intrinsic.name,
        problems=(*image.problems, *problems),
    )


def _system(name: str, key: SystemKey, declared: Declared, ways: Ways) -> CoordinateSystem:
    source = (key.path, key.name) if key.path else None
    chain = ways.to(key)
    if chain is not None and product(chain) is None:
        message = "found transforms whose product is no longer finite; it cannot be shown"
        problem = declared.place.problem("not-finite", "info", message)
        return CoordinateSystem(name, declared.axes, None, problem, source)
    if chain is None:
        obstacle = ways.obstacle(key, str(declared.place))
        return CoordinateSystem(name, declared.axes, None, obstacle, source)
    return CoordinateSystem(name, declared.axes, chain, None, source)
