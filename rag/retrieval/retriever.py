"""Finds the papers for a query: embeds once, asks both indexes, joins their scores, groups by paper."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from rag.library.filters import Filters
from rag.library.lexical import MAX_QUERY_TERMS
from rag.library.passages import passages as cut
from rag.library.store import Store
from rag.models.protocols import Embedder, Vectors
from rag.paper import Paper
from rag.retrieval.evidence import Evidence, ScoredPassage, SearchResult
from rag.retrieval.fusion import Scores, fuse, idf
from rag.retrieval.query import clean, identifier_keys, title_keys
from rag.retrieval.relevance import count_relevant, relevance

#: Each half offers at least this many papers beyond those asked for, so that one good in both is not missed.
_MARGIN = 30
_PASSAGES_A_PAPER = 3
#: What a paper that the query names by title or identifier counts for: certainly meant.
_NAMED = 1.0


@dataclass(slots=True)
class _Candidates:
    """Both halves' scores of every paper that either of them found."""

    ids: list[str]
    cosine: Scores
    bm25: Scores
    mass: float
    passages: dict[str, list[tuple[str, float]]]


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
        clock: seconds, for the timings.
    """

    def __init__(self, store: Store, embedder: Embedder, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._store, self._embedder, self._clock = store, embedder, clock

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
        size = len(self._store) if allowed is None else len(allowed)
        if not text or k < 1 or not size:
            return SearchResult(query, (), 0, watch.timings())
        k = min(k, size)
        vector = self._embedder.embed_query(text)
        watch.stage("embed")
        candidates = self._candidates(text, vector, k, allowed, watch)
        named = self._named(text, None if allowed is None else frozenset(allowed))
        evidence = self._evidence(candidates, named, vector, k)
        watch.stage("rerank")
        return SearchResult(
            query, tuple(evidence), count_relevant(np.array([e.score for e in evidence])), watch.timings()
        )

    def _candidates(
        self, text: str, vector: Vectors, k: int, allowed: Sequence[str] | None, watch: _Watch
    ) -> _Candidates:
        wanted = k + _MARGIN
        passages = self._dense(vector, wanted, allowed)
        watch.stage("dense")
        lexical = self._store.lexical
        bm25 = dict(lexical.search(text, wanted, allowed))
        only_dense = [i for i in passages if i not in bm25]
        bm25 |= dict(lexical.search(text, len(only_dense), only_dense))
        mass = self._mass(text)
        watch.stage("lexical")
        passages |= self._scored([i for i in bm25 if i not in passages], vector)
        watch.stage("dense")
        ids = sorted(passages)
        return _Candidates(
            ids=ids,
            cosine=np.array([passages[i][0][1] for i in ids], dtype=np.float64),
            bm25=np.array([bm25.get(i, 0.0) for i in ids], dtype=np.float64),
            mass=mass,
            passages=passages,
        )

    def _dense(self, vector: Vectors, papers: int, allowed: Sequence[str] | None) -> dict[str, list[tuple[str, float]]]:
        """The nearest papers with their nearest passages, best first; at least ``papers`` of them where there are."""
        limit = papers * _PASSAGES_A_PAPER
        while True:
            hits = self._store.dense(vector, limit, allowed)
            grouped: dict[str, list[tuple[str, float]]] = {}
            for passage_id, cosine in hits:
                grouped.setdefault(_paper_of(passage_id), []).append((passage_id, cosine))
            if len(grouped) >= papers or len(hits) < limit:
                return grouped
            limit *= 4

    def _scored(self, paper_ids: Sequence[str], vector: Vectors) -> dict[str, list[tuple[str, float]]]:
        """All passages of these papers with their cosines, best first."""
        if not paper_ids:
            return {}
        stored = self._store.vectors(self._store.passage_ids(paper_ids))
        grouped: dict[str, list[tuple[str, float]]] = {}
        for passage_id, row in stored.items():
            grouped.setdefault(_paper_of(passage_id), []).append((passage_id, float(row @ vector)))
        return {i: sorted(own, key=lambda hit: (-hit[1], hit[0])) for i, own in grouped.items()}

    def _mass(self, text: str) -> float:
        """The information in the question: idf summed over the terms the lexical index searched for."""
        lexical = self._store.lexical
        frequencies = [lexical.document_frequency(term) for term in dict.fromkeys(lexical.terms(text))]
        if len(frequencies) > MAX_QUERY_TERMS:
            frequencies = sorted(frequencies, key=lambda n: n or 1 << 60)[:MAX_QUERY_TERMS]
        return float(idf(np.array(frequencies, dtype=np.int64), len(lexical)).sum())

    def _named(self, text: str, allowed: frozenset[str] | None) -> list[str]:
        """Ids of the papers that the query names, identifiers before titles."""
        manifest = self._store.manifest
        keys, titles = identifier_keys(text), title_keys(text)
        by_key = manifest.by_key(keys) if keys else {}
        by_title = manifest.by_title(titles) if titles else {}
        found = [by_key[key] for key in keys if key in by_key] + [i for key in titles for i in by_title.get(key, ())]
        return [i for i in dict.fromkeys(found) if allowed is None or i in allowed]

    def _evidence(self, candidates: _Candidates, named: Sequence[str], vector: Vectors, k: int) -> list[Evidence]:
        estimates = relevance(fuse(candidates.cosine, candidates.bm25, candidates.mass))
        scores = {i: float(s) for i, s in zip(candidates.ids, estimates, strict=True)}
        passages = candidates.passages | self._scored([i for i in named if i not in candidates.passages], vector)
        scores |= {i: _NAMED for i in named if i in passages}
        places = {i: place for place, i in enumerate(named)}
        ranking = sorted(scores, key=lambda i: (-scores[i], places.get(i, 0), i))
        # Papers beyond k stand by: an index may still hold one that another process has just removed.
        papers = self._store.manifest.get(ranking[: 2 * k])
        found = (_one(papers[i], scores[i], passages[i]) for i in ranking if i in papers)
        return list(islice((evidence for evidence in found if evidence is not None), k))


def _one(paper: Paper, score: float, hits: Sequence[tuple[str, float]]) -> Evidence | None:
    """A paper with the passages of these hits; ``None`` where it has changed and holds none of them any more."""
    own = cut(paper)
    scored = tuple(ScoredPassage(own[at], cosine) for i, cosine in hits if (at := _index_of(i)) < len(own))
    return Evidence(paper, score, scored) if scored else None


def _paper_of(passage_id: str) -> str:
    return passage_id.rpartition("#")[0]


def _index_of(passage_id: str) -> int:
    return int(passage_id.rpartition("#")[2])
