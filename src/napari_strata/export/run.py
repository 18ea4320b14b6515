"""An export in the background: how far it is, how long it takes, stopping it, its result."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

Progress = Callable[[int, int], None]
Work = Callable[[Progress, threading.Event], "_T"]

_T = TypeVar("_T")

_WINDOW = 20.0  # seconds that the rate is measured over
_LEAST = 0.5  # seconds before a rate says anything


@dataclass(frozen=True)
class Snapshot:
    """How far an export is.

    Attributes
    ----------
    done, total : bytes of voxels, uncompressed; 0 of 0 before it is known what there is to do.
    seconds : since it was started.
    rate : bytes a second of late; None while too little is known.
    left : seconds until all is written at that rate; None while too little is known.
    """

    done: int
    total: int
    seconds: float
    rate: float | None
    left: float | None

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return self.done / self.total if self.total else 0.0


class Meter:
    """Measures the rate from what it is told; any thread may ask.

    What was there when it was first told counts as done, not as written since.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._begin = clock()
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque()

    def __call__(self, done: int, total: int) -> None:
        """Take note of how far it is."""
        now = self._clock()
        with self._lock:
            self._total = total
            self._marks.append((now, done))
            # One mark before the window stays, so that the whole window is measured.
            while len(self._marks) > 2 and self._marks[1][0] < now - _WINDOW:
                self._marks.popleft()

    def snapshot(self) -> Snapshot:
        """Return how far it is now."""
        now = self._clock()
        with self._lock:
            seconds = now - self._begin
            if not self._marks:
                return Snapshot(0, 0, seconds, None, None)
            (first, before), (_, done) = self._marks[0], self._marks[-1]
            rate = (done - before) / (now - first) if now - first >= _LEAST else None
            left = (self._total - done) / rate if rate else None
            return Snapshot(done, self._total, seconds, rate, left)


class BackgroundExport(Generic[_T]):
    """An export on a thread of its own, started at once.

    Parameters
    ----------
    work : called with what to tell the progress to, and the event that asks it to stop.
    """

    def __init__(self, work: Work[_T]) -> None:
        self._work = work
        self._meter = Meter()
        self._stop = threading.Event()
        self._future: Future[_T] = Future()
        # A process that ends does not wait for it: what is unfinished can be resumed.
        self._thread = threading.Thread(target=self._run, name="strata-export", daemon=True)
        self._thread.start()

    def snapshot(self) -> Snapshot:
        """Return how far it is."""
        return self._meter.snapshot()

    def cancel(self) -> None:
        """Ask it to stop; `result` then raises ExportCancelled unless it was done already."""
        self._stop.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    @property
    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._future.done()

    def result(self, timeout: float | None = None) -> _T:
        """Wait for what it returns, or raise what it raised.

        Raises
        ------
        TimeoutError : it is not done within so many seconds.
        ExportCancelled : it was cancelled.
        """
        return self._future.result(timeout)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is done, however it ends; tell whether it is."""
        self._thread.join(timeout)
        return self.is_done

    def when_done(self, call: Callable[[BackgroundExport[_T]], None]) -> None:
        """Have something called once it is done, on the thread that ends it."""
        self._future.add_done_callback(lambda _: call(self))

    def _run(self) -> None:
        try:
            result = self._work(self._meter, self._stop)
        except BaseException as error:  # noqa: BLE001  # handed to whoever asks for the result
            self._future.set_exception(error)
        else:
            self._future.set_result(result)
