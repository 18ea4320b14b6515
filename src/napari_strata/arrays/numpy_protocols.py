"""What numpy's functions do with a level: dask computes, metadata is answered at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

# These need no values, so a level of any number of chunks can answer them.
_WITHOUT_VALUES: Mapping[Callable[..., Any], Callable[..., Any]] = {
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
    np.transpose: lambda a, axes=None: a.transpose(axes),
    np.iscomplexobj: lambda x: x.dtype.kind == "c",
    np.isrealobj: lambda x: x.dtype.kind != "c",
}
_OF_DTYPES = {np.result_type, np.can_cast, np.min_scalar_type}


def apply_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Apply a ufunc to levels as dask arrays.

    Raises
    ------
    TypeError : a level is the ``out`` argument.
    ValueError : a level has too many chunks for dask.
    """
    if any(_is_level(out) for out in kwargs.get("out", ())):
        raise TypeError("a level can only be read, it cannot take the result")
    return getattr(ufunc, method)(*_lazy(inputs), **_lazy(dict(kwargs)))


def apply_function(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Call a numpy function with levels as dask arrays.

    Raises
    ------
    ValueError : a level has too many chunks for dask.
    """
    if func in _OF_DTYPES:
        return func(*_replace(args, _dtype), **_replace(dict(kwargs), _dtype))
    if func in _WITHOUT_VALUES and args and _is_level(args[0]):
        return _WITHOUT_VALUES[func](*args, **kwargs)
    return func(*_lazy(args), **_lazy(dict(kwargs)))


def _is_level(value: Any) -> bool:
    from napari_strata.arrays.level_array import LevelArray

    return isinstance(value, LevelArray)


def _lazy(value: Any) -> Any:
    return _replace(value, lambda level: level.to_dask())


def _dtype(level: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = level.dtype
    return dtype


def _replace(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return the value with every level in it, however deep in lists and tuples, changed."""
    if _is_level(value):
        return change(value)
    if isinstance(value, list):
        return [_replace(item, change) for item in value]
    if type(value) is tuple:
        return tuple(_replace(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _replace(item, change) for key, item in value.items()}
    return value
