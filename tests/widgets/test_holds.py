"""The measuring itself: what it must find, and what it must not count."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from holds import Holds
from qtpy.QtCore import QCoreApplication, QTimer

from napari_strata.widgets.waiting import wait_for

WAIT = 0.2  # seconds, as an answer of a far server
SHORT = 50  # milliseconds


def compiled(source: str, file: str, **names: Any) -> Callable[[], Any]:
    """Make a function ``call`` as if it stood in a file."""
    space = {"time": time, **names}
    exec(compile(source, file, "exec"), space)
    return space["call"]


def ours(source: str, **names: Any) -> Callable[[], Any]:
    return compiled(source, "/ours/panel.py", **names)


def napari(source: str, **names: Any) -> Callable[[], Any]:
    import napari as found

    file = found.__file__.replace("__init__.py", "made_up.py")
    return compiled(source, file, **names)


WAITS = f"def call(): time.sleep({WAIT})"


def measured(entry: Callable[[], Any]) -> Holds:
    with Holds("/ours/") as holds:
        entry()
    return holds


def test_waiting_is_found():
    holds = measured(ours(WAITS))
    assert holds.longest().milliseconds == pytest.approx(1000 * WAIT, rel=0.5)
    assert holds.longest().what == "/ours/panel.py:call"
    assert len(holds.longer_than(SHORT)) == 1


def test_computing_is_found():
    source = (
        f"def call():\n end = time.process_time() + {WAIT}\n while time.process_time() < end: pass"
    )
    assert measured(ours(source)).longer_than(SHORT)


def test_waiting_in_what_we_call_is_found():
    """A library that is not napari: its waiting is ours."""
    library = compiled(WAITS, "/libraries/tensorstore.py")
    assert measured(ours("def call(): library()", library=library)).longer_than(SHORT)


def test_code_of_others_is_not_ours():
    assert not measured(compiled(WAITS, "/somebody/else.py")).all
    assert not measured(napari(WAITS)).all


def test_what_napari_does_for_us_is_napari_s():
    source = "def call(): draw()"
    assert not measured(ours(source, draw=napari(WAITS))).longer_than(SHORT)


def test_callback_within_napari_is_found():
    """Drawing, napari emits an event we hear."""
    holds = measured(napari("def call(): heard()", heard=ours(WAITS)))
    assert len(holds.longer_than(SHORT)) == 1


def test_callbacks_that_a_callback_causes_count_for_it_too():
    """Three times 30 ms hold the window for 90, between two turns of the loop."""
    heard = ours("def call(): time.sleep(0.03)")
    emit = napari("def call(): heard()", heard=heard)
    holds = measured(ours("def call():\n for _ in range(3): emit()", emit=emit))
    assert len(holds.all) == 4
    assert holds.longest().milliseconds > 80


def test_raising_ends_a_callback():
    fails = ours("def call(): raise ValueError")
    with Holds("/ours/") as holds:
        with pytest.raises(ValueError):  # noqa: PT011
            fails()
        time.sleep(WAIT)  # not ours any more
    assert len(holds.all) == 1
    assert not holds.longer_than(SHORT)


def test_another_thread_does_not_hold_the_window():
    waits = ours(WAITS)
    with Holds("/ours/") as holds:
        thread = threading.Thread(target=waits)
        thread.start()
        thread.join()
    assert not holds.all


def test_reading_pixels_while_napari_draws_is_told_apart():
    import napari_strata

    file = napari_strata.__file__.replace("__init__.py", "arrays/made_up.py")
    holds = measured(napari("def call(): read()", read=compiled(WAITS, file)))
    assert not holds.longer_than(SHORT)
    assert len(holds.longer_than(SHORT, drawing=True)) == 1
    # but not where a callback of ours reads them
    holds = measured(ours("def call(): read()", read=compiled(WAITS, file)))
    assert len(holds.longer_than(SHORT)) == 1


@pytest.mark.window
def test_waiting_while_the_loop_turns_holds_nothing(qapp: Any):
    holds = measured(lambda: wait_for(lambda: time.sleep(WAIT)))
    assert holds.all
    assert not holds.longer_than(SHORT)


@pytest.mark.window
def test_callback_in_a_turn_of_the_loop_is_found(qapp: Any):
    QTimer.singleShot(0, ours(WAITS))
    turn = ours("def call(): app.processEvents()", app=QCoreApplication)
    assert [text.split(": ")[1] for text in measured(turn).longer_than(SHORT)] == [
        "/ours/panel.py:call"
    ]
    QTimer.singleShot(0, ours(WAITS))
    holds = measured(lambda: wait_for(lambda: time.sleep(2 * WAIT)))
    assert len(holds.longer_than(SHORT)) == 1


@pytest.mark.window
def test_stretches_before_and_after_a_turn_are_two(qapp: Any):
    source = "def call():\n time.sleep(0.03)\n app.processEvents()\n time.sleep(0.03)"
    holds = measured(ours(source, app=QCoreApplication))
    assert [round(h.milliseconds, -1) >= 30 for h in holds.all] == [True, True]
    assert not holds.longer_than(SHORT)


@pytest.mark.skipif("not __import__('os').path.exists('/proc/self/schedstat')")
def test_busy_machine_is_not_blamed_on_us():
    """The clock leaves out waiting for a processor, and nothing of sleeping."""
    with Holds() as holds:
        before = holds._now(), time.perf_counter()
        time.sleep(0.05)
        after = holds._now(), time.perf_counter()
    assert after[0] - before[0] <= after[1] - before[1]
    assert after[0] - before[0] > 0.04
