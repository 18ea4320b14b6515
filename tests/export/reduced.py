"""Reductions written for the tests: window by window, in Python's own exact numbers."""

import itertools
from collections import Counter
from fractions import Fraction
from statistics import median

import numpy as np


def reduced(values, factors, method):
    """Reduce windows of ``factors`` voxels; those cut off by an end use what there is."""
    shape = tuple(-(-n // f) for n, f in zip(values.shape, factors, strict=True))
    out = np.empty(shape, values.dtype)
    for index in itertools.product(*(range(n) for n in shape)):
        window = values[
            tuple(slice(i * f, (i + 1) * f) for i, f in zip(index, factors, strict=True))
        ]
        out[index] = _ONE[method](window.reshape(-1).tolist())
    return out


def _mean(values):
    mean = sum(map(Fraction, values)) / len(values)
    return float(mean) if isinstance(values[0], float) else round(mean)


def _median(values):
    middle = median(map(Fraction, values))
    return float(middle) if isinstance(values[0], float) else round(middle)


def _mode(values):
    counts = Counter(values)
    return min(value for value, count in counts.items() if count == max(counts.values()))


_ONE = {
    "mean": _mean,
    "median": _median,
    "mode": _mode,
    "nearest": lambda values: values[0],
    "min": min,
    "max": max,
}


def reduced_affine(matrix, factors, method):
    """Return where a reduced level is: the centre of a window, or of its first voxel."""
    factors = np.asarray(factors, dtype=float)
    shift = np.zeros(len(factors)) if method == "nearest" else (factors - 1) / 2
    step = np.diag([*factors, 1.0])
    step[:-1, -1] = shift
    return matrix @ step
