"""N5 blocks compressed with lz4, in every framing writers use."""

from __future__ import annotations

import pickle
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import lz4.block
import lz4.frame
import numpy as np
import pytest
import tensorstore as ts

from napari_strata.arrays import ChunkError
from napari_strata.arrays.decoding import Decoded
from napari_strata.arrays.lz4_framing import decompress
from napari_strata.arrays.plan import plan
from napari_strata.arrays.stores import chunk_reader

from .helpers import locate, n5_header, opened, put


def stream(data: bytes, piece: int = 65536, end: bool = True) -> bytes:
    """What lz4-java's LZ4BlockOutputStream writes (checksums left 0)."""
    out = b""
    for start in range(0, len(data), piece):
        part = data[start : start + piece]
        packed = lz4.block.compress(part, store_size=False)
        method, body = (0x20, packed) if len(packed) < len(part) else (0x10, part)
        out += b"LZ4Block" + struct.pack("<BIII", method | 6, len(body), len(part), 0) + body
    return out + (b"LZ4Block" + struct.pack("<BIII", 0x16, 0, 0, 0) if end else b"")


def numcodecs_block(data: bytes) -> bytes:
    packed: bytes = lz4.block.compress(data, store_size=True)
    return packed


def raw_block(data: bytes) -> bytes:
    packed: bytes = lz4.block.compress(data, store_size=False)
    return packed


FRAMINGS: dict[str, Callable[[bytes], bytes]] = {
    "lz4-java": stream,
    "lz4-java many blocks": lambda data: stream(data, piece=64),
    "lz4-java stored blocks": lambda data: stream(data, piece=3),
    "lz4-java without end mark": lambda data: stream(data, end=False),
    "frame": lz4.frame.compress,
    "frame of blocks": lambda data: lz4.frame.compress(data, block_size=4, store_size=False),
    "numcodecs": numcodecs_block,
    "raw block": raw_block,
}

METADATA = {
    "dimensions": [10, 7],
    "blockSize": [8, 4],
    "dataType": "uint32",
    "compression": {"type": "lz4", "blockSize": 65536},
}
DATA = np.arange(70, dtype=np.uint32).reshape(7, 10) * 60_000_000


def write(folder: Path, frame: Callable[[bytes], bytes]) -> None:
    """Write DATA block by block, edge blocks truncated; keys and sizes x first."""
    for y, x in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        block = DATA[4 * y : 4 * y + 4, 8 * x : 8 * x + 8]
        head = n5_header(block.shape[::-1])
        put(folder, f"{x}/{y}", head + frame(block.astype(">u4").tobytes()))


@pytest.mark.parametrize("frame", FRAMINGS.values(), ids=FRAMINGS)
def test_every_framing(tmp_path: Path, frame: Callable[[bytes], bytes]):
    write(tmp_path, frame)
    level = opened(locate(tmp_path, "n5", METADATA))
    np.testing.assert_array_equal(np.asarray(level), DATA)
    np.testing.assert_array_equal(np.asarray(level[2:6, 9:1:-3]), DATA[2:6, 9:1:-3])


def test_old_compression_type(tmp_path: Path):
    write(tmp_path, stream)
    old = {k: v for k, v in METADATA.items() if k != "compression"}
    level = opened(locate(tmp_path, "n5", {**old, "compressionType": "lz4"}))
    np.testing.assert_array_equal(np.asarray(level), DATA)


@pytest.mark.parametrize(
    "dtype",
    [
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "int8",
        "int16",
        "int32",
        "int64",
        "float32",
        "float64",
    ],
)
def test_every_dtype(tmp_path: Path, dtype: str):
    data = np.array([[1, 2, 3], [100, 101, 102]], dtype)
    payload = data.astype(np.dtype(dtype).newbyteorder(">")).tobytes()
    put(tmp_path, "0/0", n5_header((3, 2)) + stream(payload))
    metadata = {**METADATA, "dimensions": [3, 2], "blockSize": [3, 2], "dataType": dtype}
    read = np.asarray(opened(locate(tmp_path, "n5", metadata)))
    assert read.dtype == np.dtype(dtype)
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, data)


def test_missing_and_small_blocks_are_zero(tmp_path: Path):
    put(tmp_path, "0/0", n5_header((2, 1)) + stream(np.array([5, 6], ">u4").tobytes()))
    read = np.asarray(opened(locate(tmp_path, "n5", METADATA)))
    assert read[0, :3].tolist() == [5, 6, 0]
    assert read.sum() == 11


GOOD = n5_header((8, 4))
PAYLOAD = DATA[:4, :8].astype(">u4").tobytes()
BAD_BLOCKS: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "has 0 bytes, its header alone needs 12"),
    "half a header": (GOOD[:7], "has 7 bytes, its header alone needs 12"),
    "three dimensions": (n5_header((8, 4, 1)) + stream(PAYLOAD), "3 dimensions, the array 2"),
    "larger than the block size": (n5_header((8, 5)) + stream(PAYLOAD), "larger than"),
    "absurdly large": (n5_header((2**32 - 1,) * 2) + stream(PAYLOAD), "larger than"),
    "varying length": (n5_header((8, 4), mode=1) + stream(PAYLOAD), "mode is 1"),
    "an object": (n5_header((8, 4), mode=2) + stream(PAYLOAD), "mode is 2"),
    "no payload": (GOOD, "lz4 data is damaged|unpacks to 0 bytes"),
    "smaller payload": (GOOD + stream(PAYLOAD[:64]), "cut short, 64 bytes are missing"),
    "larger payload": (GOOD + stream(PAYLOAD * 2), "128 bytes too many"),
    "another block after": (GOOD + stream(PAYLOAD, end=False) + stream(b"x" * 9), "goes on"),
    "stream cut in a body": (GOOD + stream(PAYLOAD)[:60], "cut short"),
    "stream cut in a header": (GOOD + stream(PAYLOAD, piece=64)[:100], "cut short|no block header"),
    "stream lies": (
        GOOD + b"LZ4Block" + struct.pack("<BIII", 0x26, 4, 2**32 - 1, 0) + b"aaaa",
        "bytes too many",
    ),
    "stream of another method": (
        GOOD + b"LZ4Block" + struct.pack("<BIII", 0x36, 4, 128, 0) + b"aaaa",
        "unknown method 0x36",
    ),
    "frame cut": (GOOD + lz4.frame.compress(PAYLOAD)[:-20], "cut short|damaged"),
    "frame too small": (GOOD + lz4.frame.compress(PAYLOAD[:-4]), "124 bytes, expected 128"),
    "frame too large": (GOOD + lz4.frame.compress(PAYLOAD * 9), "more than 128 bytes"),
    "frame flipped": (
        GOOD + lz4.frame.compress(PAYLOAD, content_checksum=True)[:-1] + b"\0",
        "lz4 frame is damaged",
    ),
    "numcodecs lies": (GOOD + struct.pack("<I", 2**31) + raw_block(PAYLOAD), "damaged|unpacks"),
    "raw too small": (GOOD + raw_block(PAYLOAD[:64]), "64 bytes, expected 128"),
    "raw too large": (GOOD + raw_block(PAYLOAD * 2), "damaged"),
    "junk": (GOOD + bytes(range(255, 155, -1)), "damaged|unpacks"),
}


@pytest.mark.parametrize(("block", "message"), BAD_BLOCKS.values(), ids=BAD_BLOCKS)
def test_damaged_block(tmp_path: Path, block: bytes, message: str):
    write(tmp_path, stream)
    put(tmp_path, "0/0", block)
    level = opened(locate(tmp_path, "n5", METADATA))
    with pytest.raises(ChunkError, match=message) as caught:
        np.asarray(level)
    assert caught.value.chunk == (0, 0)
    assert str(caught.value).startswith(f"{tmp_path}/attributes.json: chunk (0, 0): ")
    assert "\n" not in str(caught.value)
    np.testing.assert_array_equal(np.asarray(level[4:]), DATA[4:])


def test_a_raw_block_may_begin_like_a_size():
    # 15 literals, 234 times the last of them, 6 literals: its first four bytes say 255 too.
    literals = b"\x00\x00" + b"q" * 13
    block = b"\xff\x00" + literals + b"\x01\x00" + b"\xd7" + b"\x60" + b"finish"
    assert struct.unpack_from("<I", block)[0] == 255
    assert decompress(memoryview(block), 255) == literals + b"q" * 234 + b"finish"


@pytest.mark.parametrize("frame", [lz4.frame.compress, stream], ids=["frame", "lz4-java"])
def test_no_more_memory_than_the_block_needs(frame: Callable[[bytes], bytes]):
    packed = memoryview(frame(bytes(50_000_000)))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"more than 128 bytes|bytes too many"):
        decompress(packed, 128)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_failures_carry_nothing_that_cannot_be_pickled(tmp_path: Path):
    # Tensorstore pickles them; lz4's own exceptions fail there and would take the reason along.
    put(tmp_path, "0/0", GOOD + b"junk")
    location = locate(tmp_path, "n5", METADATA)
    how = plan(location)
    assert isinstance(how, Decoded)
    read = chunk_reader(location, how, ts.KvStore.open(dict(location.kvstore)).result())
    with pytest.raises(ChunkError) as caught:
        read(ts.IndexDomain(shape=[4, 8]), np.zeros((4, 8), np.uint32), None)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
