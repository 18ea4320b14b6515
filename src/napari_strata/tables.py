"""A dataset, or what is wrong with one, as readable text in the terminal."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from napari_strata.affine import Vector
from napari_strata.check import Finding, Report
from napari_strata.dataset import Dataset, Geometry, Image
from napari_strata.model import Problem

_NARROWEST = 140  # a number that is cut off is worse than a line that wraps
_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


def print_dataset(found: Dataset) -> None:
    """Print every image and geometry as a table of its levels, then the problems."""
    console = _console()
    counts = [f"{len(found.images)} image(s)"] if found.images or not found.geometries else []
    if found.geometries:
        counts.append(f"{len(found.geometries)} geometries")
    console.print(f"[bold]{escape(found.path)}[/bold]: {', '.join(counts)}")
    for image in found.images:
        console.print()
        _print_image(console, image)
    for geometry in found.geometries:
        console.print()
        _print_geometry(console, geometry)
    if found.problems:
        console.print()
        _print_problems(console, found.problems)


def print_report(report: Report) -> None:
    """Print what was found, group by group, then the summary.

    A table in a terminal; one line a finding where the text goes elsewhere.
    """
    console = _console()
    console.print(f"[bold]{_shown(report.path)}[/bold]")
    for (group, name), findings in groupby(report.findings, key=lambda f: (f.group, f.format)):
        console.print()
        title = f"[bold cyan]{_shown(group or '.')}[/bold cyan]  {name}".rstrip()
        console.print(title)
        if console.is_terminal:
            console.print(_table(list(findings)))
            continue
        for finding in findings:
            rule = f"  \\[{_shown(finding.rule)}]" if finding.rule else ""
            console.print(f"{_headline(finding.problem)}: {_shown(finding.problem.message)}{rule}")
    console.print()
    console.print(report.summary)


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in ("", "code", "where", "found", "rule"):
        table.add_column(header, overflow="fold")
    for finding in findings:
        problem = finding.problem
        table.add_row(
            f"[{_STYLES[problem.severity]}]{problem.severity}[/]",
            problem.code,
            _shown(problem.where),
            _shown(problem.message),
            _shown(finding.rule),
        )
    return table


def _headline(problem: Problem) -> str:
    style = _STYLES[problem.severity]
    return f"[{style}]{problem.severity}[/{style}] {problem.code} {_shown(problem.where)}"


def _shown(text: str) -> str:
    """Make text of a file safe for the terminal."""
    return escape("".join(c if c.isprintable() else repr(c)[1:-1] for c in text))


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=True)
    console.width = max(console.width, _NARROWEST)
    return console


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


def _print_geometry(console: Console, geometry: Geometry) -> None:
    axes = ", ".join(f"{a.name} ({a.unit or 'voxel'})" for a in geometry.axes)
    kind = geometry.model.stored_kind.replace("_", " ")
    title = f"[bold cyan]{escape(geometry.path or '.')}[/bold cyan]  {geometry.format}, "
    console.print(f"{title}{escape(kind)}  axes {escape(axes)}")
    if geometry.segments is not None:
        console.print(f"{len(geometry.segments)} segments, each a mesh of its own")
    if geometry.levels:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for header in ("level", "vertices", "from", "to", "space", "why"):
            table.add_column(header, overflow="fold")
        for level in geometry.levels:
            bounds = level.bounds
            table.add_row(
                escape(level.path or "."),
                "not declared" if level.vertex_count is None else f"{level.vertex_count:,}",
                "" if bounds is None else _numbers(bounds[0]),
                "" if bounds is None else _numbers(bounds[1]),
                level.space,
                escape(level.decision.reason),
            )
        console.print(table)
    _print_problems(console, geometry.problems)


def _numbers(values: Vector | None) -> str:
    return "see affine" if values is None else ", ".join(f"{v:.9g}" for v in values)


def _print_problems(console: Console, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        style = _STYLES[problem.severity]
        console.print(f"[{style}]{problem.severity}[/{style}] {escape(str(problem))}")
