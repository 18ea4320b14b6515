"""Reading metadata bytes and listing folders: what every storage offers, and local files.

Keys have ``/`` between their parts and are relative to the backend's base. Nothing is written.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from napari_strata.store.location import Location, zip_in

if TYPE_CHECKING:
    from napari_strata.store.remote import RemoteBackend

LARGEST_METADATA_FILE = 64 * 2**20


class ReadError(OSError):
    """A key exists, or may exist, but could not be read; ``str()`` says why."""


Many = list[bytes | ReadError | None]


@dataclass(frozen=True)
class Listing:
    """Names directly below a folder, sorted."""

    folders: tuple[str, ...]
    files: tuple[str, ...]


class Backend(Protocol):
    """One kind of storage.

    Attributes
    ----------
    absent_is_free : whether asking for what does not exist, or listing, costs no request.
    """

    absent_is_free: bool

    def read_many(self, keys: Sequence[str]) -> Many:
        """Read several files at once; None for one that does not exist."""

    def list(self, key: str) -> Listing | None:
        """List a folder; None where the storage cannot list. May raise ReadError."""

    def kvstore(self, key: str) -> dict[str, Any]:
        """Give tensorstore's key-value store specification of a folder."""

    def real_path(self, key: str) -> str:
        """Give the key with links resolved."""


class LocalBackend:
    """Files on this computer; keys are absolute paths."""

    absent_is_free = True

    def __init__(self) -> None:
        self._real: dict[str, str] = {}

    def read_many(self, keys: Sequence[str]) -> Many:
        """Read files one after the other; a disk gains nothing from more."""
        return [self._read(key) for key in keys]

    def _read(self, key: str) -> bytes | ReadError | None:
        try:
            if not stat.S_ISREG(os.stat(key).st_mode):
                return ReadError("is no file, expected one with JSON")  # a pipe would never end
            with open(key, "rb") as file:
                data = file.read(LARGEST_METADATA_FILE + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return ReadError(f"cannot be read: {error.strerror or error}")
        if len(data) > LARGEST_METADATA_FILE:
            return ReadError("is larger than 64 MiB, which no metadata file is")
        return data

    def read_tail(self, key: str, length: int) -> bytes | ReadError | None:
        """Read the last bytes of a file, all of a shorter one."""
        try:
            size = os.stat(key).st_size
        except OSError:
            size = length  # reading says what is wrong
        return self.read_spans(key, [(max(size - length, 0), size)])[0]

    def read_spans(self, key: str, spans: Sequence[tuple[int, int]]) -> Many:
        """Read parts of a file, each ``(start, stop)`` in bytes; less where it ends before."""
        results: Many = []
        try:
            with open(key, "rb") as file:
                for start, stop in spans:
                    file.seek(start)
                    results.append(file.read(stop - start))
        except (FileNotFoundError, NotADirectoryError):
            return [None] * len(spans)
        except OSError as error:
            return [ReadError(f"cannot be read: {error.strerror or error}")] * len(spans)
        return results

    def list(self, key: str) -> Listing | None:
        """List with one system call."""
        try:
            with os.scandir(key) as entries:
                pairs = sorted((e.name, _is_folder(e)) for e in entries)
        except (FileNotFoundError, NotADirectoryError):
            return Listing((), ())
        except OSError as error:
            raise ReadError(f"cannot be listed: {error.strerror or error}") from error
        folders = tuple(name for name, is_folder in pairs if is_folder)
        return Listing(folders, tuple(name for name, is_folder in pairs if not is_folder))

    def kvstore(self, key: str) -> dict[str, Any]:
        """Give the ``file`` driver's specification."""
        return {"driver": "file", "path": key.rstrip("/") + "/"}

    def file_kvstore(self, key: str) -> dict[str, Any]:
        """Give the same for a single file."""
        return {"driver": "file", "path": key}

    def real_path(self, key: str) -> str:
        """Resolve symbolic links, each folder once."""
        found = self._real.get(key)
        if found is None:
            folder, name = posixpath.split(key)
            if not name or folder in ("", "/", key) or os.path.islink(key):
                found = os.path.realpath(key).replace(os.sep, "/")
            else:
                found = posixpath.join(self.real_path(folder), name)
            self._real[key] = found
        return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def open_backend(location: Location) -> Backend:
    """Choose the backend of a location; remote ones are imported only here.

    Raises
    ------
    OpenError
        If it is, or is in, a zip file that cannot be read.
    """
    storage = _open_storage(location)
    archive = zip_in(location)
    if archive is None:
        return storage
    from napari_strata.store.zip import ZipBackend

    return ZipBackend(storage, archive, str(replace(location, path=archive)))


def _open_storage(location: Location) -> LocalBackend | RemoteBackend:
    if location.scheme == "file":
        return LocalBackend()
    from napari_strata.store.remote import RemoteBackend

    return RemoteBackend(location)
