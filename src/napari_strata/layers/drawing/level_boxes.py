"""The boxes around all levels of a layer, drawn over a viewer's picture.

They are no layer: they are not in the list, are not exported, and follow the layer by themselves.
napari has a box of its own for a layer, with the extent of level 0 only and in one colour; so this
puts two visuals of its own (lines and numbers) beside the layer's in the canvas. That needs private
parts of napari, which `cannot_draw` looks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import napari
import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.layers.changing.opened_image import level_worlds, shapes_of
from napari_strata.layers.drawing.level_colours import level_colour
from napari_strata.layers.drawing.level_outlines import Outline, displayed_axes, outline
from napari_strata.layers.drawing.world_units import per_layer_unit
from napari_strata.layers.live_world import live_world
from napari_strata.layers.placement import Placement

Array = npt.NDArray[np.float64]

_WIDTH = 2  # pixels
_FAINT = 0.4  # of a level that the plane shown misses
_ABOVE = 10**6  # drawn after all layers
_FONT_SIZE = 10  # points
_STEP = 16  # pixels from one level's number to the next

_TRANSFORMS = ("scale", "translate", "rotate", "shear", "affine", "units")
_OF_LAYER = (*_TRANSFORMS, "visible", "metadata", "set_data")
_OF_DIMS = ("ndim", "order", "ndisplay", "point", "units")


def cannot_draw(viewer: Any) -> str | None:
    """Return None if this napari lets boxes be drawn in a viewer, else why not, in a sentence."""
    try:
        canvas = viewer.window._qt_viewer.canvas
        _ = canvas.layer_to_visual, canvas.font_info, _emitters(viewer)
        from napari._vispy.visuals.text import Text  # noqa: F401
    except (AttributeError, ImportError, RuntimeError) as error:
        return f"napari {napari.__version__} lacks what boxes of levels are drawn with: {error}"
    return None


class LevelBoxes:
    """Draws the boxes of one layer at a time, each level in its colour and with its number.

    A box goes around the outer edges of the level's voxels, where they belong: as declared, moved
    along with the layer. Where nothing is declared, it is where napari draws the level. In 2-D it
    is a rectangle, faint where the plane that is shown misses the level.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._layer: Layer | None = None
        self._affines: tuple[Matrix, ...] | None = None
        self._nodes: tuple[Any, Any] | None = None
        for emitter in _emitters(viewer):
            # Last: after the canvas has put the layer where it is to be.
            emitter.connect(self._update, position="last")
        viewer.layers.events.removed.connect(self._removed)

    @property
    def layer(self) -> Layer | None:
        """The layer whose levels have boxes now."""
        return self._layer

    def show(self, layer: Layer, affines: Sequence[Matrix] | None = None) -> None:
        """Draw the boxes of this layer, and of no other.

        Parameters
        ----------
        layer : an Image or Labels layer of the viewer.
        affines : where its levels are declared, as of `exact_replacement.Exact`: one
            ``(n + 1, n + 1)`` matrix a level; what counts is how they lie to the first. None: as
            the layer itself says.

        Raises
        ------
        ValueError
            If it is another kind of layer, has another number of levels, or this napari lacks
            what is needed; one sentence.
        """
        if not isinstance(layer, Image | Labels):
            raise ValueError(f"the layer '{layer.name}' has no levels of voxels")
        if affines is not None and len(affines) != len(layer.level_shapes):
            raise ValueError(
                f"the layer '{layer.name}' has {len(layer.level_shapes)} levels, "
                f"found {len(affines)} affines"
            )
        reason = cannot_draw(self._viewer)
        if reason is not None:
            raise ValueError(reason)
        self._listen(layer)
        self._affines = None if affines is None else tuple(affines)
        self._update()

    def hide(self) -> None:
        """Draw none."""
        self._listen(None)
        self._update()

    def close(self) -> None:
        """Draw none, ever again; take everything out of the viewer."""
        self._listen(None)
        for emitter in _emitters(self._viewer):
            emitter.disconnect(self._update)
        self._viewer.layers.events.removed.disconnect(self._removed)
        for node in self._nodes or ():
            node.parent = None
        self._nodes = None

    # --- following -------------------------------------------------------------------------

    def _listen(self, layer: Layer | None) -> None:
        if self._layer is not None:
            for name in _OF_LAYER:
                getattr(self._layer.events, name).disconnect(self._update)
        if layer is not None:
            for name in _OF_LAYER:
                getattr(layer.events, name).connect(self._update, position="last")
        self._layer, self._affines = layer, None

    def _removed(self, event: Any) -> None:
        if event.value is self._layer:
            self.hide()

    # --- drawing ---------------------------------------------------------------------------

    def _update(self, _event: Any = None) -> None:
        layer = self._layer
        if layer is None and self._nodes is None:
            return
        canvas = self._viewer.window._qt_viewer.canvas
        visual = None if layer is None else canvas.layer_to_visual.get(layer)
        if layer is None or visual is None or not layer.visible:
            for node in self._nodes or ():
                node.visible = False
            return
        if self._nodes is None:
            self._nodes = _visuals(canvas)
        for node in self._nodes:
            if node.parent is not visual.node.parent:  # in a grid each layer has its own
                node.parent = visual.node.parent
            node.visible = True
        self._draw(outlines(self._viewer, layer, self._affines))

    def _draw(self, found: list[Outline]) -> None:
        assert self._nodes is not None
        lines, numbers = self._nodes
        # Relative to a corner: float32 has its digits for the boxes, not for where they are.
        base = found[0].corners[0]
        colours = [_rgba(level, len(found), each.reached) for level, each in enumerate(found)]
        ends = [each.edges.reshape(-1, len(base)) - base for each in found]
        lines.set_data(
            pos=_for_vispy(np.concatenate(ends)),
            color=np.repeat(colours, [len(each) for each in ends], axis=0),
        )
        numbers.text = [str(level) for level in range(len(found))]
        numbers.pos = _for_vispy(self._starts(found) - base)
        numbers.color = np.array(colours)
        for node in self._nodes:
            node.transform.translate = _for_vispy(base[None])[0]

    def _starts(self, found: list[Outline]) -> Array:
        """Say where each number begins: side by side along an edge, for boxes often coincide."""
        starts = []
        for level, each in enumerate(found):
            edge = each.corners[1] - each.corners[0]
            length = float(np.linalg.norm(edge))
            step = min(_STEP / _camera(self._viewer).zoom, length / len(found))
            starts.append(each.corners[0] + edge * (level * step / length if length else 0.0))
        return np.array(starts)


def outlines(viewer: Any, layer: Layer, affines: Sequence[Matrix] | None = None) -> list[Outline]:
    """Return the outline of each level in the viewer's world: its units, its displayed axes."""
    dims = viewer.dims
    factors = per_layer_unit(layer.units, dims.units)
    to_viewer = affine.from_scale_translate(factors)
    point = np.zeros(layer.ndim)
    shared = min(layer.ndim, dims.ndim)
    point[layer.ndim - shared :] = dims.point[dims.ndim - shared :]
    axes = displayed_axes(dims.order, dims.ndisplay, layer.ndim)
    return [
        outline(affine.compose(to_viewer, world), shape, axes, point)
        for world, shape in zip(_worlds(layer, affines), shapes_of(layer), strict=True)
    ]


def _worlds(layer: Layer, affines: Sequence[Matrix] | None) -> list[Matrix]:
    live = live_world(layer)
    if affines is not None:
        return [affine.compose(live, affine.relative(each, affines[0])) for each in affines]
    declared = level_worlds(layer)
    if declared is not None:
        return declared
    drawn = Placement.implied_by_napari(shapes_of(layer))
    return [
        affine.compose(live, affine.from_scale_translate(scale, translate))
        for scale, translate in zip(drawn.scale, drawn.translate, strict=True)
    ]


def _rgba(level: int, count: int, reached: bool) -> tuple[float, float, float, float]:
    hexes = level_colour(level, count).removeprefix("#")
    red, green, blue = (int(hexes[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue, 1.0 if reached else _FAINT


def _for_vispy(positions: Array) -> Array:
    """Give ``(k, 3)`` positions in vispy's order, the last axis first, 0 where there is none."""
    count, n = positions.shape
    result = np.zeros((count, 3))
    result[:, :n] = positions[:, ::-1]
    return result


def _emitters(viewer: Any) -> list[Any]:
    """List what tells that a viewer shows its layers otherwise."""
    grid = getattr(viewer, "canvas", viewer).grid  # napari 0.9 moved it
    dims = [getattr(viewer.dims.events, name) for name in _OF_DIMS]
    in_grid = [getattr(grid.events, name) for name in ("enabled", "shape", "stride", "spacing")]
    return [*dims, *in_grid, _camera(viewer).events.zoom, viewer.layers.events.reordered]


def _camera(viewer: Any) -> Any:
    return getattr(viewer, "scene", viewer).camera  # napari 0.9 moved it


def _visuals(canvas: Any) -> tuple[Any, Any]:
    """Make the lines and the numbers, which are in no scene yet."""
    from napari._vispy.visuals.text import Text
    from vispy.scene.visuals import Line
    from vispy.visuals.transforms import STTransform

    lines = Line(
        pos=np.zeros((2, 3)), connect="segments", width=_WIDTH, method="gl", antialias=True
    )
    numbers = Text(
        "0",
        pos=np.zeros((1, 3)),
        font_size=_FONT_SIZE,
        bold=True,
        anchor_x="left",
        anchor_y="top",
        font_info=canvas.font_info(),
    )
    for node in (lines, numbers):
        node.set_gl_state("translucent", depth_test=False)
        node.order = _ABOVE
        node.transform = STTransform()
    return lines, numbers
