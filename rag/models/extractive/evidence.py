"""The sources of a prompt, read for one question: what each sentence and each source says of its terms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.models.extractive.lexicon import known_stems
from rag.models.extractive.matching import Words, acronym, corrected, strength, words_of
from rag.models.extractive.question import Question, Term
from rag.text.sentences import sentences
from rag.text.sources import SourceText

#: A term counts as present from here on: a synonym does, half of a compound does not.
PRESENT = 0.55


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence (or title, or whole source), its words, and how surely it speaks of each term of the question."""

    text: str
    words: Words
    has: Mapping[Term, float]


@dataclass(frozen=True, slots=True)
class Source:
    """A source: its title, its sentences, and all of it together."""

    number: int
    title: Line
    lines: tuple[Line, ...]
    whole: Line


@dataclass(frozen=True, slots=True)
class Reading:
    """All sources, the question with its terms spelt as the sources spell them, and how much each term tells among
    them: one that every sentence holds tells nothing of where the answer is, however rare it is elsewhere."""

    question: Question
    sources: tuple[Source, ...]
    telling: Mapping[Term, float]

    @property
    def total(self) -> float:
        """What all terms tell together; never 0."""
        return sum(self.telling.values()) or 1.0


def read(question: Question, sources: Sequence[SourceText]) -> Reading:
    """The sources as they bear on ``question``."""
    texts = [_texts(source) for source in sources]
    vocabulary = known_stems().union(*(words.unique for text in texts for words in text.values()))
    question = _respelt(question, sorted(vocabulary))
    terms = question.terms
    found = tuple(_source(source.number, text, terms) for source, text in zip(sources, texts, strict=True))
    lines = [line for source in found for line in (source.title, *source.lines)]
    telling = {}
    for term in terms:
        holding = sum(line.has[term] >= 1.0 for line in lines)
        telling[term] = term.weight * math.log(1 + len(lines) / (1 + holding)) / math.log(1 + len(lines))
    return Reading(question, found, telling)


def reread(question: Question, reading: Reading) -> Reading:
    """The same sources as they bear on another question."""
    return read(
        question,
        [SourceText(s.number, s.title.text, tuple(line.text for line in s.lines)) for s in reading.sources],
    )


def _respelt(question: Question, vocabulary: Sequence[str]) -> Question:
    spelt = {term: corrected(term, vocabulary) for term in question.terms}

    def put(terms: Iterable[Term]) -> tuple[Term, ...]:
        return tuple(dict.fromkeys(spelt.get(term) or _same(term, spelt) for term in terms))

    pairs = tuple((spelt.get(a) or _same(a, spelt), spelt.get(b) or _same(b, spelt)) for a, b in question.pairs)
    return replace(question, terms=put(question.terms), focus=tuple(map(put, question.focus)), pairs=pairs)


def _same(term: Term, spelt: Mapping[Term, Term]) -> Term:
    """A repeated word is one term, though it may be written or weighed otherwise the second time."""
    return next(new for old, new in spelt.items() if old.parts == term.parts)


def _texts(source: SourceText) -> dict[str, Words]:
    """The words of every part of a source, by its text; the whole comes last."""
    parts = [source.title, *(p[s.start : s.end] for p in source.passages for s in sentences(p))]
    whole = " . ".join((*parts, source.about))
    return {**{part: words_of(part) for part in parts}, whole: words_of(whole)}


def _source(number: int, texts: Mapping[str, Words], terms: Sequence[Term]) -> Source:
    lines = [
        Line(text, words, {term: max(strength(term, words), acronym(term, words)) for term in terms})
        for text, words in texts.items()
    ]
    return Source(number, lines[0], tuple(lines[1:-1]), lines[-1])
