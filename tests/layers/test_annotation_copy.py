"""A copy of a layer says what the layer was, whatever is done to it since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.layers import Points, Shapes, Surface, Tracks, Vectors
from tests.export import annotations as makers

from napari_strata.layers.annotations.annotation import Annotation, copy_of, from_layer

CORNERS = np.array([[0.0, 0.0], [0.0, 4.0], [3.0, 4.0]])

LAYERS: dict[str, Callable[[], Any]] = {
    "points": lambda: Points(CORNERS.copy(), features={"size": [1, 2, 3]}, scale=(2, 2)),
    "shapes": lambda: Shapes([CORNERS.copy()], shape_type="polygon", features={"size": [1]}),
    "vectors": lambda: Vectors(np.stack([CORNERS, CORNERS], axis=1)),
    "surface": lambda: Surface((CORNERS.copy(), np.array([[0, 1, 2]]), np.arange(3.0))),
    "tracks": lambda: Tracks(np.array([[0, 0, 1.0, 2.0], [0, 1, 3.0, 4.0]])),
}


def text(found: Annotation) -> str:
    columns = {**found.vertices.vertex_attributes, **(found.vertices.object_attributes or {})}
    told = {name: values.tolist() for name, values in columns.items()}
    return repr((found.name, found.layer, found.vertices.vertices.tolist(), told))


@pytest.mark.parametrize("kind", LAYERS)
def test_the_copy_stays_as_the_layer_was(kind: str):
    layer = LAYERS[kind]()
    before = text(from_layer(layer))
    copied = copy_of(layer)
    arrays = layer.data if isinstance(layer.data, (list, tuple)) else [layer.data]
    for array in arrays:
        array += 1  # as napari does where items are dragged
    if len(layer.features.columns):
        layer.features.iloc[:, 0] = 7
    if kind == "points":
        layer.face_color[:] = 0
    layer.translate = (1,) * layer.ndim
    layer.metadata["new"] = 1
    assert text(from_layer(copied)) == before
    assert (copied.name, copied._type_string) == (layer.name, kind)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_copy_of_what_is_hard_to_keep_says_the_same(kind: str):
    layer = makers.make(kind, 3, "sheared")
    assert text(from_layer(copy_of(layer))) == text(from_layer(layer))
