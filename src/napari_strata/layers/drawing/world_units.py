"""The viewer's unit against a layer's, as napari's visuals compute it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pint

Factors = npt.NDArray[np.float64]


def per_layer_unit(
    layer_units: Sequence[pint.Unit], viewer_units: Sequence[pint.Unit] | None
) -> Factors:
    """Return how many of the viewer's units make one of the layer's, one number an axis.

    ``viewer_units`` may have more (leading) axes. It is None where the layers' units cannot be
    converted into one another; napari then draws every layer's numbers as they are.
    """
    ndim = len(layer_units)
    if viewer_units is None or len(viewer_units) < ndim:
        return np.ones(ndim)
    registry: Any = pint.get_application_registry()  # type: ignore[no-untyped-call]
    pairs = zip(layer_units, viewer_units[len(viewer_units) - ndim :], strict=True)
    return np.array(
        [registry.get_base_units(own)[0] / registry.get_base_units(its)[0] for own, its in pairs]
    )
