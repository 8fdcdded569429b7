"""The two halves of a search, joined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.fusion import coverage, fuse, idf
from rag.retrieval.relevance import RELEVANCE_CUT, count_relevant, relevance


def test_a_rare_term_counts_more_than_a_common_one_and_an_unknown_one_most() -> None:
    unknown, rare, common = idf(np.array([0, 1, 90]), papers=100)
    assert unknown > rare > common > 0


def test_accidental_shared_words_do_not_outvote_the_vector() -> None:
    cosine = np.array([0.55, 0.30])
    bm25 = np.array([0.0, 4.0])
    assert fuse(cosine, bm25, mass=30.0).argmax() == 0


def test_a_paper_that_holds_the_words_of_the_question_comes_first() -> None:
    cosine = np.array([0.45, 0.30])
    bm25 = np.array([1.0, 18.0])
    assert fuse(cosine, bm25, mass=20.0).argmax() == 1


def test_a_question_of_stop_words_only_is_ranked_by_the_vector_alone() -> None:
    cosine = np.array([0.1, 0.3, 0.2])
    assert fuse(cosine, np.zeros(3), mass=0.0).tolist() == cosine.tolist()


def test_no_candidates_give_no_scores() -> None:
    assert fuse(np.empty(0), np.empty(0), mass=3.0).size == 0
    assert count_relevant(np.empty(0)) == 0


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 60)), min_size=1, max_size=30),
    st.floats(0.5, 60),
)
def test_a_paper_better_in_both_halves_is_never_ranked_below(pairs: list[tuple[float, float]], mass: float) -> None:
    cosine, bm25 = (np.array(column) for column in zip(*pairs, strict=True))
    fused = fuse(cosine, bm25, mass)
    for i in range(len(pairs)):
        below = (cosine <= cosine[i]) & (bm25 <= bm25[i])
        assert (fused[below] <= fused[i]).all()


def test_coverage_is_a_share_of_what_the_question_carries() -> None:
    assert coverage(np.array([0.0, 5.0]), mass=10.0).tolist() == [0.0, 0.5]


@given(st.lists(st.floats(-2, 4), min_size=1, max_size=20))
def test_relevance_keeps_the_order_and_stays_between_0_and_1(scores: list[float]) -> None:
    ranked = np.sort(np.array(scores))[::-1]
    estimates = relevance(ranked)
    assert ((estimates >= 0) & (estimates <= 1)).all()
    assert (np.diff(estimates) <= 0).all()


@pytest.mark.parametrize(("fused", "relevant"), [([0.6, 0.4, 0.1], 2), ([0.1, 0.05], 0), ([0.9], 1)])
def test_only_the_first_papers_above_the_cut_are_relevant(fused: list[float], relevant: int) -> None:
    estimates = relevance(np.array(fused))
    assert count_relevant(estimates) == relevant
    assert (estimates[:relevant] >= RELEVANCE_CUT).all()
