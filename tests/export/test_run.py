"""An export in the background: its rate, its end, and stopping it."""

import threading

import pytest

from napari_strata.export.errors import ExportCancelled
from napari_strata.export.run import BackgroundExport, Meter


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self):
        return self.now


def test_the_rate_and_the_time_left():
    clock = Clock()
    meter = Meter(clock)
    assert meter.snapshot().total == 0
    meter(400, 1000)  # was there before
    clock.now += 2
    meter(500, 1000)
    found = meter.snapshot()
    assert (found.done, found.total, found.seconds) == (500, 1000, 2.0)
    assert (found.rate, found.left, found.fraction) == (50.0, 10.0, 0.5)


def test_the_rate_is_that_of_late():
    clock = Clock()
    meter = Meter(clock)
    meter(0, 10**6)
    for done in range(1000, 100_001, 1000):  # a hundred seconds at 1,000 a second
        clock.now += 1
        meter(done, 10**6)
    for done in range(100_010, 100_401, 10):  # forty at 10
        clock.now += 1
        meter(done, 10**6)
    assert meter.snapshot().rate == pytest.approx(10)


@pytest.mark.parametrize("marks", [[], [(0.0, 5)], [(0.0, 5), (0.1, 6)]])
def test_no_rate_from_too_little(marks):
    clock = Clock()
    meter = Meter(clock)
    for seconds, done in marks:
        clock.now += seconds
        meter(done, 10)
    assert (meter.snapshot().rate, meter.snapshot().left) == (None, None)


def test_the_result_of_a_background_export():
    heard = threading.Event()

    def work(progress, cancel):
        progress(3, 3)
        return "done"

    job = BackgroundExport(work)
    job.when_done(lambda ended: heard.set() if ended is job else None)
    assert job.result(60) == "done"
    assert heard.wait(60)
    assert job.wait(60)
    assert job.is_done
    assert job.snapshot().done == 3


def test_stopping_a_background_export():
    def work(progress, cancel):
        assert cancel.wait(60)
        raise ExportCancelled("stopped")

    job = BackgroundExport(work)
    assert not job.is_cancelled
    job.cancel()
    with pytest.raises(ExportCancelled):
        job.result(60)


def test_an_error_of_a_background_export():
    def work(progress, cancel):
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        BackgroundExport(work).result(60)
