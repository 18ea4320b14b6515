"""The ``image-label`` block: colours and properties of label values (OME-NGFF, "labels")."""

from __future__ import annotations

from typing import Any

from napari_strata.export.documents.ome_multiscales import Version
from napari_strata.model import Color, Display

Json = dict[str, Any]

_KEY = "label-value"


def image_label(display: Display, version: Version, *, source: str | None) -> Json:
    """Describe a label image; ``source`` is the path from its group to the image's."""
    block: Json = {}
    if version != "0.6":
        block["version"] = version
    if display.label_colors:
        block["colors"] = [
            {_KEY: value, "rgba": _rgba(color)}
            for value, color in sorted(display.label_colors.items())
        ]
    if display.label_properties:
        block["properties"] = [
            {_KEY: value, **properties}
            for value, properties in sorted(display.label_properties.items())
        ]
    if source is not None:
        block["source"] = {"image": source}
    return block


def _rgba(color: Color) -> list[int]:
    return [min(255, max(0, round(part * 255))) for part in color]
