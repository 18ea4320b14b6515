"""Every level cut into blocks, so that one block is made of whole blocks of the level above.

A block is written by one worker at once. So it holds whole chunks, or whole shards, and no
window of the next level lies in two of them. Blocks make a tree: the children of a block are the
blocks of the level above that it is reduced from.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from napari_strata.export.pixels.pyramid import LevelPlan, Pyramid

_LEAST_BYTES = 1 << 21  # below, a block costs more in calls than in work
_MOST_BYTES = 1 << 25  # a block grows up to this where it spares reading a chunk twice

Index = tuple[int, ...]
Slices = tuple[slice, ...]


@dataclass(frozen=True)
class Block:
    """A block by level (0 is the finest) and place in the grid of the level's blocks."""

    level: int
    index: Index


@dataclass(frozen=True)
class BlockGrid:
    """The blocks of all levels.

    Attributes
    ----------
    shapes, sizes, counts : by level: voxels, voxels of a block, and number of blocks along each
        axis.
    factors : by level, against the level above.
    """

    shapes: tuple[tuple[int, ...], ...]
    sizes: tuple[tuple[int, ...], ...]
    factors: tuple[tuple[int, ...], ...]

    @property
    def counts(self) -> tuple[tuple[int, ...], ...]:
        """How many blocks each level has along each axis."""
        return tuple(
            tuple(-(-n // b) for n, b in zip(shape, size, strict=True))
            for shape, size in zip(self.shapes, self.sizes, strict=True)
        )

    @property
    def coarsest(self) -> int:
        """Index of the last level."""
        return len(self.shapes) - 1

    def region(self, block: Block) -> Slices:
        """Return the voxels of a block in its level."""
        return tuple(
            slice(i * b, min((i + 1) * b, n))
            for i, b, n in zip(
                block.index, self.sizes[block.level], self.shapes[block.level], strict=True
            )
        )

    def shape(self, block: Block) -> tuple[int, ...]:
        """Return a block's number of voxels along each axis."""
        return tuple(s.stop - s.start for s in self.region(block))

    def children(self, block: Block) -> list[Block]:
        """Return the blocks of the level above that it is reduced from, in array order."""
        level = block.level - 1
        ranges = []
        for axis, (place, factor) in enumerate(
            zip(self.region(block), self.factors[block.level], strict=True)
        ):
            size = self.sizes[level][axis]
            stop = min(place.stop * factor, self.shapes[level][axis])
            ranges.append(range(place.start * factor // size, -(-stop // size)))
        return [Block(level, index) for index in itertools.product(*ranges)]

    def parent(self, block: Block) -> Block:
        """Return the block of the next level that a block becomes a part of."""
        level = block.level + 1
        return Block(
            level,
            tuple(
                i * b // (f * p)
                for i, b, f, p in zip(
                    block.index,
                    self.sizes[block.level],
                    self.factors[level],
                    self.sizes[level],
                    strict=True,
                )
            ),
        )

    def place(self, child: Block, parent: Block) -> Slices:
        """Return where a reduced block belongs in the next level's block."""
        first = self.region(parent)
        return tuple(
            slice(c.start // f - p.start, -(-c.stop // f) - p.start)
            for c, f, p in zip(self.region(child), self.factors[parent.level], first, strict=True)
        )

    def of_level(self, level: int) -> Iterator[Block]:
        """Give the blocks of a level, those near each other soon after each other."""
        for root in self.roots():
            yield from self._below(root, level)

    def roots(self) -> Iterator[Block]:
        """Give the blocks of the coarsest level."""
        last = self.coarsest
        for index in itertools.product(*(range(n) for n in self.counts[last])):
            yield Block(last, index)

    def _below(self, block: Block, level: int) -> Iterator[Block]:
        if block.level == level:
            yield block
            return
        for child in self.children(block):
            yield from self._below(child, level)


def block_grid(pyramid: Pyramid, source_chunks: tuple[int, ...]) -> BlockGrid:
    """Cut the levels into blocks.

    Blocks of level 0 also hold whole chunks of the source, as far as memory allows, so that none
    is read twice.
    """
    plans = pyramid.levels
    sizes: list[tuple[int, ...]] = []
    for level, plan in enumerate(plans):
        steps = plans[level + 1].factors if level + 1 < len(plans) else (1,) * len(plan.shape)
        above = sizes[-1] if sizes else None
        size = _smallest(plan, steps, above, plans[level - 1].shape)
        if level == 0:
            size = _grown(plan, _aligned(plan, size, source_chunks))
        sizes.append(size)
    return BlockGrid(
        tuple(plan.shape for plan in plans), tuple(sizes), tuple(plan.factors for plan in plans)
    )


def _smallest(
    plan: LevelPlan,
    steps: tuple[int, ...],
    above: tuple[int, ...] | None,
    shape_above: tuple[int, ...],
) -> tuple[int, ...]:
    """Return the smallest block of whole units, whole windows and whole blocks above."""
    size = []
    for axis, (n, unit, step) in enumerate(zip(plan.shape, plan.unit, steps, strict=True)):
        multiple = math.lcm(unit, step) if unit < n else n
        if above is not None:
            whole = above[axis] >= shape_above[axis]
            part = above[axis] // math.gcd(above[axis], plan.factors[axis])
            multiple = n if whole else math.lcm(multiple, part)
        size.append(min(multiple, n))
    return tuple(size)


def _aligned(
    plan: LevelPlan, size: tuple[int, ...], source_chunks: tuple[int, ...]
) -> tuple[int, ...]:
    """Grow a block to whole chunks of the source, the axes where that takes least first."""
    whole = [
        min(math.lcm(b, c), n) if c < n else n
        for b, c, n in zip(size, source_chunks, plan.shape, strict=True)
    ]
    result = list(size)
    for axis in sorted(range(len(size)), key=lambda a: whole[a] / size[a]):
        grown = [*result[:axis], whole[axis], *result[axis + 1 :]]
        if math.prod(grown) * plan.dtype.itemsize <= _MOST_BYTES:
            result = grown
    return tuple(result)


def _grown(plan: LevelPlan, size: tuple[int, ...]) -> tuple[int, ...]:
    """Double a small block along its last axes, until it is worth a worker's while."""
    result = list(size)
    axis = len(result) - 1
    while axis >= 0 and 2 * math.prod(result) * plan.dtype.itemsize <= _LEAST_BYTES:
        if result[axis] >= plan.shape[axis]:
            axis -= 1
            continue
        result[axis] = min(2 * result[axis], plan.shape[axis])
    return tuple(result)
