"""The same vertices from a folder, a zip, a web server and S3; and what each costs."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.geometries import stores
from tests.store.conftest import S3, Web

from napari_strata.geometries import decide, read
from napari_strata.geometry import Geometry, Vertices
from napari_strata.store.container import open_container


def files_of(path: Path) -> dict[str, bytes]:
    files = (f for f in path.rglob("*") if f.is_file())
    return {str(f.relative_to(path)): f.read_bytes() for f in files}


def serve(web: Web, path: Path, *, indexed: bool = True) -> str:
    """Put a store on a web server, with the index pages most servers show."""
    for key, data in files_of(path).items():
        web.files[f"/{path.name}/{key}"] = data
    folders = [path, *(f for f in path.rglob("*") if f.is_dir())] if indexed else []
    for folder in folders:
        names = sorted(f.name + "/" * f.is_dir() for f in folder.iterdir())
        links = "".join(f'<a href="{name}">{name}</a>' for name in names)
        key = f"/{folder.relative_to(path.parent)}/"
        web.pages[key] = f"<html><title>Index of {key}</title>{links}</html>".encode()
    return f"{web.url}/{path.name}"


def at(path: Path, where: str) -> Geometry:
    """Describe the store as it is at another place."""
    return stores.geometry(path, kvstore=open_container(where).kvstore())


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return stores.graph(
        tmp_path / "g.zarrvectors",
        attributes={"x": stores.NODES[:, 0]},
        edge_attributes={"w": np.arange(4.0)},
        object_attributes={"k": np.array([1.0])},
    )


def same(found: Vertices, expected: Vertices) -> bool:
    ok = np.array_equal(found.vertices, expected.vertices)
    ok &= np.array_equal(found.edges, expected.edges)
    for name in ("vertex_attributes", "edge_attributes", "object_attributes"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        ok &= ours.keys() == theirs.keys() != set()
        ok &= all(np.array_equal(ours[key], theirs[key]) for key in ours)
    return ok and found.problems == ()


def test_in_a_zip(graph: Path):
    zipped = graph.with_suffix(".zip")
    with zipfile.ZipFile(zipped, "w") as archive:
        for key, data in files_of(graph).items():
            archive.writestr(f"{graph.name}/{key}", data)
    expected = read(stores.geometry(graph), 0, "world")
    geometry = stores.geometry(
        graph,
        kvstore={
            "driver": "zip",
            "base": {"driver": "file", "path": str(zipped)},
            "path": f"{graph.name}/",
        },
    )
    assert same(read(geometry, 0, "world"), expected)


def test_on_a_web_server(graph: Path, web: Web):
    expected = read(stores.geometry(graph), 0, "world")
    assert same(read(at(graph, serve(web, graph)), 0, "world"), expected)


def test_on_s3(graph: Path, s3: S3):
    s3.objects = {f"g.zarrvectors/{key}": data for key, data in files_of(graph).items()}
    expected = read(stores.geometry(graph), 0, "world")
    assert same(read(at(graph, "s3://lab/g.zarrvectors"), 0, "world"), expected)


def test_a_server_that_lists_no_folders(graph: Path, web: Web):
    found = read(at(graph, serve(web, graph, indexed=False)), 0, "world")
    assert len(found.vertices) == 5
    assert found.edges is None
    assert found.vertex_attributes == {}
    told = {p.where for p in found.problems}
    assert told >= {"0/links/0", "0/vertex_attributes", "0/object_attributes"}
    assert all("does not list folders" in p.message for p in found.problems)


def test_no_chunk_is_fetched_twice(tmp_path: Path, web: Web):
    path = stores.points(tmp_path / "p", attributes={"a": np.arange(6.0)}, levels=[(2.0, 1.0)])
    geometry = at(path, serve(web, path))
    web.log.clear()
    decisions = decide(geometry)
    for level, decision in enumerate(decisions):
        read(geometry, level, decision.space)
    chunks = [key for key in web.log if "/c/" in key]
    assert sorted(chunks) == sorted(set(chunks))
    assert len([key for key in chunks if "/vertices/" in key]) == 5 + 5


def test_a_box_fetches_its_chunks_alone(tmp_path: Path, web: Web):
    path = stores.points(tmp_path / "p")
    geometry = at(path, serve(web, path))
    web.log.clear()
    found = read(geometry, 0, "world", np.array([[0.0] * 3, [60.0] * 3]))
    assert found.problems == ()  # it has no folder of attributes to list
    assert {key for key in web.log if "/c/" in key} == {
        "/p/0/vertices/c/0/0/0",
        "/p/0/vertex_fragments/c/0/0/0",
    }


def test_a_server_that_is_gone_is_an_error_by_name(tmp_path: Path, web: Web):
    from napari_strata.model import OpenError

    path = stores.points(tmp_path / "p")
    geometry = at(path, serve(web, path))
    web.files.clear()
    with pytest.raises(OpenError, match=r"zarr\.json"):
        read(geometry, 0, "world")
