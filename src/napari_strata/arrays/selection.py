"""Which voxels of an array a view shows: plain index arithmetic, no data.

A selection keeps, for each axis of the array, either one index or a `range`, and the order in
which the axes that are left appear in the view.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Key = tuple[Any, ...]
Index = tuple[int | slice, ...]
"""Per array axis an index, or a slice with a start, a stop and a step from 1 up."""
AxisChunks = int | tuple[int, ...]


@dataclass(frozen=True)
class Selection:
    """A view of an array.

    Attributes
    ----------
    picks : per array axis, an index or a range of them.
    order : per view axis, the array axis it shows.
    """

    picks: tuple[int | range, ...]
    order: tuple[int, ...]

    @classmethod
    def whole(cls, shape: tuple[int, ...]) -> Selection:
        """Select everything."""
        return cls(tuple(range(n) for n in shape), tuple(range(len(shape))))

    @classmethod
    def of_index(cls, index: Index) -> Selection:
        """Select what an ascending index picks."""
        picks = tuple(i if isinstance(i, int) else range(i.start, i.stop, i.step) for i in index)
        kept = tuple(axis for axis, pick in enumerate(picks) if isinstance(pick, range))
        return cls(picks, kept)

    def _range(self, axis: int) -> range:
        pick = self.picks[axis]
        return range(pick, pick + 1) if isinstance(pick, int) else pick

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each view axis."""
        return tuple(len(self._range(axis)) for axis in self.order)

    def index(self, key: Key) -> Selection:
        """Index the view with integers and slices, at most one a view axis.

        Raises
        ------
        IndexError : an index lies outside its axis, or there are more than axes.
        TypeError : a slice is not of integers.
        """
        if len(key) > len(self.order):
            raise IndexError(
                f"too many indices: the array has {len(self.order)} axes, "
                f"but {len(key)} were indexed"
            )
        picks = list(self.picks)
        kept = []
        for position, axis in enumerate(self.order):
            item = key[position] if position < len(key) else slice(None)
            shown = self._range(axis)
            if isinstance(item, slice):
                picks[axis] = shown[item]
                kept.append(axis)
                continue
            try:
                picks[axis] = shown[operator.index(item)]
            except IndexError:
                raise IndexError(
                    f"index {item} is out of bounds for axis {position} with size {len(shown)}"
                ) from None
        return Selection(tuple(picks), tuple(kept))

    def transpose(self, axes: tuple[int, ...]) -> Selection:
        """Reorder the view's axes.

        Raises
        ------
        ValueError : ``axes`` is no permutation of them.
        """
        ndim = len(self.order)
        wanted = tuple(operator.index(a) + ndim if a < 0 else operator.index(a) for a in axes)
        if sorted(wanted) != list(range(ndim)):
            raise ValueError(f"axes {axes} are no permutation of the array's {ndim} axes")
        return Selection(self.picks, tuple(self.order[a] for a in wanted))

    def ascending(self) -> Index:
        """Return an index, in array order, that picks the same voxels in ascending order."""
        index: list[int | slice] = []
        for pick in self.picks:
            if isinstance(pick, int):
                index.append(pick)
            elif not pick:
                index.append(slice(0, 0, 1))
            else:
                low, high = sorted((pick[0], pick[-1]))
                index.append(slice(low, high + 1, abs(pick.step)))
        return tuple(index)

    def arrange(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Turn what `ascending` picked into the view: flip, then reorder."""
        flipped: npt.NDArray[Any] = values[self._flips()]
        return flipped.transpose(self._positions())

    def as_ascending(self, view: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Turn the view back into what `ascending` picks, in the view's own memory."""
        ordered = view.transpose(sorted(range(view.ndim), key=self._positions().__getitem__))
        flipped: npt.NDArray[Any] = ordered[self._flips()]
        return flipped

    def _flips(self) -> tuple[Any, ...]:
        steps = [pick.step for pick in self.picks if isinstance(pick, range)]
        # The ellipsis keeps an array without axes an array.
        return (*(slice(None, None, -1 if step < 0 else 1) for step in steps), ...)

    def _positions(self) -> list[int]:
        """Return for each view axis its place among the axes that `ascending` leaves."""
        kept = [axis for axis, pick in enumerate(self.picks) if isinstance(pick, range)]
        return [kept.index(axis) for axis in self.order]

    def chunks(self, grid: tuple[int, ...]) -> tuple[AxisChunks, ...]:
        """Return the chunks of each view axis.

        Parameters
        ----------
        grid : chunk shape of the whole array.

        Returns
        -------
        per view axis, one size where chunks are regular and start at 0, else every size.
        """
        return tuple(_axis_chunks(self._range(axis), grid[axis]) for axis in self.order)

    def block_count(self, grid: tuple[int, ...]) -> int:
        """Return how many chunks the view touches at most, without listing them."""
        return math.prod(_count(self._range(axis), grid[axis]) for axis in self.order)

    def pieces(self, grid: tuple[int, ...]) -> Iterator[tuple[tuple[slice, ...], Selection]]:
        """Go through the view chunk by chunk.

        Yields
        ------
        where the piece goes in the view; its selection.
        """
        runs = []
        for axis in self.order:
            edges = _edges(self._range(axis), grid[axis])
            runs.append([slice(a, b) for a, b in itertools.pairwise(edges)])
        for place in itertools.product(*runs):
            yield place, self.index(place)

    def windows(
        self, grid: tuple[int, ...], most: int
    ) -> Iterator[tuple[tuple[slice, ...], Selection]]:
        """Split the view into boxes of at most ``most`` chunks; an empty view has none.

        Yields
        ------
        where the box goes in the view; its selection.
        """
        if 0 in self.shape:
            return
        waiting = [tuple(slice(0, n) for n in self.shape)]
        while waiting:
            place = waiting.pop()
            box = self.index(place)
            if box.block_count(grid) <= most:
                yield place, box
            else:
                waiting.extend(reversed(box._halves(place, grid)))

    def _halves(
        self, place: tuple[slice, ...], grid: tuple[int, ...]
    ) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """Cut the view, which goes to ``place``, in two between chunks, where it has most."""
        counts = [_count(self._range(axis), grid[axis]) for axis in self.order]
        axis = counts.index(max(counts))
        edges = _edges(self._range(self.order[axis]), grid[self.order[axis]])
        cut = place[axis].start + edges[len(edges) // 2]
        first = slice(place[axis].start, cut)
        second = slice(cut, place[axis].stop)
        return (
            (*place[:axis], first, *place[axis + 1 :]),
            (*place[:axis], second, *place[axis + 1 :]),
        )


def _count(shown: range, size: int) -> int:
    """Return how many chunks a range touches at most, without listing them."""
    if not shown:
        return 0
    low, high = sorted((shown[0], shown[-1]))
    return min(high // size - low // size + 1, len(shown))


def _axis_chunks(shown: range, size: int) -> AxisChunks:
    if not shown or (shown.step == 1 and shown.start % size == 0):
        return size
    edges = _edges(shown, size)
    sizes = [b - a for a, b in itertools.pairwise(edges)]
    if all(s == sizes[0] for s in sizes[:-1]) and sizes[-1] <= sizes[0]:
        return sizes[0]
    return tuple(sizes)


def _edges(shown: range, size: int) -> list[int]:
    """Return the positions in a range at which another chunk begins, with 0 and its length."""
    if not shown:
        return [0]
    if shown.step < 0:
        return [len(shown) - edge for edge in reversed(_edges(shown[::-1], size))]
    borders = np.arange(shown[0] // size + 1, shown[-1] // size + 1, dtype=np.int64) * size
    positions = -((shown[0] - borders) // shown.step)
    return [0, *np.unique(positions).tolist(), len(shown)]
