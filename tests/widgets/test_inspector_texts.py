"""Texts of the inspector, as they are read on the screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inspector_window import add, add_theirs, rest, said, type_in
from pytestqt.qtbot import QtBot

from napari_strata.samples import Sample
from napari_strata.widgets.docked import WIDTH
from napari_strata.widgets.inspector.level_table import OFF
from napari_strata.widgets.inspector.panel import open_panel

pytestmark = pytest.mark.window


@pytest.fixture
def viewer(new_viewer: Callable[[], Any]) -> Any:
    return new_viewer()


@pytest.fixture
def path(samples: dict[str, Sample]) -> Path:
    """Every second and every fourth voxel, of even sizes."""
    return samples["ome-zarr-0.5"].path


def test_axes_without_a_name_are_no_numbers(viewer: Any, path: Path, qtbot: QtBot):
    """napari calls the axes of a layer -3, -2, -1 that nobody named."""
    add_theirs(viewer, path)
    panel = open_panel(viewer)
    rest(panel, qtbot)
    tip = panel.levels.table.item(1, OFF).toolTip().splitlines()
    # By hand: the level's voxel 0 is at 0, napari draws it half a voxel of level 0 further.
    assert tip[1] == "first voxel · -3: +0.5, -2: +0.5, -1: +0.5"


def test_headings_of_the_editor_fit_a_narrow_panel(viewer: Any, path: Path, qtbot: QtBot):
    add(viewer, path)
    panel = open_panel(viewer)
    panel.setFixedWidth(WIDTH)  # a dock would take what the window leaves it
    panel.sections[panel.edit].expand(animate=False)
    rest(panel, qtbot)
    qtbot.waitUntil(lambda: panel.edit.heads[0].width() > 0 and panel.width() == WIDTH)
    cut = [h.text() for h in panel.edit.heads if h.width() < h.sizeHint().width()]
    assert cut == []


def test_what_was_not_found_is_a_sentence(viewer: Any, path: Path, qtbot: QtBot):
    add_theirs(viewer, path, known=False)
    panel = open_panel(viewer)
    rest(panel, qtbot)
    missing = path.parent / "nothing.zarr"
    type_in(panel.alignment.path, str(missing))
    rest(panel, qtbot)
    assert said(panel.alignment) == f"{missing}: does not exist."
