"""Zarr v3 arrays over N5 blocks, by the registered codec ``n5_default``: tensorstore's N5 driver.

The codec demands x-first axes, N5's block paths as chunk keys, a full transposition, big-endian
bytes and at most one compressor (zarr-extensions, "n5_default"). Then the array is N5's, its axes
in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from napari_strata.arrays import n5
from napari_strata.arrays.decoding import Decoded, Native
from napari_strata.arrays.errors import CodecError
from napari_strata.model import ArrayLocation

CODEC = "n5_default"

_KEYS = {"name": "v2", "configuration": {"separator": "/"}}
_COMPRESSORS = {"gzip": "gzip", "zstd": "zstd", "blosc": "blosc"}


def plan(
    location: ArrayLocation, sanitised: Mapping[str, Any], codecs: Sequence[Mapping[str, Any]]
) -> Native | None:
    """Decide how an array over N5 blocks is decoded; None if it is none.

    Parameters
    ----------
    sanitised : the array's checked metadata but for its codecs.
    codecs : its codecs, names and configurations spelled out.

    Raises
    ------
    CodecError
        If it is one, and not as the codec's specification wants it.
    """
    if not codecs or codecs[0]["name"] != CODEC:
        return None
    if len(codecs) > 1:
        raise CodecError(location.where, f"codecs: found codecs after {CODEC}, expected none")
    if sanitised["chunk_key_encoding"] != _KEYS:
        raise CodecError(
            location.where,
            f"chunk_key_encoding: found {sanitised['chunk_key_encoding']}, expected v2 with / as "
            f"{CODEC} demands",
        )
    if sanitised["fill_value"] != 0:
        raise CodecError(
            location.where, f"fill_value: found {sanitised['fill_value']}, expected N5's, 0"
        )
    compression = {"type": _compressor(location, codecs[0], len(sanitised["shape"]))}
    metadata = {
        "dimensions": sanitised["shape"],
        "blockSize": sanitised["chunk_grid"]["configuration"]["chunk_shape"],
        "dataType": sanitised["data_type"],
        "compression": compression,
    }
    found = n5.plan(replace(location, encoding="n5", metadata=metadata))
    assert not isinstance(found, Decoded)  # no lz4 is named above
    assert isinstance(found, Native)
    return replace(found, reversed=False)


def _compressor(location: ArrayLocation, codec: Mapping[str, Any], rank: int) -> str:
    """Check the codec's own chain and return N5's name of the compressor."""
    chain = codec.get("configuration", {}).get("codecs")
    found: list[Any] = [{"name": e} if isinstance(e, str) else e for e in chain or []]
    entries: list[Mapping[str, Any]] = [e for e in found if isinstance(e, Mapping)]
    if not 2 <= len(entries) <= 3 or len(entries) < len(found):
        raise CodecError(
            location.where,
            f"{CODEC}: found codecs {chain!r}, expected transpose, bytes, compressor",
        )
    settings = [e.get("configuration") or {} for e in entries]
    order = list(range(rank))[::-1]
    if entries[0].get("name") != "transpose" or settings[0].get("order") != order:
        raise CodecError(
            location.where, f"{CODEC}: found {entries[0]!r}, expected transpose with order {order}"
        )
    if entries[1].get("name") != "bytes" or settings[1].get("endian") not in (None, "big"):
        raise CodecError(
            location.where, f"{CODEC}: found {entries[1]!r}, expected bytes with endian big"
        )
    if len(entries) == 2:  # no compressor
        return "raw"
    name = entries[2].get("name")
    if name not in _COMPRESSORS:
        raise CodecError(
            location.where, f"{CODEC}: found the compressor {name!r}, expected gzip, zstd or blosc"
        )
    return _COMPRESSORS[name]
