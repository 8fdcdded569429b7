"""Words as the checker compares them: content words by their stem."""

from __future__ import annotations

from rag.language.stems import stem
from rag.language.stopwords import CLAIM_STOPWORDS
from rag.language.tokens import pieces, runs, tokens

_MOST_PARTS = 4


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
