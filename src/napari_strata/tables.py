"""A dataset as readable text in the terminal."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from napari_strata.affine import Vector
from napari_strata.dataset import Dataset, Image
from napari_strata.model import Problem

_NARROWEST = 140  # a number that is cut off is worse than a line that wraps
_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


def print_dataset(found: Dataset) -> None:
    """Print every image as a table of its levels, then the problems."""
    console = Console(highlight=False, soft_wrap=True)
    console.width = max(console.width, _NARROWEST)
    console.print(f"[bold]{escape(found.path)}[/bold]: {len(found.images)} image(s)")
    for image in found.images:
        console.print()
        _print_image(console, image)
    if found.problems:
        console.print()
        _print_problems(console, found.problems)


def _print_image(console: Console, image: Image) -> None:
    axes = ", ".join(f"{a.name} ({a.unit or 'voxel'})" for a in image.axes)
    title = f"[bold cyan]{escape(image.path or '.')}[/bold cyan]  {image.format}, {image.kind}"
    console.print(f"{title}  axes {escape(axes)}")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in ("level", "shape", "dtype", "chunks", "scale", "translate"):
        table.add_column(header, overflow="fold")
    for level in image.levels:
        table.add_row(
            escape(level.path or "."),
            " × ".join(str(n) for n in level.shape),
            str(level.dtype),
            " × ".join(str(n) for n in level.chunks),
            _numbers(level.scale),
            _numbers(level.translate),
        )
    console.print(table)
    for level in image.levels:
        if level.scale is None:
            matrix = np.array2string(level.affine, precision=6, suppress_small=True)
            console.print(f"affine of {escape(level.path or '.')}:\n{matrix}")
    _print_problems(console, image.problems)


def _numbers(values: Vector | None) -> str:
    return "see affine" if values is None else ", ".join(f"{v:.9g}" for v in values)


def _print_problems(console: Console, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        style = _STYLES[problem.severity]
        console.print(f"[{style}]{problem.severity}[/{style}] {escape(str(problem))}")
