"""A bucket that can be written to, on the loopback interface: what S3 answers, in path style."""

import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Bucket:
    """``objects`` by key; ``written`` and ``removed`` are keys in order; all else is refused."""

    def __init__(self):
        self.objects = {}
        self.written, self.removed = [], []
        self.refuses = lambda method, key: False
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
                if "list-type" in query:
                    self.answer(200, bucket.listing(query))
                elif self.key not in bucket.objects:
                    self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
                else:
                    self.answer(*self.part(bucket.objects[self.key]))

            do_HEAD = do_GET

            def do_PUT(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if bucket.refuses("PUT", self.key):
                    self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
                    return
                bucket.objects[self.key] = body
                bucket.written.append(self.key)
                self.answer(200, b"", zlib.crc32(body))

            def do_DELETE(self):
                bucket.objects.pop(self.key, None)
                bucket.removed.append(self.key)
                self.answer(204, b"")

            @property
            def key(self):
                return unquote(urlsplit(self.path).path).removeprefix("/lab/")

            def part(self, body):
                wanted = self.headers.get("Range")
                if wanted is None:
                    return 200, body, zlib.crc32(body)
                first, last = wanted.removeprefix("bytes=").split("-")
                start = int(first) if first else max(len(body) - int(last), 0)
                stop = int(last) + 1 if first and last else len(body)
                self.span = f"bytes {start}-{min(stop, len(body)) - 1}/{len(body)}"
                return 206, body[start:stop], zlib.crc32(body)

            def answer(self, status, body, tag=0):
                self.send_response(status)
                self.send_header("ETag", f'"{tag}"')
                if status == 206:
                    self.send_header("Content-Range", self.span)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def listing(self, query):
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        rest = sorted(k.removeprefix(prefix) for k in self.objects if k.startswith(prefix))
        names = {r.partition("/")[0] + "/" if delimiter and "/" in r else r for r in rest}
        tags = "".join(
            f"<CommonPrefixes><Prefix>{escape(prefix + name)}</Prefix></CommonPrefixes>"
            if name.endswith("/")
            else f"<Contents><Key>{escape(prefix + name)}</Key><Size>1</Size></Contents>"
            for name in sorted(names)
        )
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        head = f"<IsTruncated>false</IsTruncated><KeyCount>{len(names)}</KeyCount>"
        return f'<ListBucketResult xmlns="{space}">{head}{tags}</ListBucketResult>'.encode()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
