"""A box in world as a box of stored coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from napari_strata import affine
from napari_strata.geometries.zvf_selection import Selection

INF = np.inf
SCALED = affine.from_scale_translate([2.0, -4.0], [10.0, 100.0])
TURNED = affine.frozen([[0.0, 2.0, 1.0], [1.0, 0.0, -5.0], [0.0, 0.0, 1.0]])
SHEARED = affine.frozen([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])

# The transform, a box in world, and the box of stored coordinates, worked out by hand.
CASES = {
    "finite": (SCALED, [[10, 92], [14, 100]], [[0, 0], [2, 2]]),
    "no limit on one axis": (SCALED, [[-INF, 92], [INF, 100]], [[-INF, 0], [INF, 2]]),
    "no upper limit on a mirrored axis": (SCALED, [[10, 92], [14, INF]], [[0, -INF], [2, 2]]),
    "axes change places": (TURNED, [[1, -INF], [5, 3]], [[-INF, 0], [8, 2]]),
    "a shear mixes what has no limit in": (SHEARED, [[0, 2], [INF, 3]], [[-3, 2], [INF, 3]]),
}


@pytest.mark.parametrize(("matrix", "box", "expected"), CASES.values(), ids=CASES.keys())
def test_a_box_in_stored_coordinates(
    matrix: affine.Matrix, box: list[list[float]], expected: list[list[float]]
):
    found = Selection.of(matrix, np.array(box, dtype=float)).box
    assert found is not None
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.all(found[0] <= expected[0])
    assert np.all(found[1] >= expected[1])


def test_a_vertex_on_the_face_of_a_box_is_in_it_however_numbers_are_rounded():
    stored = np.arange(1000.0)[:, None] * [0.7, 1.3]
    matrix = affine.from_scale_translate([0.1, 3.3], [0.3, -0.7])
    world = stored * [0.1, 3.3] + [0.3, -0.7]
    for vertex, place in zip(stored, world, strict=True):
        assert Selection.of(matrix, np.array([place, place])).holds(vertex[None]).all()
