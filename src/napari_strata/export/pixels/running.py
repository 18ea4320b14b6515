"""Keeping a bounded number of blocks under way in any executor, and ending cleanly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait

from napari_strata.export.errors import ExportCancelled
from napari_strata.export.pixels.blocks import Block

_SECONDS = 0.1  # between two looks at whether somebody cancelled


def run_all(
    blocks: Iterable[Block],
    submit: Callable[[Block], Future[list[Block]]],
    note: Callable[[list[Block]], None],
    *,
    most: int,
    cancel: threading.Event | None = None,
) -> None:
    """Run every block, and note what each finished.

    However many blocks there are, at most ``most`` are submitted and not yet finished. After a
    failure or a cancel nothing more is begun; what is under way is waited for and noted.

    Raises
    ------
    ExportCancelled : ``cancel`` was set.
    BaseException : the first that a block raised.
    """
    waiting = iter(blocks)
    running: set[Future[list[Block]]] = set()
    failure: BaseException | None = None
    try:
        while True:
            if failure is None and cancel is not None and cancel.is_set():
                failure = ExportCancelled("the export was cancelled; it can be resumed")
            while failure is None and len(running) < most:
                block = next(waiting, None)
                if block is None:
                    break
                running.add(submit(block))
            if not running:
                break
            seconds = None if cancel is None or failure is not None else _SECONDS
            done, running = wait(running, seconds, FIRST_COMPLETED)
            for future in done:
                error = future.exception()
                if error is None:
                    note(future.result())
                failure = failure or error
    finally:
        # Whatever ended it: nobody writes any more once this returns.
        for future in running:
            future.cancel()
        wait(running)
    if failure is not None:
        raise failure
