"""Changing values in the text of a JSON file: what is not changed stays as it is, byte for byte.

Indents, the spelling of numbers, the order of keys and keys that nobody here knows are kept. What
is new is written in the style of what stands around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_strata.export.errors import ExportError

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}]+', re.DOTALL)
_BOM = "\ufeff"


def rewritten(before: bytes | None, document: Mapping[str, Any]) -> bytes:
    """Return the file's bytes with the document in it.

    Parameters
    ----------
    before : the file as it is, a JSON object in UTF-8; None where there is none yet.
    document : what it is to hold.

    Raises
    ------
    ExportError
        If the file is no JSON object.
    """
    if before is None:
        return _dumped(document, "  ", True).encode()
    try:
        text = before.decode("utf-8")
        body = text.removeprefix(_BOM)
        old = json.loads(body)
        node, _ = _parse(body, _skip(body, 0))
    except (ValueError, RecursionError) as error:
        raise ExportError(f"found no JSON in UTF-8 that could be changed: {error}") from None
    if not isinstance(old, dict):
        raise ExportError(f"found {type(old).__name__} as JSON, expected an object {{…}}")
    edits: list[_Edit] = []
    _Writer(body, edits).change(node, old, dict(document))
    for start, stop, new in sorted(edits, reverse=True):
        body = body[:start] + new + body[stop:]
    if not _same(json.loads(body), document):
        raise ExportError("found JSON that cannot be changed without touching more of it")
    return ((_BOM if text.startswith(_BOM) else "") + body).encode()


_Edit = tuple[int, int, str]


@dataclass(frozen=True)
class _Node:
    """A value's place in the text; ``members`` of an object (by key) or a list (by index)."""

    start: int
    stop: int
    members: tuple[tuple[Any, int, _Node], ...] = ()  # key, where the key starts, value


def _parse(text: str, at: int) -> tuple[_Node, int]:
    """Find the value that starts at ``at``, in text that is known to be sound JSON."""
    if text[at] not in "{[":
        match = _SCALAR.match(text, at)
        assert match is not None
        return _Node(at, match.end()), match.end()
    start = at
    members: list[tuple[Any, int, _Node]] = []
    closing = "}" if text[at] == "{" else "]"
    at = _skip(text, at + 1)
    while text[at] != closing:
        begins, key = at, len(members)
        if closing == "}":
            match = _SCALAR.match(text, at)
            assert match is not None
            key = json.loads(match[0])
            at = _skip(text, _skip(text, match.end()) + 1)
        value, at = _parse(text, at)
        members.append((key, begins, value))
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return _Node(start, at + 1, tuple(members)), at + 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


class _Writer:
    """Collects the edits that turn one value into another."""

    def __init__(self, text: str, edits: list[_Edit]) -> None:
        self._text = text
        self._edits = edits
        self._ascii = text.isascii()
        self._newline = "\r\n" if "\r\n" in text else "\n"
        found = re.search(r"\n([ \t]+)\S", text)
        self._indent = found[1] if found else None

    def change(self, node: _Node, old: Any, new: Any) -> None:
        """Write ``new`` where ``old`` is, and touch nothing that is the same."""
        if _same(old, new):
            return
        if isinstance(old, dict) and isinstance(new, dict):
            self._change_object(node, old, new)
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for (_, _, member), one, other in zip(node.members, old, new, strict=True):
                self.change(member, one, other)
        else:
            self._edits.append((node.start, node.stop, self._shown(new, node, node.start)))

    def _change_object(self, node: _Node, old: dict[str, Any], new: dict[str, Any]) -> None:
        begun = len(self._edits)
        last = {key: index for index, (key, _, _) in enumerate(node.members)}
        gone = [index for key, index in last.items() if key not in new]
        for key, index in last.items():
            if key in new:
                self.change(node.members[index][2], old[key], new[key])
        added = [key for key in new if key not in old]
        if len(gone) > 1 or len(gone) == len(node.members) > 0:
            del self._edits[begun:]
            self._edits.append((node.start, node.stop, self._shown(new, node, node.start)))
            return
        for index in gone:
            self._edits.append(self._removal(node, index))
        if added:
            self._edits.append(self._addition(node, {key: new[key] for key in added}))

    def _removal(self, node: _Node, index: int) -> _Edit:
        """Take a member out with one comma: the one before it, of the first the one behind."""
        members = node.members
        if index == 0:
            return members[0][1], members[1][1], ""
        return members[index - 1][2].stop, members[index][2].stop, ""

    def _addition(self, node: _Node, new: dict[str, Any]) -> _Edit:
        if not node.members:
            return node.start, node.stop, self._shown(new, node, node.start)
        _, begins, last = node.members[-1]
        before = self._text[:begins]
        gap = before[len(before.rstrip(" \t\r\n")) :]
        if not gap and not self._tight():
            gap = " "
        one_line = "\n" not in self._text[node.start : node.stop]
        like, parts = node if one_line else last, []
        for key, value in new.items():
            name = json.dumps(key, ensure_ascii=self._ascii)
            colon = ":" if self._text[last.start - 1] == ":" else ": "
            parts.append(f",{gap}{name}{colon}{self._shown(value, like, begins)}")
        return last.stop, last.stop, "".join(parts)

    def _shown(self, value: Any, like: _Node, at: int) -> str:
        """Write a value on one line where ``like`` is on one, else indented as the file is."""
        line = self._text.rfind("\n", 0, at) + 1
        before = re.match(r"[ \t]*", self._text[line:])
        margin = before[0] if before else ""
        one_line = "\n" not in self._text[like.start : like.stop]
        if self._indent is None or (one_line and not isinstance(value, dict | list)):
            return _dumped(value, None, not self._ascii, tight=self._tight())
        if one_line and like.members:
            return _dumped(value, None, not self._ascii)
        text = _dumped(value, self._indent, not self._ascii).rstrip("\n")
        return text.replace("\n", self._newline + margin)

    def _tight(self) -> bool:
        return re.search(r'"\s*:\s', self._text) is None and '":' in self._text


def _dumped(value: Any, indent: str | None, unicode: bool, *, tight: bool = False) -> str:
    if indent is not None:
        return json.dumps(value, indent=indent, ensure_ascii=not unicode, allow_nan=False) + "\n"
    separators = (",", ":") if tight else (", ", ": ")
    return json.dumps(value, separators=separators, ensure_ascii=not unicode, allow_nan=False)


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON: true is not 1, and the order of keys does not count."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float) and one != one and other != other:
        return True  # a bare NaN among values that nobody here knows
    return (type(one) is type(other) and one == other) or _equal_numbers(one, other)


def _equal_numbers(one: Any, other: Any) -> bool:
    return isinstance(one, int | float) and isinstance(other, int | float) and one == other
