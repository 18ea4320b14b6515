"""The commands that change or write metadata of data on disk, and never a chunk."""

from __future__ import annotations

from collections.abc import Sized
from typing import Annotated, Literal

import typer

app = typer.Typer(
    help="Change or regenerate the metadata of data on disk, without copying a chunk.",
    no_args_is_help=True,
)

CANNOT = 2

PathArgument = Annotated[str, typer.Argument(help="A folder with an image, or one of its levels.")]
ImageOption = Annotated[
    str | None, typer.Option(help="Which image, by path or name, where there are several.")
]
WriteOption = Annotated[
    bool, typer.Option("--write", help="Write it; else only the difference is shown.")
]


@app.command()
def edit(
    path: PathArgument,
    scale: Annotated[
        str | None, typer.Option(help="Voxel size, such as z=4,y=1.5,x=1.5 (some axes or all).")
    ] = None,
    translate: Annotated[
        str | None, typer.Option(help="Centre of voxel 0 in world, such as z=100,x=-3.5.")
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(help="Unit of all axes of space, or t=s,z=nm; numbers stay. none: no unit."),
    ] = None,
    axes: Annotated[
        str | None, typer.Option(help="New names of all axes in array order, such as z,y,x.")
    ] = None,
    level: Annotated[
        int, typer.Option(help="The level whose numbers are given, 0 the finest.")
    ] = 0,
    image: ImageOption = None,
    multiscale: Annotated[
        str | None, typer.Option(help="Which multiscale, by name, of an OME-Zarr group of several.")
    ] = None,
    labels: Annotated[
        bool, typer.Option(help="Move the image's labels with it (OME-Zarr).")
    ] = True,
    write: WriteOption = False,
) -> None:
    """Declare another scale, origin, unit or other axis names; all levels move alike."""
    from napari_strata.export.metadata.edit import edit_metadata

    def plan() -> object:
        return edit_metadata(
            path,
            image=image,
            scale=_numbers(scale, "--scale"),
            translate=_numbers(translate, "--translate"),
            unit=_units(unit),
            axes=None if axes is None else [name.strip() for name in axes.split(",")],
            level=level,
            labels=labels,
            multiscale=multiscale,
        )

    _show_or_write(plan, write)


@app.command()
def regenerate(
    path: PathArgument,
    source: Annotated[
        Literal["arrays", "group"],
        typer.Option("--from", help="Which side is right: the arrays' metadata or the group's."),
    ],
    image: ImageOption = None,
    write: WriteOption = False,
) -> None:
    """Write COSEM's and Neuroglancer's metadata of a group from its arrays', or the other way.

    Of a ZVF store, the multiscales block is written afresh from its level groups (--from arrays).
    """
    from napari_strata.export.metadata.regenerate import regenerate_metadata

    _show_or_write(lambda: regenerate_metadata(path, source=source, image=image), write)


@app.command("ome-over-n5")
def ome_over_n5(path: PathArgument, image: ImageOption = None, write: WriteOption = False) -> None:
    """Write OME-Zarr 0.5 metadata beside N5's, over the same blocks; the N5 stays as it is."""
    from napari_strata.export.metadata.ome_over_n5 import ome_over_n5 as plan

    _show_or_write(lambda: plan(path, image=image), write)


@app.command()
def restore(
    path: PathArgument,
    backup: Annotated[
        str | None, typer.Option(help="The backup's name, a time; else the last change's.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also where a file was changed by others since.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the backups there are.")] = False,
) -> None:
    """Bring back metadata files as they were before a change, also one that was interrupted."""
    from pathlib import Path

    from napari_strata.export.errors import ExportError
    from napari_strata.export.metadata import backup as metadata_backup
    from napari_strata.export.metadata.files import local_container
    from napari_strata.model import OpenError

    try:
        root = Path(local_container(path).tree.root)
        if listed:
            for found in metadata_backup.backups(root):
                typer.echo(f"{found.folder.name}  {found.state:9} {_files(found.files)}")
            return
        done = metadata_backup.restore(root, backup, force=force)
    except (ExportError, OpenError) as error:
        raise _refused(error) from None
    typer.echo(f"As before {done.folder.name}: {_files(done.files)}")


def _show_or_write(plan: object, write: bool) -> None:
    """Show notes and the difference; write it if that was asked."""
    from napari_strata.export.errors import ExportError
    from napari_strata.model import OpenError

    try:
        change = plan()  # type: ignore[operator]
        for note in change.notes:
            typer.echo(f"{note.severity} {note}", err=True)
        typer.echo(change.diff(), nl=False)
        if not change:
            typer.echo("Nothing changes.")
        elif write:
            typer.echo(f"Written: {_files(change.files)}; as before: {change.write()}")
        else:
            typer.echo(f"{_files(change.files)} would change; --write writes it.")
    except (ExportError, OpenError) as error:
        raise _refused(error) from None


def _files(files: Sized) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"


def _refused(error: Exception) -> typer.Exit:
    typer.echo(f"napari-strata: {error}", err=True)
    return typer.Exit(CANNOT)


def _pairs(text: str, option: str) -> dict[str, str]:
    found = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or name.strip() in found:
            raise typer.BadParameter(f"found {part!r}, expected axis=value", param_hint=option)
        found[name.strip()] = value.strip()
    return found


def _numbers(text: str | None, option: str) -> dict[str, float] | None:
    if text is None:
        return None
    found = {}
    for name, value in _pairs(text, option).items():
        try:
            found[name] = float(value)
        except ValueError:
            raise typer.BadParameter(
                f"found {value!r} for {name}, expected a number", param_hint=option
            ) from None
    return found


def _units(text: str | None) -> str | dict[str, str | None] | None:
    if text is None:
        return ""
    if "=" not in text:
        return _unit(text)
    return {name: _unit(value) for name, value in _pairs(text, "--unit").items()}


def _unit(text: str) -> str | None:
    from napari_strata.units import is_unitless

    return None if is_unitless(text) else text
