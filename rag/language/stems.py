"""Stems: the form in which words meet however they are inflected."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rag.language.stopwords import STOPWORDS
from rag.language.tokens import pieces, tokens

if TYPE_CHECKING:
    from tantivy import TextAnalyzer

# "Precise" and "noise" are spelt with an s everywhere.
_BRITISH: Final = re.compile(r"(?:(?<=[a-z]{4}i)(?<![aco]i)|(?<=aly))s(?=(?:e|ed|es|er|ers|ing|ations?)$)")


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
    """Return the English stem of one word, in lower case: for comparing words, not for display.

    The Snowball stemmer (Porter 2, https://snowballstem.org/algorithms/english/stemmer.html) as tantivy has it: the one
    that the lexical index is built with. Beside it, British spellings become American ones ("optimise", "analyse"), and
    what is reduced meets its reduction.
    """
    found: list[str] = _stemmer().analyze(_BRITISH.sub("z", word.lower()))
    return (found[0].removesuffix("t") if found[0].endswith("duct") else found[0]) if found else ""


@lru_cache(maxsize=1)
def _stemmer() -> TextAnalyzer:
    import tantivy

    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(tantivy.Filter.stemmer("english")).build()
