"""The part of placing: what the metadata leaves open, chosen; layers go to their places at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from napari.layers import Layer
from qtpy.QtWidgets import QComboBox, QFormLayout, QPushButton
from superqt.utils import signals_blocked

from napari_strata.dataset import Choices
from napari_strata.layers.changing.reopen import can_read_again
from napari_strata.layers.inspecting.inspection import Inspection
from napari_strata.layers.live_world import live_world
from napari_strata.layers.notes import KEY
from napari_strata.widgets.export.fields import chooser
from napari_strata.widgets.geometry_panel import open_panel
from napari_strata.widgets.inspector import again
from napari_strata.widgets.inspector.part import Desk, Part
from napari_strata.widgets.problem_list import quiet_text

_WORK = "place"
_ORIGINS = (("center", "Centre of voxel 0"), ("corner", "Corner of voxel 0"))
_ORIENTATIONS = (("image", "As the images are stored"), ("stage", "As the stage moves"))
#: Formats whose metadata says a grid of voxels and not where its voxel 0 begins.
_OPEN_ORIGIN = frozenset({"neuroglancer-n5", "n5-viewer", "bdv-n5", "cosem", "precomputed"})


class PlacingPart(Part):
    """Coordinate system, origin, orientation; for a geometry a way to its own panel."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.hint = quiet_text("")
        self.system = chooser("The coordinate system the image is shown in", ())
        self.origin = chooser(
            "Where the metadata, which does not say, puts its position 0: at the centre of the "
            "full-resolution voxel 0, or at its corner",
            [text for _, text in _ORIGINS],
        )
        self.orientation = chooser(
            "Whether stacks are shown in the axes of their images or of the stage",
            [text for _, text in _ORIENTATIONS],
        )
        self.geometry_button = QPushButton("Level, vertices, crop box …")
        self.geometry_button.setToolTip(
            "Open the panel of geometries: level, space of the vertices, crop box"
        )
        for combo in (self.system, self.origin, self.orientation):
            combo.setMinimumContentsLength(5)  # as much as a panel of 280 pixels has
        self.rows = QFormLayout()
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.addRow("System", self.system)
        self.rows.addRow("Position 0", self.origin)
        self.rows.addRow("Axes", self.orientation)
        self.column.addWidget(self.hint)
        self.column.addLayout(self.rows)
        self.column.addWidget(self.geometry_button)
        self.column.addWidget(self.message)
        self.system.activated.connect(self._choose_system)
        self.origin.activated.connect(self._choose_origin)
        self.orientation.activated.connect(self._choose_orientation)
        self.geometry_button.clicked.connect(self._open_geometry_panel)

    def fill(self, layer: Layer, found: Inspection) -> None:
        """Show how the layer was opened, and what else there is."""
        note = layer.metadata.get(KEY, {}) if found.kind in ("ours", "geometry") else {}
        ours = can_read_again(layer)
        systems = note.get("systems", []) if ours else []
        choices = Choices.from_json(note.get("choices", {})) if ours else Choices()
        reading = self.desk.awaits(_WORK, layer)
        self._show(self.system, len(systems) > 1)
        self._show(self.origin, ours and found.format in _OPEN_ORIGIN)
        self._show(self.orientation, ours and found.format == "visor")
        self.geometry_button.setVisible(found.kind == "geometry")
        for combo in (self.system, self.origin, self.orientation):
            combo.setEnabled(not reading)
        if not reading:
            _fill(self.system, systems, note.get("system"))
            _choose(self.origin, _ORIGINS, choices.origin)
            _choose(self.orientation, _ORIENTATIONS, choices.orientation)
        self._explain(found, ours)

    def _explain(self, found: Inspection, ours: bool) -> None:
        shown = any(self.rows.isRowVisible(x) for x in (self.system, self.origin, self.orientation))
        text = ""
        if found.kind == "geometry":
            text = "A geometry is placed by the panel of geometries:"
        elif not ours:
            text = "Only a layer that still shows what napari-strata opened can be placed anew."
        elif not shown:
            text = "The metadata says one place, in one coordinate system; nothing is left open."
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    def _show(self, field: QComboBox, wanted: bool) -> None:
        self.rows.setRowVisible(field, wanted)

    def _choose_system(self, _index: int) -> None:
        layer = self.layer
        if layer is None or self.system.currentText() == layer.metadata[KEY].get("system"):
            return
        self._read(again.of_same_image(self.desk.viewer, layer), system=self.system.currentText())

    def _choose_origin(self, index: int) -> None:
        self._choose(origin=_ORIGINS[index][0])

    def _choose_orientation(self, index: int) -> None:
        self._choose(orientation=_ORIENTATIONS[index][0])

    def _choose(self, **chosen: Any) -> None:
        """All that was opened with the layer moves, or it would no longer lie on each other."""
        layer = self.layer
        if layer is None:
            return
        was = Choices.from_json(layer.metadata[KEY].get("choices", {}))
        if replace(was, **chosen) != was:
            layers = again.of_same_dataset(self.desk.viewer, layer)
            self._read(layers, choices=replace(was, **chosen))

    def _read(self, layers: list[Layer], **how: Any) -> None:
        layer = layers[0]
        self.say("")

        def done(read: again.Again) -> None:
            before = live_world(layer)
            said = again.apply_all(self.desk.viewer, read)
            standing = again.geometries_of(self.desk.viewer, layer) if "choices" in how else []
            if standing:
                names = ", ".join(f"'{x.name}'" for x in standing)
                said.append(f"{names} stayed where they are; open them again to move them too")
            if not said and np.array_equal(before, live_world(layer)):
                message = "The metadata says the place of this image itself: it has not moved."
                self._finish(layer, message, "info")
                return
            self._finish(layer, ". ".join(said), "warning")

        def failed(message: str) -> None:
            self._finish(layer, message, "error")

        for each in layers:  # what is chosen last counts, by whichever of them
            self.desk.background.forget((_WORK, each))
        self.desk.run(_WORK, layer, lambda: again.read_all(layers, **how), done, failed)
        if self.found is not None:
            self.fill(layer, self.found)

    def _finish(self, layer: Layer, message: str, severity: str) -> None:
        if layer is self.layer and self.found is not None:
            self.fill(layer, self.found)
            self.say(message, severity)

    def _open_geometry_panel(self) -> None:
        open_panel(self.desk.viewer)


def _fill(combo: QComboBox, names: list[str], chosen: str | None) -> None:
    with signals_blocked(combo):
        combo.clear()
        combo.addItems(names)
        combo.setCurrentIndex(names.index(chosen) if chosen in names else -1)


def _choose(combo: QComboBox, known: tuple[tuple[str, str], ...], chosen: str) -> None:
    with signals_blocked(combo):
        combo.setCurrentIndex([name for name, _ in known].index(chosen))
