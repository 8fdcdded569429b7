"""Questions that more than one paper answers: comparisons, and lists of papers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from rag.models.extractive.evidence import PRESENT, Source, reread
from rag.models.extractive.lexicon import TREATING
from rag.models.extractive.question import Term
from rag.models.extractive.score import Scorer, first_own

#: Share of a compared question, without the other's name, that each of the compared must speak of.
_COMPARED = 0.4
#: What a listed paper must reach: of the question, and of what the best paper holds.
_LISTED, _OF_BEST = 0.5, 0.75
_OWN = 0.8
_MOST_LISTED = 5
_LINKS = re.compile(r"\s*(?:,|and|or|vs\.?|versus|with|to|against|than|from|over|&|/)\s*(?:the\s+)?", re.IGNORECASE)

Part = tuple[Scorer, Source]


def compared(scorer: Scorer, ranked: Sequence[Source]) -> list[Part]:
    """The sources that a comparison speaks of, each with the question as it is asked of it alone; empty where the
    question compares nothing, or one source speaks of all that is compared."""
    question = scorer.question
    names = [t for t in question.terms if t.name and not t.aside]
    telling = [t for t in names if 0 < sum(s.whole.has[t] >= PRESENT for s in ranked) <= max(1, len(ranked) // 3)]
    if len(telling) < 2 or not (question.compares or _linked(question.text, telling)):
        return []
    chosen: list[Source] = []
    open_names = set(telling)
    while open_names:
        best = max(ranked, key=lambda s: (sum(s.whole.has[t] for t in open_names), scorer.source(s)))
        found = {t for t in open_names if best.whole.has[t] >= PRESENT}
        if not found:
            return []
        chosen.append(best)
        open_names -= found
    if len(chosen) < 2 or any(t for t in names if all(s.whole.has[t] < PRESENT for s in chosen)):
        return []
    parts = [(_asked_of(scorer, source, telling), source) for source in chosen]
    return parts if all(part.coverage(source) >= _COMPARED for part, source in parts) else []


def listed(scorer: Scorer, ranked: Sequence[Source]) -> list[Part]:
    """The sources that belong in a list of papers; empty where the question asks for none, or fewer than two belong."""
    question = scorer.question
    asked = [t for t in question.terms if not t.aside and t.word.lower() not in TREATING]
    known = tuple(t for t in asked if any(s.whole.has[t] >= PRESENT for s in ranked))
    if not question.several or not known or any(t.hard and t not in known for t in asked):
        return []
    if sum(t.weight for t in known) < _LISTED * sum(t.weight for t in asked):
        return []
    narrowed = Scorer(
        reread(replace(question, terms=known, focus=(), subject=(), pairs=_pairs_of(scorer, known)), scorer.reading)
    )
    sources = sorted(narrowed.reading.sources, key=lambda s: _belongs(narrowed, s), reverse=True)
    bar = _OF_BEST * _belongs(narrowed, sources[0])
    chosen = [s for s in sources if _belongs(narrowed, s) >= bar]
    return [(narrowed, source) for source in chosen[:_MOST_LISTED]] if len(chosen) > 1 else []


def _belongs(scorer: Scorer, source: Source) -> float:
    """How much of the question is a source's own subject: in its title or in what it says of itself, not in what it
    tells of others first."""
    own = source.lines[first_own(source) :]
    return sum(
        tells * max(source.title.has[term], _OWN * max((line.has[term] for line in own), default=0.0))
        for term, tells in scorer.reading.telling.items()
    )


def _asked_of(scorer: Scorer, source: Source, telling: Sequence[Term]) -> Scorer:
    """The question without the names that are another source's business."""
    question = scorer.question
    terms = tuple(t for t in question.terms if t not in telling or source.whole.has[t] >= PRESENT)
    focus = tuple(tuple(t for t in phrase if t in terms) for phrase in question.focus)
    subject = tuple(t for t in question.subject if t in terms)
    alone = replace(question, terms=terms, focus=focus, subject=subject, pairs=_pairs_of(scorer, terms))
    return Scorer(reread(alone, scorer.reading))


def _pairs_of(scorer: Scorer, terms: Sequence[Term]) -> tuple[tuple[Term, Term], ...]:
    return tuple((a, b) for a, b in scorer.question.pairs if a in terms and b in terms)


def _linked(text: str, names: Sequence[Term]) -> bool:
    """Whether two of the names stand side by side in the question: "X and Y", "X or Y"."""
    places = sorted((text.find(t.word), t.word) for t in names)
    return any(_LINKS.fullmatch(text, at + len(word), after) is not None for (at, word), (after, _) in pairwise(places))
