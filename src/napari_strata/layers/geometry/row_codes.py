"""The rows of a table as numbers, so that they can be compared and counted fast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def row_codes(table: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Number the rows of ``(N, k)`` values, the same number for the same row."""
    import pandas as pd

    found = np.zeros(len(table), dtype=np.int64)
    for column in table.T:
        own, distinct = pd.factorize(column, use_na_sentinel=False)
        found, _ = pd.factorize(found * max(len(distinct), 1) + own)
    return np.asarray(found, dtype=np.int64)
