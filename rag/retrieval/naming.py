"""What the names in a question say about the papers found for it: there, rare and there, or never heard of.

A question about something the library lacks still finds papers that talk of its surroundings. Its name gives it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from rapidfuzz.distance import OSA

from rag.language.names import is_technical_name, names
from rag.language.tokens import runs
from rag.retrieval.fusion import idf
from rag.retrieval.question import Question, Terms
from rag.retrieval.relevance import Signals

#: Names are looked for this far into a question.
_NAMES_WITHIN = 2_000
#: A name this rare, in shares of the idf of a term that a single paper holds, identifies what is meant.
_RARE = 0.7
_RARE_WIDTH = 0.05
#: In shorter names one letter makes another name (BERT, oBERT).
_SHORTEST_MISSPELT = 6


def signals(question: Question, index: Terms, best: Sequence[str], trust: float) -> Signals:
    """What is known of a question as a whole, given the best papers found for it.

    Args:
        question: as :func:`rag.retrieval.question.read` gave it.
        index: the same index.
        best: title and abstract of the best papers.
        trust: the lexical gate. A plain capitalised word ("Seoul") that is unknown counts only as far as the question
            speaks the library's language otherwise; a word written as only names are ("SciBERT") always does.
    """
    named = names(question.text[:_NAMES_WITHIN])
    terms = list(dict.fromkeys(term for name in named for term in index.terms(name)))
    if not terms:
        return Signals(unknown=question.unknown)
    frequencies = np.array([index.document_frequency(term) for term in terms], dtype=np.int64)
    weights = idf(frequencies, question.papers)
    single = max(float(idf(np.ones(1, dtype=np.int64), question.papers)[0]), 1e-9)
    held = {term for text in best for term in index.terms(text)}
    anchor = max((weight / single for term, weight in zip(terms, weights, strict=True) if term in held), default=0.0)
    anchored = float(1.0 / (1.0 + np.exp((_RARE - anchor) / _RARE_WIDTH)))
    unseen = [term for term, n in zip(terms, frequencies, strict=True) if n == 0 and not _written_otherwise(term, best)]
    technical = any(is_technical_name(part) for name in named for part in name.split())
    return Signals(
        unknown=question.unknown,
        missing_name=(1.0 - anchored) * (1.0 if technical else trust) if unseen else 0.0,
        found_name=anchored if technical else 0.0,
    )


def _written_otherwise(name: str, best: Iterable[str]) -> bool:
    """Whether one of the best papers has a name misspelt by one letter, or in two words."""
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
