"""Viewers, stores and a gate for tests of panels."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh_parts import FACES, SEGMENTS, TETRAHEDRON
from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QApplication

from napari_strata.layers.geometry import view as geometry_view


@pytest.fixture
def mesh_folder(tmp_path: Path) -> Path:
    """A precomputed folder of single-resolution meshes; segment 12 lies 1000 nm further."""
    folder = tmp_path / "mesh"
    folder.mkdir()
    (folder / "info").write_text(json.dumps({"@type": "neuroglancer_legacy_mesh"}))
    for number, segment in enumerate(SEGMENTS):
        (folder / f"{segment}:0").write_text(json.dumps({"fragments": [f"{segment}.part"]}))
        corners = TETRAHEDRON + np.float32(1000 * number)
        payload = np.uint32(len(corners)).tobytes() + corners.tobytes() + FACES.tobytes()
        (folder / f"{segment}.part").write_bytes(payload)
    return folder


class Gate:
    """Holds back what is read for layers until it is let through, read by read."""

    def __init__(self) -> None:
        self._read = geometry_view.read
        self._gates: list[threading.Event] = []
        self._entered = threading.Semaphore(0)
        self.levels: list[int | None] = []

    def read(self, layer: Any, **what: Any) -> Any:
        mine = threading.Event()
        self._gates.append(mine)
        self.levels.append(what["level"])
        self._entered.release()
        assert mine.wait(30)
        return self._read(layer, **what)

    def entered(self) -> None:
        """Wait until one more read has begun."""
        assert self._entered.acquire(timeout=30)

    def release(self, index: int) -> None:
        """Let a read end."""
        self._gates[index].set()

    def let_through(self, index: int) -> None:
        """Let the last read that is held back end, and its result arrive."""
        self.release(index)
        assert QThreadPool.globalInstance().waitForDone(30_000)
        QApplication.processEvents()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(geometry_view, "read", gate.read)
    return gate


@pytest.fixture
def viewer(shared_viewer: Any) -> Any:
    """An empty viewer. A test that closes it leaves the next one another."""
    return shared_viewer


@pytest.fixture
def new_viewer(shared_viewer: Any) -> Callable[[], Any]:
    return lambda: shared_viewer
