"""Gathers the papers that either half of the index finds for a question, with what each half says of all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.models.protocols import Vectors
from rag.retrieval.fusion import Scores, fuse, gate
from rag.retrieval.question import Question
from rag.storage.index.passages import paper_of
from rag.storage.index.rows import Block
from rag.storage.store import Store

#: A paper has about three passages, of which one or two are near: so many hits hold that many papers, mostly.
_PASSAGES_A_PAPER = 1.5
#: Cosines that differ by less are equal: what a sum of products is good for in single precision.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Candidates:
    """The papers that may answer a question, in the order of their ids, each with its passages' vectors.

    Args:
        question: the query as read.
        ids: paper ids, rising, ``n`` of them.
        block: the vectors of their passages, at least one a paper.
        bm25: lexical scores, 0 for a paper that shares no word, shape ``(n,)``.
        trust: the lexical gate (:func:`rag.retrieval.fusion.gate`), 0 to 1.
    """

    question: Question
    ids: Sequence[str]
    block: Block
    bm25: Scores
    trust: float

    def similarities(self, vector: Vectors) -> Scores:
        """The product of every passage with a vector, shape ``(passages,)``."""
        products: Scores = np.round(self.block.vectors @ vector, _DECIMALS).astype(np.float64)
        return products

    def best(self, similarities: Scores) -> Scores:
        """Each paper's best passage, shape ``(n,)``."""
        if not self.ids:
            return np.empty(0)
        best: Scores = np.maximum.reduceat(similarities, self._starts())
        return best

    def centres(self) -> Vectors:
        """Each paper's own direction: the unit vector along the mean of its passages' vectors, shape
        ``(n, dimension)``."""
        if not self.ids:
            return self.block.vectors
        sums = np.add.reduceat(self.block.vectors, self._starts(), axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres: Vectors = (sums / np.maximum(lengths, 1e-9)).astype(np.float32)
        return centres

    def fused(self, nearness: Scores) -> Scores:
        """One score a paper from what the vectors (:meth:`best`) and the words say."""
        return fuse(nearness, self.bm25, self.question.mass, self.trust)

    def _starts(self) -> NDArray[np.intp]:
        return np.searchsorted(self.block.owners, np.arange(len(self.ids)))

    def rows(self, paper: int) -> slice:
        """Which rows of the block are this paper's."""
        first, last = np.searchsorted(self.block.owners, (paper, paper + 1))
        return slice(int(first), int(last))


def gather(
    store: Store,
    question: Question,
    vector: Vectors,
    papers: int,
    at_least: int,
    *,
    named: Sequence[str] = (),
    allowed: Sequence[str] | None = None,
    stage: Callable[[str], None] = lambda _: None,
) -> Candidates:
    """Asks both halves, and then each for what it says of the other's finds: a score that is missing would have to be
    guessed.

    Args:
        store: an open library.
        question: the query as read.
        vector: its embedding, shape ``(dimension,)``, unit length.
        papers: how many papers each half shall offer.
        at_least: how many the dense half must offer where there are so many.
        named: papers that are candidates whatever the halves say.
        allowed: only these papers; all when ``None``.
        stage: called with ``dense`` or ``lexical`` after time was spent there.
    """
    near = _nearest(store, vector, papers, at_least, allowed)
    stage("dense")
    hits = store.lexical.search(question.words, papers, allowed)
    bm25 = dict(hits)
    unweighed = [i for i in (*near, *named) if i not in bm25]
    if unweighed and len(hits) == papers:
        bm25 |= store.lexical.search(question.words, len(unweighed), unweighed)
    stage("lexical")
    ids = sorted({*near, *named, *(i for i, _ in hits)})
    block = store.block(ids)
    ids, block = _present(ids, block)
    stage("dense")
    scores = np.array([bm25.get(i, 0.0) for i in ids], dtype=np.float64)
    return Candidates(question, ids, block, scores, gate(scores, question.mass, question.papers))


def _nearest(store: Store, vector: Vectors, papers: int, at_least: int, allowed: Collection[str] | None) -> list[str]:
    """The papers of the nearest passages, nearest first."""
    limit = int(papers * _PASSAGES_A_PAPER)
    while True:
        hits = store.dense(vector, limit, allowed)
        found = list(dict.fromkeys(paper_of(passage_id) for passage_id, _ in hits))
        if len(found) >= at_least or len(hits) < limit:
            return found[:papers]
        limit *= 4


def _present(ids: list[str], block: Block) -> tuple[list[str], Block]:
    """Without the papers that have no rows: another process has just removed them, or an index lags behind."""
    there = np.unique(block.owners)
    if len(there) == len(ids):
        return ids, block
    owners = np.searchsorted(there, block.owners)
    return [ids[i] for i in there], Block(block.vectors, owners, block.numbers)
