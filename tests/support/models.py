"""Models that follow a script, and a shelf of papers searched by shared words: the assistant without the rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass, field

from rag.errors import ModelError
from rag.language.stems import stems
from rag.models.protocols import Chunk, Message, Usage
from rag.paper import Paper
from rag.retrieval.evidence import Evidence, Filters, ScoredPassage, SearchResult
from rag.storage.index.passages import passages

Reply = Sequence[str | Chunk | Exception]


@dataclass
class ScriptedModel:
    """A backend that gives out its replies one after the other, each in pieces; an exception among them is raised, and
    a chunk given as it is.

    Remembers every request, and how many of its streams were closed before their end.
    """

    replies: list[Reply]
    usage: Usage | None = None
    name: str = "scripted"
    model: str = "script-1"
    is_model: bool = True
    requests: list[tuple[Message, ...]] = field(default_factory=list)
    closed_early: int = 0

    def stream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> Generator[Chunk]:  # noqa: ARG002  # the protocol's
        """As the protocol's."""
        pieces = self._next(messages)
        given = 0
        try:
            for piece in pieces:
                if isinstance(piece, Exception):
                    given = len(pieces)
                    raise piece
                yield piece if isinstance(piece, Chunk) else Chunk(piece)
                given += 1
            if self.usage is not None:
                yield Chunk("", self.usage)
        finally:
            self.closed_early += given < len(pieces)

    async def astream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> AsyncGenerator[Chunk]:
        """As the protocol's."""
        for chunk in self.stream(messages, max_tokens=max_tokens):
            yield chunk

    def _next(self, messages: Sequence[Message]) -> Reply:
        self.requests.append(tuple(messages))
        return self.replies[(len(self.requests) - 1) % len(self.replies)]


def cut(reason: str = "the connection broke") -> ModelError:
    """What a backend raises in the middle of a reply."""
    return ModelError(reason, retryable=True)


@dataclass
class WordShelf:
    """A searcher over a few papers: those that share a word with the question, most words first, are relevant."""

    papers: Sequence[Paper]
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._words = {p.id: set(stems(f"{p.title} {p.abstract}")) for p in self.papers}

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:  # noqa: ARG002  # the protocol's
        """As the protocol's; nothing is filtered."""
        self.asked.append(query)
        words = set(stems(query))
        shared = {p.id: len(words & self._words[p.id]) for p in self.papers}
        ranked = sorted(self.papers, key=lambda p: -shared[p.id])[:k]
        evidence = tuple(evidence_of(paper, min(1.0, shared[paper.id] / 10)) for paper in ranked)
        timings = {"embed": 1.0, "dense": 2.0, "lexical": 3.0, "rerank": 4.0, "total": 10.0}
        return SearchResult(query, evidence, sum(shared[p.id] > 0 for p in ranked), timings)


def evidence_of(paper: Paper, score: float = 1.0) -> Evidence:
    """A paper as evidence with all its passages."""
    return Evidence(paper, score, tuple(ScoredPassage(p, 1 / (1 + p.index)) for p in passages(paper)))


def paper(title: str, abstract: str, **facts: object) -> Paper:
    """A paper with a title and an abstract."""
    return Paper.create(title=title, abstract=abstract, **facts)  # type: ignore[arg-type]  # facts are a test's own


#: Papers of no one's library, for tests of what an answer does with them.
MARLIN = paper(
    "MARLIN: Fast Sorting of Sea Charts",
    "Sorting sea charts by hand takes weeks. We present MARLIN, a method that sorts charts by their coast lines. "
    "MARLIN sorts 4,200 charts in 37 minutes on a single workstation. "
    "It is 2.5x faster than TURBOT while using 40% less memory.",
    authors=["Ada Reef", "Ben Shoal"],
    year=2021,
)
TURBOT = paper(
    "TURBOT: A Baseline for Chart Sorting",
    "Charts are hard to sort. This paper introduces TURBOT, a baseline that sorts sea charts by their scale. "
    "TURBOT reaches an accuracy of 81.4% on the HARBOUR benchmark. "
    "The HARBOUR benchmark holds 900 charts in three languages: Danish, Dutch and Frisian.",
    year=2019,
)
LICHEN = paper(
    "A Survey of Lichen on Stone Walls",
    "Lichen grows on walls. We survey 65 publications on lichen from 1990 to 2015. "
    "Growth depends on light, moisture and the age of the stone. Slow growth makes dating possible, "
    "because a thallus widens by 0.4 mm a year.",
)
PAPERS = (MARLIN, TURBOT, LICHEN)
