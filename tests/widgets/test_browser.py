"""Connecting to containers and looking around in them, in a real window."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest
from browser_window import (
    Requests,
    _own_settings,
    connected,
    expand,
    group,
    index,
    message,
    names,
    requests,
    row,
    select,
    settled,
    viewer,
    write_group,
    write_image,
)
from holds import Holds
from qtpy.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_strata.samples import Sample
from napari_strata.widgets.browser import entry_model, history
from napari_strata.widgets.browser.listing import narrowed
from napari_strata.widgets.browser.panel import BrowserPanel, open_panel

__all__ = ["_own_settings", "group", "requests", "viewer"]
pytestmark = pytest.mark.window


# ------------------------------------------------------------------------------- connecting


def test_before_anything_is_connected(viewer: Any):
    panel = open_panel(viewer)
    assert not panel.address.go.isEnabled()
    assert not panel.open_button.isEnabled()
    assert not panel.all_button.isEnabled()
    assert not panel.segment.isVisibleTo(panel)
    assert panel.model.rowCount() == 0
    assert panel.minimumSizeHint().width() <= 300  # at 320 pixels nothing is cut off
    assert panel.tree.height() > 300  # takes what space there is


def test_connecting_shows_what_is_in_it(viewer: Any, group: Path, qtbot: Any):
    panel = open_panel(viewer)
    qtbot.keyClicks(panel.address.field.lineEdit(), str(group))
    assert panel.address.go.isEnabled()
    qtbot.mouseClick(panel.address.go, Qt.MouseButton.LeftButton)
    assert panel.busy.isVisibleTo(panel)
    assert panel.address.go.text() == "Cancel"
    settled(panel, qtbot)
    assert panel.address.go.text() == "Connect"
    assert not panel.busy.isVisibleTo(panel)
    assert message(panel) == ""
    assert panel.model.index(0, 0).data() == "a.zarr"
    assert names(panel) == ["cells", "nuclei", "walls"]
    expected = ["cells", "ome-zarr-0.4", "8 × 12", "uint8", "2 × 3 µm", "16 × 36 µm"]
    assert row(panel, "cells") == expected
    assert len(viewer.layers) == 0


@pytest.mark.parametrize("text", ['  "{}"\n', "'{}'", "{}\nsomething else", "{}/.zattrs"])
def test_what_is_pasted_along_is_taken_off(viewer: Any, group: Path, qtbot: Any, text: str):
    panel = open_panel(viewer)
    address = text.format(group / "cells")
    QApplication.clipboard().setText(address)
    panel.address.field.setEditText(address)
    qtbot.mouseClick(panel.address.go, Qt.MouseButton.LeftButton)
    settled(panel, qtbot)
    assert panel.model.index(0, 0).siblingAtColumn(1).data() == "ome-zarr-0.4"


BAD = {
    "not there": ("missing.zarr", "does not exist"),
    "scheme": ("ftp://host/a.zarr", "found the scheme ftp://"),
    "no host": ("s3://", "no host or bucket is named"),
}


@pytest.mark.parametrize(("address", "expected"), BAD.values(), ids=BAD)
def test_what_cannot_be_opened_is_said_in_a_sentence(
    viewer: Any, qtbot: Any, address: str, expected: str
):
    panel = connected(viewer, address, qtbot)
    assert expected in message(panel)
    assert "\n" not in message(panel)
    assert panel.model.rowCount() == 0
    assert history.addresses() == []


def test_connecting_can_be_cancelled(viewer: Any, group: Path, requests: Requests, qtbot: Any):
    panel = open_panel(viewer)
    settled(panel, qtbot)
    requests.open.clear()
    panel.connect_to(str(group))
    qtbot.waitUntil(lambda: bool(requests.files or requests.folders))
    qtbot.mouseClick(panel.address.go, Qt.MouseButton.LeftButton)
    assert panel.address.go.text() == "Connect"
    assert not panel.is_busy
    asked = len(requests.files) + len(requests.folders)
    requests.open.set()
    panel.connect_to(str(group / "nuclei"))  # is not disturbed by what was given up
    settled(panel, qtbot)
    assert panel.model.index(0, 0).data() == "nuclei"
    assert asked <= 2


def test_a_second_address_takes_the_place_of_the_first(viewer: Any, tmp_path: Path, qtbot: Any):
    write_group(tmp_path / "a.zarr", "cells")
    write_group(tmp_path / "b.zarr", "roots", "stems")
    panel = open_panel(viewer, str(tmp_path / "a.zarr"))
    panel.connect_to(str(tmp_path / "b.zarr"))
    settled(panel, qtbot)
    assert names(panel) == ["roots", "stems"]
    assert [a for a, _ in history.addresses()] == [str(tmp_path / "b.zarr")]


def test_the_panel_is_opened_once(viewer: Any, group: Path, qtbot: Any):
    panel = connected(viewer, group, qtbot)
    assert open_panel(viewer) is panel
    assert names(panel) == ["cells", "nuclei", "walls"]


def test_a_folder_is_chosen(viewer: Any, group: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch):
    panel = open_panel(viewer)
    answers = iter(["", str(group)])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: next(answers))
    qtbot.mouseClick(panel.address.folder, Qt.MouseButton.LeftButton)
    assert not panel.is_busy
    qtbot.mouseClick(panel.address.folder, Qt.MouseButton.LeftButton)
    settled(panel, qtbot)
    assert names(panel) == ["cells", "nuclei", "walls"]


def test_examples_fill_in_the_field(viewer: Any):
    panel = open_panel(viewer)
    first = panel.address.menu.actions()[0]
    first.trigger()
    assert panel.address.field.currentText() == first.data()
    assert first.data().startswith("https://")
    assert not panel.is_busy


def test_the_profile_is_for_s3_alone(viewer: Any, group: Path, qtbot: Any):
    panel = open_panel(viewer)
    for text, is_s3 in {
        "s3://lab/a.zarr": True,
        "https://lab.s3.amazonaws.com/a.zarr": True,
        "gs://lab/a.zarr": False,
        "https://host/a.zarr": False,
        str(group): False,
    }.items():
        panel.address.field.setEditText(text)
        assert panel.address.profile.isEnabled() is is_s3, text
    asked: list[tuple[str, str]] = []
    panel.address.asked.disconnect()
    panel.address.asked.connect(lambda *what: asked.append(what))
    panel.address.fill_in("s3://lab/a.zarr", "lab")
    panel.address.ask()
    panel.address.fill_in(str(group), "lab")
    panel.address.ask()
    assert asked == [("s3://lab/a.zarr", "lab"), (str(group), "")]


def test_an_unknown_profile_is_said(
    viewer: Any, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "credentials").write_text("[lab]\naws_access_key_id = A\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    panel = open_panel(viewer)
    settled(panel, qtbot)
    listed = panel.address.profile
    assert [listed.itemText(i) for i in range(listed.count())] == ["lab"]
    assert listed.currentText() == ""  # anonymous first
    panel.connect_to("s3://bucket/a.zarr", "other")
    settled(panel, qtbot)
    assert '"other"' in message(panel)
    assert "expected one of: lab" in message(panel)


# ---------------------------------------------------------------------------------- history


def test_the_last_addresses_are_offered_again(viewer: Any, group: Path, qtbot: Any):
    panel = connected(viewer, group, qtbot)
    panel.connect_to(str(group / "walls"))
    settled(panel, qtbot)
    field = panel.address.field
    assert [field.itemText(i) for i in range(field.count())] == [str(group / "walls"), str(group)]
    field.setCurrentIndex(1)
    field.activated.emit(1)
    assert not panel.is_busy
    qtbot.mouseClick(panel.address.go, Qt.MouseButton.LeftButton)
    settled(panel, qtbot)
    assert panel.model.index(0, 0).data() == "a.zarr"
    assert history.addresses()[0] == (str(group), "")
    panel.address.menu.actions()[-1].trigger()
    assert history.addresses() == []
    assert field.count() == 0
    assert field.currentText() == str(group)


def test_return_connects_once_also_to_what_is_listed(viewer: Any, group: Path, qtbot: Any):
    panel = connected(viewer, group, qtbot)
    asked: list[str] = []
    panel.address.asked.connect(lambda address, _: asked.append(address))
    qtbot.keyClick(panel.address.field, Qt.Key.Key_Return)
    settled(panel, qtbot)
    assert asked == [str(group)]


# --------------------------------------------------------------------------------- dropping


def drop(panel: BrowserPanel, data: QMimeData) -> None:
    event = QDropEvent(
        QPointF(9, 9),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    panel.dropEvent(event)


def test_a_folder_is_dropped(viewer: Any, group: Path, qtbot: Any):
    panel = open_panel(viewer)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(group))])
    drop(panel, data)
    settled(panel, qtbot)
    assert names(panel) == ["cells", "nuclei", "walls"]


@pytest.mark.parametrize("with_url", [True, False])
def test_a_dropped_link_keeps_the_case_of_its_bucket(
    viewer: Any, monkeypatch: pytest.MonkeyPatch, with_url: bool
):
    asked: list[str] = []
    monkeypatch.setattr(BrowserPanel, "connect_to", lambda _self, address: asked.append(address))
    panel = open_panel(viewer)
    data = QMimeData()
    data.setText("s3://MyLab/Cells.zarr\n")
    if with_url:
        data.setUrls([QUrl("s3://MyLab/Cells.zarr")])
    drop(panel, data)
    assert asked == ["s3://MyLab/Cells.zarr"]


def test_text_that_is_no_address_is_not_taken(viewer: Any):
    panel = open_panel(viewer)
    data = QMimeData()
    data.setText("see the notes")
    drop(panel, data)
    assert not panel.is_busy


# --------------------------------------------------------------------------- looking around


def test_groups_are_listed_when_they_are_opened(
    viewer: Any, tmp_path: Path, requests: Requests, qtbot: Any
):
    root = tmp_path / "a.zarr"
    write_group(root, "em")
    write_group(root / "masks", "er", "golgi")
    panel = connected(viewer, root, qtbot)
    assert names(panel) == ["em", "masks"]
    assert row(panel, "masks")[:2] == ["masks", "group"]
    assert not [key for key in requests.files if "/er/" in key]
    expand(panel, qtbot, "masks")
    assert names(panel, "masks") == ["er", "golgi"]
    assert row(panel, "masks", "golgi")[2] == "8 × 12"
    assert not panel.model.hasChildren(index(panel, "em"))


def test_an_empty_group_has_nothing_to_open(viewer: Any, tmp_path: Path, qtbot: Any):
    root = write_group(tmp_path / "a.zarr", "em")
    (root / "empty").mkdir()
    (root / "empty/.zgroup").write_text('{"zarr_format": 2}')
    panel = connected(viewer, root, qtbot)
    assert not panel.model.hasChildren(index(panel, "empty"))


def test_the_selected_entry_is_described(viewer: Any, group: Path, qtbot: Any):
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ("nuclei",))
    assert panel.details.name.text() == "nuclei"
    lines = panel.details.text.text().splitlines()
    assert "Kind: image, ome-zarr-0.4" in lines
    assert "Axes: y, x" in lines
    assert "Voxel: 2 × 3 µm" in lines
    assert "Extent: 16 × 36 µm" in lines
    assert "Levels: 2" in lines
    assert "Size: 96 bytes" in lines
    picture = panel.details.picture.pixmap()
    # 16 × 36 µm: wider than high, as in the world.
    assert (picture.width(), picture.height()) == (112, 50)
    select(panel, qtbot, ("cells",), ("walls",))
    assert panel.details.name.text() == "2 selected"
    assert not panel.details.picture.isVisibleTo(panel)


def test_problems_of_an_entry_are_said(viewer: Any, group: Path, qtbot: Any):
    attributes = json.loads((group / "walls/.zattrs").read_text())
    attributes["multiscales"][0]["datasets"][0]["coordinateTransformations"] = 5
    (group / "walls/.zattrs").write_text(json.dumps(attributes))
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ("walls",))
    said = " ".join(x.text.text() for x in panel.details.problems.findChildren(type(panel.message)))
    assert "coordinateTransformations" in said
    assert names(panel) == ["cells", "nuclei", "walls"]


def test_what_is_read_of_a_picture_is_read_once(
    viewer: Any, group: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
):
    from napari_strata.widgets.browser import panel as module

    made: list[str] = []
    real = module.thumbnail

    def counted(entry: Any, size: int) -> Any:
        made.append(entry.name)
        return real(entry, size)

    monkeypatch.setattr(module, "thumbnail", counted)
    panel = connected(viewer, group, qtbot)
    for name in ("cells", "walls", "cells"):
        select(panel, qtbot, (name,))
    assert made == ["cells", "walls"]


def test_without_a_preview_that_is_said(viewer: Any, group: Path, qtbot: Any):
    for chunk in (group / "cells").glob("?/0.0"):
        chunk.write_bytes(b"no chunk")
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ("cells",))
    assert panel.details.picture.text() == "No preview"
    assert message(panel) == ""


@pytest.mark.parametrize("name", ["cosem", "ome-zarr-0.6", "visor", "zvf", "precomputed"])
def test_samples(viewer: Any, samples: dict[str, Sample], name: str, qtbot: Any):
    """The tree shows every image and geometry that opening finds."""
    import napari_strata as strata

    path = samples[name].path
    panel = connected(viewer, path, qtbot)
    opened = strata.open(path)

    def expand_all() -> bool:
        folded = [r for r in panel.model.shown() if r.entry.has_children and not r.expanded]
        for each in folded:
            panel.tree.expand(panel.model.index_of(each))
        settled(panel, qtbot)
        return bool(folded)

    while expand_all():
        pass
    rows = list(panel.model.shown())
    shapes = [r.entry.image.levels[0].shape for r in rows if r.entry.image is not None]
    assert sorted(shapes) == sorted(image.levels[0].shape for image in opened.images)
    kinds = [r.entry.geometry.kind for r in rows if r.entry.geometry is not None]
    assert kinds == [geometry.kind for geometry in opened.geometries]


# -------------------------------------------------------------------------------- filtering


def narrow(panel: BrowserPanel, text: str, qtbot: Any) -> None:
    panel.filter.setText(text)
    settled(panel, qtbot)


def test_the_filter_narrows_the_list(viewer: Any, group: Path, qtbot: Any):
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ("nuclei",))
    select(panel, qtbot, ("walls",), ("nuclei",))
    narrow(panel, "LL", qtbot)
    assert names(panel) == ["cells", "walls"]
    assert row(panel, "walls")[4] == "2 × 3 µm"
    assert [r.entry.name for r in panel.tree.selected_rows()] == ["walls"]
    assert panel.details.name.text() == "walls"
    narrow(panel, "nothing", qtbot)
    assert names(panel) == []
    assert panel.model.hasChildren(panel.model.index(0, 0))
    narrow(panel, "", qtbot)
    assert names(panel) == ["cells", "nuclei", "walls"]


def test_what_is_open_is_narrowed_as_well(viewer: Any, tmp_path: Path, qtbot: Any):
    root = tmp_path / "a.zarr"
    write_group(root, "em")
    write_group(root / "masks", "er", "golgi")
    write_group(root / "other", "golgi")
    panel = connected(viewer, root, qtbot)
    expand(panel, qtbot, "masks")
    narrow(panel, "gol", qtbot)
    assert names(panel) == ["masks"]  # it is open; the other is not
    assert names(panel, "masks") == ["golgi"]
    assert panel.tree.isExpanded(index(panel, "masks"))
    narrow(panel, "masks", qtbot)
    assert names(panel, "masks") == ["er", "golgi"]  # all that is in what is looked for
    narrow(panel, "oth", qtbot)
    expand(panel, qtbot, "other")
    assert names(panel, "other") == ["golgi"]


def test_what_is_selected_while_it_is_narrowed_stays(
    viewer: Any, group: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
):
    begun, let = threading.Event(), threading.Event()

    def slow(*given: Any) -> Any:
        begun.set()
        assert let.wait(60)
        return narrowed(*given)

    monkeypatch.setattr(entry_model, "narrowed", slow)
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ("cells",))
    panel.filter.setText("l")
    qtbot.waitUntil(begun.is_set, timeout=60_000)
    panel.tree.setCurrentIndex(index(panel, "walls"))
    let.set()
    settled(panel, qtbot)
    assert [r.entry.name for r in panel.tree.selected_rows()] == ["walls"]


# ---------------------------------------------------------------------------------- 10,000


@pytest.fixture(scope="module")
def thousands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10,000 groups; three of them are images, the last one of all among them."""
    root = tmp_path_factory.mktemp("many") / "a.zarr"
    root.mkdir()
    (root / ".zgroup").write_text('{"zarr_format": 2}')
    for number in range(10_000):
        folder = root / f"g{number:05}"
        folder.mkdir()
    for number in (0, 5_000, 9_999):
        write_image(root / f"g{number:05}", (2, 3), (0, 0))
    return root


def in_sight(panel: BrowserPanel) -> set[str]:
    tree = panel.tree
    top = tree.indexAt(QPoint(0, 0))
    found = set()
    while top.isValid() and tree.visualRect(top).top() < tree.viewport().height():
        found.add(str(top.data()))
        top = tree.indexBelow(top)
    return found


def test_ten_thousand_groups(viewer: Any, thousands: Path, requests: Requests, qtbot: Any):
    """One listing of them all; only those in sight are looked at; nothing holds the window."""
    panel = open_panel(viewer)
    settled(panel, qtbot)
    with Holds() as holds:
        panel.connect_to(str(thousands))
        settled(panel, qtbot)
        assert len(names(panel)) == 200
        assert requests.folders.count(str(thousands)) == 1
        seen = in_sight(panel) - {"a.zarr"}
        assert 5 < len(seen) < 60
        looked = {key.split("a.zarr/")[1].split("/")[0] for key in requests.files if "/g" in key}
        assert looked == seen
        # The end of the list brings the next ones.
        panel.tree.scrollToBottom()
        settled(panel, qtbot)
        assert len(names(panel)) == 400
        # The filter finds what has never been shown.
        panel.filter.setText("9999")
        settled(panel, qtbot)
        assert names(panel) == ["g09999"]
        assert row(panel, "g09999")[2] == "8 × 12"
        panel.filter.setText("no such group")
        settled(panel, qtbot)
        assert names(panel) == []
    assert requests.folders.count(str(thousands)) == 1
    assert len(requests.files) + len(requests.folders) < 8 * 150
    assert holds.longer_than(50) == []
    select(panel, qtbot, ())
    assert "Holds: 10,000" in panel.details.text.text().splitlines()


def test_rows_that_are_looked_at_do_not_list_all_that_is_selected(
    viewer: Any, group: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
):
    """Thousands may be selected, and each row that comes into sight is looked at."""
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ("cells",), ("walls",))
    rows = panel.tree.selected_rows()
    assert [r.entry.name for r in rows] == ["cells", "walls"]
    assert [panel.tree.is_selected(r) for r in panel.model.shown()] == [False, True, False, True]
    monkeypatch.setattr(panel.tree, "selected_rows", lambda: pytest.fail("listed"))
    for each in rows:
        panel.model.looked.emit(each)
    assert panel.details.name.text() == "2 selected"
    assert panel.open_button.isEnabled()
    assert panel.all_button.isEnabled()


def test_scrolling_past_reads_little(viewer: Any, thousands: Path, requests: Requests, qtbot: Any):
    panel = connected(viewer, thousands, qtbot)
    requests.open.clear()
    before = len(requests.files)
    bar = panel.tree.verticalScrollBar()
    for _ in range(30):
        bar.setValue(min(bar.value() + 5, bar.maximum() - 1))
        QApplication.processEvents()
    qtbot.waitUntil(lambda: panel.model.looking() > 0)
    assert panel.model.looking() <= 8
    requests.open.set()
    settled(panel, qtbot)
    assert len(requests.files) - before < 8 * 60


# ------------------------------------------------------------------------------ its own end


def test_a_closed_panel_leaves_nothing_behind(
    viewer: Any, group: Path, requests: Requests, qtbot: Any
):
    there = weakref.ref(connected(viewer, group, qtbot))
    requests.open.clear()
    there().connect_to(str(group))
    assert there().is_busy
    viewer.window.remove_dock_widget(there().parent())
    there().deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    requests.open.set()
    QApplication.processEvents()
    viewer.theme = "light"  # nobody of ours hears it any more
    gc.collect()
    assert there() is None
