"""Searches on a small library with a toy embedder: what holds whatever the model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.models.protocols import Vectors
from rag.paper import Paper
from rag.retrieval.evidence import SearchResult
from rag.retrieval.retriever import Retriever
from rag.storage.embedded.store import EmbeddedStore
from rag.storage.filters import Filters
from rag.storage.index.passages import passages
from rag.storage.store import Store


class WordEmbedder:
    """Every word adds its own fixed direction: texts that share words lie close."""

    name = "words@1"
    dimension = 64

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        total = np.full(self.dimension, 1e-3)
        for word in text.lower().split():
            seed = int.from_bytes(hashlib.sha256(word.strip(".,?").encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).standard_normal(self.dimension)
        unit: Vectors = (total / np.linalg.norm(total)).astype(np.float32)
        return unit


TOPICS = ("glaciers", "enzymes", "galaxies", "turbines", "sonnets")


def _papers() -> list[Paper]:
    return [
        Paper.create(
            title=f"On {topic} in study number {n}",
            abstract=f"We measure {topic} with method {n}. The error of {topic} falls. It costs little. More follows.",
            authors=(f"{topic.capitalize()} Author",),
            year=2000 + n,
            venue=f"Journal of {topic}",
            arxiv_id=f"2001.{n:05d}" if topic == "enzymes" else None,
            doi=f"10.1000/{topic}.{n}" if topic == "galaxies" else None,
        )
        for n in range(12)
        for topic in TOPICS
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    embedder, papers = WordEmbedder(), _papers()
    store = _library(tmp_path_factory.mktemp("library") / "lib", embedder, papers)
    yield store
    store.close()


def _library(directory: Path, embedder: WordEmbedder, papers: Sequence[Paper]) -> Store:
    store = EmbeddedStore(directory, embedding=embedder.name, dimension=embedder.dimension, create=True)
    cut = [passages(paper) for paper in papers]
    if papers:
        with store.writing() as writer:
            texts = [
                f"{paper.title}. {passage.text}" for paper, own in zip(papers, cut, strict=True) for passage in own
            ]
            writer.put(papers, cut, embedder.embed_texts(texts))
    return store


@pytest.fixture
def retriever(store: Store) -> Retriever:
    return Retriever(store, WordEmbedder())


def _ids(result: SearchResult) -> list[str]:
    return [evidence.paper.id for evidence in result.evidence]


def test_the_paper_that_holds_the_words_comes_first(retriever: Retriever) -> None:
    top = retriever.search("measure turbines with method 7").evidence[0]
    assert top.paper.title == "On turbines in study number 7"
    assert top.passages[0].passage.paper_id == top.paper.id


def test_each_paper_stands_once_and_scores_fall(retriever: Retriever) -> None:
    result = retriever.search("error of glaciers", k=30)
    scores = [evidence.score for evidence in result.evidence]
    assert len(set(_ids(result))) == 30
    assert scores == sorted(scores, reverse=True)


def test_passages_are_cut_from_the_abstract_and_come_best_first(retriever: Retriever) -> None:
    for evidence in retriever.search("sonnets cost little", k=5).evidence:
        abstract = evidence.paper.abstract
        assert all(abstract[p.passage.start : p.passage.end] == p.passage.text for p in evidence.passages)
        scores = [p.score for p in evidence.passages]
        assert scores == sorted(scores, reverse=True)


def test_the_same_query_gives_the_same_ranking(retriever: Retriever) -> None:
    first, second = retriever.search("enzymes error", k=20), retriever.search("enzymes error", k=20)
    assert first.evidence == second.evidence


def test_equal_scores_are_ordered_by_paper_id(tmp_path: Path) -> None:
    twins = [Paper.create(title="Same title", abstract="Same words here.", paper_id=f"p{n}") for n in (3, 1, 2)]
    embedder = WordEmbedder()
    store = _library(tmp_path / "twins", embedder, twins)
    assert _ids(Retriever(store, embedder).search("words about something")) == ["p1", "p2", "p3"]
    store.close()


@pytest.mark.parametrize(
    "filters",
    [
        Filters(year_from=2003, year_to=2005),
        Filters(authors=("turbines author",)),
        Filters(venues=("sonnets",)),
        Filters(year_from=2011, venues=("enzymes", "glaciers")),
    ],
)
def test_a_filtered_search_finds_as_many_papers_as_there_are(
    store: Store, retriever: Retriever, filters: Filters
) -> None:
    allowed = store.manifest.ids(filters)
    # The words point away from what the filters admit.
    result = retriever.search("measure galaxies with method 1", k=60, filters=filters)
    assert sorted(_ids(result)) == sorted(allowed)


def test_a_filter_that_admits_nothing_finds_nothing(retriever: Retriever) -> None:
    assert retriever.search("glaciers", filters=Filters(year_from=2050)).evidence == ()


def test_no_more_than_k_papers_and_no_fewer_while_there_are(retriever: Retriever) -> None:
    assert len(retriever.search("glaciers", k=3).evidence) == 3
    assert len(retriever.search("glaciers", k=500).evidence) == 60
    assert retriever.search("glaciers", k=0).evidence == ()


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("2001.00004", "On enzymes in study number 4"),
        ("what does arXiv:2001.00009v3 find about glaciers?", "On enzymes in study number 9"),
        ("summarise doi 10.1000/GALAXIES.3, please", "On galaxies in study number 3"),
        ("what does 'On sonnets in study number 2' say of turbines and method 5?", "On sonnets in study number 2"),
    ],
)
def test_a_paper_named_in_the_query_comes_first(retriever: Retriever, query: str, title: str) -> None:
    result = retriever.search(query)
    assert result.evidence[0].paper.title == title
    assert result.relevant >= 1


def test_a_named_paper_outside_the_filters_stays_out(retriever: Retriever) -> None:
    result = retriever.search("2001.00004", filters=Filters(year_from=2006))
    assert all((evidence.paper.year or 0) >= 2006 for evidence in result.evidence)


@pytest.mark.parametrize("query", ["", "   \n\t "])
def test_an_empty_query_finds_nothing(retriever: Retriever, query: str) -> None:
    result = retriever.search(query)
    assert (result.evidence, result.relevant) == ((), 0)


@pytest.mark.parametrize(
    "query",
    [
        "turbines",
        "the of and is",
        "氷河の測定方法",
        "ледники и ферменты",
        "?!…",
        "glaciers enzymes " * 2_500,
        "a" * 30_000,
    ],
    ids=["one word", "stop words", "Japanese", "Russian", "signs", "5,000 words", "one endless word"],
)
def test_odd_queries_are_ranked_like_any_other(retriever: Retriever, query: str) -> None:
    assert len(retriever.search(query, k=5).evidence) == 5


def test_a_query_of_stop_words_only_is_ranked_by_the_vector(store: Store, retriever: Retriever) -> None:
    query, embedder = "the of and is", WordEmbedder()
    nearest = store.dense(embedder.embed_query(query), 1)[0][0].rpartition("#")[0]
    assert _ids(retriever.search(query))[0] == nearest


def test_timings_name_the_stages(retriever: Retriever) -> None:
    timings = retriever.search("glaciers").timings_ms
    assert set(timings) == {"embed", "dense", "lexical", "rerank", "total"}
    assert timings["total"] >= timings["embed"] >= 0


def test_an_empty_library_finds_nothing(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    store = _library(tmp_path / "empty", embedder, [])
    assert Retriever(store, embedder).search("glaciers").evidence == ()
    store.close()


def test_a_paper_that_another_process_just_removed_is_passed_over(tmp_path: Path) -> None:
    embedder, papers = WordEmbedder(), _papers()[:10]
    store = _library(tmp_path / "shrinking", embedder, papers)
    store.manifest.remove([papers[0].id])
    assert papers[0].id not in _ids(Retriever(store, embedder).search(papers[0].abstract, k=9))
    store.close()
