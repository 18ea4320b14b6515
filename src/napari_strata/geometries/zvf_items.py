"""Chunks of byte strings of any length, ``vlen-bytes``: whether they can hold what they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari_strata.store.backend import ReadError

_NUMBER = 4  # bytes of the count, and of the length before each string
_CHECKSUM = "crc32c"


def codec_names(document: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Name the codecs of an array, in the order in which they encode; none if it is no array."""
    codecs = (document or {}).get("codecs")
    found = codecs if isinstance(codecs, list) else []
    return tuple(str(codec.get("name") if isinstance(codec, dict) else codec) for codec in found)


def check_count(key: str, data: bytes, packing: Sequence[str]) -> None:
    """Refuse a chunk that counts more strings than its bytes can be.

    Parameters
    ----------
    packing : names of the codecs behind ``vlen-bytes``, in the order in which they encode.

    Raises
    ------
    ReadError
        If it does, or it is packed so that this is not known.
    Exception
        What the codecs raise for damaged bytes.
    """
    for name in reversed(packing):
        data = _unpacked(key, data, name)
    count = int.from_bytes(data[:_NUMBER], "little")
    if _NUMBER * (1 + count) > len(data) > 0:
        raise ReadError(f"{key} counts {count} parts, more than its {len(data)} bytes can hold")


def _unpacked(key: str, data: bytes, codec: str) -> bytes:
    import numcodecs
    from numcodecs.errors import UnknownCodecError

    if codec == _CHECKSUM:
        return data[:-4]
    try:
        unpacker = numcodecs.get_codec({"id": codec.removeprefix("numcodecs.")})
    except UnknownCodecError:
        raise ReadError(f"{key} is packed by {codec!r}, which is not read here") from None
    return bytes(unpacker.decode(data))
