"""Where a level's place comes from: from what is drawn down to each number in each file.

Every matrix maps the centre of a voxel, or what the part left of it takes, towards the world in
micrometres and seconds. Nothing is read: the layer's record has the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.layers.geometry.record import is_geometry_record
from napari_strata.layers.inspecting.alignment import drawn_placement, draws_exactly
from napari_strata.layers.inspecting.contribution import Contribution, group, product, rows
from napari_strata.layers.inspecting.declared_contributions import declared_parts
from napari_strata.layers.inspecting.geometry_contributions import geometry_parts
from napari_strata.layers.inspecting.known_levels import KnownLevels, known_levels
from napari_strata.layers.inspecting.live_contributions import live_parts
from napari_strata.layers.inspecting.live_place import (
    common_origin,
    farthest,
    moved,
    opened_world,
    unit_factors,
    world_in_micrometres,
)
from napari_strata.layers.notes import KEY
from napari_strata.layers.placement import TOLERANCE


def provenance(layer: Layer, level: int = 0) -> Contribution:
    """Say what a level's place is made of.

    The root's matrix is where the level is drawn: voxel centre → world, ``(n + 1, n + 1)``, on
    displayed axes, in the layer's axes, micrometres and seconds. It is the product of its
    children's, and so on down to single numbers.

    Parameters
    ----------
    layer : any. Of one that is not ours, what napari knows is all there is.
    level : 0 is the finest; of a layer without levels the only one.

    Raises
    ------
    ValueError
        If the layer has no such level.
    """
    count = len(layer.level_shapes) if isinstance(layer, Image | Labels) else 1
    note: Any = layer.metadata.get(KEY)
    if is_geometry_record(note):
        count = len(note["levels"])
    if not 0 <= level < count:
        raise ValueError(f"the layer '{layer.name}' has {count} levels, found number {level}")
    known = known_levels(layer)
    if known is not None:
        parts = _of_ours(layer, known, level)
    elif is_geometry_record(note):
        parts = geometry_parts(layer, note, level)
    else:
        parts = [*live_parts(layer), *_of_any(layer, level)]
    where = note.get("path", "") if isinstance(note, Mapping) else ""
    if product(parts) is None:
        parts = [_identity(layer), *parts]
    title = "place of the layer" if count == 1 else f"place of level {level}"
    return group(title, parts, where=str(where or layer.source.path or ""), note=_unit_note(layer))


def _of_ours(layer: Layer, known: KnownLevels, level: int) -> list[Contribution]:
    parts = []
    move = moved(layer, known)
    if move is not None:
        undone = Contribution(
            "where it was opened, undone",
            matrix=rows(affine.invert(opened_world(known))),
            note="what was set in napari replaces it",
        )
        note = "the layer is not where it was opened"
        live = [*live_parts(layer), undone]
        parts.append(group("moved in napari", live, status="live", note=note))
    shift = common_origin(known)
    if shift is not None:
        note = "Layers > Transform > Move layers to a common origin subtracted this of all layers"
        parts.append(Contribution("common origin", "", rows(shift), "live", note))
    parts.append(_opened(layer, known, level))
    expected = product(parts)
    assert expected is not None
    own = _drawn(layer, level)
    beside = affine.relative(own, expected)
    apart = farthest(beside - np.eye(len(beside)), layer.level_shapes[level])
    if not draws_exactly(layer) and apart > TOLERANCE:
        parts.append(_by_napari(beside))
    return parts


def _opened(layer: Layer, known: KnownLevels, level: int) -> Contribution:
    parts = declared_parts(layer, known, level)
    found = product(parts)
    world = known.worlds[level]
    if found is None or not _is_same(found, world):
        # A record that was changed, or one without origins: what it says is all that is known.
        noted = Contribution("as noted in the layer's record", matrix=rows(world))
        parts = [noted, *(part for part in parts if part.matrix is None)]
    note = str(known.note.get("evidence", ""))
    system = known.note.get("system")
    if isinstance(system, str):
        note = f'{note}; in the coordinate system "{system}"' if note else f'in "{system}"'
    path = str(known.levels[level]["path"])
    return group("as it was opened", parts, where=path, note=note)


def _is_same(found: Matrix, expected: Matrix) -> bool:
    size = np.abs(expected).max()
    return found.shape == expected.shape and bool(
        np.allclose(found, expected, rtol=1e-9, atol=1e-12 * size)
    )


def _drawn(layer: Layer, level: int) -> Matrix:
    """Return where an Image or Labels layer draws a level, on displayed axes."""
    return affine.compose(world_in_micrometres(layer), _step(layer, level))


def _step(layer: Layer, level: int) -> Matrix:
    """Return where it draws a level in voxels of level 0."""
    own = drawn_placement(layer)
    return affine.from_scale_translate(own.scale[level], own.translate[level])


def _of_any(layer: Layer, level: int) -> list[Contribution]:
    """Give where the levels of a layer lie of which no record says so."""
    if not isinstance(layer, Image | Labels) or level == 0:
        return []
    step = _step(layer, level)
    if not draws_exactly(layer):
        return [_by_napari(step)]
    note = "as the levels of what the layer was made from were declared to lie to each other"
    return [Contribution("placement of the level", "", rows(step), "declared", note)]


def _by_napari(step: Matrix) -> Contribution:
    note = (
        "napari places a level by the ratio of the shapes, as if all levels began at one corner; "
        "what its file declares is not used"
    )
    return Contribution("placed by napari", "", rows(step), "assumed", note)


def _identity(layer: Layer) -> Contribution:
    note = "nothing is set: a voxel, or unit of the data, counts as 1"
    return Contribution("nothing", "", rows(np.eye(layer.ndim + 1)), "assumed", note)


def _unit_note(layer: Layer) -> str:
    names: Sequence[str] = [str(unit) for unit in layer.units]
    if all(factor == 1.0 for factor in unit_factors(layer)):
        return f"in {', '.join(dict.fromkeys(names))}"
    return "in micrometres and seconds"
