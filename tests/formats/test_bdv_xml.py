"""BigDataViewer's XML: the order of transforms, and files that are damaged or mean harm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_strata as strata

from .helpers import add_attributes, codes, write_n5_array

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><SpimData version="0.2"><SequenceDescription>'
    "<ViewSetups><ViewSetup><id>0</id><name>GFP</name><voxelSize><unit>µm</unit>"
    "<size>0.5 0.5 2.0</size></voxelSize></ViewSetup></ViewSetups></SequenceDescription>"
)
SCALE = "0.5 0 0 0  0 0.5 0 0  0 0 2 0"  # x-first: x, y 0.5 and z 2
SHIFT = "1 0 0 10  0 1 0 20  0 0 1 30"
SWAP = "0 1 0 0  1 0 0 0  0 0 1 0"  # x and y change places


def registration(*affines: str, timepoint: int = 0) -> str:
    inner = "".join(
        f'<ViewTransform type="affine"><affine>{a}</affine></ViewTransform>' for a in affines
    )
    return f'<ViewRegistration timepoint="{timepoint}" setup="0">{inner}</ViewRegistration>'


def xml(*registrations: str) -> str:
    return f"{HEAD}<ViewRegistrations>{''.join(registrations)}</ViewRegistrations></SpimData>"


def write(folder: Path, text: str | bytes | None, timepoints: tuple[int, ...] = (0,)) -> Path:
    """Write ``a.n5`` of one setup with two levels, and ``a.xml`` beside it."""
    setup = folder / "a.n5/setup0"
    for timepoint in timepoints:
        write_n5_array(setup / f"timepoint{timepoint}/s0", (4, 6, 8))
        write_n5_array(setup / f"timepoint{timepoint}/s1", (4, 3, 4))
    add_attributes(setup / "attributes.json", downsamplingFactors=[[1, 1, 1], [2, 2, 1]])
    if text is not None:
        (folder / "a.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "a.n5"


PLACES: dict[str, tuple[tuple[str, ...], list[float], list[float]]] = {
    # in array order z, y, x: scale and translation of level 0
    "one": ((SCALE,), [2, 0.5, 0.5], [0, 0, 0]),
    # the last one listed acts first: shift after the scaling …
    "shift listed first": ((SHIFT, SCALE), [2, 0.5, 0.5], [30, 20, 10]),
    # … or before it
    "shift listed last": ((SCALE, SHIFT), [2, 0.5, 0.5], [60, 10, 5]),
    "three": ((SHIFT, SCALE, SHIFT), [2, 0.5, 0.5], [90, 30, 15]),
    "none": ((), [1, 1, 1], [0, 0, 0]),
}


@pytest.mark.parametrize("name", PLACES)
def test_transforms_are_concatenated_in_the_order_of_the_file(name: str, tmp_path: Path):
    affines, scale, translate = PLACES[name]
    (image,) = strata.open(write(tmp_path, xml(registration(*affines)))).images
    assert image.levels[0].scale[1:].tolist() == scale  # type: ignore[index]
    assert image.levels[0].translate[1:].tolist() == translate  # type: ignore[index]
    # s1 covers two voxels along y and x: half a voxel of level 0 on.
    shift = [0, 0.5 * scale[1], 0.5 * scale[2]]
    assert image.levels[1].translate[1:].tolist() == [  # type: ignore[index]
        t + s for t, s in zip(translate, shift, strict=True)
    ]
    assert [axis.unit for axis in image.axes] == [None, "µm", "µm", "µm"]
    assert image.name == "GFP"
    assert codes(image) == []


def test_a_transform_that_swaps_axes(tmp_path: Path):
    (image,) = strata.open(write(tmp_path, xml(registration(SHIFT, SWAP)))).images
    level = image.levels[1]
    assert level.scale is None
    # Voxel (t, z, y, x) = (0, 1, 2, 3) of s1 is (1, 4.5, 6.5) of s0; x and y swap, then the shift.
    assert (level.affine @ [0, 1, 2, 3, 1]).tolist() == [0, 31, 26.5, 14.5, 1]


def test_timepoints_that_move_are_images_of_their_own(tmp_path: Path):
    text = xml(*(registration(SHIFT if t == 2 else SCALE, timepoint=t) for t in range(3)))
    images = strata.open(write(tmp_path, text, (0, 1, 2))).images
    assert [image.levels[0].shape[0] for image in images] == [2, 1]
    assert images[1].levels[0].translate.tolist() == [2, 30, 20, 10]  # type: ignore[union-attr]
    assert all(codes(image) == ["registration-moves"] for image in images)


def test_a_view_without_registration_is_told(tmp_path: Path):
    (image,) = strata.open(write(tmp_path, xml(registration(SCALE, timepoint=7)))).images
    assert codes(image) == ["missing-registration"]
    assert image.problems[0].where == "a.xml: ViewRegistration[setup=0, timepoint=0]"


def test_without_xml(tmp_path: Path):
    (image,) = strata.open(write(tmp_path, None)).images
    assert np.array_equal(image.levels[0].affine, np.eye(5))
    assert codes(image) == []


DAMAGED: dict[str, str | bytes] = {
    "empty": "",
    "not xml": "hello",
    "cut off": xml(registration(SCALE))[:-30],
    "not utf-8": HEAD.encode("latin-1"),
    "unknown encoding": '<?xml version="1.0" encoding="bogus"?><SpimData/>',
    "multi-byte encoding": '<?xml version="1.0" encoding="gbk"?><SpimData/>',
    "document type": '<!DOCTYPE SpimData [<!ENTITY a "1">]><SpimData/>',
    "document type in utf-16": '<!DOCTYPE SpimData [<!ENTITY a "1">]><SpimData/>'.encode("utf-16"),
    "outside entity": (
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><SpimData>&a;</SpimData>'
    ),
    "eleven numbers": xml(registration("1 0 0 0 0 1 0 0 0 0 1")),
    "thirteen numbers": xml(registration(SCALE + " 1")),
    "no numbers": xml(registration("")),
    "words": xml(registration("a b c d e f g h i j k l")),
    "nan": xml(registration(SCALE.replace("2", "nan"))),
    "infinite": xml(registration(SCALE.replace("2", "inf"))),
    "flat": xml(registration("1 0 0 0 0 1 0 0 0 0 0 0")),
    "setup is a word": xml(registration(SCALE)).replace('setup="0"', 'setup="zero"'),
    "no timepoint": xml(registration(SCALE)).replace('timepoint="0"', ""),
    "id is a word": xml(registration(SCALE)).replace("<id>0<", "<id>x<"),
    "id of 5000 digits": xml(registration(SCALE)).replace("<id>0<", f"<id>{'1' * 5000}<"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_a_problem_and_the_image_opens_without_it(name: str, tmp_path: Path):
    (image,) = strata.open(write(tmp_path, DAMAGED[name])).images
    (problem,) = image.problems
    assert problem.severity == "error"
    assert problem.where.startswith("a.xml")
    assert len(str(problem).splitlines()) == 1
    assert "not used" in problem.message
    assert np.array_equal(image.levels[0].affine, np.eye(5))


def test_a_folder_in_its_place(tmp_path: Path):
    root = write(tmp_path, None)
    (tmp_path / "a.xml").mkdir()
    (image,) = strata.open(root).images
    assert codes(image) == ["unreadable"]


def test_timepoints_far_apart_build_nothing_for_those_between(tmp_path: Path):
    root = write(tmp_path, None, (0, 10**12))
    try:
        images = strata.open(root).images
    except strata.OpenError as error:
        assert "timepoint" in str(error)  # noqa: PT017
    else:
        assert all(image.levels[0].shape[0] < 10**6 for image in images)


def test_missing_timepoints_are_told_in_a_line_that_can_be_read(tmp_path: Path):
    (image,) = strata.open(write(tmp_path, None, (0, 3000))).images
    assert codes(image).count("missing-view") >= 1
    assert max(len(p.message) for p in image.problems) < 500
