"""Joins what a question finds with what other words for it find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import log

from rag.retrieval.evidence import Evidence, SearchResult

#: What the other words count for against the question's own. The optimum is broad, 0.15 to 0.3; more gains little
#: where they are right and loses much where they are wrong.
_WEIGHT = 0.2
#: Estimates are made to fall along a ranking and so are often equal; this much of the rank tells them apart.
_RANK_WEIGHT = 0.2
#: No estimate speaks louder than this one.
_SUREST = 0.9999


def joined(own: SearchResult, other: SearchResult) -> SearchResult:
    """The papers of both searches in one ranking, by a weighted sum of the log-odds of their estimated relevance.

    A paper that the question names (score 1) keeps its place. As many papers count as relevant as before: what the
    other words find says nothing about the question. A paper that only they found counts for no more than the last of
    the question's own.

    Returns:
        ``own`` with its evidence reordered and added to, and the timings of both.
    """
    if not own.evidence or not other.evidence:
        return own
    last = own.evidence[-1].score
    found: dict[str, Evidence] = {e.paper.id: e for e in own.evidence}
    for evidence in other.evidence:
        found.setdefault(evidence.paper.id, replace(evidence, score=min(evidence.score, last)))
    by_own, by_other = ranked_odds(own), _odds(other)
    least_own, least_other = min(by_own.values()), min(by_other.values())

    def worth(paper_id: str) -> float:
        return by_own.get(paper_id, least_own) + _WEIGHT * by_other.get(paper_id, least_other)

    # The sort is stable: equal ones stay in the order of the question's own search.
    order = sorted(found, key=lambda i: (found[i].score < 1.0, 0.0 if found[i].score >= 1.0 else -worth(i)))
    timings = {**own.timings_ms}
    for station, milliseconds in other.timings_ms.items():
        timings[station] = timings.get(station, 0.0) + milliseconds
    return replace(own, evidence=tuple(found[i] for i in order), timings_ms=timings)


def ranked_odds(result: SearchResult) -> Mapping[str, float]:
    """The log-odds of each paper's relevance, by id, a little lower with every rank so that no two are equal."""
    return {i: odds - _RANK_WEIGHT * log(rank) for rank, (i, odds) in enumerate(_odds(result).items(), 1)}


def _odds(result: SearchResult) -> Mapping[str, float]:
    bounded = {e.paper.id: min(max(e.score, 1 - _SUREST), _SUREST) for e in result.evidence}
    return {paper_id: log(p / (1 - p)) for paper_id, p in bounded.items()}
