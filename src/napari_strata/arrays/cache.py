"""The one chunk cache every level shares: bounded, explicit, settable."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Tensorstore's own schedule keeps a refused connection waiting for over a minute.
_RETRIES = {"max_retries": 2, "initial_delay": "100ms", "max_delay": "500ms"}
# Python chunk readers wait for the network; as many may wait as connections may be open.
_WAITING = {"limit": 32}

_lock = threading.Lock()
_limit: int | None = None
_contexts: Contexts | None = None


@dataclass(frozen=True)
class Contexts:
    """Tensorstore contexts over one cache pool.

    Each layer of virtual chunks has threads of its own: a thread that waits for a layer below
    must not hold one that the layer needs.

    Attributes
    ----------
    direct : arrays tensorstore decodes.
    decoding : chunks decoded in Python, on top of key-value reads.
    masking : arrays on top of either, in which a refused chunk is a missing one.
    laying : mosaics on top of all of them, which keep no chunks of their own.
    asking : single metadata files, past the queue of requests for chunks.
    """

    direct: Any
    decoding: Any
    masking: Any
    laying: Any
    asking: Any


def physical_memory() -> int:
    """Return the machine's memory in bytes."""
    if sys.platform == "win32":
        return _windows_memory()
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def cache_limit() -> int:
    """Return how many bytes of decoded chunks are kept at most."""
    with _lock:
        return _current_limit()


def set_cache_limit(limit: int) -> None:
    """Keep at most ``limit`` bytes of decoded chunks, for open levels too; 0 keeps none.

    What is cached now is dropped as each level is next read.

    Raises
    ------
    ValueError : the limit is negative.
    """
    global _limit, _contexts
    if limit < 0:
        raise ValueError(f"a cache limit is a number of bytes from 0 up, not {limit}")
    with _lock:
        _limit = int(limit)
        _contexts = None


def contexts() -> Contexts:
    """Return the contexts in force; new ones after `set_cache_limit`."""
    global _contexts
    with _lock:
        if _contexts is None:
            _contexts = _make(_current_limit())
        return _contexts


def apart(limit: int) -> Callable[[], Contexts]:
    """Return what gives contexts with a cache of their own: for reading that is not viewing.

    What is read through them neither fills the shared cache nor is found there; at most ``limit``
    bytes of decoded chunks are kept.
    """
    own: list[Contexts] = []
    lock = threading.Lock()

    def give() -> Contexts:
        with lock:
            if not own:
                own.append(_make(limit))
            return own[0]

    return give


def _current_limit() -> int:
    return physical_memory() // 10 if _limit is None else _limit


def _make(limit: int) -> Contexts:
    import tensorstore as ts

    direct = ts.Context(
        {
            "cache_pool": {"total_bytes_limit": limit},
            "http_request_retries": _RETRIES,
            "s3_request_retries": _RETRIES,
            "gcs_request_retries": _RETRIES,
        }
    )
    decoding = ts.Context({"data_copy_concurrency": _WAITING}, direct)
    masking = ts.Context({"data_copy_concurrency": _WAITING}, direct)
    passing = {"data_copy_concurrency": _WAITING, "cache_pool": {"total_bytes_limit": 0}}
    laying = ts.Context(passing, direct)
    apart = {f"{scheme}_request_concurrency": {"limit": 1} for scheme in ("http", "s3", "gcs")}
    return Contexts(direct, decoding, masking, laying, ts.Context(apart, direct))


def _windows_memory() -> int:
    import ctypes

    class MemoryStatus(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("rest", ctypes.c_ulonglong * 6),
        )

    status = MemoryStatus()
    status.length = ctypes.sizeof(status)
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined]
        raise OSError("Windows did not say how much memory the machine has")
    return int(status.total)
