"""Reading XML beside or inside a container, without anything XML can do beyond text."""

from __future__ import annotations

from xml.etree import ElementTree

from napari_strata.store.backend import ReadError
from napari_strata.store.values import JsonPlace


def parse_xml(data: bytes | ReadError, place: JsonPlace) -> ElementTree.Element:
    """Return the root element.

    Raises
    ------
    OpenError
        If it cannot be read, is no XML, or declares a document type (entities may expand to
        gigabytes).
    """
    if isinstance(data, ReadError):
        raise place.refuse("unreadable", str(data))
    if any(mark in data.replace(b"\0", b"") for mark in (b"<!DOCTYPE", b"<!ENTITY")):
        raise place.refuse("bad-xml", "found a document type, expected XML without one")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise place.refuse("bad-xml", f"found a mistake, expected XML ({error})") from None
