"""Other libraries' warnings, silenced or heard, in one thread at a time.

Python keeps its warning filters for the whole process: where two threads change them at once, the
one that leaves last puts back what the other had set, for good.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_ALONE = threading.RLock()


@contextmanager
def silenced() -> Iterator[None]:
    """Let nothing inside warn, and undo what it does to the filters.

    Another thread that wants to silence or hear waits until this one is done.
    """
    with _ALONE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def silenced_at_once() -> Iterator[None]:
    """Silence as `silenced` does, but wait for nobody: for the thread that draws the window.

    While another thread silences or hears, warnings here come through.
    """
    if not _ALONE.acquire(blocking=False):
        yield
        return
    try:
        with silenced():
            yield
    finally:
        _ALONE.release()


@contextmanager
def heard() -> Iterator[list[warnings.WarningMessage]]:
    """Collect all warnings inside; other threads wait, as in `silenced`."""
    with _ALONE, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield said
