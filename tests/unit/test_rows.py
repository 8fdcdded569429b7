"""The copy of the vectors that searches read: exact enough, and never trusted to be there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.library import Library
from rag.paper import Paper
from rag.settings import Settings
from rag.storage.embedded.store import EmbeddedStore
from rag.storage.health.check import check_library
from rag.storage.health.repair import repair
from rag.storage.index.rows import RowFile, RowRange, passage_numbers
from tests.support.words import WordEmbedder


def _unit(count: int, dimension: int = 8) -> np.ndarray:
    rows = np.random.default_rng(3).standard_normal((count, dimension), dtype=np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_rows_are_read_back_by_number_within_half_precision(tmp_path: Path) -> None:
    file, rows = RowFile(tmp_path / "v.f2", 8), _unit(5)
    assert (file.append(rows[:2]), file.append(rows[2:])) == (0, 2)
    read = file.read(np.array([4, 0, 2]))
    assert read is not None
    np.testing.assert_allclose(read, rows[[4, 0, 2]], atol=1e-3)


def test_a_reader_sees_rows_that_were_appended_after_it_opened(tmp_path: Path) -> None:
    writer, reader, rows = RowFile(tmp_path / "v.f2", 8), RowFile(tmp_path / "v.f2", 8), _unit(2)
    writer.append(rows[:1])
    assert reader.read(np.array([0])) is not None
    assert reader.read(np.array([1])) is None
    writer.append(rows[1:])
    assert reader.read(np.array([1])) is not None


def test_an_append_that_broke_off_is_written_over(tmp_path: Path) -> None:
    file, rows = RowFile(tmp_path / "v.f2", 8), _unit(2)
    file.append(rows[:1])
    with (tmp_path / "v.f2").open("ab") as broken:
        broken.write(b"\x01\x02\x03")
    assert file.append(rows[1:]) == 1
    read = file.read(np.array([1]))
    assert read is not None
    np.testing.assert_allclose(read[0], rows[1], atol=1e-3)


def test_rows_of_zeros_are_not_vectors(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "v.f2", 8)
    file.append(np.zeros((1, 8), dtype=np.float32))
    assert file.read(np.array([0])) is None


def test_every_passage_has_its_paper_and_its_number_within_it() -> None:
    owners, numbers = passage_numbers([RowRange(0, 2), RowRange(None, 0), RowRange(7, 3)])
    assert owners.tolist() == [0, 0, 2, 2, 2]
    assert numbers.tolist() == [0, 1, 0, 1, 2]


PAPERS = [
    Paper.create(title=f"Study {n} of {topic}", abstract=f"We measure {topic}. It rises. It falls. Case {n} ends here.")
    for n, topic in enumerate(("glaciers", "enzymes", "galaxies", "turbines"))
]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with Library.open(tmp_path / "library", Settings(), create=True, embedder=WordEmbedder()) as library:
        library.add(PAPERS)
    return tmp_path / "library"


def _answers(directory: Path) -> dict[str, float]:
    with Library.open(directory, Settings(), embedder=WordEmbedder()) as library:
        return {e.paper.id: e.score for e in library.search("case of enzymes").evidence}


def _row_check(directory: Path) -> bool:
    return next(c.ok for c in check_library(directory, WordEmbedder()) if c.name == "row file")


def test_without_the_file_the_same_papers_are_found(directory: Path) -> None:
    before = _answers(directory)
    (directory / "vectors.f2").unlink()
    assert _answers(directory) == pytest.approx(before, abs=0.01)


def test_doctor_says_that_rows_are_missing_and_repair_brings_them_back(directory: Path) -> None:
    before = _answers(directory)
    (directory / "vectors.f2").write_bytes(b"")
    assert not _row_check(directory)
    assert any("row file" in done for done in repair(directory, WordEmbedder()))
    assert _row_check(directory)
    assert _answers(directory) == pytest.approx(before, abs=0.01)


def test_a_paper_that_changed_is_found_by_its_new_words(directory: Path) -> None:
    with Library.open(directory, Settings(), embedder=WordEmbedder()) as library:
        changed = PAPERS[0].to_dict() | {"abstract": "Now it is about volcanoes and lava alone."}
        library.add([Paper.from_dict(changed | {"source": PAPERS[0].source})], merge=False)
        found = library.search("volcanoes and lava").evidence[0]
    assert found.paper.id == PAPERS[0].id
    assert "volcanoes" in found.passages[0].passage.text


def test_a_reader_that_has_not_noticed_a_rebuild_reads_no_rows_of_the_new_generation(directory: Path) -> None:
    embedder = WordEmbedder()
    with Library.open(directory, Settings(), embedder=embedder) as writer:
        # The rows of the papers after it move to the front of the new file.
        writer.remove([PAPERS[0].id])
    store = EmbeddedStore(directory, embedding=embedder.name, dimension=embedder.dimension, clock=lambda: 0.0)
    with Library(store, embedder) as reader:
        before = {e.paper.id: e.score for e in reader.search("case of enzymes").evidence}
        Library.rebuild(directory, Settings(), embedder)
        after = {e.paper.id: e.score for e in reader.search("case of enzymes").evidence}
    assert after == pytest.approx(before, abs=0.01)
