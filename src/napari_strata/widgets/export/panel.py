"""The panel of exports: what is written, where and how; what that would be; how far it is."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QMessageBox, QPushButton, QWidget
from superqt import QCollapsible

from napari_strata.export.planning.layer_image import LayerImage, layer_image
from napari_strata.widgets.docked import DockedPanel, heading, rule
from napari_strata.widgets.export import view as export_view
from napari_strata.widgets.export.jobs import exports_of
from napari_strata.widgets.export.layers import LayerChoice
from napari_strata.widgets.export.planning import (
    Preview,
    Wish,
    described,
    preview,
    wish_of,
)
from napari_strata.widgets.export.preview import PreviewBox
from napari_strata.widgets.export.progress import JobRows
from napari_strata.widgets.export.region import RegionForm
from napari_strata.widgets.export.target import TargetForm
from napari_strata.widgets.export.way import WayForm
from napari_strata.widgets.problem_list import WrappedText, quiet_text

if TYPE_CHECKING:
    from napari.viewer import Viewer

_PAUSE = 250  # milliseconds without a change before an export is planned anew
_PLAN, _BEGIN = "plan", "begin"  # what is done in threads
_HINT = "Tick the layers that are to be exported; selected ones are ticked."


class ExportPanel(DockedPanel):
    """Plans the export of a viewer's layers at every change, and starts it."""

    dock_name = "Export (Strata)"
    preferred_height = 640

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.preview: Preview | None = None
        self._running = 0
        self.exports = exports_of(self.viewer)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self.layers = LayerChoice(self.viewer)
        self.hint = quiet_text(_HINT)
        self.selected = QPushButton("Tick the selected layers")
        self.selected.setToolTip("Tick what is selected in the viewer, from now on too")
        self.target = TargetForm()
        self.region = RegionForm()
        self.way = WayForm()
        self.shown = PreviewBox()
        self.text = WrappedText()
        self.details = heading("In detail")
        self.rows = JobRows(self.exports)
        self._lay_out()
        self._connect()
        self._layers_changed()

    def _lay_out(self) -> None:
        self.details.hide()
        self.more = QCollapsible("Levels, chunks, codec, workers")
        self.more.addWidget(self.way)
        for inner in (self.more.layout(), self.more.content().layout()):
            inner.setContentsMargins(0, 0, 0, 0)
        self.lay_out(
            heading("Layers"),
            self.hint,
            self.layers,
            self.selected,
            self.region,
            self.target,
            self.more,
            rule(),
            heading("What is written"),
            self.shown,
            self.rows,
            self.details,
            self.text,
        )

    def _connect(self) -> None:
        self.layers.changed.connect(self._layers_changed)
        self.selected.clicked.connect(self.layers.follow_selection)
        self.region.changed.connect(self.plan_soon)
        self.region.kind.currentIndexChanged.connect(self._axes_changed)
        self.region.view_asked.connect(self._take_view)
        self.way.changed.connect(self.plan_soon)
        self.target.changed.connect(self.plan_soon)
        self.shown.asked.connect(self.begin)
        self._pause.timeout.connect(self.plan)
        self.exports.changed.connect(self._jobs_changed)
        # Whichever of the two goes first, nobody is called that is no longer there.
        self.destroyed.connect(self.layers.following.stop)

    # What is asked for

    def _layers_changed(self) -> None:
        chosen = self.layers.images()
        self.hint.setVisible(not self.layers.chosen())
        self.selected.setVisible(not self.layers.follows_selection)
        self.way.set_most_levels(
            max((len(x.data) if x.multiscale else 1 for x in chosen), default=1)
        )
        self.plan_soon()

    def _axes_changed(self, *_: Any) -> None:
        with suppress(ValueError):  # of a layer that cannot be exported: planning says so
            self._images()

    def _images(self) -> list[LayerImage]:
        """Describe the images and labels that are ticked, and have fields for their axes.

        Raises
        ------
        ValueError
            If one cannot be described.
        """
        chosen = self.layers.images()
        images = [layer_image(layer) for layer in chosen]
        self.region.set_layers(chosen, images)
        return images

    def _take_view(self) -> None:
        chosen = self.layers.images()
        try:
            if not chosen:
                raise ValueError("Tick an image or labels first.")
            box = export_view.box_of_view(self.viewer, chosen, self._images())
        except ValueError as error:
            self._refuse(str(error))
            return
        self.region.set_box(box)

    def _wish(self) -> Wish | None:
        """Take a snapshot of the ticked layers and all that is filled in; or say what is wrong."""
        self._pause.stop()
        chosen = self.layers.chosen()
        if not chosen:
            self._clear()
            return None
        try:
            images = self._images()
            format, version = self.target.chosen
            region = self.region.wishes(self.layers.images())
            options = {"version": version, **self.way.wishes(), **region}
            path, address = self.target.path.text(), self.way.address
            return wish_of(chosen, images, path, format, options, address)
        except ValueError as error:
            self._refuse(str(error))
            return None

    # Planning

    def plan_soon(self, *_: Any) -> None:
        """Plan the export once nothing has changed for a moment."""
        self.preview = None
        self.background.forget(_PLAN)
        self.shown.start.setEnabled(bool(self.layers.chosen()))
        self._pause.start()

    def plan(self) -> None:
        """Plan the export now, in a thread; nothing is written."""
        wish = self._wish()
        if wish is not None:
            self.busy.show()
            self.background.run(_PLAN, lambda: preview(wish), self._planned, self._refuse)

    def _planned(self, found: Preview) -> None:
        self.busy.hide()
        self.preview = found
        self.details.show()
        self.text.setPlainText(described(found))
        self.shown.show_preview(found, is_running=self._is_running(found))

    def _is_running(self, found: Preview) -> bool:
        there = (job for job in self.exports.jobs if job.path == found.wish.path)
        return any(not job.is_over for job in there)

    def _refuse(self, message: str) -> None:
        """Say why it cannot be exported as it is asked for."""
        self._clear()
        self.shown.refuse(message)

    def _clear(self) -> None:
        self.preview = None
        self.details.hide()
        self.busy.hide()
        self.shown.clear()
        self.text.setPlainText("")

    # Exporting

    def begin(self, resume: bool = False, restart: bool = False) -> None:
        """Export what is asked for now, after planning it once more.

        What is changed while it is planned is not in it.
        """
        if self.target.is_empty:
            self.shown.message.say("Choose where it is written: a new folder.")
            self.target.path.setFocus()
            return
        self.target.complete()
        self.background.forget(_PLAN)
        asked = self._wish()
        if asked is None:
            return
        wish = asked.without_painting()

        def ready(found: Preview) -> None:
            if not self._pause.isActive() and not self.background.busy(_PLAN):
                self._planned(found)
            self._begin(found, resume, restart)

        self.busy.show()
        self.shown.start.setEnabled(False)
        self.background.run(_BEGIN, lambda: preview(wish), ready, self._refuse)

    def _begin(self, found: Preview, resume: bool, restart: bool) -> None:
        if found.leftover is not None and not (resume or restart):
            return  # which of the two is asked for by buttons that are there now
        replace = False
        if found.exists:
            replace = self.confirm(
                f"{found.wish.path} is there already. Replace it? It stays as it is until the new "
                "one is complete and checked."
            )
            if not replace:
                return
        self.exports.start(found, replace=replace, resume=resume, restart=restart)
        if self.preview is found:
            self.shown.show_place(found, is_running=True)

    def _jobs_changed(self) -> None:
        running = sum(not job.is_over for job in self.exports.jobs)
        if running < self._running:  # what is at the target is another than before
            self.plan_soon()
        self._running = running

    def confirm(self, question: str) -> bool:
        """Ask the user; runs the window meanwhile."""
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        return bool(QMessageBox.question(self, "Export", question, yes | no, no) == yes)


def open_panel(viewer: Viewer, path: str | None = None) -> ExportPanel:
    """Open the panel in a viewer's window, or raise the one that is there.

    Parameters
    ----------
    path : where to export to, filled in.
    """
    panel = ExportPanel.open_in(viewer)
    if path is not None:
        panel.target.path.setText(path)
    return panel
