"""From a layer's data to its world, as a matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from napari.layers import Layer

Array = npt.NDArray[np.float64]


def data_to_world(layer: Layer) -> tuple[Array, Array]:
    """Give ``(n, n)`` and ``(n,)``, matrix and offset from data to world, in the layer's units."""
    n = layer.ndim
    offset = np.asarray(layer.data_to_world(np.zeros(n)), dtype=np.float64)
    columns = [np.asarray(layer.data_to_world(row)) - offset for row in np.eye(n)]
    return np.stack(columns, axis=1), offset
