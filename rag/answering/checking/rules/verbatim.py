"""Tells sentences that repeat a source word for word: about them there is nothing to weigh."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# A head that says whose words follow; the title is compared with the source's own.
_HEAD = re.compile(r"according to [“\"'](?P<title>[^”\"]{1,400})[”\"']\s?[:,]\s?")
_SIGNS = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u00a0": " "})


def canonical(text: str) -> str:
    """Text without what typesetting changes: case, blanks, kinds of quotes and dashes, the stop at its end. Figures
    keep their points, words their order."""
    return " ".join(text.translate(_SIGNS).casefold().split()).strip(" .…")


def index_sentences(sentences: Sequence[str]) -> Mapping[str, int]:
    """The sentences of a source in plain form, each with its place."""
    return {canonical(sentence): place for place, sentence in reversed(list(enumerate(sentences)))}


def find_verbatim(text: str, title: str, sentences: Mapping[str, int]) -> int | None:
    """The place of the sentence that ``text`` repeats as a whole, perhaps behind "According to <title>:".

    A part of a sentence does not count: what was left out of it may have said "not".
    """
    said = canonical(text)
    if said in sentences:
        return sentences[said]
    head = _HEAD.match(text.casefold())
    if head is None or canonical(head["title"]).replace('"', "'") != canonical(title).replace('"', "'"):
        return None
    return sentences.get(canonical(text[head.end() :]))
