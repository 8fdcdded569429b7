"""How informative a word of general English is."""

from __future__ import annotations

import math
from functools import lru_cache
from importlib import resources


def rarity(word: str) -> float:
    """Return how informative a word is, 0 to 1, by its rank among the words of general English (Zipf's law makes the
    logarithm of the rank a measure of information). The bundled WordPiece vocabulary is ordered by frequency; what it
    lacks is rare."""
    ranks = _ranks()
    rank = ranks.get(word.lower(), len(ranks))
    return math.log(2 + rank) / math.log(2 + len(ranks))


def is_english(word: str) -> bool:
    """Return whether general English knows the word."""
    return word.lower() in _ranks()


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    text = resources.files("rag.models.embedders").joinpath("wordpiece_vocab.txt").read_text(encoding="utf-8")
    words = [line for line in text.splitlines() if len(line) > 1 and line.isalpha()]
    return {word: rank for rank, word in enumerate(words)}
