"""Relevance estimation: a probability that means the same for every question and library.

Ranking compares papers for one question; deciding that nothing is relevant compares questions. A fused score is not
enough for that: a word match means little if the rest of the question is unknown to the library ("capital of
Mongolia"), and a name that the library has never seen turns all matches around it into matches of the surroundings
("How does SPLADE regularise its sparse vectors?"). The coefficients belong to the embedding model
(:mod:`rag.models.embedders.calibration`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rag.models.embedders.calibration import Calibration
from rag.retrieval.fusion import Scores

#: If no paper exceeds this, nothing in the library is about the question.
RELEVANCE_CUT = 0.13
#: From here on a paper is on the topic of the question, not just near it.
ON_TOPIC = 0.5

_MAX_COVERAGE = 1.2


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals of a query as a whole, each 0 to 1.

    Args:
        unknown_share: share of the query's idf in terms that no paper holds.
        missing_name: 1 if it names something that no paper mentions and no other name of it is in the best paper.
        found_name: 1 if a rare name of the query is in the best paper.
    """

    unknown_share: float = 0.0
    missing_name: float = 0.0
    found_name: float = 0.0


def relevance(
    cosine: Scores, covered: Scores, lexical_gate: float, papers: int, signals: Signals, calibration: Calibration
) -> Scores:
    """Return the estimated relevance of some candidates of one query, 0 to 1, shape ``(n,)``.

    Args:
        cosine: similarity of each paper's best passage to the question, shape ``(n,)``.
        covered: :func:`rag.retrieval.fusion.coverage` of each paper, shape ``(n,)``.
        lexical_gate: :func:`rag.retrieval.fusion.gate` over all candidates.
        papers: papers in the library; the more there are, the nearer the nearest is by chance.
        signals: signals of the query as a whole.
        calibration: the coefficients for the embedding model in use.
    """
    covered = lexical_gate * np.minimum(covered, _MAX_COVERAGE)
    chance = calibration.chance_spread * max(0.0, _expected_maximum(papers) - _expected_maximum(calibration.papers))
    names = calibration.found_name * signals.found_name - calibration.missing_name * signals.missing_name
    evidence = cosine + calibration.coverage_weight * (1.0 - signals.unknown_share) * covered
    logits = (evidence + names - calibration.centre - chance) / calibration.width
    estimate: Scores = 1.0 / (1.0 + np.exp(np.clip(-logits, -60.0, 60.0)))
    return estimate


def non_increasing(estimates: Scores) -> Scores:
    """Return estimates in ranking order, each raised to the highest one ranked below it."""
    raised: Scores = np.maximum.accumulate(estimates[::-1])[::-1]
    return raised


def count_relevant(estimates: Scores) -> int:
    """Return how many leading entries of a ranking are relevant, given non-increasing estimates.

    These are the papers on the topic or, if there are none, those not plainly off it.
    """
    if not estimates.size:
        return 0
    return int((estimates >= (ON_TOPIC if estimates[0] >= ON_TOPIC else RELEVANCE_CUT)).sum())


def _expected_maximum(papers: int) -> float:
    """Return the expected maximum of so many standard normal values, to first order: ``sqrt(2 ln N)``."""
    return float(np.sqrt(2.0 * np.log(max(papers, 2))))
