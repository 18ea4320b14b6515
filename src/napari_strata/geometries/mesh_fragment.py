"""A piece of a mesh, as both of Neuroglancer's formats store it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_strata.model import OpenError

Fragment = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]] | OpenError
"""``(N, 3)`` vertices, stored order (x, y, z), and ``(F, 3)`` faces; or why there are none."""
