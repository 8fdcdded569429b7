"""Hybrid search: embed once, query both indexes, fuse scores, apply feedback, group by paper, estimate relevance."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rag.models.embedders.calibration import calibration_for
from rag.models.protocols import Embedder, Vectors
from rag.paper import Paper
from rag.retrieval.candidates import Candidates, gather
from rag.retrieval.evidence import Evidence, ScoredPassage, SearchResult
from rag.retrieval.feedback import FEEDBACK_PAPERS, refine_query
from rag.retrieval.fusion import Scores, coverage
from rag.retrieval.naming import query_signals
from rag.retrieval.neighbours import BOOSTED_PAPERS, neighbour_boost
from rag.retrieval.query import clean, identifier_keys, title_keys
from rag.retrieval.query_terms import read_query
from rag.retrieval.relevance import count_relevant, non_increasing, relevance
from rag.storage.filters import Filters
from rag.storage.index.passages import Passage
from rag.storage.store import Store

#: Papers that each half contributes beyond ``k``, so that one good in both is not missed.
_MARGIN = 30
#: Below this gate feedback would not move the query.
_LEAST_GATE = 0.01
#: Best papers that are searched for the names in a query.
_READ_FOR_NAMES = 3
#: Relevance of a paper that the query names by title or identifier.
_NAMED = 1.0


@dataclass(slots=True)
class _StageTimer:
    """Milliseconds spent in each stage, by name."""

    clock: Callable[[], float]
    start: float = 0.0
    last: float = 0.0
    spent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start = self.last = self.clock()

    def stage(self, name: str) -> None:
        now = self.clock()
        self.spent[name] = self.spent.get(name, 0.0) + (now - self.last) * 1_000
        self.last = now

    def timings(self) -> dict[str, float]:
        stages = {name: self.spent.get(name, 0.0) for name in ("embed", "dense", "lexical", "rerank")}
        return {**stages, "total": (self.clock() - self.start) * 1_000}


class Retriever:
    """Searches one library. Safe to share between threads.

    Args:
        store: an open library.
        embedder: the model its vectors were made with.
        feedback: refine the query by the best papers of a first round (:mod:`rag.retrieval.feedback`) and boost their
            neighbours (:mod:`rag.retrieval.neighbours`).
        clock: seconds, for the timings.
    """

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        *,
        feedback: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._store, self._embedder, self._feedback, self._clock = store, embedder, feedback, clock
        self._calibration = calibration_for(embedder.name)

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """Return the ``k`` best papers, best first; fewer only if the library, after filters, holds fewer.

        A paper that the query names by title, arXiv id, DOI or PMID comes first. Equal scores are ordered by paper id.
        An empty query finds nothing.

        Raises:
            LibraryError: the library cannot be read.
            ModelError: the query cannot be embedded.
        """
        timer, text = _StageTimer(self._clock), clean(query)
        allowed = self._store.manifest.ids(filters) if filters else None
        papers = self._store.indexed()
        k = min(k, papers if allowed is None else len(allowed))
        if not text or k < 1:
            return SearchResult(query, (), 0, timer.timings())
        vector = self._embedder.embed_query(text)
        timer.stage("embed")
        terms = read_query(text, self._store.lexical, papers)
        timer.stage("lexical")
        named = self._named(text, allowed)
        timer.stage("rerank")
        found = gather(self._store, terms, vector, k + _MARGIN, k, named=named, allowed=allowed, stage=timer.stage)
        evidence = self._evidence(found, vector, named, k)
        timer.stage("rerank")
        scores = np.array([e.score for e in evidence])
        return SearchResult(query, tuple(evidence), count_relevant(scores), timer.timings())

    def _named(self, text: str, allowed: Sequence[str] | None) -> list[str]:
        """Return ids of the papers that the query names, identifiers before titles."""
        manifest = self._store.manifest
        keys, titles = identifier_keys(text), title_keys(text)
        by_key = manifest.by_key(keys) if keys else {}
        by_title = manifest.by_title(titles) if titles else {}
        found = [by_key[key] for key in keys if key in by_key] + [i for key in titles for i in by_title.get(key, ())]
        if not found or allowed is None:
            return list(dict.fromkeys(found))
        admitted = frozenset(allowed)
        return [i for i in dict.fromkeys(found) if i in admitted]

    def _evidence(self, found: Candidates, vector: Vectors, named: Sequence[str], k: int) -> list[Evidence]:
        cosines = found.similarities(vector)
        best_cosines = found.best(cosines)
        first = [found.ids.index(i) for i in named if i in found.ids]
        order = list(dict.fromkeys([*first, *_by_score(self._scores(found, vector, best_cosines))]))
        papers = self._store.manifest.with_passages([found.ids[at] for at in order[:k]])
        if len(papers) < k < len(order):
            # An index may still hold papers that another process has just removed: the next ones take their place.
            papers |= self._store.manifest.with_passages([found.ids[at] for at in order[k:]])
        chosen = [at for at in order if found.ids[at] in papers][:k]
        scores = self._estimates(found, chosen, best_cosines, papers, frozenset(first))
        evidence = []
        for at, score in zip(chosen, scores, strict=True):
            own = found.rows(at)
            paper, cut = papers[found.ids[at]]
            evidence.append(_evidence_of(paper, cut, score, found.block.numbers[own], cosines[own]))
        return [e for e in evidence if e is not None]

    def _scores(self, found: Candidates, vector: Vectors, best_cosines: Scores) -> Scores:
        """Return fused scores, after feedback and neighbour boost if these are on."""
        scores, lexical_gate = found.fused(best_cosines), found.lexical_gate
        if not self._feedback or lexical_gate < _LEAST_GATE:
            return scores
        centroids = found.centroids()
        best = _by_score(scores)[:FEEDBACK_PAPERS]
        moved = refine_query(vector, centroids[best], scores[best], lexical_gate)
        scores = found.fused(found.best(found.similarities(moved)))
        head = _by_score(scores)[:BOOSTED_PAPERS]
        scores[head] = neighbour_boost(scores[head], centroids[head], lexical_gate)
        return scores

    def _estimates(
        self,
        found: Candidates,
        chosen: Sequence[int],
        best_cosines: Scores,
        papers: Mapping[str, tuple[Paper, list[Passage]]],
        named: frozenset[int],
    ) -> list[float]:
        if not chosen:
            return []
        best = [papers[found.ids[at]][0] for at in chosen[:_READ_FOR_NAMES]]
        texts = [f"{paper.title}\n{paper.abstract}" for paper in best]
        estimates = relevance(
            best_cosines[list(chosen)],
            coverage(found.bm25[list(chosen)], found.query.idf_sum),
            found.lexical_gate,
            found.query.papers,
            query_signals(found.query, self._store.lexical, texts, found.lexical_gate),
            self._calibration,
        )
        estimates[[at in named for at in chosen]] = _NAMED
        return [float(score) for score in non_increasing(estimates)]


def _by_score(scores: Scores) -> list[int]:
    """Return positions by descending score; equal scores keep their order, which is that of the ids."""
    return [int(at) for at in np.argsort(-scores, kind="stable")]


def _evidence_of(
    paper: Paper, cut: Sequence[Passage], score: float, numbers: NDArray[np.int64], cosines: Scores
) -> Evidence | None:
    """Return a paper with its passages, best first; ``None`` if it has changed and holds none of them any more."""
    scored = [ScoredPassage(cut[n], float(c)) for n, c in zip(numbers, cosines, strict=True) if n < len(cut)]
    return Evidence(paper, score, tuple(sorted(scored, key=lambda p: (-p.score, p.passage.index)))) if scored else None
