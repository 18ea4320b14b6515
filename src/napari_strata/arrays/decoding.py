"""The ways an array can be decoded, and checks every container's metadata shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from napari_strata.arrays.errors import CodecError
from napari_strata.model import ArrayLocation

LARGEST_CHUNK = 2**31 - 1  # bytes; N5 in tensorstore and every numcodecs buffer end here


class ChunkDecoder(Protocol):
    """Turns one stored chunk into values."""

    def key(self, grid: tuple[int, ...]) -> str:
        """Return the chunk's key below the array's folder; ``grid`` is in array order."""

    def decode(self, data: bytes) -> npt.NDArray[Any]:
        """Return the chunk in array order, at most the chunk's shape, in native byte order.

        Raises
        ------
        ValueError : the bytes are not such a chunk.
        """


@dataclass(frozen=True)
class Native:
    """Tensorstore decodes it.

    ``metadata`` holds only members the driver accepts; ``reversed`` says that the driver's axes
    are x-first.
    """

    driver: str
    metadata: Mapping[str, Any]
    reversed: bool = False

    @property
    def members(self) -> dict[str, Any]:
        """The members of tensorstore's specification that describe the array."""
        return {"metadata": dict(self.metadata)}


@dataclass(frozen=True)
class NativeScale(Native):
    """Tensorstore decodes it: ``metadata`` is that of one scale of a precomputed volume.

    ``volume`` is what all its scales share. Its voxels do not begin at 0.
    """

    volume: Mapping[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> dict[str, Any]:
        """The members of tensorstore's specification that describe the array."""
        return {"multiscale_metadata": dict(self.volume), "scale_metadata": dict(self.metadata)}


@dataclass(frozen=True)
class Packed:
    """Tensorstore decodes each chunk once its file is unpacked.

    Attributes
    ----------
    shape, chunks : array order, channels first.
    native : how tensorstore decodes the chunks.
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: Any
    native: NativeScale


@dataclass(frozen=True)
class Decoded:
    """Chunks are decoded here; ``shape`` and ``chunks`` are in array order."""

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: Any
    decoder: ChunkDecoder


@dataclass(frozen=True)
class ZarrPython:
    """Zarr-python decodes it, from sanitised Zarr v3 metadata."""

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: Any
    metadata: Mapping[str, Any]


Plan = Native | Decoded | ZarrPython | Packed


def extents(
    location: ArrayLocation, key: str, value: Any, *, least: int, rank: int | None = None
) -> tuple[int, ...]:
    """Return a list of whole numbers from the metadata.

    Raises
    ------
    CodecError : it is no list of ``rank`` whole numbers from ``least`` up.
    """
    sound = isinstance(value, list | tuple) and all(_is_whole(v) and v >= least for v in value)
    if not sound or (rank is not None and len(value) != rank):
        numbers = "whole numbers" if rank is None else f"{rank} whole numbers"
        raise CodecError(
            location.where, f"{key} is {value!r}, expected a list of {numbers} from {least} up"
        )
    return tuple(int(v) for v in value)


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def check_chunk_size(location: ArrayLocation, chunks: tuple[int, ...], itemsize: int) -> None:
    """Refuse chunks no reader could hold.

    Raises
    ------
    CodecError : one chunk is larger than 2 GiB.
    """
    size = math.prod(chunks) * itemsize
    if size > LARGEST_CHUNK:
        shape = " × ".join(map(str, chunks))
        raise CodecError(
            location.where, f"one chunk of {shape} voxels takes {size:,} bytes, at most 2 GiB work"
        )


def fill_value(location: ArrayLocation, value: Any, dtype: np.dtype[Any]) -> Any:
    """Return a declared fill value in the JSON form tensorstore takes, or None for none.

    Writers spell it loosely: ``"0"``, ``0`` for false, ``0.0`` for an integer, a bare NaN.

    Raises
    ------
    CodecError : the array's dtype cannot hold it.
    """
    if value is None:
        return None
    try:
        if dtype.kind == "c":
            parts = value if isinstance(value, list | tuple) else (value, 0.0)
            real, imaginary = (_json_float(part) for part in parts)
            return [real, imaginary]
        if dtype.kind == "f":
            return _json_float(value)
        number = int(value) if isinstance(value, str | int) else _integral(value)
        low, high = (0, 1) if dtype.kind == "b" else _bounds(dtype)
        if low <= number <= high:
            return bool(number) if dtype.kind == "b" else number
    except (TypeError, ValueError):
        pass  # answered below with what was found and expected
    raise CodecError(location.where, f"fill_value is {value!r}, which is no {dtype.name}")


def _bounds(dtype: np.dtype[Any]) -> tuple[int, int]:
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def _integral(value: Any) -> int:
    if not _is_whole(value):
        raise ValueError(value)
    return int(value)


def _json_float(value: Any) -> float | str:
    if isinstance(value, str) and value.startswith("0x"):
        int(value, 16)
        return value  # Zarr v3 may give the bits of a NaN
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def fill_number(fill: Any, dtype: np.dtype[Any]) -> Any:
    """Return the number a JSON fill value stands for, of the given dtype; None is 0."""
    if fill is None:
        return dtype.type(0)
    if isinstance(fill, list):
        return dtype.type(complex(*(float(part) for part in fill)))
    if isinstance(fill, str) and fill.startswith("0x"):
        bits = np.array(int(fill, 16), dtype=f"u{dtype.itemsize}")
        return bits.view(dtype)[()]
    return dtype.type(fill)
