"""A layer's table of features as columns of numbers plus JSON, exactly, and back.

Numbers are stored as they are. True and false, dates, text, categories and whatever else is in a
column become numbers, and the JSON says what those stand for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_strata.layers.annotations.values import FLOAT, Unreadable

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, npt.NDArray[Any]]

RESERVED = "strata_"
"""What names of columns begin with that are no features."""

_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_NA = {"$na": True}


def to_columns(
    table: pd.DataFrame | None, taken: Sequence[str] = ()
) -> tuple[Columns, list[dict[str, Any]]]:
    """Split a table into columns of numbers, each of a plain name, and what they stand for.

    Parameters
    ----------
    table : one row an item.
    taken : names that columns may not have.

    Raises
    ------
    ValueError
        If a column holds what cannot be stored exactly; names it.
    """
    columns: Columns = {}
    described: list[dict[str, Any]] = []
    if table is None:
        return columns, described
    names = {name.casefold() for name in taken}
    for index, label in enumerate(table.columns):
        attribute = _plain_name(label, index, names)
        names.add(attribute.casefold())
        column = table.iloc[:, index]
        values, stands_for = _encode(column, str(label))
        columns[attribute] = values
        described.append({"name": _scalar(label, str(label)), "attribute": attribute, **stands_for})
    return columns, described


def to_table(
    columns: Mapping[str, npt.NDArray[Any]], described: Any, rows: int
) -> pd.DataFrame | None:
    """Put the table together again; None if there was none.

    Raises
    ------
    Unreadable
        If the columns are not those that were written.
    """
    import pandas as pd

    if not isinstance(described, list):
        raise Unreadable("'features' is no list")
    series = {}
    for one in described:
        if not isinstance(one, Mapping) or not isinstance(one.get("attribute"), str):
            raise Unreadable("a feature has no 'attribute'")
        name = _unscalar(one.get("name"))
        values = columns.get(one["attribute"])
        if not isinstance(name, Hashable) or values is None or values.shape != (rows,):
            raise Unreadable(f"the feature {str(name)[:40]!r} has not {rows} values")
        series[name] = _decode(values, one)
    return pd.DataFrame(series) if series else None


def _plain_name(label: Any, index: int, taken: set[str]) -> str:
    plain = isinstance(label, str) and _PLAIN_NAME.fullmatch(label) is not None
    if plain and not label.startswith(RESERVED) and label.casefold() not in taken:
        return str(label)
    while f"feature_{index}" in taken:
        index += 1
    return f"feature_{index}"


def _encode(column: pd.Series[Any], name: str) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        values = [_scalar(value, name) for value in dtype.categories]
        codes = np.asarray(column.cat.codes, dtype=np.int64)
        return codes + 1, {"categories": values, "ordered": bool(dtype.ordered)}
    if isinstance(dtype, np.dtype) and dtype.kind in "biufmM":
        return _encode_numbers(np.asarray(column), name)
    if isinstance(dtype, pd.DatetimeTZDtype):
        raise ValueError(
            f"the feature '{name}' has dates of a time zone ({dtype}), which cannot be stored: "
            "convert them to UTC without a zone, or to text"
        )
    codes, values = _factorise(column.tolist(), name)
    return codes, {"values": values, "dtype": str(dtype)}


def _encode_numbers(values: npt.NDArray[Any], name: str) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    dtype = values.dtype
    if dtype.itemsize > 8:
        raise ValueError(f"the feature '{name}' holds {dtype}, which cannot be stored exactly")
    said = {"dtype": dtype.newbyteorder("=").str}
    native = values.astype(dtype.newbyteorder("="))
    if dtype.kind == "b":
        return native.astype(np.uint8), said
    if dtype.kind in "mM":
        return native.view(np.int64), said
    is_half = dtype.kind == "f" and dtype.itemsize == 2
    return native.astype(np.float32) if is_half else native, said


def _factorise(items: list[Any], name: str) -> tuple[npt.NDArray[np.int64], list[Any]]:
    known: dict[Any, int] = {}
    values: list[Any] = []
    codes = np.empty(len(items), dtype=np.int64)
    for row, item in enumerate(items):
        if isinstance(item, np.generic):
            item = item.item()
        key = (type(item), item.hex() if isinstance(item, float) else item)
        if not isinstance(item, Hashable):
            raise ValueError(_unknown(item, name))
        code = known.get(key)
        if code is None:
            code = known[key] = len(values)
            values.append(_scalar(item, name))
        codes[row] = code
    return codes, values


def _scalar(value: Any, name: str) -> Any:
    import pandas as pd

    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA:
        return dict(_NA)
    if isinstance(value, float):
        return value if math.isfinite(value) else {FLOAT: repr(value)}
    if value is None or isinstance(value, bool | int | str):
        return value
    raise ValueError(_unknown(value, name))


def _unknown(value: Any, name: str) -> str:
    kind = type(value).__name__
    return f"the feature '{name}' holds a {kind}, which cannot be stored: convert it to text"


def _unscalar(value: Any) -> Any:
    import pandas as pd

    if value == _NA:
        return pd.NA
    if isinstance(value, Mapping) and value.get(FLOAT) in ("nan", "inf", "-inf"):
        return float(value[FLOAT])
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise Unreadable(f"{str(value)[:40]} is no value of a feature")


def _decode(values: npt.NDArray[Any], said: Mapping[str, Any]) -> Any:
    import pandas as pd

    if "categories" in said:
        categories = _unscalars(said["categories"])
        codes = _codes(values, len(categories) + 1) - 1
        try:
            return pd.Categorical.from_codes(codes, categories, ordered=said.get("ordered") is True)
        except (TypeError, ValueError) as error:
            raise Unreadable(f"categories of a feature: {error}") from None
    if "values" in said:
        known = np.empty(len(_unscalars(said["values"])), dtype=object)
        known[:] = _unscalars(said["values"])
        column = pd.Series(known[_codes(values, len(known))], dtype=object)
        try:
            return column.astype(str(said.get("dtype")))
        except (TypeError, ValueError):
            raise Unreadable(f"{str(said.get('dtype'))[:40]!r} is no type of feature") from None
    return _decode_numbers(values, said.get("dtype"))


def _decode_numbers(values: npt.NDArray[Any], name: Any) -> npt.NDArray[Any]:
    try:
        dtype = np.dtype(name if isinstance(name, str) else None)
    except TypeError:
        raise Unreadable(f"{str(name)[:40]!r} is no type of number") from None
    if dtype.kind not in "biufmM" or values.dtype.kind not in "biuf":
        raise Unreadable(f"{str(name)[:40]!r} is no type of number")
    if dtype.kind in "mM":
        if values.dtype.itemsize != 8:
            raise Unreadable(f"{values.dtype} holds no dates")
        return values.view(dtype)
    return values.astype(dtype)


def _unscalars(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise Unreadable("the values of a feature are no list")
    return [_unscalar(value) for value in values]


def _codes(values: npt.NDArray[Any], count: int) -> npt.NDArray[np.int64]:
    whole = values.dtype.kind in "iu"
    if not whole or (len(values) and not 0 <= values.min() <= values.max() < count):
        raise Unreadable("the codes of a feature are not those that were written")
    return values.astype(np.int64)
