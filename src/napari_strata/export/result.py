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
    path : the store; a URL where it is in a bucket.
    format : what it is, as `napari_strata.open` calls it.
    levels : how many vertices each of its levels has, finest first; of images there are none.
    problems : what is not in it, and what was assumed.
    images : paths of the images and labels in it, relative to ``path``.
    annotations : the folder beside it with the annotations; None if there are none.
    """

    path: Path | str
    format: str
    levels: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    images: tuple[str, ...] = ()
    annotations: Path | None = None
