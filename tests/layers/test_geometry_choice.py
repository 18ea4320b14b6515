"""Which geometries of a dataset are opened, over its images; folders of meshes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from geometry_cases import TZYX, Store, location, tetrahedron

from napari_strata import dataset, plugin
from napari_strata.dataset import Dataset
from napari_strata.geometry import Vertices
from napari_strata.layers.build import build
from napari_strata.layers.geometry.address import Address
from napari_strata.model import Axis, OpenError, Problem
from napari_strata.samples import Sample


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    made.install(monkeypatch)
    return made


def points(store: Store, name: str, **more: Any) -> Any:
    places = np.random.default_rng(0).uniform(0, 9, (5, len(more.get("axes", "zyx"))))
    return store.geometry("points", [Vertices(places)], path=name, name=name, **more).model


def folder(store: Store, count: int | None) -> Any:
    """A folder of meshes with segments 10, 11 …."""
    segments = None if count is None else tuple(range(10, 10 + count))
    return store.geometry(
        "mesh", [], path="mesh", name="mesh", folder=location(), segments=segments
    ).model


@pytest.fixture
def segments(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def segment(_: Any, number: int) -> dataset.Geometry:
        if number == 11:
            raise OpenError(Problem("damaged", "error", "mesh/11:0", "is no JSON"))
        name = f"mesh {number}"
        return store.geometry(
            "mesh", [tetrahedron()], path=f"mesh/{number}", name=name, segment=number
        )

    monkeypatch.setattr(dataset.Geometry, "segment", segment)


def visible(layers: list[Any]) -> list[bool]:
    return [layer[1]["visible"] for layer in layers]


def image_of(samples: dict[str, Sample]) -> Any:
    return dataset.open(samples["ome-zarr-0.4"].path).images[0].model


@pytest.mark.parametrize(
    ("count", "opened", "left_out", "shown"),
    [(1, 1, 0, [True]), (3, 3, 0, [True] * 3), (4, 4, 0, [True] + [False] * 3), (10, 8, 2, None)],
)
def test_a_few_are_visible_and_at_most_eight_are_opened(
    store: Store, count: int, opened: int, left_out: int, shown: list[bool] | None
):
    found = [points(store, f"g{i}") for i in range(count)]
    built = build(Dataset("/data/a", [], [], found))
    assert [layer[1]["name"] for layer in built.layers] == [f"g{i}" for i in range(opened)]
    assert built.geometries_left_out == left_out
    assert visible(built.layers) == (shown or [True] + [False] * 7)


@pytest.mark.parametrize(("count", "shown"), [(3, True), (4, False)])
def test_over_an_image_few_are_visible(
    store: Store, samples: dict[str, Sample], count: int, shown: bool
):
    found = [points(store, f"g{i}") for i in range(count)]
    built = build(Dataset("/data/a", [image_of(samples)], [], found))
    geometries = [layer for layer in built.layers if isinstance(layer, tuple)]
    geometries = [layer for layer in geometries if layer[2] == "points"]
    assert built.layers[-count:] == geometries
    assert visible(geometries) == [shown] * count


def test_one_that_cannot_be_read_costs_no_other(store: Store):
    good, empty = points(store, "good"), points(store, "empty")
    store.levels["empty"] = [Vertices(np.zeros((0, 3)))]
    built = build(Dataset("/data/a", [], [], [empty, good]))
    assert [layer[1]["name"] for layer in built.layers] == ["good"]
    assert [p.code for p in built.problems] == ["geometry-not-drawn"]


def test_axes_that_a_viewer_would_mix_up_are_told_of(store: Store, samples: dict[str, Sample]):
    image = image_of(samples)  # z, y, x
    tyx = (TZYX[0], *TZYX[2:])
    for axes, told in ((TZYX, False), (TZYX[1:], False), (TZYX[2:], False), (tyx, True)):
        built = build(Dataset("/data/a", [image], [], [points(store, "g", axes=axes)]))
        assert ("axes-not-shared" in [p.code for p in built.problems]) == told, axes


@pytest.mark.usefixtures("segments")
def test_few_segments_are_all_built(store: Store):
    built = build(Dataset("/data/a", [], [], [folder(store, 4)]))
    assert [layer[1]["name"] for layer in built.layers] == ["mesh 10", "mesh 12", "mesh 13"]
    assert visible(built.layers) == [True, False, False]
    assert [p.code for p in built.problems] == ["damaged"]
    assert built.mesh_folders == ()


@pytest.mark.usefixtures("segments")
@pytest.mark.parametrize("count", [9, None])
def test_of_many_segments_none_is(store: Store, count: int | None):
    built = build(Dataset("/data/a", [], [], [folder(store, count)]))
    assert built.layers == []
    (waiting,) = built.mesh_folders
    assert waiting.address == Address("/data/a", "mesh")
    assert (waiting.name, waiting.count) == ("mesh", count)


@pytest.mark.usefixtures("segments")
@pytest.mark.parametrize(
    ("count", "text"), [(1234, "the meshes of 1,234 segments"), (None, "mesh")]
)
def test_a_folder_of_meshes_alone_opens_the_panel(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    notified: Callable[[], list[str]],
    count: int | None,
    text: str,
):
    opened = Dataset("/data/a", [], [], [folder(store, count)])
    offered: list[Address] = []
    monkeypatch.setattr(dataset, "open", lambda path: opened)
    monkeypatch.setattr(plugin, "_offer_meshes", lambda folder, _viewer: offered.append(folder))
    assert plugin.read("/data/a") == [(None,)]
    assert offered == [Address("/data/a", "mesh")]
    (message,) = notified()
    assert text in message


def test_left_out_geometries_are_told_of(
    store: Store, monkeypatch: pytest.MonkeyPatch, notified: Callable[[], list[str]]
):
    opened = Dataset("/data/a", [], [], [points(store, f"g{i}") for i in range(9)])
    monkeypatch.setattr(dataset, "open", lambda path: opened)
    assert len(plugin.read("/data/a")) == 8
    assert "1 more geometries" in notified()[0]


def test_an_axis_nobody_knows(store: Store):
    """One of three axes is neither space nor time: it is in front, and no slab is made of it."""
    axes = (Axis("y", "space", "um"), Axis("x", "space", "um"), Axis("q", "other", None))
    built = build(Dataset("/data/a", [], [], [points(store, "g", axes=axes)]))
    assert built.layers[0][1]["axis_labels"] == ("q", "y", "x")
