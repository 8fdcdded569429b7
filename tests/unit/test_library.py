"""What a library promises about ingest, change, filters and reopening; with a toy embedder, real Chroma and tantivy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.errors import LibraryBusyError, LibraryError, ModelError
from rag.library import Library
from rag.models.protocols import Vectors
from rag.paper import Paper
from rag.readers import Skip
from rag.settings import Settings
from rag.storage.filters import Filters
from rag.storage.index.passages import passages
from tests.support.words import WordEmbedder


def paper(n: int, **facts: Any) -> Paper:
    """A paper of four sentences: two passages."""
    abstract = f"Study {n} measures widgets. It finds {n} percent. The method is plain. Code {n} is public."
    return Paper.create(**({"title": f"Widgets {n}", "abstract": abstract, "year": 2000 + n, "source": "a"} | facts))


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def library(tmp_path: Path, embedder: WordEmbedder) -> Iterator[Library]:
    with _open(tmp_path, embedder, create=True) as library:
        yield library


def _open(tmp_path: Path, embedder: WordEmbedder, *, create: bool = False) -> Library:
    return Library.open(tmp_path / "library", Settings(), create=create, embedder=embedder)


def test_a_second_ingest_changes_and_embeds_nothing(library: Library, embedder: WordEmbedder) -> None:
    papers = [paper(n) for n in range(5)]
    first = library.add(papers)
    embedder.embedded.clear()
    second = library.add(papers)
    assert (first.added, first.passages, second.unchanged, second.added) == (5, 10, 5, 0)
    assert embedder.embedded == []
    assert len(library) == 5


@pytest.mark.parametrize("filled", [False, True])
def test_a_plan_says_what_the_ingest_then_does(library: Library, filled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.storage.ingest.ingest.BATCH_PASSAGES", 4)
    if filled:
        library.add([paper(1), paper(2)])
    records = [
        *(paper(n) for n in range(6)),
        *(paper(n, source="b", venue="ICLR") for n in range(6)),
        paper(1, abstract="Study 1 was corrected. It finds 2 percent."),
        paper(1),
    ]
    planned = library.plan(records)
    done = library.add(records)
    counts = [(r.read, r.added, r.updated, r.unchanged, r.merged, r.papers) for r in (planned, done)]
    assert counts[0] == counts[1]
    assert done.papers == 6


def test_counts_of_an_ingest_add_up_to_what_was_read(library: Library) -> None:
    library.add([paper(1)])
    changed = paper(1, abstract="Study 1 was corrected. It finds 2 percent.")
    report = library.add(
        [changed, paper(2), paper(2, source="b", venue="ICLR"), paper(2), Skip("a", "line 9", "no abstract")]
    )
    assert (report.read, report.added, report.updated, report.merged) == (4, 1, 1, 2)
    assert [s.position for s in report.skipped] == ["line 9"]


def test_new_facts_are_taken_over_without_embedding_again(library: Library, embedder: WordEmbedder) -> None:
    library.add([paper(1)])
    embedder.embedded.clear()
    report = library.add([paper(1, venue="ICLR")])
    assert report.updated == 1
    assert embedder.embedded == []
    assert library.papers()[0].venue == "ICLR"


def test_a_changed_abstract_embeds_only_the_changed_passages(library: Library, embedder: WordEmbedder) -> None:
    library.add([paper(1)])
    embedder.embedded.clear()
    text = paper(1).abstract
    library.add([paper(1, abstract=text.replace("Code 1 is public", "No code"))])
    assert embedder.embedded == ["Widgets 1. No code."]


def test_a_shortened_abstract_leaves_no_passage_behind(library: Library) -> None:
    library.add([paper(1)])
    library.add([paper(1, abstract="Study 1 measures widgets.")])
    assert library.passages == 1
    assert [len(e.passages) for e in library.search("code public widgets").evidence] == [1]


def test_two_works_under_one_wrong_doi_both_stay(library: Library) -> None:
    other = Paper.create(title="Coral reefs", abstract="Reefs recover slowly.", doi="10.1000/x", source="a")
    library.add([paper(1, doi="10.1000/x"), other])
    assert {p.title for p in library.papers()} == {"Widgets 1", "Coral reefs"}


@pytest.mark.parametrize("longer_first", [True, False])
def test_a_file_that_tells_of_one_work_twice_and_differently_changes_nothing_when_read_again(
    library: Library, embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch, longer_first: bool
) -> None:
    monkeypatch.setattr("rag.storage.ingest.ingest.BATCH_PASSAGES", 1)  # the two come in different batches
    both = [paper(1), paper(1, abstract="Study 1 measures widgets.")]
    records = [*(both if longer_first else both[::-1]), paper(2)]
    first = library.add(records)
    assert (first.added, first.merged, first.updated) == (2, 1, 0)
    assert library.papers()[0].abstract == paper(1).abstract
    embedder.embedded.clear()
    second = library.add(records)
    assert (second.unchanged, second.merged, second.updated, second.added) == (3, 0, 0, 0)
    assert embedder.embedded == []


def test_a_source_may_correct_an_abstract_and_take_the_correction_back(library: Library) -> None:
    corrected = paper(1, abstract="Study 1 was corrected.")
    library.add([paper(1)])
    for record in (corrected, paper(1), corrected):
        assert library.add([record]).updated == 1
        assert library.papers()[0].abstract == record.abstract


def test_a_removed_paper_comes_back_when_its_file_is_read_again(library: Library) -> None:
    library.add([paper(1), paper(1, abstract="Study 1 measures widgets.")])
    library.remove([library.papers()[0].id])
    assert library.add([paper(1)]).added == 1


def test_removed_papers_are_gone_from_both_halves(library: Library) -> None:
    library.add([paper(n) for n in range(4)])
    gone = library.papers()[2]
    assert library.remove([gone.id, "no such id"]) == 1
    assert gone.id not in {e.paper.id for e in library.search(gone.title, k=10).evidence}
    assert library.add([paper(2)]).added == 1


def test_another_reader_sees_what_was_written(tmp_path: Path, library: Library, embedder: WordEmbedder) -> None:
    library.add([paper(1)])
    with _open(tmp_path, embedder) as reader:
        assert len(reader.search("widgets").evidence) == 1
        reader._store._seen_at -= 60  # the pause between two looks is over
        library.add([paper(2)])
        assert len(reader.search("widgets").evidence) == 2


def test_a_reopened_library_gives_the_same_ranking(tmp_path: Path, library: Library, embedder: WordEmbedder) -> None:
    library.add([paper(n) for n in range(8)])
    before = [(e.paper.id, e.score) for e in library.search("Study 3 finds percent").evidence]
    library.close()
    with _open(tmp_path, embedder) as reopened:
        assert [(e.paper.id, e.score) for e in reopened.search("Study 3 finds percent").evidence] == before


def test_an_open_library_can_be_written_to_after_another_process_rebuilt_it(
    tmp_path: Path, library: Library, embedder: WordEmbedder
) -> None:
    library.add([paper(1), paper(2)])
    Library.rebuild(tmp_path / "library", Settings(), WordEmbedder())
    library.add([paper(3)])
    checks = list(Library.check(tmp_path / "library", Settings(), embedder))
    assert [check for check in checks if not check.ok] == []
    assert len(library) == 3


def test_an_open_library_writes_nothing_after_a_rebuild_with_another_model(
    tmp_path: Path, library: Library, embedder: WordEmbedder
) -> None:
    library.add([paper(1), paper(2)])
    other = WordEmbedder()
    other.name = "other words@1"
    Library.rebuild(tmp_path / "library", Settings(), other)
    with pytest.raises(LibraryError, match="citewell rebuild"):
        library.add([paper(3)])
    with Library.open(tmp_path / "library", Settings(), embedder=other) as reader:
        assert len(reader) == 2


def test_a_second_writer_is_refused_with_one_sentence(tmp_path: Path, library: Library, embedder: WordEmbedder) -> None:
    with (
        _open(tmp_path, embedder) as second,
        library._store.writing(),
        pytest.raises(LibraryBusyError, match="another process is writing"),
    ):
        second.add([paper(1)])


def test_a_library_of_another_embedding_model_is_refused_by_name(tmp_path: Path, library: Library) -> None:
    library.add([paper(1)])
    other = WordEmbedder()
    other.name = "other@2"
    with pytest.raises(LibraryError, match=r"words@1.*other@2"):
        _open(tmp_path, other)


def test_a_directory_that_is_not_a_library_is_left_alone(tmp_path: Path, embedder: WordEmbedder) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "thesis.txt").write_text("mine")
    with pytest.raises(LibraryError, match="not a library"):
        _open(tmp_path, embedder, create=True)
    assert [p.name for p in (tmp_path / "library").iterdir()] == ["thesis.txt"]


def test_without_a_library_the_message_names_the_command_that_makes_one(tmp_path: Path, embedder: WordEmbedder) -> None:
    with pytest.raises(LibraryError, match="citewell ingest"):
        _open(tmp_path, embedder)
    assert not (tmp_path / "library").exists()


def test_an_embedder_that_fails_leaves_earlier_batches(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.storage.ingest.ingest.BATCH_PASSAGES", 4)
    real = library.embedder.embed_texts

    def fails_later(texts: list[str]) -> Vectors:
        if "Widgets 4" in " ".join(texts):
            raise ModelError("no more")
        return real(texts)

    monkeypatch.setattr(library.embedder, "embed_texts", fails_later)
    with pytest.raises(ModelError):
        library.add([paper(n) for n in range(8)])
    monkeypatch.undo()
    assert len(library) == 4
    report = library.add([paper(n) for n in range(8)])
    assert (report.unchanged, report.added) == (4, 4)


def test_what_a_broken_run_stored_is_not_embedded_again(
    library: Library, embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(library._store.lexical, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            library.add([paper(n) for n in range(3)])
    assert len(library) == 0
    assert library.search("widgets").evidence == ()
    embedder.embedded.clear()
    assert library.add([paper(n) for n in range(3)]).added == 3
    assert embedder.embedded == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(year_from=2003), {3, 4, 5}),
        (Filters(year_to=2001), {0, 1}),
        (Filters(authors=("MÜLLER",)), {2}),
        (Filters(venues=("iclr",), year_to=2004), {4}),
        (Filters(paper_ids=frozenset({"doi:10.1000/5"})), {5}),
    ],
)
def test_a_filter_gives_every_paper_that_fits_and_no_other(
    library: Library, filters: Filters, expected: set[int]
) -> None:
    library.add(
        [
            paper(
                n, authors=["Ada Müller"] if n == 2 else [], venue="ICLR 2024" if n >= 4 else None, doi=f"10.1000/{n}"
            )
            for n in range(6)
        ]
    )
    found = {int(e.paper.title.split()[1]) for e in library.search("widgets", k=10, filters=filters).evidence}
    assert found == expected == {int(p.title.split()[1]) for p in library.papers(filters)}


def test_passages_hold_every_sentence_once_and_lie_where_they_say() -> None:
    text = " ".join(f"Sentence number {n} is here." for n in range(11))
    own = passages(paper(1, abstract=text))
    assert " ".join(p.text for p in own) == text
    assert all(text[p.start : p.end] == p.text for p in own)


def test_a_filter_of_undecodable_bytes_finds_nothing(library: Library) -> None:
    library.add([paper(1, authors=["Ada Lovelace"])])
    assert library.papers(Filters(authors=("\udce9",))) == []


def test_a_reader_that_lags_behind_is_no_damage(tmp_path: Path, embedder: WordEmbedder) -> None:
    with _open(tmp_path, embedder, create=True) as reader, _open(tmp_path, embedder) as writer:
        assert reader.search("widgets").evidence == ()
        writer.add([paper(n) for n in range(3)])
        assert len(reader.search("widgets").evidence) == 3
        writer.remove([paper(0).id])
        assert len(reader.search("widgets").evidence) == 2


def test_a_wide_filter_searches_beyond_the_nearest(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.add([paper(n) for n in range(30)])
    monkeypatch.setattr("rag.storage.store._RESTRICT_UP_TO", 3)
    found = library.search("Study 1 measures widgets", k=10, filters=Filters(year_from=2020)).evidence
    assert len(found) == 10
    assert np.all([e.paper.year >= 2020 for e in found if e.paper.year])
