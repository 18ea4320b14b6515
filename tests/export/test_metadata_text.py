"""Changing values in JSON text: everything else stays byte for byte."""

import json

import pytest

from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.text import rewritten

ODD = """{
\t"scale":  [1.50, 2e0,3], "big": 12345678901234567890123,
\t"nested": {"a": [ {"b": 1} ], "µ": "\\u00b5m"},
\t"last": 1e-09
}
"""


def change(text, edit):
    document = json.loads(text)
    edit(document)
    after = rewritten(text.encode(), document).decode()
    assert json.loads(after) == document
    return after


def test_numbers_that_stay_keep_their_spelling():
    after = change(ODD, lambda d: d["scale"].__setitem__(1, 2.25))
    assert after == ODD.replace("2e0", "2.25")


def test_a_value_in_the_depth():
    after = change(ODD, lambda d: d["nested"]["a"][0].update(b=7))
    assert after == ODD.replace('{"b": 1}', '{"b": 7}')


def test_equal_numbers_are_no_change():
    assert change(ODD, lambda d: d.update(scale=[1.5, 2, 3.0])) == ODD


def test_a_key_is_added_in_the_style_of_the_file():
    after = change(ODD, lambda d: d.update(new=[1, 2]))
    assert after == ODD.replace("1e-09\n", '1e-09,\n\t"new": [\n\t\t1,\n\t\t2\n\t]\n')


def test_a_key_is_added_to_an_object_on_one_line():
    after = change(ODD, lambda d: d["nested"]["a"][0].update(c={"d": [1]}))
    assert after == ODD.replace('{"b": 1}', '{"b": 1, "c": {"d": [1]}}')


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a", '{"b":2,"c":{"d":3}}'),
        ("b", '{"a":1,"c":{"d":3}}'),
        ("c", '{"a":1,"b":2}'),
    ],
)
def test_a_key_is_removed(key, expected):
    assert change('{"a":1,"b":2,"c":{"d":3}}', lambda d: d.pop(key)) == expected


def test_several_keys_are_removed_and_added():
    def edit(document):
        document.clear()
        document.update(c=5, e=[1])

    assert change('{"a":1,"b":2,"c":3}', edit) == '{"c":5,"e":[1]}'


def test_windows_line_ends_and_the_mark_in_front_stay():
    before = b'\xef\xbb\xbf{\r\n  "a": 1\r\n}\r\n'
    assert rewritten(before, {"a": 2, "b": 3}) == b'\xef\xbb\xbf{\r\n  "a": 2,\r\n  "b": 3\r\n}\r\n'


def test_nan_of_others_stays():
    assert rewritten(b'{"a": NaN, "b": 1}', {"a": float("nan"), "b": 2}) == b'{"a": NaN, "b": 2}'


def test_of_a_key_that_is_there_twice_the_last_counts():
    assert rewritten(b'{"a": 1, "a": 2}', {"a": 3}) == b'{"a": 1, "a": 3}'


def test_true_is_not_one():
    assert rewritten(b'{"a": 1}', {"a": True}) == b'{"a": true}'


def test_a_new_file():
    assert json.loads(rewritten(None, {"a": [1]})) == {"a": [1]}


@pytest.mark.parametrize(
    "before",
    [b"", b"[1]", b"{", b'{"a": "\xff"}', b'{"a": ' + b"[" * 100_000],
    ids=["empty", "list", "cut off", "no text", "too deep"],
)
def test_what_cannot_be_changed_is_refused(before):
    with pytest.raises(ExportError):
        rewritten(before, {"a": 3})
