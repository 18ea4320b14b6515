"""The command line: inspect a dataset without a viewer, or see the demo in one."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from napari_strata import dataset, report

app = typer.Typer(
    name="napari-strata",
    help="Multiscale bioimages, every level exactly where its metadata says.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

CANNOT_OPEN = 2


@app.callback()
def _commands() -> None:
    """Keep the name of a command required, however few there are."""


def _open(path: str, origin: Literal["center", "corner"]) -> dataset.Dataset:
    try:
        return dataset.open(path, origin=origin)
    except dataset.OpenError as error:
        typer.echo(f"napari-strata: {error}", err=True)
        raise typer.Exit(CANNOT_OPEN) from None


@app.command()
def inspect(
    path: Annotated[str, typer.Argument(help="A folder, metadata file, or http(s), s3, gs URL.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    origin: Annotated[
        Literal["center", "corner"],
        typer.Option(help="Where Neuroglancer-style metadata has world 0."),
    ] = "center",
) -> None:
    """Print every image: format, axes, units, levels with their transforms, and problems."""
    found = _open(path, origin)
    if as_json:
        typer.echo(json.dumps(report.as_json(found), indent=2, allow_nan=False))
        return
    from napari_strata.tables import print_dataset

    print_dataset(found)


@app.command()
def demo(
    screenshot: Annotated[
        Path | None,
        typer.Option(help="Draw, save a picture of the whole window here, and exit."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the datasets are written (default: temporary).")
    ] = None,
) -> None:
    """Write a small dataset of each format and open them in napari."""
    from napari_strata.demo import run

    problem = run(folder=folder, screenshot=screenshot)
    if problem:
        typer.echo(f"napari-strata: {problem}", err=True)
        raise typer.Exit(1)


def main(argv: list[str] | None = None) -> Any:
    """Run the command line; ``argv`` without the program's name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or pipe that is not UTF-8
            stream.reconfigure(errors="backslashreplace")
    return app(sys.argv[1:] if argv is None else argv)
