"""Gathers the papers that either half of the index finds for a question, with what each half says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.library.store import Store
from rag.models.protocols import Vectors
from rag.retrieval.fusion import Scores, fuse, gate, known_or_beyond
from rag.retrieval.question import Question

#: Passage ids of one paper with their cosines to the question, best first.
Hits = list[tuple[str, float]]

#: A paper has about three passages: so many hits hold that many papers, mostly.
_PASSAGES_A_PAPER = 3


@dataclass(slots=True)
class Candidates:
    """What is known so far of the papers that may answer a question.

    ``hits`` are passages whose cosine with the question is known, by paper; ``bm25`` the lexical scores, 0 for a
    paper that shares no word; ``nearness`` what the latest dense search says, a product with its query vector.
    """

    question: Question
    hits: dict[str, Hits] = field(default_factory=dict)
    bm25: dict[str, float] = field(default_factory=dict)
    nearness: dict[str, float] = field(default_factory=dict)

    @property
    def trust(self) -> float:
        """The lexical gate, 0 to 1."""
        return gate(_column(self.bm25, self.bm25), self.question.mass, self.question.papers)

    def ranking(self) -> list[tuple[str, float]]:
        """Papers with their fused scores, best first; equal scores in the order of ids."""
        ids = sorted(self.bm25.keys() | self.nearness.keys())
        near = np.array([self.nearness.get(i, np.nan) for i in ids], dtype=np.float64)
        scores = fuse(known_or_beyond(near), _column(self.bm25, ids), self.question.mass, self.question.papers)
        order = np.argsort(-scores, kind="stable")
        return [(ids[at], float(scores[at])) for at in order]

    def lexical(self, ids: Sequence[str]) -> Scores:
        """BM25 of these papers, shape ``(len(ids),)``."""
        return _column(self.bm25, ids)


class Gatherer:
    """Asks both halves of one library, within the papers that are allowed.

    Args:
        store: an open library.
        question: the query as read.
        papers: how many papers each half shall offer.
        allowed: only these papers; all when ``None``.
        stage: called with ``dense`` or ``lexical`` after time was spent there.
    """

    def __init__(
        self,
        store: Store,
        question: Question,
        papers: int,
        allowed: Sequence[str] | None,
        stage: Callable[[str], None],
    ) -> None:
        self._store, self._papers, self._allowed, self._stage = store, papers, allowed, stage
        self.found = Candidates(question)

    def first(self, vector: Vectors) -> None:
        """The papers nearest to the question and those that hold its words."""
        self.found.hits = self._nearest(vector, 1.0)
        self.found.nearness = {i: own[0][1] for i, own in self.found.hits.items()}
        self._stage("dense")
        hits = self._store.lexical.search(self.found.question.words, self._papers, self._allowed)
        self.found.bm25 = dict(hits)
        self._weigh(self.found.hits, exhausted=len(hits) < self._papers)
        self._stage("lexical")

    def again(self, vector: Vectors) -> None:
        """The papers nearest to another vector, of any length, in place of those nearest to the question."""
        length = float(np.linalg.norm(vector))
        self.found.nearness = {i: own[0][1] for i, own in self._nearest(vector / length, length).items()}
        self._weigh(self.found.nearness, exhausted=False)

    def vectors(self, paper_ids: Sequence[str]) -> dict[str, list[tuple[str, Vectors]]]:
        """Passage ids and vectors of these papers."""
        grouped: dict[str, list[tuple[str, Vectors]]] = {i: [] for i in paper_ids}
        for passage_id, vector in self._store.vectors(self._store.passage_ids(paper_ids)).items():
            grouped[paper_of(passage_id)].append((passage_id, vector))
        return {i: own for i, own in grouped.items() if own}

    def measure(self, paper_ids: Iterable[str], vector: Vectors) -> None:
        """Makes the cosines of all passages known for those of these papers that have none yet."""
        for i, own in self.vectors([i for i in paper_ids if i not in self.found.hits]).items():
            scored = [(passage_id, float(row @ vector)) for passage_id, row in own]
            self.found.hits[i] = sorted(scored, key=lambda hit: (-hit[1], hit[0]))

    def _nearest(self, unit: Vectors, length: float) -> dict[str, Hits]:
        """The nearest papers with their nearest passages, best first; at least as many as wanted where there are."""
        limit = self._papers * _PASSAGES_A_PAPER
        while True:
            hits = self._store.dense(unit, limit, self._allowed)
            grouped: dict[str, Hits] = {}
            for passage_id, cosine in hits:
                grouped.setdefault(paper_of(passage_id), []).append((passage_id, cosine * length))
            if len(grouped) >= self._papers or len(hits) < limit:
                return grouped
            limit *= 4

    def _weigh(self, paper_ids: Iterable[str], *, exhausted: bool) -> None:
        """Makes BM25 known for these papers: a score that is missing would have to be guessed."""
        missing = [i for i in paper_ids if i not in self.found.bm25]
        if missing and not exhausted:
            self.found.bm25 |= self._store.lexical.search(self.found.question.words, len(missing), missing)
        for i in missing:
            self.found.bm25.setdefault(i, 0.0)


def paper_of(passage_id: str) -> str:
    """The id of the paper a passage belongs to."""
    return passage_id.rpartition("#")[0]


def _column(values: dict[str, float], ids: Iterable[str]) -> Scores:
    return np.array([values.get(i, 0.0) for i in ids], dtype=np.float64)
