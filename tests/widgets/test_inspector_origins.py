"""Where numbers come from, problems, and metadata files, as the inspector shows them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspector_window import LONG, add, rest, said
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest

from napari_strata.samples import Sample
from napari_strata.widgets.inspector.panel import InspectorPanel, open_panel

pytestmark = pytest.mark.window


@pytest.fixture
def viewer(new_viewer: Callable[[], Any]) -> Any:
    return new_viewer()


@pytest.fixture
def shown(viewer: Any, samples: dict[str, Sample], qtbot: QtBot) -> tuple[InspectorPanel, Any]:
    layers = add(viewer, samples["cosem"].path)
    layer = next(x for x in layers if x.name == "fibsem-uint8")
    viewer.layers.selection.active = layer
    panel = open_panel(viewer)
    for part in (panel.origins, panel.problems):
        panel.sections[part].expand()
    rest(panel, qtbot)
    return panel, layer


def items(panel: InspectorPanel, title: str) -> list[Any]:
    flags = Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive
    return list(panel.origins.tree.findItems(title, flags, 0))


def clipboard() -> str:
    return str(QGuiApplication.clipboard().text())


def test_the_tree_of_the_level_that_is_chosen(shown: tuple[InspectorPanel, Any]):
    panel, layer = shown
    (root,) = items(panel, "place of level 0")
    panel.levels.table.selectRow(1)
    assert items(panel, "place of level 0") == []
    (root,) = items(panel, "place of level 1")
    panel.origins.tree.setCurrentItem(root)
    # s1: 2400 × 2000 × 2000 nm from 1500, 250, 900 nm
    expected = [[2.4, 0, 0, 1.5], [0, 2, 0, 0.25], [0, 0, 2, 0.9], [0, 0, 0, 1]]
    panel.origins.copy_button.click()
    np.testing.assert_allclose(json.loads(clipboard()), expected)
    (own,) = items(panel, "transform")
    panel.origins.tree.setCurrentItem(own)
    assert panel.origins.where.text() == "em/fibsem-uint8/s1/attributes.json: transform"
    assert "declared by the image's own metadata" in panel.origins.said.text()
    numbers = [float(text) for text in panel.origins.matrix.text().split()]
    np.testing.assert_allclose(numbers[:4], [2400, 0, 0, 1500])
    assert layer.metadata["strata"]["levels"][1]["path"] == "em/fibsem-uint8/s1"


def test_a_move_in_napari_is_in_the_tree(shown: tuple[InspectorPanel, Any], qtbot: QtBot):
    panel, layer = shown
    assert items(panel, "moved in napari") == []
    layer.translate = layer.translate + np.array([10, 0, 0])
    rest(panel, qtbot)
    (move,) = items(panel, "moved in napari")
    assert move.text(1) == "live"
    panel.origins.tree.setCurrentItem(items(panel, "place of level 0")[0])
    panel.origins.copy_button.click()
    # s0: 1200 × 1000 × 1000 nm from 900, −250, 400 nm, and 10 µm further on
    np.testing.assert_allclose(np.array(json.loads(clipboard()))[:3, 3], [10.9, -0.25, 0.4])


def test_a_folded_tree_is_filled_when_it_is_unfolded(shown: tuple[InspectorPanel, Any]):
    panel, _ = shown
    section = panel.sections[panel.origins]
    section.collapse()
    panel.levels.table.selectRow(2)
    section.expand()
    assert len(items(panel, "place of level 2")) == 1


def test_problems_and_copies_of_them(
    viewer: Any, samples: dict[str, Sample], tmp_path: Path, qtbot: QtBot
):
    path = shutil.copytree(samples["ome-zarr-0.5"].path, tmp_path / "a.zarr")
    text = (path / "zarr.json").read_text()
    (path / "zarr.json").write_text(text.replace('"nanometer"', '"furlong"'))
    (layer,) = add(viewer, path)
    panel = open_panel(viewer)
    panel.sections[panel.problems].expand()
    rest(panel, qtbot)
    problems = layer.metadata["strata"]["problems"]
    assert problems
    assert panel.sections[panel.problems].text() != "Problems: none"
    column = panel.problems.problems.layout()
    lines = [column.itemAt(k).widget().text.text() for k in range(column.count())]
    assert any("furlong" in line and "zarr.json" in line for line in lines)
    panel.problems.json_button.click()
    assert json.loads(clipboard())["problems"] == problems
    panel.problems.text_button.click()
    assert clipboard().splitlines()[0] == str(path)
    assert len(clipboard().splitlines()) == 1 + len(problems)


def test_the_metadata_files(
    shown: tuple[InspectorPanel, Any], samples: dict[str, Sample], qtbot: QtBot
):
    panel, _ = shown
    panel.problems.files_button.click()
    rest(panel, qtbot)
    window = panel.problems.window_shown
    assert window is not None
    assert window.isVisible()
    root = samples["cosem"].path
    for document in window.documents:
        assert document.bytes == (root / document.path).read_bytes()
    paths = [document.path for document in window.documents]
    assert "em/fibsem-uint8/s1/attributes.json" in paths
    assert not any(path.startswith("labels") for path in paths)
    window.file.setCurrentIndex(paths.index("em/fibsem-uint8/s1/attributes.json"))
    stored = json.loads((root / "em/fibsem-uint8/s1/attributes.json").read_text())
    assert json.loads(window.text.toPlainText()) == stored
    window.close()


def test_search_in_the_metadata(shown: tuple[InspectorPanel, Any], qtbot: QtBot):
    panel, _ = shown
    panel.problems.open_files()
    rest(panel, qtbot)
    window = panel.problems.window_shown
    assert window is not None
    window.search.setText("Translate")  # of any case
    hits = sum(d.text.lower().count("translate") for d in window.documents)
    assert window.count.text() == f"{hits:,} found"
    assert hits > 3
    seen = set()
    for _ in range(hits):
        QTest.keyClick(window.search, Qt.Key.Key_Return)
        assert window.text.textCursor().selectedText() == "translate"
        seen.add((window.file.currentIndex(), window.text.textCursor().position()))
    assert len(seen) == hits  # each once
    window.search.setText("nowhere in there")
    assert window.count.text() == "0 found"
    window.close()


def test_metadata_that_is_gone(
    viewer: Any, samples: dict[str, Sample], tmp_path: Path, qtbot: QtBot
):
    path = shutil.copytree(samples["ome-zarr-0.5"].path, tmp_path / "a.zarr")
    add(viewer, path)
    panel = open_panel(viewer)
    panel.sections[panel.problems].expand()
    path.rename(tmp_path / "b.zarr")
    panel.problems.open_files()
    rest(panel, qtbot)
    qtbot.waitUntil(lambda: "a.zarr" in said(panel.problems), timeout=LONG)
    assert panel.problems.window_shown is None


def test_any_layer_has_a_tree(viewer: Any, qtbot: QtBot):
    points = viewer.add_points(np.zeros((1, 2)), scale=(2, 3))
    panel = open_panel(viewer)
    assert panel.layer is points
    panel.sections[panel.origins].expand()
    panel.origins.copy_button.click()
    assert json.loads(clipboard()) == [[2, 0, 0], [0, 3, 0], [0, 0, 1]]
    panel.sections[panel.problems].expand()
    assert panel.problems.files_button.isHidden()
