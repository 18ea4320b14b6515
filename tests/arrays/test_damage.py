"""A chunk that cannot be read: an error naming it, or the rest with one report."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_strata.arrays import ChunkError, CodecError, LevelArray, open_level, stores
from napari_strata.arrays.plan import plan
from napari_strata.model import StackLocation

from .helpers import gzipped, locate, n5_header, opened, put, values, write_n5

DATA = values((9, 11), "uint16")
# Block (1, 1) in array order is the file x/y "1/1", and holds this part of the data.
PART = (slice(4, 8), slice(5, 10))
WHOLE = n5_header((5, 4))
PAYLOAD = DATA[PART].astype(">u2").tobytes()

DAMAGE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "Expected header of length 12, but chunk has size 0"),
    "cut gzip": (WHOLE + gzipped(PAYLOAD)[:-12], "runcated"),
    "junk": (WHOLE + b"junk" * 9, "Zlib|header"),
    "too little": (WHOLE + gzipped(PAYLOAD[:20]), "Not enough data"),
    "too much": (WHOLE + gzipped(PAYLOAD * 2), "End of data expected"),
    "other rank": (n5_header((5, 4, 1)) + gzipped(PAYLOAD), "3 dimensions but expected 2"),
    "larger": (n5_header((50, 40)) + gzipped(PAYLOAD), "exceeds blockSize"),
    "absurd": (n5_header((2**32 - 1,) * 2) + gzipped(PAYLOAD), "exceeds blockSize"),
    "a gigabyte of zeros": (WHOLE + gzipped(bytes(2**26)) * 16, "End of data expected"),
    "varlength": (n5_header((5, 4), mode=1) + gzipped(PAYLOAD), "varlength"),
}


def damaged(folder: Path, block: bytes, **kwargs: Any) -> LevelArray:
    write_n5(folder, DATA, (4, 5), {"type": "gzip"})
    put(folder, "1/1", block)
    return opened(locate(folder, "n5"), **kwargs)


@pytest.mark.parametrize(("block", "message"), DAMAGE.values(), ids=DAMAGE)
def test_without_on_error_it_raises(tmp_path: Path, block: bytes, message: str):
    level = damaged(tmp_path, block)
    for read in (np.asarray, lambda a: np.asarray(a[5]), lambda a: a.to_dask().compute()):
        with pytest.raises(ChunkError, match=message) as caught:
            read(level)
        text = str(caught.value)
        assert text.startswith(f"{tmp_path}/attributes.json: ")
        assert f"{tmp_path}/1/1" in text
        assert "\n" not in text
    np.testing.assert_array_equal(np.asarray(level[:4]), DATA[:4])


@pytest.mark.parametrize(("block", "message"), DAMAGE.values(), ids=DAMAGE)
def test_with_on_error_the_rest_is_delivered(tmp_path: Path, block: bytes, message: str):
    errors: list[ChunkError] = []
    level = damaged(tmp_path, block, on_error=errors.append)
    expected = DATA.copy()
    expected[PART] = 0
    np.testing.assert_array_equal(np.asarray(level), expected)
    np.testing.assert_array_equal(np.asarray(level[::-3, 6]), expected[::-3, 6])
    np.testing.assert_array_equal(np.asarray(level.T[2:, 4:]), expected.T[2:, 4:])
    assert len(errors) == 1  # once for the level and all its views
    assert "1/1" in str(errors[0])


def test_computing_always_raises(tmp_path: Path):
    errors: list[ChunkError] = []
    level = damaged(tmp_path, b"", on_error=errors.append)
    for compute in (lambda a: a.to_dask(), lambda a: a + 1, np.max, lambda a: a[[5]]):
        with pytest.raises(ChunkError, match="1/1"):
            compute(level).compute()
    assert errors == []


def test_a_report_comes_once_from_many_threads(tmp_path: Path):
    errors: list[ChunkError] = []
    level = damaged(tmp_path, b"", on_error=errors.append)
    threads = [threading.Thread(target=np.asarray, args=(level[i:],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 1


def test_an_unknown_codec_is_not_tried_chunk_by_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tries: list[Any] = []
    monkeypatch.setattr(stores, "plan", lambda location: tries.append(location) or plan(location))
    errors: list[ChunkError] = []
    metadata = {
        "dimensions": [10**6, 10**6],
        "blockSize": [2, 2],
        "dataType": "uint8",
        "compression": {"type": "jpeg"},
    }
    level = opened(locate(tmp_path, "n5", metadata), on_error=errors.append)
    assert not np.asarray(level[:2000, :2000]).any()
    assert [type(error) for error in errors] == [CodecError]
    assert len(tries) == 1


def test_one_bad_part_of_a_stack(tmp_path: Path):
    for name in "ab":
        write_n5(tmp_path / name, DATA, (4, 5), {"type": "gzip"})
    good = locate(tmp_path / "a", "n5")
    bad = locate(tmp_path / "b", "n5", {**good.metadata, "compression": {"type": "jpeg"}})
    errors: list[ChunkError] = []
    whole: dict[str, Any] = {"shape": (2, 9, 11), "dtype": "uint16", "chunks": (1, 4, 5)}
    stack = StackLocation((good, bad))
    tolerant = open_level(stack, **whole, on_error=errors.append)
    read = np.asarray(tolerant)
    np.testing.assert_array_equal(read[0], DATA)
    assert not read[1].any()
    assert [error.where for error in errors] == [str(tmp_path / "b" / "attributes.json")]
    strict = open_level(stack, **whole)
    np.testing.assert_array_equal(np.asarray(strict[0]), DATA)
    with pytest.raises(CodecError, match="jpeg"):
        np.asarray(strict)


def test_one_bad_voxel(tmp_path: Path):
    level = damaged(tmp_path, b"", on_error=lambda error: None)
    assert int(level[5, 6]) == 0
    assert int(level[0, 0]) == DATA[0, 0]
    assert np.asarray(level[5, 6]).shape == ()


def test_many_windows(tmp_path: Path):
    """More chunks than are asked for at once, a bad one among them."""
    data = values((40, 60), "uint8")
    write_n5(tmp_path, data, (2, 2), {"type": "gzip"})
    put(tmp_path, "29/19", b"")
    errors: list[ChunkError] = []
    expected = data.copy()
    expected[38:, 58:] = 0
    location = locate(tmp_path, "n5")
    np.testing.assert_array_equal(np.asarray(opened(location, on_error=errors.append)), expected)
    assert [error.chunk for error in errors] == [None]  # of the first, only the file is known
    with pytest.raises(ChunkError, match="29/19"):
        np.asarray(opened(location))
    np.testing.assert_array_equal(np.asarray(opened(location)[:38]), data[:38])
