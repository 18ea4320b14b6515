"""Which layers are exported: a list with boxes to tick, the selected ones by default."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

from napari.layers import Layer
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget
from superqt.utils import signals_blocked

from napari_strata.export.formats import ANNOTATIONS
from napari_strata.export.planning.layer_image import KINDS
from napari_strata.widgets.following import Watch

_KINDS = frozenset(KINDS) | ANNOTATIONS
_ROWS = 5  # that are shown without scrolling
_PLACED_BY = (
    "data", "name", "scale", "translate", "rotate", "shear", "affine", "units", "axis_labels",
)  # fmt: skip


class LayerChoice(QListWidget):  # type: ignore[misc]
    """The layers of a viewer that can be exported, as its list has them, the topmost first.

    What is ticked follows the selection until a box is ticked by hand.
    """

    changed = Signal()
    """Other layers are ticked, or one that is has another place, name or data."""

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._by_hand = False
        self._layers: list[Layer] = []
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setSpacing(1)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Layers to export")
        self.itemChanged.connect(self._ticked)
        self.following = _Following(viewer, self)
        self.fill()

    def chosen(self) -> list[Layer]:
        """Give the ticked layers, from the bottom of the viewer's list to its top."""
        return [
            layer
            for row, layer in enumerate(self._layers)
            if self.item(row).checkState() == Qt.CheckState.Checked
        ][::-1]

    def images(self) -> list[Layer]:
        """Give those of them that are images or labels."""
        return [layer for layer in self.chosen() if layer._type_string in KINDS]

    def choose(self, layers: Any) -> None:
        """Tick these layers and no others, as if by hand."""
        self._by_hand = True
        self._tick(layers)

    def follow_selection(self) -> None:
        """Tick what is selected in the viewer, from now on too."""
        self._by_hand = False
        self._tick(self._viewer.layers.selection)

    @property
    def follows_selection(self) -> bool:
        """Whether what is ticked is what is selected."""
        return not self._by_hand

    def fill(self) -> None:
        """List the viewer's layers anew; boxes ticked by hand stay as they are."""
        ticked = self.chosen() if self._by_hand else self._viewer.layers.selection
        self._layers = [
            layer for layer in reversed(self._viewer.layers) if layer._type_string in _KINDS
        ]
        with signals_blocked(self):
            self.clear()
            for layer in self._layers:
                item = QListWidgetItem(f"{layer.name} ({layer._type_string})", self)
                item.setToolTip(layer.name)
                item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
                item.setCheckState(Qt.CheckState.Unchecked)
        self._fit()
        self.following.watch(self._layers)
        self._tick(ticked)

    def _tick(self, layers: Iterable[Layer]) -> None:
        wanted = {id(layer) for layer in layers}
        with signals_blocked(self):
            for row, layer in enumerate(self._layers):
                self.item(row).setCheckState(_state(id(layer) in wanted))
        self.changed.emit()

    def _fit(self) -> None:
        height = max(self.sizeHintForRow(0), 18) + 2
        rows = min(max(len(self._layers), 1), _ROWS)
        self.setFixedHeight(rows * height + 2 * self.frameWidth() + 4)

    def _ticked(self, _item: QListWidgetItem) -> None:
        self._by_hand = True
        self.changed.emit()


class _Following:
    """Hears from a viewer and its layers as long as a list is there, and keeps none alive."""

    def __init__(self, viewer: Any, choice: LayerChoice) -> None:
        self._choice = weakref.ref(choice)
        self._stopped = False
        self._watch = Watch(_PLACED_BY, self._changed)
        layers = viewer.layers
        for emitter in (layers.events.inserted, layers.events.removed, layers.events.reordered):
            emitter.connect(self._listed)
        layers.selection.events.changed.connect(self._selected)

    def stop(self) -> None:
        """Hand over nothing more."""
        self._stopped = True
        self.watch([])

    def watch(self, layers: list[Layer]) -> None:
        """Hear of changes of these layers, and of no others."""
        self._watch.of(layers)

    def _listed(self, _event: Any) -> None:
        self._tell(lambda choice: choice.fill())

    def _selected(self, _event: Any) -> None:
        self._tell(lambda choice: choice.follow_selection() if choice.follows_selection else None)

    def _changed(self, event: Any) -> None:
        if getattr(event, "type", "") == "name":
            self._tell(lambda choice: choice.fill())
        else:
            self._tell(lambda choice: choice.changed.emit())

    def _tell(self, call: Callable[[LayerChoice], None]) -> None:
        choice = None if self._stopped else self._choice()
        if choice is not None:
            call(choice)


def _state(is_ticked: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked
