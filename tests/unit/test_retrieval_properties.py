"""Properties of the search on the sample library with the bundled embedder: whatever is asked, these hold."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.library import Library
from rag.models.embedders.minilm import MiniLM
from rag.paper import Paper
from rag.retrieval.evidence import SearchResult
from rag.settings import Settings
from rag.storage.filters import Filters
from tests.support.words import WordEmbedder

QUERIES = ("pruning of language models", "Which optimizer trains BERT in 76 minutes?", "the of and is", "音楽", "MERT")


def _ids(result: SearchResult) -> list[str]:
    return [evidence.paper.id for evidence in result.evidence]


def test_a_question_that_names_a_paper_by_its_title_finds_it_first(sample_library: Library) -> None:
    for paper in sample_library.papers():
        found = sample_library.search(f"what does the paper {paper.title} report, and how?", k=3)
        assert found.evidence[0].paper.id == paper.id
        assert found.relevant >= 1


def test_a_question_that_names_a_paper_by_its_arxiv_id_finds_it_first(sample_library: Library) -> None:
    named = [paper for paper in sample_library.papers() if paper.arxiv_id]
    assert len(named) > 50
    for paper in named:
        assert _ids(sample_library.search(f"summarise arXiv:{paper.arxiv_id}v2 for me", k=3))[0] == paper.id


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    "filters",
    [
        Filters(year_from=2023, year_to=2023),
        Filters(year_to=2019),
        Filters(authors=("kurtic",)),
        Filters(year_from=2024, authors=("wang",)),
    ],
    ids=str,
)
def test_a_filtered_search_gives_k_papers_whenever_k_exist(
    sample_library: Library, query: str, filters: Filters
) -> None:
    admitted = {paper.id for paper in sample_library.papers(filters)}
    assert admitted
    for k in (1, 5, len(admitted), 95):
        found = _ids(sample_library.search(query, k, filters))
        assert len(found) == len(set(found)) == min(k, len(admitted))
        assert admitted.issuperset(found)


def test_what_a_filter_admits_keeps_its_best_paper(sample_library: Library) -> None:
    for paper in sample_library.papers()[::10]:
        filters = Filters(year_from=paper.year, year_to=paper.year)
        assert _ids(sample_library.search(paper.abstract, 1, filters)) == [paper.id]


@pytest.mark.parametrize("query", QUERIES)
def test_the_same_query_gives_the_same_ranking_from_many_threads(sample_library: Library, query: str) -> None:
    alone = sample_library.search(query, 20)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: sample_library.search(query, 20), range(8)))
    assert all(_ids(result) == _ids(alone) for result in together)


def test_the_same_query_gives_the_same_ranking_after_opening_anew(tmp_path: Path, minilm: MiniLM) -> None:
    papers = [Paper.create(title=f"On {w}", abstract=f"About {w}. It ends.") for w in ("ice", "tea", "ore", "oak")]
    rankings = []
    with Library.open(tmp_path / "library", Settings(), create=True, embedder=minilm) as library:
        library.add(papers)
        rankings.append(_ids(library.search("frozen water")))
    with Library.open(tmp_path / "library", Settings(), embedder=minilm) as library:
        rankings.append(_ids(library.search("frozen water")))
    assert rankings[0] == rankings[1]


@pytest.mark.parametrize("query", ["same words", "the of", "unrelated entirely", "同じ"])
def test_ties_are_ordered_by_id_in_whatever_order_the_papers_came(tmp_path: Path, query: str) -> None:
    twins = [Paper.create(title="Same title", abstract="Same words here.", paper_id=f"p{n:02}") for n in range(12)]
    for seed in (1, 2):
        random.Random(seed).shuffle(twins)  # noqa: S311 - an order, not a secret
        with Library.open(tmp_path / str(seed), Settings(), create=True, embedder=WordEmbedder()) as library:
            library.add(twins, merge=False)
            assert _ids(library.search(query, 12)) == sorted(paper.id for paper in twins)


@pytest.mark.parametrize(
    "query",
    [
        "BERT",
        " ".join(f"word{n}" for n in range(5_000)),
        "ما هو أفضل نموذج للغة؟",
        "大型语言模型的剪枝方法",
        "какой оптимизатор обучает BERT за 76 минут?",
        "🤖📚",
        "\x00\ud800 pruning",
    ],
    ids=["one word", "5,000 words", "Arabic", "Chinese", "Russian", "signs", "no text"],
)
def test_an_odd_query_gives_as_many_papers_as_any(sample_library: Library, query: str) -> None:
    found = sample_library.search(query, 7)
    assert len(found.evidence) == 7
    assert all(0.0 <= evidence.score <= 1.0 for evidence in found.evidence)


def test_a_query_of_stop_words_only_is_ranked_by_meaning_alone(sample_library: Library, minilm: MiniLM) -> None:
    query = "what is it that they have been doing with this"
    found = sample_library.search(query, 95).evidence
    cosines = [evidence.passages[0].score for evidence in found]
    assert cosines == sorted(cosines, reverse=True)


@pytest.mark.parametrize("query", ["", " \n\t"])
def test_an_empty_query_finds_nothing(sample_library: Library, query: str) -> None:
    found = sample_library.search(query)
    assert (found.evidence, found.relevant) == ((), 0)
