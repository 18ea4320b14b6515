"""File > Save Selected Layers of images and labels, through npe2 as napari calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.array as da
import npe2
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.notifications import notification_manager
from tests.export.layers import layers_of

import napari_strata as strata
from napari_strata.export.images import as_images
from napari_strata.widgets.export import save as export_save

PLUGIN = "napari-strata"
PIXELS = np.arange(3 * 4 * 5, dtype=np.uint16).reshape(3, 4, 5)
PLACE: dict[str, Any] = {
    "scale": (2.0, 0.5, 0.5), "translate": (1.0, 2.0, 3.0), "units": "um",
    "axis_labels": ("z", "y", "x"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def plugins():
    npe2.PluginManager.instance().discover()


def image(**more: Any) -> Image:
    return Image(PIXELS, **{"name": "cells", **PLACE, **more})


def labels() -> Labels:
    return Labels(PIXELS.astype(np.uint32) % 7, name="nuclei", **PLACE)


LISTS = {
    "one image": (lambda: [image()], ["image"]),
    "one label": (lambda: [labels()], ["labels"]),
    "both": (lambda: [image(), labels()], ["image", "labels"]),
    "channels": (
        lambda: [image(colormap="red"), image(name="more", colormap="green")],
        ["image"],
    ),
}


@pytest.mark.parametrize("case", LISTS)
@pytest.mark.parametrize("suffix", [".ome.zarr", ".zarr"])
def test_saved_by_napari(tmp_path: Path, case: str, suffix: str):
    make, kinds = LISTS[case]
    viewer = ViewerModel()
    for layer in make():
        viewer.add_layer(layer)
    path = tmp_path / f"it{suffix}"
    assert viewer.layers.save(str(path), plugin=PLUGIN) == [str(path)]
    found = strata.open(path).images
    assert sorted(each.kind for each in found) == kinds
    for each in found:
        level = each.levels[0]
        assert level.scale.tolist()[-3:] == [2, 0.5, 0.5]
        assert level.translate.tolist()[-3:] == [1, 2, 3]
        expected = PIXELS if each.kind == "image" else PIXELS % 7
        assert np.array_equal(np.asarray(level.data).reshape(-1, 3, 4, 5)[0], expected)


def test_several_layers_without_a_suffix_get_one(tmp_path: Path):
    data = [layer.as_layer_data_tuple() for layer in (image(), labels())]
    saved = export_save.save_layers(str(tmp_path / "it"), data)
    assert saved == [str(tmp_path / "it.ome.zarr")]
    assert len(strata.open(saved[0]).images) == 2


@pytest.mark.parametrize("visible", [True, False])
def test_the_look_is_saved(tmp_path: Path, visible: bool):
    layer = image(colormap="magenta", contrast_limits=(3, 40), gamma=0.5, visible=visible)
    path = str(tmp_path / "it.zarr")
    export_save.save_layers(path, [layer.as_layer_data_tuple()])
    (channel,) = strata.open(path).images[0].display.channels
    assert (channel.color, channel.window, channel.visible) == ("FF00FF", (3, 40), visible)


def test_a_stored_layer_is_saved_with_its_declared_place(tmp_path: Path, samples: Any):
    path = samples["ome-zarr-0.5"].path
    layers = [one for one in layers_of(path) if one._type_string in ("image", "labels")]
    saved = export_save.save_layers(
        str(tmp_path / "it.zarr"), [one.as_layer_data_tuple() for one in layers]
    )
    before, after = strata.open(path).images[0], strata.open(saved[0]).images[0]
    assert [axis.unit for axis in after.axes] == [axis.unit for axis in before.axes]
    assert np.array_equal(after.levels[0].affine, before.levels[0].affine)
    assert np.array_equal(np.asarray(after.levels[0].data), np.asarray(before.levels[0].data))


def test_what_is_not_in_it_is_said(tmp_path: Path):
    with notification_manager:
        notification_manager.records.clear()
        path = str(tmp_path / "it.zarr")
        export_save.save_layers(path, [image(colormap="viridis").as_layer_data_tuple()])
        (told,) = notification_manager.records
    assert "viridis" in told.message


def test_what_is_there_is_not_replaced(tmp_path: Path):
    strata.export(labels(), tmp_path / "it.zarr")
    viewer = ViewerModel()
    viewer.add_layer(image())
    with pytest.raises(FileExistsError, match="is there already"):
        viewer.layers.save(str(tmp_path / "it.zarr"), plugin=PLUGIN)
    assert strata.open(tmp_path / "it.zarr").images[0].kind == "labels"


def test_without_a_window_all_is_written_at_once(tmp_path: Path, monkeypatch: Any):
    monkeypatch.setattr(export_save, "MOST_AT_ONCE", 0)
    saved = export_save.save_layers(str(tmp_path / "it.zarr"), [image().as_layer_data_tuple()])
    assert np.array_equal(np.asarray(strata.open(saved[0]).images[0].levels[0].data), PIXELS)


@pytest.mark.window
def test_much_is_handed_over(tmp_path: Path, monkeypatch: Any, make_napari_viewer: Any, qtbot: Any):
    from napari_strata.widgets.export.panel import ExportPanel

    monkeypatch.setattr(export_save, "MOST_AT_ONCE", PIXELS.nbytes - 1)
    viewer = make_napari_viewer(show=True)
    viewer.add_layer(image())
    path = str(tmp_path / "it.ome.zarr")
    notification_manager.records.clear()
    assert viewer.layers.save(path, plugin=PLUGIN) == [path]
    assert any("in the background" in told.message for told in notification_manager.records)
    (panel,) = viewer.window._qt_window.findChildren(ExportPanel)
    (job,) = panel.exports.jobs
    qtbot.waitUntil(lambda: job.is_over, timeout=60_000)
    assert job.failure == ""
    assert np.array_equal(np.asarray(strata.open(path).images[0].levels[0].data), PIXELS)
    with pytest.raises(FileExistsError, match="replaces it"):
        viewer.layers.save(path, plugin=PLUGIN)


AT_HAND: dict[str, tuple[Any, bool]] = {
    "in memory": (lambda _: PIXELS, False),
    "computed": (lambda _: da.from_array(PIXELS) + 1, True),
    "stored here": (lambda samples: stored(samples), False),
}


def stored(samples: Any) -> Any:
    return strata.open(samples["ome-zarr-0.5"].path).images[0].levels[0].data


@pytest.mark.parametrize("case", AT_HAND)
def test_what_is_computed_is_not_waited_for(case: str, samples: Any):
    make, takes_long = AT_HAND[case]
    pixels = make(samples)
    layer = Image(pixels, contrast_limits=(0, 9), visible=False)
    assert export_save._takes_long(as_images([layer])) == takes_long


@pytest.mark.window
def test_a_leftover_is_left_to_the_panel(tmp_path: Path, monkeypatch: Any, make_napari_viewer: Any):
    monkeypatch.setattr(export_save, "MOST_AT_ONCE", 0)
    viewer = make_napari_viewer(show=True)
    viewer.add_layer(image())
    (tmp_path / ".it.zarr.partial").mkdir()
    (tmp_path / ".it.zarr.partial" / "export.json").touch()
    with pytest.raises(OSError, match="was broken off"):
        viewer.layers.save(str(tmp_path / "it.zarr"), plugin=PLUGIN)


@pytest.mark.window
def test_the_live_layer_is_what_is_saved(tmp_path: Path, make_napari_viewer: Any):
    viewer = make_napari_viewer(show=True)
    layer = viewer.add_layer(image())
    layer.contrast_limits_range = (0, 4000)
    layer.contrast_limits = (3, 40)
    path = str(tmp_path / "it.zarr")
    assert viewer.layers.save(path, plugin=PLUGIN) == [path]
    (channel,) = strata.open(path).images[0].display.channels
    assert channel.range == (0, 4000)  # which a layer data tuple does not tell


def test_why_it_cannot_be_saved_is_told(tmp_path: Path):
    viewer = ViewerModel()
    viewer.add_layer(image())
    with pytest.raises(OSError, match="there is no folder"):
        viewer.layers.save(str(tmp_path / "missing" / "it.zarr"), plugin=PLUGIN)
    viewer.layers.clear()
    viewer.add_points(np.zeros((0, 2)), name="nothing")
    with pytest.raises(OSError, match="nothing"):
        viewer.layers.save(str(tmp_path / "it.zarrvectors"), plugin=PLUGIN)


@pytest.mark.parametrize("make", [image, labels])
def test_annotations_go_beside_it(tmp_path: Path, make: Any):
    viewer = ViewerModel()
    viewer.add_layer(make())
    viewer.add_points([[1.0, 2.0, 3.0]], name="spots", units="um", axis_labels=("z", "y", "x"))
    path = str(tmp_path / "it.ome.zarr")
    assert viewer.layers.save(path, plugin=PLUGIN) == [path]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["it.annotations", "it.ome.zarr"]
    opened = strata.open(path)
    assert len(opened.images) == 1
    assert opened.geometries[0].levels[0].read().vertices.tolist() == [[1, 2, 3]]


def test_annotations_alone_are_saved_otherwise(tmp_path: Path):
    manager = npe2.PluginManager.instance()
    writers = {writer.display_name for writer in manager.iter_compatible_writers(["points"])}
    assert "OME-Zarr" not in writers
    points = ViewerModel().add_points([[1.0, 2.0]])
    with pytest.raises(OSError, match=r"it\.zarrvectors"):
        export_save.save_layers(str(tmp_path / "it.zarr"), [points.as_layer_data_tuple()])
