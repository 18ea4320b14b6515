"""What items have of their own goes where the items go; what cannot is plain, and said."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from geometry_cases import CORNERS, FACES
from napari.layers import Layer, Points, Shapes, Surface, Vectors
from napari.layers.utils.color_transformations import transform_color

from napari_strata.layers.geometry import item_looks as geometry_item_looks
from napari_strata.layers.geometry.drawing import Drawing
from napari_strata.layers.geometry.items import same_items
from napari_strata.layers.geometry.look import LINE_COLOUR, POINT_COLOUR
from napari_strata.layers.geometry.replace import replace_data
from napari_strata.layers.geometry.row_codes import row_codes

PLACES = np.array([[0.0, 0, 0], [1, 2, 3], [4, 5, 6], [7, 8, 9], [1.5, 1, 1]])
COLOURS = np.array([[i / 8, 1 - i / 8, 0.5, 1] for i in range(5)])
YELLOW, ORANGE = transform_color(POINT_COLOUR)[0], transform_color(LINE_COLOUR)[0]

KEPT = [3, 1]  # as if cropped, and in another order
ADDED = 100.0  # of the place of an item that was not there before


def drawing(kind: Any, rows: Any, new: int = 0, **features: Any) -> Drawing:
    """Give items by row, and others behind them."""
    rows = list(rows)
    more = np.full((new, 3), ADDED) + np.arange(new)[:, None]
    places = np.concatenate([PLACES[rows], more])
    named = {key: np.asarray(value) for key, value in features.items()}
    data: Any = places
    if kind == "vectors":
        data = np.stack([places, places[:, ::-1] + 1], axis=1)
    elif kind == "shapes":
        data = [np.stack([place, place + 1]) for place in places]
    elif kind == "surface":
        data = (places, np.array([[0, 1, 1]]))
    return Drawing(kind, data, named, len(places))


def layer_of(kind: str, **features: Any) -> Any:
    made = drawing(kind, range(5), **features)
    arguments: dict[str, Any] = {"features": dict(made.features)}
    if kind == "shapes":
        arguments["shape_type"] = "path"
    return Layer.create(made.data, arguments, kind)


def codes(problems: Any) -> list[tuple[str, str]]:
    return [(problem.code, problem.severity) for problem in problems]


OWN: dict[str, tuple[str, str, Any, Any]] = {
    "colours of points": ("points", "face_color", COLOURS, YELLOW),
    "borders of points": ("points", "border_color", COLOURS, transform_color("dimgray")[0]),
    "sizes": ("points", "size", np.array([1.0, 2, 30, 4, 5]), 4.0),  # the median
    "widths of borders": ("points", "border_width", np.array([0.1, 0.2, 0.3, 0.4, 0.5]), 0.3),
    "hidden points": ("points", "shown", np.array([True, False, True, False, True]), True),
    "symbols": ("points", "symbol", np.array(["disc", "ring", "disc", "star", "x"]), "disc"),
    "colours of segments": ("vectors", "edge_color", COLOURS, ORANGE),
    "colours of paths": ("shapes", "edge_color", COLOURS, ORANGE),
    "faces of paths": ("shapes", "face_color", COLOURS, np.zeros(4)),
    "widths of paths": ("shapes", "edge_width", np.array([1.0, 2, 30, 4, 5]), 4.0),
    "depths of paths": ("shapes", "z_index", np.array([3, 1, 2, 5, 4]), 0),
    "colours of a surface": ("surface", "vertex_colors", COLOURS, np.ones(4)),
}


def values(layer: Any, key: str) -> Any:
    found = getattr(layer, key)
    return np.array([str(s) for s in found]) if key == "symbol" else np.asarray(found)


@pytest.mark.parametrize("name", OWN)
def test_a_crop_keeps_what_its_items_have_of_their_own(name: str):
    kind, key, own, _ = OWN[name]
    layer = layer_of(kind)
    setattr(layer, key, list(own) if kind == "shapes" and own.ndim == 1 else own)
    assert replace_data(layer, drawing(kind, KEPT)) == ()
    if key == "symbol":
        assert list(values(layer, key)) == list(own[KEPT])
    else:
        np.testing.assert_allclose(values(layer, key), own[KEPT], rtol=1e-6)


@pytest.mark.parametrize("name", OWN)
def test_items_that_were_not_there_are_plain_and_that_is_said(name: str):
    kind, key, own, plain = OWN[name]
    layer = layer_of(kind)
    setattr(layer, key, list(own) if kind == "shapes" and own.ndim == 1 else own)
    problems = replace_data(layer, drawing(kind, KEPT, new=2))
    assert codes(problems) == [("item-looks-not-kept", "warning")]
    assert key.replace("_", " ") in problems[0].message
    assert "2 of 4" in problems[0].message
    found = values(layer, key)
    if key == "symbol":
        assert list(found) == [*own[KEPT], "disc", "disc"]
        return
    np.testing.assert_allclose(found[:2], own[KEPT], rtol=1e-6)
    np.testing.assert_allclose(found[2:], np.array([plain, plain]), rtol=1e-6)


@pytest.mark.parametrize("kind", ["points", "vectors", "shapes"])
def test_an_object_is_known_by_its_id_on_another_level(kind: str):
    """All places are others; the objects 12 and 14 are there again, 99 is new."""
    key = "face_color" if kind == "points" else "edge_color"
    layer = layer_of(kind, object_id=[10, 11, 12, 13, 14])
    setattr(layer, key, COLOURS)
    problems = replace_data(layer, drawing(kind, [], new=3, object_id=[14, 99, 12]))
    np.testing.assert_allclose(values(layer, key)[[0, 2]], COLOURS[[4, 2]], rtol=1e-6)
    np.testing.assert_allclose(
        values(layer, key)[1], YELLOW if kind == "points" else ORANGE, rtol=1e-6
    )
    assert codes(problems) == [("item-looks-not-kept", "warning")]


def test_an_id_that_several_items_have_tells_nothing():
    layer = layer_of("vectors", object_id=[1, 1, 2, 2, 3])
    rows = same_items(layer, drawing("vectors", [], new=3, object_id=[1, 2, 3]))
    assert list(rows) == [-1, -1, 4]


def test_items_at_one_place_are_told_apart_by_their_order():
    """Rows 0 and 2 are at one place, as are two of the new items; of row 1 there are two now."""
    layer = Points(PLACES[[1, 0, 1, 3]])
    new = Drawing("points", PLACES[[0, 1, 0, 1, 2]], {}, 5)
    assert list(same_items(layer, new)) == [-1, 0, -1, 2, -1]


def test_rows_that_are_the_same_have_one_code():
    nan = np.nan
    table = np.array([[nan, 1.0], [2, nan], [0.0, 4], [nan, 2], [-0.0, 4], [nan, 1]])
    found = row_codes(table)
    assert [list(found == code).index(True) for code in found] == [0, 1, 2, 3, 2, 0]


def test_what_all_share_is_not_looked_up(monkeypatch: pytest.MonkeyPatch):
    """Nor is each symbol compared with another: napari compares them in Python."""
    places = np.zeros((1000, 3))
    layer = Points(places, symbol="square")
    compared = []

    def fail(*_: Any) -> Any:
        raise AssertionError("it was looked up")

    def same(own: Any, other: Any) -> bool:
        compared.append(other)
        return str(own) == str(other)

    monkeypatch.setattr(geometry_item_looks, "same_items", fail)
    monkeypatch.setattr(type(layer.symbol[0]), "__eq__", same)
    found = geometry_item_looks.ItemLooks.of(layer, Drawing("points", places + 1, {}, 1000))
    monkeypatch.undo()
    assert str(found.shared["symbol"]) == "square"
    assert len(compared) < 10


# --------------------------------------------------------------------- colours of a feature


VALUES: dict[str, Any] = {
    "colormap": np.array([0.1, 0.4, 0.25, 0.9, 0.7]),
    "cycle": np.array(["b", "a", "c", "b", "a"]),
}


@pytest.mark.parametrize("mode", VALUES)
@pytest.mark.parametrize("kind", ["points", "vectors", "shapes"])
def test_a_colour_comes_back_with_the_feature_it_follows(kind: str, mode: str):
    layer = layer_of(kind, val=VALUES[mode])
    key = "face_color" if kind == "points" else "edge_color"
    setattr(layer, key, "val")
    if mode == "colormap":
        setattr(layer, key.replace("color", "colormap"), "inferno")
        setattr(layer, key.replace("color", "contrast_limits"), (0.0, 2.0))
        layer.refresh_colors()  # shapes are not coloured anew by themselves
    else:
        setattr(layer, f"{key}_cycle", ["red", "green", "blue"])
    assert str(getattr(layer, f"{key}_mode")) == mode
    before = values(layer, key).copy()
    assert len(np.unique(before, axis=0)) > 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        problems = replace_data(layer, drawing(kind, [], new=2), level="level 1")
        assert codes(problems) == [("attributes-missing", "info")]
        assert problems[0].message == (
            "level 1 stores no attributes: val; what is coloured by val is plain until a level "
            "with it is shown"
        )
        plain = YELLOW if kind == "points" else ORANGE
        np.testing.assert_allclose(values(layer, key), [plain, plain], rtol=1e-6)
        assert replace_data(layer, drawing(kind, [], new=1), level="level 2") != ()
        assert replace_data(layer, drawing(kind, range(5), val=VALUES[mode])) == ()
    assert str(getattr(layer, f"{key}_mode")) == mode
    np.testing.assert_allclose(values(layer, key), before, rtol=1e-6)
    assert replace_data(layer, drawing(kind, KEPT, val=VALUES[mode][KEPT])) == ()
    np.testing.assert_allclose(values(layer, key), before[KEPT], rtol=1e-6)


def test_a_colour_that_was_set_meanwhile_stays():
    layer = layer_of("points", val=VALUES["colormap"])
    layer.face_color = "val"
    replace_data(layer, drawing("points", [], new=2))
    layer.face_color = "red"
    replace_data(layer, drawing("points", range(5), val=VALUES["colormap"]))
    assert str(layer.face_color_mode) == "direct"
    np.testing.assert_array_equal(layer.face_color, [[1, 0, 0, 1]] * 5)


@pytest.mark.parametrize("kind", ["points", "vectors", "shapes"])
def test_napari_says_nothing_of_features_that_are_gone(kind: str):
    """A feature that once coloured, and one that text shows."""
    layer = layer_of(kind, val=VALUES["colormap"])
    key = "face_color" if kind == "points" else "edge_color"
    setattr(layer, key, "val")
    setattr(layer, key, "red")
    if kind != "vectors":
        layer.text = {"string": "val"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        replace_data(layer, drawing(kind, KEPT))
        replace_data(layer, drawing(kind, range(5), val=VALUES["colormap"]))
    np.testing.assert_array_equal(values(layer, key), [[1, 0, 0, 1]] * 5)
    if kind != "vectors":
        assert list(layer.text.values) == [str(value) for value in VALUES["colormap"]]


def test_every_feature_that_is_not_there_is_named_until_it_is_back():
    layer = layer_of("points", ident=range(5), val=range(5))
    fewer = drawing("points", KEPT, val=[1, 2])
    for _ in range(2):  # a crop on the level without it says it again
        problems = replace_data(layer, fewer, level="level 1")
        assert codes(problems) == [("attributes-missing", "info")]
        assert problems[0].message == "level 1 stores no attributes: ident"
    assert replace_data(layer, drawing("points", range(5), ident=range(5), val=range(5))) == ()


@pytest.mark.parametrize("kind", ["points", "vectors", "shapes"])
def test_what_was_coloured_by_a_feature_is_so_again_if_napari_refuses(
    monkeypatch: pytest.MonkeyPatch, kind: str
):
    layer = layer_of(kind, val=VALUES["colormap"])
    key = "face_color" if kind == "points" else "edge_color"
    setattr(layer, key, "val")
    before = values(layer, key).copy()

    def refuse(*_: Any) -> None:
        raise RuntimeError("the graphics card is gone")

    monkeypatch.setattr(geometry_item_looks.ItemLooks, "put", refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeError, match="is gone"):
            replace_data(layer, drawing(kind, KEPT))
    assert str(getattr(layer, f"{key}_mode")) == "colormap"
    np.testing.assert_allclose(values(layer, key), before, rtol=1e-6)
    np.testing.assert_array_equal(layer.features["val"], VALUES["colormap"])
    monkeypatch.undo()
    assert replace_data(layer, drawing(kind, range(5), val=VALUES["colormap"])) == ()


def test_colours_of_the_vertices_of_a_surface_all_go_with_them():
    layer = Surface((CORNERS, FACES), vertex_colors=COLOURS[:4])
    new = Drawing("surface", (CORNERS[1:], FACES[:1] * 0), {}, 3)
    assert replace_data(layer, new) == ()
    np.testing.assert_allclose(layer.vertex_colors, COLOURS[1:4])


TYPES = {"points": Points, "vectors": Vectors, "shapes": Shapes, "surface": Surface}


@pytest.mark.parametrize("kind", TYPES)
def test_the_cases_are_of_the_layers_they_say(kind: str):
    assert type(layer_of(kind)) is TYPES[kind]
