"""Finds the papers for a query: embeds once, asks both indexes, joins scores, listens to the best, groups by paper."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rag.models.protocols import Embedder, Vectors
from rag.paper import Paper
from rag.retrieval.candidates import Candidates, gather
from rag.retrieval.evidence import Evidence, ScoredPassage, SearchResult
from rag.retrieval.feedback import FEEDBACK_PAPERS, refined
from rag.retrieval.fusion import Scores, coverage
from rag.retrieval.naming import signals
from rag.retrieval.neighbours import HEARD, lifted
from rag.retrieval.query import clean, identifier_keys, title_keys
from rag.retrieval.question import read
from rag.retrieval.relevance import along, count_relevant, relevance
from rag.storage.filters import Filters
from rag.storage.index.passages import Passage
from rag.storage.store import Store

#: Each half offers this many papers beyond those asked for, so that one good in both is not missed.
_MARGIN = 30
#: With less trust in the words than this, feedback would not move the question.
_LEAST_TRUST = 0.01
#: Of so many of the best papers the words are looked at when the question names something.
_READ_FOR_NAMES = 3
#: What a paper that the query names by title or identifier counts for: certainly meant.
_NAMED = 1.0


@dataclass(slots=True)
class _Watch:
    """Milliseconds of each stage, by name."""

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
        feedback: let the best papers of a first round refine the question (see :mod:`rag.retrieval.feedback`), and
            their neighbours rise (see :mod:`rag.retrieval.neighbours`).
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

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """The ``k`` best papers, best first; fewer only where the library (as far as the filters admit) holds fewer.

        A paper that the query names by title, arXiv id, DOI or PMID comes first. Equal scores are ordered by paper id.
        An empty query finds nothing.

        Raises:
            LibraryError: the library cannot be read.
            ModelError: the query cannot be embedded.
        """
        watch, text = _Watch(self._clock), clean(query)
        allowed = self._store.manifest.ids(filters) if filters else None
        papers = self._store.indexed()
        k = min(k, papers if allowed is None else len(allowed))
        if not text or k < 1:
            return SearchResult(query, (), 0, watch.timings())
        vector = self._embedder.embed_query(text)
        watch.stage("embed")
        question = read(text, self._store.lexical, papers)
        watch.stage("lexical")
        named = self._named(text, allowed)
        watch.stage("rerank")
        found = gather(self._store, question, vector, k + _MARGIN, k, named=named, allowed=allowed, stage=watch.stage)
        evidence = self._evidence(found, vector, named, k)
        watch.stage("rerank")
        scores = np.array([e.score for e in evidence])
        return SearchResult(query, tuple(evidence), count_relevant(scores), watch.timings())

    def _named(self, text: str, allowed: Sequence[str] | None) -> list[str]:
        """Ids of the papers that the query names, identifiers before titles."""
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
        nearest = found.best(cosines)
        first = [found.ids.index(i) for i in named if i in found.ids]
        order = list(dict.fromkeys([*first, *_falling(self._scores(found, vector, nearest))]))
        papers = self._store.manifest.with_passages([found.ids[at] for at in order[:k]])
        if len(papers) < k < len(order):
            # An index may still hold papers that another process has just removed: those behind step in.
            papers |= self._store.manifest.with_passages([found.ids[at] for at in order[k:]])
        chosen = [at for at in order if found.ids[at] in papers][:k]
        scores = self._estimates(found, chosen, nearest, papers, frozenset(first))
        evidence = []
        for at, score in zip(chosen, scores, strict=True):
            own = found.rows(at)
            paper, cut = papers[found.ids[at]]
            evidence.append(_one(paper, cut, score, found.block.numbers[own], cosines[own]))
        return [e for e in evidence if e is not None]

    def _scores(self, found: Candidates, vector: Vectors, nearest: Scores) -> Scores:
        """Fused scores; with feedback, those of the question moved towards the best papers of a first round, and with
        the say of each paper's neighbours."""
        scores, trust = found.fused(nearest), found.trust
        if not self._feedback or trust < _LEAST_TRUST:
            return scores
        centres = found.centres()
        best = _falling(scores)[:FEEDBACK_PAPERS]
        moved = refined(vector, centres[best], scores[best], trust)
        scores = found.fused(found.best(found.similarities(moved)))
        head = _falling(scores)[:HEARD]
        scores[head] = lifted(scores[head], centres[head], trust)
        return scores

    def _estimates(
        self,
        found: Candidates,
        chosen: Sequence[int],
        nearest: Scores,
        papers: Mapping[str, tuple[Paper, list[Passage]]],
        named: frozenset[int],
    ) -> list[float]:
        if not chosen:
            return []
        best = [papers[found.ids[at]][0] for at in chosen[:_READ_FOR_NAMES]]
        estimates = relevance(
            nearest[list(chosen)],
            coverage(found.bm25[list(chosen)], found.question.mass),
            found.trust,
            found.question.papers,
            signals(found.question, self._store.lexical, [f"{p.title}\n{p.abstract}" for p in best], found.trust),
        )
        estimates[[at in named for at in chosen]] = _NAMED
        return [float(score) for score in along(estimates)]


def _falling(scores: Scores) -> list[int]:
    """Places in falling order of score; equal ones as they stand, which is the order of ids."""
    return [int(at) for at in np.argsort(-scores, kind="stable")]


def _one(
    paper: Paper, cut: Sequence[Passage], score: float, numbers: NDArray[np.int64], cosines: Scores
) -> Evidence | None:
    """A paper with its passages, best first; ``None`` where it has changed and holds none of them any more."""
    scored = [ScoredPassage(cut[n], float(c)) for n, c in zip(numbers, cosines, strict=True) if n < len(cut)]
    return Evidence(paper, score, tuple(sorted(scored, key=lambda p: (-p.score, p.passage.index)))) if scored else None
