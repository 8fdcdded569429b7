"""Estimates how likely a paper is relevant to a question, in a way that means the same for every question and library.

Ranking compares papers for one question; telling that nothing is relevant compares questions. What a fused score lacks
for that: a word match says little while the rest of the question is unknown to the library ("capital of Mongolia"), and
a name the library has never seen makes all matches around it matches of the surroundings ("How does SPLADE regularise
its sparse vectors?"). The coefficients are a logistic regression's, rounded; docs/retrieval.md says on what.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rag.retrieval.fusion import Scores

#: With no paper above this, nothing in the library is about the question.
RELEVANCE_CUT = 0.13
#: From here on a paper is on the question's topic rather than near it.
ON_TOPIC = 0.5

_CENTRE = 0.40
_WIDTH = 0.07
_COVERAGE_WEIGHT = 0.35
_MOST_COVERAGE = 1.2
_MISSING_NAME = 0.35
_FOUND_NAME = 0.06
# The best of N chance similarities grows with the square root of 2 ln N, in units of their standard deviation.
_CHANCE_SPREAD = 0.07
_PAPERS_MEASURED = 95


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a question as a whole.

    ``unknown``: share of the question's information in terms that stand in no paper, 0 to 1.
    ``missing_name``: 1 when it names something no paper mentions and nothing else it names is in the best paper.
    ``found_name``: 1 when a rare name of the question is in the best paper.
    """

    unknown: float = 0.0
    missing_name: float = 0.0
    found_name: float = 0.0


def relevance(cosine: Scores, covered: Scores, trust: float, papers: int, signals: Signals) -> Scores:
    """Estimates between 0 and 1 for some of the candidates of one question.

    Args:
        cosine: similarity of each paper's best passage to the question, shape ``(n,)``.
        covered: :func:`rag.retrieval.fusion.coverage` of each paper, shape ``(n,)``.
        trust: :func:`rag.retrieval.fusion.gate` over all candidates.
        papers: papers in the library: of many, some are near any question.
        signals: what is known of the question as a whole.
    """
    covered = trust * np.minimum(covered, _MOST_COVERAGE)
    chance = _CHANCE_SPREAD * max(0.0, _best_of(papers) - _best_of(_PAPERS_MEASURED))
    shift = _FOUND_NAME * signals.found_name - _MISSING_NAME * signals.missing_name - _CENTRE - chance
    evidence = cosine + _COVERAGE_WEIGHT * (1.0 - signals.unknown) * covered + shift
    estimate: Scores = 1.0 / (1.0 + np.exp(np.clip(-evidence / _WIDTH, -60.0, 60.0)))
    return estimate


def along(estimates: Scores) -> Scores:
    """Estimates in ranking order made to fall: a paper counts for at least as much as any ranked below it."""
    falling: Scores = np.maximum.accumulate(estimates[::-1])[::-1]
    return falling


def count_relevant(estimates: Scores) -> int:
    """How many of the first entries of a ranking are relevant, ``estimates`` falling: those on the topic; where none
    is, those that are not plainly beside it."""
    if not estimates.size:
        return 0
    return int((estimates >= (ON_TOPIC if estimates[0] >= ON_TOPIC else RELEVANCE_CUT)).sum())


def _best_of(papers: int) -> float:
    return float(np.sqrt(2.0 * np.log(max(papers, 2))))
