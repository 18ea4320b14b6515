"""A chunk that cannot be read: one notification, a problem with the layer, and no crash."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_drawing import settle
from napari.layers import Image
from napari.utils.notifications import Notification, notification_manager

from formats.helpers import add_attributes, write_n5_array
from napari_strata.layers.chunk_report import ChunkReport


@pytest.fixture
def notifications() -> Iterator[list[Notification]]:
    heard: list[Notification] = []
    notification_manager.notification_ready.connect(heard.append)
    yield heard
    notification_manager.notification_ready.disconnect(heard.append)


def layer() -> Image:
    return Image(
        np.zeros((4, 4)),
        contrast_limits=(0, 1),
        metadata={"strata": {"image": "em/raw", "problems": [{"code": "old"}]}, "mine": 1},
    )


def messages(item: Any) -> list[str]:
    return [p["message"] for p in item.metadata["strata"]["problems"] if p["code"] != "old"]


def test_the_first_error_is_told_and_all_are_noted(notifications: list[Notification]):
    report, shown = ChunkReport("raw"), layer()
    report.attach(shown)
    report(OSError("s0/0/0: truncated"))
    report(OSError("s1/0/0: truncated"))
    assert [n.message for n in notifications] == [
        "raw: s0/0/0: truncated The place is shown empty."
    ]
    assert messages(shown) == ["s0/0/0: truncated", "s1/0/0: truncated"]
    problem = shown.metadata["strata"]["problems"][-1]
    assert problem["code"] == "chunk-unreadable"
    assert problem["severity"] == "error"
    assert problem["where"] == "em/raw"
    assert shown.metadata["mine"] == 1


def test_errors_before_there_is_a_layer_are_noted_later(notifications: list[Notification]):
    report, shown = ChunkReport("raw"), layer()
    report(OSError("early"))
    report.attach(shown)
    assert messages(shown) == ["early"]
    assert len(notifications) == 1


def test_a_layer_that_is_gone_is_no_error(notifications: list[Notification]):
    report = ChunkReport("raw")
    report.attach(layer())
    report(OSError("late"))
    assert len(notifications) == 1


# ------------------------------------------------------------------------- in a real window


def damaged(folder: Path, kind: str) -> Path:
    """Write planes 0 to 127 in two chunks along z, the second of them damaged."""
    shape = (128, 8, 8)
    levels = {
        "single level": {"s0": shape},
        # sizes and factors as napari implies in the plane, but not on the slider: an exact layer
        "pyramid": {"s0": shape, "s1": (64, 4, 4)},
    }[kind]
    root = folder / "a.n5"
    for name, size in levels.items():
        write_n5_array(root / name, size)
        for chunk in (root / name).glob("0/0/[1-9]"):
            chunk.write_bytes(chunk.read_bytes()[:20])
    factors = [[1, 1, 1], [2, 2, 2]][: len(levels)]
    add_attributes(root / "attributes.json", downsamplingFactors=factors, resolution=[4, 4, 4])
    return root


@pytest.mark.window
@pytest.mark.parametrize("kind", ["single level", "pyramid"])
def test_scrolling_over_a_damaged_chunk(
    kind: str,
    tmp_path: Path,
    shared_viewer: Any,
    notifications: list[Notification],
):
    viewer = shared_viewer
    (shown,) = viewer.open(str(damaged(tmp_path, kind)), plugin="napari-strata")
    if shown.multiscale:
        shown.locked_data_level = 0
    settle(viewer)
    viewer.dims.set_current_step(0, 3)
    settle(viewer)
    assert notifications == []
    assert messages(shown) == []
    for step in (70, 71, 100, 3, 90, 127, 64):
        viewer.dims.set_current_step(0, step)
        settle(viewer)
    (notification,) = notifications
    assert str(notification.severity) == "error"
    assert "s0" in notification.message
    assert "shown empty" in notification.message
    assert len(messages(shown)) == 1
    assert "s0" in messages(shown)[0]
    viewer.dims.set_current_step(0, 3)
    settle(viewer)
    assert shown._slice.image.raw.any()  # what is sound is still drawn


@pytest.mark.window
def test_a_dataset_that_is_deleted_while_it_is_shown(
    tmp_path: Path, shared_viewer: Any, notifications: list[Notification]
):
    viewer = shared_viewer
    root = damaged(tmp_path, "pyramid")
    viewer.open(str(root), plugin="napari-strata")
    settle(viewer)
    shutil.rmtree(root)
    for step in (10, 100, 20):
        viewer.dims.set_current_step(0, step)
        settle(viewer)
    assert len([n for n in notifications if str(n.severity) == "error"]) <= 1
