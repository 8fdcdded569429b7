"""What a paper's neighbours do to its score, and what they cannot."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.models.protocols import Vectors
from rag.retrieval.neighbours import neighbour_boost


def _unit(rows: list[list[float]]) -> Vectors:
    vectors = np.array(rows, dtype=np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def test_of_two_equal_papers_the_one_beside_the_best_rises() -> None:
    centres = _unit([[1, 0, 0], [1, 0.1, 0], [0, 0, 1], [0, 0.1, 1]])
    scores = neighbour_boost(np.array([0.9, 0.5, 0.5, 0.1]), centres, lexical_gate=1.0)
    assert scores[1] > scores[2]


def test_without_trust_in_the_words_nothing_changes() -> None:
    scores = np.array([0.9, 0.5, 0.1])
    assert neighbour_boost(scores, _unit([[1, 0], [1, 1], [0, 1]]), lexical_gate=0.0).tolist() == scores.tolist()


def test_a_single_paper_has_no_neighbours() -> None:
    assert neighbour_boost(np.array([0.4]), _unit([[1, 0]]), lexical_gate=1.0).tolist() == [0.4]


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 30), st.integers(0, 1_000), st.floats(0, 1))
def test_no_score_falls_and_the_best_paper_stays_the_best(count: int, seed: int, lexical_gate: float) -> None:
    random = np.random.default_rng(seed)
    scores = random.uniform(0, 2, count)
    raised = neighbour_boost(scores, _unit(random.standard_normal((count, 5)).tolist()), lexical_gate)
    assert (raised >= scores).all()
    assert raised[scores.argmax()] == raised.max() == scores.max()
