"""The question, moved towards the best papers of a first round."""

from __future__ import annotations

import numpy as np

from rag.models.protocols import Vectors
from rag.retrieval.feedback import refined, voices


def _unit(*values: float) -> Vectors:
    vector = np.array(values, dtype=np.float32)
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


def test_where_one_paper_stands_out_it_alone_speaks() -> None:
    assert voices(np.array([1.2, 0.6, 0.5]))[0] > 0.99


def test_papers_equally_good_speak_alike() -> None:
    assert np.allclose(voices(np.array([0.7, 0.7])), [0.5, 0.5])


def test_the_question_moves_towards_what_was_found() -> None:
    question, found = _unit(1, 0, 0), _unit(1, 1, 0)
    moved = refined(question, np.stack([found]), np.array([0.8]), trust=1.0)
    assert moved @ found / np.linalg.norm(moved) > question @ found


def test_the_question_stays_where_the_ranking_is_not_to_be_trusted_or_nothing_was_found() -> None:
    question = _unit(1, 0, 0)
    assert np.allclose(refined(question, np.stack([_unit(0, 1, 0)]), np.array([0.8]), trust=0.0), question)
    assert refined(question, np.empty((0, 3), dtype=np.float32), np.empty(0), trust=1.0) is question
