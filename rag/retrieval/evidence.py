"""Evidence: the papers retrieved for a query, with their best passages, scores and timings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rag.paper import Paper
from rag.storage.filters import Filters as Filters
from rag.storage.index.passages import Passage


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage and its cosine with one query; comparable within one result only."""

    passage: Passage
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON record of the contract."""
        p = self.passage
        return {"text": p.text, "start": p.start, "end": p.end, "score": round(self.score, 4)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A paper retrieved for a query. ``score`` is the estimated relevance, 0 to 1, calibrated to be comparable
    across queries; passages come best first and are never empty."""

    paper: Paper
    score: float
    passages: tuple[ScoredPassage, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the record of ``ask --json``."""
        return {
            "paper_id": self.paper.id,
            "title": self.paper.title,
            "score": round(self.score, 4),
            "passages": [p.to_dict() for p in self.passages],
        }


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The evidence for a query, best first.

    ``relevant`` counts the leading entries that pass the relevance cut. At 0 nothing in the library answers the query,
    and the evidence is merely the nearest papers.
    """

    query: str
    evidence: tuple[Evidence, ...]
    relevant: int
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the record of ``search --json``."""
        return {
            "query": self.query,
            "results": [
                {
                    "rank": rank,
                    "score": round(e.score, 4),
                    "paper": e.paper.to_dict(),
                    "passage": {k: v for k, v in e.passages[0].to_dict().items() if k != "score"},
                }
                for rank, e in enumerate(self.evidence, 1)
            ],
            "timings_ms": {k: round(v, 2) for k, v in self.timings_ms.items()},
        }


class Searcher(Protocol):
    """Interface of whatever finds evidence for a query: the library, or a test double."""

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """Return the ``k`` best papers for ``query``."""
