"""The fields of a crop box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_strata.widgets.crop_box import CropBox

pytestmark = pytest.mark.window
INF = np.inf


@pytest.fixture
def crop(qtbot: Any) -> CropBox:
    form = CropBox()
    qtbot.addWidget(form)
    form.set_axes(["z", "y"], ["µm", "µm"])
    return form


def fields(form: CropBox) -> list[list[str]]:
    return [[field.text() for field in row] for row in (form.low, form.high)]


TEXTS: dict[str, tuple[Any, list[list[str]]]] = {
    "everything": (None, [["", ""], ["", ""]]),
    "plain": ([[0, 12.5], [100, 20]], [["0", "12.5"], ["100", "20"]]),
    # A millionth of the size (10 and 1) is kept, and no border is lost.
    "rounded outwards": (
        [[1 / 3, 0.1], [1 / 3 + 10, 1.1 - 1e-9]],
        [["0.33333", "0.1"], ["10.33334", "1.1"]],
    ),
    "below zero": ([[-1 / 3, -2], [-0.1, 3]], [["-0.3333334", "-2"], ["-0.1", "3"]]),
    "half open": ([[-INF, 1.5], [INF, INF]], [["", "1.5"], ["", ""]]),
    "huge": ([[0, 0], [1e12, 1e15]], [["0", "0"], ["1000000000000", "1000000000000000"]]),
    "tiny": ([[1e-12, 0], [3e-12, 1]], [["1e-12", "0"], ["3e-12", "1"]]),
}


@pytest.mark.parametrize(("box", "texts"), TEXTS.values(), ids=TEXTS)
def test_numbers(crop: CropBox, box: Any, texts: list[list[str]]):
    crop.set_box(None if box is None else np.array(box, dtype=float))
    assert fields(crop) == texts


@pytest.mark.parametrize("box", [box for box, _ in TEXTS.values() if box is not None])
def test_the_box_in_the_fields_contains_what_was_filled_in(crop: CropBox, box: Any):
    given = np.array(box, dtype=float)
    crop.set_box(given)
    read = crop.box()
    assert read is not None
    np.testing.assert_array_equal(read, given)


def test_a_number_that_is_changed_counts_as_it_is_written(crop: CropBox):
    """0.1 + 0.2 is a little more than 0.3, which is what the field shows."""
    crop.set_box(np.array([[0.0, 0.0], [0.1 + 0.2, 1 / 3]]))
    assert [field.text() for field in crop.high] == ["0.3", "0.3333334"]
    crop.high[1].setText("0.25")
    read = crop.box()
    assert read is not None
    assert read.tolist() == [[0.0, 0.0], [0.1 + 0.2, 0.25]]
    crop.high[0].setText("")
    read = crop.box()
    assert read is not None
    assert read[1].tolist() == [INF, 0.25]


def test_no_number_at_all_is_no_box(crop: CropBox):
    assert crop.box() is None


BAD = {
    "no number": ("low", 0, "-", "Lowest z (µm): “-” is no number."),
    "ends the wrong way round": ("low", 1, "30", "y (µm) goes from 30 to 20: swap the ends."),
    "infinite": ("high", 0, "1e999", "Highest z (µm): “1e999” is no number."),
}


@pytest.mark.parametrize(("end", "axis", "text", "message"), BAD.values(), ids=BAD)
def test_bad_numbers(crop: CropBox, end: str, axis: int, text: str, message: str):
    crop.set_box(np.array([[0.0, 0.0], [10.0, 20.0]]))
    getattr(crop, end)[axis].setText(text)
    with pytest.raises(ValueError, match=r"\.$") as error:
        crop.box()
    assert str(error.value) == message


def test_other_axes_are_other_rows(crop: CropBox):
    crop.set_box(np.array([[0.0, 0.0], [10.0, 20.0]]))
    crop.set_axes(["z", "y"], ["µm", "µm"])
    assert fields(crop) == [["0", "0"], ["10", "20"]]
    crop.set_axes(["t", "z", "y", "x"], ["s", "µm", "µm", "µm"])
    assert fields(crop) == [[""] * 4, [""] * 4]
    assert crop.low[0].accessibleName() == "Lowest t (s)"
