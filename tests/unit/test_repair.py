"""What is lost of a library is built again from the rest; what cannot be is said in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rag.api import Library
from rag.errors import LibraryError
from rag.library.check import check_library
from rag.library.repair import repair
from rag.settings import Settings
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
    assert _failed(directory) == {"lexical index"}
    assert f"{COUNT} papers were put back" in _mended(directory)[0]


def test_a_corrupt_lexical_index_is_built_again(directory: Path) -> None:
    (directory / "lexical" / "meta.json").write_text("{broken")
    assert _failed(directory) == {"indexes"}
    assert len(_mended(directory)) == 2


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
    shutil.rmtree(directory / "chroma")
    assert _failed(directory) == {"chroma"}
    assert f"{COUNT} papers were embedded again" in _mended(directory)[0]


@pytest.mark.parametrize("damage", ["truncate", "garbage"])
def test_a_damaged_chroma_directory_is_one_clear_error(directory: Path, damage: str) -> None:
    file = directory / "chroma" / "chroma.sqlite3"
    file.write_bytes(file.read_bytes()[:5_000] if damage == "truncate" else b"garbage" * 1_000)
    with (
        Library.open(directory, Settings(), embedder=WordEmbedder()) as library,
        pytest.raises(LibraryError, match="citewell doctor"),
    ):
        library.search("Synthetic study 7")
    assert "chroma" in _failed(directory)
    assert "rebuilt from the manifest" in _mended(directory)[0]


def test_a_directory_without_anything_to_mend_from_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no library"):
        list(repair(tmp_path / "nowhere", WordEmbedder()))
