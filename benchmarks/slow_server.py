"""A web server on the loopback interface that answers late and counts what it is asked for.

It parses no more of HTTP than readers need: with Python's own http.server, the server's work
would be most of what is measured.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

METADATA = (".zattrs", ".zgroup", ".zarray", ".zmetadata", "zarr.json", "attributes.json")
_RANGE = re.compile(rb"\r\nrange: *bytes=(\d*)-(\d*)", re.IGNORECASE)


class SlowServer:
    """Serves one folder's files; no listings.

    Attributes
    ----------
    found, missing : how often each metadata file was asked for, by path.
    other : the same of anything else: chunks.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder.resolve()
        self.seconds = seconds
        self.writers: set[asyncio.StreamWriter] = set()
        self.reset()
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        )
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def reset(self) -> None:
        """Begin to count anew."""
        self.found: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self.other: Counter[str] = Counter()

    def close(self) -> None:
        """Stop serving, and hang up on who is still connected."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _hang_up(self) -> None:
        self.server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.gather(*connections)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, each after the time a far server would take."""
        self.writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, _ = head.split(b" ", 2)
                await asyncio.sleep(self.seconds)
                writer.write(self._answer(method, target.decode(), _RANGE.search(head)))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side has hung up
        finally:
            self.writers.discard(writer)
            writer.close()

    def _answer(self, method: bytes, target: str, wanted: re.Match[bytes] | None) -> bytes:
        key = unquote(urlsplit(target).path).strip("/")
        file = (self.folder / key).resolve()
        exists = file.is_relative_to(self.folder) and file.is_file()
        if key.endswith(METADATA):
            (self.found if exists else self.missing)[key] += 1
        else:
            self.other[key] += 1
        body = file.read_bytes() if exists else b""
        status, more = ("200 OK" if exists else "404 Not Found"), ""
        if exists and wanted:
            first, last = wanted.groups()
            total = len(body)
            start = int(first) if first else max(total - int(last), 0)
            stop = min(int(last) + 1, total) if first and last else total
            body = body[start:stop]
            status, more = (
                "206 Partial Content",
                f"Content-Range: bytes {start}-{stop - 1}/{total}\r\n",
            )
        head = f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode()
        return head if method == b"HEAD" else head + body
