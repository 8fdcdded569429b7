"""The sentences that answer a question, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.extractive.evidence import PRESENT, Line, ParsedEvidence, ParsedSource, read, reread
from rag.extractive.question import Term, analyse, without_orders
from rag.extractive.score import Scorer, holds_kind
from rag.extractive.several import compared, listed
from rag.extractive.source import SourceText

#: Share of the question that a source must cover to answer it, and to be on its topic at all.
ANSWERS = 0.6
ON_TOPIC = 0.45
_MOST_LINES = 3
#: If several papers answer, each is quoted with this many sentences; in a longer list, with the deciding one.
_LINES_OF_EACH, _FEW_PAPERS = 2, 3
# A further sentence must be nearly as good as the best, or bring much that those before it lack.
_NEARLY = 0.75
_FURTHER = 0.2
_PART = re.compile(
    r"(?:\?\s+|[,;]\s*(?:and\s+)?|\s+and\s+|\s+but\s+|\s+-\s+)(?=(?:(?:for|in|on|over|at|to|with|by)\s+)?"
    r"(?:what|how|which|why|who|where|when)\b)",
    re.IGNORECASE,
)
_ENUMERATES = re.compile(r"\b(?:two|three|four|five|six|seven|following|several|main)\b[^.]{0,80}[.:]$", re.IGNORECASE)
_ENUMERATED = re.compile(r"^\(?(?:\d|i{1,3}|iv|v|[a-f])\)|^(?:first|second|third|finally|lastly)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pick:
    """A sentence to quote, and the number and title of its source. ``corrects`` is true if the question took it for
    another paper's."""

    source: int
    title: str
    sentence: str
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """The sentences that answer, best source first; ``on_topic`` is true if any source is about the question."""

    picks: tuple[Pick, ...]
    on_topic: bool


def select(question: str, sources: Sequence[SourceText]) -> Selection:
    """Select the sentences of ``sources`` that answer ``question``; no sentence if none does."""
    reading = read(analyse(question), sources)
    if not reading.question.terms or not reading.sources:
        return Selection((), on_topic=False)
    scorer = Scorer(reading)
    ranked = sorted(reading.sources, key=scorer.source, reverse=True)
    several = compared(scorer, ranked) or listed(scorer, ranked)
    if several:
        each = _LINES_OF_EACH if len(several) <= _FEW_PAPERS else 1
        picks = (pick for part, source in several for pick in _picks(part, source, each))
        return Selection(tuple(picks), on_topic=True)
    best = ranked[0]
    if answers(scorer, best):
        return Selection(tuple(_picks(scorer, best)), on_topic=True)
    return Selection((), on_topic=any(scorer.coverage(source) >= ON_TOPIC for source in ranked))


def has_topic(question: str) -> bool:
    """Return whether ``question`` asks anything, rather than only giving orders to whoever answers."""
    return bool(without_orders(question))


def answers(scorer: Scorer, source: ParsedSource) -> bool:
    """Return whether a source covers what the question is about and holds the kind of thing it asks for."""
    question, has = scorer.question, source.whole.has
    missing = [t for t in question.terms if has[t] < PRESENT and not t.aside]
    # A premise may name the wrong paper; its figures then tell the right one.
    premise = question.figures & source.whole.words.figures
    elsewhere = {t for t in missing if premise and any(s.whole.has[t] >= PRESENT for s in scorer.reading.sources)}
    if any(t.hard and t not in elsewhere for t in missing) or scorer.coverage(source) < ANSWERS:
        return False
    return holds_kind(question, [source])


def _picks(scorer: Scorer, source: ParsedSource, most: int = _MOST_LINES) -> list[Pick]:
    chosen: list[int] = []
    for part in _parts(scorer)[:most]:
        same = next(s for s in part.reading.sources if s.number == source.number)
        at = max(range(len(same.lines)), key=lambda i: part.line(same, i))
        if at not in chosen:
            chosen.append(at)
    _add_unanswered(scorer, source, chosen, most)
    _add_further(scorer, source, chosen, most)
    _add_enumerated(source, chosen)
    corrects = any(_is_another_s(term, source, scorer.reading) for term in scorer.question.terms)
    return [Pick(source.number, source.title.text, source.lines[i].text, corrects) for i in sorted(chosen)]


def _is_another_s(term: Term, source: ParsedSource, reading: ParsedEvidence) -> bool:
    """Return whether a name in the question is that of another source's work."""
    return (
        term.hard
        and not term.aside
        and source.title.has[term] < PRESENT
        and (source.whole.has[term] < PRESENT or any(s.title.has[term] >= PRESENT for s in reading.sources))
    )


def _parts(scorer: Scorer) -> list[Scorer]:
    """Return a scorer for every question in the question; "how big is it and what does it cover" asks twice."""
    texts = [part for part in _PART.split(scorer.question.text) if part and part.strip()]
    if len(texts) < 2:
        return [scorer]
    parts = [analyse(text) for text in texts]
    asked = [part for part in parts if part.terms and (part.focus or part.quantity or part.meaning)]
    return [Scorer(reread(part, scorer.reading), asked=scorer.question.text) for part in asked] or [scorer]


def _add_unanswered(scorer: Scorer, source: ParsedSource, chosen: list[int], most: int) -> None:
    """Add the best sentence for each thing asked for that the chosen ones do not mention."""
    for phrase in scorer.question.focus:
        if any(_speaks(source.lines[i], phrase) for i in chosen):
            continue
        speaking = [i for i, line in enumerate(source.lines) if _speaks(line, phrase)]
        if speaking and len(chosen) < most:
            chosen.append(max(speaking, key=lambda i: scorer.line(source, i)))


def _speaks(line: Line, phrase: Sequence[Term]) -> bool:
    return all(line.has[term] >= PRESENT for term in phrase)


def _add_further(scorer: Scorer, source: ParsedSource, chosen: list[int], most: int) -> None:
    """Add sentences that are nearly as good as the best, or say what those before them leave out."""
    scores = [scorer.line(source, i) for i in range(len(source.lines))]
    while len(chosen) < min(most, len(scores)):
        rest = [i for i in range(len(scores)) if i not in chosen]
        gains = {i: _gain(scorer.reading, source, chosen, i) for i in rest}
        at = max(rest, key=lambda i: (gains[i] >= _FURTHER, scores[i]))
        if gains[at] < _FURTHER and scores[at] < _NEARLY * max(scores):
            break
        chosen.append(at)


def _gain(reading: ParsedEvidence, source: ParsedSource, chosen: Sequence[int], at: int) -> float:
    """Return the share of the question that a sentence covers and the chosen ones and the title do not."""
    gained = sum(
        tells * source.lines[at].has[term]
        for term, tells in reading.telling.items()
        if max(source.lines[i].has[term] for i in chosen) < PRESENT and source.title.has[term] < PRESENT
    )
    return gained / reading.total


def _add_enumerated(source: ParsedSource, chosen: list[int]) -> None:
    """Add the items of an enumeration: "There are two strategies." is no answer without the sentences after it."""
    for at in list(chosen):
        after = at + 1
        while after < len(source.lines) and _ENUMERATED.match(source.lines[after].text):
            if after == at + 1 and not _ENUMERATES.search(source.lines[at].text):
                break
            if after not in chosen:
                chosen.append(after)
            after += 1
