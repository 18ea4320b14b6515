"""Slow work beside the window: of requests about one thing, the newest alone counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from napari_strata.model import OpenError

T = TypeVar("T")


@dataclass(frozen=True)
class _Failure:
    message: str


class _Request:
    """What is to be done, and with what comes of it.

    Qt keeps what signals are connected to for longer than a request lasts, and with it whatever
    that refers to: so a request lets go of everything when it is over.
    """

    def __init__(
        self,
        subject: object,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        self.subject: object = subject
        self.done: Callable[[Any], None] | None = done
        self.failed: Callable[[str], None] | None = failed
        self._work: Callable[[], Any] | None = work

    def run(self) -> Any:
        """Work, once; in any thread."""
        work, self._work = self._work, None
        if work is None or self.done is None:
            return None  # it was dropped before a thread was free
        try:
            return work()
        except (OpenError, ValueError, OSError, MemoryError) as error:
            return _Failure(_sentence(error))

    def answer(self, outcome: Any) -> None:
        """Hand over what came of it, if it is still wanted."""
        done, failed = self.done, self.failed
        self.drop()
        if done is None or failed is None:
            return
        if isinstance(outcome, _Failure):
            failed(outcome.message)
            return
        try:
            done(outcome)
        except (OpenError, ValueError) as error:  # what is read does not fit the layer
            failed(_sentence(error))

    def drop(self) -> None:
        """Want nothing of it any more."""
        self.subject = self.done = self.failed = None


class Background:
    """Runs work in threads and hands the results over in the window's thread."""

    def __init__(self) -> None:
        self._newest: list[_Request] = []

    def run(
        self,
        subject: object,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:
        """Start work about a subject; a result that is no longer wanted is dropped.

        Parameters
        ----------
        subject : what the work is about; work that still runs for an equal one is superseded.
        work : runs in a thread. OpenError, ValueError, OSError and MemoryError are expected of
            it; anything else is a defect, which napari also shows.
        done, failed : called in the window's thread with the result, or with one sentence.
        """
        from napari.qt.threading import create_worker

        self.forget(subject)
        request = _Request(subject, work, done, failed)
        requests = self._newest
        requests.append(request)

        def finished(outcome: Any) -> None:
            if request in requests:
                requests.remove(request)
                request.answer(outcome)

        def broken(error: BaseException) -> None:
            finished(_Failure(_sentence(error)))

        worker = create_worker(request.run, _start_thread=False)
        worker.returned.connect(finished)
        worker.errored.connect(broken)
        worker.start()

    def busy(self, subject: object) -> bool:
        """Tell whether something about a subject is still awaited."""
        return subject in self.awaited()

    def awaited(self) -> list[object]:
        """List what something is still awaited about."""
        return [request.subject for request in self._newest]

    def forget(self, subject: object) -> None:
        """Await nothing more about a subject."""
        for request in [r for r in self._newest if r.subject == subject]:
            self._newest.remove(request)
            request.drop()

    def stop(self) -> None:
        """Await nothing more at all."""
        for request in self._newest:
            request.drop()
        self._newest.clear()


def _sentence(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "There is not enough memory for it: crop, or choose a coarser level."
    return str(error) or type(error).__name__
