"""What is lost of a library is built again from the rest; what cannot be is said in one sentence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.errors import LibraryError
from rag.library import Library
from rag.settings import Settings
from rag.storage.embedded.probe import ChromaProbe
from rag.storage.health.check import check_library
from rag.storage.health.repair import repair
from tests.support.ingest_process import synthetic
from tests.support.words import WordEmbedder

COUNT = 12


@pytest.fixture(scope="module")
def probe() -> Iterator[ChromaProbe]:
    with ChromaProbe() as shared:
        yield shared


def _made(directory: Path, count: int) -> Path:
    with Library.open(directory, Settings(), create=True, embedder=WordEmbedder()) as library:
        library.add(synthetic(count))
    return directory


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory.mktemp("small") / "library", COUNT)


@pytest.fixture
def directory(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "library"))


def _failed(directory: Path, probe: ChromaProbe) -> set[str]:
    return {c.name for c in check_library(directory, WordEmbedder(), probe=probe) if not c.ok} - {"free disk"}


def _mended(directory: Path, probe: ChromaProbe) -> list[str]:
    done = list(repair(directory, WordEmbedder(), probe=probe))
    assert _failed(directory, probe) == set()
    with Library.open(directory, Settings(), embedder=WordEmbedder()) as library:
        assert {(p.title, p.abstract, p.year) for p in library.papers()} == {
            (p.title, p.abstract, p.year) for p in synthetic(COUNT)
        }
        assert library.search("Synthetic study 7").evidence[0].paper.title == "Synthetic study 7"
    return done


def test_a_whole_library_needs_no_mending(directory: Path, probe: ChromaProbe) -> None:
    assert _mended(directory, probe) == []


def test_a_deleted_lexical_index_is_built_again(directory: Path, probe: ChromaProbe) -> None:
    shutil.rmtree(directory / "lexical")
    with pytest.raises(LibraryError, match=f"holds 0 of {COUNT} papers; mend it with: citewell doctor --repair"):
        _search(directory)
    assert _failed(directory, probe) == {"lexical index"}
    assert f"{COUNT} papers were put back" in _mended(directory, probe)[0]


def test_a_corrupt_lexical_index_is_built_again(directory: Path, probe: ChromaProbe) -> None:
    (directory / "lexical" / "meta.json").write_text("{broken")
    assert _failed(directory, probe) == {"indexes"}
    assert len(_mended(directory, probe)) == 2


@pytest.mark.parametrize("ending", ["idx", "pos", "store", "term"])
def test_a_lexical_index_without_one_of_its_files_is_one_clear_error_and_is_built_again(
    directory: Path, ending: str, probe: ChromaProbe
) -> None:
    for file in (directory / "lexical").glob(f"*.{ending}"):
        file.unlink()
    with pytest.raises(LibraryError, match="citewell doctor --repair"):
        _search(directory)
    assert len(_failed(directory, probe)) == 1
    assert len(_mended(directory, probe)) == 2


@pytest.mark.parametrize("rest", [None, 0])
def test_a_lost_manifest_does_not_make_an_empty_library_of_a_full_one(
    directory: Path, rest: int | None, probe: ChromaProbe
) -> None:
    for path in directory.glob("manifest.sqlite*"):
        path.unlink()
    if rest is not None:
        (directory / "manifest.sqlite").touch()
    for create in (True, False):
        with pytest.raises(LibraryError, match="citewell doctor --repair"):
            Library.open(directory, Settings(), create=create, embedder=WordEmbedder())
    assert _failed(directory, probe) == {"manifest"}
    for path in directory.glob("manifest.sqlite*"):
        path.unlink()
    assert f"built again from Chroma: {COUNT} papers" in _mended(directory, probe)[0]


def test_a_directory_that_may_not_be_written_is_one_clear_error(directory: Path) -> None:
    (directory / "store.lock").unlink()
    (directory / "store.lock").mkdir()
    with pytest.raises(LibraryError, match="lock file"):
        _search(directory)


def test_a_deleted_manifest_is_built_again_from_chroma(directory: Path, probe: ChromaProbe) -> None:
    for path in directory.glob("manifest.sqlite*"):
        path.unlink()
    assert "built again from Chroma" in _mended(directory, probe)[0]


def test_a_corrupt_manifest_is_kept_and_built_again(directory: Path, probe: ChromaProbe) -> None:
    for path in directory.glob("manifest.sqlite-*"):
        path.unlink()
    (directory / "manifest.sqlite").write_bytes(b"not a database" * 100)
    assert "built again from Chroma" in _mended(directory, probe)[0]
    assert (directory / "manifest-damaged.sqlite").exists()


def test_passages_lost_from_chroma_are_embedded_again(directory: Path, probe: ChromaProbe) -> None:
    with Library.open(directory, Settings(), embedder=WordEmbedder()) as library:
        library._store.discard([f"{library.papers()[3].id}#1"])
    assert _failed(directory, probe) == {"chroma"}
    assert _mended(directory, probe)[0].startswith("1 paper was embedded again")


def _overwritten(path: Path, *, start: float, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * start))
        file.write(b"\x00" * length)


def _segment(directory: Path) -> Path:
    """Where Chroma keeps the vectors' graph; it writes one out from a thousand passages on."""
    return next((directory / "chroma").glob("*-*-*"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory.mktemp("large") / "library", 520)


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
def test_a_damaged_chroma_directory_is_one_clear_error_and_is_mended(
    large: Path, tmp_path: Path, damage: str, probe: ChromaProbe
) -> None:
    directory = tmp_path / "library"
    shutil.copytree(large, directory)
    DAMAGE[damage](directory)
    assert "chroma" in _failed(directory, probe)
    done = list(repair(directory, WordEmbedder(), probe=probe))
    assert "rebuilt from the manifest: 520 papers" in done[0]
    assert _failed(directory, probe) == set()
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
