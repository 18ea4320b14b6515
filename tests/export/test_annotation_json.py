"""What we read back from a store may be anybody's: it is the layer, or none, and never an error."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.export.annotations import MAKERS
from tests.sampling import kind_of_place, sampled

import napari_strata as strata
from napari_strata import dataset
from napari_strata.export import export
from napari_strata.layers.annotations.annotation import ORDER, restore
from napari_strata.layers.annotations.values import Unreadable, decode, encode

ODD: list[Any] = [
    None, True, -1, 10**30, 1.5, "", "x" * 10_000, [], [[]], {}, {"$array": "<f8"},
    {"$array": "<f8", "shape": [10**9, 10**9], "zlib": ""},
    {"$array": "O", "shape": [1], "zlib": "eA=="}, {"$float": "x"}, {"a": {"b": {"c": []}}},
]  # fmt: skip


@pytest.fixture(scope="module", params=MAKERS)
def written(request, tmp_path_factory):
    """A geometry as read, its vertices and its JSON."""
    kind = request.param
    maker, ranks = MAKERS[kind]
    path = tmp_path_factory.mktemp(kind) / "it.zarrvectors"
    export(maker(ranks[-1]), path)
    geometry = strata.open(path).geometries[0]
    return geometry, geometry.read()


def with_layer(geometry: dataset.Geometry, layer: Any) -> dataset.Geometry:
    changed = dataset.Geometry(replace(geometry.model, layer=layer))
    changed.__dict__["decisions"] = geometry.decisions
    return changed


def record() -> dict[str, Any]:
    return {"metadata": {"strata": {"problems": []}}}


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        inner = [paths(v, (*path, k)) for k, v in value.items()]
    elif isinstance(value, list) and len(value) <= 20:
        inner = [paths(v, (*path, i)) for i, v in enumerate(value)]
    else:
        inner = []
    flat = [p for each in inner for p in each]
    return [path, *flat] if path else flat


def changed(layer: Any, path: tuple[Any, ...], value: Any) -> Any:
    copied = copy.deepcopy(layer)
    at = copied
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return copied


def test_every_key_damaged(written):
    geometry, vertices = written
    layer = json.loads(json.dumps(geometry.model.layer))
    of_all = [path for path in paths(layer) if len(path) <= 3]
    for number, path in enumerate(sampled(of_all, kind_of_place, 150)):
        for value in (
            ODD[number % len(ODD)],
            ODD[(number + 5) % len(ODD)],
            ODD[(number + 11) % len(ODD)],
        ):
            arguments = record()
            found = restore(with_layer(geometry, changed(layer, path, value)), vertices, arguments)
            told = arguments["metadata"]["strata"]["problems"]
            assert found is not None or [p["code"] for p in told] == ["annotation-changed"], path


def test_every_key_missing(written):
    geometry, vertices = written
    for key in geometry.model.layer:
        layer = {k: v for k, v in geometry.model.layer.items() if k != key}
        restore(with_layer(geometry, layer), vertices, record())


def test_vertices_that_are_not_all_there(written):
    geometry, vertices = written
    order = vertices.vertex_attributes[ORDER]
    without = {k: v for k, v in vertices.vertex_attributes.items() if k != ORDER}
    twice = {**without, ORDER: np.zeros_like(order)}
    far = {**without, ORDER: order + 1}
    for attributes in (without, twice, far):
        arguments = record()
        assert restore(geometry, replace(vertices, vertex_attributes=attributes), arguments) is None
        assert arguments["metadata"]["strata"]["problems"][0]["code"] == "annotation-changed"


def test_another_space_is_another_layer(written):
    geometry, vertices = written
    assert restore(geometry.with_vertices("declared"), vertices, {}) is None


def test_settings_napari_does_not_know_are_left_out(written):
    geometry, vertices = written
    layer = changed(geometry.model.layer, ("style", "blending"), "sideways")
    arguments = record()
    found = restore(with_layer(geometry, layer), vertices, arguments)
    assert found is not None
    assert "blending" not in found[1]
    assert "usual ones" in arguments["metadata"]["strata"]["problems"][0]["message"]


@pytest.mark.parametrize(
    "value",
    [
        np.array([[1.5, np.nan], [-0.0, np.inf]]),
        np.array([2**63], dtype=np.uint64),
        np.array([True, False]),
        np.zeros((0, 3), dtype=np.float32),
        float("nan"),
        [1, None, "a", {"b": 0.1}],
    ],
    ids=lambda value: type(value).__name__,
)
def test_value_comes_back(value):
    stored = json.loads(json.dumps(encode(value, "it"), allow_nan=False))
    found = decode(stored, 100)
    if isinstance(value, np.ndarray):
        assert (found.dtype, found.shape) == (value.dtype, value.shape)
        assert found.tobytes() == value.tobytes()
    else:
        assert repr(found) == repr(value)


def test_packed_zeros_are_not_unpacked_without_end():
    bomb = encode(np.zeros(10**6), "it")
    with pytest.raises(Unreadable, match="shape"):
        decode(bomb, 1000)
    with pytest.raises(Unreadable, match="bytes or more"):
        decode({**bomb, "shape": [1000]}, 1000)


def test_nested_too_deep():
    value: Any = []
    for _ in range(100):
        value = [value]
    with pytest.raises(Unreadable, match="too deep"):
        decode(value, 10)
