"""Waiting for work while the window lives on. Work that is held back until the window has done
something would never end if the window stood still."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import napari
import pytest
from napari.utils.notifications import Notification, notification_manager
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QObject, QTimer

from formats.helpers import write_ome_04
from napari_strata import dataset, plugin
from napari_strata.model import OpenError
from napari_strata.widgets.browser.panel import BrowserPanel
from napari_strata.widgets.waiting import Abandoned, wait_for

pytestmark = pytest.mark.window

LONG = 30  # seconds, which pass only where something is broken


class Held:
    """Work that waits for the window: it ends when a timer has fired in the window's thread."""

    def __init__(self, result: Callable[[], Any]) -> None:
        self._let = threading.Event()
        self._result = result
        self.threads: list[threading.Thread] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.threads.append(threading.current_thread())
        assert self._let.wait(LONG), "the window stood still"
        return self._result(*args, **kwargs)

    def let_through_by_the_window(self) -> None:
        QTimer.singleShot(0, self._let.set)

    def end(self) -> None:
        self._let.set()
        for thread in self.threads:
            if thread is not threading.current_thread():
                thread.join(LONG)


def test_the_window_lives_on(qapp: Any):
    held = Held(lambda: "read")
    held.let_through_by_the_window()
    assert wait_for(held) == "read"
    assert held.threads[0] is not threading.current_thread()


def test_what_fails_is_raised_here(qapp: Any):
    error = ValueError("no such array")
    with pytest.raises(ValueError, match="no such array") as caught:
        wait_for(lambda: (_ for _ in ()).throw(error))
    assert caught.value is error


def test_a_drop_during_a_drop(qapp: Any):
    """The first one is read before the second; it can go on only after it."""
    first, second = Held(lambda: "first"), Held(lambda: "second")
    results: list[str] = []

    def drop_again() -> None:
        first.end()
        second.let_through_by_the_window()
        results.append(wait_for(second))

    QTimer.singleShot(0, drop_again)
    results.append(wait_for(first))
    assert results == ["second", "first"]


def test_a_second_drop_that_fails_costs_the_first_nothing(qapp: Any, qtbot: QtBot):
    first = Held(lambda: "first")

    def drop_again() -> None:
        try:
            wait_for(lambda: (_ for _ in ()).throw(ValueError("no such array")))
        finally:
            first.let_through_by_the_window()

    with qtbot.captureExceptions() as raised:
        QTimer.singleShot(0, drop_again)
        assert wait_for(first) == "first"
    assert [str(error) for _, error, _ in raised] == ["no such array"]


def test_another_thread_than_qts_waits_by_itself(qapp: Any):
    found: list[threading.Thread] = []
    thread = threading.Thread(target=wait_for, args=(lambda: found.append(thread_now()),))
    thread.start()
    thread.join(LONG)
    assert found == [thread]


def thread_now() -> threading.Thread:
    return threading.current_thread()


def test_two_waits_within_each_other(qapp: Any):
    """The user drops a second dataset while the first one is read."""
    outer, inner = Held(lambda: "outer"), Held(lambda: "inner")
    results: list[str] = []

    def drop_another() -> None:
        inner.let_through_by_the_window()
        results.append(wait_for(inner))
        outer.end()

    QTimer.singleShot(0, drop_another)
    results.append(wait_for(outer))
    assert results == ["inner", "outer"]


def test_closed_window_is_not_waited_for(qapp: Any):
    held, window = Held(lambda: "late"), QObject()
    QTimer.singleShot(0, window.deleteLater)
    with pytest.raises(Abandoned):
        wait_for(held, window)
    held.end()


# ---------------------------------------------------------------------------- the reader


def test_a_dropped_dataset_is_read_while_the_window_lives_on(
    new_viewer: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_ome_04(tmp_path / "a.zarr", {"0": ((4, 4, 4), {"scale": [1, 1, 1]})})
    viewer = new_viewer()
    held = Held(dataset.open)
    monkeypatch.setattr(dataset, "open", held)
    held.let_through_by_the_window()
    layers = viewer.open(str(tmp_path / "a.zarr"), plugin="napari-strata")
    assert [tuple(layer.level_shapes[0]) for layer in layers] == [(4, 4, 4)]
    assert list(viewer.layers) == layers


def test_another_window_that_comes_to_the_front_is_not_meant(
    make_napari_viewer: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The levels are strided, which napari misplaces: a duplicate is made exact where we watch."""
    levels = {"0": ((8, 8, 8), {"scale": [1, 1, 1]}), "1": ((4, 4, 4), {"scale": [2, 2, 2]})}
    write_ome_04(tmp_path / "a.zarr", levels)
    viewer = _behind_another(make_napari_viewer, monkeypatch)
    (layer,) = viewer.open(str(tmp_path / "a.zarr"), plugin="napari-strata")
    copy = viewer.add_image(layer.data, multiscale=True, metadata=layer.metadata)
    assert type(copy) is type(layer)


def _behind_another(make_napari_viewer: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make two viewers; the first is in front until it has been asked for once."""
    viewer, other = make_napari_viewer(), make_napari_viewer()
    assert viewer is not other
    in_front = iter([viewer])
    monkeypatch.setattr(napari, "current_viewer", lambda: next(in_front, other))
    return viewer


def _many(folder: Path) -> str:
    """Write one image more than are opened at once."""
    for number in range(9):
        write_ome_04(folder / "a.zarr" / f"i{number}", {"0": ((4, 4, 4), {"scale": [1, 1, 1]})})
    (folder / "a.zarr" / ".zgroup").write_text('{"zarr_format": 2}')
    return str(folder / "a.zarr")


def test_the_browser_opens_where_the_dataset_was_dropped(
    make_napari_viewer: Callable[[], Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    offers: list[Notification],
):
    viewer = _behind_another(make_napari_viewer, monkeypatch)
    plugin.read(_many(tmp_path))
    _press(offers)
    assert viewer.window._qt_window.findChildren(BrowserPanel)


def test_a_closed_viewer_is_let_go_and_another_one_browses(
    make_napari_viewer: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    offers: list[Notification],
):
    first, second = make_napari_viewer(), make_napari_viewer()
    front = [first]
    monkeypatch.setattr(napari, "current_viewer", lambda: front[0])
    plugin.read(_many(tmp_path))
    front[0] = second
    first.close()
    _press(offers)
    assert second.window._qt_window.findChildren(BrowserPanel)
    front[0] = None
    _press(offers)  # there is no window at all: nothing happens


def test_a_notification_keeps_no_viewer(
    new_viewer: Callable[[], Any], tmp_path: Path, offers: list[Notification]
):
    viewer = new_viewer()
    plugin.read(_many(tmp_path))
    ((_, pressed),) = _only(offers).actions
    assert not _refers_to(pressed, viewer)


def _refers_to(function: Any, wanted: object) -> bool:
    """Tell whether a function keeps something by what it closes over."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    inner = [cell for cell in cells if hasattr(cell, "__closure__")]
    return any(cell is wanted for cell in cells) or any(_refers_to(x, wanted) for x in inner)


@pytest.fixture
def offers() -> Iterator[list[Notification]]:
    """What is offered by a button of a notification."""
    heard: list[Notification] = []
    received = notification_manager.notification_ready
    received.connect(heard.append)
    yield heard
    received.disconnect(heard.append)


def _press(offers: list[Notification]) -> None:
    ((_, pressed),) = _only(offers).actions
    pressed(None)


def _only(offers: list[Notification]) -> Notification:
    (offer,) = [each for each in offers if each.actions]
    return offer


def test_what_cannot_be_opened_is_told_as_ever(new_viewer: Callable[[], Any], tmp_path: Path):
    (tmp_path / "a.zarr").mkdir()
    new_viewer()
    with pytest.raises(OpenError, match=r"a\.zarr"):
        plugin.read(str(tmp_path / "a.zarr"))


def test_closing_the_window_ends_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: Any
):
    write_ome_04(tmp_path / "a.zarr", {"0": ((4, 4, 4), {"scale": [1, 1, 1]})})
    viewer = napari.Viewer(show=True)
    held = Held(dataset.open)
    monkeypatch.setattr(dataset, "open", held)
    QTimer.singleShot(0, viewer.close)
    assert plugin.read(str(tmp_path / "a.zarr")) == [(None,)]
    held.end()
