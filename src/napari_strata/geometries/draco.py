"""Decoding Draco, by the optional package DracoPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.model import OpenError, Problem

_INSTALL = 'these meshes are Draco-encoded; to read them: pip install "napari-strata[draco]"'
# What damaged bytes make DracoPy raise besides its own exception.
_FAILURES = (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
_TOLERANCE = 0.01  # of what should be whole numbers


def require(where: str) -> None:
    """Check that meshes can be decoded.

    Raises
    ------
    OpenError
        If the decoder is not installed: how to install it.
    """
    try:
        import DracoPy  # noqa: F401
    except ImportError:
        raise OpenError(Problem("no-draco", "error", where, _INSTALL)) from None


def decode(data: bytes, bits: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Decode a mesh: its ``(N, 3)`` positions, x, y, z from 0 to 2^bits - 1, and ``(F, 3)`` faces.

    Raises
    ------
    ValueError
        If it is damaged, or its positions are no such whole numbers.
    """
    import DracoPy

    try:
        mesh = DracoPy.decode(data)
    except (DracoPy.FileTypeException, *_FAILURES) as error:
        raise ValueError(f"is no sound Draco mesh ({error})") from None
    points = np.asarray(mesh.points)
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"found positions of the shape {points.shape}, expected (N, 3)")
    return _positions(points, bits), _faces(mesh, len(points))


def _positions(points: npt.NDArray[Any], bits: int) -> npt.NDArray[np.float64]:
    positions = points.astype(np.float64)
    if not len(positions):
        return positions
    low, high = positions.min(), positions.max()
    if not (low >= -_TOLERANCE and high <= 2**bits - 1 + _TOLERANCE):  # nor if it is no number
        raise ValueError(
            f"found positions from {low:g} to {high:g}, expected 0 to {2**bits - 1}, "
            f"as info says ({bits} bits)"
        )
    whole = np.rint(positions)
    if np.abs(positions - whole).max() > _TOLERANCE:
        raise ValueError(
            "found positions that are no whole numbers: Draco's own quantization is not used here"
        )
    return whole


def _faces(mesh: Any, count: int) -> npt.NDArray[np.int64]:
    faces = getattr(mesh, "faces", None)
    if faces is None or not np.size(faces):
        return np.empty((0, 3), np.int64)
    result = np.asarray(faces).astype(np.int64).reshape(-1, 3)
    if result.min() < 0 or result.max() >= count:
        raise ValueError(f"found a face of vertex {result.max()}, but only {count} vertices")
    return result
