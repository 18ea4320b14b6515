"""What napari's menus make of an exact layer is exact too, or says that it is not."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from layer_cases import PYRAMIDS, WORLDS
from layer_drawing import bright_box, camera, drawn_position, settle
from napari.components import ViewerModel
from napari.layers import Image, Labels, _layer_actions

from napari_strata.layers.drawing import guard as guard_module
from napari_strata.layers.drawing.guard import guard
from napari_strata.layers.drawing.placed import PlacedImage, PlacedLabels, place
from napari_strata.layers.placement import Placement

STRIDED = PYRAMIDS["strided"]
MARK = "⚠"


def levels(dtype: Any = np.uint8) -> list[np.ndarray]:
    """One bright voxel a level, its index (5, 4, 3)."""
    result = [np.zeros(shape, dtype) for shape in STRIDED.shapes]
    for level in result:
        level[5, 4, 3] = 255
    return result


def exact(kind: str = "image", **kwargs: Any) -> Any:
    if kind == "image":
        kwargs.setdefault("contrast_limits", (0, 255))
    return place(kind, levels(), STRIDED.placement, **kwargs)


@pytest.fixture
def viewer() -> ViewerModel:
    """A viewer without a window."""
    model = ViewerModel()
    guard(model)
    return model


def is_marked(layer: Any) -> bool:
    """Marked in the name and in the problems, which are plain JSON."""
    problems = layer.metadata["strata"].get("problems", [])
    assert json.loads(json.dumps(layer.metadata["strata"])) == layer.metadata["strata"]
    codes = [problem["code"] for problem in problems]
    assert (MARK in layer.name) == ("misplaced-levels" in codes)
    if codes:
        assert set(problems[-1]) == {"code", "severity", "where", "message"}
    return MARK in layer.name


ACTIONS: dict[str, tuple[str, Callable[[Any], None], type]] = {
    "duplicate image": ("image", _layer_actions._duplicate_layer, PlacedImage),
    "duplicate labels": ("labels", _layer_actions._duplicate_layer, PlacedLabels),
    "convert to labels": ("image", _layer_actions._convert_to_labels, PlacedLabels),
    "convert to image": ("labels", _layer_actions._convert_to_image, PlacedImage),
}


@pytest.mark.window
@pytest.mark.parametrize(("kind", "action", "made"), ACTIONS.values(), ids=ACTIONS.keys())
def test_menu_actions_keep_every_level_in_place(
    any_slicing: str, window: Any, kind: str, action: Callable[[Any], None], made: type
):
    """By pixels: the bright voxel (5, 4, 3) of level k is at (5, 4, 3) · 2^k."""
    viewer, original = window.show(STRIDED, WORLDS["voxels"], kind, levels())
    guard(viewer)
    viewer.layers.selection = {original}
    if kind == "labels":
        # No converting to labels would find a projection mode that labels have.
        original.colormap = {None: "black", 255: "white"}
    else:
        original.projection_mode = "none"
    action(viewer.layers)
    (new,) = [layer for layer in viewer.layers if layer is not original]
    assert type(new) is made
    assert not is_marked(new)
    if original in viewer.layers:
        viewer.layers.remove(original)
    if made is PlacedImage:
        new.contrast_limits = (0, 255)
    else:
        new.colormap = {None: "black", 255: "white"}
    for level in STRIDED.levels:
        new.locked_data_level = level
        viewer.dims.set_point(0, 5 * 2**level)
        camera(viewer).center = (0, 40, 30)
        camera(viewer).zoom = 5
        settle(viewer)
        found, _ = bright_box(viewer)
        expected = 5 * np.array([4 * 2**level - 40, 3 * 2**level - 30])
        np.testing.assert_allclose(found, expected, atol=1)
        assert drawn_position(viewer, new, (4, 3)) == pytest.approx([4 * 2**level, 3 * 2**level])


@pytest.mark.window
def test_without_the_guard_a_duplicate_is_misplaced(window: Any):
    viewer, original = window.show(STRIDED, WORLDS["voxels"], data=levels())
    _layer_actions._duplicate_layer(viewer.layers)
    (new,) = [layer for layer in viewer.layers if layer is not original]
    new.locked_data_level = 3
    settle(viewer)
    assert drawn_position(viewer, new, (4, 3)) == pytest.approx([32 + 3.5, 24 + 3.5])


def test_a_duplicate_keeps_its_place_in_the_list_and_all_its_state(viewer: ViewerModel):
    below, layer, above = exact(name="below"), exact(name="raw"), exact(name="above")
    for each in (below, layer, above):
        viewer.add_layer(each)
    layer.visible = False
    layer.colormap = "magma"
    layer.opacity = 0.5
    layer.gamma = 0.7
    layer.contrast_limits = (3, 99)
    viewer.layers.selection = {layer}
    _layer_actions._duplicate_layer(viewer.layers)
    assert [each.name for each in viewer.layers] == ["below", "raw", "raw copy", "above"]
    new = viewer.layers[2]
    assert type(new) is PlacedImage
    assert (new.visible, new.colormap.name, new.opacity, new.gamma) == (False, "magma", 0.5, 0.7)
    assert new.contrast_limits == [3, 99]
    assert new.placement == layer.placement
    assert viewer.layers.selection == {new}
    assert new.metadata["strata"] is not layer.metadata["strata"]


def test_the_layer_a_script_holds_stays_the_one_in_the_viewer(viewer: ViewerModel):
    data, state, kind = exact().as_layer_data_tuple()
    assert kind == "image"
    held = Image(data, **state)
    viewer.add_layer(held)
    assert viewer.layers[0] is held
    assert type(held) is PlacedImage


def test_layers_that_were_there_before_the_guard():
    model = ViewerModel()
    data, state, _ = exact("labels").as_layer_data_tuple()
    model.add_layer(Labels(data, **state))
    guard(model)
    assert type(model.layers[0]) is PlacedLabels


def test_guarding_twice_is_guarding_once(viewer: ViewerModel):
    before = len(viewer.layers.events.inserted.callbacks)
    guard(viewer)
    assert len(viewer.layers.events.inserted.callbacks) == before


def test_the_guard_keeps_no_viewer_alive():
    model = ViewerModel()
    guard(model)
    model.add_layer(exact())
    layers = weakref.ref(model.layers)
    del model
    gc.collect()
    assert layers() is None


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_projection_is_exact_on_the_remaining_axes(viewer: ViewerModel, axis: int):
    layer = exact()
    data = [level.max(axis=axis) for level in layer.data]
    state = {"metadata": layer.metadata, "multiscale": True, "contrast_limits": (0, 255)}
    new = viewer.add_layer(Image(data, **state))
    assert type(new) is PlacedImage
    assert new.placement == Placement(((1, 1), (2, 2), (4, 4), (8, 8)), ((0, 0),) * 4)
    assert not is_marked(new)


def test_napari_projection(viewer: ViewerModel):
    layer = exact(scale=[3, 2, 1], projection_mode="none")
    viewer.add_layer(layer)
    if not hasattr(_layer_actions, "_project_data"):
        pytest.skip("napari before 0.9 projects the coarsest level alone")
    _layer_actions._project(viewer.layers, axis=0, mode="max")
    new = viewer.layers[-1]
    assert type(new) is PlacedImage
    assert new.scale.tolist() == [2, 1]
    assert new.data_to_world((4, 3)) == (8, 3)


def test_stack_of_two(viewer: ViewerModel):
    first, second = exact(name="a"), exact(name="b")
    viewer.add_layer(first)
    viewer.add_layer(second)
    data = [np.stack(pair) for pair in zip(first.data, second.data, strict=True)]
    new = viewer.add_layer(Image(data, multiscale=True, metadata=first.metadata))
    assert type(new) is PlacedImage
    assert new.placement.scale[3] == (1, 8, 8, 8)


def test_merged_to_rgb(viewer: ViewerModel):
    layer = exact()
    data = [np.stack([level] * 3, axis=-1) for level in layer.data]
    new = viewer.add_layer(Image(data, multiscale=True, rgb=True, metadata=layer.metadata))
    assert type(new) is PlacedImage
    assert new.rgb
    assert not is_marked(new)


@pytest.mark.skipif(
    not hasattr(_layer_actions, "_extract_multiscale_level"), reason="napari before 0.9"
)
@pytest.mark.parametrize("name", ["anisotropic", "rotated", "affine"])
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing is being requested:UserWarning")
def test_extracted_level_is_where_it_was(viewer: ViewerModel, name: str):
    world = WORLDS[name]
    layer = exact(**world.kwargs)
    viewer.add_layer(layer)
    _layer_actions._extract_multiscale_level_from_selection(viewer.layers, 2)
    new = viewer.layers[1]
    assert not new.multiscale
    assert not is_marked(new)
    assert "placement" not in new.metadata["strata"]
    for index in ([0, 0, 0], [23, 19, 15]):
        np.testing.assert_allclose(
            new.data_to_world(index), world.position(np.array(index) * 4), atol=1e-9
        )


def test_level_0_alone_needs_no_placement(viewer: ViewerModel):
    layer = exact()
    new = viewer.add_layer(Image(layer.data[0], metadata=layer.metadata))
    assert type(new) is Image
    assert "placement" not in new.metadata["strata"]
    assert "placement" in layer.metadata["strata"]
    assert not is_marked(new)


@pytest.mark.parametrize(
    ("data", "multiscale"),
    [
        pytest.param(levels()[2], False, id="another level alone"),
        pytest.param([level[2:] for level in levels()], True, id="cropped"),
        pytest.param(levels()[1:], True, id="a level fewer"),
        pytest.param([level[None] for level in levels()] * 2, True, id="more of other levels"),
    ],
)
def test_what_cannot_be_known_is_marked(
    viewer: ViewerModel, notified: Any, data: Any, multiscale: bool
):
    layer = exact()
    new = viewer.add_layer(Image(data, multiscale=multiscale, metadata=layer.metadata, name="odd"))
    assert notified() == [
        "Layer 'odd' may be misplaced: "
        "its levels are not those that the dataset declares the places of."
    ]
    assert new.name == "odd ⚠ may be misplaced"
    assert is_marked(new)
    assert "problems" not in layer.metadata["strata"]
    second = viewer.add_layer(
        Image(data, multiscale=multiscale, metadata=layer.metadata, name="odd")
    )
    assert second.name == "odd ⚠ may be misplaced [1]"


def test_a_subclass_of_somebody_else_is_marked(viewer: ViewerModel, notified: Any):
    class Theirs(Image):
        @property
        def _type_string(self) -> str:
            return "image"

    new = viewer.add_layer(Theirs(levels(), multiscale=True, metadata=exact().metadata))
    assert "is misplaced up to 3.5 voxels" in notified()[0]
    assert new.name == "Theirs ⚠ misplaced up to 3.5 voxels"


def test_a_plain_layer_that_napari_draws_right_is_left_alone(viewer: ViewerModel):
    same = Placement(((1.0,) * 3, (1.0,) * 3), ((0.0,) * 3,) * 2)
    metadata = {"strata": {"placement": same.to_json()}}
    new = viewer.add_layer(
        Image([np.zeros((9, 9, 9), np.uint8)] * 2, multiscale=True, metadata=metadata)
    )
    assert type(new) is Image
    assert new.metadata == metadata


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({}, id="none"),
        pytest.param({"strata": "rock"}, id="text"),
        pytest.param({"strata": {"placement": {"scale": "wide"}}}, id="no numbers"),
    ],
)
def test_metadata_of_others_is_left_alone(viewer: ViewerModel, metadata: dict[str, Any]):
    new = viewer.add_layer(Image(levels(), multiscale=True, metadata=metadata))
    assert type(new) is Image
    assert new.metadata == metadata


def test_where_exact_drawing_is_not_to_be_had(
    viewer: ViewerModel, notified: Any, monkeypatch: pytest.MonkeyPatch
):
    layer = exact(name="raw")
    viewer.add_layer(layer)
    monkeypatch.setattr(guard_module, "exact_drawing", lambda: "napari 9 is too new.")
    _layer_actions._duplicate_layer(viewer.layers)
    assert notified() == ["Layer 'raw copy' is misplaced up to 3.5 voxels: napari 9 is too new."]
    new = viewer.layers[1]
    assert type(new) is Image
    assert new.name == "raw copy ⚠ misplaced up to 3.5 voxels"
    assert is_marked(new)
    # Its copies are marked already.
    viewer.layers.selection = {new}
    _layer_actions._duplicate_layer(viewer.layers)
    assert viewer.layers[2].name == "raw copy ⚠ misplaced up to 3.5 voxels copy"
