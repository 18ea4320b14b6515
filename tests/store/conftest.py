"""A web server and an S3 server on the loopback interface; both remember every request."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

Answer = tuple[int, bytes]


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """Read a Range header as start and stop (RFC 9110, section 14)."""
    if header is None:
        return None
    first, last = header.removeprefix("bytes=").split("-")
    if not first:
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1, size) if last else size


class Loopback:
    """Answers GET by ``answer``; ``log`` has the requests as they came.

    ``ranges`` has the byte range each asked for; without ``honours_ranges`` they get it all.
    """

    honours_ranges = True

    def __init__(self) -> None:
        self.log: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.ranges: list[str | None] = []
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                loopback.log.append(self.path)
                loopback.headers.append({k.lower(): v for k, v in self.headers.items()})
                wanted = self.headers.get("Range")
                loopback.ranges.append(wanted)
                status, body = loopback.answer(self.path)
                tag = zlib.crc32(body)
                span = _span(wanted, len(body)) if loopback.honours_ranges else None
                if span is not None and not body:
                    status = 416
                if status == 200 and span is not None:
                    status, whole = 206, len(body)
                    body = body[slice(*span)]
                self.send_response(status)
                if status == 206:
                    assert span is not None
                    self.send_header("Content-Range", f"bytes {span[0]}-{span[1] - 1}/{whole}")
                self.send_header("ETag", f'"{tag}"')  # S3 always sends one
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def answer(self, path: str) -> Answer:
        raise NotImplementedError

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Web(Loopback):
    """``files`` by path (unquoted, with the leading slash); ``pages`` are index pages."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.pages: dict[str, bytes] = {}
        self.statuses: dict[str, int] = {}
        super().__init__()

    def answer(self, path: str) -> Answer:
        plain = unquote(urlsplit(path).path)
        if plain in self.statuses:
            return self.statuses[plain], b""
        for known in (self.files, self.pages):
            if plain in known:
                return 200, known[plain]
        return 404, b""


class S3(Loopback):
    """One bucket in path style. ``allowed`` decides whether a request may be answered.

    Lists ``page_size`` names at a time, and only with a delimiter.
    """

    page_size = 2

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.allowed: Callable[[bool], bool] = lambda signed: True
        self.may_list = True
        super().__init__()

    def answer(self, path: str) -> Answer:
        parts = urlsplit(path)
        signed = "authorization" in self.headers[-1]
        query = parse_qs(parts.query, keep_blank_values=True)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if bucket != "lab":
            return 404, b"<Error><Code>NoSuchBucket</Code></Error>"
        if not self.allowed(signed):
            return 403, b"<Error><Code>AccessDenied</Code></Error>"
        if "list-type" in query:
            return self._list(query) if self.may_list else (403, b"<Error/>")
        if key not in self.objects:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>"
        return 200, self.objects[key]

    def _list(self, query: dict[str, list[str]]) -> Answer:
        assert query["delimiter"] == ["/"], "a listing without delimiter lists every chunk"
        prefix = query["prefix"][0]
        rest = [key.removeprefix(prefix) for key in self.objects if key.startswith(prefix)]
        entries = sorted({r.split("/")[0] + ("/" if "/" in r else "") for r in rest})
        start = int(query.get("continuation-token", ["0"])[0])
        page = entries[start : start + self.page_size]
        tags = "".join(
            f"<CommonPrefixes><Prefix>{escape(prefix + e)}</Prefix></CommonPrefixes>"
            if e.endswith("/")
            else f"<Contents><Key>{escape(prefix + e)}</Key><Size>1</Size></Contents>"
            for e in page
        )
        more = start + self.page_size
        if more < len(entries):
            tags += f"<NextContinuationToken>{more}</NextContinuationToken>"
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        return 200, f'<ListBucketResult xmlns="{space}">{tags}</ListBucketResult>'.encode()

    @property
    def listings(self) -> list[str]:
        """The prefixes that were listed, one entry a page."""
        queries = [parse_qs(urlsplit(p).query, keep_blank_values=True) for p in self.log]
        return [q["prefix"][0] for q in queries if "list-type" in q]

    @property
    def keys(self) -> list[str]:
        """The keys that were read, in order."""
        plain = [p for p in self.log if "list-type" not in p]
        return [unquote(urlsplit(p).path).removeprefix("/lab/") for p in plain]


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """A fake S3 that ``s3://lab/…`` leads to; no credentials in the environment."""
    server = S3()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    yield server
    server.close()
