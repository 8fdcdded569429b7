"""A query as the lexical index understands it: its terms, what they weigh, what of it the library has never seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rag.retrieval.fusion import idf
from rag.retrieval.query import keywords
from rag.storage.index.lexical import MAX_QUERY_TERMS


class Terms(Protocol):
    """The part of the lexical index that knows terms."""

    def terms(self, text: str) -> list[str]:
        """The index terms of a text, in order."""

    def document_frequency(self, term: str) -> int:
        """How many papers hold an index term."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query read against one library.

    ``text`` is what is embedded, ``words`` what the lexical index is asked for, ``mass`` the sum of its terms' idf,
    ``unknown`` the share of it in terms that stand in no paper, ``papers`` the library's size.
    """

    text: str
    words: str
    mass: float
    unknown: float
    papers: int


def read(text: str, index: Terms, papers: int) -> Question:
    """Weighs a query's words; of more than the index searches for, the rarest it knows are kept."""
    words = keywords(text)
    if len(words) > MAX_QUERY_TERMS:
        rarity = {word: min((index.document_frequency(t) for t in index.terms(word)), default=0) for word in words}
        words = sorted(sorted(words, key=lambda word: (rarity[word] or papers + 1, word))[:MAX_QUERY_TERMS])
    terms = dict.fromkeys(index.terms(" ".join(words)))
    frequencies = np.array([index.document_frequency(term) for term in terms], dtype=np.int64)
    weights = idf(frequencies, papers)
    mass = float(weights.sum())
    unknown = float(weights[frequencies == 0].sum()) / mass if mass > 0 else 0.0
    return Question(text, " ".join(words), mass, unknown, papers)
