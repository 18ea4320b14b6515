"""The inspector: everything that is known of the selected layer, and what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Layer, Shapes
from qtpy.QtCore import QTimer
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_strata.layers.inspecting.inspection import Inspection, inspect
from napari_strata.widgets.chosen_layers import is_geometry
from napari_strata.widgets.docked import DockedPanel, title
from napari_strata.widgets.following import Following
from napari_strata.widgets.inspector import figures
from napari_strata.widgets.inspector.alignment import AlignmentPart
from napari_strata.widgets.inspector.copying import CopyPart
from napari_strata.widgets.inspector.edit import EditPart
from napari_strata.widgets.inspector.fields import in_line
from napari_strata.widgets.inspector.levels import LevelsPart
from napari_strata.widgets.inspector.origins import OriginsPart
from napari_strata.widgets.inspector.part import Desk, Part
from napari_strata.widgets.inspector.placing import PlacingPart
from napari_strata.widgets.inspector.problems import ProblemsPart
from napari_strata.widgets.inspector.section import Section
from napari_strata.widgets.inspector.watching import Watching
from napari_strata.widgets.problem_list import WrappedText, quiet_text

if TYPE_CHECKING:
    from napari.viewer import Viewer

_PAUSE = 100  # milliseconds between two looks at a view that moves
_HINT = (
    "Select a layer: its resolution levels are listed here, whether each is drawn where its "
    "metadata says, and where every number comes from. A level can be locked, opened by itself, "
    "or copied to be painted; the layer can be placed anew."
)


class InspectorPanel(DockedPanel):
    """Follows the selected layer of a viewer.

    While a Shapes layer is selected the last one stays, so that a shape can be drawn around a
    part of it that is to be copied.
    """

    dock_name = "Inspector (Strata)"
    preferred_height = 640

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        # Or napari may put an empty stretch below the panel.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.layer: Layer | None = None
        self._last: Layer | None = None
        self.found: Inspection | None = None
        self.desk = Desk(self.viewer, self.background, self)
        self.name = title()
        self.about = in_line(WrappedText())
        self.hint = quiet_text(_HINT)
        self.levels = LevelsPart(self.desk)
        self.alignment = AlignmentPart(self.desk)
        self.origins = OriginsPart(self.desk)
        self.problems = ProblemsPart(self.desk)
        self.placing = PlacingPart(self.desk)
        self.edit = EditPart(self.desk)
        self.copying = CopyPart(self.desk)
        self.sections: dict[Part, Section] = {
            self.origins: Section("Where numbers come from", self.origins),
            self.problems: Section("Problems", self.problems),
            self.placing: Section("Coordinates and origin", self.placing),
            self.edit: Section("Edit the place", self.edit),
            self.copying: Section("Editable copy", self.copying),
        }
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._view_moved = QTimer(self)
        self._view_moved.setSingleShot(True)
        self._view_moved.setInterval(_PAUSE)
        self._lay_out()
        self._following = Following(self, self.viewer)
        self._watching = Watching(self, self.viewer)
        self._connect()
        self.follow()
        self._show()

    def _lay_out(self) -> None:
        self.lay_out(
            self.name,
            self.about,
            self.hint,
            self.alignment,
            self.levels,
            *self.sections.values(),
        )

    def _connect(self) -> None:
        self._soon.timeout.connect(self._show)
        self._view_moved.timeout.connect(self.copying.show_cost)
        self.levels.table.chosen.connect(self.origins.show_level)
        self.alignment.known.connect(self._show)
        self.desk.awaiting.connect(self._show_busy)
        for part, section in self.sections.items():
            section.toggled.connect(lambda is_open, part=part: self._unfolded(part, is_open))
        # Whichever of the two goes first, nobody is called that is no longer there.
        self.destroyed.connect(self._following.stop)
        self.destroyed.connect(self._watching.stop)
        self.destroyed.connect(self.levels.boxes.close)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw the boxes of levels again, if they are wanted."""
        super().showEvent(event)
        self.levels.set_seen(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Take the boxes of levels away with their toggle."""
        super().hideEvent(event)
        self.levels.set_seen(False)

    # Following the viewer

    def follow(self) -> None:
        """Take over the selected layer."""
        active = self.viewer.layers.selection.active
        if isinstance(active, Shapes) and not is_geometry(active) and self._last is not None:
            self._take(self._last)  # napari selects nothing in between
            return
        if active is None and len(self.viewer.layers.selection) > 1:
            return  # several are selected: the last one stays
        self._take(active)

    def _take(self, layer: Layer | None) -> None:
        if layer is self.layer:
            self._soon.start()
            return
        self.layer = layer
        self._following.watch(layer)
        self._watching.watch(layer)
        if layer is None:  # maybe only until the next one is selected
            self._soon.start()
        else:
            self._last = layer
            self._show()

    def forget(self, layer: Layer) -> None:
        """Have nothing more to do with a layer that was removed."""
        self.desk.forget(layer)
        for part in self._parts():
            part.forget(layer)
        if layer is self._last:
            self._last = None
        if layer is self.layer:
            self._take(None)
        self.follow()

    def refresh(self) -> None:
        """Show the layer anew, once for all that changes about it at a time."""
        self._soon.start()

    def redrawn(self) -> None:
        """Show which level is drawn, if that is another than before."""
        found, layer = self.found, self.layer
        if layer is None or found is None or found.kind not in ("ours", "multiscale"):
            return
        if int(getattr(layer, "data_level", 0)) != found.drawn:
            self._soon.start()

    def moved_view(self) -> None:
        """Say what a copy of the view costs, now that it is another one."""
        if self.copying.follows_view and self.sections[self.copying].isExpanded():
            self._view_moved.start()

    def themed(self) -> None:
        """Draw the signs in the new colours."""
        self._soon.start()

    # Showing

    @property
    def is_settled(self) -> bool:
        """Whether all that has been heard of is shown."""
        return not self._soon.isActive() and not self._view_moved.isActive()

    def _parts(self) -> list[Part]:
        return [self.levels, self.alignment, *self.sections]

    def _show(self) -> None:
        self._soon.stop()
        layer = self.layer
        self.found = found = None if layer is None else inspect(layer)
        for widget in (self.name, self.about, self.levels, *self.sections.values()):
            widget.setVisible(layer is not None)
        self.hint.setVisible(layer is None)
        for section in self.sections.values():
            section.set_theme(self.viewer.theme)
        if layer is None or found is None:
            self.alignment.hide()
            for part in self._parts():
                part.layer = part.found = None
            self.levels.fill_nothing()
            self._show_busy()
            return
        self.name.setText(found.name)
        self.name.setToolTip(f"{found.name}\n{found.path}".rstrip())
        self.about.setPlainText(_about(found))
        self.about.setToolTip(found.evidence)
        self.alignment.show_layer(layer, found)
        affines = self.alignment.affines(layer)
        self.copying.know(affines)
        self.levels.know(self.alignment.of(layer), affines)
        self.levels.show_layer(layer, found)
        self.origins.level = self.levels.table.row or 0
        known = bool(found.format or found.problems)  # else nobody has looked for any
        count = f": {figures.problem_count(found.problems)}" if known else ""
        self.sections[self.problems].setText(f"Problems{count}")
        for part, section in self.sections.items():
            if section.isExpanded():
                part.show_layer(layer, found)
        self._show_busy()

    def _unfolded(self, part: Part, is_open: bool) -> None:
        if is_open and self.layer is not None and self.found is not None:
            part.show_layer(self.layer, self.found)

    def _show_busy(self) -> None:
        """Show that something is read."""
        self.busy.setVisible(bool(self.background.awaited()))


def _about(found: Inspection) -> str:
    kinds = {
        "ours": "",
        "multiscale": "opened by another reader, or changed since",
        "single": "one resolution",
        "geometry": "geometry",
        "other": "no image: only its own transforms are known",
    }
    return " · ".join(text for text in (found.format, kinds[found.kind], found.path) if text)


def open_panel(viewer: Viewer) -> InspectorPanel:
    """Open the panel in a viewer's window, or raise the one that is there."""
    return InspectorPanel.open_in(viewer)
