"""What is said of geometries: which level lacks what, how many vertices are shown, what helps."""

from __future__ import annotations

from typing import Any

import pytest
from geometry_cases import CORNERS, FACES, ZYX_NM, Store, lines

from napari_strata.geometry import Vertices
from napari_strata.layers.geometry.drawing import draw
from napari_strata.layers.geometry.far import far_problem

LACKING: dict[str, tuple[Any, Vertices, str]] = {
    "faces": ("surface", Vertices(CORNERS), "level '1' has no faces here, so this Surface layer"),
    "edges": ("vectors", Vertices(CORNERS), "level '1' has no segments here, so this Vectors"),
    "lines": ("shapes", Vertices(CORNERS), "level '1' has no lines here, so this Shapes layer"),
    "lone vertices": (
        "shapes",
        lines(CORNERS[:1], CORNERS[1:2]),
        "level '1' has no lines of two vertices here, so this Shapes layer",
    ),
}


@pytest.mark.parametrize("name", LACKING)
def test_what_a_layer_cannot_show_names_the_level_and_says_what_to_do(name: str):
    to, vertices, text = LACKING[name]
    with pytest.raises(ValueError, match="choose another level") as refused:
        draw(vertices, (0, 1, 2), to, "1")
    assert str(refused.value).startswith(text)


@pytest.mark.parametrize("to", ["points", "vectors", "shapes"])
def test_vertices_that_lines_share_are_counted_once(to: Any):
    """Two lines meet at one place, the second comes back to it: 5 rows, 3 places."""
    vertices = lines(CORNERS[:2], CORNERS[[1, 2, 1]])
    drawn = draw(vertices, (2, 1, 0), to, "1")
    assert drawn.count == 3
    assert sum(len(path) for path in drawn.data) == 5 if to == "shapes" else len(drawn.data) > 2


def test_points_at_one_place_are_counted_each():
    drawn = draw(Vertices(CORNERS[[0, 0, 1]]), (0, 1, 2), "points", "1")
    assert drawn.count == 3


def test_far_vertices_say_that_moving_does_not_help():
    """A layer's own numbers go to the graphics card, wherever the layer is moved to."""
    far = Vertices(CORNERS * 10 + 1e8, faces=FACES)
    geometry = Store().geometry("mesh", [far], axes=ZYX_NM)
    (problem,) = far_problem(far, geometry, "1")
    assert "Moving the layer does not help" in problem.message
    assert "stored nearer to 0 they would be drawn exactly" in problem.message
