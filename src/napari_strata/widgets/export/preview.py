"""What an export would be, in short, and the buttons that begin it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_strata.widgets.export.planning import MOST_SHOWN, Preview, sum_of
from napari_strata.widgets.problem_list import ProblemList, Sentence, quiet_text


class PreviewBox(QWidget):  # type: ignore[misc]
    """The sum, why it cannot be, what is lost; Export, or Resume and Start again."""

    asked = Signal(bool, bool)
    """An export is to begin: whether it resumes, whether it discards what was begun."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.total = quiet_text("")
        self.message = Sentence()
        self.problems = ProblemList(most=MOST_SHOWN, elsewhere="all are listed in detail")
        self.start = QPushButton("Export")
        self.resume = QPushButton("Resume")
        self.resume.setToolTip("Go on with what an export that was broken off has left")
        self.restart = QPushButton("Start again")
        self.restart.setToolTip("Discard what an export that was broken off has left")
        buttons = QHBoxLayout()
        for button in (self.start, self.resume, self.restart):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.total, self.message, self.problems):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.start.clicked.connect(self._start)
        self.resume.clicked.connect(self._resume)
        self.restart.clicked.connect(self._restart)
        self.clear()

    def clear(self) -> None:
        """Show nothing, and offer to export."""
        self.message.say("")
        self.total.setText("")
        self.total.hide()
        self.problems.set_problems(())
        self.resume.hide()
        self.restart.hide()
        self.start.show()

    def refuse(self, message: str) -> None:
        """Say why it cannot be exported as it is asked for."""
        self.clear()
        self.start.setEnabled(False)
        self.message.say(message)

    def show_preview(self, found: Preview, *, is_running: bool) -> None:
        """Show what would be written, and what is at its target."""
        self.total.setText(sum_of(found.plan, found.wish.format))
        self.total.show()
        self.problems.set_problems(
            {"severity": p.severity, "where": p.where, "message": p.message} for p in found.problems
        )
        self.show_place(found, is_running=is_running)

    def show_place(self, found: Preview, *, is_running: bool) -> None:
        """Offer what can be done, as what is at the target allows."""
        is_left = found.leftover is not None and not is_running
        self.resume.setVisible(is_left)
        self.restart.setVisible(is_left)
        self.start.setVisible(not is_left)
        self.start.setEnabled(not is_running)
        if is_running:
            self.message.say("It is being exported there; see below.", "info")
        elif is_left:
            self.message.say("An export there was broken off: resume it, or start again.", "info")
        elif found.exists:
            self.message.say(
                "Something is there already; you are asked before it is replaced.", "warning"
            )
        else:
            self.message.say("")

    def _start(self) -> None:
        self.asked.emit(False, False)

    def _resume(self) -> None:
        self.asked.emit(True, False)

    def _restart(self) -> None:
        self.asked.emit(False, True)
