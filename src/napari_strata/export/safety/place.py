"""Where an export may go: real paths, and what is refused before anything is written."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from napari_strata.export.errors import ExportError
from napari_strata.export.safety.replaceable import first_foreign, is_dataset, is_image_or_array
from napari_strata.formats.annotations_beside import MANIFEST, SUFFIX
from napari_strata.model import Problem
from napari_strata.store.location import CONTAINER_SUFFIXES, is_url

_ROOM = 1.02  # metadata and the ends of files take some more than the voxels


class TargetExists(ExportError, FileExistsError):
    """Something is where the export is to go; it is left as it is."""


def local_target(path: str | os.PathLike[str]) -> Path:
    """Return the real path of a target on this computer; links are followed.

    Raises
    ------
    ExportError : the path names no folder that could be made: it is empty, a URL or a drive, its
        parent is missing or cannot be written to.
    """
    text = os.fspath(path)
    if not isinstance(text, str) or "\0" in text or not text.strip() or is_url(text):
        raise ExportError(f"{text!r} is no path of a folder on this computer")
    try:
        target = Path(os.path.realpath(os.path.expanduser(text)))
    except OSError as error:
        raise ExportError(f"{text}: {error.strerror}") from error
    parent = target.parent
    if target == parent:
        raise ExportError(f"{target} is a whole drive, expected a folder in one")
    if not parent.is_dir():
        raise ExportError(f"there is no folder {parent} to write {target.name} into")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ExportError(f"the folder {parent} cannot be written to")
    return target


def check_target(
    target: Path,
    *,
    sources: Iterable[str | os.PathLike[str]] = (),
    replace: bool = False,
    may_replace: Callable[[Path], None] | None = None,
) -> None:
    """Refuse a target that would harm its source, or anything else that is there.

    Parameters
    ----------
    target : real path, see `local_target`.
    sources : folders and files that are read, as they are called; links are followed.
    replace : whether a dataset that is there may be replaced.
    may_replace : refuses what is there by raising; by default all but a Zarr or N5 dataset
        without foreign files.

    Raises
    ------
    TargetExists : something is there, and replacing was not asked for, or it must not be
        replaced.
    ExportError : the target is inside a source, or a source inside the target.
    """
    check_apart(target, sources)
    inside = next((folder for folder in target.parents if _is_whole(folder)), None)
    if inside is not None:
        raise ExportError(f"{target} is inside the dataset {inside}; choose a folder beside it")
    if not os.path.lexists(target):
        return
    if not replace:
        raise TargetExists(f"{target} is there already; it is only replaced if that is asked for")
    (may_replace or _check_replaceable)(target)


class TargetCheck:
    """Refuses the target by raising; listing what is there takes long where that is large."""

    def __init__(self, target: Path, origins: Sequence[str], replace: bool) -> None:
        self._target, self._origins, self._replace = target, origins, replace
        self._was_just_made = False

    def ahead(self) -> None:
        """Check before the first step, which then need not."""
        self()
        self._was_just_made = True

    def __call__(self) -> None:
        """Check, unless that was just done."""
        if self._was_just_made:
            self._was_just_made = False
            return
        check_target(self._target, sources=self._origins, replace=self._replace)


def check_name(path: str | os.PathLike[str], format: str) -> None:
    """Refuse a target that is called as the other kind of store: readers go by the suffix.

    Raises
    ------
    ExportError : it ends in ``.n5`` and is to be Zarr, or the other way round.
    """
    name = os.fspath(path).rstrip("/\\")
    expected, other = (".n5", ".zarr") if format == "cosem" else (".zarr", ".n5")
    if name.endswith(other):
        raise ExportError(
            f"{name}: found a name that ends in {other}, expected {expected}, as {format} is "
            f"written; choose another name or format"
        )


def check_apart(target: Path, sources: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse a target inside a source, and a source inside the target; links are followed.

    Raises
    ------
    ExportError : they are in each other.
    """
    for source in sources:
        _check_apart(target, source)


def missing_room(target: Path, nbytes: int) -> Problem | None:
    """Say so where a disk may be too small for what is written; voxels compress, so it may fit."""
    free = shutil.disk_usage(target.parent).free
    if nbytes * _ROOM <= free:
        return None
    message = f"{nbytes / 1e9:.1f} GB are written before compression, {free / 1e9:.1f} GB are free"
    return Problem("little-room", "warning", str(target.parent), message)


def roots_of(array: str | os.PathLike[str]) -> Iterator[str]:
    """Give an array's folder, and all folders above that are groups or containers."""
    folder = Path(os.path.abspath(array))
    yield str(folder)
    for above in folder.parents:
        if above.name.endswith(CONTAINER_SUFFIXES) or is_dataset(above):
            yield str(above)


def _check_apart(target: Path, source: str | os.PathLike[str]) -> None:
    # A link may lie in the target while what it leads to does not, and the other way round.
    for name in dict.fromkeys((os.path.abspath(source), os.path.realpath(source))):
        if _is_within(target, Path(name)):
            raise ExportError(
                f"{target} is inside {source}, which is exported; choose a folder outside of it"
            )
        if _is_within(Path(name), target):
            raise ExportError(
                f"{source}, which is exported, is inside {target}; it would be lost if that were "
                "replaced"
            )


def _is_whole(folder: Path) -> bool:
    """Tell whether nothing foreign belongs into a folder: an image, an array, annotations."""
    is_annotations = folder.name.endswith(SUFFIX) and (folder / MANIFEST).is_file()
    return is_annotations or is_image_or_array(folder)


def _is_within(path: Path, folder: Path) -> bool:
    """Tell whether a path is a folder or below it, whatever both are called."""
    if not os.path.lexists(folder):
        return False
    return any(_same(part, folder) for part in (path, *path.parents))


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:  # one of them is not there yet
        return one == other


def _check_replaceable(target: Path) -> None:
    if not stat.S_ISDIR(os.lstat(target).st_mode) or not is_dataset(target):
        raise TargetExists(f"{target} is there and is no Zarr or N5 dataset; it is not replaced")
    if os.path.ismount(target):
        raise TargetExists(f"{target} is a drive of its own, which cannot be replaced")
    foreign = first_foreign(target)
    if foreign is not None:
        raise TargetExists(
            f"{target} holds {foreign.relative_to(target)}, which is no part of a dataset; "
            "it is not replaced"
        )
