"""A level as napari and people get it: indexing gives another lazy array, not data."""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.arrays import numpy_protocols
from napari_strata.arrays.dask_blocks import as_dask
from napari_strata.arrays.errors import ChunkError
from napari_strata.arrays.selection import AxisChunks, Selection
from napari_strata.arrays.source import Source
from napari_strata.model import Location

MOST_BLOCKS = 10**6  # a dask graph of more takes longer to build than anyone waits

_REDUCTIONS = frozenset({"all", "any", "max", "mean", "min", "std", "sum", "var"})

OnError = Callable[[ChunkError], None]


def open_level(
    location: Location,
    *,
    shape: tuple[int, ...],
    dtype: npt.DTypeLike,
    chunks: tuple[int, ...],
    on_error: OnError | None = None,
) -> LevelArray:
    """Return a level as a lazy array; nothing is read or opened before values are asked for.

    Parameters
    ----------
    location : where it is stored; no metadata is read again.
    shape : voxels along each axis of the level, array (C) order; of a stack, the stacked axis
        comes first.
    dtype : of one voxel; big-endian data is presented in native byte order.
    chunks : the smallest unit that is read, along the level's axes.
    on_error : without it, a chunk that cannot be read makes the read raise `ChunkError`. With
        it, reading goes on: such a chunk is 0, and ``on_error`` is called with the first error
        of this level and all its views, never again.

    Raises
    ------
    ValueError : the shape, chunks and location do not fit together: a tile sticks out of its
        mosaic, or axes are of another number.
    """
    shape = tuple(operator.index(n) for n in shape)
    chunks = tuple(operator.index(n) for n in chunks)
    if len(chunks) != len(shape) or min(chunks, default=1) < 1 or min(shape, default=0) < 0:
        raise ValueError(f"chunks {chunks} do not fit an array of shape {shape}")
    source = Source(location, shape, np.dtype(dtype).newbyteorder("="), chunks)
    reporter = None if on_error is None else _FirstOnly(on_error)
    return LevelArray(source, Selection.whole(shape), reporter)


class _FirstOnly:
    """Passes the first error on and keeps the others to itself."""

    def __init__(self, on_error: OnError) -> None:
        self.on_error = on_error
        self._lock = threading.Lock()
        self._reported = False

    def __call__(self, error: ChunkError) -> None:
        with self._lock:
            first = not self._reported
            self._reported = True
        if first:
            self.on_error(error)


class LevelArray(np.lib.mixins.NDArrayOperatorsMixin):
    """A view of one level.

    Indexing with integers and slices, and transposing, give another view and read nothing.
    ``numpy.asarray`` reads. Arithmetic, comparisons and numpy functions give dask arrays, and a
    chunk that cannot be read always raises there.
    """

    __slots__ = ("_report", "_selection", "_source")
    __hash__ = None  # type: ignore[assignment]  # comparing is element by element

    def __init__(self, source: Source, selection: Selection, report: _FirstOnly | None) -> None:
        self._source = source
        self._selection = selection
        self._report = report

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each axis."""
        return self._selection.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of one voxel, in native byte order."""
        return self._source.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._selection.order)

    @property
    def size(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size of all voxels, uncompressed."""
        return self.size * self.dtype.itemsize

    @property
    def chunks(self) -> tuple[AxisChunks, ...]:
        """Per axis the chunk size, or every chunk's size where they are not regular from 0."""
        return self._selection.chunks(self._source.chunks)

    @property
    def location(self) -> Location:
        """Where the whole level is stored."""
        return self._source.location

    @property
    def on_error(self) -> OnError | None:
        """Who hears of chunks that fail; None where they raise."""
        return None if self._report is None else self._report.on_error

    @property
    def selection(self) -> Selection:
        """Which voxels of the whole level this view shows."""
        return self._selection

    @property
    def T(self) -> LevelArray:
        """The view with its axes reversed."""
        return self.transpose()

    def transpose(self, *axes: Any) -> LevelArray:
        """Reorder the axes, as ``numpy.ndarray.transpose`` does; reads nothing."""
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], tuple | list)):
            axes = () if axes[0] is None else tuple(axes[0])
        order = axes or tuple(reversed(range(self.ndim)))
        return self._with(self._selection.transpose(order))

    def __getitem__(self, key: Any) -> Any:
        """Index; lists, arrays, booleans and None give a dask array, all else another view."""
        items = key if isinstance(key, tuple) else (key,)
        if not all(_is_basic(item) for item in items):
            return self.to_dask()[key]
        return self._with(self._selection.index(_expand(items, self.ndim)))

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[LevelArray]:
        return (self[index] for index in range(len(self)))

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """Read.

        Raises
        ------
        ChunkError : a chunk cannot be read and the level was opened without ``on_error``.
        MemoryError : the view is larger than the machine's memory.
        """
        if copy is False:
            raise ValueError("a stored level cannot become an array without copying")
        if self._report is None:
            values = self._source.read(self._selection)
        else:
            values = self._source.read_sound(self._selection, self._report)
        return values if dtype is None else values.astype(dtype, copy=False)

    def to_dask(self) -> Any:
        """Return a dask array of the view, a block for each chunk; reads nothing.

        Raises
        ------
        ValueError : the view has more than a million chunks.
        """
        blocks = self._selection.block_count(self._source.chunks)
        if blocks > MOST_BLOCKS:
            raise ValueError(
                f"the array has {blocks:,} chunks, dask copes with {MOST_BLOCKS:,}; "
                "crop it first, for example array[..., :1000, :1000]"
            )
        return as_dask(LevelArray(self._source, self._selection, None))

    def to_dask_array(self) -> Any:
        """Do what `to_dask` does, under the name dask looks for."""
        return self.to_dask()

    def tensorstore(self) -> Any:
        """Return the view as a ``tensorstore.TensorStore`` with its origin at 0.

        Reading it raises tensorstore's own errors. A store that refuses (403) missing chunks
        gives them as missing only once a read through this class has noticed it.
        A mosaic gives a virtual store that opens the tiles of each region as it is read; what
        goes wrong with a tile is a `ChunkError` then.

        Raises
        ------
        CodecError : the array cannot be decoded.
        ChunkError : the names of its chunks could not be found out.
        """
        return self._source.view(self._selection)

    def astype(self, dtype: npt.DTypeLike, **kwargs: Any) -> Any:
        """Return the view itself if it has that dtype, else a dask array."""
        if np.dtype(dtype) == self.dtype:
            return self
        return self.to_dask().astype(dtype, **kwargs)

    def item(self) -> Any:
        """Read the one voxel there is, as a Python number.

        Raises
        ------
        ValueError : there are more, or none.
        """
        if self.size != 1:
            raise ValueError(f"only an array of one voxel is a number, this one has {self.shape}")
        return np.asarray(self).item()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __getattr__(self, name: str) -> Any:
        """Offer numpy's reductions as methods (``level.max()``); dask computes them."""
        if name in _REDUCTIONS:
            return getattr(self.to_dask(), name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Compute through dask."""
        return numpy_protocols.apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        """Compute through dask; what needs no values is answered at once."""
        return numpy_protocols.apply_function(func, args, kwargs)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        """Views of one opened level that show the same share their reads in a graph."""
        picks = tuple(str(pick) for pick in self._selection.picks)
        return ("napari_strata.LevelArray", self._source.token, picks, self._selection.order)

    @property
    def identity(self) -> str:
        """A text that another view only has if it shows the same voxels of the same level."""
        return repr(self.__dask_tokenize__()[1:])

    def __copy__(self) -> LevelArray:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> LevelArray:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the location; the copy opens it anew and raises on errors."""
        source = self._source
        parts = (source.location, source.shape, source.dtype, source.chunks, self._selection)
        return _reopen, parts

    def __repr__(self) -> str:
        return f"LevelArray(shape={self.shape}, dtype={self.dtype}, chunks={self.chunks})"

    def _with(self, selection: Selection) -> LevelArray:
        return LevelArray(self._source, selection, self._report)


def _reopen(
    location: Location,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    chunks: tuple[int, ...],
    selection: Selection,
) -> LevelArray:
    return LevelArray(Source(location, shape, dtype, chunks), selection, None)


def _is_basic(item: Any) -> bool:
    if isinstance(item, bool | np.bool_) or item is None:
        return False
    if item is Ellipsis or isinstance(item, slice):
        return True
    try:
        operator.index(item)
    except TypeError:
        return False
    return not isinstance(item, np.ndarray) or item.dtype != np.bool_


def _expand(items: tuple[Any, ...], ndim: int) -> tuple[Any, ...]:
    """Replace an Ellipsis by the full slices it stands for."""
    places = [position for position, item in enumerate(items) if item is Ellipsis]
    if not places:
        return items
    if len(places) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    missing = max(0, ndim - (len(items) - 1))
    return (*items[: places[0]], *([slice(None)] * missing), *items[places[0] + 1 :])
