"""What is set on a layer once it is in a viewer: contrast from its data, the limits' range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from napari.layers import Labels, Layer

from napari_strata.arrays import LevelArray
from napari_strata.layers.chunk_report import ChunkReport
from napari_strata.layers.contrast import estimate
from napari_strata.layers.drawing.guard import guard
from napari_strata.layers.geometry.slab import show_in_slices
from napari_strata.layers.notes import KEY
from napari_strata.layers.record import CONTRAST_RANGE, PENDING_CONTRAST

_SLIDER_BYTES = 2  # a slider over the range of wider integers cannot be set

Limits = tuple[float, float] | None
Runner = Callable[[Callable[[], Limits], Callable[[Limits], None]], None]
"""Runs its first argument, off the window's thread if it can, and hands the result to the second
on the window's thread."""


def watch(viewer: Any, runner: Runner) -> None:
    """Keep a viewer's layers exact (`guard`) and settle those of ours that arrive; idempotent.

    Geometries show in its slices (`show_in_slices`).
    """
    guard(viewer)
    show_in_slices(viewer)
    inserted = viewer.layers.events.inserted
    if not any(isinstance(callback, _Settler) for callback in inserted.callbacks):
        inserted.connect(_Settler(runner), position="last")


class _Settler:
    """Called for every layer that arrives in a viewer."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def __call__(self, event: Any) -> None:
        settle(event.value, self._runner)


def settle(layer: Layer, runner: Runner) -> None:
    """Give a layer what its arguments could not say, and estimate its contrast."""
    _attach_reports(layer)
    note = layer.metadata.get(KEY)
    if not isinstance(note, dict):
        return
    if isinstance(layer, Labels) and isinstance(layer.data, LevelArray):
        layer.editable = False  # what lies in a store cannot be painted on
    if CONTRAST_RANGE in note and hasattr(layer, "contrast_limits_range"):
        _set_range(layer, note[CONTRAST_RANGE])
    if note.get(PENDING_CONTRAST):
        rest = {k: v for k, v in note.items() if k != PENDING_CONTRAST}
        layer.metadata = {**layer.metadata, KEY: rest}
        _estimate_contrast(layer, note.get(CONTRAST_RANGE), runner)


def _set_range(layer: Any, declared: Sequence[float]) -> None:
    """Let the contrast limits be moved in the declared range, and where they are now."""
    low, high = layer.contrast_limits
    layer.contrast_limits_range = (min(declared[0], low), max(declared[1], high))


def _attach_reports(layer: Any) -> None:
    """Let chunks that fail be noted with this layer's problems."""
    levels = layer.data if getattr(layer, "multiscale", False) else [layer.data]
    for report in {
        id(r): r for r in (getattr(level, "on_error", None) for level in levels)
    }.values():
        if isinstance(report, ChunkReport):
            report.attach(layer)


def _estimate_contrast(layer: Any, declared: Sequence[float] | None, runner: Runner) -> None:
    provisional = tuple(layer.contrast_limits)
    coarsest = layer.data[-1] if layer.multiscale else layer.data

    def work() -> Limits:
        try:
            return estimate(coarsest)
        except OSError:
            return None  # the same chunk tells of itself when it is drawn

    def done(limits: Limits) -> None:
        if limits is None or tuple(layer.contrast_limits) != provisional:
            return  # nothing to go by, or the user was faster
        low, high = limits
        if layer.dtype.kind == "f" or layer.dtype.itemsize > _SLIDER_BYTES:
            layer.contrast_limits_range = (low, high)
        layer.contrast_limits = (low, high)
        if declared is not None:
            _set_range(layer, declared)

    runner(work, done)
