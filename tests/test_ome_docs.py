"""The table of OME-Zarr's keys: every key of every version is in it, and says what is done."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORMATS = ROOT / "src" / "napari_strata" / "formats"
HEADER = ["key", "versions", "what this reader does with it"]
VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
DRAFTS = "drafts of 0.6"
NOWHERE = "—"  # in no version: what other programs write

# Every key in the specifications' texts, schemas and examples (0.6: as of 0.6rc0). Keys of 0.5
# and 0.6 are inside "ome". What is said of transforms and systems is relative to their list.
_IMAGE = """
multiscales multiscales[].name multiscales[].type multiscales[].metadata
multiscales[].metadata.method multiscales[].metadata.version
multiscales[].datasets multiscales[].datasets[].path
"""
_OMERO = """
omero omero.id omero.name omero.channels omero.channels[].active omero.channels[].coefficient
omero.channels[].color omero.channels[].family omero.channels[].inverted omero.channels[].label
omero.channels[].window omero.channels[].window.end omero.channels[].window.max
omero.channels[].window.min omero.channels[].window.start omero.rdefs omero.rdefs.defaultT
omero.rdefs.defaultZ omero.rdefs.model
"""
_LABELS = """
labels image-label image-label.colors image-label.colors[].label-value image-label.colors[].rgba
image-label.source image-label.source.image
"""
_PLATE = """
plate plate.acquisitions plate.acquisitions[].id plate.acquisitions[].name
plate.acquisitions[].maximumfieldcount plate.acquisitions[].description
plate.acquisitions[].starttime plate.acquisitions[].endtime plate.columns plate.columns[].name
plate.field_count plate.name plate.rows plate.rows[].name plate.wells plate.wells[].path
well well.images well.images[].path well.images[].acquisition
"""
_ARRAY = """
zarr_format shape fill_value
"""
_OF_ALL = _IMAGE + _OMERO + _LABELS + _PLATE + _ARRAY
_UNTIL_04 = """
multiscales[].version chunks dtype compressor filters order dimension_separator .zmetadata
"""
_UNTIL_05 = """
omero.version image-label.version plate.version well.version
"""
_FROM_02 = """
multiscales[].metadata.args multiscales[].metadata.kwargs
image-label.properties image-label.properties[].label-value image-label.properties[].*
"""
_FROM_04 = """
multiscales[].metadata.description
multiscales[].coordinateTransformations multiscales[].datasets[].coordinateTransformations
coordinateTransformations[].type coordinateTransformations[].scale
coordinateTransformations[].translation coordinateTransformations[].path
plate.wells[].rowIndex plate.wells[].columnIndex
bioformats2raw.layout series OME/METADATA.ome.xml
"""
_FROM_05 = """
ome ome.version node_type attributes chunk_grid data_type codecs chunk_key_encoding
dimension_names storage_transformers consolidated_metadata
"""
_ONLY_03 = """
multiscales[].axes[]
"""
_03_AND_04 = """
_ARRAY_DIMENSIONS
"""
_FROM_03_TO_05 = """
multiscales[].axes
"""
_04_AND_05 = """
multiscales[].axes[].name multiscales[].axes[].type multiscales[].axes[].unit
"""
_ONLY_06 = """
multiscales[].coordinateSystems coordinateSystems[].name coordinateSystems[].axes
coordinateSystems[].axes[].name coordinateSystems[].axes[].type coordinateSystems[].axes[].unit
coordinateSystems[].axes[].discrete coordinateSystems[].axes[].longName
coordinateTransformations[].name
coordinateTransformations[].input coordinateTransformations[].input.name
coordinateTransformations[].input.path coordinateTransformations[].output
coordinateTransformations[].output.name coordinateTransformations[].output.path
coordinateTransformations[].rotation coordinateTransformations[].affine
coordinateTransformations[].interpolation coordinateTransformations[].mapAxis
coordinateTransformations[].droppedInputs coordinateTransformations[].createdOutputs
coordinateTransformations[].transformations
coordinateTransformations[].transformations[].transformation
coordinateTransformations[].transformations[].inputAxes
coordinateTransformations[].transformations[].outputAxes
coordinateTransformations[].forward coordinateTransformations[].inverse
scene scene.coordinateSystems scene.coordinateTransformations
scene.coordinateTransformations[].input scene.coordinateTransformations[].input.name
scene.coordinateTransformations[].input.path scene.coordinateTransformations[].output
scene.coordinateTransformations[].output.name scene.coordinateTransformations[].output.path
"""
_OF_DRAFTS = """
multiscales[].version multiscales[].arrayCoordinateSystem
arrayCoordinateSystem arrayCoordinateSystem.name arrayCoordinateSystem.axes
scene.arrayCoordinateSystem coordinateTransformations[].url
coordinateTransformations[].transformation
coordinateTransformations[].transformations[].input_axes
coordinateTransformations[].transformations[].output_axes
coordinateTransformations[].transformations[].input
coordinateTransformations[].transformations[].output
"""

_EARLY = _OF_ALL + _UNTIL_04 + _UNTIL_05
KEYS = {
    "0.1": _EARLY,
    "0.2": _EARLY + _FROM_02,
    "0.3": _EARLY + _FROM_02 + _ONLY_03 + _03_AND_04 + _FROM_03_TO_05,
    "0.4": _EARLY + _FROM_02 + _03_AND_04 + _FROM_03_TO_05 + _04_AND_05 + _FROM_04,
    "0.5": _OF_ALL + _UNTIL_05 + _FROM_02 + _FROM_03_TO_05 + _04_AND_05 + _FROM_04 + _FROM_05,
    "0.6": _OF_ALL + _FROM_02 + _FROM_04 + _FROM_05 + _ONLY_06,
    DRAFTS: _OF_DRAFTS,
}

# Words with a dash that look like problem codes.
_NO_CODES = {"image-label", "label-value"}


def page() -> str:
    return (ROOT / "docs" / "ome-zarr.md").read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split(" | ")]


def rows() -> list[list[str]]:
    """All rows of all tables, without headers."""
    lines = [line for line in page().splitlines() if line.startswith("|")]
    return [c for c in map(cells, lines) if c != HEADER and not set("".join(c)) <= set("- ")]


def keys_of(cell: str) -> list[str]:
    """A zip comment's keys say in words where they are."""
    part = r"`[^`]+`(?: of the zip's comment)?"
    assert re.fullmatch(rf"{part}(, {part})*", cell), cell
    return re.findall(r"`([^`]+)`", cell)


def versions_of(cell: str) -> list[str]:
    """Spell a cell such as "0.1–0.3, drafts of 0.6" out."""
    found: list[str] = []
    for part in cell.split(", "):
        first, _, last = part.partition("–")
        if part in (NOWHERE, DRAFTS):
            found.append(part)
        else:
            found += VERSIONS[VERSIONS.index(first) : VERSIONS.index(last or first) + 1]
    assert found == sorted(set(found)), cell
    return found


def listed() -> set[tuple[str, str]]:
    """Each key with each version that a row is for."""
    return {(key, v) for row in rows() for key in keys_of(row[0]) for v in versions_of(row[1])}


_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


def codes_in(source: str) -> set[str]:
    """The problem codes of a module: every text with dashes that a call or a name is given."""
    tree = ast.parse(source)
    given: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given += [*node.args, *(k.value for k in node.keywords)]
    given += [node.value for node in tree.body if isinstance(node, ast.Assign)]
    texts = {a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return {text for text in texts if _CODE.fullmatch(text)} - _NO_CODES


def modules() -> list[Path]:
    """The modules that read OME-Zarr: those named so, and all they take from beside them."""
    start = [*FORMATS.glob("*ome*.py"), *FORMATS.glob("*plate*.py")]
    found = {path.stem: path for path in start}
    waiting = list(found.values())
    while waiting:
        tree = ast.parse(waiting.pop().read_text(encoding="utf-8"))
        names = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
        for name in sorted(names):
            path = FORMATS / f"{name.rpartition('.')[2]}.py"
            if name.startswith("napari_strata.formats.") and path.stem not in found:
                found[path.stem] = path
                waiting.append(path)
    return sorted(found.values())


def made() -> set[str]:
    return set().union(*(codes_in(path.read_text(encoding="utf-8")) for path in modules()))


def test_every_table_has_the_same_columns():
    tables = re.findall(r"(?<=\n\n)\|.+\n", page())
    assert len(tables) > 5
    assert {tuple(cells(line)) for line in tables} == {tuple(HEADER)}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:60])
def test_a_row_says_what_is_done(row: list[str]):
    assert len(row) == len(HEADER), "three cells, and no | in one"
    key, versions, does = row
    assert keys_of(key)
    assert versions_of(versions)
    assert does.endswith((".", "…"))
    assert len(does.split()) > 2, does
    assert not re.match(r"(?i)\W*(it is )?(ignored|not read|unused)\b", does), "say why"
    if does.startswith("Not used"):
        reason = re.match(r"Not used[^:.]*(: | because |, because )(?P<why>[^.]+)", does)
        assert reason is not None or "where" in does, "say why"
        assert reason is None or len(reason["why"].split()) > 3, "say why"


def test_no_key_of_a_version_has_two_rows():
    found = [(key, v) for row in rows() for key in keys_of(row[0]) for v in versions_of(row[1])]
    assert sorted(x for x in found if found.count(x) > 1) == []


@pytest.mark.parametrize("version", KEYS)
def test_every_key_of_a_version_has_a_row(version: str):
    assert sorted(set(KEYS[version].split()) - {key for key, v in listed() if v == version}) == []


@pytest.mark.parametrize("version", KEYS)
def test_a_row_for_a_version_is_for_a_key_it_has(version: str):
    assert sorted({key for key, v in listed() if v == version} - set(KEYS[version].split())) == []


def test_codes_are_found_however_a_problem_is_made():
    source = """
at.problem("a-b", "info", "")
raise at.refuse("c-d", "")
at.unexpected(1, "a text", code="e-f")
_bad("g-h", at)
Problem(CODE, "error", "", "")
fields.get("image-label")
CODE = "i-j"
x = kind == "no-code"
"""
    assert codes_in(source) == {"a-b", "c-d", "e-f", "g-h", "i-j"}


def test_the_modules_are_found():
    names = {path.stem for path in modules()}
    assert {"_ome", "ome_zarr", "omero", "ome_plate", "image_label", "_grid_of_fields"} <= names
    assert not {"cosem", "neuroglancer_n5", "bdv_n5"} & names


def test_every_problem_code_is_explained():
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE))
    assert sorted(made() - explained) == [], "give each a row in docs/formats.md"


def test_the_codes_in_the_table_are_given_by_the_reader():
    said = {word for row in rows() for word in re.findall(r"`([^`]+)`", row[-1])}
    codes = {word for word in said if _CODE.fullmatch(word)} - _NO_CODES
    assert len(codes) > 20
    everywhere = (ROOT / "src" / "napari_strata").rglob("*.py")
    given = set().union(*(codes_in(path.read_text(encoding="utf-8")) for path in everywhere))
    assert sorted(codes - given) == []
