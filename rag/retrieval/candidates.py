"""Candidates: the papers that either half of the index finds for a query, scored by both halves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.models.protocols import Vectors
from rag.retrieval.fusion import Scores, fuse, gate
from rag.retrieval.query_terms import QueryTerms
from rag.storage.index.passages import paper_of
from rag.storage.index.rows import PassageVectors
from rag.storage.store import Store

#: A paper has about three passages, of which one or two are near: so many hits hold that many papers, mostly.
_PASSAGES_A_PAPER = 1.5
#: Cosines that differ by less are equal: what a sum of products is good for in single precision.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Candidates:
    """The papers that may answer a query, ordered by id, each with the vectors of its passages.

    Args:
        query: the query as read.
        ids: ``n`` paper ids in ascending order.
        block: the vectors of their passages, at least one a paper.
        bm25: lexical scores, 0 for a paper that shares no word, shape ``(n,)``.
        lexical_gate: how far BM25 is believed for this query, 0 to 1 (:func:`rag.retrieval.fusion.gate`).
    """

    query: QueryTerms
    ids: Sequence[str]
    block: PassageVectors
    bm25: Scores
    lexical_gate: float

    def similarities(self, vector: Vectors) -> Scores:
        """Return the dot product of every passage with a vector, shape ``(passages,)``."""
        products: Scores = np.round(self.block.vectors @ vector, _DECIMALS).astype(np.float64)
        return products

    def best(self, similarities: Scores) -> Scores:
        """Return the score of each paper's best passage, shape ``(n,)``."""
        if not self.ids:
            return np.empty(0)
        best: Scores = np.maximum.reduceat(similarities, self._starts())
        return best

    def centroids(self) -> Vectors:
        """Return a centroid a paper: the mean of its passages' vectors at unit length, shape ``(n, dimension)``."""
        if not self.ids:
            return self.block.vectors
        sums = np.add.reduceat(self.block.vectors, self._starts(), axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centroids: Vectors = (sums / np.maximum(lengths, 1e-9)).astype(np.float32)
        return centroids

    def fused(self, cosines: Scores) -> Scores:
        """Return one score a paper from its cosine (:meth:`best`) and its BM25 score."""
        return fuse(cosines, self.bm25, self.query.idf_sum, self.lexical_gate)

    def _starts(self) -> NDArray[np.intp]:
        return np.searchsorted(self.block.owners, np.arange(len(self.ids)))

    def rows(self, paper: int) -> slice:
        """Return the rows of the block that belong to one paper."""
        first, last = np.searchsorted(self.block.owners, (paper, paper + 1))
        return slice(int(first), int(last))


def gather(
    store: Store,
    query: QueryTerms,
    vector: Vectors,
    papers: int,
    at_least: int,
    *,
    named: Sequence[str] = (),
    allowed: Sequence[str] | None = None,
    stage: Callable[[str], None] = lambda _: None,
) -> Candidates:
    """Search both halves, then score each half's finds by the other, so that no score has to be guessed.

    Args:
        store: an open library.
        query: the query as read.
        vector: its embedding, shape ``(dimension,)``, unit length.
        papers: papers that each half contributes.
        at_least: papers that the dense half must contribute if the library holds as many.
        named: papers that are candidates in any case.
        allowed: only these papers; all when ``None``.
        stage: called with ``dense`` or ``lexical`` when that stage ends, for the timings.
    """
    near = _nearest(store, vector, papers, at_least, allowed)
    stage("dense")
    hits = store.lexical.search(query.words, papers, allowed)
    bm25 = dict(hits)
    unscored = [i for i in (*near, *named) if i not in bm25]
    if unscored and len(hits) == papers:
        bm25 |= store.lexical.search(query.words, len(unscored), unscored)
    stage("lexical")
    ids = sorted({*near, *named, *(i for i, _ in hits)})
    block = store.block(ids)
    ids, block = _with_rows(ids, block)
    stage("dense")
    scores = np.array([bm25.get(i, 0.0) for i in ids], dtype=np.float64)
    return Candidates(query, ids, block, scores, gate(scores, query.idf_sum, query.papers))


def _nearest(store: Store, vector: Vectors, papers: int, at_least: int, allowed: Collection[str] | None) -> list[str]:
    """Return the papers of the nearest passages, nearest first."""
    limit = int(papers * _PASSAGES_A_PAPER)
    while True:
        hits = store.dense(vector, limit, allowed)
        found = list(dict.fromkeys(paper_of(passage_id) for passage_id, _ in hits))
        if len(found) >= at_least or len(hits) < limit:
            return found[:papers]
        limit *= 4


def _with_rows(ids: list[str], block: PassageVectors) -> tuple[list[str], PassageVectors]:
    """Drop papers without rows: another process has just removed them, or an index lags behind."""
    there = np.unique(block.owners)
    if len(there) == len(ids):
        return ids, block
    owners = np.searchsorted(there, block.owners)
    return [ids[i] for i in there], PassageVectors(block.vectors, owners, block.numbers)
