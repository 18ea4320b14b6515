"""Where a dataset lies: a path or URL, taken apart."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from napari_strata.model import OpenError, Problem

Scheme = Literal["file", "http", "s3", "gs"]

ZIP_SUFFIXES = (".ozx", ".zip")  # in any case
CONTAINER_SUFFIXES = (".n5", ".zarr", ".zarrvectors", ".precomputed", ".vsr")
METADATA_FILES = ("attributes.json", "zarr.json", ".zattrs", ".zgroup", ".zarray", "info")

_REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9])"
_S3_VIRTUAL_HOST = re.compile(rf"^(?P<bucket>.+)\.s3(?:[.-]{_REGION})?\.amazonaws\.com$")
_S3_PATH_HOST = re.compile(rf"^s3(?:[.-]{_REGION})?\.amazonaws\.com$")
_GCS_HOST = "storage.googleapis.com"
# How Neuroglancer writes the address of a precomputed volume: formerly in front, now behind.
_NEUROGLANCER_PREFIX = "precomputed://"
_NEUROGLANCER_PIPE = re.compile(r"/?\|neuroglancer-precomputed:/*$")


@dataclass(frozen=True)
class Location:
    """A folder somewhere, possibly in a zip file: ``path`` then goes on behind the zip's name.

    Attributes
    ----------
    scheme : which kind of storage.
    base : what ``path`` is relative to: ``""`` for files, ``https://host`` for http, the
        bucket for s3 and gs.
    path : with ``/`` between the parts, none at either end but for a file's leading one.
    query : the query string of an http URL, kept for every request.
    user : ``name:password`` of an http URL, escaped as there; never shown.
    region : of an s3 bucket, where the URL says it.
    profile : name of the AWS profile an s3 bucket is read by; empty: as anyone, then the usual.
    """

    scheme: Scheme
    base: str
    path: str
    query: str = ""
    user: str = field(default="", repr=False)
    region: str = ""
    profile: str = ""

    def __str__(self) -> str:
        if self.scheme == "file":
            return self.path
        if self.scheme == "http":
            return f"{self.base}/{self.path}"
        return f"{self.scheme}://{self.base}/{self.path}"

    @property
    def address(self) -> str:
        """What `parse_location` makes this of, but for the profile: may hold a password."""
        path = quote(self.path)
        if self.scheme == "file":
            return self.path
        if self.scheme == "http":
            scheme, _, host = self.base.partition("://")
            user = f"{self.user}@" if self.user else ""
            return f"{scheme}://{user}{host}/{path}" + (f"?{self.query}" if self.query else "")
        if self.region:
            return f"https://{self.base}.s3.{self.region}.amazonaws.com/{path}"
        return f"{self.scheme}://{self.base}/{path}"


def zip_in(location: Location) -> str | None:
    """Return the path of the zip file a location is in (or is); None if there is none.

    On this computer that is a file above, or at, the location whose name or first bytes say so: a
    folder is a folder, whatever it is called. Elsewhere it is the first part called ``*.ozx`` or
    ``*.zip``.
    """
    if location.scheme != "file":
        return _zip_by_name(location.path)
    path, above = location.path, os.path.dirname(location.path)
    while not os.path.exists(path) and above != path:
        path, above = above, os.path.dirname(above)
    if not os.path.isfile(path):
        return None
    return path if path.lower().endswith(ZIP_SUFFIXES) or _starts_like_zip(path) else None


def _zip_by_name(path: str) -> str | None:
    parts = path.split("/")
    for count, part in enumerate(parts, start=1):
        if part.lower().endswith(ZIP_SUFFIXES):
            return "/".join(parts[:count])
    return None


def _starts_like_zip(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(4) in (b"PK\3\4", b"PK\5\6")
    except OSError:
        return False


def is_url(text: str) -> bool:
    """Tell a URL from a local path (a Windows drive is no scheme)."""
    return re.match(r"^[A-Za-z][A-Za-z0-9+.-]+://", text) is not None


def without_neuroglancer(text: str) -> str:
    """Take the address out of one that was copied from Neuroglancer; any other stays as it is."""
    return _NEUROGLANCER_PIPE.sub("", text.strip().removeprefix(_NEUROGLANCER_PREFIX))


def is_neuroglancer(text: str) -> bool:
    """Tell whether an address was copied from Neuroglancer, for a precomputed volume."""
    return text.strip().startswith(_NEUROGLANCER_PREFIX) or bool(_NEUROGLANCER_PIPE.search(text))


def parse_location(text: str | os.PathLike[str]) -> Location:
    """Take a path or URL apart; a metadata file stands for the folder it lies in.

    Public web addresses of S3 and Google buckets are read as such, which allows listing. What
    Neuroglancer writes around the address of a precomputed volume is left away.

    Raises
    ------
    OpenError
        If the URL's scheme is none of file, http, https, s3, gs, or it names no host or bucket.
    """
    raw = os.fspath(text)
    if is_neuroglancer(raw):
        raw = without_neuroglancer(raw)
    if not is_url(raw):
        return _local(raw)
    try:
        parts = urlsplit(raw)
        host = parts.hostname or ""
        _ = parts.port  # is only read, and found wrong, on asking
    except ValueError as error:
        raise _refused(raw, f"found no valid URL ({error})") from None
    scheme = parts.scheme.lower()
    path = _without_metadata_file(unquote(parts.path).strip("/"))
    if scheme == "file":
        local = unquote(parts.path)
        return _local(local[1:] if re.match(r"^/[A-Za-z]:", local) else local)
    if scheme not in ("http", "https", "s3", "gs"):
        raise _refused(
            raw, f"found the scheme {parts.scheme}://, expected a path, http(s)://, s3:// or gs://"
        )
    if not parts.netloc:
        raise _refused(raw, "no host or bucket is named")
    if scheme in ("s3", "gs"):
        return Location("s3" if scheme == "s3" else "gs", parts.netloc, path)
    user, _, server = parts.netloc.rpartition("@")
    return _public_bucket(host, path) or Location(
        "http", f"{scheme}://{server}", path, parts.query, user
    )


def _refused(raw: str, message: str) -> OpenError:
    return OpenError(Problem("bad-location", "error", raw, message))


def _local(raw: str) -> Location:
    path = os.path.abspath(os.path.expanduser(raw))
    if os.path.basename(path) in METADATA_FILES and not os.path.isdir(path):
        path = os.path.dirname(path)
    return Location("file", "", path.replace(os.sep, "/"))


def _without_metadata_file(path: str) -> str:
    parent, _, last = path.rpartition("/")
    return parent if last in METADATA_FILES else path


def _public_bucket(host: str, path: str) -> Location | None:
    if match := _S3_VIRTUAL_HOST.match(host):
        return Location("s3", match["bucket"], path, region=match["region"] or "")
    bucket, _, key = path.partition("/")
    if (match := _S3_PATH_HOST.match(host)) and bucket:
        return Location("s3", bucket, key, region=match["region"] or "")
    if host == _GCS_HOST and bucket:
        return Location("gs", bucket, key)
    return None


def without_zip_suffix(name: str) -> str:
    """Take off the suffix by which a zip file is told, if there is one."""
    stem, suffix = os.path.splitext(name)
    return stem if suffix.lower() in ZIP_SUFFIXES else name
