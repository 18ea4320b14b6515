"""What the stores that zarr-python is given have in common: they are only read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)
from zarr.core.buffer import Buffer, BufferPrototype


class ReadOnlyStore(Store):  # type: ignore[misc]  # zarr's types are not followed
    """A read-only zarr-python store over a tensorstore key-value store; it lists nothing.

    Attributes
    ----------
    kvstore : the open ``tensorstore.KvStore``.
    """

    def __init__(self, kvstore: Any) -> None:
        super().__init__(read_only=True)
        self.kvstore = kvstore

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.kvstore is other.kvstore

    __hash__ = None  # type: ignore[assignment]

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return a value or part of it, None where the key is missing."""
        part = {} if byte_range is None else {"byte_range": as_slice(byte_range)}
        result = await self.kvstore.read(key, **part)
        if result.state == "missing":
            return None
        return prototype.buffer.from_bytes(bytes(result.value))

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        """Return several values or parts of them."""
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    async def exists(self, key: str) -> bool:
        """Tell whether a key has a value."""
        return bool((await self.kvstore.read(key)).state == "value")

    @property
    def supports_writes(self) -> bool:
        """It is never written."""
        return False

    @property
    def supports_deletes(self) -> bool:
        """It is never written."""
        return False

    @property
    def supports_partial_writes(self) -> bool:
        """It is never written."""
        return False

    @property
    def supports_listing(self) -> bool:
        """Values are asked for by name alone."""
        return False

    async def set(self, key: str, value: Buffer) -> None:
        """Refuse."""
        raise NotImplementedError(f"{key}: this store is only read")

    async def set_partial_values(self, key_start_values: Iterable[tuple[str, int, Any]]) -> None:
        """Refuse."""
        raise NotImplementedError("this store is only read")

    async def delete(self, key: str) -> None:
        """Refuse."""
        raise NotImplementedError(f"{key}: this store is only read")

    def list(self) -> AsyncIterator[str]:
        """Refuse."""
        raise NotImplementedError("this store is not listed")

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Refuse."""
        raise NotImplementedError(f"{prefix}: this store is not listed")

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Refuse."""
        raise NotImplementedError(f"{prefix}: this store is not listed")


def as_slice(byte_range: ByteRequest) -> slice:
    """Give a request for part of a value as the slice of its bytes."""
    if isinstance(byte_range, RangeByteRequest):
        return slice(byte_range.start, byte_range.end)
    if isinstance(byte_range, OffsetByteRequest):
        return slice(byte_range.offset, None)
    assert isinstance(byte_range, SuffixByteRequest)
    return slice(-byte_range.suffix, None)
