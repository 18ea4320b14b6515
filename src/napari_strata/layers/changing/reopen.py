"""A layer's image opened again in another way, and the same layer put where it is then.

Another coordinate system of OME-Zarr 0.6, another origin of Neuroglancer's grids, another of the
choices of `napari_strata.open`. Reading and changing the layer are apart, so that a window can
read in a thread.

Where the user has moved the layer in napari, the move stays on top as long as the axes of the
world are the same ones. A move that was written back, so that the image is declared to be where
the layer is, is no move any more. In another coordinate system a move would mean something else:
it is undone, and `apply` says so. A common origin that all layers were moved to is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_strata import affine, dataset
from napari_strata.affine import Matrix
from napari_strata.arrays import LevelArray
from napari_strata.dataset import Choices, Dataset
from napari_strata.dataset import Image as DatasetImage
from napari_strata.layers import tilt
from napari_strata.layers.arrival import settle
from napari_strata.layers.changing.as_levels import as_levels
from napari_strata.layers.changing.built_image import BuiltImage, built, on_each_axes
from napari_strata.layers.changing.opened_image import (
    common_shift,
    image_note,
    levels_of,
    opened_worlds,
    shapes_of,
)
from napari_strata.layers.common_origin import OFFSET
from napari_strata.layers.drawing.placed import exact_drawing, promote
from napari_strata.layers.live_world import in_one_step, live_world, set_world
from napari_strata.layers.notes import KEY, forget_placement, mark_misplaced, remember_placement
from napari_strata.layers.placement import Placement, differs, misplacement
from napari_strata.layers.record import ARRAYS, EDITED_UNITS, LAYER_NAME, PENDING_CONTRAST, Source
from napari_strata.layers.run import run_at_once
from napari_strata.model import Problem

_STAYS_WITH_THE_LAYER = (OFFSET, LAYER_NAME, PENDING_CONTRAST)


@dataclass(frozen=True)
class Reopened:
    """What was read for a layer; `apply` puts it there."""

    image: BuiltImage
    problems: tuple[Problem, ...]


def can_read_again(layer: Layer) -> bool:
    """Tell whether `read_again` knows where a layer comes from; reads nothing."""
    try:
        image_note(layer)
    except ValueError:
        return False
    return True


def read_again(
    layer: Layer, *, choices: Choices | None = None, system: str | None = None
) -> Reopened:
    """Open the dataset of a layer again and find its image and channel; in any thread.

    Parameters
    ----------
    layer : Image or Labels, opened by napari-strata, its data still the same.
    choices : how; None: as it was opened.
    system : the coordinate system to show the image in; None: the one it is shown in.

    Raises
    ------
    OpenError
        If the dataset cannot be opened so, or the image cannot be shown in the system.
    ValueError
        If the layer is none of ours, or its levels are others then.
    """
    note = image_note(layer)
    how = Choices.from_json(note.get("choices", {})) if choices is None else choices
    opened = _open(str(note["dataset"]), how)
    image = _same_image(opened, note)
    wanted = note.get("system") if system is None else system
    shown = image if wanted is None or wanted == image.system else image.in_system(wanted)
    source = Source(opened.path, how)
    problems: list[Problem] = []
    for candidate in on_each_axes(opened, image, shown):
        problems = list(candidate.problems)
        for each in built(source, candidate, problems):
            fitting = _fitting(each, note, layer)
            if fitting is not None:
                return Reopened(fitting, tuple(dict.fromkeys(problems)))
    raise ValueError(_does_not_fit(layer, shown, problems))


def _open(path: str, how: Choices) -> Dataset:
    try:
        return dataset.open(path, **asdict(how))
    except dataset.OpenError as error:
        if not path.startswith(("http://", "https://")):
            raise
        raise ValueError(
            f"{path}: {error}; if its address had a password or a signature, a layer keeps "
            "neither: open it by that address again"
        ) from error


def _same_image(opened: Dataset, note: Mapping[str, Any]) -> DatasetImage:
    """Find the image of a record by its path, and where several share it by its name."""
    found = [i for i in opened.images if i.path == note["image"] and i.kind == note["kind"]]
    named = [i for i in found if i.name == note["name"]]
    if len(named) != 1 and len(found) != 1:
        path = note["image"] or note["name"]
        raise ValueError(
            f"{opened.path}: found no image {path}; it has changed since it was opened"
        )
    return named[0] if len(named) == 1 else found[0]


def _fitting(each: BuiltImage, note: Mapping[str, Any], layer: Layer) -> BuiltImage | None:
    """Give what was built if the layer can show it; of a layer of one level, that level."""
    if each.note["channel"] != note["channel"]:
        return None
    shapes = shapes_of(layer)
    if len(shapes) == 1 and len(each.data) > 1:
        paths = [level["path"] for level in each.note["levels"]]
        path = note["levels"][0]["path"]
        if path not in paths:
            return None
        each = each.only([paths.index(path)])
    # Another coordinate system may have the same axes in another order.
    same = [sorted(shape) for shape in each.shapes] == [sorted(shape) for shape in shapes]
    return each if same and each.data[0].dtype == layer.dtype else None


def _does_not_fit(layer: Layer, image: DatasetImage, problems: list[Problem]) -> str:
    shapes = " and ".join(str(list(level.shape)) for level in image.levels)
    said = "".join(f"; {p.message}" for p in problems if p.severity == "error")
    return (
        f"the layer '{layer.name}' has levels of shape "
        f"{' and '.join(str(list(shape)) for shape in shapes_of(layer))}, opened like this the "
        f"image has {shapes} and cannot be shown in the same layer{said}; open it as a new one"
    )


# ----------------------------------------------------------------------- changing the layer


def apply(layer: Layer, reopened: Reopened) -> tuple[Problem, ...]:
    """Put a layer where its image is when opened again; in the window's thread.

    The layer stays the same object, with its name, look, selection and locked level.

    Returns
    -------
    What the user should hear of: problems of the image, and whether a move of theirs was undone.

    Raises
    ------
    ValueError
        If the layer's data has been replaced since it was read for.
    """
    note, image = image_note(layer), reopened.image
    if len(levels_of(layer)) != len(image.data) or layer.ndim != len(image.shapes[0]):
        raise ValueError(f"the data of the layer '{layer.name}' was replaced in the meantime")
    new = {k: v for k, v in image.note.items() if k not in _STAYS_WITH_THE_LAYER}
    new |= {k: note[k] for k in _STAYS_WITH_THE_LAYER if k in note}
    same_world = all(new.get(k) == note.get(k) for k in ("layer_axes", "layer_units", "system"))
    world, undone = _world(layer, note, image.worlds[0], same_world)
    moved = same_world and not _is_same_place(world, _unmoved(layer, image.worlds[0]))
    if moved and EDITED_UNITS in note:
        new[EDITED_UNITS] = note[EDITED_UNITS]
    locked = layer.locked_data_level
    with in_one_step(layer):
        same = _is_same_data(layer, note, image)
        if same:
            new[ARRAYS] = note[ARRAYS]
        else:
            _set_data(layer, as_levels(image.data) if layer.multiscale else image.data[0])
        layer.metadata = {**layer.metadata, KEY: new}
        if not same and PENDING_CONTRAST not in new:
            settle(layer, run_at_once)
        _place(layer, image)
        kept = {} if same_world else {"units": new["layer_units"], "labels": new["layer_axes"]}
        set_world(layer, world, **kept)
        _name_tilt(layer, image.worlds[0])
        if layer.locked_data_level != locked:
            layer.locked_data_level = locked
    return (*reopened.problems, *undone)


def _world(
    layer: Layer, note: Mapping[str, Any], opened: Matrix, same_world: bool
) -> tuple[Matrix, tuple[Problem, ...]]:
    """Return where level 0 goes, and what is to be said of a move that was undone."""
    live, was = live_world(layer), opened_worlds(note)[0]
    if np.array_equal(live, was):
        return opened, ()
    before, after = _unmoved(layer, was), _unmoved(layer, opened)
    if _is_same_place(live, before) or _is_same_place(live, after):  # after: it was written back
        return after, ()
    if not same_world:
        message = (
            f"the layer '{layer.name}' had been moved in napari; in other coordinates the move "
            "would be another one, so it was undone"
        )
        return after, (Problem("move-undone", "info", str(note["image"]) or ".", message),)
    return affine.compose(live, affine.invert(before), after), ()


def _unmoved(layer: Layer, opened: Matrix) -> Matrix:
    """Return where a layer is that nobody but "Move layers to a common origin" has moved."""
    shift = common_shift(layer)
    return affine.compose(shift, opened) if shift[:-1, -1].any() else opened


def _is_same_place(one: Matrix, other: Matrix) -> bool:
    """Tell whether two matrices differ by rounding alone: in steps of a voxel, and of floats."""
    sizes = np.linalg.norm(other[:-1, :-1], axis=0).min()
    reach = np.abs(other[:-1]).max(axis=1)
    apart = np.abs(one - other)[:-1].max(axis=1)
    return bool(np.all(apart <= 1e-9 * sizes + 1e-12 * reach))


def _is_same_data(layer: Layer, note: Mapping[str, Any], image: BuiltImage) -> bool:
    """Tell whether a layer's arrays show the very voxels that the image's do, in their order."""
    if not all(isinstance(array, LevelArray) for array in levels_of(layer)):
        return bool(
            note["layer_axes"] == image.note["layer_axes"]
            and [level["path"] for level in note["levels"]]
            == [level["path"] for level in image.note["levels"]]
        )
    pairs = zip(levels_of(layer), image.data, strict=True)
    return all(a.location == b.location and a.selection == b.selection for a, b in pairs)


def _set_data(layer: Any, data: Any) -> None:
    """Replace the arrays, past the guard of exact layers: their new places are set right after."""
    plain = Labels if isinstance(layer, Labels) else Image
    plain.data.fset(layer, data)


def _place(layer: Any, image: BuiltImage) -> None:
    """Let the levels lie to each other as they do in the image, exactly or marked."""
    if not layer.multiscale:
        layer.metadata = forget_placement(layer.metadata)
        return
    placement, shapes = image.placement, image.shapes
    if isinstance(getattr(layer, "placement", None), Placement):
        layer._placement = placement
        layer.metadata = remember_placement(layer.metadata, placement, shapes)
    elif not image.exact:
        layer.metadata = forget_placement(layer.metadata)
    elif exact_drawing() is None:
        promote(layer, placement)
    else:
        layer.metadata = remember_placement(layer.metadata, placement, shapes)
        if differs(placement, shapes):
            mark_misplaced(layer, misplacement(placement, shapes), str(exact_drawing()))


def _name_tilt(layer: Layer, world: Matrix) -> None:
    """Let the name say, and only then, that 2-D planes cannot cut the layer exactly."""
    bare = layer.name.removesuffix(tilt.SUFFIX).rstrip()
    name = f"{bare} {tilt.SUFFIX}" if tilt.is_tilted(world) else bare
    if name == layer.name:
        return
    note = layer.metadata[KEY]
    if note.get(LAYER_NAME) == layer.name:
        layer.metadata = {**layer.metadata, KEY: {**note, LAYER_NAME: name}}
    layer.name = name
