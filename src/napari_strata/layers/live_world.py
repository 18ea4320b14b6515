"""Where a layer is now, as one matrix, and moving it there in one step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_strata import affine
from napari_strata.affine import Matrix

if TYPE_CHECKING:
    from napari.layers import Layer


def live_world(layer: Layer) -> Matrix:
    """Return ``(n + 1, n + 1)``, level 0's voxel centre → world, in the layer's units.

    A layer that is only scaled and moved has exactly these numbers.
    """
    n = layer.ndim
    scale, translate = np.asarray(layer.scale, float), np.asarray(layer.translate, float)
    inner = affine.from_scale_translate(scale, translate)
    rotate = np.asarray(layer.rotate, float)
    shear = shear_matrix(layer)
    if not (np.array_equal(rotate, np.eye(n)) and np.array_equal(shear, np.eye(n))):
        matrix = np.eye(n + 1)
        matrix[:n, :n] = rotate @ shear @ np.diag(scale)
        matrix[:n, n] = translate
        inner = affine.frozen(matrix)
    outer = np.asarray(layer.affine.affine_matrix, float)
    return inner if np.array_equal(outer, np.eye(n + 1)) else affine.compose(outer, inner)


def shear_matrix(layer: Layer) -> Matrix:
    """Return ``(n, n)``; napari gives what is above the diagonal, or all if that is below."""
    n, given = layer.ndim, np.asarray(layer.shear, float)
    if given.ndim == 2:
        return given
    result = np.eye(n)
    if given.size == n * (n - 1) // 2:  # else it is scaled alone
        result[np.triu_indices(n, 1)] = given
    return result


def set_world(
    layer: Layer,
    world: Matrix,
    *,
    units: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> None:
    """Put level 0 of a layer where ``world`` says: ``(n + 1, n + 1)``, in the layer's units.

    What is no more than a scale and a translation becomes those, all else the layer's affine, as
    in a layer that was just opened. The view is read and drawn once.

    Parameters
    ----------
    units, labels : of the layer's axes; None leaves them.
    """
    n = layer.ndim
    split = affine.scale_translate(world)
    scale, translate = split or (np.ones(n), np.zeros(n))
    wanted: dict[str, Any] = {
        "rotate": np.eye(n),
        "shear": np.zeros(n * (n - 1) // 2),
        "affine": np.eye(n + 1) if split else np.array(world),
        "scale": scale,
        "translate": translate,
    }
    with in_one_step(layer):
        if units is not None and [str(u) for u in layer.units] != list(units):
            layer.units = tuple(units)
        if labels is not None and tuple(layer.axis_labels) != tuple(labels):
            layer.axis_labels = tuple(labels)
        for name, value in wanted.items():
            found = getattr(layer, name)
            found = found.affine_matrix if name == "affine" else found
            if not np.array_equal(np.asarray(found, float), value):
                setattr(layer, name, value)  # each moves the sliders' ranges: only what changes


@contextmanager
def in_one_step(layer: Layer) -> Iterator[None]:
    """Let what is set on a layer be read and drawn once, at the end."""
    if layer._refresh_blocked:
        yield
        return
    with unread(layer):
        yield
    layer.refresh()


@contextmanager
def unread(layer: Layer) -> Iterator[None]:
    """Let nothing be read or drawn for what is set on a layer; a viewer does when it is added."""
    with layer._block_refresh():
        yield
