"""The boxes of levels in a real window: where they are drawn, and that they follow."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from layer_cases import PYRAMIDS, YAW, World
from layer_drawing import camera, settle, visual
from napari.components import ViewerModel
from napari.layers import Image, Points

from conftest import Window
from napari_strata.layers.drawing.level_boxes import LevelBoxes, cannot_draw
from napari_strata.layers.drawing.level_colours import level_colour

pytestmark = pytest.mark.window

# Level 0: voxels 0 to 99; level 1: 20 to 79. Edges half a voxel beyond.
PART = PYRAMIDS["part"]
MOVED = World({"scale": [2, 3, 4], "translate": [10, 20, 30]}, None, None)
# Edges in world, z, y, x: e.g. y of level 1 from 20 + 3 · 19.5 to 20 + 3 · 79.5
LEVEL_0 = [(9, 209), (18.5, 318.5), (28, 428)]
LEVEL_1 = [(49, 169), (78.5, 258.5), (108, 348)]


def _nodes(viewer: Any, layer: Any) -> tuple[Any, Any]:
    """The visible lines and numbers beside a layer's visual."""
    beside = visual(viewer, layer).node.parent.children
    lines = [n for n in beside if type(n).__name__ == "Line" and n.visible]
    numbers = [n for n in beside if type(n).__name__ == "Text" and n.visible]
    assert len(lines) == len(numbers) <= 1
    return (lines[0], numbers[0]) if lines else (None, None)


def _drawn(viewer: Any, layer: Any, level: int, count: int = 2) -> Any:
    """Lowest and highest coordinate of a level's lines, per displayed axis, in scene."""
    lines, _ = _nodes(viewer, layer)
    ends = lines.transform.map(lines.pos)[:, :3][:, ::-1]
    of_level = [_same(rgba, level_colour(level, count)) for rgba in lines.color]
    mine = ends[of_level][:, -viewer.dims.ndisplay :]
    assert len(mine) == {2: 8, 3: 24}[viewer.dims.ndisplay]
    return list(zip(mine.min(axis=0).tolist(), mine.max(axis=0).tolist(), strict=True))


def _same(rgba: Any, colour: str) -> bool:
    return np.allclose(np.round(np.asarray(rgba[:3]) * 255), list(bytes.fromhex(colour[1:])))


@pytest.fixture
def boxes(window: Window) -> Any:
    found = LevelBoxes(window.viewer)
    yield found
    found.close()


def test_each_level_has_its_box_in_a_volume(window: Window, boxes: LevelBoxes):
    viewer, layer = window.show(PART, MOVED)
    viewer.dims.ndisplay = 3
    boxes.show(layer)
    np.testing.assert_allclose(_drawn(viewer, layer, 0), LEVEL_0)
    np.testing.assert_allclose(_drawn(viewer, layer, 1), LEVEL_1)
    assert _nodes(viewer, layer)[1].text == ["0", "1"]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (0, 2, 1)])
def test_box_in_a_plane_has_the_displayed_axes(
    window: Window, boxes: LevelBoxes, order: tuple[int, ...]
):
    viewer, layer = window.show(PART, MOVED)
    boxes.show(layer)
    viewer.dims.order = order
    np.testing.assert_allclose(_drawn(viewer, layer, 0), [LEVEL_0[a] for a in order[1:]])
    np.testing.assert_allclose(_drawn(viewer, layer, 1), [LEVEL_1[a] for a in order[1:]])


def test_boxes_are_seen_where_they_are(window: Window, boxes: LevelBoxes):
    """The canvas itself: a column of pixels of level 1's colour, 3 pixels a micrometre."""
    viewer, layer = window.show(PART, MOVED)
    viewer.dims.set_point(0, 100.0)
    layer.opacity = 0.0
    boxes.show(layer)
    camera(viewer).center = (0, 168.5, 108)
    camera(viewer).zoom = 3
    settle(viewer)
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    middle = (np.array(picture.shape[:2]) - 1) / 2
    off = np.abs(picture - list(bytes.fromhex(level_colour(1, 2)[1:]))).max(axis=-1)
    rows, columns = np.nonzero(off < 12)
    left = columns[np.abs(rows - middle[0]) < 20]  # its left side crosses the middle
    assert len(left) >= 20
    assert np.abs(left - middle[1]).max() <= 2


@pytest.mark.parametrize(
    ("change", "level_1"),
    [
        pytest.param({"translate": [0, 0, 0]}, [(39, 159), (58.5, 238.5), (78, 318)], id="moved"),
        pytest.param(
            {"scale": [1, 1, 1]}, [(29.5, 89.5), (39.5, 99.5), (49.5, 109.5)], id="scaled"
        ),
        # y' = 0.8 · 3y − 0.6 · 4x + 20, x' = 0.6 · 3y + 0.8 · 4x + 30, y and x from 19.5 to 79.5
        pytest.param(
            {"rotate": YAW},
            [(49, 169), (20 + 46.8 - 190.8, 20 + 190.8 - 46.8), (127.5, 427.5)],
            id="rotated",
        ),
    ],
)
def test_boxes_follow_the_layer(
    window: Window, boxes: LevelBoxes, change: dict[str, Any], level_1: list[tuple[float, float]]
):
    viewer, layer = window.show(PART, MOVED)
    viewer.dims.ndisplay = 3
    boxes.show(layer)
    for name, value in change.items():
        setattr(layer, name, value)
    np.testing.assert_allclose(_drawn(viewer, layer, 1), level_1)


def test_boxes_follow_the_units_of_the_viewer(window: Window, boxes: LevelBoxes):
    viewer, layer = window.show(PART, World({"scale": [2, 3, 4], "units": ["um"] * 3}, None, None))
    viewer.dims.ndisplay = 3
    boxes.show(layer)
    before = np.array(_drawn(viewer, layer, 1))
    np.testing.assert_allclose(before, [(39, 159), (58.5, 238.5), (78, 318)])
    viewer.add_image(np.zeros((2, 2, 2)), units=["nm"] * 3)
    settle(viewer)
    np.testing.assert_allclose(_drawn(viewer, layer, 1), before * 1000)


def test_far_box_keeps_its_size(window: Window, boxes: LevelBoxes):
    """A micrometre wide at 10⁷ µm, where float32 has steps of a micrometre."""
    far = World({"scale": [0.01] * 3, "translate": [1e7 + 0.25] * 3}, None, None)
    viewer, layer = window.show(PART, far)
    boxes.show(layer)
    lines, _ = _nodes(viewer, layer)
    assert np.ptp(lines.pos[:, 0]) == pytest.approx(1.0)


def test_level_that_the_plane_misses_is_faint(window: Window, boxes: LevelBoxes):
    viewer, layer = window.show(PART, MOVED)
    boxes.show(layer)

    def opacities() -> list[float]:
        return sorted({float(rgba[3]) for rgba in _nodes(viewer, layer)[0].color})

    viewer.dims.set_point(0, 60.0)  # level 1 from 49 to 169
    assert opacities() == [1.0]
    viewer.dims.set_point(0, 40.0)
    assert len(opacities()) == 2


def test_numbers_do_not_lie_on_each_other(window: Window, boxes: LevelBoxes):
    """All levels of this pyramid begin at the same corner."""
    viewer, layer = window.show(PYRAMIDS["mean"], World({}, None, None))
    boxes.show(layer)
    for zoom in (4.0, 9.0):
        camera(viewer).zoom = zoom
        columns = np.array(_nodes(viewer, layer)[1].pos)[:, 0] * zoom
        assert np.diff(columns).min() >= 10  # pixels


def test_boxes_go_with_the_layer(window: Window, boxes: LevelBoxes):
    viewer, layer = window.show(PART, MOVED)
    boxes.show(layer)
    assert list(viewer.layers) == [layer]  # they are no layer
    lines, numbers = _nodes(viewer, layer)
    layer.visible = False
    assert not lines.visible
    assert not numbers.visible
    layer.visible = True
    assert lines.visible
    viewer.layers.remove(layer)
    assert boxes.layer is None
    assert not lines.visible
    assert not numbers.visible


def test_boxes_of_another_layer_replace_them(window: Window, boxes: LevelBoxes):
    viewer, layer = window.show(PART, MOVED)
    other = viewer.add_image(np.zeros((4, 4, 4)), translate=[100, 0, 0])
    boxes.show(layer)
    boxes.show(other)
    viewer.dims.ndisplay = 3
    np.testing.assert_allclose(
        _drawn(viewer, other, 0, 1), [(99.5, 103.5), (-0.5, 3.5), (-0.5, 3.5)]
    )
    layer.translate = [0, 0, 0]  # nobody listens
    boxes.hide()
    assert _nodes(viewer, other) == (None, None)


def test_boxes_are_in_the_cell_of_their_layer(window: Window, boxes: LevelBoxes):
    viewer, layer = window.show(PART, MOVED)
    viewer.add_image(np.zeros((4, 4, 4)))
    boxes.show(layer)
    lines, _ = _nodes(viewer, layer)
    grid = viewer.canvas.grid if hasattr(viewer, "canvas") else viewer.grid
    for enabled in (True, False):
        grid.enabled = enabled
        settle(viewer)
        assert _nodes(viewer, layer)[0] is lines


def test_layer_of_another_reader_has_boxes_where_napari_draws_it(window: Window, boxes: LevelBoxes):
    """100 → 30 voxels: napari takes 10/3 for the scale, and puts the corners together."""
    viewer = window.viewer
    layer = viewer.add_image(PART.numbered(), multiscale=True, contrast_limits=(0, 1))
    viewer.dims.ndisplay = 3
    boxes.show(layer)
    np.testing.assert_allclose(_drawn(viewer, layer, 1), [(-0.5, 99.5)] * 3)
    # As declared, in nanometres from another origin: how levels lie to each other is what counts.
    first = np.diag([500.0, 500, 500, 1])
    second = np.diag([1000.0, 1000, 1000, 1])
    second[:3, 3] = 20.5 * 500
    boxes.show(layer, [first, second])
    np.testing.assert_allclose(_drawn(viewer, layer, 1), [(19.5, 79.5)] * 3)


def test_what_has_no_boxes_is_told(window: Window, boxes: LevelBoxes):
    points = window.viewer.add_points(np.zeros((1, 3)))
    assert isinstance(points, Points)
    with pytest.raises(ValueError, match="'Points' has no levels of voxels"):
        boxes.show(points)
    image = window.viewer.add_image(np.zeros((3, 3)), name="flat")
    with pytest.raises(ValueError, match="'flat' has 1 levels, found 2 affines"):
        boxes.show(image, [np.eye(3), np.eye(3)])
    assert boxes.layer is None


def test_napari_without_the_private_parts_is_told(
    window: Window, boxes: LevelBoxes, monkeypatch: pytest.MonkeyPatch
):
    viewer, layer = window.show(PART, MOVED)
    assert cannot_draw(viewer) is None
    monkeypatch.setattr(viewer.window._qt_viewer, "canvas", object())
    reason = cannot_draw(viewer)
    assert reason is not None
    assert "lacks what boxes of levels are drawn with" in reason
    with pytest.raises(ValueError, match="lacks what boxes"):
        boxes.show(layer)
    monkeypatch.undo()


def test_viewer_without_a_window_is_told():
    reason = cannot_draw(ViewerModel())
    assert reason is not None
    assert "lacks what boxes of levels are drawn with" in reason


def test_closed_boxes_leave_nothing_behind(window: Window):
    viewer, layer = window.show(PART, MOVED)
    assert isinstance(layer, Image)
    parent = visual(viewer, layer).node.parent
    before = list(parent.children)
    boxes = LevelBoxes(viewer)
    boxes.show(layer)
    assert len(parent.children) == len(before) + 2
    boxes.close()
    assert list(parent.children) == before
    gone = weakref.ref(boxes)
    del boxes
    gc.collect()
    assert gone() is None
    layer.translate = [1, 1, 1]
