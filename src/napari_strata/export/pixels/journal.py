"""Which blocks of an export are finished: an append-only file that outlives a killed process.

The first line says which export it is of. Each further line is one block, with a checksum: what
a kill or a full disk left of a line is no line. A block is noted only after the storage said that
it has it, and a block's note stands for all it was made of.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from napari_strata.export.errors import JournalError
from napari_strata.export.pixels.blocks import Block

_VERSION = 1
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
_SECONDS = 1.0  # between two times that notes are forced to the disk


class Journal:
    """Notes finished blocks.

    Parameters
    ----------
    path : of the file, outside the store that is written; made anew if it is not there.
    fingerprint : of the plan and the source, see `napari_strata.export.pixels.engine.fingerprint`.

    Raises
    ------
    JournalError : the file is of another export, or is none of ours, or cannot be used.
    """

    def __init__(self, path: str | Path, fingerprint: str) -> None:
        self._path = Path(path)
        self._synced = time.monotonic()
        self._file = -1
        try:
            with self._named():
                self._file = os.open(self._path, _FLAGS, 0o644)
                self.finished = self._begin(fingerprint)
        except BaseException:
            if self._file >= 0:
                os.close(self._file)
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, blocks: Iterable[Block]) -> None:
        """Note blocks that the storage has. They are safe from a kill at once.

        Raises
        ------
        JournalError : they cannot be noted; whoever resumes writes them again.
        """
        with self._named():
            self._append("".join(_line(_text_of(block)) for block in blocks))
            if time.monotonic() - self._synced > _SECONDS:
                self._sync()

    def _sync(self) -> None:
        """Force what was noted to the disk, so that it outlives the machine too."""
        os.fsync(self._file)
        self._synced = time.monotonic()

    def close(self) -> None:
        """Force to the disk and close."""
        if self._file >= 0:
            try:
                with self._named():
                    self._sync()
            finally:
                os.close(self._file)
                self._file = -1

    def _begin(self, fingerprint: str) -> frozenset[Block]:
        """Read what is there, cut off what is torn, and return the finished blocks."""
        data = self._read()
        lines, end = _sound_lines(data)
        header = json.dumps({"strata-journal": _VERSION, "export": fingerprint})
        if not lines:
            if data and not _line(header).encode().startswith(data):
                raise JournalError(f"{self._path}: this file is no journal of an export")
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
            self._append(_line(header))
            self._sync()
            return frozenset()
        if lines[0] != header:
            raise JournalError(
                f"{self._path}: what was begun here is another export, of another source or plan; "
                "it cannot be resumed"
            )
        os.ftruncate(self._file, end)
        os.lseek(self._file, end, os.SEEK_SET)
        return frozenset(_block_of(line) for line in lines[1:])

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalError(f"{self._path}: {error.strerror or error}") from error

    def _read(self) -> bytes:
        parts = []
        while part := os.read(self._file, 1 << 20):
            parts.append(part)
        return b"".join(parts)

    def _append(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self._file, data) :]


def _line(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x} {text}\n"


def _sound_lines(data: bytes) -> tuple[list[str], int]:
    """Return the texts of the lines up to the first that is torn, and where they end."""
    texts = []
    end = 0
    while (stop := data.find(b"\n", end)) >= 0:
        check, _, text = data[end:stop].partition(b" ")
        if check != f"{zlib.crc32(text):08x}".encode():
            break
        texts.append(text.decode())
        end = stop + 1
    return texts, end


def _text_of(block: Block) -> str:
    return f"{block.level} {','.join(map(str, block.index))}"


def _block_of(text: str) -> Block:
    level, _, index = text.partition(" ")
    return Block(int(level), tuple(map(int, index.split(","))))
