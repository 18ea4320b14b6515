"""OMERO's curves from a value in the window to a brightness, those that are no power of it.

OMERO maps the window linearly to v = 0 … 255, applies the curve to v, and stretches the result so
that v = 0 is black and v = 255 is full. Source: ``omeis.providers.re.quantum`` of OMERO.server.
"""

from __future__ import annotations

import numpy as np

STEPS = 256

Curve = tuple[float, ...]


def logarithmic() -> Curve:
    """Return log v, `STEPS` numbers from 0 to 1; OMERO takes log 0 as 0."""
    return _curve(np.log(np.maximum(_steps(), 1.0)) / np.log(255.0))


def exponential(coefficient: float) -> Curve:
    """Return exp(v^coefficient), `STEPS` numbers from 0 to 1, for any coefficient above 0.

    The exponent is soon beyond what a float holds; the limit is then taken: all dark but the
    last step.
    """
    with np.errstate(over="ignore"):
        powers = _steps() ** coefficient
        largest = powers[-1]
        if np.expm1(largest) < np.inf:
            return _curve(np.expm1(powers) / np.expm1(largest))
    below = powers[:-1] - largest if np.isfinite(largest) else np.full(STEPS - 1, -np.inf)
    return _curve(np.exp(np.append(below, 0.0)))


def _steps() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.arange(STEPS, dtype=np.float64)


def _curve(brightness: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Curve:
    return tuple(brightness.tolist())
