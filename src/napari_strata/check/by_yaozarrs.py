"""A second opinion on OME-Zarr 0.4 and 0.5: the models of yaozarrs.

They see the JSON that was read already. Where they and our rules find the same, ours is kept:
it knows the exact place, and does not take "1" for a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from napari_strata.check.element import Element
from napari_strata.check.finding import Finding
from napari_strata.store.values import JsonPlace, quote
from napari_strata.store.warned import silenced

VERSIONS = ("0.4", "0.5")

_MODELS = (
    ("multiscales", "Image"),
    ("plate", "Plate"),
    ("well", "Well"),
    ("labels", "LabelsGroup"),
    ("series", "Series"),
)

# A wrong transform has errors as each of the types it might be: our rules know which it is.
_ALTERNATIVES = frozenset({"ScaleTransformation", "TranslationTransformation"})

# Its own checks raise ValueError; what their sentences contain, and our code for it. None: left
# to our rule, which reads the specification less strictly.
_SENTENCES: tuple[tuple[str, str | None], ...] = (
    ("must be unique", "repeated-axis"),
    ("of type 'space'", "spec-space-axes"),
    ("of type 'time'", "spec-time-axes"),
    ("of type 'channel'", "spec-channel-axes"),
    ("order by type", "spec-axis-order"),
    ("exactly one scale", "missing-scale"),
    ("at most one translation", "spec-transforms"),
    ("listed after", "spec-transforms"),
    ("same number of dimensions", "wrong-length"),
    ("match the number of axes", "wrong-length"),
    ("more than 5 dimensions", "spec-axis-count"),
    ("not ordered from highest", None),
    ("rows exist", "well-contradicts"),
    ("columns exist", "well-contradicts"),
    ("valid Zarr node name", "bad-path"),
    ("hex color", "bad-omero"),
)
_TYPES = {"missing": "missing-key", "listItemsNotUnique": "spec-repeated-item"}


def findings(root: Element) -> Iterator[Finding]:
    """Go through what the models of the group's version find."""
    if root.version not in VERSIONS or not root.is_object:
        return
    from pydantic import ValidationError
    from yaozarrs import v04, v05

    models: Any = v05 if root.version == "0.5" else v04
    for key, name in _MODELS:
        if key not in root:
            continue
        model = getattr(models, "LabelImage" if name == "Image" and "image-label" in root else name)
        try:
            with silenced():  # what only SHOULD be is in our rules
                model.model_validate(root.value)
        except (UnicodeEncodeError, RecursionError):
            continue  # JSON that pydantic cannot hold; our rules have seen it
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=False):
                if _ALTERNATIVES.isdisjoint(detail["loc"]):
                    yield from _finding(root, detail, key)


def _finding(root: Element, detail: Any, key: str) -> Iterator[Finding]:
    """Put one error into our words; nothing where our rules have the last one."""
    at, value = _place(root, detail["loc"], detail["type"] == "missing")
    if at.key.rpartition(".")[2] == "version":
        return
    sentence = str(detail["msg"]).removeprefix("Value error, ")
    code: str | None = _TYPES.get(detail["type"], "invalid-value")
    if detail["type"] == "value_error":
        known = [code for words, code in _SENTENCES if words in sentence]
        code = known[0] if known else "spec-model"
    if code is None:
        return
    if code == "missing-key":
        message = f"found no {at.key.rpartition('.')[2]}, which must be there"
    else:
        words = " ".join(sentence.split("TIP:")[0].split()).rstrip(".")
        message = f"found {quote(value)}; {words[:1].lower()}{words[1:]}"
    yield Finding(at.problem(code, "error", message), f"{key}: the models of yaozarrs")


def _place(root: Element, loc: tuple[int | str, ...], missing: bool) -> tuple[JsonPlace, Any]:
    """Follow an error's location in the JSON; names of alternatives in it are left out."""
    place, value = root.place, root.value
    for index, step in enumerate(loc):
        if isinstance(step, int) and isinstance(value, list) and step < len(value):
            place, value = place.item(step), value[step]
        elif isinstance(step, str) and isinstance(value, dict) and step in value:
            place, value = place.child(step), value[step]
        elif missing and index == len(loc) - 1:
            place, value = place.child(str(step)), None
    return place, value
