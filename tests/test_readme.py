"""The documentation: what it shows runs, and what it lists is what there is."""

from __future__ import annotations

import ast
import functools
import io
import json
import re
from collections import defaultdict
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from devtools.commands import COMMANDS

import napari_strata as strata
from napari_strata import cli, model, plugin
from napari_strata.arrays import cache_limit, set_cache_limit
from napari_strata.samples import FORMATS, Sample, write_sample

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "napari_strata"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
SHOWN_HOME = "/home/me"  # where the pages pretend to be

_FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """A page without what is fenced."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def blocks(page: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page, as (kind, text)."""
    return [(m["kind"], m["text"]) for m in _FENCE.finditer(read(page))]


def python_blocks(page: str, *, window: bool) -> list[str]:
    """The Python blocks that need a window, or those that do not."""
    found = [text for kind, text in blocks(page) if kind == "python"]
    return [text for text in found if ("napari.Viewer" in text) == window]


def table(text: str, *header: str) -> list[list[str]]:
    """The cells of all tables with this header."""
    rows: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if cells == list(header):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not set(line) <= set("|- "):
            rows.append(cells)
    return rows


def unquoted(cell: str) -> str:
    assert re.fullmatch(r"`[^`]+`", cell), cell
    return cell.strip("`")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the samples that the pages use, where they say they are."""
    folder = tmp_path_factory.mktemp("home")
    for name in ("cosem", "zvf"):
        write_sample(name, folder / "samples")
    return folder


# ------------------------------------------------------------------------------ what is shown runs


def test_the_readmes_python_prints_what_it_says(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(home)
    (source,) = python_blocks("README.md", window=False)
    (expected,) = [text for kind, text in blocks("README.md") if kind == "text"]
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(source, "README.md", "exec"), {})
    assert printed.getvalue() == expected


@pytest.mark.window
def test_the_readmes_viewer_shows_the_sample(
    home: Path, monkeypatch: pytest.MonkeyPatch, make_napari_viewer: Any
):
    import napari

    monkeypatch.chdir(home)
    monkeypatch.setattr(napari, "Viewer", make_napari_viewer)
    monkeypatch.setattr(napari, "run", lambda: None)
    (source,) = python_blocks("README.md", window=True)
    names: dict[str, Any] = {}
    exec(compile(source, "README.md", "exec"), names)
    found = [layer.name for layer in names["viewer"].layers]
    assert found == ["fibsem-uint8", "mito_pred", "mito_seg"]


@pytest.mark.parametrize("page", ["docs/api.md", "docs/geometries.md", "docs/remote.md"])
def test_python_in_the_docs_runs(page: str, home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(home)
    sources = python_blocks(page, window=False)
    assert sources
    before = cache_limit()
    try:
        for source in sources:
            exec(compile(source, page, "exec"), {})
    finally:
        set_cache_limit(before)


def test_the_readmes_console_prints_what_it_says(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(home)
    monkeypatch.setenv("COLUMNS", "140")
    (console,) = [text for kind, text in blocks("README.md") if kind == "console"]
    command, _, expected = console.partition("\n")
    program, *arguments = command.removeprefix("$ ").split()
    assert program == "napari-strata"
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert not ended.value.code
    printed = capsys.readouterr().out.replace(home.as_posix(), SHOWN_HOME)
    assert [line.rstrip() for line in printed.splitlines()] == expected.splitlines()


@pytest.mark.parametrize("command", ["python3 dev.py demo", "python3 dev.py test"])
def test_the_two_commands_are_there(command: str):
    assert ("", f"{command}\n") in blocks("README.md")
    assert command.split()[-1] in COMMANDS
    assert (ROOT / "dev.py").is_file()


# ------------------------------------------------------------------------------ links


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = [m["text"].lower() for m in _HEADING.finditer(prose(page))]
    return {re.sub(r"[^\w\- ]", "", text).replace(" ", "-") for text in headings}


def test_a_page_without_links_would_be_noticed():
    assert len(PAGES) >= 9
    assert "what-exactly-where-its-metadata-says-means" in anchors(ROOT / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_lead_somewhere(page: Path):
    for match in _LINK.finditer(prose(page)):
        target, _, anchor = match["target"].partition("#")
        if "://" in target:
            continue
        linked = (page.parent / target).resolve() if target else page
        assert linked.is_file(), match["target"]
        assert ROOT in linked.parents, match["target"]
        if anchor:
            assert anchor in anchors(linked), match["target"]


def test_every_page_is_linked_from_the_readme():
    targets = {match["target"].partition("#")[0] for match in _LINK.finditer(read("README.md"))}
    pages = {page.relative_to(ROOT).as_posix() for page in PAGES} - {"README.md"}
    assert pages <= targets


def test_the_picture_is_a_picture():
    picture = (ROOT / "docs" / "images" / "demo.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert width >= 800
    assert height >= 500


# ------------------------------------------------------------------------------ lists


def test_the_formats_are_those_that_are_read(samples: dict[str, Sample]):
    listed = [unquoted(name) for name, _ in table(read("README.md"), "format", "what it is")]
    assert sorted(listed) == sorted(FORMATS)
    for name in listed:
        opened = strata.open(samples[name].path)
        assert {found.format for found in (*opened.images, *opened.geometries)} == {name}
    headings = " ".join(m["text"] for m in _HEADING.finditer(read("docs/formats.md")))
    assert [name for name in listed if name not in headings] == []


def listed_modules(tree: str) -> list[str]:
    """Paths of the files in an indented tree."""
    folders: list[str] = []
    found = []
    for line in tree.splitlines():
        name, description = line.split()[0], line.split()[1:]
        depth = (len(line) - len(line.lstrip())) // 2
        del folders[depth:]
        if name.endswith("/"):
            folders.append(name)
            continue
        assert description, line
        found.append("".join([*folders, name]))
    return found


def test_the_tree_lists_exactly_the_modules_there_are():
    (tree,) = [text for _, text in blocks("docs/architecture.md") if "napari_strata/" in text]
    there = {f"napari_strata/{p.relative_to(PACKAGE).as_posix()}" for p in PACKAGE.rglob("*.py")}
    listed = listed_modules(tree)
    assert len(set(listed)) == len(listed), "a module is listed twice"
    assert there - set(listed) == set(), "give each a line in docs/architecture.md"
    assert set(listed) - there == set(), "listed, but not there"


# Calls that make a problem: at which position each takes the code, and the severity, or which
# severity it always gives; or at which position, and which one it is if none is given.
_MAKERS: dict[str, tuple[int, int | str | tuple[int, str]]] = {
    "Problem": (0, 1),
    "problem": (0, 1),
    "tell": (0, 1),
    "refuse": (0, "error"),
    "unexpected": (2, "error"),
    "distrust": (0, "warning"),
    "_distrusted": (0, "warning"),
    "failure": (1, "error"),
    "report": (0, (3, "warning")),
}


def codes_of(source: str) -> dict[str, set[str]]:
    """Which problem codes a module makes, with their severities, as far as they are literals.

    A name stands for all texts that are assigned to it in the module, or in that of ours which
    it is imported from.
    """
    found: dict[str, set[str]] = defaultdict(set)
    tree = ast.parse(source)
    named = assigned(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("napari_strata."):
            others = assigned_in(str(node.module))
            for alias in node.names:
                named[alias.asname or alias.name] |= others.get(alias.name, set())
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [k.value if isinstance(k, ast.Constant) else None for k in node.keys]
            if "code" in keys and "severity" in keys:
                code, severity = (node.values[keys.index(k)] for k in ("code", "severity"))
                if isinstance(code, ast.Constant) and isinstance(severity, ast.Constant):
                    found[str(code.value)].add(str(severity.value))
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        if name not in _MAKERS:
            continue
        at_code, at_severity = _MAKERS[name]
        given = {k.arg: k.value for k in node.keywords}
        default = ast.Constant("invalid-value") if name == "unexpected" else None
        code = node.args[at_code] if len(node.args) > at_code else given.get("code", default)
        level = severity_of(node, at_severity)
        for text in texts_of(code, named):
            found[text] |= texts_of(level, named)
    return {code: severities for code, severities in found.items() if severities}


@functools.cache
def assigned_in(module: str) -> dict[str, set[str]]:
    """The same of a module of ours; nothing of a package."""
    file = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    return assigned(ast.parse(file.read_text("utf-8"))) if file.is_file() else {}


def assigned(tree: ast.AST) -> dict[str, set[str]]:
    """The texts each name may stand for in a module."""
    named: dict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named[node.targets[0].id] |= texts_of(node.value, {})
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            named[node.target.id] |= texts_of(node.value, {})
    return named


def severity_of(call: ast.Call, at: int | str | tuple[int, str]) -> ast.AST:
    """The severity a call gives."""
    if isinstance(at, str):
        return ast.Constant(at)
    position, default = at if isinstance(at, tuple) else (at, None)
    if default is not None and len(call.args) <= position:
        return ast.Constant(default)
    return call.args[position]


def texts_of(value: ast.AST | None, named: dict[str, set[str]]) -> set[str]:
    """The texts an expression may be: a literal, one of two, or what a name stands for."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value}
    if isinstance(value, ast.IfExp):
        return texts_of(value.body, named) | texts_of(value.orelse, named)
    return named.get(value.id, set()) if isinstance(value, ast.Name) else set()


def test_codes_are_found_in_every_way_of_making_a_problem():
    source = """
Problem("a", "error", "", "")
at.problem("b", "info", "")
at.refuse("c", "")
at.unexpected(1, "")
at.unexpected(1, "", "d")
at.unexpected(1, "", code="e")
{"code": "f", "severity": "warning"}
G = "g"
found.tell(G, "info", "")
grade = "warning" if several else "info"
at.problem("h", grade, "")
found.distrust("i", "")
files.failure(name, "j", "")
level.report("k", "", "")
level.report("l", "", "", "info")
level.report(COUNT, "", "")
annotated: Severity = "warning" if several else "info"
Problem("m", annotated, "", "")
Problem(error.problem.code, "error", "", "")
from napari_strata.geometries.zvf_damage import COUNT
"""
    assert codes_of(source) == {
        "a": {"error"},
        "b": {"info"},
        "c": {"error"},
        "invalid-value": {"error"},
        "d": {"error"},
        "e": {"error"},
        "f": {"warning"},
        "g": {"info"},
        "h": {"warning", "info"},
        "i": {"warning"},
        "j": {"error"},
        "k": {"warning"},
        "l": {"info"},
        "geometry-vertex-count": {"warning"},
        "m": {"warning", "info"},
    }


def test_the_problem_codes_are_those_of_the_source():
    rows = table(read("docs/formats.md"), "code", "severity", "meaning")
    listed = {unquoted(code): set(severity.split(", ")) for code, severity, _ in rows}
    assert len(listed) == len(rows), "a code is listed twice"
    assert list(listed) == sorted(listed)
    made: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "check":  # has codes of its own, in docs/check.md
            continue
        for code, severities in codes_of(path.read_text(encoding="utf-8")).items():
            made[code] |= severities
    assert made.keys() - listed.keys() == set(), "give each a row in docs/formats.md"
    assert listed.keys() - made.keys() == set(), "listed, but made nowhere"
    assert listed == made
    assert set().union(*made.values()) <= set(get_args(model.Severity))


def test_a_layers_metadata_has_the_keys_that_are_listed(samples: dict[str, Sample]):
    page = read("docs/layer-metadata.md")
    rows = table(page, "key", "type", "meaning")
    listed = [unquoted(row[0]) for row in rows]
    always, sometimes = listed[: listed.index("problems") + 1], listed
    (example,) = [json.loads(text) for kind, text in blocks("docs/layer-metadata.md") if kind]
    assert set(always) - {"arrays"} <= set(example) <= set(listed)  # its texts are of one session
    seen: set[str] = set()
    of_geometry = [unquoted(row[0]) for row in table(page, "key of a geometry", "type", "meaning")]
    for sample in samples.values():
        for layer in plugin.read(sample.path):
            note = layer_note(layer)
            if "geometry" in note:
                assert list(note) == of_geometry
                json.dumps(note, allow_nan=False)
                continue
            assert set(always) <= set(note) <= set(sometimes)
            json.dumps(note, allow_nan=False)
            seen |= set(note)
    assert set(listed) - seen <= {"common_origin", "pending_contrast", "edited_units"}


def layer_note(layer: Any) -> dict[str, Any]:
    """``metadata["strata"]`` of a layer, or of a (data, arguments, type) tuple."""
    metadata = layer[1]["metadata"] if isinstance(layer, tuple) else layer.metadata
    note: dict[str, Any] = metadata["strata"]
    return note


def test_the_example_of_a_layers_metadata_is_real(home: Path):
    (example,) = [json.loads(text) for kind, text in blocks("docs/layer-metadata.md") if kind]
    layers = plugin.read(home / "samples" / "cosem.n5")
    (note,) = [layer_note(la) for la in layers if layer_note(la)["image"] == example["image"]]
    level = example["levels"][0]
    index = [found["path"] for found in note["levels"]].index(level["path"])
    real = note["levels"][index]
    for key in set(level) - {"origin"}:
        assert level[key] == real[key], key
    assert level["origin"] == [{k: o[k] for k in ("what", "where")} for o in real["origin"]]
    (drawn,) = example["layer_levels"]
    np.testing.assert_allclose(drawn["affine"], note["layer_levels"][index]["affine"], rtol=1e-9)
    placed = {key: [rows[index]] for key, rows in note["placement"].items()}
    assert example["placement"] == placed
    assert example["level_shapes"] == [note["level_shapes"][index]]
    assert example["path"] == note["path"].replace(home.as_posix(), SHOWN_HOME)
    for key in set(example) - {
        "levels",
        "layer_levels",
        "placement",
        "level_shapes",
        "path",
        "dataset",
    }:
        assert example[key] == note[key], key
