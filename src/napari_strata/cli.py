"""The command line: inspect or check a dataset without a viewer, or see the demo in one."""

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

HAS_ERRORS = 1
CANNOT_OPEN = 2

Origin = Literal["center", "corner"]
PathArgument = Annotated[
    str, typer.Argument(help="A folder, metadata file, or http(s), s3, gs URL.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
OriginOption = Annotated[
    Origin, typer.Option(help="Where Neuroglancer-style metadata has world 0.")
]


Orientation = Literal["image", "stage"]
OrientationOption = Annotated[
    Orientation, typer.Option(help="The axes VISoR's stacks are shown in.")
]
Vertices = Literal["world", "declared"]
VerticesOption = Annotated[
    Vertices | None,
    typer.Option(help="Take ZVF's vertices as world coordinates, or as the store declares."),
]


@app.callback()
def _commands() -> None:
    """Keep the name of a command required, however few there are."""


def _refuse(error: dataset.OpenError) -> typer.Exit:
    typer.echo(f"napari-strata: {error}", err=True)
    return typer.Exit(CANNOT_OPEN)


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


@app.command()
def inspect(
    path: PathArgument,
    as_json: JsonOption = False,
    origin: OriginOption = "center",
    orientation: OrientationOption = "image",
    vertices: VerticesOption = None,
) -> None:
    """Print every image and geometry: axes, units, levels with their transforms, problems."""
    try:
        found = dataset.open(path, origin=origin, orientation=orientation, vertices=vertices)
    except dataset.OpenError as error:
        raise _refuse(error) from None
    if as_json:
        _print_json(report.as_json(found))
        return
    from napari_strata.tables import print_dataset

    print_dataset(found)


@app.command()
def check(path: PathArgument, as_json: JsonOption = False, origin: OriginOption = "center") -> None:
    """Print what is wrong with the metadata: where, how bad, and by which rule.

    Ends with 0 if there is no error, 1 if there is one, 2 if there is nothing to check.
    """
    from napari_strata.check import check as check_metadata

    try:
        found = check_metadata(path, origin=origin)
    except dataset.OpenError as error:
        raise _refuse(error) from None
    if as_json:
        _print_json(found.as_json())
    else:
        from napari_strata.tables import print_report

        print_report(found)
    if found.count("error"):
        raise typer.Exit(HAS_ERRORS)


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
