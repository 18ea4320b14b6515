"""How far exports are, and how they ended: one row each."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_strata.export.planning.plan_text import bytes_text, seconds_text
from napari_strata.export.run import Snapshot
from napari_strata.widgets.export.jobs import Exports, Job
from napari_strata.widgets.export.planning import MOST_SHOWN
from napari_strata.widgets.problem_list import ProblemList, Sentence, WrappedText

_STEPS = 1000
_GOES_ON = "It goes on if this panel is closed. If the window is closed it stops, and "


class JobRow(QWidget):  # type: ignore[misc]
    """One export: its target, progress, rate and time left, Cancel; then what came of it."""

    def __init__(self, exports: Exports, job: Job, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.job = job
        self._exports = exports
        self._is_settled = False
        self.name = QElidingLabel(job.path)
        self.name.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.name.setToolTip(job.path)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(10)
        self.state = WrappedText()
        self.button = QPushButton("Cancel")
        self.hint = WrappedText()
        self.hint.setPlainText(_hint(job))
        self.message = Sentence()
        self.problems = ProblemList(most=MOST_SHOWN, elsewhere="as were shown before it began")
        line = QHBoxLayout()
        line.addWidget(self.state, 1)
        line.addWidget(self.message, 1)
        line.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.name)
        column.addWidget(self.bar)
        column.addLayout(line)
        column.addWidget(self.hint)
        column.addWidget(self.problems)
        self.button.clicked.connect(self._pressed)
        self.show_state()

    def show_state(self) -> None:
        """Show how far the export is now."""
        if self._is_settled:
            return
        if self.job.is_over:
            self._settle()
            return
        now = self.job.snapshot()
        if now.total:
            self.bar.setRange(0, _STEPS)
            self.bar.setValue(round(now.fraction * _STEPS))
        else:
            self.bar.setRange(0, 0)
        self.state.setPlainText("Stopping …" if self.job.export.is_cancelled else caption(now))

    def _settle(self) -> None:
        self._is_settled = True
        job = self.job
        self.bar.hide()
        self.hint.hide()
        self.state.hide()
        self.button.setText("Dismiss")
        self.button.setEnabled(True)
        if job.result is not None:
            self.message.say(f"Written as {job.result.format}, read again and compared.", "info")
        elif job.cancelled:
            left = "It can be resumed." if job.portable else "Nothing is left of it."
            self.message.say(f"Cancelled. {left}", "warning")
        else:
            self.message.say(job.failure)
        self.problems.set_problems(
            {"severity": p.severity, "where": p.where, "message": p.message} for p in job.problems
        )

    def _pressed(self) -> None:
        if self._is_settled:
            self._exports.remove(self.job)
        else:
            self.button.setEnabled(False)
            self.job.cancel()
            self.show_state()


class JobRows(QWidget):  # type: ignore[misc]
    """All exports of a window, the newest first."""

    def __init__(self, exports: Exports, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exports = exports
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.rows: list[JobRow] = []
        exports.changed.connect(self.show_jobs)
        self.show_jobs()

    def show_jobs(self) -> None:
        """Have a row for each export."""
        for row in [row for row in self.rows if row.job not in self._exports.jobs]:
            self.rows.remove(row)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        known = [row.job for row in self.rows]
        for job in self._exports.jobs:
            if job not in known:
                row = JobRow(self._exports, job)
                self.rows.insert(0, row)
                self._column.insertWidget(0, row)
        for row in self.rows:
            row.show_state()


def _hint(job: Job) -> str:
    """Say what to know while it is written."""
    text = _GOES_ON + ("can be resumed." if job.portable else "nothing is left of it.")
    if job.to_leave:
        text += f" It is read meanwhile, so do not paint on {', '.join(job.to_leave)}."
    return text


def caption(now: Snapshot) -> str:
    """Say how far an export is: ``12 MB of 45 MB, 30 MB/s, 0:02 left``."""
    if not now.total:
        return "Getting ready …"
    if now.done >= now.total:
        return "Checking what was written …"
    parts: list[Any] = [f"{bytes_text(now.done)} of {bytes_text(now.total)}"]
    if now.rate:
        parts.append(f"{bytes_text(now.rate)}/s")
    if now.left is not None:
        parts.append(f"{seconds_text(now.left)} left")
    return ", ".join(parts)
