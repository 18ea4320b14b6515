"""Reading in threads of its own, given up between one request and the next.

A server that never answers holds a thread for as long as it likes. So these are no threads of
the pool that all of napari's work shares, and none that keep the program from ending.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from qtpy.QtCore import QObject, Signal

from napari_strata.dataset.entry import Cancel, Cancelled
from napari_strata.model import OpenError

T = TypeVar("T")


class _Request:
    """What is to be read, and with what comes of it; lets go of everything when it is over."""

    def __init__(
        self,
        subject: object,
        work: Callable[[Cancel], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        self.subject: object = subject
        self.done: Callable[[Any], None] | None = done
        self.failed: Callable[[str], None] | None = failed
        self._work: Callable[[Cancel], Any] | None = work
        self._result: Any = None
        self._error: BaseException | None = None

    def is_given_up(self) -> bool:
        """Tell whether nobody waits for it any more."""
        return self.done is None

    def run(self, bell: _Bell) -> None:
        """Read; in any thread."""
        work, self._work = self._work, None
        try:
            if work is not None:
                self._result = work(self.is_given_up)
        except Cancelled:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the window's thread
            self._error = error
        del work
        with suppress(RuntimeError):  # where Qt is gone, so is who waited
            bell.rung.emit(self)

    def answer(self) -> None:
        """Hand over what came of it, in the window's thread."""
        done, failed = self.done, self.failed
        result, error = self._result, self._error
        self.drop()
        if done is None or failed is None:
            return
        if error is None:
            done(result)
            return
        failed(_sentence(error))
        if not isinstance(error, OpenError | ValueError | OSError | MemoryError):
            raise error  # a defect, which napari shows with where it happened

    def drop(self) -> None:
        """Want nothing of it any more."""
        self.subject = self.done = self.failed = self._work = self._result = self._error = None


class _Bell(QObject):  # type: ignore[misc]
    rung = Signal(object)


class Reading(QObject):  # type: ignore[misc]
    """Runs work that reads in threads, and hands the results over in the window's thread."""

    changed = Signal()
    """Something else is awaited than before."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._awaited: list[_Request] = []
        self._bell = _Bell()
        self._bell.rung.connect(self._answer)
        self._asked: SimpleQueue[_Request | None] = SimpleQueue()
        _thread_for(_start_all, self._asked, self._bell).start()

    def run(
        self,
        subject: object,
        work: Callable[[Cancel], T],
        done: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:
        """Start to read about a subject; what is still read about an equal one is given up.

        Parameters
        ----------
        work : runs in a thread. It is given what tells whether the result is still wanted.
        done, failed : called in the window's thread with the result, or with one sentence; none
            of them if it was given up.
        """
        self._drop(lambda other: bool(other == subject))
        request = _Request(subject, work, done, failed)
        self._awaited.append(request)
        self._asked.put(request)
        self.changed.emit()

    def awaited(self) -> list[object]:
        """List what something is still awaited about."""
        return [request.subject for request in self._awaited]

    def forget(self, which: Callable[[object], bool]) -> None:
        """Give up what is read about these subjects."""
        self._drop(which)
        self.changed.emit()

    def stop(self, *_: object) -> None:
        """Give up everything, for good."""
        self._drop(lambda _: True)
        self._asked.put(None)

    def _drop(self, which: Callable[[object], bool]) -> None:
        for request in [r for r in self._awaited if which(r.subject)]:
            self._awaited.remove(request)
            request.drop()

    def _answer(self, request: _Request) -> None:
        if request not in self._awaited:
            return
        self._awaited.remove(request)
        try:
            request.answer()
        finally:
            self.changed.emit()


def _start_all(asked: SimpleQueue[_Request | None], bell: _Bell) -> None:
    """Start a thread for each request.

    In a thread itself: who starts one waits until it runs, which takes long where others work.
    """
    while (request := asked.get()) is not None:
        _thread_for(request.run, bell).start()
        del request


def _thread_for(target: Callable[..., None], *arguments: object) -> threading.Thread:
    return threading.Thread(target=target, args=arguments, daemon=True, name="strata-browser")


def _sentence(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "There is not enough memory for it."
    return str(error) or type(error).__name__
