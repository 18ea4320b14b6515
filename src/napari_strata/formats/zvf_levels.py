"""The levels of a ZVF store: ``multiscales[0].datasets``, and what each level says of itself.

Rules: ``zarr_vectors.core.metadata`` and ``.multiscale``; formats.md, section 3. A dataset's
scale and translation are the geometry of its bins (ratio, half an edge) in every store that
zarr-vectors wrote. Which they are is decided where vertices are read: here they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import affine
from napari_strata.formats._assemble import without_level
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Survey
from napari_strata.formats.ome_transforms import read_transforms
from napari_strata.formats.zvf_axes import Frame
from napari_strata.formats.zvf_datasets import Listed
from napari_strata.formats.zvf_keys import LEVEL_KEY, MULTISCALES, not_used
from napari_strata.geometry import GeometryLevel, GeometryLocation
from napari_strata.model import Contribution, OpenError, Problem
from napari_strata.store.hierarchy import Group, is_array, read_group
from napari_strata.store.values import JsonPlace, mapping, positive_vector, texts

_MOST_VERTICES = 2**62
_TRANSFORMS = "coordinateTransformations"
_ARRAYS = "arrays_present"
_SPARSITY = "object_sparsity"


@dataclass(frozen=True)
class Draft:
    """A level that was understood; vectors in the order of the store.

    Attributes
    ----------
    declared : its own transform, outermost first; None if it declares none that can be used.
    ratio : edges of its bins as multiples of those of level 0; None if it is not said.
    bins : their edges, where they are said outright.
    arrays : the families of arrays it says it has; None if it does not say.
    sparsity : how much of the objects of the level it was made of it keeps; 1 is all of them.
    """

    listed: Listed
    group: Group
    vertex_count: int | None
    declared: tuple[Contribution, ...] | None
    ratio: npt.NDArray[np.float64] | None
    bins: npt.NDArray[np.float64] | None
    arrays: tuple[str, ...] | None
    sparsity: float


@dataclass
class Levels:
    """Reads the levels of one store."""

    store: Group
    context: Context
    frame: Frame
    problems: list[Problem] = field(default_factory=list)

    def read(self, listed: Sequence[Listed]) -> list[Draft]:
        """Read what the levels say of themselves, finest first; what is wrong is left out."""
        drafts = []
        for level in listed:
            try:
                drafts.append(self._draft(level))
            except OpenError as error:
                self.problems.append(without_level(error))
        return self._in_order(drafts)

    def _in_order(self, drafts: list[Draft]) -> list[Draft]:
        """Sort by the bins' size, or by number where it is not said of all; level 0 has ratio 1."""
        known = all(d.ratio is not None or d.listed.number == 0 for d in drafts)
        ordered = sorted(drafts, key=_size if known else _number)
        if ordered != drafts:
            names, found = (", ".join(d.listed.node.name for d in x) for x in (ordered, drafts))
            message = f"found the levels {found}, expected the finest first; taken as {names}"
            at = self.store.place(MULTISCALES).item(0).child("datasets")
            self.problems.append(at.problem("levels-unordered", "warning", message))
        return ordered

    def transforms(
        self, owner: Mapping[str, Any], place: JsonPlace
    ) -> tuple[Contribution, ...] | None:
        """Read the transforms of a level or of the store, outermost first; None if unusable.

        Raises
        ------
        OpenError
            If they are wrong, and the user asked for them to be applied.
        """
        value = owner.get(_TRANSFORMS)
        if value is None or value == []:
            return ()
        at = place.child(_TRANSFORMS)
        try:
            found = read_transforms(
                value, at, self.frame.ndim, False, Survey(self.store), self.context
            )
            _check_product(found, at)
        except OpenError as error:
            if self.context.vertices == "declared":
                raise
            self.problems.append(_not_applied(error))
            return None
        if any(np.any(np.diagonal(c.matrix) < 0) for c in found):
            message = "found a negative scale: if it is applied, the geometry is shown flipped"
            self.problems.append(at.problem("negative-scale", "info", message))
        return found

    def _draft(self, listed: Listed) -> Draft:
        group = read_group(listed.node, "zarr3")
        if group is None or is_array(group):
            message = "found no level there, expected a Zarr group"
            raise listed.place.child("path").refuse("missing-level", message)
        own = self._own(group)
        place = group.place(LEVEL_KEY)
        declared = self.transforms(listed.entry, listed.place)
        number = own.get("level", listed.number)
        if number != listed.number or isinstance(number, bool):
            at = place.child("level")
            error = at.unexpected(number, f"{listed.number}, as its folder is called")
            self.problems.append(not_used(error))
        ratio = self._vector(own, "bin_ratio", place)
        return Draft(
            listed=listed,
            group=group,
            vertex_count=self._count(own, place),
            declared=declared,
            ratio=_scale(declared) if ratio is None else ratio,
            bins=self._vector(own, "bin_shape", place),
            arrays=self._arrays(own, place),
            sparsity=self._sparsity(own, place),
        )

    def _own(self, group: Group) -> Mapping[str, Any]:
        try:
            return mapping(group.attributes.get(LEVEL_KEY), group.place(LEVEL_KEY))
        except OpenError as error:
            self.problems.append(not_used(error))
            return {}

    def _count(self, own: Mapping[str, Any], place: JsonPlace) -> int | None:
        value = own.get("vertex_count")
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and 0 <= value <= _MOST_VERTICES  # not so an infinite number, or none at all
            and value == int(value)
        ):
            return int(value)
        if own:
            error = place.child("vertex_count").unexpected(value, "a whole number from 0 up")
            self.problems.append(not_used(error))
        return None

    def _arrays(self, own: Mapping[str, Any], place: JsonPlace) -> tuple[str, ...] | None:
        if own.get(_ARRAYS) is None:
            return None
        try:
            return tuple(texts(own[_ARRAYS], place.child(_ARRAYS)))
        except OpenError as error:
            self.problems.append(not_used(error))
            return None

    def _sparsity(self, own: Mapping[str, Any], place: JsonPlace) -> float:
        value = own.get(_SPARSITY)
        if value is None:
            return 1.0
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1:
            return float(value)
        error = place.child(_SPARSITY).unexpected(value, "a number above 0, at most 1")
        self.problems.append(not_used(error))
        return 1.0

    def _vector(
        self, own: Mapping[str, Any], key: str, place: JsonPlace
    ) -> npt.NDArray[np.float64] | None:
        if own.get(key) is None:
            return None
        try:
            return np.array(positive_vector(own[key], place.child(key), self.frame.ndim))
        except OpenError as error:
            self.problems.append(not_used(error))
            return None


def level_value(
    draft: Draft,
    common: tuple[Contribution, ...] | None,
    base: npt.NDArray[np.float64],
    kind: str,
    version: str,
    levels: Levels,
) -> GeometryLevel:
    """Make a level of a draft, everything in the viewer's order of axes.

    ``common`` is the store-wide transform, ``base`` the edges of the bins of level 0.

    Raises
    ------
    OpenError
        If the transforms are wrong together, and the user asked for them to be applied.
    """
    columns, store = levels.frame.columns, levels.store
    own = draft.declared
    parts = None if own is None or common is None else (*common, *own)
    if parts:
        try:
            _check_product(parts, draft.listed.place.child(_TRANSFORMS))
        except OpenError as error:
            if levels.context.vertices == "declared":
                raise
            levels.problems.append(_not_applied(error))
            parts = None
    metadata: dict[str, Any] = {"level": draft.listed.number, "kind": kind, "version": version}
    if draft.arrays is not None:
        metadata[_ARRAYS] = list(draft.arrays)
    if draft.sparsity < 1:
        metadata[_SPARSITY] = draft.sparsity
    origin = tuple(replace(c, matrix=affine.take_axes(c.matrix, columns)) for c in parts or ())
    return GeometryLevel(
        path=levels.context.path(draft.listed.node),
        vertex_count=draft.vertex_count,
        declared=affine.compose(*(c.matrix for c in origin)) if origin else None,
        location=GeometryLocation(
            kvstore=store.node.kvstore(),
            encoding="zvf",
            metadata=metadata,
            where=str(draft.group.place(LEVEL_KEY)),
        ),
        origin=origin,
        cell=_cell(draft, base, columns),
    )


def _cell(
    draft: Draft, base: npt.NDArray[np.float64], columns: Sequence[int]
) -> npt.NDArray[np.float64] | None:
    with np.errstate(over="ignore"):
        cell = base if draft.ratio is None else base * draft.ratio
    cell = cell if draft.bins is None else draft.bins
    return cell[list(columns)] if np.all(np.isfinite(cell)) else None


def _number(draft: Draft) -> tuple[float, int]:
    return 0.0, draft.listed.number


def _size(draft: Draft) -> tuple[float, int]:
    ratio = draft.ratio
    return (0.0 if ratio is None else float(np.sum(np.log(ratio)))), draft.listed.number


def _scale(declared: tuple[Contribution, ...] | None) -> npt.NDArray[np.float64] | None:
    """Return the factors of a level's own transform: for the library these are the ratio."""
    if not declared:
        return None
    split = affine.scale_translate(affine.compose(*(c.matrix for c in declared)))
    return None if split is None else np.abs(split[0])


def _check_product(parts: Sequence[Contribution], at: JsonPlace) -> None:
    if not parts:
        return
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = affine.compose(*(c.matrix for c in parts))
        scale = np.diagonal(matrix)[:-1]
    if not np.all(np.isfinite(matrix)) or not np.all(scale):
        message = "found transforms whose product is no longer finite or not invertible"
        raise at.refuse("not-finite", message)


def _not_applied(error: OpenError) -> Problem:
    found = error.problem
    message = f"{found.message}; the transform is not used, the vertices stay as they are stored"
    return Problem("bad-zvf", "warning", found.where, message)
