"""The sources of a prompt, matched with the terms of one question: each sentence, each source, all together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.extractive.lexicon import known_words
from rag.extractive.matching import Words, acronym, corrected, strength, words_of
from rag.extractive.question import ParsedQuestion, Term
from rag.extractive.source import SourceText
from rag.injection import without_injections
from rag.language.stems import stem
from rag.language.tokens import pieces, tokens

#: A term counts as present from here on: a synonym does, half of a compound does not.
PRESENT = 0.55
_ALIAS = 0.8
_OPENING = 5
_ALIASED = re.compile(r"\(([A-Z][A-Za-z]{1,9})\)")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, a title or a whole source, matched with the question.

    Attributes:
        text: as the source has it.
        words: its words.
        has: how surely it speaks of each term, 0 to 1.
        opens: the terms among its first words.
    """

    text: str
    words: Words
    has: Mapping[Term, float]
    opens: frozenset[Term]


@dataclass(frozen=True, slots=True)
class ParsedSource:
    """A source, matched with the question: its title, its sentences, and all of it together."""

    number: int
    title: Line
    lines: tuple[Line, ...]
    whole: Line


@dataclass(frozen=True, slots=True)
class ParsedEvidence:
    """All sources, matched with one question.

    Attributes:
        question: with its terms spelt as the sources spell them.
        sources: those with findings, in order.
        telling: the weight of each term here: one that every sentence has says nothing of where the answer is, however
            rare it is elsewhere.
    """

    question: ParsedQuestion
    sources: tuple[ParsedSource, ...]
    telling: Mapping[Term, float]

    @property
    def total(self) -> float:
        """The total weight of the terms; never 0."""
        return sum(self.telling.values()) or 1.0


def read(question: ParsedQuestion, sources: Sequence[SourceText]) -> ParsedEvidence:
    """Match the sources with ``question``, leaving out those without an abstract and sentences that are injections."""
    sources = [source for source in sources if any(without_injections(passage) for passage in source.passages)]
    texts = [_texts(source) for source in sources]
    vocabulary = known_words().union(*(words_of(parts[-1]).spelt for parts in texts))
    question = _respelt(question, sorted(vocabulary))
    terms = question.terms
    found = tuple(_source(source.number, text, terms) for source, text in zip(sources, texts, strict=True))
    lines = [line for source in found for line in (source.title, *source.lines)]
    telling = {}
    most = math.log(2 + len(lines))
    for term in terms:
        holding = sum(line.has[term] >= 1.0 for line in lines)
        telling[term] = term.weight * math.log(1 + len(lines) / (1 + holding)) / most
    return ParsedEvidence(question, found, telling)


def reread(question: ParsedQuestion, reading: ParsedEvidence) -> ParsedEvidence:
    """Match the same sources with another question."""
    return read(
        question,
        [SourceText(s.number, s.title.text, tuple(line.text for line in s.lines)) for s in reading.sources],
    )


def _respelt(question: ParsedQuestion, vocabulary: Sequence[str]) -> ParsedQuestion:
    roots = set(map(stem, vocabulary))
    spelt = {term: term if roots.issuperset(term.parts) else corrected(term, vocabulary) for term in question.terms}

    def put(terms: Iterable[Term]) -> tuple[Term, ...]:
        return tuple(dict.fromkeys(spelt.get(term) or _same(term, spelt) for term in terms))

    pairs = tuple((spelt.get(a) or _same(a, spelt), spelt.get(b) or _same(b, spelt)) for a, b in question.pairs)
    return replace(
        question,
        terms=put(question.terms),
        counted=put(question.counted),
        focus=tuple(map(put, question.focus)),
        subject=put(question.subject),
        pairs=pairs,
    )


def _same(term: Term, spelt: Mapping[Term, Term]) -> Term:
    """A repeated word is one term, though it may be written or weighed otherwise the second time."""
    return next(new for old, new in spelt.items() if old.parts == term.parts)


def _texts(source: SourceText) -> list[str]:
    """The title, every sentence, and last all of it together."""
    parts = [source.title, *(p[s.start : s.end] for p in source.passages for s in without_injections(p))]
    return [*parts, " . ".join((*parts, source.about))]


def _has(terms: Sequence[Term], words: Words, aliases: Mapping[str, Sequence[Term]]) -> dict[Term, float]:
    named = {term for alias, long in aliases.items() if alias in words.cased for term in long}
    return {t: max(strength(t, words), acronym(t, words), _ALIAS if t in named else 0.0) for t in terms}


def _aliases(text: str, terms: Sequence[Term]) -> dict[str, list[Term]]:
    """The acronyms that a source gives for what the question writes out: "Latent Program Algorithm (LPA)"."""
    found: dict[str, list[Term]] = {}
    for match in _ALIASED.finditer(text):
        alias = match.group(1)
        before = [token.text for token in tokens(text[max(0, match.start() - 200) : match.start()])]
        parts = [part for word in before for part in pieces(word)][-len(alias) :]
        if "".join(part[0] for part in parts) != alias.lower():
            continue
        roots = {stem(part) for part in parts}
        long = [term for term in terms if set(term.parts) <= roots]
        if len(roots) <= sum(len(term.parts) for term in long):
            found[alias] = long
    return found


def _source(number: int, texts: Sequence[str], terms: Sequence[Term]) -> ParsedSource:
    *parts, whole = texts
    aliases = _aliases(whole, terms)
    everywhere = _line(whole, terms, aliases)
    held = [term for term in terms if everywhere.has[term]]
    title, *lines = (_line(part, terms, aliases, held) for part in parts)
    return ParsedSource(number, title, tuple(lines), everywhere)


def _line(
    text: str, terms: Sequence[Term], aliases: Mapping[str, Sequence[Term]], held: Sequence[Term] | None = None
) -> Line:
    """A text as it bears on ``terms``; only those of ``held`` need to be looked for."""
    look = terms if held is None else held
    words = words_of(text)
    has = dict.fromkeys(terms, 0.0) | _has(look, words, aliases)
    opening = words_of(" ".join(text.split()[:_OPENING]))
    in_opening = _has([term for term in look if has[term] >= PRESENT], opening, aliases)
    return Line(text, words, has, frozenset(term for term, found in in_opening.items() if found >= PRESENT))
