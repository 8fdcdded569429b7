"""The estimate of relevance, and the two cuts drawn from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.embedders.calibration import calibration_for
from rag.retrieval.naming import query_signals
from rag.retrieval.query_terms import read_query
from rag.retrieval.relevance import ON_TOPIC, RELEVANCE_CUT, Signals, count_relevant, non_increasing, relevance

CALIBRATION = calibration_for("all-MiniLM-L6-v2-int8@1")
_COSINES = st.lists(st.floats(-1, 1), min_size=1, max_size=20)


class Index:
    """A lexical index of a few texts, without stemming."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.papers = len(texts)
        self._counts = Counter(term for text in texts for term in set(self.terms(text)))

    def terms(self, text: str) -> list[str]:
        return [word.strip("?.,") for word in text.lower().replace("-", " ").split()]

    def document_frequency(self, term: str) -> int:
        return self._counts[term]


LIBRARY = Index(
    [
        "SPT tunes models with sparse attention",
        "LAMB trains models in large batches on TPU pods",
        "pruning models with sparse masks",
        "a survey of models",
        "models for speech",
        "models for vision",
    ]
)


def _estimate(question: str, best: str, cosine: float, covered: float) -> float:
    asked = read_query(question, LIBRARY, LIBRARY.papers)
    told = query_signals(asked, LIBRARY, [best], lexical_gate=1.0)
    return float(relevance(np.array([cosine]), np.array([covered]), 1.0, LIBRARY.papers, told, CALIBRATION)[0])


@given(_COSINES)
def test_estimates_stay_between_0_and_1_and_rise_with_the_cosine(cosines: list[float]) -> None:
    near = np.sort(np.array(cosines))
    estimates = relevance(near, np.zeros_like(near), 0.0, 95, Signals(), CALIBRATION)
    assert ((estimates >= 0) & (estimates <= 1)).all()
    assert (np.diff(estimates) >= 0).all()


@given(_COSINES)
def test_along_a_ranking_estimates_fall_and_none_is_lowered(cosines: list[float]) -> None:
    estimates = relevance(np.array(cosines), np.zeros(len(cosines)), 0.0, 95, Signals(), CALIBRATION)
    falling = non_increasing(estimates)
    assert (np.diff(falling) <= 0).all()
    assert (falling >= estimates).all()


def test_in_a_large_library_the_same_similarity_says_less() -> None:
    near, none = np.array([0.3]), np.zeros(1)
    assert relevance(near, none, 0.0, 100_000, Signals(), CALIBRATION) < relevance(
        near, none, 0.0, 100, Signals(), CALIBRATION
    )


def test_a_name_that_no_paper_mentions_takes_the_words_around_it_for_what_they_are() -> None:
    best = "pruning models with sparse masks"
    present = _estimate("how does sparse pruning choose its masks", best, 0.4, 0.6)
    absent = _estimate("how does SPLADE choose its sparse masks", best, 0.4, 0.6)
    assert present > ON_TOPIC
    assert absent < RELEVANCE_CUT


def test_an_unknown_name_beside_a_known_rare_one_does_no_harm() -> None:
    best = "LAMB trains models in large batches on TPU pods"
    assert _estimate("does LAMB train ALBERT in large batches?", best, 0.4, 0.6) > ON_TOPIC


def test_an_unknown_place_in_a_question_of_other_words_does_no_harm() -> None:
    asked = read_query("is there anything from Seoul about talking machines?", LIBRARY, LIBRARY.papers)
    told = query_signals(asked, LIBRARY, ["models for speech"], lexical_gate=0.02)
    assert told.missing_name < 0.05


@pytest.mark.parametrize(
    ("asked", "best"),
    [
        ("TurkishBERTwet tweets", "TurkishBERTweet: a model for tweets"),
        ("what is TurkishBRETweet?", "TurkishBERTweet: a model for tweets"),
        ("StackOverflow posts", "Stack Over-Flowing: models for Stack Overflow"),
    ],
)
def test_a_name_written_otherwise_than_in_the_best_paper_is_not_missing(asked: str, best: str) -> None:
    assert (
        query_signals(read_query(asked, LIBRARY, LIBRARY.papers), LIBRARY, [best], lexical_gate=1.0).missing_name == 0.0
    )


@pytest.mark.parametrize(("asked", "best"), [("ALBERT", "the original BERT"), ("HingBERT7", "HingBERT8 and others")])
def test_a_name_that_merely_resembles_another_is_missing(asked: str, best: str) -> None:
    assert (
        query_signals(read_query(asked, LIBRARY, LIBRARY.papers), LIBRARY, [best], lexical_gate=1.0).missing_name > 0.9
    )


def test_one_shared_word_says_little_when_the_rest_is_unknown() -> None:
    known = _estimate("sparse attention", "SPT tunes models with sparse attention", 0.1, 0.6)
    lost = _estimate("sparse rainfall over Mongolia in autumn", "SPT tunes models with sparse attention", 0.1, 0.6)
    assert lost < RELEVANCE_CUT < known


@pytest.mark.parametrize(
    ("estimates", "relevant"),
    [
        ([0.9, 0.6, 0.3], 2),  # on the topic
        ([0.4, 0.2, 0.05], 2),  # near it, with nothing better
        ([0.1, 0.05], 0),
        ([], 0),
    ],
)
def test_relevant_are_papers_on_the_topic_or_else_those_near_it(estimates: list[float], relevant: int) -> None:
    assert count_relevant(np.array(estimates)) == relevant


def test_a_question_weighs_its_words_and_what_of_them_is_unknown() -> None:
    asked = read_query("what is the sparse zyxwv of models?", LIBRARY, LIBRARY.papers)
    assert asked.words == "sparse zyxwv models"
    assert 0.3 < asked.unknown_share < 0.9
    assert read_query("what is it?", LIBRARY, LIBRARY.papers).idf_sum == 0.0


def test_of_a_very_long_question_the_rarest_known_words_are_kept() -> None:
    noise = " ".join(f"word{n}" for n in range(3_000))
    asked = read_query(f"{noise} sparse masks", LIBRARY, LIBRARY.papers)
    assert {"sparse", "masks"} <= set(asked.words.split())
    assert len(asked.words.split()) <= 64
