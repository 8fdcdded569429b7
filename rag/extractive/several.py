"""Questions that more than one paper answers: comparisons, and lists of papers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from rag.extractive.evidence import PRESENT, Line, ParsedSource, reread
from rag.extractive.lexicon import CLASSES, TREATING
from rag.extractive.matching import EXACT, strength, words_of
from rag.extractive.question import COMPARING, ParsedQuestion, Term
from rag.extractive.score import Scorer, first_own, holds_kind

#: Share of a compared question, without the other's name, that each of the compared must speak of.
_COMPARED = 0.4
#: What a listed paper must reach: of the question, and of what the best paper holds.
_LISTED, _OF_BEST = 0.5, 0.6
_OWN = 0.8
_MOST_LISTED = 5
_LINKS = re.compile(r"\b(?:and|or|vs|versus|than|while|whereas|but)\b|[&/]|\A\s*,\s*(?:the\s+)?\Z", re.IGNORECASE)
_OR = re.compile(r"([\w-]+)\s+or\s+([\w-]+)")
# Where an abstract says what its work is or adds, rather than what it uses.
_BRINGS = re.compile(
    r"\b(?:this|(?:introduc|propos|present|develop|releas|creat|construct|collect|contribut|curat|build)\w*)\b", re.I
)

Part = tuple[Scorer, ParsedSource]


def compared(scorer: Scorer, ranked: Sequence[ParsedSource]) -> list[Part]:
    """Return the sources that a comparison speaks of, each with the question as it is asked of it alone; empty where
    the question compares nothing, or one source speaks of all that is compared."""
    question = scorer.question
    names = [t for t in question.terms if t.name and not t.aside]
    few = max(1, len(ranked) // 3)
    # A name in a title is that paper's own, unless most papers speak of it and the title only mentions it; another
    # paper that mentions the name does not speak for it.
    works = {t for t in names if any(_calls_itself(s, t) for s in ranked)}
    rare = {t for t in names if sum(s.whole.has[t] >= PRESENT for s in ranked) <= few}
    titled = works | {t for t in rare if any(s.title.has[t] >= PRESENT for s in ranked)}

    def owned(source: ParsedSource, term: Term) -> float:
        return source.title.has[term] if term in titled else source.whole.has[term]

    telling = [t for t in names if 0 < sum(owned(s, t) >= PRESENT for s in ranked) <= few]
    # One paper that has every name answers alone, unless the names are those of other papers' works.
    at_once = len(works) < 2 and any(all(s.whole.has[t] >= EXACT for t in names) for s in ranked)
    if len(telling) < 2 or not (question.compares or (_linked(question.text, telling) and not at_once)):
        return []
    chosen: list[ParsedSource] = []
    open_names = set(telling)
    while open_names:
        best = max(ranked, key=lambda s: (sum(owned(s, t) for t in open_names), scorer.source(s)))
        found = {t for t in open_names if owned(best, t) >= PRESENT}
        if not found:
            return []
        chosen.append(best)
        open_names -= found
    if len(chosen) < 2 or any(t for t in names if all(s.whole.has[t] < PRESENT for s in chosen)):
        return []
    chosen.sort(key=lambda s: min(question.text.find(t.word) for t in telling if owned(s, t) >= PRESENT))
    parts = [(_asked_of(scorer, [t for t in telling if owned(s, t) < PRESENT]), s) for s in chosen]
    if any(part.coverage(source) < _COMPARED for part, source in parts):
        return []
    return parts if _speak_of_it(question, chosen) else []


def listed(scorer: Scorer, ranked: Sequence[ParsedSource]) -> list[Part]:
    """Return the sources that belong in a list of papers; empty if the question asks for none, or fewer than two do."""
    question = scorer.question
    head = question.focus[0] if question.focus else ()
    own = [t for t in question.terms if not t.aside and not TREATING.issuperset(t.parts)]
    asked = [t for t in own if not t.kind or t in head] or own
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
    chosen = [s for s in sources if _belongs(narrowed, s) >= bar and _is_one(s, [t for t in head if t in known])]
    return [(narrowed, source) for source in chosen[:_MOST_LISTED]] if len(chosen) > 1 else []


def _speak_of_it(question: ParsedQuestion, sources: Sequence[ParsedSource]) -> bool:
    """Return whether the compared sources speak of anything that is asked beside their names."""
    asked = [t for t in question.terms if not (t.name or t.kind or t.aside or COMPARING.fullmatch(t.word))]
    spoken = any(s.whole.has[t] >= PRESENT for t in asked for s in sources)
    return (spoken or not asked) and holds_kind(question, sources)


def _belongs(scorer: Scorer, source: ParsedSource) -> float:
    """How much of the question is a source's own subject: in its title and in one sentence of what it says of itself,
    not scattered over it, nor in the background it gives first."""
    telling = scorer.reading.telling
    either = _alternatives(scorer.question.text, tuple(telling))

    def held(line: Line) -> float:
        of_term = {term: tells * max(source.title.has[term], _OWN * line.has[term]) for term, tells in telling.items()}
        # Of "X or Y" one is enough.
        return sum(of_term.values()) - sum(min(of_term[a], of_term[b]) for a, b in either)

    return max(map(held, source.lines[first_own(source) :]), default=0.0)


def _is_one(source: ParsedSource, head: Sequence[Term]) -> bool:
    """Return whether a source is a survey, a benchmark, ... where the question asks for such: its title says so, or it
    brings one ("this survey", "we introduce ... a benchmark"); a paper that merely uses one is none."""
    classes = [t for t in head if CLASSES.issuperset(t.parts)]
    own = source.lines[first_own(source) :]
    brought = [line for line in own if _BRINGS.search(line.text)]
    return all(source.title.has[t] >= EXACT or any(line.has[t] >= PRESENT for line in brought) for t in classes)


def _asked_of(scorer: Scorer, others: Sequence[Term]) -> Scorer:
    """The question without the names that are another source's business."""
    question = scorer.question
    terms = tuple(t for t in question.terms if t not in others)
    focus = tuple(tuple(t for t in phrase if t in terms) for phrase in question.focus)
    subject = tuple(t for t in question.subject if t in terms)
    alone = replace(question, terms=terms, focus=focus, subject=subject, pairs=_pairs_of(scorer, terms))
    return Scorer(reread(alone, scorer.reading))


def _pairs_of(scorer: Scorer, terms: Sequence[Term]) -> tuple[tuple[Term, Term], ...]:
    return tuple((a, b) for a, b in scorer.question.pairs if a in terms and b in terms)


def _alternatives(text: str, terms: Sequence[Term]) -> list[tuple[Term, Term]]:
    """The terms that "or" joins."""
    by_word = {term.word: term for term in terms}
    joined = ((match[1], match[2]) for match in _OR.finditer(text))
    return [(by_word[a], by_word[b]) for a, b in joined if a in by_word and b in by_word and a != b]


def _calls_itself(source: ParsedSource, name: Term) -> bool:
    """Return whether a title begins with a name as works are named: "ZipLM: Hardware-Aware ..."."""
    head, colon, _ = source.title.text.partition(": ")
    return bool(colon) and strength(name, words_of(head)) >= PRESENT


def _linked(text: str, names: Sequence[Term]) -> bool:
    """Return whether the question joins two of the names: "X and Y", "in X or in Y", "how long is X, and how wide is
    Y"."""
    places = sorted((text.find(t.word), t.word) for t in names)
    return any(_LINKS.search(text[at + len(word) : after]) is not None for (at, word), (after, _) in pairwise(places))
