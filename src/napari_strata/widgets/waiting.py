"""Waiting in the window's thread for work in another, while the window goes on living.

napari calls a reader in the window's thread and takes what it returns. So the reader has to wait
there; it lets Qt handle events meanwhile, as a modal dialog does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from qtpy.QtCore import QCoreApplication, QEventLoop, QObject, QThread, Signal

T = TypeVar("T")


class Abandoned(Exception):
    """The window was closed before the work was done; nobody wants its result any more."""


class _Bell(QObject):  # type: ignore[misc]
    rung = Signal()


class _Work(Generic[T]):
    """What is to be done, and what came of it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._result: list[T] = []
        self._error: BaseException | None = None
        self.done = False

    def run(self, bell: _Bell) -> None:
        try:
            self._result.append(self._work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._error = error
        self.done = True
        with suppress(RuntimeError):  # where Qt is gone, so is who waited
            bell.rung.emit()

    def result(self) -> T:
        error, self._error = self._error, None  # its traceback refers to all that was read
        if error is not None:
            raise error
        return self._result[0]


def wait_for(work: Callable[[], T], window: QObject | None = None) -> T:
    """Run work in a thread and return its result; the window stays responsive until then.

    In any other thread than Qt's own, or without a Qt application, it is run here and now.

    Parameters
    ----------
    window : it is waited as long as this exists; None: as long as the application runs.

    Raises
    ------
    Abandoned
        If the window or the application was closed meanwhile. The thread ends by itself.
    BaseException
        Whatever ``work`` raises.
    """
    app = QCoreApplication.instance()
    if app is None or QThread.currentThread() is not app.thread():
        return work()
    task, bell, loop = _Work(work), _Bell(), QEventLoop()
    bell.rung.connect(loop.quit)
    closed: list[object] = []
    if window is not None:
        window.destroyed.connect(closed.append)
        window.destroyed.connect(loop.quit)
    # A daemon: a server that never answers must not keep the program from ending.
    threading.Thread(target=task.run, args=(bell,), daemon=True, name="strata-reader").start()
    loop.exec()
    if closed or not task.done:
        raise Abandoned
    return task.result()
