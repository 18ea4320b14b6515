"""The part of the levels: the table, locking one, one as a layer of its own, and their boxes."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

from napari.layers import Layer
from qtpy.QtWidgets import QHBoxLayout, QPushButton

from napari_strata.affine import Matrix
from napari_strata.arrays import LevelArray
from napari_strata.dataset.disk_size import stored_bytes
from napari_strata.layers.changing.level_layer import level_layer
from napari_strata.layers.changing.level_lock import BUDGET, lock, lock_cost
from napari_strata.layers.changing.opened_image import levels_of
from napari_strata.layers.inspecting.alignment import LevelAlignment
from napari_strata.layers.inspecting.inspection import Inspection
from napari_strata.widgets.geometry_panel import open_panel as open_geometry_panel
from napari_strata.widgets.inspector import figures
from napari_strata.widgets.inspector.boxes import BoxesToggle, ShownBoxes
from napari_strata.widgets.inspector.level_table import Levels, LevelTable
from napari_strata.widgets.inspector.part import Desk, Part, sentence

_OF_VOXELS = ("ours", "multiscale", "single")
Sizes = dict[int, int | None]


class LevelsPart(Part):
    """One row a level, and what is done with a level."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.table = LevelTable()
        self.lock_button = QPushButton("Lock")
        self.open_button = QPushButton("Open as a layer")
        self.open_button.setToolTip(
            "Add this level alone, exactly where it belongs (or double-click it)"
        )
        self.boxes_box = BoxesToggle(desk.viewer)
        self.boxes = ShownBoxes(desk.viewer)
        self._is_seen = True
        self._alignment: Sequence[LevelAlignment] | None = None
        self._affines: Sequence[Matrix] | None = None
        self._sizes: weakref.WeakKeyDictionary[Layer, tuple[object, Sizes]] = (
            weakref.WeakKeyDictionary()
        )
        self.buttons = QHBoxLayout()
        self.buttons.addWidget(self.lock_button, 1)
        self.buttons.addWidget(self.open_button, 1)
        self.column.addWidget(self.table)
        self.column.addLayout(self.buttons)
        self.column.addWidget(self.boxes_box)
        self.column.addWidget(self.message)
        self.table.lock_asked.connect(self.lock_or_not)
        self.table.open_asked.connect(self.open_level)
        self.table.chosen.connect(self._show_buttons)
        self.lock_button.clicked.connect(self._lock_chosen)
        self.open_button.clicked.connect(self._open_chosen)
        self.boxes_box.toggled.connect(self._show_boxes)

    # What is shown

    def know(
        self,
        alignment: Sequence[LevelAlignment] | None,
        affines: Sequence[Matrix] | None,
    ) -> None:
        """Take what is known of where levels belong; shown with the layer next.

        Parameters
        ----------
        affines : where a layer's levels are declared that is not ours, as in `Exact`.
        """
        self._alignment = alignment
        self._affines = affines

    def fill(self, layer: Layer, found: Inspection) -> None:
        """Show the levels; how much they take on disk is looked up beside the window."""
        self.table.setVisible(bool(found.levels))
        of_voxels = found.kind in _OF_VOXELS
        for widget in (self.lock_button, self.open_button, self.boxes_box):
            widget.setVisible(of_voxels)
        self._look_up_sizes(layer, found)
        self.refresh_table()
        self._show_buttons()
        self._show_boxes()

    def fill_nothing(self) -> None:
        """Draw no boxes: no layer is shown."""
        self._show_boxes()

    def refresh_table(self) -> None:
        """Show the rows as they are known now."""
        if self.layer is None or self.found is None:
            return
        _, sizes = self._sizes.get(self.layer, (None, {}))
        levels = Levels(self.found, self._alignment, dict(sizes))
        self.table.show_levels(levels, self.desk.viewer.theme)

    def _look_up_sizes(self, layer: Layer, found: Inspection) -> None:
        if found.kind not in _OF_VOXELS:
            return
        arrays = levels_of(layer)
        known, _ = self._sizes.get(layer, (None, None))
        identity = tuple(id(array) for array in arrays)
        if known == identity:
            return
        stored = {k: a for k, a in enumerate(arrays) if isinstance(a, LevelArray)}
        sizes: Sizes = {k: None for k in range(len(arrays)) if k not in stored}
        self._sizes[layer] = (identity, sizes)
        if not stored:
            return

        def done(read: Sizes) -> None:
            if self._sizes.get(layer, (None, None))[0] == identity:
                self._sizes[layer] = (identity, {**sizes, **read})
                self.refresh_table()

        def failed(_message: str) -> None:
            done(dict.fromkeys(stored))

        self.desk.run(
            "sizes", layer, lambda: {k: stored_bytes(a) for k, a in stored.items()}, done, failed
        )

    def _show_buttons(self, _level: int | None = None) -> None:
        found, row = self.found, self.table.row
        if found is None:
            return
        locked = found.locked
        can_lock = found.kind in ("ours", "multiscale") and len(found.levels) > 1
        self.lock_button.setVisible(can_lock)
        self.lock_button.setEnabled(row is not None)
        is_locked = row is not None and locked == row
        self.lock_button.setText("Unlock" if is_locked else f"Lock to level {row or 0}")
        self.lock_button.setToolTip(
            "Let the view choose the level again"
            if is_locked
            else "Draw this level always, however far the view is zoomed (or click its lock)"
        )
        self.open_button.setEnabled(row is not None)

    # Locking and opening

    def _lock_chosen(self) -> None:
        if self.table.row is not None:
            self.lock_or_not(self.table.row)

    def lock_or_not(self, level: int) -> None:
        """Lock the layer to a level, or let it loose if it is locked to it; asks if it is dear."""
        layer = self.layer
        if layer is None or not getattr(layer, "multiscale", False):
            return
        self.say("")
        if layer.locked_data_level == level:
            lock(layer, None)
        elif self._agreed(layer, level, "Draw it always?"):
            lock(layer, level)

    def _agreed(self, layer: Layer, level: int, question: str) -> bool:
        """Ask before more is read for the view than the budget."""
        cost = lock_cost(layer, level, self.desk.viewer.dims)
        if cost <= BUDGET:
            return True
        return self.desk.ask(
            f"For this view {figures.size(cost)} of level {level} are read, all of what is "
            f"displayed of it, also outside of the canvas. {question}"
        )

    def _open_chosen(self) -> None:
        if self.table.row is not None:
            self.open_level(self.table.row)

    def open_level(self, level: int) -> None:
        """Add a level as a layer of its own, above this one; a geometry's has its own panel."""
        layer, found = self.layer, self.found
        if layer is None or found is None:
            return
        if found.kind == "geometry":
            open_geometry_panel(self.desk.viewer)
            return
        self.say("")
        layers = self.desk.viewer.layers
        if not self._agreed(layer, level, "Add it as a layer?") or layer not in layers:
            return
        try:
            made = level_layer(layer, level, affines=self._affines)
        except ValueError as error:
            self.say(sentence(error))
            return
        made.visible = True
        layers.insert(layers.index(layer) + 1, made)
        layers.selection = {made}

    # Boxes

    def set_seen(self, seen: bool) -> None:
        """Draw boxes only while the panel is shown, where they can be taken away again."""
        self._is_seen = seen
        self._show_boxes()

    def _show_boxes(self, *_: object) -> None:
        wanted = self._is_seen and self.boxes_box.isChecked() and self.found is not None
        of_voxels = wanted and self.found is not None and self.found.kind in _OF_VOXELS
        try:
            self.boxes.show(self.layer if of_voxels else None, self._affines)
        except ValueError as error:
            self.say(sentence(error))
