"""The toggle of the boxes of all levels in the viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari.layers import Layer
from qtpy.QtWidgets import QCheckBox

from napari_strata.affine import Matrix
from napari_strata.layers.drawing.level_boxes import LevelBoxes, cannot_draw


class ShownBoxes:
    """Draws the boxes of a layer's levels while they are wanted and the panel is shown.

    It is no part of Qt, so that it can clear up when the panel is deleted.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._drawn: LevelBoxes | None = None

    @property
    def layer(self) -> Layer | None:
        """The layer whose levels have boxes in the viewer now."""
        return None if self._drawn is None else self._drawn.layer

    def show(self, layer: Layer | None, affines: Sequence[Matrix] | None) -> None:
        """Draw the boxes of this layer, or none.

        Raises
        ------
        ValueError
            As `LevelBoxes.show` does.
        """
        if layer is None:
            if self._drawn is not None and self._drawn.layer is not None:
                self._drawn.hide()
            return
        if self._drawn is None:
            self._drawn = LevelBoxes(self._viewer)
        self._drawn.show(layer, affines)

    def close(self) -> None:
        """Take the boxes out of the viewer."""
        if self._drawn is not None:
            self._drawn.close()
            self._drawn = None


class BoxesToggle(QCheckBox):  # type: ignore[misc]
    """Is disabled, and says why, where this napari cannot draw them."""

    def __init__(self, viewer: Any) -> None:
        super().__init__("Boxes of all levels in the viewer")
        reason = cannot_draw(viewer)
        self.setEnabled(reason is None)
        self.setToolTip(reason or "Draw where each level belongs, in the colours of the table")
