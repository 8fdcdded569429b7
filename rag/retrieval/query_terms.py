"""A query as the lexical index sees it: its terms, their idf, and the share unknown to the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rag.retrieval.fusion import idf
from rag.retrieval.query import keywords
from rag.storage.index.lexical import MAX_QUERY_TERMS


class TermStatistics(Protocol):
    """Term statistics of the lexical index."""

    def terms(self, text: str) -> list[str]:
        """Return the index terms of a text, in order."""

    def document_frequency(self, term: str) -> int:
        """Return how many papers hold an index term."""


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """A query read against one library.

    Args:
        text: the text to embed.
        words: the words to search the lexical index for.
        idf_sum: sum of the idf of their terms.
        unknown_share: share of ``idf_sum`` in terms that no paper holds, 0 to 1.
        papers: papers in the library.
    """

    text: str
    words: str
    idf_sum: float
    unknown_share: float
    papers: int


def read_query(text: str, index: TermStatistics, papers: int) -> QueryTerms:
    """Weigh the words of a query. If there are more than the index searches for, keep the rarest known ones."""
    words = keywords(text)
    if len(words) > MAX_QUERY_TERMS:
        rarity = {word: min((index.document_frequency(t) for t in index.terms(word)), default=0) for word in words}
        words = sorted(sorted(words, key=lambda word: (rarity[word] or papers + 1, word))[:MAX_QUERY_TERMS])
    terms = dict.fromkeys(index.terms(" ".join(words)))
    frequencies = np.array([index.document_frequency(term) for term in terms], dtype=np.int64)
    weights = idf(frequencies, papers)
    idf_sum = float(weights.sum())
    unknown = float(weights[frequencies == 0].sum()) / idf_sum if idf_sum > 0 else 0.0
    return QueryTerms(text, " ".join(words), idf_sum, unknown, papers)
