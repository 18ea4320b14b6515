"""Loopback HTTP server and locations for arrays written by other people's libraries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


class FolderServer:
    """Serves a folder over HTTP and remembers every request.

    ``refuse(path)`` may return a status to answer with instead. With ``lists``, a folder is
    answered with a page that links to what is in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[tuple[str, str]] = []
        self.refuse: Callable[[str], int | None] = lambda path: None
        self.lists = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def paths(self) -> list[str]:
        return [path for _, path in self.log]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.log.append((self.command, self.path))
                status, body, span = server.answer(self.path, self.headers.get("Range"))
                self.send_response(status)
                if span is not None:
                    self.send_header("Content-Range", span)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *args: Any) -> None:
                pass

        return Handler

    def answer(self, path: str, byte_range: str | None) -> tuple[int, bytes, str | None]:
        """Return a status, a body and a Content-Range."""
        status = self.refuse(path)
        if status is not None:
            return status, b"", None
        file = self.folder / path.lstrip("/")
        if file.is_dir() and self.lists:
            names = sorted(f"{entry.name}{'/' * entry.is_dir()}" for entry in file.iterdir())
            page = "".join(f'<a href="{name}">{name}</a>' for name in ["../", *names])
            return 200, page.encode(), None
        if not file.is_file():
            return 404, b"", None
        body = file.read_bytes()
        if byte_range is None:
            return 200, body, None
        first, last = byte_range.removeprefix("bytes=").split("-")
        size = len(body)
        start = int(first) if first else size - int(last)
        if start >= size:
            return 416, b"", f"bytes */{size}"
        stop = min(int(last) + 1, size) if first and last else size
        return 206, body[start:stop], f"bytes {start}-{stop - 1}/{size}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FolderServer]:
    folder_server = FolderServer(tmp_path)
    yield folder_server
    folder_server.close()


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Give every test an empty cache of its own."""
    from napari_strata.arrays import cache

    cache.set_cache_limit(100_000_000)
    yield
    cache._limit = None
    cache._contexts = None
