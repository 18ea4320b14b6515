"""Layers of geometries: their types, features, places, levels and records."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from geometry_cases import CORNERS, FACES, TZYX, YX, ZYX, ZYX_NM, Store, lines, tetrahedron
from napari.layers import Labels, Layer

from napari_strata import dataset, geometries
from napari_strata.geometry import Vertices
from napari_strata.layers.geometry.build import geometry_layers
from napari_strata.layers.geometry.drawing import MOST_PATHS
from napari_strata.layers.geometry.level import read_best
from napari_strata.model import Axis, Problem

POINTS = np.array([[30.0, 20, 10], [75, 120, 315], [1.5, 2.5, 1e9 + 0.125]])


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    made.install(monkeypatch)
    return made


def build(geometry: dataset.Geometry, **how: Any) -> tuple[Any, dict[str, Any], str, list[Problem]]:
    """Build the one layer; it must be one napari takes."""
    problems: list[Problem] = []
    ((data, arguments, kind),) = geometry_layers("/data/a", geometry, problems, **how)
    layer = Layer.create(data, arguments, kind)
    json.dumps(layer.metadata["strata"], allow_nan=False)
    return data, arguments, kind, problems


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


# ------------------------------------------------------------------------------------- points


def test_points_keep_their_numbers(store: Store):
    data, arguments, kind, problems = build(store.geometry("points", [Vertices(POINTS)]))
    assert (kind, problems) == ("points", [])
    assert data is POINTS
    layer = Layer.create(data, arguments, kind)
    assert layer.data.dtype == np.float64
    np.testing.assert_array_equal(layer.data, POINTS)
    np.testing.assert_array_equal(layer.scale, [1, 1, 1])


def test_the_scale_turns_the_declared_unit_into_micrometres(store: Store):
    axes = (Axis("t", "time", "ms"), Axis("y", "space", "nm"), Axis("x", "space", None))
    data, arguments, _, _ = build(store.geometry("points", [Vertices(POINTS)], axes=axes))
    assert arguments["scale"] == (1e-3, 1e-3, 1.0)
    assert arguments["units"] == ("second", "micrometer", "pixel")
    assert arguments["axis_labels"] == ("t", "y", "x")
    assert data is POINTS


def test_columns_follow_the_order_of_image_layers(store: Store):
    axes = (Axis("x", "space", "nm"), Axis("z", "space", "mm"), Axis("t", "time", "s"))
    data, arguments, _, _ = build(store.geometry("points", [Vertices(POINTS)], axes=axes))
    assert arguments["axis_labels"] == ("t", "z", "x")
    assert arguments["scale"] == (1.0, 1e3, 1e-3)
    np.testing.assert_array_equal(data[0], [10, 20, 30])


def test_attributes_objects_and_groups_are_features(store: Store):
    vertices = Vertices(
        POINTS,
        vertex_attributes={
            "score": np.array([1, 2, 3], dtype=np.uint8),
            "direction": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
            "name": np.array(["a", "b", "c"]),
        },
        object_ids=np.array([7, 9, 7]),
        object_attributes={"volume": np.array([0.5, 1.5]), "label": np.array([4, 5])},
        attribute_ids=np.array([9, 8]),
        groups={"left": (7, 8), "right": (9,)},
    )
    _, arguments, _, _ = build(store.geometry("points", [vertices]))
    found = arguments["features"]
    assert list(found["score"]) == [1, 2, 3]
    assert list(found["direction_0"]) == [1, 3, 5]
    assert list(found["direction_1"]) == [2, 4, 6]
    assert list(found["name"]) == ["a", "b", "c"]
    assert list(found["object_id"]) == [7, 9, 7]
    np.testing.assert_array_equal(found["volume"], [np.nan, 0.5, np.nan])
    assert list(found["label"]) == [None, 4, None]
    assert list(found["group left"]) == [True, False, True]
    assert list(found["group right"]) == [False, True, False]


def test_many_groups_are_one_text(store: Store):
    groups = {f"g{i:02d}": (i, 100) for i in range(20)}
    vertices = Vertices(POINTS, object_ids=np.array([3, 100, 50]), groups=groups)
    _, arguments, _, _ = build(store.geometry("points", [vertices]))
    found = list(arguments["features"]["groups"])
    assert found[0] == "g03"
    assert found[1] == ", ".join(groups)
    assert found[2] == ""


def test_names_that_are_taken_get_a_number(store: Store):
    vertices = Vertices(
        POINTS,
        vertex_attributes={"object_id": np.array([1.0, 2.0, 3.0])},
        object_ids=np.array([4, 5, 6]),
    )
    _, arguments, _, _ = build(store.geometry("points", [vertices]))
    assert list(arguments["features"]["object_id"]) == [4, 5, 6]
    assert list(arguments["features"]["object_id (2)"]) == [1, 2, 3]


def test_points_that_coincide_have_a_size(store: Store):
    _, arguments, _, _ = build(store.geometry("points", [Vertices(POINTS[:1])]))
    assert arguments["size"] == 1.0


def test_sizes_are_of_the_spacing_in_world(store: Store):
    """27 points 1000 nm apart in a cube of 2000: spacing 2000/3 by volume, capped at a fortieth."""
    grid = np.stack(np.meshgrid(*[[0.0, 1000, 2000]] * 3), axis=-1).reshape(-1, 3)
    _, arguments, _, _ = build(store.geometry("points", [Vertices(grid)], axes=ZYX_NM))
    assert arguments["size"] == pytest.approx(2000 / 40)
    assert arguments["metadata"]["strata"]["slab"] == pytest.approx([2.0 / 40] * 3)


# -------------------------------------------------------------------------------------- lines


def test_few_lines_are_paths(store: Store):
    paths = [[[0.0, 0, 0], [0, 5, 5], [0, 5, 10]], [[1.0, 1, 1], [1, 2, 2]]]
    vertices = lines(*paths, object_ids=np.array([5, 6]))
    data, arguments, kind, problems = build(store.geometry("lines", [vertices]))
    assert (kind, problems) == ("shapes", [])
    assert [path.tolist() for path in data] == paths
    assert list(arguments["features"]["object_id"]) == [5, 6]


def test_lines_that_shapes_would_round_are_segments(store: Store):
    """1/3 is no float32, which napari's shapes are held in."""
    vertices = lines([[0.0, 0, 0], [0, 0, 1 / 3]])
    data, _, kind, _ = build(store.geometry("lines", [vertices]))
    assert kind == "vectors"
    np.testing.assert_array_equal(data, [[[0, 0, 0], [0, 0, 1 / 3]]])


def test_many_lines_are_segments_with_their_features(store: Store):
    many = [[[i, 0.0, 0], [i, 1, 0], [i, 1, 2]] for i in range(MOST_PATHS + 1)]
    vertices = lines(
        *many,
        object_ids=np.arange(MOST_PATHS + 1) + 50,
        vertex_attributes={"t": np.arange(3.0 * (MOST_PATHS + 1))},
    )
    data, arguments, kind, _ = build(store.geometry("lines", [vertices]))
    assert kind == "vectors"
    assert data.shape == (2 * (MOST_PATHS + 1), 2, 3)
    np.testing.assert_array_equal(data[2:4], [[[1, 0, 0], [0, 1, 0]], [[1, 1, 0], [0, 0, 2]]])
    assert list(arguments["features"]["object_id"][:4]) == [50, 50, 51, 51]
    assert list(arguments["features"]["t"][:4]) == [0, 1, 3, 4]  # of the segment's first vertex
    assert arguments["vector_style"] == "line"


@pytest.mark.parametrize("count", [MOST_PATHS, MOST_PATHS + 1])
def test_lines_of_one_vertex_are_told_of(store: Store, count: int):
    """Parts of 1, 2, 1, 1, 0 and 2 vertices, and so on; segments start at the right vertices."""
    paths = [np.full((1, 3), 9.0), [[0.0, 0, 0], [0, 0, 1]], *[np.full((1, 3), 8.0)] * 2]
    paths += [np.zeros((0, 3)), *[[[4.0, 4, 4], [5, 5, 5]]] * (count - 1)]
    data, _, kind, problems = build(store.geometry("lines", [lines(*paths)]))
    assert kind == ("shapes" if count == MOST_PATHS else "vectors")
    assert len(data) == count
    assert codes(problems) == ["lone-vertices"]
    assert "3 lines" in problems[0].message
    first = data[1][0]
    np.testing.assert_array_equal(first, [4, 4, 4])


def test_paths_say_that_their_vertices_attributes_are_left_out(store: Store):
    vertices = lines([[0.0, 0, 0], [0, 0, 1]], vertex_attributes={"FA": np.array([1.0, 2.0])})
    _, arguments, kind, problems = build(store.geometry("lines", [vertices]))
    assert kind == "shapes"
    assert codes(problems) == ["vertex-attributes-not-shown"]
    assert "FA" in problems[0].message
    assert arguments["features"] == {}


def test_ends_of_float32_segments_are_exact(store: Store):
    places = np.array([[1e6, 0, 0], [1e6 + 0.0625, 1e-3, 3e-9]], dtype=np.float32)
    vertices = Vertices(places, edges=np.array([[0, 1]]))
    data, _, kind, _ = build(store.geometry("graph", [vertices]))
    assert kind == "vectors"
    np.testing.assert_array_equal(data[0].sum(axis=0), places[1].astype(np.float64))


# -------------------------------------------------------------------------------------- graph


def test_edges_are_segments(store: Store):
    vertices = Vertices(
        CORNERS,
        edges=np.array([[1, 0], [2, 1]]),
        object_ids=np.array([1, 2, 3, 4]),
        vertex_attributes={"radius": np.array([1.0, 2, 3, 4])},
        edge_attributes={"radius": np.array([0.5, 0.6])},
    )
    data, arguments, kind, problems = build(store.geometry("graph", [vertices]))
    assert kind == "vectors"
    np.testing.assert_array_equal(data[0], [[8, 8, 12], [0, 0, -4]])
    np.testing.assert_array_equal(data[1], [[8, 12, 8], [0, -4, 4]])
    found = {key: list(value) for key, value in arguments["features"].items()}
    assert found == {"object_id": [2, 3], "radius": [2, 3], "radius (2)": [0.5, 0.6]}
    assert codes(problems) == ["lone-vertices"]
    assert "1 of 4 vertices" in problems[0].message


# --------------------------------------------------------------------------------------- mesh


def test_a_mesh_is_a_surface(store: Store):
    data, arguments, kind, problems = build(store.geometry("mesh", [tetrahedron()]))
    assert (kind, problems) == ("surface", [])
    assert data[0] is CORNERS
    assert data[1] is FACES
    assert len(data) == 2
    layer = Layer.create(data, arguments, kind)
    assert layer.vertices.dtype == np.float64


@pytest.mark.parametrize(
    ("attributes", "coloured"),
    [
        ({"depth": [1.0, 2, 3, 4]}, [1.0, 2, 3, 4]),
        ({"depth": [[1.0], [2], [3], [4]]}, [1.0, 2, 3, 4]),
        ({"depth": [3, 3, 3, 3]}, [3, 3, 3, 3]),
        ({"depth": [1.0, np.nan, 3, 4]}, [1.0, np.nan, 3, 4]),
        ({"depth": [np.nan] * 4}, [np.nan] * 4),
        ({"depth": [1.0, 2, 3, 4], "normal": [[0.0, 0, 1]] * 4}, [1.0, 2, 3, 4]),
        ({"a": [1.0, 2, 3, 4], "b": [1.0, 2, 3, 4]}, None),
        ({"name": ["a", "b", "c", "d"]}, None),
    ],
)
def test_the_only_scalar_colours_it(store: Store, attributes: Any, coloured: Any):
    named = {key: np.array(value) for key, value in attributes.items()}
    vertices = tetrahedron(vertex_attributes=named)
    data, arguments, kind, _ = build(store.geometry("mesh", [vertices]))
    if coloured is None:
        assert len(data) == 2
    else:
        np.testing.assert_array_equal(data[2], coloured)
        low, high = arguments["contrast_limits"]
        assert low < high
    assert len(Layer.create(data, arguments, kind).features) == 4


@pytest.mark.parametrize("segment", [37, 2**64 - 1])
def test_the_mesh_of_a_segment_has_the_colour_of_its_label(store: Store, segment: int):
    path = f"meshes/{segment}"
    geometry = store.geometry("mesh", [tetrahedron()], segment=segment, path=path)
    data, arguments, kind, _ = build(geometry)
    layer = Layer.create(data, arguments, kind)
    label = Labels(np.zeros((2, 2), dtype=np.uint64)).get_color(segment)
    np.testing.assert_allclose(layer.colormap.map(1.0).ravel()[:3], label[:3], atol=1e-6)
    assert arguments["metadata"]["strata"]["segment"] == segment
    assert arguments["metadata"]["strata"]["path"] == "/data/a/meshes"


# ------------------------------------------------------------------------- fallbacks, refusals


FALLBACKS: dict[str, tuple[Any, Vertices, str]] = {
    "mesh": ("mesh", Vertices(CORNERS), "no faces"),
    "mesh of no faces": ("mesh", Vertices(CORNERS, faces=FACES[:0]), "no faces"),
    "graph": ("graph", Vertices(CORNERS), "no edges"),
    "lines": ("lines", lines(CORNERS[:1], CORNERS[1:2]), "no lines"),
}


@pytest.mark.parametrize("name", FALLBACKS)
def test_a_level_without_them_is_shown_as_points_and_says_so(store: Store, name: str):
    kind, vertices, text = FALLBACKS[name]
    _, arguments, type_, problems = build(store.geometry(kind, [vertices]))
    assert type_ == "points"
    assert codes(problems) == ["shown-as-points"]
    assert text in problems[0].message
    assert "level 0" in problems[0].message
    assert arguments["metadata"]["strata"]["problems"][0]["code"] == "shown-as-points"


def test_the_fallback_names_the_levels_that_have_them(store: Store):
    levels = [tetrahedron(), tetrahedron(), Vertices(CORNERS)]
    arrays = [("vertices", "links"), ("vertices", "links"), ("vertices",)]
    geometry = store.geometry("mesh", levels, arrays=arrays)
    _, arguments, _, problems = build(geometry, level=2)
    assert problems[0].message.endswith("faces are stored in levels 0, 1")
    assert arguments["name"] == "cells level 2"


@pytest.mark.parametrize(
    ("vertices", "axes", "how", "text"),
    [
        (Vertices(np.zeros((0, 3))), ZYX, {}, "level 0 has no vertices stored"),
        (Vertices(POINTS), ZYX, {"box": [[-5] * 3, [-4] * 3]}, "no vertices in the box"),
        (Vertices(POINTS[:, :1]), ZYX[:1], {}, "one axis"),
        (Vertices(POINTS), ZYX, {"level": 1}, "there is no level 1"),
        (Vertices(POINTS), ZYX, {"level": -1}, "there is no level -1"),
    ],
)
def test_nothing_to_draw_is_an_error_and_no_empty_layer(
    store: Store, vertices: Vertices, axes: Any, how: dict[str, Any], text: str
):
    problems: list[Problem] = []
    geometry = store.geometry("points", [vertices], axes=axes)
    assert geometry_layers("/data/a", geometry, problems, **how) == []
    assert [problem.severity for problem in problems] == ["error"]
    assert text in str(problems[0])


def test_vertices_far_from_zero_say_how_exactly_they_are_drawn(store: Store):
    """float32 has 24 bits: at 1e8 nm a step is 2^-24 · 1e8 ≈ 5.96 nm; the cube has 100."""
    far = Vertices(CORNERS * 10 + 1e8, faces=FACES)
    _, _, _, problems = build(store.geometry("mesh", [far], axes=ZYX_NM))
    assert codes(problems) == ["far-vertices"]
    assert "5.96 nanometer" in problems[0].message
    _, _, _, problems = build(store.geometry("mesh", [tetrahedron()], axes=ZYX_NM))
    assert problems == []


# ------------------------------------------------------------------------------------- levels


def numbered(*counts: int) -> list[Vertices]:
    rng = np.random.default_rng(0)
    return [Vertices(rng.uniform(0, 100, (count, 3))) for count in counts]


@pytest.mark.parametrize(
    ("budget", "counts", "expected"),
    [
        (1000, [100, 10, 5], 0),
        (100, [100, 10, 5], 0),
        (99, [100, 10, 5], 1),
        (7, [100, 10, 5], 2),
        (4, [100, 10, 5], 2),  # none fits: the coarsest
    ],
)
def test_the_finest_level_that_fits_is_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch, budget: int, counts: list[int], expected: int
):
    monkeypatch.setattr(geometries, "MOST_VERTICES", budget)
    geometry = store.geometry("points", numbered(*counts))
    data, arguments, _, _ = build(geometry)
    assert len(data) == counts[expected]
    assert arguments["name"] == ["cells", "cells level 1", "cells level 2"][expected]
    assert arguments["metadata"]["strata"]["level"] == expected
    assert store.reads == [("", expected)]


def test_a_level_with_more_than_it_says_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(geometries, "MOST_VERTICES", 50)
    geometry = store.geometry("points", numbered(100, 20), counts=[10, 20])
    data, _, _, problems = build(geometry)
    assert len(data) == 20
    assert codes(problems) == ["vertex-count-differs"]


def test_levels_that_do_not_say_are_read_from_the_coarsest(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    """20 · 8 > 100: level 0 may be too large."""
    monkeypatch.setattr(geometries, "MOST_VERTICES", 100)
    geometry = store.geometry("points", numbered(300, 20, 5), counts=[None] * 3)
    assert read_best(geometry).level == 1
    monkeypatch.setattr(geometries, "MOST_VERTICES", 2000)
    assert read_best(geometry).level == 0


# ------------------------------------------------------------------------------------- record


def test_the_record_says_where_it_comes_from(store: Store):
    levels = numbered(20, 5)
    geometry = store.geometry("points", levels, path="a/b.zarrvectors", axes=ZYX_NM)
    _, arguments, _, _ = build(geometry, level=1, box=[[-1.0, -1, 0], [200.0, np.inf, 101]])
    found = arguments["metadata"]["strata"]
    assert found["format"] == "zvf"
    assert found["path"] == "/data/a/a/b.zarrvectors"
    assert found["geometry"] == "a/b.zarrvectors"
    assert found["kind"] == found["stored_kind"] == "points"
    assert found["axes"][0] == {"name": "z", "type": "space", "unit": "nanometer"}
    assert found["level"] == 1
    assert found["box"] == [[-1, -1, 0], [200, None, 101]]
    assert (found["space"], found["reason"]) == ("world", "found in world")
    assert found["chosen_by"] == "evidence"
    assert found["vertices_shown"] == 5
    assert found["layer_axes"] == ["z", "y", "x"]
    assert found["layer_units"] == ["micrometer"] * 3
    second = found["levels"][1]
    assert second["vertex_count"] == 5
    assert second["declared_scale"] == [2, 2, 2]
    assert second["declared_translate"] == [1, 1, 1]
    assert second["space"] == "world"


def test_the_record_says_that_the_space_was_asked_for(store: Store):
    geometry = store.geometry("points", numbered(20), space="declared")
    data, arguments, _, _ = build(geometry)
    assert arguments["metadata"]["strata"]["chosen_by"] == "user"
    assert arguments["metadata"]["strata"]["space"] == "declared"
    np.testing.assert_array_equal(data, store.levels[""][0].vertices + 1)


@pytest.mark.parametrize("axes", [YX, ZYX, TZYX], ids=["yx", "zyx", "tzyx"])
@pytest.mark.parametrize("kind", ["points", "lines", "graph", "mesh"])
def test_two_to_four_dimensions(store: Store, kind: Any, axes: Any):
    places = np.arange(4.0 * len(axes)).reshape(4, len(axes)) ** 1.5
    vertices = {
        "points": Vertices(places),
        "lines": lines(places[:2], places[2:]),
        "graph": Vertices(places, edges=np.array([[0, 1], [2, 3]])),
        "mesh": Vertices(places, faces=FACES),
    }[kind]
    data, arguments, type_, _ = build(store.geometry(kind, [vertices], axes=axes))
    layer = Layer.create(data, arguments, type_)
    assert layer.ndim == len(axes)
    assert layer.axis_labels == tuple(axis.name for axis in axes)


def test_time_points_are_a_slab_apart(store: Store):
    """Times 0, 0.1 and 0.2 s: a slice shows the points of one of them."""
    places = np.array([[0.1 * (i % 3), i, 2 * i, 3 * i] for i in range(30)])
    _, arguments, _, _ = build(store.geometry("points", [Vertices(places)], axes=TZYX))
    assert arguments["metadata"]["strata"]["slab"][0] == pytest.approx(0.0999)
