"""The command line: inspect, check or convert a dataset, or see the demo in a viewer."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from napari_strata import dataset, report
from napari_strata.cli_metadata import app as metadata_app

app = typer.Typer(
    name="napari-strata",
    help="Multiscale bioimages, every level exactly where its metadata says.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(metadata_app, name="metadata")

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
ProfileOption = Annotated[
    str | None, typer.Option(help="Name of the AWS profile that S3 is read by.")
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
    profile: ProfileOption = None,
) -> None:
    """Print every image and geometry: axes, units, levels with their transforms, problems."""
    try:
        found = dataset.open(
            path, origin=origin, orientation=orientation, vertices=vertices, profile=profile or None
        )
    except dataset.OpenError as error:
        raise _refuse(error) from None
    if as_json:
        _print_json(report.as_json(found))
        return
    from napari_strata.tables import print_dataset

    print_dataset(found)


@app.command()
def check(
    path: PathArgument,
    as_json: JsonOption = False,
    origin: OriginOption = "center",
    profile: ProfileOption = None,
) -> None:
    """Print what is wrong with the metadata: where, how bad, and by which rule.

    Ends with 0 if there is no error, 1 if there is one, 2 if there is nothing to check.
    """
    from napari_strata.check import check as check_metadata

    try:
        found = check_metadata(path, origin=origin, profile=profile or None)
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
def convert(
    source: Annotated[str, typer.Argument(metavar="SRC", help="What `inspect` reads.")],
    target: Annotated[
        str, typer.Argument(metavar="DST", help="A folder that is made, or one in s3:// or gs://.")
    ],
    image: Annotated[
        list[str] | None,
        typer.Option(
            help="Path of an image in SRC; several times for several. Needed if there are several."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All images, labels and annotations of SRC.")
    ] = False,
    box: Annotated[
        str | None, typer.Option(help="Only this, in the axes' units: z=0:10.5,y=-3:20.")
    ] = None,
    voxels: Annotated[
        str | None, typer.Option(help="Only these voxels of level 0: z=0:64,y=:512.")
    ] = None,
    times: Annotated[str | None, typer.Option(help="Only these time points: 0:10.")] = None,
    first_level: Annotated[
        int | None, typer.Option(help="The level of SRC that becomes level 0.")
    ] = None,
    levels: Annotated[int | None, typer.Option(help="How many levels are written.")] = None,
    factors: Annotated[
        str | None,
        typer.Option(help="Voxels that become one: 2,2,2 or z=1,y=2,x=2; with ; between levels."),
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="mean, median, mode, nearest, stride, min or max.")
    ] = None,
    chunks: Annotated[
        str | None, typer.Option(help="Voxels that are compressed as one: 128,128,128.")
    ] = None,
    shards: Annotated[
        str | None, typer.Option(help="Voxels that are one file: 512,512,512; or auto.")
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(help="blosc, zstd, gzip, with a level if wanted (zstd:3); or none."),
    ] = None,
    output_format: Annotated[
        str, typer.Option("--format", help="What is written: ome-zarr, or cosem (N5).")
    ] = "ome-zarr",
    version: Annotated[str | None, typer.Option(help="Of OME-Zarr: 0.4, 0.5 or 0.6.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a dataset at DST, once the new one is whole.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what was broken off.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Discard what was broken off, and begin anew.")
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler, whose workers see SRC and DST under the same paths; "
            "or `threads`: this computer alone, whatever cluster is in use."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be written, write nothing.")
    ] = False,
    origin: OriginOption = "center",
    orientation: OrientationOption = "image",
    profile: Annotated[
        str | None,
        typer.Option(help="Name of the AWS profile that SRC is read by, if it is in S3."),
    ] = None,
) -> None:
    """Write images of a dataset as OME-Zarr or N5, with metadata made afresh.

    Ends with 0 if it is written and checked, 1 if it failed or was stopped (DST is as it was
    before; --resume goes on), 2 if it was refused before anything was written.
    """
    from napari_strata.export.convert import ConvertError, chosen, convert_images, plan_only
    from napari_strata.export.errors import ExportError
    from napari_strata.export.images import How
    from napari_strata.export.planning.options import Options
    from napari_strata.export.planning.options_text import options

    said = {
        "box": box, "voxels": voxels, "times": times, "first_level": first_level,
        "levels": levels, "factors": factors, "method": method, "chunks": chunks,
        "shards": shards, "codec": codec, "version": version,
    }  # fmt: skip
    try:
        wishes = Options(**options(said))
        found = dataset.open(
            source, origin=origin, orientation=orientation, profile=profile or None
        )
        images = chosen(found, image or (), everything=everything)
        if dry_run:
            plan_only(images, target, output_format, wishes)
            return
        how = How(replace=replace, resume=resume, restart=restart, scheduler=scheduler)
        convert_images(images, target, output_format, wishes, how)
    except dataset.OpenError as error:
        raise _refuse(error) from None
    except ExportError as error:
        typer.echo(f"napari-strata: {error}", err=True)
        raise typer.Exit(CANNOT_OPEN) from None
    except ConvertError as error:
        typer.echo(f"napari-strata: {error}", err=True)
        raise typer.Exit(error.code) from None


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
