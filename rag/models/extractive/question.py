"""What a question asks for: its terms and how much each one tells, its names, and the kind of answer expected."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rag.text.terms import STOPWORDS, names, pieces, stem, tokens


@dataclass(frozen=True, slots=True)
class Term:
    """A content word of the question: its stem, how much it tells (0 to 1), and whether it is part of a name."""

    word: str
    stem: str
    weight: float
    name: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A question, analysed."""

    text: str
    terms: tuple[Term, ...]


def analyse(text: str) -> Question:
    """The question in ``text``, analysed."""
    in_names = {piece for name in names(text) for word in name.split() for piece in pieces(word)}
    found: dict[str, Term] = {}
    for token in tokens(text):
        for piece in pieces(token.text):
            if piece in STOPWORDS and not piece.isdigit():
                continue
            root = stem(piece)
            found.setdefault(root, Term(piece, root, rarity(piece), piece in in_names))
    return Question(text, tuple(found.values()))


def rarity(word: str) -> float:
    """How much a word tells, 0 to 1, by its rank among the words of general English (Zipf's law makes the logarithm of
    the rank a measure of information). The bundled WordPiece vocabulary is ordered by frequency; what it lacks is rare.
    """
    ranks = _ranks()
    rank = ranks.get(word.lower(), len(ranks))
    return math.log(2 + rank) / math.log(2 + len(ranks))


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    text = resources.files("rag.models").joinpath("wordpiece_vocab.txt").read_text(encoding="utf-8")
    words = [line for line in text.splitlines() if len(line) > 1 and line.isalpha()]
    return {word: rank for rank, word in enumerate(words)}
