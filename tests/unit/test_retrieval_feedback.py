"""The question, moved towards the best papers of a first round."""

from __future__ import annotations

import numpy as np

from rag.models.protocols import Vectors
from rag.retrieval.feedback import feedback_weights, refine_query


def _unit(*values: float) -> Vectors:
    vector = np.array(values, dtype=np.float32)
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


def test_where_one_paper_stands_out_it_alone_speaks() -> None:
    assert feedback_weights(np.array([1.2, 0.6, 0.5]))[0] > 0.99


def test_papers_equally_good_speak_alike() -> None:
    assert np.allclose(feedback_weights(np.array([0.7, 0.7])), [0.5, 0.5])


def test_the_question_moves_towards_what_was_found() -> None:
    question, found = _unit(1, 0, 0), _unit(1, 1, 0)
    moved = refine_query(question, np.stack([found]), np.array([0.8]), lexical_gate=1.0)
    assert moved @ found / np.linalg.norm(moved) > question @ found


def test_the_question_stays_where_the_ranking_is_not_to_be_trusted_or_nothing_was_found() -> None:
    question = _unit(1, 0, 0)
    assert np.allclose(refine_query(question, np.stack([_unit(0, 1, 0)]), np.array([0.8]), lexical_gate=0.0), question)
    assert refine_query(question, np.empty((0, 3), dtype=np.float32), np.empty(0), lexical_gate=1.0) is question
