"""Chunks and shards where nobody says which."""

from __future__ import annotations

import math

_SIDE = 128  # voxels along each axis of a volume's chunk
_LONGEST = 1024  # of a flat image's
_VOXELS = _SIDE**3
_SHARD_BYTES = 1 << 25  # a shard is held in memory while it is written, once a level


def default_chunks(
    shape: tuple[int, ...], spatial: tuple[int, ...], grain: tuple[int, ...]
) -> tuple[int, ...]:
    """Return 128 along spatial axes, more where others are short, and 1 along all others.

    ``grain`` is what a chunk is a multiple of, so that no window lies in two chunks.
    """
    chunks = [1] * len(shape)
    for axis in spatial:
        chunks[axis] = min(_SIDE, shape[axis])
    while True:
        room = [a for a in spatial if chunks[a] < min(shape[a], _LONGEST)]
        if not room:
            break
        axis = min(reversed(room), key=lambda a: chunks[a])
        longer = min(2 * chunks[axis], shape[axis])
        if math.prod(chunks) // chunks[axis] * longer > _VOXELS:
            break
        chunks[axis] = longer
    return tuple(
        n if c == n else max(g, c // g * g) for c, n, g in zip(chunks, shape, grain, strict=True)
    )


def default_shards(
    shape: tuple[int, ...], chunks: tuple[int, ...], spatial: tuple[int, ...], itemsize: int
) -> tuple[int, ...]:
    """Return whole chunks of together at most 32 MB, about as long along all spatial axes."""
    shards = list(chunks)
    while room := [a for a in spatial if shards[a] < shape[a]]:
        axis = min(reversed(room), key=lambda a: shards[a])
        if 2 * math.prod(shards) * itemsize > _SHARD_BYTES:
            break
        shards[axis] *= 2
    return tuple(shards)
