"""Arrays as the levels of a multiscale layer, even where there is only one.

napari's Labels take a list of one array for that array, and then its planes for levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

try:  # private to napari: what says that arrays are levels
    from napari.layers._multiscale_data import MultiScaleData
except ImportError:
    MultiScaleData = None


def can_be_one_level() -> bool:
    """Tell whether labels of this napari can be multiscale with one level."""
    return MultiScaleData is not None


def as_levels(arrays: Sequence[Any]) -> Any:
    """Return what napari takes for levels, finest first."""
    return list(arrays) if MultiScaleData is None else MultiScaleData(list(arrays))
