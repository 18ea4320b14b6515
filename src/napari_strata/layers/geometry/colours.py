"""A colour that follows a feature: put aside where the items have none, and back again."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from napari.layers import Shapes


@dataclass(frozen=True)
class Following:
    """How a layer's colour (``face_color``, ``edge_color``, ``border_color``) follows a feature."""

    key: str
    feature: str
    mode: str
    colormap: Any
    limits: Any
    cycle: Any

    @classmethod
    def of(cls, layer: Any, key: str) -> Following | None:
        """Return how a colour follows a feature; None where it does not."""
        if not follows(layer, key):
            return None
        name = key.removesuffix("_color")
        if isinstance(layer, Shapes):
            feature = getattr(layer, f"_{key}_property")
            cycle = getattr(layer, f"{key}_cycle_map")
        else:
            manager = getattr(layer, f"_{name}")
            feature, cycle = manager.color_properties.name, manager.categorical_colormap
        return cls(
            key,
            str(feature),
            str(getattr(layer, f"{key}_mode")),
            getattr(layer, f"{name}_colormap"),
            getattr(layer, f"{name}_contrast_limits"),
            copy.deepcopy(cycle),
        )

    def put(self, layer: Any) -> None:
        """Let the colour follow the feature as it did, which the layer's items have to have."""
        name = self.key.removesuffix("_color")
        setattr(layer, self.key, self.feature)
        setattr(layer, f"{self.key}_mode", self.mode)
        if self.mode == "colormap":
            setattr(layer, f"{name}_colormap", self.colormap)
            setattr(layer, f"{name}_contrast_limits", self.limits)
        elif isinstance(layer, Shapes):
            setattr(layer, f"{self.key}_cycle_map", copy.deepcopy(self.cycle))
        else:
            getattr(layer, f"_{name}").categorical_colormap = copy.deepcopy(self.cycle)
        layer.refresh_colors(update_color_mapping=False)


def follows(layer: Any, key: str) -> bool:
    """Tell whether a colour of a layer's items is that of a feature."""
    return str(getattr(layer, f"{key}_mode", "direct")) != "direct"
