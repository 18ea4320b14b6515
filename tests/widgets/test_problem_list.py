"""The list of problems in a real window."""

from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_strata.widgets.problem_list import ProblemList, Sentence

pytestmark = pytest.mark.window


class Windows(QObject):  # type: ignore[misc]
    """Counts the sentences that are shown as windows."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: Any, event: Any) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, Sentence):
            self.count += watched.isWindow()
        return False


def test_no_problem_is_a_window_of_its_own(qtbot: Any):
    whole = QWidget()
    qtbot.addWidget(whole)
    column, problems, windows = QVBoxLayout(whole), ProblemList(), Windows()
    column.addWidget(problems)
    whole.show()
    application = QApplication.instance()
    assert application is not None
    application.installEventFilter(windows)
    problems.set_problems(
        [{"severity": "warning", "where": "cells", "message": m} for m in ("one", "two")]
    )
    QApplication.processEvents()
    application.removeEventFilter(windows)
    shown = problems.findChildren(Sentence)
    assert [s.text.text() for s in shown] == ["cells: one", "cells: two"]
    assert all(s.isVisible() for s in shown)
    assert windows.count == 0
