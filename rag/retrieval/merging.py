"""Merging of two searches: the question itself, and other words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import log

from rag.retrieval.evidence import Evidence, SearchResult

#: Weight of the other words against the question's own. The optimum is broad, 0.15 to 0.3; more gains little if they
#: are right and loses much if they are wrong.
_WEIGHT = 0.2
#: Estimates never rise along a ranking and are often equal; this much of the log rank breaks the ties.
_RANK_WEIGHT = 0.2
#: Highest probability taken at face value: the log-odds of 1 are infinite.
_SUREST = 0.9999


def merge_results(own: SearchResult, other: SearchResult) -> SearchResult:
    """Rank the papers of both searches by a weighted sum of the log-odds of their estimated relevance.

    A paper that the question names (score 1) keeps its place. The number of relevant papers does not change, because a
    hit of the other words says nothing about the question. A paper found only by them scores no higher than the last of
    the question's own.

    Returns:
        ``own`` with reordered and added evidence, and the timings of both.
    """
    if not own.evidence or not other.evidence:
        return own
    last = own.evidence[-1].score
    found: dict[str, Evidence] = {e.paper.id: e for e in own.evidence}
    for evidence in other.evidence:
        found.setdefault(evidence.paper.id, replace(evidence, score=min(evidence.score, last)))
    by_own, by_other = ranked_odds(own), _odds(other)
    lowest_own, lowest_other = min(by_own.values()), min(by_other.values())

    def combined(paper_id: str) -> float:
        return by_own.get(paper_id, lowest_own) + _WEIGHT * by_other.get(paper_id, lowest_other)

    # The sort is stable: equal ones stay in the order of the question's own search.
    order = sorted(found, key=lambda i: (found[i].score < 1.0, 0.0 if found[i].score >= 1.0 else -combined(i)))
    timings = {**own.timings_ms}
    for station, milliseconds in other.timings_ms.items():
        timings[station] = timings.get(station, 0.0) + milliseconds
    return replace(own, evidence=tuple(found[i] for i in order), timings_ms=timings)


def ranked_odds(result: SearchResult) -> Mapping[str, float]:
    """Return the log-odds of each paper's relevance by id, lowered a little with every rank to break ties."""
    return {i: odds - _RANK_WEIGHT * log(rank) for rank, (i, odds) in enumerate(_odds(result).items(), 1)}


def _odds(result: SearchResult) -> Mapping[str, float]:
    bounded = {e.paper.id: min(max(e.score, 1 - _SUREST), _SUREST) for e in result.evidence}
    return {paper_id: log(p / (1 - p)) for paper_id, p in bounded.items()}
