"""The four ways lz4 bytes are framed in N5 blocks.

Java's n5-lz4 writes the stream of lz4-java ("LZ4Block"), others the standard LZ4 frame, numcodecs
a raw block behind its size as four little-endian bytes, and z5 the raw block alone.
"""

from __future__ import annotations

import struct

_STREAM_MAGIC = b"LZ4Block"
_STREAM_HEADER = struct.Struct("<8sBIII")  # magic, method and level, packed, unpacked, checksum
_STORED, _PACKED = 0x10, 0x20
_FRAME_MAGIC = b"\x04\x22\x4d\x18"


def decompress(data: memoryview, size: int) -> bytes:
    """Return ``size`` decompressed bytes, whatever the framing.

    No more than ``size`` bytes are ever allocated for the result, whatever a header claims.

    Raises
    ------
    ValueError : the data does not decompress to exactly ``size`` bytes.
    """
    if bytes(data[:8]) == _STREAM_MAGIC:
        return _stream(data, size)
    if bytes(data[:4]) == _FRAME_MAGIC:
        return _frame(data, size)
    if len(data) > 4 and struct.unpack_from("<I", data)[0] == size:
        try:
            return _block(data[4:], size)
        except ValueError:
            pass  # a raw block may begin with the same four bytes by chance
    return _block(data, size)


def _block(data: memoryview, size: int) -> bytes:
    import lz4.block

    try:
        # One byte more than due, so that a longer result is noticed.
        result: bytes = lz4.block.decompress(data, uncompressed_size=size + 1)
    except (lz4.block.LZ4BlockError, ValueError, MemoryError) as error:
        raise ValueError(
            f"the lz4 data is damaged or not of {size} bytes unpacked: {error}"
        ) from error
    if len(result) != size:
        raise ValueError(f"the lz4 data unpacks to {len(result)} bytes, expected {size}")
    return result


def _frame(data: memoryview, size: int) -> bytes:
    import lz4.frame

    unpacker = lz4.frame.LZ4FrameDecompressor()
    try:
        result: bytes = unpacker.decompress(bytes(data), max_length=size + 1)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"the lz4 frame is damaged: {error}") from error
    if len(result) > size or (unpacker.eof and len(result) != size):
        found = f"more than {size}" if len(result) > size else str(len(result))
        raise ValueError(f"the lz4 frame unpacks to {found} bytes, expected {size}")
    if not unpacker.eof:
        raise ValueError(f"the lz4 frame is cut short after {len(result)} of {size} bytes")
    return result


def _stream(data: memoryview, size: int) -> bytes:
    pieces: list[bytes] = []
    have = offset = 0
    while have < size:
        piece, offset = _stream_piece(data, offset, size - have)
        pieces.append(piece)
        have += len(piece)
    if len(data) - offset >= _STREAM_HEADER.size:
        unpacked = _STREAM_HEADER.unpack_from(data, offset)[3]
        if unpacked:  # the end mark has 0
            raise ValueError(f"the LZ4Block stream goes on after the expected {size} bytes")
    return b"".join(pieces)


def _stream_piece(data: memoryview, offset: int, room: int) -> tuple[bytes, int]:
    """Return one block of an LZ4Block stream and where the next one starts."""
    start = offset + _STREAM_HEADER.size
    if start > len(data):
        raise ValueError(f"the LZ4Block stream is cut short, {room} bytes are missing")
    magic, token, packed, unpacked, _ = _STREAM_HEADER.unpack_from(data, offset)
    if magic != _STREAM_MAGIC:
        raise ValueError(f"the LZ4Block stream has no block header at byte {offset}")
    body = data[start : start + packed]
    if len(body) < packed or unpacked == 0:
        raise ValueError(f"the LZ4Block stream is cut short, {room} bytes are missing")
    if unpacked > room:
        raise ValueError(f"the LZ4Block stream unpacks to {unpacked - room} bytes too many")
    method = token & 0xF0
    if method == _STORED and packed == unpacked:
        return bytes(body), start + packed
    if method != _PACKED:
        raise ValueError(f"the LZ4Block stream has a block of unknown method {token:#04x}")
    return _block(body, unpacked), start + packed
