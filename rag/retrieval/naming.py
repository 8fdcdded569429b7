"""Names in a query as evidence: found, rare and found, or unknown to the library.

A question about something the library lacks still finds papers on its surroundings. The missing name gives it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from rapidfuzz.distance import OSA

from rag.language.names import is_technical_name, names
from rag.language.tokens import runs
from rag.retrieval.fusion import idf
from rag.retrieval.query_terms import QueryTerms, TermStatistics
from rag.retrieval.relevance import Signals

#: Characters of a query that are searched for names.
_NAMES_WITHIN = 2_000
#: A name of at least this idf, in shares of the idf of a term in a single paper, identifies what is meant.
_RARE = 0.7
_RARE_WIDTH = 0.05
#: In shorter names one letter makes another name (BERT, oBERT).
_SHORTEST_MISSPELT = 6


def query_signals(query: QueryTerms, index: TermStatistics, best: Sequence[str], lexical_gate: float) -> Signals:
    """Return the signals of a query as a whole, given the best papers found for it.

    Args:
        query: from :func:`rag.retrieval.query_terms.read_query`.
        index: the index it was read against.
        best: title and abstract of the best papers.
        lexical_gate: 0 to 1. An unknown capitalised word ("Seoul") counts only as far as the library knows the
            other words; a word written as only names are ("SciBERT") always counts.
    """
    named = names(query.text[:_NAMES_WITHIN])
    terms = list(dict.fromkeys(term for name in named for term in index.terms(name)))
    if not terms:
        return Signals(unknown_share=query.unknown_share)
    frequencies = np.array([index.document_frequency(term) for term in terms], dtype=np.int64)
    weights = idf(frequencies, query.papers)
    single = max(float(idf(np.ones(1, dtype=np.int64), query.papers)[0]), 1e-9)
    held = {term for text in best for term in index.terms(text)}
    rarest_found = max(
        (weight / single for term, weight in zip(terms, weights, strict=True) if term in held), default=0.0
    )
    name_found = float(1.0 / (1.0 + np.exp((_RARE - rarest_found) / _RARE_WIDTH)))
    unknown = [
        term for term, n in zip(terms, frequencies, strict=True) if n == 0 and not _written_otherwise(term, best)
    ]
    technical = any(is_technical_name(part) for name in named for part in name.split())
    return Signals(
        unknown_share=query.unknown_share,
        missing_name=(1.0 - name_found) * (1.0 if technical else lexical_gate) if unknown else 0.0,
        found_name=name_found if technical else 0.0,
    )


def _written_otherwise(name: str, best: Iterable[str]) -> bool:
    """Return whether one of the best papers has the name misspelt by one letter, or written in two words."""
    if len(name) < _SHORTEST_MISSPELT:
        return False
    for text in best:
        words = runs(text.lower())
        if any(_one_letter_off(name, word) for word in words if len(word) >= _SHORTEST_MISSPELT):
            return True
        if any((first + second).startswith(name) for first, second in pairwise(words)):
            return True
    return False


def _one_letter_off(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two swapped, tells two words apart; a digit makes another version."""
    if [c for c in one if c.isdigit()] != [c for c in other if c.isdigit()]:
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1
