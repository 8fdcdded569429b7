"""What is lost of a library is built again from the rest; what cannot be is said in one sentence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import LibraryError
from rag.library import Library
from rag.settings import Settings
from rag.storage.health.check import check_library
from rag.storage.health.repair import repair
from tests.support.ingest_process import synthetic
from tests.support.words import WordEmbedder

COUNT = 12


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with Library.open(tmp_path / "library", Settings(), create=True, embedder=WordEmbedder()) as library:
        library.add(synthetic(COUNT))
    return tmp_path / "library"


def _failed(directory: Path) -> set[str]:
    return {c.name for c in check_library(directory, WordEmbedder()) if not c.ok} - {"free disk"}


def _mended(directory: Path) -> list[str]:
    done = list(repair(directory, WordEmbedder()))
    assert _failed(directory) == set()
    with Library.open(directory, Settings(), embedder=WordEmbedder()) as library:
        assert {(p.title, p.abstract, p.year) for p in library.papers()} == {
            (p.title, p.abstract, p.year) for p in synthetic(COUNT)
        }
        assert library.search("Synthetic study 7").evidence[0].paper.title == "Synthetic study 7"
    return done


def test_a_whole_library_needs_no_mending(directory: Path) -> None:
    assert _mended(directory) == []


def test_a_deleted_lexical_index_is_built_again(directory: Path) -> None:
    shutil.rmtree(directory / "lexical")
    with pytest.raises(LibraryError, match=f"holds 0 of {COUNT} papers; mend it with: citewell doctor --repair"):
        _search(directory)
    assert _failed(directory) == {"lexical index"}
    assert f"{COUNT} papers were put back" in _mended(directory)[0]


def test_a_corrupt_lexical_index_is_built_again(directory: Path) -> None:
    (directory / "lexical" / "meta.json").write_text("{broken")
    assert _failed(directory) == {"indexes"}
    assert len(_mended(directory)) == 2


@pytest.mark.parametrize("ending", ["idx", "pos", "store", "term"])
def test_a_lexical_index_without_one_of_its_files_is_one_clear_error_and_is_built_again(
    directory: Path, ending: str
) -> None:
    for file in (directory / "lexical").glob(f"*.{ending}"):
        file.unlink()
    with pytest.raises(LibraryError, match="citewell doctor --repair"):
        _search(directory)
    assert len(_failed(directory)) == 1
    assert len(_mended(directory)) == 2


@pytest.mark.parametrize("rest", [None, 0])
def test_a_lost_manifest_does_not_make_an_empty_library_of_a_full_one(directory: Path, rest: int | None) -> None:
    for path in directory.glob("manifest.sqlite*"):
        path.unlink()
    if rest is not None:
        (directory / "manifest.sqlite").touch()
    for create in (True, False):
        with pytest.raises(LibraryError, match="citewell doctor --repair"):
            Library.open(directory, Settings(), create=create, embedder=WordEmbedder())
    assert _failed(directory) == {"manifest"}
    for path in directory.glob("manifest.sqlite*"):
        path.unlink()
    assert f"built again from Chroma: {COUNT} papers" in _mended(directory)[0]


def test_a_directory_that_may_not_be_written_is_one_clear_error(directory: Path) -> None:
    (directory / "store.lock").unlink()
    (directory / "store.lock").mkdir()
    with pytest.raises(LibraryError, match="lock file"):
        _search(directory)


def test_a_deleted_manifest_is_built_again_from_chroma(directory: Path) -> None:
    for path in directory.glob("manifest.sqlite*"):
        path.unlink()
    assert "built again from Chroma" in _mended(directory)[0]


def test_a_corrupt_manifest_is_kept_and_built_again(directory: Path) -> None:
    for path in directory.glob("manifest.sqlite-*"):
        path.unlink()
    (directory / "manifest.sqlite").write_bytes(b"not a database" * 100)
    assert "built again from Chroma" in _mended(directory)[0]
    assert (directory / "manifest-damaged.sqlite").exists()


def test_passages_lost_from_chroma_are_embedded_again(directory: Path) -> None:
    with Library.open(directory, Settings(), embedder=WordEmbedder()) as library:
        library._store.discard([f"{library.papers()[3].id}#1"])
    assert _failed(directory) == {"chroma"}
    assert _mended(directory)[0].startswith("1 papers were embedded again")


def _overwritten(path: Path, *, start: float, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * start))
        file.write(b"\x00" * length)


def _segment(directory: Path) -> Path:
    """Where Chroma keeps the vectors' graph; it writes one out from a thousand passages on."""
    return next((directory / "chroma").glob("*-*-*"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("large") / "library"
    with Library.open(directory, Settings(), create=True, embedder=WordEmbedder()) as library:
        library.add(synthetic(520))
    return directory


DAMAGE: dict[str, Callable[[Path], object]] = {
    "the directory is deleted": lambda d: shutil.rmtree(d / "chroma"),
    "the database is deleted": lambda d: (d / "chroma" / "chroma.sqlite3").unlink(),
    "the database is empty": lambda d: os.truncate(d / "chroma" / "chroma.sqlite3", 0),
    "the database is cut off": lambda d: os.truncate(d / "chroma" / "chroma.sqlite3", 5_000),
    "the database is garbage": lambda d: (d / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 1_000),
    "pages of the database are zero": lambda d: _overwritten(d / "chroma" / "chroma.sqlite3", start=0.3, length=90_000),
    "the graph is deleted": lambda d: shutil.rmtree(_segment(d)),
    "the vectors are deleted": lambda d: (_segment(d) / "data_level0.bin").unlink(),
    "the vectors are cut off": lambda d: os.truncate(_segment(d) / "data_level0.bin", 10_000),
    "the vectors are zero": lambda d: _overwritten(_segment(d) / "data_level0.bin", start=0, length=300_000),
    "the list of ids is deleted": lambda d: (_segment(d) / "index_metadata.pickle").unlink(),
    "the list of ids is empty": lambda d: os.truncate(_segment(d) / "index_metadata.pickle", 0),
}


#: One of each kind in every run; the others under the slow mark.
USUAL = {"the database is deleted", "the database is cut off", "the graph is deleted", "the vectors are zero"}


@pytest.mark.parametrize("damage", [pytest.param(d, marks=[] if d in USUAL else [pytest.mark.slow]) for d in DAMAGE])
def test_a_damaged_chroma_directory_is_one_clear_error_and_is_mended(large: Path, tmp_path: Path, damage: str) -> None:
    directory = tmp_path / "library"
    shutil.copytree(large, directory)
    DAMAGE[damage](directory)
    assert "chroma" in _failed(directory)
    done = list(repair(directory, WordEmbedder()))
    assert "rebuilt from the manifest: 520 papers" in done[0]
    assert _failed(directory) == set()
    with Library.open(directory, Settings(), embedder=WordEmbedder()) as library:
        assert library.search("Synthetic study 7").evidence[0].paper.title == "Synthetic study 7"


@pytest.mark.parametrize("damage", sorted(d for d in USUAL if "zero" not in d))
def test_a_search_in_a_damaged_chroma_directory_names_the_doctor(large: Path, tmp_path: Path, damage: str) -> None:
    directory = tmp_path / "library"
    shutil.copytree(large, directory)
    DAMAGE[damage](directory)
    with pytest.raises(LibraryError, match="citewell doctor"):
        _search(directory)


def _search(directory: Path) -> None:
    with Library.open(directory, Settings(), embedder=WordEmbedder()) as library:
        library.search("Synthetic study 7")


def test_a_directory_without_anything_to_mend_from_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no library"):
        list(repair(tmp_path / "nowhere", WordEmbedder()))
