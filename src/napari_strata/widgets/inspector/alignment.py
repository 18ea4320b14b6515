"""The part of alignment: whether levels are drawn where they are declared, and putting it right."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Layer
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.layers.changing.exact_replacement import Exact, find_exact, replace
from napari_strata.layers.changing.opened_image import levels_of
from napari_strata.layers.inspecting.alignment import LevelAlignment, alignment
from napari_strata.layers.inspecting.inspection import Inspection
from napari_strata.layers.inspecting.live_place import farthest
from napari_strata.layers.live_world import live_world
from napari_strata.store.location import is_url
from napari_strata.widgets.inspector import figures
from napari_strata.widgets.inspector.part import Desk, Part, sentence

_EXACT = 1e-6
_WORK = "compare"
_LOOKING_UP = "Looking up where its file puts the levels …"


@dataclass(frozen=True)
class _Compared:
    """What a layer was found to be of, or why nothing was; true of these arrays alone."""

    found: Exact | str
    arrays: tuple[Any, ...]


class AlignmentPart(Part):
    """One sentence; for layers of other readers, comparing them with their file."""

    known = Signal()
    """Where the levels of the layer are declared is known now."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._compared: weakref.WeakKeyDictionary[Layer, _Compared] = weakref.WeakKeyDictionary()
        self.replace_button = QPushButton("Replace by the exact layer")
        self.replace_button.setToolTip(
            "Put a layer in its place that draws every level where its metadata says; it keeps "
            "the name, the look and the position in the list"
        )
        self.path = QLineEdit()
        self.path.setPlaceholderText("Path or URL of its dataset")
        self.path.setAccessibleName("Path or URL of the layer's dataset")
        self.compare_button = QPushButton("Compare")
        self.compare_button.setToolTip("Look up where the file says that the levels are")
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(self.compare_button)
        self.column.addWidget(self.message)
        self.column.addWidget(self.replace_button)
        self.column.addLayout(row)
        self.replace_button.clicked.connect(self.replace)
        self.compare_button.clicked.connect(self.compare)
        self.path.returnPressed.connect(self.compare)

    def _known(self, layer: Layer) -> Exact | str | None:
        """Give what was found, unless the layer has other data by now."""
        compared = self._compared.get(layer)
        if compared is None:
            return None
        if [*map(id, compared.arrays)] != [*map(id, levels_of(layer))]:
            del self._compared[layer]
            return None
        return compared.found

    def forget(self, layer: Layer) -> None:
        """Let go of what a layer that was removed could have been replaced by."""
        self._compared.pop(layer, None)
        super().forget(layer)

    def affines(self, layer: Layer) -> Sequence[Matrix] | None:
        """Give where a layer's levels are declared, of one that is not ours and was compared."""
        exact = self._known(layer)
        return exact.affines if isinstance(exact, Exact) else None

    def of(self, layer: Layer) -> Sequence[LevelAlignment] | None:
        """Compare what is drawn with what is declared, as far as that is known.

        Of a layer that is not ours it is how the levels lie to each other: where its level 0 is
        may be the reader's or the user's wish.
        """
        affines = self.affines(layer)
        if affines is None:
            return alignment(layer)
        live = live_world(layer)
        places = [affine.compose(live, affine.relative(each, affines[0])) for each in affines]
        return alignment(layer, places)

    def fill(self, layer: Layer, found: Inspection) -> None:
        """Say how the levels lie; a layer of another reader is compared with its file."""
        of_voxels = found.kind in ("ours", "multiscale")
        self.setVisible(of_voxels)
        for widget in (self.replace_button, self.path, self.compare_button):
            widget.hide()
        if not of_voxels:
            return
        aligned, known = self.of(layer), self._known(layer)
        if aligned is not None:
            self._tell(layer, found, aligned)
        elif self.desk.awaits(_WORK, layer):
            self.say(_LOOKING_UP, "info")
        elif isinstance(known, str):
            self._offer(found, known)
        elif found.path and not is_url(found.path):
            self._look_up(layer, found.path)
        else:
            self._offer(found, "Where its file puts the levels is not known yet.")

    def _tell(self, layer: Layer, found: Inspection, aligned: Sequence[LevelAlignment]) -> None:
        worst = max(aligned, key=lambda each: each.largest)
        moved = [each.moved.largest for each in aligned if each.moved is not None]
        more = (
            f" You moved the layer by up to {figures.offset(max(moved))} voxels in napari; its "
            "levels moved together."
            if moved
            else ""
        )
        exact = self._known(layer)
        if isinstance(exact, Exact) and _is_elsewhere(layer, exact):
            more += " As a whole it is at another place than its file declares, or in other units."
        self.replace_button.setVisible(isinstance(exact, Exact) and bool(worst.largest or more))
        if worst.largest <= _EXACT:
            one = "The level is" if len(aligned) == 1 else "All levels are"
            self.say(f"{one} drawn exactly where the metadata says.{more}", "info")
            return
        self.say(
            f"napari draws level {worst.level} up to {figures.offset(worst.largest)} voxels of "
            f"level 0 beside where its metadata says.{more}",
            "warning",
        )

    def _offer(self, found: Inspection, message: str) -> None:
        """Let the user say where the layer's dataset is."""
        self.say(message, "info")
        if not self.path.hasFocus():
            self.path.setText(found.path)
        self.path.show()
        self.compare_button.show()

    def compare(self) -> None:
        """Compare the layer with the dataset that is filled in."""
        if self.layer is not None and self.path.text().strip():
            self._look_up(self.layer, self.path.text().strip())

    def _look_up(self, layer: Layer, path: str) -> None:
        arrays = tuple(levels_of(layer))

        def done(exact: Exact) -> None:
            self._compared[layer] = _Compared(exact, arrays)
            self.known.emit()

        def failed(text: str) -> None:
            message = sentence(ValueError(text))
            self._compared[layer] = _Compared(message, arrays)
            if layer is self.layer and self.found is not None:
                self._offer(self.found, message)

        self.say(_LOOKING_UP, "info")
        self.desk.run(_WORK, layer, lambda: find_exact(layer, path), done, failed)

    def replace(self) -> None:
        """Put the exact layer in the place of the one that is shown."""
        layer = self.layer
        exact = None if layer is None else self._known(layer)
        if layer is None or not isinstance(exact, Exact):
            return
        try:
            replace(self.desk.viewer, layer, exact)
        except ValueError as error:
            self.say(sentence(error))


def _is_elsewhere(layer: Layer, exact: Exact) -> bool:
    """Tell whether level 0 of a layer that is not ours is not where its file declares it."""
    if tuple(str(unit) for unit in layer.units) != exact.units:
        return True
    apart = affine.relative(live_world(layer), exact.affines[0]) - np.eye(layer.ndim + 1)
    return farthest(apart, layer.level_shapes[0]) > _EXACT
