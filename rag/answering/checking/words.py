"""Words as the checker compares them: content words by their stem."""

from __future__ import annotations

import re
from typing import Final

from rag.language.stopwords import CLAIM_STOPWORDS
from rag.language.tokens import pieces, runs, tokens

_VOWEL = re.compile(r"[aeiouy]")
_MOST_PARTS = 4


def stem(word: str) -> str:
    """A word without inflection, crudely: enough that "outperforms" meets "outperformed" and "reduction" "reduce".

    Steps are after Porter's first ones (An algorithm for suffix stripping, 1980), without his measure.
    """
    word = word.lower()
    if len(word) <= 3 or not word.isalpha():
        return word
    for suffix, replacement in _SUFFIXES.get(word[-1], ()):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and _VOWEL.search(word[: -len(suffix)]):
            word = word[: -len(suffix)] + replacement
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def _suffixes() -> dict[str, tuple[tuple[str, str], ...]]:
    """Endings and what takes their place, by last letter; the longest that fits is taken off."""
    endings = {
        **dict.fromkeys("izations isations ization isation izing ising ized ised izes ises ize ise".split(), "iz"),
        **dict.fromkeys("ations ation ating ated ates ate ators ator ative".split(), "at"),
        **dict.fromkeys("ctions ction".split(), "c"),
        **dict.fromkeys("ies ied y".split(), "i"),
        **dict.fromkeys("ments ment ings ing edly ed ers er ors or ably ible able ness ly es s".split(), ""),
        **{"sses": "ss", "ss": "ss", "us": "us", "is": "is"},
    }
    longest_first = sorted(endings.items(), key=lambda pair: -len(pair[0]))
    return {last: tuple(pair for pair in longest_first if pair[0][-1] == last) for last in {e[-1] for e in endings}}


_SUFFIXES: Final = _suffixes()


def stems(text: str) -> list[str]:
    """Return the stems of a text's content words, in order; parts of hyphenated words beside the whole, no figures."""
    found: list[str] = []
    for token in tokens(text):
        parts = pieces(token.text)
        if len(parts) > 1:
            parts = ["".join(runs(token.text)).lower(), *(parts if len(parts) <= _MOST_PARTS else [])]
        found += [
            stem(part) for part in parts if len(part) > 1 and not part[0].isdecimal() and part not in CLAIM_STOPWORDS
        ]
    return found
