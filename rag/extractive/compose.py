"""The selected sentences as the text of an answer, with source numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.extractive.select import Pick
from rag.extractive.source import without_marks

# A sentence that opens with one of these refers to the sentence before it.
_LEANS = re.compile(r"(?:it|its|they|their|this|these|those|such|both|here)\b", re.IGNORECASE)
# A number alone in brackets at the end of a clause would read as a citation; before a word it numbers a list.
_BARE_NUMBER = re.compile(r"\s{0,3}\(\d{1,3}\)(?=\s{0,3}(?:[.,;:!?)]|$))")
_STOPS = ".!?…"
_QUOTES = str.maketrans({'"': "'", "“": "‘", "”": "’"})


def compose(picks: Sequence[Pick], *, max_characters: int) -> list[str]:
    """Return the answer that quotes ``picks`` word for word, a sentence a piece; joined they are the whole text.

    A sentence names its paper if several papers are quoted, if it opens with a pronoun, or if the question took it for
    another paper's. After the first sentence, those that would pass ``max_characters`` are left out.
    """
    pieces: list[str] = []
    together = len({pick.source for pick in picks}) > 1
    before = 0
    for pick in picks:
        first = pick.source != before
        leans = pick.corrects or _LEANS.match(pick.sentence) is not None
        text = _sentence(pick, attribute=first and (together or leans))
        piece = ("" if not pieces else "\n\n" if first else " ") + text
        if pieces and sum(map(len, pieces)) + len(piece) > max_characters:
            break
        pieces.append(piece)
        before = pick.source
    return pieces


def _sentence(pick: Pick, *, attribute: bool) -> str:
    quote = _quotable(pick.sentence)
    stop = quote[-1] if quote.endswith(tuple("!?")) else "."
    head = f"According to “{_quotable(pick.title).translate(_QUOTES)}”: " if attribute else ""
    return f"{head}{quote.rstrip(_STOPS)} [{pick.source}]{stop}"


def _quotable(text: str) -> str:
    """Return ``text`` of a source without anything that would read as a citation of ours."""
    return _BARE_NUMBER.sub("", without_marks(text)).strip()
