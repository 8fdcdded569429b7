"""Selects the sentences that answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.models.extractive.question import Question
from rag.text.sentences import sentences
from rag.text.sources import SourceText
from rag.text.terms import stems


@dataclass(frozen=True, slots=True)
class Pick:
    """A sentence to quote, and the number of the source it stands in."""

    source: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The sentences that answer, best source first; ``on_topic`` tells whether any source is about the question."""

    picks: tuple[Pick, ...]
    on_topic: bool


def select(question: Question, sources: Sequence[SourceText]) -> Selection:
    """The selection for ``question``."""
    total = sum(t.weight for t in question.terms)
    if not total:
        return Selection((), on_topic=False)
    best: tuple[float, SourceText] | None = None
    for source in sources:
        have = set(stems(source.title)) | {s for p in source.passages for s in stems(p)}
        covered = sum(t.weight for t in question.terms if t.stem in have) / total
        if best is None or covered > best[0]:
            best = (covered, source)
    if best is None or best[0] < 0.5:
        return Selection((), on_topic=bool(best and best[0] > 0.25))
    source = best[1]
    spans = [p[s.start : s.end] for p in source.passages for s in sentences(p)]
    scored = [sum(t.weight for t in question.terms if t.stem in set(stems(s))) for s in spans]
    top = max(range(len(spans)), key=lambda i: scored[i])
    return Selection((Pick(source.number, spans[top]),), on_topic=True)
