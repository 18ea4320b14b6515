"""Listing one folder of a key-value store that is known by its specification alone."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Mapping
from typing import Any

from napari_strata.store import listing
from napari_strata.store.backend import Listing, ReadError


def names_in(spec: Mapping[str, Any], kvstore: Any, key: str) -> tuple[str, ...] | None:
    """List the names directly below a folder, sorted; None where the storage does not list.

    Parameters
    ----------
    spec : of the store's own folder.
    kvstore : the same, opened.
    key : the folder, relative to the store's.

    Raises
    ------
    ReadError
        If listing fails.
    """
    driver = spec.get("driver")
    if driver == "file":
        return _local(os.path.join(spec["path"], key))
    if driver not in ("http", "s3", "gcs"):
        return _all_below(kvstore, key)  # a zip's directory has been read already
    path = f"{spec.get('path', '').strip('/')}/{key}"
    found = _remote(spec, driver, path)
    return None if found is None else tuple(sorted({*found.folders, *found.files}))


def _local(folder: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(os.listdir(folder)))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise ReadError(f"cannot be listed: {error.strerror or error}") from error


def _all_below(kvstore: Any, key: str) -> tuple[str, ...]:
    import tensorstore as ts

    inner = key.strip("/")
    first = f"{inner}/" if inner else ""
    below = ts.KvStore.KeyRange(first, inner + chr(ord("/") + 1)) if inner else None
    found = kvstore.list(below).result()
    names = {bytes(name).decode().removeprefix(first).partition("/")[0] for name in found}
    return tuple(sorted(names))


def _remote(spec: Mapping[str, Any], driver: str, path: str) -> Listing | None:
    if driver == "http":
        parts = urllib.parse.urlsplit(spec["base_url"])
        user, _, host = parts.netloc.rpartition("@")
        base = urllib.parse.urlunsplit((parts.scheme, host, parts.path, "", "")).rstrip("/")
        return listing.list_web_folder(base, parts.query, user, path)
    if driver == "gcs":
        return listing.list_gcs_folder(spec["bucket"], path)
    where = spec["bucket"], path, spec.get("endpoint"), spec.get("aws_region")
    found = listing.list_s3_folder(*where)
    login = spec.get("context", {}).get("aws_credentials", {})
    if found is None and login.get("type") in ("default", "profile"):
        return listing.list_s3_folder_signed(*where, login.get("profile", ""))
    return found
