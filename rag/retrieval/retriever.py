"""Finds the papers for a query: embeds once, asks both indexes, joins scores, listens to the best, groups by paper."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.library.filters import Filters
from rag.library.passages import passages as cut
from rag.library.store import Store
from rag.models.protocols import Embedder, Vectors
from rag.paper import Paper
from rag.retrieval.candidates import Gatherer, Hits
from rag.retrieval.evidence import Evidence, ScoredPassage, SearchResult
from rag.retrieval.feedback import FEEDBACK_PAPERS, centre, refined
from rag.retrieval.fusion import coverage
from rag.retrieval.naming import signals
from rag.retrieval.query import clean, identifier_keys, title_keys
from rag.retrieval.question import read
from rag.retrieval.relevance import along, count_relevant, relevance

#: Each half offers this many papers beyond those asked for, so that one good in both is not missed.
_MARGIN = 30
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
        feedback: let the best papers of a first round refine the question (see :mod:`rag.retrieval.feedback`); costs
            a second dense search.
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
        papers = len(self._store.lexical)
        k = min(k, papers if allowed is None else len(allowed))
        if not text or k < 1:
            return SearchResult(query, (), 0, watch.timings())
        vector = self._embedder.embed_query(text)
        watch.stage("embed")
        question = read(text, self._store.lexical, papers)
        watch.stage("lexical")
        gatherer = Gatherer(self._store, question, k + _MARGIN, allowed, watch.stage)
        gatherer.first(vector)
        if self._feedback:
            self._listen(gatherer, vector)
        evidence = self._evidence(gatherer, vector, self._named(text, allowed), k)
        watch.stage("rerank")
        scores = np.array([e.score for e in evidence])
        return SearchResult(query, tuple(evidence), count_relevant(scores), watch.timings())

    def _listen(self, gatherer: Gatherer, vector: Vectors) -> None:
        """A second dense search with the question moved towards the best papers of the first."""
        trust = gatherer.found.trust
        if trust < 0.01:
            return
        best = gatherer.found.ranking()[:FEEDBACK_PAPERS]
        own = gatherer.vectors([i for i, _ in best])
        speaking = [(i, score) for i, score in best if i in own]
        centres = [centre([row for _, row in own[i]]) for i, _ in speaking]
        gatherer.again(refined(vector, centres, np.array([score for _, score in speaking]), trust))

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

    def _evidence(self, gatherer: Gatherer, vector: Vectors, named: Sequence[str], k: int) -> list[Evidence]:
        ranking = list(dict.fromkeys([*named, *(i for i, _ in gatherer.found.ranking())]))
        # Papers beyond k stand by: an index may still hold one that another process has just removed.
        papers = self._store.manifest.get(ranking[: 2 * k])
        chosen = [i for i in ranking if i in papers][:k]
        gatherer.measure(chosen, vector)
        chosen = [i for i in chosen if i in gatherer.found.hits]
        scores = self._estimates(gatherer, chosen, papers, frozenset(named))
        found = (_one(papers[i], score, gatherer.found.hits[i]) for i, score in zip(chosen, scores, strict=True))
        return [evidence for evidence in found if evidence is not None]

    def _estimates(
        self, gatherer: Gatherer, chosen: Sequence[str], papers: dict[str, Paper], named: frozenset[str]
    ) -> list[float]:
        if not chosen:
            return []
        found, question = gatherer.found, gatherer.found.question
        best = [f"{papers[i].title}\n{papers[i].abstract}" for i in chosen[:_READ_FOR_NAMES]]
        cosine = np.array([found.hits[i][0][1] for i in chosen], dtype=np.float64)
        estimates = relevance(
            cosine,
            coverage(found.lexical(chosen), question.mass),
            found.trust,
            question.papers,
            signals(question, self._store.lexical, best, found.trust),
        )
        estimates[[i in named for i in chosen]] = _NAMED
        return [float(score) for score in along(estimates)]


def _one(paper: Paper, score: float, hits: Hits) -> Evidence | None:
    """A paper with the passages of these hits; ``None`` where it has changed and holds none of them any more."""
    own = cut(paper)
    scored = tuple(ScoredPassage(own[at], cosine) for i, cosine in hits if (at := _index_of(i)) < len(own))
    return Evidence(paper, score, scored) if scored else None


def _index_of(passage_id: str) -> int:
    return int(passage_id.rpartition("#")[2])
