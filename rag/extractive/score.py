"""How well a sentence answers, and how much of the question a source speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rag.extractive.evidence import PRESENT, Line, ParsedEvidence, ParsedSource
from rag.extractive.lexicon import TIME_UNITS
from rag.extractive.matching import Words
from rag.extractive.question import ParsedQuestion, Term
from rag.language.names import names

# Weights of a term that the sentence itself lacks, by where else it is: a sentence may lean on the one before it.
_BEFORE, _TITLE, _AFTER, _ELSEWHERE = 0.5, 0.4, 0.25, 0.15
_NAME = 1.5
# A source is ranked by what it holds, by the names its title holds, and by the figures of the question it states.
_TITLED, _STATED = 0.3, 0.4
# What the kind of answer counts for, in shares of the total weight of the question's terms.
_COUNTED, _NUMBER, _UNIT, _SPELT_OUT, _FIGURE, _YEAR, _CUE, _INSTANCE = 0.5, 0.2, 0.3, 0.6, 0.2, 0.3, 0.1, 0.12
_FOCUS, _PAIR = 0.5, 0.4
_BACKGROUND = 0.12
# "Our code is available at ...": holds the names and answers nothing.
_ADDRESS = 0.3
# A question that an abstract puts is not its answer.
_QUESTION = 0.3
# "The interpolation operator is ...": a sentence that opens with what is asked about is about it.
_SUBJECT = 0.25
#: Share of a noun phrase after a question word that a source must speak of.
FOCUS = 0.55
#: Words that may be between a number and what it counts: "42 of the most capable LLMs".
COUNT_REACH = 6
_YEAR_FIGURE = re.compile(r"(?<![\d.,])(?:19|20)\d\d(?![\d.,]\d)")
_REASON_CUE = re.compile(
    r"\b(?:because|since|due to|as it|so that|thus|therefore|thereby|stems? from|by \w+ing|caus\w+)\b"
)
_MANNER_CUE = re.compile(
    r"\b(?:by|via|through|using|based on|instead of|allow|employ\w*|leverag\w*|relies|first|then)\b"
)
_ASKS_FOR_LINK = re.compile(
    r"\b(?:code|github|link|url|website|address|repository|repo|available|availability|download|released?|find)\b", re.I
)
_LINK = re.compile(r"https?://", re.I)
# Where an abstract turns from what is known to what it adds.
_OWN = re.compile(r"\b(?:we|our|ours|us|this (?:paper|work|study|survey|review|article|book|investigation))\b", re.I)


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores the sentences of the sources for one question; ``asked`` is the whole question if this is a part of it."""

    reading: ParsedEvidence
    asked: str = ""

    @property
    def question(self) -> ParsedQuestion:
        """The question scored for."""
        return self.reading.question

    def source(self, source: ParsedSource) -> float:
        """Return how much of the question a source speaks of; names and figures count for more."""
        held = sum(
            tells * (source.whole.has[term] * (_NAME if term.name else 1.0) + _TITLED * _names_work(term, source))
            for term, tells in self.reading.telling.items()
        )
        return held + _STATED * len(self.question.figures & source.whole.words.figures)

    def coverage(self, source: ParsedSource) -> float:
        """Return the share of the question, weighted by :func:`rag.extractive.rarity.rarity`, that a source speaks
        of."""
        weights = {t: t.weight * (_NAME if t.name else 1.0) for t in self.question.terms}
        total = sum(weights.values())
        return sum(weight * source.whole.has[t] for t, weight in weights.items()) / total if total else 0.0

    def line(self, source: ParsedSource, at: int) -> float:
        """Return how well the sentence at ``at`` of ``source`` answers, in shares of the total weight of the terms."""
        line, telling = source.lines[at], self.reading.telling
        score = sum(tells * self._in_context(term, source, at) for term, tells in telling.items())
        score += _FOCUS * sum(telling[t] * line.has[t] for phrase in self.question.focus for t in phrase)
        score += _PAIR * sum(min(telling[a], telling[b]) for a, b in self.question.pairs if _adjacent(a, b, line.words))
        score = score / self.reading.total + self._kind(line)
        subjects = [*self.question.focus, self.question.subject]
        if any(any(not t.kind for t in phrase) and line.opens.issuperset(phrase) for phrase in subjects):
            score += _SUBJECT
        if line.text.endswith("?"):
            score -= _QUESTION
        if not _ASKS_FOR_LINK.search(self.question.text) and _LINK.search(line.text):
            score -= _ADDRESS
        return score - (_BACKGROUND if at < first_own(source) else 0.0)

    def _in_context(self, term: Term, source: ParsedSource, at: int) -> float:
        own = source.lines[at].has[term]
        if own >= PRESENT:
            return own
        before = source.lines[at - 1].has[term] if at else 0.0
        after = source.lines[at + 1].has[term] if at + 1 < len(source.lines) else 0.0
        elsewhere = source.title.has[term], source.whole.has[term]
        return max(own, _BEFORE * before, _AFTER * after, _TITLE * elsewhere[0], _ELSEWHERE * elsewhere[1])

    def _kind(self, line: Line) -> float:
        """Return what the sentence gains by holding the kind of answer that is asked for."""
        question, words = self.question, line.words
        checks = (
            (_COUNTED, bool(question.counted) and counts(stems_of(question.counted), words)),
            (_NUMBER, question.quantity and self.free_number(words)),
            (_UNIT, question.duration and counts(TIME_UNITS, words, reach=1)),
            (_YEAR, question.year and _YEAR_FIGURE.search(line.text) is not None),
            (_SPELT_OUT, question.meaning and any(spelt_out(t, line) for t in question.terms)),
            (_CUE, question.reason and _REASON_CUE.search(line.text) is not None),
            (_CUE, question.manner and _MANNER_CUE.search(line.text) is not None),
            (_INSTANCE, not question.quantity and self._asks_kind() and self.names_another(line)),
        )
        figures = min(2, len(question.figures & (words.figures | words.unique)))
        return sum(gain for gain, holds in checks if holds) + _FIGURE * figures

    def _asks_kind(self) -> bool:
        return any(term.kind for phrase in self.question.focus for term in phrase)

    def free_number(self, words: Words) -> bool:
        """Return whether a sentence states a number of its own: one that is no part of the question and of no name."""
        return any(words.plain[i] and words.stems[i] not in self.question.figures for i in words.numeric)

    def names_another(self, line: Line) -> bool:
        """Return whether a sentence names something that the question does not."""
        asked = (self.asked or self.question.text).lower()
        return any(name.lower() not in asked for name in names(line.text))


def holds_kind(question: ParsedQuestion, sources: Sequence[ParsedSource]) -> bool:
    """Return whether one or another of ``sources`` speaks of each thing that the question words ask for, and one holds
    the count or the duration asked for."""
    if any(max((_share(phrase, source) for source in sources), default=0.0) < FOCUS for phrase in question.focus):
        return False
    lines = [line.words for source in sources for line in source.lines]
    if question.duration and not any(counts(TIME_UNITS, words, reach=1) for words in lines):
        return False
    return not question.counted or any(counts(stems_of(question.counted), words) for words in lines)


def _share(phrase: Sequence[Term], source: ParsedSource) -> float:
    """How much of a phrase a source speaks of; a noun that only names a kind of answer is no part of it."""
    asked = [term for term in phrase if not term.kind]
    total = sum(term.weight for term in asked)
    return sum(term.weight * source.whole.has[term] for term in asked) / total if total else 1.0


def counts(nouns: AbstractSet[str], words: Words, *, reach: int = COUNT_REACH) -> bool:
    """Return whether a number comes shortly before one of ``nouns`` (stems)."""
    return any(not nouns.isdisjoint(words.stems[i + 1 : i + 1 + reach]) for i in words.numeric)


def stems_of(terms: Iterable[Term]) -> frozenset[str]:
    """Return the stems of all parts of ``terms``."""
    return frozenset(part for term in terms for part in term.parts)


def spelt_out(term: Term, line: Line) -> bool:
    """Return whether the sentence gives the long form of an acronym: in brackets beside it, or "short for"."""
    word = re.escape(term.word)
    return bool(re.search(rf"\(\s*{word}\s*\)|\b{word}\s*\(|\b{word}\b[^.]{{0,40}}\bshort for\b", line.text))


def _adjacent(first: Term, second: Term, words: Words) -> bool:
    """Return whether two terms are side by side, or one word apart."""
    places = [i for i, root in enumerate(words.stems) if root == first.parts[-1]]
    return any(second.parts[0] in words.stems[i + 1 : i + 3] for i in places)


def _names_work(term: Term, source: ParsedSource) -> float:
    return source.title.has[term] if term.name else 0.0


def first_own(source: ParsedSource) -> int:
    """Return the position of the first sentence about the work itself; those before it are background."""
    return next((i for i, line in enumerate(source.lines) if _OWN.search(line.text)), 0)
