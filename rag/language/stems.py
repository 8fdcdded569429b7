"""Stems: the form in which words meet however they are inflected."""

from __future__ import annotations

from functools import lru_cache

from rag.language.stopwords import STOPWORDS
from rag.language.tokens import pieces, tokens


def stems(text: str) -> list[str]:
    """Return the stems of all content words of ``text``, in order, hyphenated words by their parts."""
    return [stem(piece) for token in tokens(text) for piece in pieces(token.text) if piece not in STOPWORDS]


def content_words(text: str) -> list[str]:
    """Return the words of ``text`` that carry its subject, as written and without repeats."""
    found: dict[str, str] = {}
    for token in tokens(text):
        word = token.bare
        if word.lower() not in STOPWORDS and len(word) > 1:
            found.setdefault(word.lower(), word)
    return list(found.values())


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A light English stem in lower case: inflections and the commonest derivations fall together.

    Meant for matching a question with a sentence (``compresses``, ``compression``, ``compressed``), not for display.
    """
    word = word.lower()
    if len(word) <= 3 or not word.isalpha():
        return word
    word = f"{word[:-3]}y" if word[-3:] in {"ied", "ies"} else _strip(word, _INFLECTIONS, 3)
    word = _strip(_strip(word, _DERIVATIONS, 4), _DERIVATIONS, 4)
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.rstrip("ey") if len(word) > 4 else word


def _strip(word: str, endings: tuple[tuple[str, str], ...], shortest: int) -> str:
    for ending, kept in endings:
        if word.endswith(ending) and len(word) - len(ending) >= shortest:
            return word[: -len(ending)] + kept
    return word


_INFLECTIONS = (
    ("sses", "ss"),
    ("ings", ""),
    ("ing", ""),
    ("edly", ""),
    ("eed", "eed"),
    ("ed", ""),
    ("xes", "x"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("ss", "ss"),
    ("us", "us"),
    ("is", "is"),
    ("s", ""),
)
# The longest that fits is taken off; a second pass takes what stands before it ("ability" behind "interpret").
_DERIVATIONS = tuple(
    sorted(
        (
            # What is left keeps its "iz": to quantize is not a quantity.
            *(("i" + x, "iz") for x in ("se", "ze", "ser", "zer", "sing", "zing", "sation", "zation", "s", "z")),
            *((x, "") for x in "ational ation ition fulness iveness ment ness ability ibility able ible".split()),
            *((x, "") for x in "ically ically ical ally ive ity ly al ic ance ence ancy ency ant ent".split()),
            *((x, "") for x in "ator ating ated at ate or er est ac acy".split()),
            ("ification", "if"),
            ("ssion", "ss"),
            ("ction", "ct"),
            ("tion", "t"),
            ("sion", "s"),
        ),
        key=lambda pair: -len(pair[0]),
    )
)
