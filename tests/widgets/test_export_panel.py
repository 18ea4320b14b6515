"""The panel of exports in a real window."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QCoreApplication, QEvent, Qt
from qtpy.QtWidgets import QApplication

import napari_strata as strata
from napari_strata.export import images as export_images
from napari_strata.export import ome_zarr
from napari_strata.widgets.export import panel as export_panel
from napari_strata.widgets.export import planning
from napari_strata.widgets.export.panel import ExportPanel, open_panel
from napari_strata.widgets.export.region import EVERYTHING, PLACES, VIEW, VOXELS

pytestmark = pytest.mark.window

PIXELS = np.arange(8 * 40 * 60, dtype=np.uint16).reshape(8, 40, 60)
SCALE = (2.0, 0.5, 0.5)


@pytest.fixture
def viewer(new_viewer: Callable[[], Any]) -> Any:
    return new_viewer()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Holds back what is written, until it is set."""
    gate, write = threading.Event(), ome_zarr.write

    def slow(*args: Any, **how: Any) -> None:
        how["progress"](0, 100)
        cancel = how["cancel"]
        while not (gate.wait(0.01) or cancel.is_set()):
            pass
        write(*args, **how)

    monkeypatch.setattr(ome_zarr, "write", slow)
    yield gate
    gate.set()


def add_image(viewer: Any, name: str = "cells", **more: Any) -> Any:
    look = {"scale": SCALE, "units": "um", "axis_labels": ("z", "y", "x"), **more}
    return viewer.add_image(PIXELS, name=name, **look)


def add_labels(viewer: Any, name: str = "nuclei") -> Any:
    return viewer.add_labels(
        (PIXELS % 5).astype(np.uint32), name=name, scale=SCALE, units="um",
        axis_labels=("z", "y", "x"),
    )  # fmt: skip


def planned(panel: ExportPanel, qtbot: Any) -> Any:
    """Wait until what is filled in is planned, and give the plan."""
    panel.plan()
    qtbot.waitUntil(lambda: not panel.busy.isVisibleTo(panel), timeout=30_000)
    return None if panel.preview is None else panel.preview.plan


def message(panel: ExportPanel) -> str:
    return str(panel.shown.message.text.text()) if panel.shown.message.isVisibleTo(panel) else ""


def finish(panel: ExportPanel, qtbot: Any) -> Any:
    """Wait until the newest export is over, and give it."""
    qtbot.waitUntil(lambda: bool(panel.exports.jobs), timeout=30_000)
    job = panel.exports.jobs[-1]
    qtbot.waitUntil(lambda: job.is_over, timeout=60_000)
    return job


def level_shapes(plan: Any) -> list[tuple[int, ...]]:
    return [image.levels[0].shape for image in plan.images]


def test_without_layers_it_says_what_it_is_for(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    assert panel.hint.isVisibleTo(panel)
    assert planned(panel, qtbot) is None
    assert not panel.shown.start.isEnabled()


def test_what_is_ticked_follows_the_selection_until_ticked_by_hand(viewer: Any):
    panel = open_panel(viewer)
    image, labels = add_image(viewer), add_labels(viewer)
    viewer.layers.selection = {image}
    assert [panel.layers.item(k).text() for k in range(panel.layers.count())] == [
        "nuclei (labels)",
        "cells (image)",
    ]
    assert panel.layers.chosen() == [image]
    viewer.layers.selection = {image, labels}
    assert panel.layers.chosen() == [image, labels]
    assert not panel.selected.isVisibleTo(panel)
    panel.layers.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert panel.layers.chosen() == [labels]
    viewer.layers.selection = {image}
    assert panel.layers.chosen() == [labels]
    panel.selected.click()
    assert panel.layers.chosen() == [image]
    image.name = "other"
    assert panel.layers.item(1).text() == "other (image)"
    viewer.layers.remove(image)
    assert panel.layers.count() == 1


def test_the_preview_says_what_is_written(viewer: Any, qtbot: Any, tmp_path: Path):
    panel = open_panel(viewer)
    image, labels = add_image(viewer, colormap="viridis"), add_labels(viewer)
    viewer.layers.selection = {image, labels}
    panel.target.path.setText(str(tmp_path / "out"))
    plan = planned(panel, qtbot)
    text = panel.text.text()
    # 8 · 40 · 60 voxels of 2 and of 4 bytes; one chunk holds them, so there is one level.
    assert [line for line in text.splitlines() if line.startswith("Level")] == [
        "Level 0: 8 × 40 × 60, 38.4 kB",
        "Level 0: 8 × 40 × 60, 76.8 kB",
    ]
    assert "image of uint16, axes z, y, x in micrometer" in text
    assert "scale 2, 0.5, 0.5" in text
    assert "translation 0, 0, 0" in text
    assert panel.shown.total.text() == "OME-Zarr 0.5: 2 images, 115 kB before compression."
    sentences = panel.shown.problems.findChildren(type(panel.shown.message.text))
    assert any("viridis" in sentence.text() for sentence in sentences)
    assert plan.version == "0.5"
    assert message(panel) == ""
    assert not list(tmp_path.iterdir())


def test_the_preview_follows_the_layer(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    layer = add_image(viewer)
    planned(panel, qtbot)
    layer.translate = (10, 20, 30)
    assert panel.preview is None  # is planned anew in a moment
    qtbot.waitUntil(lambda: "translation 10, 20, 30" in panel.text.text(), timeout=30_000)


def test_settings_reach_the_plan(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    add_image(viewer)
    panel.target.format.setCurrentIndex(3)
    panel.way.levels.setValue(2)
    panel.way.factors.setText("1,2,2")
    panel.way.method.setCurrentText("max")
    panel.way.chunks.setText("z=4,y=16,x=16")
    panel.way.shards.setCurrentText("8,32,32")
    panel.way.codec.setCurrentText("zstd")
    panel.way.codec_level.setValue(7)
    plan = planned(panel, qtbot)
    assert plan.version == "0.6"
    (image,) = plan.images
    assert [level.shape for level in image.levels] == [(8, 40, 60), (8, 20, 30)]
    assert image.levels[0].chunks == (4, 16, 16)
    assert image.levels[0].shards == (8, 32, 32)
    assert image.parts[0].pyramid.method == "max"
    assert (plan.codec.name, plan.codec.level) == ("zstd", 7)
    panel.way.codec.setCurrentText("none")
    assert planned(panel, qtbot).codec.name == "none"


REFUSED = {
    "sizes": (lambda p: p.way.chunks.setText("a lot"), "chunks: found 'a lot'"),
    "shards in 0.4": (
        lambda p: (p.target.format.setCurrentIndex(1), p.way.shards.setCurrentText("auto")),
        "OME-Zarr 0.4 has no shards",
    ),
    "no parent": (lambda p: p.target.path.setText("/no/such/folder/a.zarr"), "there is no folder"),
    "web server": (lambda p: p.target.path.setText("https://a.b/c.zarr"), "https://a.b/c.zarr"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence(viewer: Any, qtbot: Any, case: str):
    fill, sentence = REFUSED[case]
    panel = open_panel(viewer)
    add_image(viewer)
    assert planned(panel, qtbot) is not None
    fill(panel)
    assert planned(panel, qtbot) is None
    assert sentence in message(panel)
    assert not panel.shown.start.isEnabled()
    assert panel.text.text() == ""


def test_a_turned_layer_in_an_old_version_is_refused(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    layer = add_image(viewer)
    layer.rotate = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    assert planned(panel, qtbot).version == "0.6"
    panel.target.format.setCurrentIndex(2)
    assert planned(panel, qtbot) is None
    assert "cells" in message(panel)


def test_boxes_by_places_and_by_voxels(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    add_image(viewer)
    region = panel.region
    assert not region.box.isVisibleTo(panel)
    region.kind.setCurrentIndex(PLACES)
    assert [f.accessibleName() for f in region.box.low] == [f"Lowest {a} (µm)" for a in "zyx"]
    region.box.low[1].setText("5")
    region.box.high[1].setText("10")  # centres at 5, 5.5 … 10: eleven voxels
    region.box.low[2].setText("20")  # centres at 20 … 29.5: twenty voxels
    assert level_shapes(planned(panel, qtbot)) == [(8, 11, 20)]
    region.kind.setCurrentIndex(VOXELS)
    assert level_shapes(planned(panel, qtbot)) == [(8, 40, 60)]
    region.box.low[0].setText("2")
    region.box.high[0].setText("4")
    assert level_shapes(planned(panel, qtbot)) == [(3, 40, 60)]
    region.box.low[0].setText("2.5")
    assert planned(panel, qtbot) is None
    assert message(panel) == "z: 2.5 is no number of a voxel; they count from 0."
    region.kind.setCurrentIndex(EVERYTHING)
    assert level_shapes(planned(panel, qtbot)) == [(8, 40, 60)]


def test_the_current_view(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    add_image(viewer)
    height, width = viewer.window._qt_viewer.canvas.size
    camera = getattr(viewer, "scene", viewer).camera
    # The canvas is 10 µm wide, from x = 10 to 20; its middle is at y = 10.
    camera.zoom = width / 10
    camera.center = (0, 10, 15)
    panel.region.kind.setCurrentIndex(VIEW)
    half = height / camera.zoom / 2
    low, high = panel.region.box.low, panel.region.box.high
    assert (low[0].text(), high[0].text()) == ("", "")
    assert float(low[2].text()) == pytest.approx(10, abs=1e-5)
    assert float(high[2].text()) == pytest.approx(20, abs=1e-5)
    assert float(low[1].text()) == pytest.approx(max(10 - half, -0.25), abs=1e-5)
    (shape,) = level_shapes(planned(panel, qtbot))
    assert (shape[0], shape[2]) == (8, 21)  # centres at 10, 10.5 … 20
    camera.center = (0, 10, 1000)
    panel.region.again.click()
    assert message(panel) == "Nothing of these layers is in the view."


def test_time_points(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    add_image(viewer)
    assert not panel.region.times.isVisibleTo(panel)
    viewer.add_image(
        np.zeros((6, 8, 9), np.uint8), name="movie", axis_labels=("t", "y", "x"),
        units=("s", "um", "um"),
    )  # fmt: skip
    planned(panel, qtbot)
    assert panel.region.times.isVisibleTo(panel)
    panel.region.times.setText("2:5")
    assert level_shapes(planned(panel, qtbot)) == [(3, 8, 9)]
    panel.region.times.setText("2")
    assert planned(panel, qtbot) is None
    assert "times" in message(panel)


def test_layers_of_different_units_have_no_common_box(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    first, second = add_image(viewer), add_image(viewer, "other", units="nm")
    viewer.layers.selection = {first, second}
    panel.region.kind.setCurrentIndex(PLACES)
    panel.region.box.low[0].setText("1")
    assert planned(panel, qtbot) is None
    assert "different units along z" in message(panel)


def test_an_export(viewer: Any, qtbot: Any, tmp_path: Path):
    panel = open_panel(viewer)
    image, labels = add_image(viewer, translate=(1, 2, 3)), add_labels(viewer)
    viewer.layers.selection = {image, labels}
    panel.target.path.setText(str(tmp_path / "out"))
    panel.begin()
    job = finish(panel, qtbot)
    assert job.failure == ""
    assert panel.target.path.text() == str(tmp_path / "out.ome.zarr")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.ome.zarr"]
    found = {each.kind: each for each in strata.open(tmp_path / "out.ome.zarr").images}
    assert np.array_equal(np.asarray(found["image"].levels[0].data), PIXELS)
    assert found["image"].levels[0].translate.tolist() == [1, 2, 3]
    assert np.array_equal(np.asarray(found["labels"].levels[0].data), PIXELS % 5)
    (row,) = panel.rows.rows
    assert row.message.text.text() == "Written as ome-zarr-0.5, read again and compared."
    assert not row.bar.isVisibleTo(panel)
    qtbot.waitUntil(lambda: "Something is there already" in message(panel), timeout=30_000)
    row.button.click()
    assert panel.rows.rows == []


def test_annotations_beside_it(viewer: Any, qtbot: Any, tmp_path: Path):
    panel = open_panel(viewer)
    image = add_image(viewer)
    points = viewer.add_points(
        [[1.0, 2.0, 3.0]], name="spots", units="um", axis_labels=("z", "y", "x")
    )
    panel.target.path.setText(str(tmp_path / "out.ome.zarr"))
    assert planned(panel, qtbot) is None
    assert "no image" in message(panel)
    viewer.layers.selection = {image, points}
    planned(panel, qtbot)
    assert panel.text.text().endswith("Beside it, whole, in out.annotations\nspots (points)")
    panel.begin()
    assert finish(panel, qtbot).failure == ""
    opened = strata.open(tmp_path / "out.ome.zarr")
    assert opened.geometries[0].levels[0].read().vertices.tolist() == [[1, 2, 3]]
    panel.target.format.setCurrentIndex(4)
    assert planned(panel, qtbot) is None
    assert "COSEM N5 has no place for 'spots' (points)" in message(panel)


def test_n5_too(viewer: Any, qtbot: Any, tmp_path: Path):
    panel = open_panel(viewer)
    add_image(viewer)
    panel.target.path.setText(str(tmp_path / "out.ome.zarr"))
    panel.target.format.setCurrentIndex(4)
    assert panel.target.path.text() == str(tmp_path / "out.n5")
    panel.begin()
    assert finish(panel, qtbot).failure == ""
    (image,) = strata.open(tmp_path / "out.n5").images
    assert image.format == "cosem"
    assert np.array_equal(np.asarray(image.levels[0].data), PIXELS)


def test_without_a_path_nothing_begins(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    add_image(viewer)
    planned(panel, qtbot)
    panel.begin()
    assert message(panel) == "Choose where it is written: a new folder."
    assert panel.exports.jobs == []


@pytest.mark.parametrize("answer", [True, False])
def test_replacing_is_asked_for(
    viewer: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bool
):
    target = tmp_path / "out.ome.zarr"
    strata.export(add_labels(viewer), target)
    add_image(viewer)
    panel = open_panel(viewer)
    questions: list[str] = []
    monkeypatch.setattr(panel, "confirm", lambda text: bool(questions.append(text)) or answer)
    panel.target.path.setText(str(target))
    panel.begin()
    qtbot.waitUntil(lambda: bool(questions), timeout=30_000)
    assert str(target) in questions[0]
    if answer:
        assert finish(panel, qtbot).failure == ""
    assert bool(panel.exports.jobs) == answer
    (image,) = strata.open(target).images
    assert image.kind == ("image" if answer else "labels")


def test_what_is_no_dataset_is_not_replaced(
    viewer: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    target = tmp_path / "out.zarr"
    target.mkdir()
    (target / "thesis.txt").write_text("precious")
    add_image(viewer)
    panel = open_panel(viewer)
    monkeypatch.setattr(panel, "confirm", lambda text: True)
    panel.target.path.setText(str(target))
    panel.begin()
    job = finish(panel, qtbot)
    assert "is no Zarr or N5 dataset" in job.failure
    assert panel.rows.rows[0].message.text.text() == job.failure
    assert (target / "thesis.txt").read_text() == "precious"


def test_cancelled_and_resumed(
    viewer: Any, qtbot: Any, tmp_path: Path, samples: Any, held: threading.Event
):
    path = samples["ome-zarr-0.5"].path
    (layer, *_) = viewer.open(str(path), plugin="napari-strata")
    viewer.layers.selection = {layer}
    panel = open_panel(viewer)
    panel.target.path.setText(str(tmp_path / "out.zarr"))
    panel.begin()
    qtbot.waitUntil(lambda: bool(panel.rows.rows), timeout=30_000)
    (row,) = panel.rows.rows
    qtbot.waitUntil(lambda: row.state.text() == "0 B of 100 B", timeout=30_000)
    assert "can be resumed" in row.hint.text()
    assert not panel.shown.start.isEnabled()
    row.button.click()
    assert finish(panel, qtbot).cancelled
    assert row.message.text.text() == "Cancelled. It can be resumed."
    assert not (tmp_path / "out.zarr").exists()
    qtbot.waitUntil(lambda: panel.shown.resume.isVisibleTo(panel), timeout=30_000)
    assert not panel.shown.start.isVisibleTo(panel)
    held.set()
    panel.shown.resume.click()
    qtbot.waitUntil(lambda: len(panel.exports.jobs) == 2, timeout=30_000)
    assert finish(panel, qtbot).failure == ""
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.zarr"]
    qtbot.waitUntil(lambda: not panel.shown.resume.isVisibleTo(panel), timeout=30_000)


def test_started_again(
    viewer: Any, qtbot: Any, tmp_path: Path, samples: Any, held: threading.Event
):
    (layer, *_) = viewer.open(str(samples["ome-zarr-0.5"].path), plugin="napari-strata")
    viewer.layers.selection = {layer}
    panel = open_panel(viewer)
    panel.target.path.setText(str(tmp_path / "out.zarr"))
    panel.begin()
    qtbot.waitUntil(lambda: bool(panel.exports.jobs), timeout=30_000)
    panel.exports.jobs[0].cancel()
    finish(panel, qtbot)
    held.set()
    panel.way.codec.setCurrentText("gzip")  # another export: it cannot be resumed
    planned(panel, qtbot)
    panel.shown.resume.click()
    qtbot.waitUntil(lambda: len(panel.exports.jobs) == 2, timeout=30_000)
    assert "is another export and cannot be resumed" in finish(panel, qtbot).failure
    planned(panel, qtbot)
    panel.shown.restart.click()
    qtbot.waitUntil(lambda: len(panel.exports.jobs) == 3, timeout=30_000)
    assert finish(panel, qtbot).failure == ""
    assert (tmp_path / "out.zarr").exists()


def test_closing_the_panel_lets_the_export_go_on(
    viewer: Any, qtbot: Any, tmp_path: Path, held: threading.Event
):
    panel = open_panel(viewer)
    layer = add_image(viewer)
    panel.target.path.setText(str(tmp_path / "out.zarr"))
    panel.begin()
    exports, gone = panel.exports, weakref.ref(panel)
    qtbot.waitUntil(lambda: bool(exports.jobs), timeout=30_000)
    assert "goes on if this panel is closed" in panel.rows.rows[0].hint.text()
    viewer.window.remove_dock_widget(panel)
    del panel

    def freed() -> bool:
        gc.collect()
        return gone() is None

    qtbot.waitUntil(freed, timeout=30_000)
    layer.name = "still heard of by nobody"
    (job,) = exports.jobs
    assert not job.is_over
    again = open_panel(viewer)
    assert again.exports is exports
    assert len(again.rows.rows) == 1
    held.set()
    assert finish(again, qtbot).failure == ""


def test_closing_the_window_stops_the_export(
    viewer: Any, qtbot: Any, tmp_path: Path, held: threading.Event
):
    panel = open_panel(viewer)
    add_image(viewer)
    panel.target.path.setText(str(tmp_path / "out.zarr"))
    panel.begin()
    qtbot.waitUntil(lambda: bool(panel.exports.jobs), timeout=30_000)
    (job,) = panel.exports.jobs
    viewer.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert job.export.wait(30)
    assert job.export.is_cancelled
    assert not (tmp_path / "out.zarr").exists()


def test_the_window_answers_while_it_is_exported(
    viewer: Any, qtbot: Any, tmp_path: Path, held: threading.Event
):
    panel = open_panel(viewer)
    layer = add_image(viewer)
    panel.target.path.setText(str(tmp_path / "out.zarr"))
    panel.begin()
    qtbot.waitUntil(lambda: bool(panel.exports.jobs), timeout=30_000)
    # The layer as it was: what is changed meanwhile is not half in what is written.
    layer.translate = (100, 100, 100)
    viewer.dims.set_point(0, 4)
    QApplication.processEvents()
    held.set()
    assert finish(panel, qtbot).failure == ""
    (image,) = strata.open(tmp_path / "out.zarr").images
    assert image.levels[0].translate.tolist() == [0, 0, 0]
    assert image.name == "cells"


def test_a_change_while_it_is_planned_loses_no_click(viewer: Any, qtbot: Any, tmp_path: Path):
    panel = open_panel(viewer)
    layer = add_image(viewer)
    panel.target.path.setText(str(tmp_path / "out.zarr"))
    planned(panel, qtbot)
    panel.begin()
    layer.translate = (100, 100, 100)
    assert finish(panel, qtbot).failure == ""
    (image,) = strata.open(tmp_path / "out.zarr").images
    assert image.levels[0].translate.tolist() == [0, 0, 0]
    qtbot.waitUntil(lambda: "translation 100, 100, 100" in panel.text.text(), timeout=30_000)


def test_what_is_painted_and_moved_meanwhile_is_not_in_it(
    viewer: Any, qtbot: Any, tmp_path: Path, held: threading.Event
):
    panel = open_panel(viewer)
    labels = add_labels(viewer)
    points = viewer.add_points(
        [[1.0, 2.0, 3.0]], name="spots", units="um", axis_labels=("z", "y", "x")
    )
    viewer.layers.selection = {labels, points}
    panel.target.path.setText(str(tmp_path / "out.ome.zarr"))
    panel.begin()
    qtbot.waitUntil(lambda: bool(panel.exports.jobs), timeout=30_000)
    assert "paint" not in panel.rows.rows[0].hint.text()
    labels.data_setitem(tuple(np.array([[0, 0], [0, 1], [0, 0]])), 77)
    points.data = [[9.0, 9.0, 9.0], [8.0, 8.0, 8.0]]
    points.translate = (5, 5, 5)
    held.set()
    assert finish(panel, qtbot).failure == ""
    opened = strata.open(tmp_path / "out.ome.zarr")
    assert np.array_equal(np.asarray(opened.images[0].levels[0].data), PIXELS % 5)
    assert opened.geometries[0].levels[0].read().vertices.tolist() == [[1, 2, 3]]


def test_labels_too_large_for_a_copy_are_to_be_left(
    viewer: Any, qtbot: Any, tmp_path: Path, held: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(planning, "MOST_COPIED", 0)
    monkeypatch.setattr("napari_strata.widgets.export.jobs.MOST_COPIED", 0)
    panel = open_panel(viewer)
    viewer.layers.selection = {add_image(viewer), add_labels(viewer)}
    panel.target.path.setText(str(tmp_path / "out.zarr"))
    panel.begin()
    qtbot.waitUntil(lambda: bool(panel.rows.rows), timeout=30_000)
    assert panel.rows.rows[0].hint.text().endswith("do not paint on nuclei.")
    held.set()
    assert finish(panel, qtbot).failure == ""


def test_a_layer_is_described_once_for_a_plan(
    viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []
    describe = export_panel.layer_image
    for module in (export_panel, export_images):
        monkeypatch.setattr(
            module, "layer_image", lambda layer: asked.append(layer.name) or describe(layer)
        )
    panel = open_panel(viewer)
    viewer.layers.selection = {add_image(viewer), add_labels(viewer)}
    planned(panel, qtbot)
    asked.clear()
    planned(panel, qtbot)
    assert asked == ["cells", "nuclei"]


def test_only_what_is_shown_is_below_in_detail(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    assert not panel.details.isVisibleTo(panel)
    add_image(viewer)
    planned(panel, qtbot)
    assert panel.details.isVisibleTo(panel)
    panel.target.path.setText("/no/such/folder/a.zarr")
    planned(panel, qtbot)
    assert not panel.details.isVisibleTo(panel)


def test_many_problems_are_listed_in_detail(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    layers = [add_image(viewer, f"image {k}", colormap="viridis") for k in range(9)]
    viewer.layers.selection = set(layers)
    planned(panel, qtbot)
    shown = panel.shown.problems.findChildren(type(panel.shown.message))
    assert shown[-1].text.text() == "And 1 more, all are listed in detail."
    assert all(f"image {k}: its colormap viridis" in panel.text.text() for k in range(9))


def test_it_is_as_narrow_as_it_says(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    add_image(viewer, "a name that is very much longer than the panel is wide " * 3)
    panel.target.path.setText("/tmp/" + "a/very/long/path/" * 20)
    panel.more.expand(animate=False)
    panel.region.kind.setCurrentIndex(PLACES)
    planned(panel, qtbot)
    QApplication.processEvents()
    content = panel.layers.parentWidget()
    assert content.minimumSizeHint().width() <= 320
    assert panel.sizeHint().width() == 320
