"""Find reversed comparisons: "B outperforms A", or "A is outperformed by B", for the source's "A outperforms B".

Only the two sides of a comparison and its word are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rag.language.stems import stem
from rag.language.stopwords import CLAIM_STOPWORDS
from rag.language.tokens import tokens

_VERB = re.compile(
    r"\b(?P<verb>outperform|surpass|exceed|beat|outscore|outclass|dominate)(?:s|es|ed|en|d|ing)?\b(?P<by>\s+by\b)?"
    r"|\b(?P<more>better|worse|(?:more|less)\s[a-z]{4,}|(?!other\b|rather\b|either\b|whether\b)[a-z]{3,}er)\s+than\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[.;:!?](?=\s|\Z)")
_PASSIVE = re.compile(r"\b(?:is|are|was|were|be|been|being|gets?)\s+(?:\w+ly\s+)?\Z", re.IGNORECASE)
#: Content words on each side that may name what is compared.
_REACH = 4


class Comparison(NamedTuple):
    """Who is said to be ahead of whom, and in which respect; all as stems."""

    winner: frozenset[str]
    loser: frozenset[str]
    respect: str


def reversed_comparisons(sentence: str, stated: Iterable[str]) -> list[str]:
    """Return the words by which ``sentence`` compares two things the other way round than the sentences ``stated``."""
    said = list(_comparisons(sentence))
    if not said:
        return []
    others = [other for text in stated for other in _comparisons(text)]
    return [
        one.respect
        for one in said
        if any(_is_reverse(one, other) for other in others) and not any(_agrees(one, other) for other in others)
    ]


def _comparisons(text: str) -> Iterator[Comparison]:
    for match in _VERB.finditer(text):
        ends = [end.end() for end in _CLAUSE_END.finditer(text, 0, match.start())]
        following = _CLAUSE_END.search(text, match.end())
        before = _content(text[ends[-1] if ends else 0 : match.start()])[-_REACH:]
        behind = _content(text[match.end() : following.start() if following else len(text)])[:_REACH]
        left, right = frozenset(before), frozenset(behind)
        respect = stem("outperform" if match["verb"] else re.sub(r"\s+", " ", match["more"]).lower())
        if match["by"] and _PASSIVE.search(text[: match.start()]):
            left, right = right, left
        yield Comparison(left, right, respect)


def _content(text: str) -> list[str]:
    words = (token.text for token in tokens(text))
    return [stem(word) for word in words if word.lower() not in CLAIM_STOPWORDS and not word[0].isdecimal()]


def _is_reverse(one: Comparison, other: Comparison) -> bool:
    return (
        one.respect == other.respect
        and bool(one.winner & other.loser - other.winner)
        and bool(one.loser & other.winner - other.loser)
    )


def _agrees(one: Comparison, other: Comparison) -> bool:
    shared = bool(one.winner & other.winner) or bool(one.loser & other.loser)
    return one.respect == other.respect and shared
