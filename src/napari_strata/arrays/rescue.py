"""Reading all that can be read of a region of which something cannot."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

from napari_strata.arrays.errors import ChunkError, CodecError
from napari_strata.arrays.part import Part
from napari_strata.arrays.portions import Begun, Portion, batches, begin
from napari_strata.arrays.selection import Selection

_BATCH = 64  # chunks that are re-read one by one at once


class Rescue:
    """Leaves alone what cannot be read, reports it, and remembers which arrays are lost.

    Parameters
    ----------
    count : how many arrays there are; once all are lost, reading ends.
    """

    def __init__(self, report: Callable[[ChunkError], None], count: int) -> None:
        self._report = report
        self._count = count
        self._lost: set[Part] = set()

    def fill(self, portions: Sequence[Portion], target: npt.NDArray[Any]) -> bool:
        """Read portions into an array; False if nothing more can be read at all."""
        sound = [portion for portion in portions if portion.part not in self._lost]
        for batch in batches(sound):
            for begun in batch:
                inside = target[begun.portion.place]
                try:
                    inside[...] = begun.finish()
                except ChunkError as error:
                    self._report(error)
                    if not self._go_on(begun, error, inside):
                        return False
        return True

    def _go_on(self, begun: Begun, error: ChunkError, target: npt.NDArray[Any]) -> bool:
        part = begun.portion.part
        if error.unreachable and not part.answers():
            return False
        if begun.refusal is not None or isinstance(error, CodecError):
            self._lost.add(part)
            return len(self._lost) < self._count
        return self._read_chunks(begun.portion, target)

    def _read_chunks(self, portion: Portion, target: npt.NDArray[Any]) -> bool:
        """Fill in the chunks that can be read; False if the store stopped answering."""
        selection = Selection.of_index(portion.index)
        pieces = (
            Portion(portion.part, piece.ascending(), (*place, ...))
            for place, piece in selection.pieces(portion.part.grid())
        )
        while batch := list(itertools.islice(pieces, _BATCH)):
            errors = self._read_batch(batch, target)
            for error in errors:
                self._report(error)
            if len(errors) == len(batch) and all(error.unreachable for error in errors):
                return False
        return True

    def _read_batch(self, batch: list[Portion], target: npt.NDArray[Any]) -> list[ChunkError]:
        errors = []
        for begun in begin(batch):
            try:
                target[begun.portion.place] = begun.finish()
            except ChunkError as error:
                errors.append(error)
        return errors
