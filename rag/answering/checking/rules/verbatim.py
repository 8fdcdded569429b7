"""Find sentences that repeat a source word for word: they need no score."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# An opening that says whose words follow; the title must be the source's own.
_HEAD = re.compile(r"according to [“\"'](?P<title>[^”\"]{1,400})[”\"']\s?[:,]\s?")
_SIGNS = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u00a0": " "})


def canonical(text: str) -> str:
    """Return text without what typesetting changes: case, blanks, kinds of quotes and dashes, the final stop. Figures
    keep their points, words their order."""
    return " ".join(text.translate(_SIGNS).casefold().split()).strip(" .…")


def index_sentences(sentences: Sequence[str]) -> Mapping[str, int]:
    """Return the index of every sentence of a source by its canonical form."""
    return {canonical(sentence): place for place, sentence in reversed(list(enumerate(sentences)))}


def find_verbatim(text: str, title: str, sentences: Mapping[str, int]) -> int | None:
    """Return the index of the sentence that ``text`` repeats as a whole, or ``None``.

    "According to <title>:" may come before it. A part of a sentence does not count: what was left
    out of it may have said "not".
    """
    said = canonical(text)
    if said in sentences:
        return sentences[said]
    head = _HEAD.match(text.casefold())
    if head is None or canonical(head["title"]).replace('"', "'") != canonical(title).replace('"', "'"):
        return None
    return sentences.get(canonical(text[head.end() :]))
