"""Exports that are under way: they belong to the window, not to the panel that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QCoreApplication, QObject, QTimer, Signal

from napari_strata.export.errors import ExportCancelled
from napari_strata.export.result import Exported
from napari_strata.export.run import BackgroundExport, Snapshot
from napari_strata.model import OpenError, Problem
from napari_strata.widgets.export.planning import MOST_COPIED, Preview, paintable

_EVERY = 200  # milliseconds between two looks at how far they are
_PATIENCE = 10.0  # seconds that napari waits for what is being written when it is quit


class Job:
    """One export that was started.

    Attributes
    ----------
    path : where it goes.
    portable : whether what it has written can be resumed if it is broken off.
    to_leave : names of labels that are read while they are written: too large for a copy.
    result : what was exported, once it is done well.
    failure : why it failed, in one sentence; empty while it has not.
    cancelled : whether it was stopped.
    """

    def __init__(self, preview: Preview, *, replace: bool, resume: bool, restart: bool) -> None:
        wish = preview.wish
        self.path = wish.path
        self.portable = bool(preview.plan.portable)
        self.to_leave = tuple(i.name for i in wish.images if paintable(i) > MOST_COPIED)
        self.result: Exported | None = None
        self.failure = ""
        self.cancelled = False

        def work(progress: Any, cancel: Any) -> Exported:
            from napari_strata.export import export

            return export(
                (*wish.images, *wish.annotations),
                wish.path,
                format=wish.format,
                replace=replace,
                resume=resume,
                restart=restart,
                scheduler=wish.scheduler,
                progress=progress,
                cancel=cancel,
                **wish.options,
            )

        self.export: BackgroundExport[Exported] = BackgroundExport(work)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, and `settle` has said how."""
        return bool(self.result or self.failure or self.cancelled)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is not in what was exported."""
        return () if self.result is None else self.result.problems

    def snapshot(self) -> Snapshot:
        """Return how far it is."""
        return self.export.snapshot()

    def cancel(self) -> None:
        """Ask it to stop."""
        self.export.cancel()

    def settle(self) -> bool:
        """Take note of how it ended; tell whether it has only now."""
        if self.is_over or not self.export.is_done:
            return False
        try:
            self.result = self.export.result(0)
        except ExportCancelled:
            self.cancelled = True
        except (OpenError, ValueError, OSError) as error:
            self.failure = str(error) or type(error).__name__
        except MemoryError:
            self.failure = "There is not enough memory for a block: choose smaller shards."
        except Exception as error:  # noqa: BLE001  # a defect of ours or of a cluster is told too
            self.failure = f"{type(error).__name__}: {error}"
        return True


class Exports(QObject):  # type: ignore[misc]
    """All exports of a window, and how far they are.

    They go on when a panel is closed. They are stopped when the window is, or napari is quit.
    """

    changed = Signal()
    """A job was started or ended, or is further than before."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        jobs: list[Job] = []
        self.jobs = jobs
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY)
        self._timer.timeout.connect(self._look)
        # Neither holds this object, which Qt has deleted by then.
        self.destroyed.connect(lambda: _let_go(jobs))
        application = QCoreApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(lambda: _stop(jobs, _PATIENCE))

    def start(
        self,
        preview: Preview,
        *,
        replace: bool = False,
        resume: bool = False,
        restart: bool = False,
    ) -> Job:
        """Start what was planned, on a thread of its own."""
        job = Job(preview, replace=replace, resume=resume, restart=restart)
        self.jobs.append(job)
        self._timer.start()
        self.changed.emit()
        return job

    def remove(self, job: Job) -> None:
        """Forget a job that is over."""
        if job.is_over:
            self.jobs.remove(job)
            self.changed.emit()

    def _look(self) -> None:
        for job in self.jobs:
            if job.settle():
                _tell(job)
        if all(job.is_over for job in self.jobs):
            self._timer.stop()
        self.changed.emit()


def exports_of(viewer: Any) -> Exports:
    """Return the exports of a viewer's window."""
    window = viewer.window._qt_window
    there = window.findChild(Exports)
    return Exports(window) if there is None else there


def _tell(job: Job) -> None:
    from napari.utils.notifications import show_info, show_warning

    if job.result is not None:
        show_info(f"Exported to {job.path}.")
    elif job.failure:
        show_warning(f"The export to {job.path} failed: {job.failure}")


def _let_go(jobs: list[Job]) -> None:
    """Stop all and keep those that have not ended yet: napari waits for them when it is quit."""
    _stop(jobs)
    jobs[:] = [job for job in jobs if not job.export.is_done]


def _stop(jobs: Sequence[Job], patience: float = 0.0) -> None:
    for job in jobs:
        job.cancel()
    for job in jobs:
        job.export.wait(patience)
