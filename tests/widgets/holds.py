"""How long code of ours holds the window's thread, callback by callback.

A callback is an entry into our code from Qt, napari or vispy in the window's thread, until it
returns. What it calls counts as its own: Qt, numpy, tensorstore, waiting for a server. What does
not count:

- napari and vispy, where our code calls them (`viewer.add_layer` builds controls and visuals). If
  they call our code again meanwhile, that is a callback itself, and counts for the outer one too;
- Qt's event loop, where our code lets it turn: each stretch between two turns is a hold by itself;
- what the machine does for others: time in which the thread could run and had no processor
  (Linux tells it).

Pixels are read while napari draws: with napari's default, in the window's thread. These entries
(methods of our layers that napari's slicing calls, and our arrays) are told apart as `drawing`.
With napari's asynchronous slicing they are in other threads, and nothing needs to be told apart.

It is measured by Python's profiling hook, which makes calls slower, so true holds are shorter.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Literal

import napari
import vispy

import napari_strata

_OURS = str(Path(napari_strata.__file__).parent) + os.sep
_THEIRS = tuple(str(Path(m.__file__).parent) + os.sep for m in (napari, vispy))
#: What napari calls to draw a layer of ours.
_DRAWING = tuple(
    _OURS + name.replace("/", os.sep)
    for name in (
        "arrays/",
        "layers/drawing/exact.py",
        "layers/drawing/tiles.py",
        "layers/drawing/slicing.py",
        "layers/drawing/boxes.py",
    )
)
_TURNS = ("QEventLoop.exec", "QDialog.exec", "QMenu.exec", "processEvents")

_Kind = Literal["ours", "theirs", "turn"]


@dataclass(frozen=True)
class Hold:
    """One stretch of time: what held the window, for how many milliseconds."""

    milliseconds: float
    what: str
    drawing: bool

    def __str__(self) -> str:
        return f"{self.milliseconds:.0f} ms: {self.what}"


@dataclass
class _Part:
    kind: _Kind
    frame: FrameType | None
    what: str
    drawing: bool
    begun: float
    spent: float = 0.0


class Holds:
    """Measures while it is entered, in the thread that enters it.

    Parameters
    ----------
    ours : further places of code that counts as ours (tests of this file).
    """

    def __init__(self, *ours: str) -> None:
        self.all: list[Hold] = []
        self._ours = (_OURS, *ours)
        self._parts: list[_Part] = []
        self._kinds: dict[str, _Kind | None] = {}
        self._waits: int | None = None

    def longest(self, *, drawing: bool = False) -> Hold:
        """Return the longest callback, or the longest stretch of drawing."""
        found = [hold for hold in self.all if hold.drawing is drawing]
        return max(found, key=lambda h: h.milliseconds, default=Hold(0, "nothing", drawing))

    def longer_than(self, milliseconds: float, *, drawing: bool = False) -> list[str]:
        """List what held the window longer, the longest first."""
        found = [h for h in self.all if h.milliseconds > milliseconds and h.drawing is drawing]
        return [str(h) for h in sorted(found, key=lambda h: -h.milliseconds)]

    def __enter__(self) -> Holds:
        try:
            name = f"/proc/self/task/{threading.get_native_id()}/schedstat"
            self._waits = os.open(name, os.O_RDONLY)
        except OSError:
            self._waits = None  # another system: waits for a processor count as well
        sys.setprofile(self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.setprofile(None)
        if self._waits is not None:
            os.close(self._waits)
        self._parts.clear()

    def _now(self) -> float:
        """Return seconds, without those in which another program had the processor."""
        now = time.perf_counter()
        if self._waits is None:
            return now
        return now - int(os.pread(self._waits, 100, 0).split()[1]) / 1e9

    def _kind(self, file: str) -> _Kind | None:
        if file not in self._kinds:
            ours, theirs = file.startswith(self._ours), file.startswith(_THEIRS)
            self._kinds[file] = "ours" if ours else "theirs" if theirs else None
        return self._kinds[file]

    def _hear(self, frame: FrameType, event: str, arg: Any) -> None:
        last = self._parts[-1] if self._parts else None
        if event == "call":
            kind = self._kind(frame.f_code.co_filename)
            if kind is None or (last is None and kind == "theirs"):
                return
            if last is None or (kind == "ours") is not (last.kind == "ours"):
                self._begin(kind, frame)
        elif event == "return":
            if last is not None and last.frame is frame:
                self._end()
        elif event == "c_call":
            if last is not None and last.kind == "ours" and _turns(arg):
                self._finish(last)  # what comes after the loop has turned is another hold
                self._begin("turn", None)
        elif last is not None and last.kind == "turn" and _turns(arg):
            self._end()

    def _begin(self, kind: _Kind, frame: FrameType | None) -> None:
        now = self._now()
        if self._parts and self._parts[-1].kind == "ours":
            self._parts[-1].spent += now - self._parts[-1].begun
        file, what = "", ""
        if frame is not None:
            file = frame.f_code.co_filename
            what = f"{file.removeprefix(_OURS)}:{frame.f_code.co_qualname}"
        self._parts.append(_Part(kind, frame, what, file.startswith(_DRAWING), now))

    def _end(self) -> None:
        now, part = self._now(), self._parts.pop()
        if part.kind == "ours":
            part.spent += now - part.begun
            self._finish(part)
        if self._parts and self._parts[-1].kind == "ours":
            self._parts[-1].begun = now

    def _finish(self, part: _Part) -> None:
        if self._parts and self._parts[-1] is part:  # it goes on after a turn of the loop
            part.spent += self._now() - part.begun
            part.begun = self._now()
        self.all.append(Hold(part.spent * 1000, part.what, part.drawing))
        outer = next((p for p in reversed(self._parts) if p is not part), None)
        if outer is not None and outer.kind == "theirs" and not part.drawing:
            below = self._parts.index(outer) - 1
            if below >= 0 and self._parts[below].kind == "ours":
                self._parts[below].spent += part.spent
        part.spent = 0.0


def _turns(function: Any) -> bool:
    owner = type(getattr(function, "__self__", None)).__name__
    name = getattr(function, "__name__", "")
    return name == "processEvents" or f"{owner}.{name}" in _TURNS
