"""Index pages as three web servers write them, and pages that mean harm."""

from __future__ import annotations

import pytest

from napari_strata.store import listing
from napari_strata.store.backend import Listing, ReadError
from napari_strata.store.listing import parse_index_page

APACHE = b"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /data/a.n5</title></head><body><h1>Index of /data/a.n5</h1>
<table><tr><th valign="top"><img src="/icons/blank.gif" alt="[ICO]"></th>
<th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><img src="/icons/back.gif"></td><td><a href="/data/">Parent Directory</a></td></tr>
<tr><td><img src="/icons/folder.gif"></td><td><a href="em/">em/</a></td></tr>
<tr><td><img src="/icons/folder.gif"></td><td><a href="my%20labels/">my labels/</a></td></tr>
<tr><td><img src="/icons/unknown.gif"></td><td><a href="attributes.json">attributes.json</a></td>
</tr></table><address>Apache/2.4.58 (Debian) Server at host Port 80</address></body></html>"""

NGINX = b"""<html>\r
<head><title>Index of /data/a.n5/</title></head>\r
<body>\r
<h1>Index of /data/a.n5/</h1><hr><pre><a href="../">../</a>\r
<a href="em/">em/</a>                                      21-Nov-2024 00:26       -\r
<a href="my%20labels/">my labels/</a>                      21-Nov-2024 00:26       -\r
<a href="attributes.json">attributes.json</a>              21-Nov-2024 00:26      16\r
</pre><hr></body>\r
</html>"""

PYTHON = b"""<!DOCTYPE HTML>
<html lang="en"><head><meta charset="utf-8"><title>Directory listing for /data/a.n5/</title></head>
<body><h1>Directory listing for /data/a.n5/</h1><hr><ul>
<li><a href="attributes.json">attributes.json</a></li>
<li><a href="em/">em/</a></li>
<li><a href="my%20labels/">my labels/</a></li>
</ul><hr></body></html>"""

ABSOLUTE = b"""<A HREF="/data/a.n5/em/">em</A> <a href="/data/a.n5/my%20labels/">my labels</a>
<a href='/data/a.n5/attributes.json'>x</a> <a href="/data/">up</a> <a href="/">top</a>"""

DOTTED = b'<a href="./em/">em</a><a href="./my%20labels/">l</a><a href="./attributes.json">a</a>'


@pytest.mark.parametrize(
    "page",
    [APACHE, NGINX, PYTHON, ABSOLUTE, DOTTED],
    ids=["apache", "nginx", "python", "absolute", "dotted"],
)
def test_index_pages(page: bytes):
    expected = Listing(("em", "my labels"), ("attributes.json",))
    assert parse_index_page(page, "/data/a.n5/") == expected


HOSTILE = [
    "../secret/",
    "..",
    "..%2Fsecret/",
    "%2e%2e/",
    "%2e%2e%2fsecret/",
    "./",
    "/",
    "/secret/",
    "/data/",
    "/data/a.n5/",
    "/data/a.n5x/",
    "/data/a.n5/em/s0/",
    "em/s0/",
    "//elsewhere/em/",
    "http://elsewhere/em/",
    "file:///etc/",
    "javascript:alert(1)",
    "mailto:a@b",
    "em/?delete=1",
    "",
    "#",
    "//[x/",
]


@pytest.mark.parametrize("target", HOSTILE)
def test_links_that_lead_elsewhere_are_no_names(target: str):
    page = f'<a href="{target}">em/</a>'.encode()
    assert parse_index_page(page, "/data/a.n5/") == Listing((), ())


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\xff\xfe\x00",
        b"plain text",
        b'{"json": true}',
        b"<html><body>Welcome</body></html>",
    ],
)
def test_no_index_page(page: bytes):
    assert parse_index_page(page, "/") is None


@pytest.mark.parametrize(
    "page",
    [
        b'<a href="em/">em</a><![foo[ x ]]>',
        b'<a href="em/">em</a><!foo',
        b'<a href="em/">em</a><a href="',
        b'<a href="em/">em</a><a href>x</a>',
        b'\xff<a href="em/">em</a>',
    ],
    ids=["marked-section", "declaration", "cut-off", "no-target", "not-utf8"],
)
def test_broken_pages_are_read_as_far_as_they_go(page: bytes):
    assert parse_index_page(page, "/") in (Listing(("em",), ()), None)


def test_a_thousand_links_at_once_take_no_time():
    page = b"".join(b'<a href="x%d/">x</a>' % i for i in range(20_000))
    found = parse_index_page(page, "/")
    assert found is not None
    assert len(found.folders) == 20_000


GCS = {
    "two pages": (
        [
            b'{"prefixes": ["a.n5/em/"], "nextPageToken": "t&1"}',
            b'{"prefixes": ["a.n5/labels/"], "items": [{"name": "a.n5/attributes.json"}]}',
        ],
        Listing(("em", "labels"), ("attributes.json",)),
    ),
    "empty": ([b"{}"], Listing((), ())),
    "the folder itself": ([b'{"items": [{"name": "a.n5/"}]}'], Listing((), ())),
    "refused": ([None], None),
}


@pytest.mark.parametrize("name", GCS)
def test_google_buckets(name: str, monkeypatch: pytest.MonkeyPatch):
    pages, expected = GCS[name]
    asked: list[str] = []

    def get(url: str) -> bytes | None:
        asked.append(url)
        return pages[len(asked) - 1]

    monkeypatch.setattr(listing, "_get", get)
    assert listing.list_gcs_folder("lab", "/a.n5") == expected
    assert len(asked) == len(pages)
    assert all("delimiter=%2F" in url and "prefix=a.n5%2F" in url for url in asked)
    assert all("pageToken=t%261" in url for url in asked[1:])


@pytest.mark.parametrize("page", [b"<html>log in</html>", b"[]", b'{"items": [{}]}', b'{"items":'])
def test_an_answer_that_is_none_of_googles(page: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listing, "_get", lambda url: page)
    with pytest.raises(ReadError, match="cannot be listed"):
        listing.list_gcs_folder("lab", "a.n5")


def test_an_answer_that_is_none_of_amazons(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listing, "_get", lambda url: b"<html><p>log in")
    with pytest.raises(ReadError, match="cannot be listed: the answer is no XML"):
        listing.list_s3_folder("lab", "a.n5", None, None)
