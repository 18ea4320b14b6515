"""What a reduction is, one window after the other, in plain Python; and where it is."""

import itertools
from collections import Counter
from fractions import Fraction
from statistics import median

import numpy as np


def slow_reduce(block, factors, method):
    """Reduce an array of whole numbers, or of real ones that sum without rounding."""
    shape = tuple(-(-n // f) for n, f in zip(block.shape, factors, strict=True))
    out = np.empty(shape, block.dtype)
    for index in itertools.product(*(range(n) for n in shape)):
        window = block[tuple(slice(i * f, i * f + f) for i, f in zip(index, factors, strict=True))]
        values = window.ravel().tolist()
        exact = [Fraction(value) for value in values]
        out[index] = _number(ONE[method](exact), block.dtype)
    return out


def _number(value, dtype):
    # Python rounds fractions half to even.
    return round(value) if dtype.kind in "iu" else float(value)


def _mode(values):
    counts = Counter(values)
    most = max(counts.values())
    return min(value for value, count in counts.items() if count == most)


ONE = {
    "mean": lambda values: sum(values) / len(values),
    "median": median,
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
