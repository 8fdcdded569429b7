"""The two halves of a search, joined."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.fusion import Scores, coverage, fuse, gate, idf

_PAPERS = 1_000


def _fused(cosine: Scores, bm25: Scores, idf_sum: float, papers: int) -> Scores:
    return fuse(cosine, bm25, idf_sum, gate(bm25, idf_sum, papers))


def test_a_rare_term_counts_more_than_a_common_one_and_an_unknown_one_most() -> None:
    unknown, rare, common = idf(np.array([0, 1, 90]), papers=100)
    assert unknown > rare > common > 0


def test_accidental_shared_words_do_not_outvote_the_vector() -> None:
    cosine = np.array([0.55, 0.30])
    bm25 = np.array([0.0, 4.0])
    assert _fused(cosine, bm25, 30.0, _PAPERS).argmax() == 0


def test_a_paper_that_holds_the_words_of_the_question_comes_first() -> None:
    cosine = np.array([0.45, 0.30])
    bm25 = np.array([1.0, 18.0])
    assert _fused(cosine, bm25, 20.0, _PAPERS).argmax() == 1


def test_a_long_question_answered_in_part_is_believed_and_a_stray_word_of_it_is_not() -> None:
    idf_sum = 200.0
    assert gate(np.array([45.0]), idf_sum, _PAPERS) > 0.9
    assert gate(np.array([8.0]), idf_sum, _PAPERS) < 0.1


def test_a_question_of_stop_words_only_is_ranked_by_the_vector_alone() -> None:
    cosine = np.array([0.1, 0.3, 0.2])
    assert _fused(cosine, np.zeros(3), 0.0, _PAPERS).tolist() == cosine.tolist()


def test_no_candidates_give_no_scores() -> None:
    assert _fused(np.empty(0), np.empty(0), 3.0, _PAPERS).size == 0


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 60)), min_size=1, max_size=30),
    st.floats(0.5, 60),
    st.integers(1, 1_000_000),
)
def test_a_paper_better_in_both_halves_is_never_ranked_below(
    pairs: list[tuple[float, float]], idf_sum: float, papers: int
) -> None:
    cosine, bm25 = (np.array(column) for column in zip(*pairs, strict=True))
    fused = _fused(cosine, bm25, idf_sum, papers)
    for i in range(len(pairs)):
        below = (cosine <= cosine[i]) & (bm25 <= bm25[i])
        assert (fused[below] <= fused[i]).all()


def test_coverage_is_a_share_of_what_the_question_carries() -> None:
    assert coverage(np.array([0.0, 5.0]), idf_sum=10.0).tolist() == [0.0, 0.5]
