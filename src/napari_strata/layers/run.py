"""Running slow work: off the window's thread where there is a window, else here and now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def run_at_once(work: Callable[[], T], done: Callable[[T], None]) -> None:
    """Run in this thread and hand over the result."""
    done(work())


def run_in_background(work: Callable[[], T], done: Callable[[T], None]) -> None:
    """Run in a worker thread; ``done`` is called in the window's thread."""
    from napari.qt.threading import create_worker

    # Taken out when they are used: napari keeps workers, and with them what they call.
    works, ends = [work], [done]
    worker = create_worker(lambda: works.pop()(), _start_thread=False)
    worker.returned.connect(lambda result: ends.pop()(result))
    worker.errored.connect(lambda _error: ends.clear())
    worker.start()
