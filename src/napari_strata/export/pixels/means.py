"""Exact means of windows: integers round half to even, whatever their size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.export.pixels.windows import along, contiguous

Array = npt.NDArray[Any]

_LOW = 0xFFFFFFFF


def mean(part: Array, window: tuple[int, ...], out: Array) -> None:
    """Write the mean of each window of ``part`` to ``out``; a part holds whole windows only.

    Floating-point numbers are summed as float64.
    """
    dtype, count = part.dtype, math.prod(window)
    if dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            out[...] = _sums(part, window, np.dtype(np.float64)) / count
    elif dtype.itemsize == 8:
        out[...] = _long_mean(part, window, count)
    else:
        total = _pair_sums if _is_packed(part, window, count) else _plain_sums
        out[...] = _halved_to_even(total(part, window), count)


def _is_packed(part: Array, window: tuple[int, ...], count: int) -> bool:
    """Tell whether pairs along the last axis can be added within one larger number."""
    small = part.dtype.kind == "u" and part.dtype.itemsize <= 2
    return small and window[-1] == 2 and count <= 256


def _pair_sums(part: Array, window: tuple[int, ...]) -> Array:
    """Add neighbours along the last axis two at a time, then along the others."""
    bits = 8 * part.dtype.itemsize
    pairs = contiguous(part).view(f"u{2 * part.dtype.itemsize}")
    sums = pairs & pairs.dtype.type((1 << bits) - 1)
    sums += pairs >> pairs.dtype.type(bits)
    return _sums(sums, (*window[:-1], 1), sums.dtype)


def _plain_sums(part: Array, window: tuple[int, ...]) -> Array:
    small = part.dtype.itemsize <= 2 and math.prod(window) <= 1 << 15
    return _sums(part, window, np.dtype(np.int32 if small else np.int64))


def _sums(part: Array, window: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    for axis, size in enumerate(window):
        if size == 1:
            continue
        total = np.add(part[along(axis, 0, size)], part[along(axis, 1, size)], dtype=dtype)
        for start in range(2, size):
            np.add(total, part[along(axis, start, size)], out=total, dtype=dtype)
        part = total
    return part if part.dtype == dtype else part.astype(dtype)


def _halved_to_even(total: Array, count: int) -> Array:
    """Divide whole numbers; what lies between two goes to the even one."""
    if count == 1:
        return total
    number = total.dtype.type
    if count & (count - 1) == 0:
        shift = count.bit_length() - 1
        result: Array = total >> number(shift)
        result &= number(1)
        result += total
        result += number(count // 2 - 1)
        result >>= number(shift)
        return result
    quotient: Array = total // number(count)
    twice = (total - quotient * number(count)) * number(2)
    odd = (quotient & number(1)) == 1
    quotient += (twice > count) | ((twice == count) & odd)
    return quotient


def _long_mean(part: Array, window: tuple[int, ...], count: int) -> Array:
    """Divide 64-bit sums that 64 bits do not hold: as two halves, carried by hand."""
    number: Callable[[int], Any] = part.dtype.type
    high = _sums(part >> number(32), window, part.dtype)
    low = _sums(part & number(_LOW), window, part.dtype)
    high = high + (low >> number(32))
    quotient = high // number(count)
    rest = ((high - quotient * number(count)) << number(32)) + (low & number(_LOW))
    result: Array = (quotient << number(32)) + _halved_to_even(rest, count)
    return result
