"""A node of the tree that says where a number comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_strata.affine import Matrix, frozen

Rows = tuple[tuple[float, ...], ...]
Status = Literal[
    "declared", "inherited", "overridden", "repaired", "ignored", "assumed", "live", "computed"
]


@dataclass(frozen=True)
class Contribution:
    """Something that a level's place is made of, or that was read and not used.

    Attributes
    ----------
    title : what it is.
    where : the file, relative to the container's root, and the JSON key in it; may be empty.
    matrix : its rows, in the axes that the node's place in the tree gives it; not square where
        axes come or go. That of a node is the product, left to right, of those of its children
        which have one. None where it is no part of the product.
    status : ``declared`` by the image's metadata; ``inherited`` from a folder above;
        ``repaired`` and ``assumed``: declared wrongly or not at all, the note says what was
        made of it; ``overridden`` and ``ignored``: declared, but something else was used, or
        nothing of the kind; ``live``: set on the layer in napari; ``computed``: our own
        bookkeeping, such as another unit or order of axes, which moves nothing.
    note : one sentence or more, may be empty.
    children : from the world inwards, to the voxel.
    """

    title: str
    where: str = ""
    matrix: Rows | None = None
    status: Status = "computed"
    note: str = ""
    children: tuple[Contribution, ...] = ()


def rows(matrix: npt.ArrayLike) -> Rows:
    """Give a matrix as plain numbers."""
    return tuple(tuple(float(v) for v in row) for row in np.asarray(matrix, dtype=np.float64))


def product(parts: Iterable[Contribution]) -> Matrix | None:
    """Compose the matrices there are, left to right; None if there is none or they do not fit."""
    matrices = [np.array(part.matrix) for part in parts if part.matrix is not None]
    if not matrices:
        return None
    result = matrices[0]
    for matrix in matrices[1:]:
        if result.shape[1] != matrix.shape[0]:
            return None
        result = result @ matrix
    return frozen(result)


def group(
    title: str,
    parts: Sequence[Contribution],
    *,
    where: str = "",
    status: Status = "computed",
    note: str = "",
) -> Contribution:
    """Make a node of its children."""
    matrix = product(parts)
    own = None if matrix is None else rows(matrix)
    return Contribution(title, where, own, status, note, tuple(parts))
