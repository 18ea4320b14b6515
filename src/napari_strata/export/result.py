"""What an export says of itself when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_strata.model import Problem


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path : the store.
    format : what it is, as `napari_strata.open` calls it.
    levels : how many vertices each of its levels has, finest first.
    problems : what is not in it, and what was assumed.
    """

    path: Path
    format: str
    levels: tuple[int, ...]
    problems: tuple[Problem, ...] = ()
