"""Reading metadata bytes and listing folders: local files and, by tensorstore, remote stores.

Keys have ``/`` between their parts and are relative to the backend's base. Nothing is written.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from napari_strata.store.location import Location

LARGEST_METADATA_FILE = 64 * 2**20


class ReadError(OSError):
    """A key exists, or may exist, but could not be read; ``str()`` says why."""


@dataclass(frozen=True)
class Listing:
    """Names directly below a folder, sorted."""

    folders: tuple[str, ...]
    files: tuple[str, ...]


class Backend(Protocol):
    """One kind of storage."""

    def read_many(self, keys: Sequence[str]) -> list[bytes | ReadError | None]:
        """Read several files at once; None for one that does not exist."""

    def list(self, key: str) -> Listing | None:
        """List a folder; None where the storage cannot list. May raise ReadError."""

    def kvstore(self, key: str) -> dict[str, Any]:
        """Give tensorstore's key-value store specification of a folder."""

    def real_path(self, key: str) -> str:
        """Give the key with links resolved."""


class LocalBackend:
    """Files on this computer; keys are absolute paths."""

    def read_many(self, keys: Sequence[str]) -> list[bytes | ReadError | None]:
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

    def real_path(self, key: str) -> str:
        """Resolve symbolic links."""
        return os.path.realpath(key).replace(os.sep, "/")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def open_backend(location: Location) -> Backend:
    """Choose the backend of a location; remote ones are imported only here."""
    if location.scheme == "file":
        return LocalBackend()
    from napari_strata.store.remote import RemoteBackend

    return RemoteBackend(location)
