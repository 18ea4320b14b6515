"""Reading http(s), s3 and gs by tensorstore's key-value stores.

Retries are few, so that a dead address is an answer within seconds; S3 is asked anonymously
first and with the usual credentials only where that is refused, or by a profile from the start.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import tensorstore as ts

from napari_strata.model import OpenError, Problem
from napari_strata.store import aws, listing
from napari_strata.store.backend import LARGEST_METADATA_FILE, Listing, Many, ReadError
from napari_strata.store.location import Location

_FEW_RETRIES = {"max_retries": 3, "initial_delay": "200ms", "max_delay": "1s"}
_LONGEST_WAIT_SECONDS = 20
_REFUSED = "the server refuses permission (403)"
_NO_KEYS = "no AWS keys can be had from the profile, or from what is configured"
_TOO_SHORT = "the file ends before the part that is read"
_NO_RANGES = "the server does not answer byte ranges, which reading a zip file takes"


class RemoteBackend:
    """A bucket or web server; keys are relative to it.

    Raises
    ------
    OpenError
        If the location cannot be one, or names an AWS profile there is not.
    """

    absent_is_free = False

    def __init__(self, location: Location) -> None:
        aws.check_profile(location)
        self._location = location
        self._anonymous = not location.profile
        self._store = self._open()

    def _open(self) -> Any:
        try:
            return ts.KvStore.open(self.kvstore("")).result()
        except ValueError as error:
            problem = Problem("bad-location", "error", str(self._location), _reason(error))
            raise OpenError(problem) from None

    def kvstore(self, key: str) -> dict[str, Any]:
        """Give the specification of a folder, with the few retries it was opened with."""
        return self._kvstore(listing.folder_key(key))

    def file_kvstore(self, key: str) -> dict[str, Any]:
        """Give the same for a single file."""
        return self._kvstore(key.strip("/"))

    def _kvstore(self, path: str) -> dict[str, Any]:
        location = self._location
        if location.scheme == "http":
            query = f"?{location.query}" if location.query else ""
            return {
                "driver": "http",
                "base_url": f"{_with_user(location)}{query}",
                "path": f"/{path}",
                "context": {"http_request_retries": _FEW_RETRIES},
            }
        if location.scheme == "gs":
            return {
                "driver": "gcs",
                "bucket": location.base,
                "path": path,
                "context": {"gcs_request_retries": _FEW_RETRIES},
            }
        return {
            "driver": "s3",
            "bucket": location.base,
            "path": path,
            "context": {
                "aws_credentials": aws.credentials(location.profile, anonymous=self._anonymous),
                "s3_request_retries": _FEW_RETRIES,
            },
            **aws.endpoint(location),
        }

    def real_path(self, key: str) -> str:
        """Give the key itself: object stores have no links."""
        return key.strip("/")

    def read_many(self, keys: Sequence[str]) -> Many:
        """Read in parallel."""
        return self._read([(key, None) for key in keys])

    def read_tail(self, key: str, length: int) -> bytes | ReadError | None:
        """Read the last bytes of a file, all of a shorter one."""
        (data,) = self._read([(key, slice(-length, None))])
        if isinstance(data, ReadError) and str(data) == _TOO_SHORT:
            (data,) = self.read_many([key])
        return data

    def read_spans(self, key: str, spans: Sequence[tuple[int, int]]) -> Many:
        """Read parts of a file in parallel, each ``(start, stop)`` in bytes."""
        return self._read([(key, slice(start, stop)) for start, stop in spans])

    def _read(self, wanted: Sequence[tuple[str, slice | None]]) -> Many:
        futures = [
            self._store.read(key.lstrip("/"), byte_range=part)
            if part
            else self._store.read(key.lstrip("/"))
            for key, part in wanted
        ]
        parts = [part for _, part in wanted]
        results = [_result(*pair) for pair in zip(futures, parts, strict=True)]
        if self._may_log_in(results):
            return self._read(wanted)
        return results

    def _may_log_in(self, results: Many) -> bool:
        """Switch from anonymous to the user's S3 credentials once, after a refusal."""
        refused = any(isinstance(r, ReadError) and str(r) == _REFUSED for r in results)
        if not refused or self._location.scheme != "s3" or not self._anonymous:
            return False
        if not aws.has_credentials():
            return False
        self._anonymous = False
        self._store = self._open()
        return True

    def list(self, key: str) -> Listing | None:
        """List one folder, never what is below it; None where the server does not list."""
        location = self._location
        if location.scheme == "http":
            return listing.list_web_folder(location.base, location.query, location.user, key)
        if location.scheme == "gs":
            return listing.list_gcs_folder(location.base, key)
        endpoint = aws.endpoint(location)
        where = location.base, key, endpoint.get("endpoint"), endpoint.get("aws_region")
        found = listing.list_s3_folder(*where)
        if found is None and (location.profile or aws.has_credentials()):
            return listing.list_s3_folder_signed(*where, location.profile)
        return found


def _with_user(location: Location) -> str:
    """Put name and password back where the transfer library expects them."""
    scheme, _, host = location.base.partition("://")
    return f"{scheme}://{location.user}@{host}" if location.user else location.base


def _result(future: Any, part: slice | None) -> bytes | ReadError | None:
    try:
        read = future.result(timeout=_LONGEST_WAIT_SECONDS)
    except TimeoutError:
        return ReadError(f"the server does not answer within {_LONGEST_WAIT_SECONDS} s")
    except ValueError as error:  # tensorstore raises ValueError for every failed request
        return ReadError(_reason(error))
    if read.state == "missing":
        return None
    if part is None and len(read.value) > LARGEST_METADATA_FILE:
        return ReadError("is larger than 64 MiB, which no metadata file is")
    return bytes(read.value)


def _reason(error: Exception) -> str:
    """Say in a few words why a request failed; tensorstore's own text quotes whole pages."""
    text = str(error)
    if "PERMISSION_DENIED" in text or "UNAUTHENTICATED" in text:
        return _REFUSED
    if "credentials" in text and "AWS_" in text:
        return _NO_KEYS
    if "was ignored by server" in text:
        return _NO_RANGES
    if "OUT_OF_RANGE" in text or "code: 416" in text:
        return _TOO_SHORT
    if code := re.search(r"HTTP (?:response )?code:? (\d+)", text):
        return f"the server answers with error {code[1]}"
    if "CURL error" in text:
        return re.sub(r"\s*\[.*", "", text.split("CURL error", 1)[1], flags=re.DOTALL).strip()
    return " ".join(text.split())[:200]
