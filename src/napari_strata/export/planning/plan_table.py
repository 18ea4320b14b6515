"""A plan as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from napari_strata.export.planning.export_plan import ExportPlan, PlannedImage
from napari_strata.export.planning.plan_text import bytes_text, place_text, shape_text
from napari_strata.model import Problem

_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


def print_plan(console: Console, plan: ExportPlan, name: str) -> None:
    """Print every image's levels with their places and sizes, then what is lost.

    ``name`` is that of the format.
    """
    for image in plan.images:
        _print_image(console, image)
    console.print(f"{name}: {bytes_text(plan.nbytes)} before compression with {plan.codec.name}")
    print_problems(console, plan.losses)


def print_problems(console: Console, problems: Iterable[Problem]) -> None:
    """Print problems one a line."""
    for problem in problems:
        style = _STYLES[problem.severity]
        console.print(f"[{style}]{problem.severity}[/{style}] {escape(str(problem))}")


def _print_image(console: Console, image: PlannedImage) -> None:
    written = image.written
    axes = ", ".join(f"{axis.name} ({axis.unit or 'voxel'})" for axis in written.axes)
    name = escape(written.path or ".")
    console.print(f"[bold cyan]{name}[/bold cyan]  {written.kind}, axes {escape(axes)}")
    table = Table(box=None, pad_edge=False, header_style="dim")
    headers = ("level", "shape", "dtype", "chunks", "shards", "scale", "translate", "size")
    for header in headers:
        table.add_column(header, overflow="fold")
    for path, level in zip(written.levels, image.levels, strict=True):
        table.add_row(
            escape(path.path),
            shape_text(level.shape),
            level.dtype.name,
            shape_text(level.chunks),
            shape_text(level.shards),
            *place_text(level),
            bytes_text(level.nbytes),
        )
    console.print(table)
    for path, level in zip(written.levels, image.levels, strict=True):
        if place_text(level)[0] == "see affine":
            matrix = np.array2string(level.affine, precision=6, suppress_small=True)
            console.print(f"affine of {escape(path.path)}:\n{matrix}")
