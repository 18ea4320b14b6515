"""Giving up what is being read, between one request and the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asked: ContextVar[Callable[[], bool] | None] = ContextVar("_asked", default=None)


class Cancelled(Exception):
    """What was being read is not wanted any more; nothing is known of it."""


@contextmanager
def cancelled_by(asked: Callable[[], bool] | None) -> Iterator[None]:
    """Give up what this thread reads inside as soon as ``asked`` says so; None: never.

    Raises
    ------
    Cancelled
        From within, before the next request.
    """
    token = _asked.set(asked)
    try:
        check_cancelled()
        yield
    finally:
        _asked.reset(token)


def check_cancelled() -> None:
    """Raise Cancelled if what this thread reads is not wanted any more."""
    asked = _asked.get()
    if asked is not None and asked():
        raise Cancelled
