"""Which layers are watched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_strata.widgets.following import Watch

NAMES = ("translate", "scale")


def layers(count: int) -> list[Any]:
    return [Image(np.zeros((2, 2)), name=str(k), visible=False) for k in range(count)]


STEPS = {
    "none": ([], []),
    "one": ([0], [0]),
    "another": ([0, 1], [0, 1]),
    "again": ([1, 1, 0], [0, 1]),
    "fewer": ([1], [1]),
}


@pytest.mark.parametrize("before", STEPS)
@pytest.mark.parametrize("after", STEPS)
def test_each_is_heard_once_and_no_other(before: str, after: str):
    heard: list[str] = []
    given = layers(3)
    watch = Watch(NAMES, lambda event: heard.append(event.source.name))
    for step in (before, after):
        watch.of([given[k] for k in STEPS[step][0]])
    for layer in given:
        layer.translate = (1, 1)
    assert heard == [str(k) for k in STEPS[after][1]]


def test_what_is_watched_already_is_not_connected_anew():
    given = layers(2)
    watch = Watch(NAMES, lambda event: None)
    watch.of(given[:1])
    given[0].events.translate.connect(lambda event: None)
    callbacks = given[0].events.translate.callbacks
    watch.of(given)
    assert given[0].events.translate.callbacks == callbacks  # else ours would be the last
