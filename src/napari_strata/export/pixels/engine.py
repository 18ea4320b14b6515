"""Writing all levels of a pyramid: the two ways, on threads or any other executor.

``one-pass`` reads the source once and writes every level as soon as a block of it is complete;
its threads share what is not complete yet. ``by-level`` writes level 0 and 1 together and then
each level from the stored one above; its blocks know nothing of each other, so any executor can
run them, here or elsewhere. Both write the same bytes, and each can resume what the other began.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import pickle
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.blocks import Block, BlockGrid, block_grid
from napari_strata.export.pixels.job import Job, Workplace, write_family, write_family_there
from napari_strata.export.pixels.journal import Journal
from napari_strata.export.pixels.one_pass import OnePass
from napari_strata.export.pixels.pyramid import Pyramid
from napari_strata.export.pixels.running import run_all
from napari_strata.export.pixels.sources import Cacheable, Source
from napari_strata.export.pixels.targets import Target

Way = Literal["one-pass", "by-level"]
Progress = Callable[[int, int], None]
"""Called with the bytes that are written and those there are in all levels, uncompressed."""

_MEMORY = 128 << 20  # bytes that blocks may take together
_MEMORY_OF_SHARDS = 400 << 20  # the same where a block is a whole shard
_COPIES = 6  # of a block, while it is read, reduced, gathered and compressed
_MOST_CACHE = 64 << 20


def write_pyramid(
    source: Source,
    pyramid: Pyramid,
    targets: Sequence[Target],
    *,
    way: Way | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    journal: str | Path | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write every level of an image.

    Parameters
    ----------
    source : level 0, of the shape that was planned.
    targets : one a level; arrays that are there must be what this export would create.
    way : by default ``one-pass`` on threads, ``by-level`` on any other executor.
    executor : threads of our own by default. An executor that is no thread pool gets the job
        pickled, once a block. Processes must be spawned: tensorstore does not survive a fork.
    workers : how many blocks are under way at once; by default one more than there are
        processors, fewer where blocks are large.
    journal : file of finished blocks, outside the store. If it notes some, those are not
        written again.
    progress : called now and then, from this thread.
    cancel : set it from another thread to stop after the blocks that are under way.

    Raises
    ------
    ExportError : source, plan and targets do not fit together, or the executor cannot be used.
    JournalError : the journal is of another export.
    BlockError : a block could not be read or written; the export can be resumed.
    ExportCancelled : it was cancelled; the export can be resumed.
    """
    _check(source, pyramid, targets)
    grid = block_grid(pyramid, source.chunks)
    job = Job(_with_cache(source, grid, pyramid), pyramid, tuple(targets), grid)
    threads = executor is None or isinstance(executor, ThreadPoolExecutor)
    way = way or ("one-pass" if threads else "by-level")
    if way == "one-pass" and not threads:
        raise ExportError("one-pass needs threads, which share memory; use by-level")
    with ExitStack() as stack:
        notes = stack.enter_context(Journal(journal, fingerprint(job))) if journal else None
        finished = _with_families(grid, notes.finished) if notes else set()
        place = Workplace(job)
        place.create(anew=not finished)
        tally = _Tally(pyramid, grid, finished, notes, progress)
        count = workers or _worker_count(grid, pyramid, executor)
        pool = executor or stack.enter_context(ThreadPoolExecutor(count, "strata-export"))
        for blocks, submit in _rounds(way, place, job, finished, pool):
            run_all(blocks, submit, tally.add, most=count, cancel=cancel)


def fingerprint(job: Job) -> str:
    """Return what tells this export from others: where it reads from, and what it writes."""
    levels = [
        [target.container, target.metadata(plan), plan.factors, plan.affine.tolist()]
        for target, plan in zip(job.targets, job.pyramid.levels, strict=True)
    ]
    told = [job.source.identity, job.pyramid.method, levels, job.grid.sizes]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


Submit = Callable[[Block], "Future[list[Block]]"]


def _rounds(
    way: Way, place: Workplace, job: Job, finished: set[Block], pool: Executor
) -> Iterator[tuple[Iterable[Block], Submit]]:
    """Give what can be run together: everything, or one level after the other."""
    if way == "one-pass":
        whole = OnePass(place, finished.__contains__)
        yield whole.blocks(), lambda block: pool.submit(whole.write, block)
        return
    submit = _submitter(place, job, pool)
    for level in range(min(1, job.grid.coarsest), job.grid.coarsest + 1):
        yield (b for b in job.grid.of_level(level) if b not in finished), submit


def _submitter(place: Workplace, job: Job, pool: Executor) -> Submit:
    if isinstance(pool, ThreadPoolExecutor):
        return lambda block: pool.submit(write_family, place, block)
    context = getattr(pool, "_mp_context", None)
    if context is not None and context.get_start_method() == "fork":
        raise ExportError(
            "these processes are forked, which tensorstore does not survive; "
            'use ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"))'
        )
    if not job.source.portable:
        raise ExportError(
            "this image is in the memory of this process only; other processes can export what "
            "was opened from a file or address"
        )
    packed = pickle.dumps(job)
    return lambda block: pool.submit(write_family_there, packed, block)


class _Tally:
    """Notes what is finished, and tells how far the export is."""

    def __init__(
        self,
        pyramid: Pyramid,
        grid: BlockGrid,
        finished: set[Block],
        journal: Journal | None,
        progress: Progress | None,
    ) -> None:
        self._grid = grid
        self._itemsize = pyramid.dtype.itemsize
        self._total = pyramid.nbytes
        self._journal = journal
        self._progress = progress
        self._done = 0
        self._count(finished)
        self._before = frozenset(finished)

    def add(self, blocks: list[Block]) -> None:
        # A family that was begun before is written anew as a whole.
        new = [block for block in blocks if block not in self._before]
        if self._journal is not None:
            self._journal.add(new)
        self._count(new)

    def _count(self, blocks: Iterable[Block]) -> None:
        self._done += sum(math.prod(self._grid.shape(b)) for b in blocks) * self._itemsize
        if self._progress is not None:
            self._progress(self._done, self._total)


def _with_families(grid: BlockGrid, finished: Iterable[Block]) -> set[Block]:
    """Add all that finished blocks were made of: a block is noted only once that is stored."""
    result: set[Block] = set()
    pending = list(finished)
    while pending:
        block = pending.pop()
        if block not in result:
            result.add(block)
            if block.level:
                pending += grid.children(block)
    return result


def _check(source: Source, pyramid: Pyramid, targets: Sequence[Target]) -> None:
    planned = pyramid.levels[0].shape
    if tuple(source.shape) != planned:
        raise ExportError(f"the source has {tuple(source.shape)} voxels, the plan {planned}")
    if len(targets) != len(pyramid.levels):
        raise ExportError(f"{len(pyramid.levels)} levels are planned, {len(targets)} have a target")
    written = pyramid.dtype
    if source.dtype != written and not (source.dtype.kind == "b" and written.itemsize == 1):
        raise ExportError(f"the source has voxels of {source.dtype}, the plan of {written}")


def _with_cache(source: Source, grid: BlockGrid, pyramid: Pyramid) -> Source:
    """Give a stored source a small cache where blocks cut through its chunks."""
    cut = [
        (chunk, size)
        for chunk, size, n in zip(source.chunks, grid.sizes[0], grid.shapes[0], strict=True)
        if size < n and size % chunk
    ]
    if not cut or not isinstance(source, Cacheable):
        return source
    touched = math.prod(
        min(-(-size // chunk) + 1, -(-n // chunk)) * chunk
        for chunk, size, n in zip(source.chunks, grid.sizes[0], grid.shapes[0], strict=True)
    )
    return source.with_cache(min(2 * touched * pyramid.dtype.itemsize, _MOST_CACHE))


def _worker_count(grid: BlockGrid, pyramid: Pyramid, executor: Executor | None) -> int:
    """Return how many blocks may be under way."""
    if executor is not None:
        return 2 * int(getattr(executor, "_max_workers", os.cpu_count() or 1))
    block = math.prod(grid.sizes[0]) * pyramid.dtype.itemsize
    memory = _MEMORY if pyramid.levels[0].shards is None else _MEMORY_OF_SHARDS
    return max(1, min((os.cpu_count() or 1) + 1, memory // (_COPIES * block)))
