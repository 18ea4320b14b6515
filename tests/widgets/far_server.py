"""A web server whose every answer takes 200 ms, with index pages for folders."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from benchmarks.slow_server import SlowServer

LATENCY = 0.2  # seconds


class FarServer(SlowServer):
    """Serves one folder's files and lists its folders, as web servers do.

    Attributes
    ----------
    asked : how many requests there were.
    """

    def __init__(self, folder: Path) -> None:
        self.asked = 0
        super().__init__(folder, LATENCY)

    def _answer(self, method: bytes, target: str, wanted: re.Match[bytes] | None) -> bytes:
        self.asked += 1
        path = unquote(urlsplit(target).path)
        folder = (self.folder / path.strip("/")).resolve()
        if not path.endswith("/") or not folder.is_dir():
            return super()._answer(method, target, wanted)
        names = sorted(e.name + "/" * e.is_dir() for e in folder.iterdir())
        links = "".join(f'<a href="{quote(n)}">{html.escape(n)}</a>\n' for n in ["../", *names])
        body = f"<html><title>Index of {html.escape(path)}</title>\n{links}</html>".encode()
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        return head if method == b"HEAD" else head + body
