"""Listing ONE folder of a web server, an S3 bucket or a Google bucket.

tensorstore lists whole subtrees, which for an image means every chunk. Each storage's own
listing with a delimiter stops at the next ``/``; it needs no login for public data.
"""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from xml.etree import ElementTree

from napari_strata.store.backend import LARGEST_METADATA_FILE, Listing, ReadError
from napari_strata.store.cancel import check_cancelled

_TIMEOUT_SECONDS = 10
_MOST_PAGES = 100  # of a thousand names each
_S3_NAMESPACE = "{*}"


def folder_key(key: str) -> str:
    """Write a folder's key with ``/`` at its end only; empty for the base itself."""
    return key.strip("/") + "/" if key.strip("/") else ""


def _get(url: str, user: str = "") -> bytes | None:
    """Fetch a page; None if there is none or it may not be seen.

    ``user`` is ``name:password``, escaped as in a URL.
    """
    check_cancelled()
    headers = {"User-Agent": "napari-strata"}
    if user:
        plain = urllib.parse.unquote(user)
        headers["Authorization"] = "Basic " + base64.b64encode(plain.encode()).decode()
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            data: bytes = answer.read(LARGEST_METADATA_FILE)
            return data
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403, 404, 405):
            return None
        raise ReadError(f"cannot be listed: the server answers with error {error.code}") from None
    except (OSError, http.client.HTTPException) as error:
        raise ReadError(f"cannot be listed: {getattr(error, 'reason', error)}") from None


def list_web_folder(base: str, query: str, user: str, key: str) -> Listing | None:
    """Read the index page a web server shows for a folder; None if it shows none."""
    folder = "/" + folder_key(key)
    url = base + urllib.parse.quote(folder) + (f"?{query}" if query else "")
    page = _get(url, user)
    return None if page is None else parse_index_page(page, folder)


def list_s3_folder(
    bucket: str, key: str, endpoint: str | None, region: str | None
) -> Listing | None:
    """List by S3's ListObjectsV2, anonymously; None if the bucket does not allow it."""
    if endpoint:
        host = f"{endpoint.rstrip('/')}/{bucket}"
    else:
        host = f"https://{bucket}.s3{'.' + region if region else ''}.amazonaws.com/"
    folders: set[str] = set()
    files: set[str] = set()
    token = None
    for _ in range(_MOST_PAGES):
        query = {"list-type": "2", "delimiter": "/", "prefix": folder_key(key)}
        if token:
            query["continuation-token"] = token
        page = _get(f"{host}?{urllib.parse.urlencode(query)}")
        if page is None:
            return None
        token = _add_s3_page(page, folder_key(key), folders, files)
        if token is None:
            break
    return Listing(tuple(sorted(folders)), tuple(sorted(files)))


def list_s3_folder_signed(
    bucket: str, key: str, endpoint: str | None, region: str | None, profile: str = ""
) -> Listing:
    """List a private bucket's folder with the user's AWS credentials, by s3fs.

    ``profile`` is the AWS profile to take; by default the usual credentials.

    Raises
    ------
    ReadError
        If s3fs is not installed, or the credentials do not allow listing either.
    """
    try:
        import s3fs
        from botocore.exceptions import BotoCoreError
    except ImportError:
        message = 'cannot be listed anonymously; for private buckets install "napari-strata[s3]"'
        raise ReadError(message) from None
    try:
        files = s3fs.S3FileSystem(
            anon=False,
            profile=profile or None,
            endpoint_url=endpoint,
            client_kwargs={"region_name": region} if region else {},
            use_listings_cache=False,
        )
        entries = files.ls(f"{bucket}/{key.strip('/')}".rstrip("/"), detail=True)
    except FileNotFoundError as error:
        if "bucket does not exist" in str(error):
            raise ReadError(f"cannot be listed: there is no bucket {bucket}") from error
        return Listing((), ())
    except (OSError, BotoCoreError) as error:
        raise ReadError(f"cannot be listed: {error}") from error
    names = {True: set[str](), False: set[str]()}
    for entry in entries:
        name = entry["name"].rstrip("/").rpartition("/")[2]
        names[entry["type"] == "directory"].add(name)
    return Listing(tuple(sorted(names[True])), tuple(sorted(names[False])))


def _add_s3_page(page: bytes, prefix: str, folders: set[str], files: set[str]) -> str | None:
    """Add the names of one page; return the token of the next."""
    try:
        root = ElementTree.fromstring(page)
    except ElementTree.ParseError as error:
        raise ReadError(f"cannot be listed: the answer is no XML ({error})") from error
    for name in root.iterfind(f"{_S3_NAMESPACE}CommonPrefixes/{_S3_NAMESPACE}Prefix"):
        folders.add((name.text or "").removeprefix(prefix).strip("/"))
    for name in root.iterfind(f"{_S3_NAMESPACE}Contents/{_S3_NAMESPACE}Key"):
        files.add((name.text or "").removeprefix(prefix))
    files.discard("")
    folders.discard("")
    return root.findtext(f"{_S3_NAMESPACE}NextContinuationToken") or None


def list_gcs_folder(bucket: str, key: str) -> Listing | None:
    """List by Google's JSON interface, anonymously; None if the bucket does not allow it."""
    prefix = folder_key(key)
    folders: set[str] = set()
    files: set[str] = set()
    token = None
    for _ in range(_MOST_PAGES):
        query = {"delimiter": "/", "prefix": prefix, "fields": "prefixes,items/name,nextPageToken"}
        if token:
            query["pageToken"] = token
        name = urllib.parse.quote(bucket, safe="")
        page = _get(
            f"https://storage.googleapis.com/storage/v1/b/{name}/o?{urllib.parse.urlencode(query)}"
        )
        if page is None:
            return None
        try:
            answer = json.loads(page)
            folders |= {p.removeprefix(prefix).strip("/") for p in answer.get("prefixes", ())}
            files |= {item["name"].removeprefix(prefix) for item in answer.get("items", ())}
            token = answer.get("nextPageToken")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ReadError("cannot be listed: the answer is not what Google's lists are") from None
        if not token:
            break
    files.discard("")
    return Listing(tuple(sorted(folders)), tuple(sorted(files)))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the targets of links."""
        if tag == "a":
            self.targets += [value for name, value in attrs if name == "href" and value]


def parse_index_page(page: bytes, folder: str) -> Listing | None:
    """Read the names out of a web server's index page; None if it is no such page.

    ``folder`` is the path of the page, with ``/`` at both ends. Only links to direct children
    count, so no name leads out of the folder.
    """
    if b"<a" not in page.lower():
        return None
    links = _Links()
    try:
        links.feed(page.decode("utf-8", "replace"))
    except AssertionError:  # what html.parser raises for some damaged declarations
        return None
    folders: set[str] = set()
    files: set[str] = set()
    for target in links.targets:
        try:
            parts = urllib.parse.urlsplit(target)
        except ValueError:
            continue
        path = urllib.parse.unquote(parts.path)
        if parts.scheme or parts.netloc or parts.query or not path:
            continue
        name = path.removeprefix(folder) if path.startswith("/") else path.removeprefix("./")
        inner = name.rstrip("/")
        if not inner or "/" in inner or inner in (".", "..") or not inner.isprintable():
            continue
        (folders if name.endswith("/") else files).add(inner)
    return Listing(tuple(sorted(folders)), tuple(sorted(files)))
