"""Places of sentences that a test writes by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rag.answering.checking.segments import segments
from rag.answering.record.answer import Sentence


def placed(text: str, sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """The sentences with their places in ``text``; one that is not in it keeps its own."""
    return tuple(_placed(text, sentences))


def _placed(text: str, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    left = segments(text)
    for sentence in sentences:
        at = next((i for i, segment in enumerate(left) if _letters(segment.text) == _letters(sentence.text)), None)
        if at is None:
            start = text.find(sentence.text)
            yield replace(sentence, start=start, end=start + len(sentence.text)) if start >= 0 else sentence
            continue
        yield replace(sentence, start=left[at].start, end=left[at].end)
        left = left[at + 1 :]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
