"""How a labels layer looks: declared colours, and properties under the cursor.

napari's own map of declared colours has one colour for all other values, needs numba for values
above 2^16, and is a Python dictionary. Here the other values keep the colours napari gives to
labels without declared ones, and tables of numpy do the work.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.utils.colormaps import DirectLabelColormap, label_colormap

from napari_strata.model import Color, Display

INDEX = "index"  # napari's name for the column of label values
_RENAMED = "index (property)"
_TEXT = "properties"
_MOST_COLUMNS = 256
_MOST_CELLS = 4_000_000
_OTHERS = (0.5, 0.5, 0.5, 1.0)  # where napari maps colours by its own means, all other values
_DIRECT_SPAN = 2**20  # label values up to so far apart are looked up, others searched
_BLOCK = 2**20

Values = npt.NDArray[Any]


def label_arguments(display: Display) -> dict[str, Any]:
    """Return what `napari.layers.Labels` is given of colours and properties, if any."""
    arguments: dict[str, Any] = {}
    if display.label_colors:
        arguments["colormap"] = declared_colors(display.label_colors)
    if display.label_properties:
        arguments["features"] = features(display.label_properties)
    return arguments


# --------------------------------------------------------------------------------- colours


def declared_colors(colors: Mapping[int, Color]) -> DeclaredColors:
    """Return a colormap with these colours; 0 is transparent unless it is among them."""
    listed: dict[Any, Color] = {0: (0.0, 0.0, 0.0, 0.0), **colors, None: _OTHERS}
    return DeclaredColors(color_dict=listed)


class DeclaredColors(DirectLabelColormap):  # type: ignore[misc]
    """Declared colours, and napari's usual ones for all other values.

    A value is drawn by the row of ``_table`` that it has as index: row 0 is the background, rows
    1 to 49 napari's cycle, the others declared. Overrides how napari brings values and colours
    to the graphics card; should a napari not call these methods, then `DirectLabelColormap`
    itself shows the declared colours, and one grey for all else.
    """

    @cached_property
    def _cycle(self) -> Values:
        return np.asarray(label_colormap(49, 0.5).colors, dtype=np.float32)[1:]

    @cached_property
    def _declared(self) -> dict[int, Any]:
        listed: Mapping[int | None, Any] = self.color_dict
        return {value: color for value, color in listed.items() if value is not None}

    @cached_property
    def _unique(self) -> tuple[Values, Values]:
        """Return the different declared colours, and the row of each declared value."""
        listed = np.array(list(self._declared.values()), dtype=np.float32).reshape(-1, 4)
        different, rows = np.unique(listed, axis=0, return_inverse=True)
        return different, rows.reshape(-1) + 1 + len(self._cycle)

    @cached_property
    def _table(self) -> Values:
        background = np.zeros((1, 4), dtype=np.float32)
        return np.concatenate([background, self._cycle, self._unique[0]])

    @cached_property
    def _num_unique_colors(self) -> int:
        return len(self._table)

    @property
    def _row_dtype(self) -> np.dtype[Any]:
        # As napari chooses it: with room for two more than there are colours.
        rows = len(self._table) + 2
        return np.dtype("uint8" if rows <= 255 else "uint16" if rows <= 65535 else "float32")

    def _clear_cache(self) -> None:
        super()._clear_cache()
        for name in ("_declared", "_unique", "_table", "_lookups"):
            self.__dict__.pop(name, None)

    # --- from label values to rows -------------------------------------------------------

    @cached_property
    def _lookups(self) -> dict[np.dtype[Any], _Lookup]:
        return {}

    def _rows(self, values: Values) -> Values:
        """Return the row of every value; a block at a time, as volumes may be large."""
        flat = values.reshape(-1)
        rows = np.empty(flat.size, dtype=self._row_dtype)
        for start in range(0, flat.size, _BLOCK):
            rows[start : start + _BLOCK] = self._rows_of_block(flat[start : start + _BLOCK])
        return rows.reshape(values.shape)

    def _rows_of_block(self, values: Values) -> Values:
        dtype = values.dtype
        if dtype not in self._lookups:
            self._lookups[dtype] = _Lookup(list(self._declared), self._unique[1], dtype)
        count = len(self._cycle)
        cycled = np.remainder(values, dtype.type(count)).astype(np.intp)
        rows: Values = (
            cycled + (count - 1)
        ) % count + 1  # (value - 1) % count + 1, without overflow
        rows[values == 0] = 0
        self._lookups[dtype].write(values, rows)
        return rows

    def _data_to_texture(self, values: Any) -> Any:
        array = np.asarray(values)
        texture: Any
        if array.dtype.itemsize <= 2:  # the card has a colour for every value there is
            texture = array.view(f"uint{8 * array.dtype.itemsize}")
        elif self.use_selection:
            texture = (array == self.selection).astype(self._row_dtype)
        else:
            texture = self._rows(array)
        return texture[()] if np.isscalar(values) else texture

    def _map_without_cache(self, values: Values) -> Values:
        mapped: Values = self._table[self._rows(values).astype(np.intp)]
        return mapped

    def _values_mapping_to_minimum_values_set(
        self, apply_selection: bool = True
    ) -> tuple[dict[int | None, int], dict[int, Values]]:
        if self.use_selection and apply_selection:
            return {self.selection: 1, None: 0}, {0: np.zeros(4), 1: self._color(self.selection)}
        rows: dict[int | None, int] = {None: 0}
        rows.update(zip(self._declared, self._unique[1].tolist(), strict=True))
        return rows, dict(enumerate(self._table))

    # --- colours for thumbnails, the controls and people -----------------------------------

    def _color(self, value: int) -> Values:
        declared = self._declared.get(value)
        if declared is not None:
            return np.asarray(declared, dtype=np.float32)
        found: Values = self._cycle[(value - 1) % len(self._cycle)]
        return found

    def map(self, values: Any) -> Values:
        """Return the colours of label values, ``(…, 4)``, each 0 to 1."""
        if isinstance(values, int | np.integer):
            hidden = self.use_selection and values != self.selection
            return np.zeros(4, dtype=np.float32) if hidden else self._color(int(values))
        array = np.asarray(values)
        if array.dtype.kind not in "iu":
            raise TypeError(f"found labels of type {array.dtype}, expected whole numbers")
        mapped = self._map_without_cache(array)
        if self.use_selection:
            mapped[array != self.selection] = 0
        return mapped


class _Lookup:
    """From label values of one type to their rows, for those that have a declared colour."""

    def __init__(self, values: Sequence[int], rows: Values, dtype: np.dtype[Any]) -> None:
        info = np.iinfo(dtype)
        held = [i for i, value in enumerate(values) if info.min <= value <= info.max]
        keys = np.array([values[i] for i in held], dtype=dtype)
        order = np.argsort(keys)
        self._keys, self._rows = keys[order], rows[held][order]
        first, last = (int(self._keys[0]), int(self._keys[-1])) if len(held) else (0, 0)
        self._dense = last - first < _DIRECT_SPAN
        self._first, self._last = dtype.type(first), dtype.type(last)
        if self._dense:
            self._spread = np.zeros(last - first + 1, dtype=np.intp)
            self._spread[self._steps(self._keys)] = self._rows

    def _steps(self, values: Values) -> Values:
        """Return how far values are from the first; differences in 8 bits would overflow."""
        wide = values if values.dtype.itemsize == 8 else values.astype(np.int64)
        return (wide - wide.dtype.type(self._first)).astype(np.intp)

    def write(self, values: Values, rows: Values) -> None:
        """Replace the rows of the values that have a declared colour."""
        if not len(self._keys):
            return
        inside = (values >= self._first) & (values <= self._last)
        found = values[inside]
        if self._dense:
            declared = self._spread[self._steps(found)]
        else:
            at = np.searchsorted(self._keys, found)
            declared = np.where(self._keys[at] == found, self._rows[at], 0)
        rows[inside] = np.where(declared > 0, declared, rows[inside])


# ------------------------------------------------------------------------------- properties


def features(properties: Mapping[int, Mapping[str, Any]]) -> dict[str, Values]:
    """Return a table, one row a label: what napari shows beside the label under the cursor.

    A property of some labels only is None for the others. Where the properties are so different
    that a table would be mostly empty, there is one column with all of them as text.
    """
    rows = list(properties.values())
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = {INDEX: _column(list(properties))}
    if len(names) > _MOST_COLUMNS or len(names) * len(rows) > _MOST_CELLS:
        return table | {_TEXT: _column([json.dumps(row, default=str) for row in rows])}
    for name in names:
        column = _column([row.get(name) for row in rows])
        table[_free(name, names)] = column
    return table


def _free(name: str, names: list[str]) -> str:
    """Rename a property that is called as the column of label values, until the name is free."""
    if name != INDEX:
        return name
    name = _RENAMED
    while name in names:
        name += "'"
    return name


def _column(values: list[Any]) -> Values:
    """Return numbers or texts as an array of them, all else as objects."""
    kinds = {type(value) for value in values}
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in values):
        return np.array(values, dtype=np.int64)
    if kinds == {float} or kinds == {bool}:
        return np.array(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
