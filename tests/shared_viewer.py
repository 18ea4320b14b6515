"""One napari window for the tests of a module: making and closing one takes longer than most do."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from app_model import Application
from napari import Viewer
from napari._app_model._app import NapariApplication, _napari_names
from napari._qt._qapp_model.qactions import init_qactions
from napari._qt.qt_viewer import QtViewer
from napari.plugins import _initialize_plugins
from napari.settings import get_settings
from qtpy.QtCore import QCoreApplication, QEvent, QThreadPool
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDockWidget, QWidget

APPLICATION = "shared_app"
SIZE = (920, 640)


class SharedViewer:
    """A viewer whose window is shown: made when it is asked for, and emptied after each test.

    A test may close it; the next one then gets another.
    """

    def __init__(self) -> None:
        self._viewer: Any = None
        self._patches = pytest.MonkeyPatch()
        self._models: dict[str, dict[str, Any]] = {}
        self._docks: list[str] = []

    def get(self) -> Any:
        """Return the viewer, as a new one is."""
        if not self._is_open():
            self.close()
            self._make()
        return self._viewer

    def _is_open(self) -> bool:
        return self._viewer is not None and self._viewer in Viewer._instances

    def _make(self) -> None:
        """Make it as napari's ``make_napari_viewer`` does, with an application of its own."""
        get_settings().reset()
        application = NapariApplication(APPLICATION)
        application.injection_store.namespace = _napari_names
        patches = self._patches
        patches.setattr(NapariApplication, "get_app_model", lambda: application)
        patches.setattr("napari._qt.threads.status_checker.StatusChecker.start", lambda *_: None)
        patches.setattr("napari._qt.qt_viewer.QtViewer._get_console", lambda *_: QWidget())
        self._viewer = Viewer(show=True, show_welcome_screen=False)
        self._viewer.window.resize(*SIZE)
        assert QTest.qWaitForWindowExposed(self._viewer.window._qt_window, 5000)
        self._models = {name: model.model_dump() for name, model in self._parts().items()}
        self._docks = self._names_of_docks()
        gc.collect()
        gc.freeze()  # napari collects garbage for each layer that goes: not all of this again

    def _parts(self) -> dict[str, Any]:
        """What of a viewer a test may change, layers and docks aside."""
        viewer = self._viewer
        return {
            "dims": viewer.dims,
            "camera": getattr(viewer, "scene", viewer).camera,
            "grid": getattr(viewer, "canvas", viewer).grid,
        }

    def empty(self) -> None:
        """Take out what a test has put in, and make sure that nothing of it is left."""
        if not self._is_open():
            return
        viewer, window = self._viewer, self._viewer.window
        assert QThreadPool.globalInstance().waitForDone(30_000), "a test left work behind"
        viewer._layer_slicer.wait_until_idle(timeout=30)
        get_settings().reset()
        for dock in window._wrapped_dock_widgets.copy().values():
            panel = dock.widget()
            window.remove_dock_widget(dock)
            panel.deleteLater()
        for child in window._qt_window.children():
            if type(child).__module__.startswith("napari_strata"):
                child.deleteLater()
        viewer.layers.clear()
        self._deafen()
        for name, model in self._parts().items():
            model.update(self._models[name])
        for dock in (window._qt_viewer.dockLayerControls, window._qt_viewer.dockLayerList):
            dock.show()
        window.resize(*SIZE)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        self._check()

    def _deafen(self) -> None:
        """Disconnect what of ours listens to the viewer, such as the guard."""
        viewer = self._viewer
        groups = (viewer.layers.events, viewer.layers.selection.events, viewer.dims.events)
        for emitter in [e for group in groups for e in (group, *group.emitters.values())]:
            for callback in emitter.callbacks:
                owner = callback[0]() if isinstance(callback, tuple) else callback
                if _module(owner).startswith("napari_strata"):
                    emitter.disconnect(callback)

    def _check(self) -> None:
        left = {name: model.model_dump() for name, model in self._parts().items()}
        assert len(self._viewer.layers) == 0
        assert left == self._models
        assert self._names_of_docks() == self._docks

    def _names_of_docks(self) -> list[str]:
        docks = self._viewer.window._qt_window.findChildren(QDockWidget)
        return sorted(dock.name for dock in docks)

    def close(self) -> None:
        """Close it, if there is one, and make sure that it is gone."""
        if self._viewer is None:
            return
        if self._is_open():
            self._patches.setattr(
                self._viewer.window._qt_window, "_save_current_window_settings", lambda: None
            )
            self._viewer.close()
        self._viewer = None
        self._patches.undo()
        Application.destroy(APPLICATION)
        _initialize_plugins.cache_clear()
        init_qactions.cache_clear()
        gc.unfreeze()
        gc.collect()
        left = len(QtViewer._instances)
        QtViewer._instances.clear()
        assert left == 0, "something keeps a viewer that was closed"


def _module(owner: object) -> str:
    """Return where a function, or the class of an object, is defined."""
    return str(getattr(owner, "__module__", "") or "")
