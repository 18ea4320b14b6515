"""The part of editable copies: a box of a level as an ordinary layer, which can be painted."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

from napari.layers import Image, Labels, Layer
from qtpy.QtGui import QEnterEvent
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QPushButton
from superqt.utils import signals_blocked

from napari_strata.affine import Matrix
from napari_strata.layers.changing.editable_copy import Box, Copy, copy_cost, read_copy
from napari_strata.layers.changing.level_layer import level_world
from napari_strata.layers.changing.level_lock import BUDGET
from napari_strata.layers.changing.opened_image import shapes_of
from napari_strata.layers.inspecting.inspection import Inspection
from napari_strata.widgets.chosen_layers import selected_shapes
from napari_strata.widgets.export.fields import chooser
from napari_strata.widgets.inspector import figures, regions
from napari_strata.widgets.inspector.part import Desk, Part, sentence
from napari_strata.widgets.problem_list import quiet_text

_WORK = "copy"
ALL, VIEW, PLANE, SHAPE = range(4)
_REGIONS = (
    "All of the level",
    "Current view, all planes",
    "Current view, this plane",
    "Around the drawn shape",
)


class CopyPart(Part):
    """Which level, which part of it, what that costs, and the copy itself."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._affines: Sequence[Matrix] | None = None
        self._given_up: weakref.WeakKeyDictionary[Layer, threading.Event] = (
            weakref.WeakKeyDictionary()
        )
        self.level = chooser("Which level is copied", ())
        self.region = chooser("Which part of it is copied", _REGIONS)
        self.cost = quiet_text("")
        self.hint = quiet_text("Only images and labels can be copied.")
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip(
            "Read this part into memory and add it as an ordinary layer at its true place; labels "
            "can be painted"
        )
        self.cancel_button = QPushButton("Cancel")
        self.rows = QFormLayout()
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.addRow("Level", self.level)
        self.rows.addRow("Part", self.region)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.cancel_button)
        self.column.addLayout(self.rows)
        self.column.addWidget(self.hint)
        self.column.addWidget(self.cost)
        self.column.addLayout(buttons)
        self.column.addWidget(self.message)
        self.level.currentIndexChanged.connect(self.show_cost)
        self.region.currentIndexChanged.connect(self.show_cost)
        self.copy_button.clicked.connect(self.copy)
        self.cancel_button.clicked.connect(self.cancel)
        given_up = self._given_up
        self.destroyed.connect(lambda: _give_up_all(given_up.values()))

    def know(self, affines: Sequence[Matrix] | None) -> None:
        """Take where the levels of a layer that is not ours belong."""
        self._affines = affines

    def fill(self, layer: Layer, found: Inspection) -> None:
        """List the levels; the one that is drawn is chosen first."""
        of_voxels = found.kind in ("ours", "multiscale", "single")
        for field in (self.level, self.region):
            self.rows.setRowVisible(field, of_voxels)
        self.hint.setVisible(not of_voxels)
        for widget in (self.cost, self.copy_button, self.cancel_button):
            widget.setVisible(of_voxels)
        if not of_voxels:
            return
        texts = [f"{row.index} · {figures.counts(row.shape)}" for row in found.levels]
        if _texts(self.level) != texts:
            with signals_blocked(self.level):
                self.level.clear()
                self.level.addItems(texts)
                self.level.setCurrentIndex(found.drawn or 0)
        self._show_running()
        self.show_cost()

    def _show_running(self) -> None:
        running = self.layer is not None and self.desk.awaits(_WORK, self.layer)
        self.copy_button.setEnabled(not running)
        self.cancel_button.setEnabled(running)

    def show_cost(self, *_: object) -> None:
        """Say how much memory the copy takes, or why it cannot be."""
        layer = self.layer
        if layer is None or self.level.currentIndex() < 0:
            return
        try:
            level, box = self.level.currentIndex(), self._box(layer)
            text = f"{figures.size(copy_cost(layer, level, box, self._affines))} in memory"
        except ValueError as error:
            text = sentence(error)
        self.cost.setText(text)

    @property
    def follows_view(self) -> bool:
        """Whether what would be copied changes with the view."""
        return self.region.currentIndex() in (VIEW, PLANE)

    def _box(self, layer: Layer) -> Box | None:
        viewer, level = self.desk.viewer, self.level.currentIndex()
        region = self.region.currentIndex()
        if region == VIEW:
            return regions.view_box(viewer, layer)
        if region == PLANE:
            world = level_world(layer, level, self._affines)
            return regions.plane_box(viewer, layer, world, shapes_of(layer)[level])
        if region == SHAPE:
            return regions.shape_box(viewer, selected_shapes(viewer), layer)
        return None

    def copy(self) -> None:
        """Read the part beside the window, and add it as a layer above this one."""
        layer, affines = self.layer, self._affines
        if not isinstance(layer, Image | Labels):
            return
        level = self.level.currentIndex()
        self.say("")
        try:
            box = self._box(layer)
            cost = copy_cost(layer, level, box, affines)
        except ValueError as error:
            self.say(sentence(error))
            return
        if cost > BUDGET and not self.desk.ask(
            f"The copy takes {figures.size(cost)} in memory, all of which is read. Copy it?"
        ):
            return
        if layer not in self.desk.viewer.layers:  # it was removed while it was asked
            return
        given_up = self._given_up[layer] = threading.Event()

        def done(found: Copy) -> None:
            if not given_up.is_set():
                self._add(layer, found)
            self._finish(layer, "")

        self.desk.run(
            _WORK,
            layer,
            lambda: read_copy(layer, level, box, given_up.is_set, affines),
            done,
            lambda message: self._finish(layer, "" if given_up.is_set() else message),
        )
        self._show_running()

    def _add(self, layer: Layer, found: Copy) -> None:
        layers: Any = self.desk.viewer.layers
        made = found.layer()
        made.visible = True
        layers.insert(layers.index(layer) + 1, made)
        layers.selection = {made}

    def _finish(self, layer: Layer, message: str) -> None:
        self._show_running()
        self.say_of(layer, message)

    def cancel(self) -> None:
        """Give up what is being read of the layer that is shown."""
        if self.layer is not None:
            self._give_up(self.layer)

    def _give_up(self, layer: Layer) -> None:
        if (given_up := self._given_up.get(layer)) is not None:
            given_up.set()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Say what it costs now: a shape may have been drawn since."""
        super().enterEvent(event)
        self.show_cost()

    def forget(self, layer: Layer) -> None:
        """Give up what is being read of a layer that was removed."""
        self._give_up(layer)
        super().forget(layer)


def _give_up_all(events: Iterable[threading.Event]) -> None:
    for event in events:
        event.set()


def _texts(combo: QComboBox) -> list[str]:
    return [combo.itemText(index) for index in range(combo.count())]
