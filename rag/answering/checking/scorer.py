"""Score how well cited abstracts back a sentence: features of each clause, weighed by one calibrated formula.

Each sentence of the answer, and each of its clauses, is compared with every sentence of the cited abstracts and with
every two adjacent ones. What counts is the cosine of their embeddings (if the caller has an embedder) and how much of
the sentence's weight in rare words the abstract covers. Figures, names and polarity are not scored but looked up.

Embedding takes most of the time, so only undecided sentences are embedded: those that no cosine could lift to support,
and those that are supported whatever the cosine, are decided by words alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.answering.checking.rules.checkworthy import is_about_answer
from rag.answering.checking.rules.comparisons import reversed_comparisons
from rag.answering.checking.rules.near_copies import reversing_edits
from rag.answering.checking.rules.polarity import contradictions, read_polarity
from rag.answering.checking.source_index import SourceText, term_weights, terms
from rag.answering.checking.words import stems
from rag.language.names import named_words
from rag.language.stems import stem

#: Cosines of n sentences with m sentences of abstracts, shape (n, m).
Similarity: TypeAlias = Callable[[Sequence[str], Sequence[str]], NDArray[np.floating]]

#: From ``SUPPORTED`` on a sentence is supported, below ``WEAK`` it is unsupported, between them weak.
SUPPORTED: Final = 0.7
WEAK: Final = 0.35

# The cosine with two adjacent sentences, over the mean of the cosines with each: about 60 degrees lie between them.
_PAIR: Final = 2 / math.sqrt(3)
# Two sentences are used together only if they say clearly more than the better one of them.
_PAIR_COSTS: Final = 0.1
_CLAUSE = re.compile(
    r"[;:](?=\s)|\s[–—-]\s|,\s(?:and|but|while|whereas|which|so|plus|although|though|yet|because|since|as)\s",
    re.IGNORECASE,
)
_AND = re.compile(r"\s(?:and|while|whereas|but)\s", re.IGNORECASE)
_SMALLEST_CLAUSE: Final = 2
_SMALLEST_JOINED_CLAUSE: Final = 4


@dataclass(frozen=True, slots=True)
class Features:
    """Evidence for a sentence, each from 0 to 1; ``clause_*`` are those of its least supported clause."""

    cosine: float
    coverage: float
    clause_cosine: float
    clause_coverage: float
    abstract_coverage: float


@dataclass(frozen=True, slots=True)
class Backing:
    """How well sources back a text: ``score`` 0 to 1, and the deciding sentence, ``abstract[start:end]`` of the source
    with index ``source``. ``contradictions`` are words by which that sentence says the opposite."""

    score: float
    source: int
    start: int
    end: int
    features: Features
    contradictions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Window:
    """One or two adjacent sentences of an abstract, ``first`` to before ``last``; ``decides`` is the better one."""

    source: int
    first: int
    last: int
    decides: int
    cosine: float
    coverage: float

    @property
    def strength(self) -> float:
        return max(0.0, self.cosine) + self.coverage - _PAIR_COSTS * (self.last - self.first - 1)


def clauses(sentence: str) -> list[str]:
    """Return the clauses of a sentence that claim something each.

    Parts too small to be a claim stay with their neighbour; verdicts ("the premise is wrong:") are left out if anything
    else remains.
    """
    pieces = _cut(sentence, _CLAUSE, _SMALLEST_CLAUSE)
    claiming = [piece for piece in pieces if not is_about_answer(piece)] or pieces
    return [part for piece in claiming for part in _cut(piece, _AND, _SMALLEST_JOINED_CLAUSE)]


def _cut(text: str, at: re.Pattern[str], smallest: int) -> list[str]:
    parts: list[str] = []
    start = 0
    for match in at.finditer(text):
        left, rest = text[start : match.start()], text[match.end() :]
        if len(set(stems(left))) >= smallest and len(set(stems(rest))) >= smallest:
            parts.append(left.strip())
            start = match.end()
    return [*parts, text[start:].strip()]


class SupportScorer:
    """Scores sentences against sources; built once for an answer, so that every text is embedded once.

    Args:
        sources: the sources the answer may cite.
        texts: the sentences that will be asked about.
        similarity: see :data:`Similarity`; if ``None``, words alone count.
    """

    def __init__(
        self, sources: Sequence[SourceText], texts: Sequence[str], similarity: Similarity | None = None
    ) -> None:
        self._sources = sources
        self._weights = term_weights(sources)
        self._rarest = math.log(1 + sum(len(source.spans) for source in sources))
        self._similarity = similarity
        self._clauses = {text: clauses(text) for text in texts}
        self._texts = list(dict.fromkeys([*texts, *(part for parts in self._clauses.values() for part in parts)]))
        self._terms = {text: terms(text) for text in self._texts}
        self._cosines: dict[tuple[str, int], NDArray[np.floating]] = {}
        self._windows: dict[tuple[str, int], _Window] = {}
        self._known_names: dict[tuple[str, int], frozenset[str]] = {}

    def is_verbatim(self, text: str, cited: Sequence[int]) -> bool:
        """Return whether one of the sources ``cited`` has ``text`` word for word as a sentence."""
        return any(self._sources[s].verbatim_place(text) is not None for s in cited)

    def embed_undecided(self, asked: Sequence[tuple[str, Sequence[int]]]) -> None:
        """Compute the cosines of texts that words leave undecided with their sources, one call a source. Without this
        call words alone decide."""
        if self._similarity is None:
            return
        open_pairs = [(text, self._with_abstract(cited)) for text, cited in asked]
        open_pairs = [(text, cited) for text, cited in open_pairs if cited and self._level(text, cited) is None]
        wanted = {(part, s) for text, cited in open_pairs for part in (text, *self._clauses[text]) for s in cited}
        wanted -= self._cosines.keys()
        if not wanted:
            return
        texts, sources = sorted({text for text, _ in wanted}), sorted({s for _, s in wanted})
        for s in sources:
            table = np.asarray(self._similarity(texts, self._sources[s].sentences))
            for text, row in zip(texts, table, strict=True):
                self._cosines[text, s] = row
                self._windows.pop((text, s), None)

    def best_support(self, text: str, cited: Sequence[int]) -> Backing | None:
        """Return how well the sources ``cited`` (indexes) together back ``text``, one of the texts given at the start;
        ``None`` if none of them has an abstract."""
        cited = self._with_abstract(cited)
        if not cited:
            return None
        for s in cited:
            place = self._sources[s].verbatim_place(text)
            if place is not None:
                span = self._sources[s].spans[place]
                return Backing(1.0, s, span.start, span.end, Features(1.0, 1.0, 1.0, 1.0, 1.0), ())
        best = self._best(text, cited)
        features = self._features(text, cited, best)
        span = self._sources[best.source].spans[best.decides]
        opposed = tuple(self._contradictions(text, cited))
        return Backing(self._score(text, cited, features), best.source, span.start, span.end, features, opposed)

    def _score(self, text: str, cited: Sequence[int], features: Features) -> float:
        if self._similarity is not None and all((text, s) in self._cosines for s in cited):
            return probability(features, with_cosine=True)
        settled = self._level(text, cited) if self._similarity is not None else None
        return probability(features, with_cosine=False) if settled is None else settled

    def _level(self, text: str, cited: Sequence[int]) -> float | None:
        """Return the score if words decide, else ``None``: the score at cosine 0 if that is enough for support, the
        score at cosine 1 if that is too little even for weak support."""
        features = self._features(text, cited, self._best(text, cited))
        least = probability(replace(features, cosine=0.0, clause_cosine=0.0), with_cosine=True)
        most = probability(replace(features, cosine=1.0, clause_cosine=1.0), with_cosine=True)
        return least if least >= SUPPORTED else most if most < WEAK else None

    def _with_abstract(self, cited: Sequence[int]) -> list[int]:
        return [s for s in cited if self._sources[s].spans]

    def coverage(self, text: str, source: int) -> float:
        """Return the share of the weight of ``text`` in terms that the abstract and the title have, 0 to 1."""
        return self._coverage(text, source, self._sources[source].all_terms)

    def _features(self, text: str, cited: Sequence[int], best: _Window) -> Features:
        windows = [self._best(part, cited) for part in self._clauses[text]]
        weakest = min(windows, key=lambda window: window.strength)
        return Features(
            cosine=best.cosine,
            coverage=best.coverage,
            clause_cosine=weakest.cosine,
            clause_coverage=weakest.coverage,
            abstract_coverage=max(self.coverage(text, s) for s in cited),
        )

    def supporting_spans(self, text: str, cited: Sequence[int]) -> list[str]:
        """Return the text of the spans that support ``text`` most: of every cited source the best one or two sentences
        for it, and the best for each of its clauses."""
        cited = self._with_abstract(cited)
        windows = [self._best_window(text, s) for s in cited]
        windows += [self._best(part, cited) for part in self._clauses[text] if cited]
        return list(dict.fromkeys(map(self._text_of, windows)))

    def _text_of(self, window: _Window) -> str:
        source = self._sources[window.source]
        return source.abstract[source.spans[window.first].start : source.spans[window.last - 1].end]

    def _contradictions(self, text: str, cited: Sequence[int]) -> list[str]:
        stated = [reading for s in cited for reading in self._sources[s].polarities]
        found: list[str] = []
        for part in self._clauses[text]:
            nearest = read_polarity(self._text_of(self._best(part, cited)))
            found += contradictions(read_polarity(part), nearest, stated)
        # A near copy is compared with one sentence at a time: of two, the other's words would count as left out.
        for s in cited:
            best = self._best_window(text, s)
            found += [
                word
                for at in range(best.first, best.last)
                for word in reversing_edits(text, self._sources[s].sentences[at])
            ]
            found += reversed_comparisons(text, self._sources[s].sentences)
        return found

    def _best(self, text: str, cited: Sequence[int]) -> _Window:
        return max((self._best_window(text, s) for s in cited), key=lambda window: window.strength)

    def _best_window(self, text: str, source: int) -> _Window:
        """Return the sentence, or the two adjacent ones, that back ``text`` best."""
        if (text, source) not in self._windows:
            self._windows[text, source] = max(self._all_windows(text, source), key=lambda window: window.strength)
        return self._windows[text, source]

    def _all_windows(self, text: str, source: int) -> list[_Window]:
        read = self._sources[source]
        cosines = [float(c) for c in self._cosine_row(text, source)]
        windows = [
            _Window(source, at, at + 1, at, cosines[at], self._coverage(text, source, found | read.title_terms))
            for at, found in enumerate(read.terms)
        ]
        for one, other in pairwise(list(windows)):
            cosine = min(1.0, max(one.cosine, other.cosine, (one.cosine + other.cosine) / 2 * _PAIR))
            found = read.terms[one.first] | read.terms[other.first] | read.title_terms
            decides = max(one, other, key=lambda window: window.strength).first
            windows.append(_Window(source, one.first, other.last, decides, cosine, self._coverage(text, source, found)))
        return windows

    def _cosine_row(self, text: str, source: int) -> NDArray[np.floating]:
        known = self._cosines.get((text, source))
        return np.zeros(len(self._sources[source].spans)) if known is None else known

    def _coverage(self, text: str, source: int, found: frozenset[str]) -> float:
        """Return the share of a text's weight that the terms ``found`` have, 0 to 1. A term that no source has weighs
        as much as the rarest; a name counts if the source has it in any spelling."""
        total = covered = 0.0
        aliases = self._aliases(text, source)
        for term in self._terms[text]:
            weight = self._weights.get(term, self._rarest)
            total += weight
            covered += weight if term in found or term in aliases else 0.0
        return covered / total if total else 0.0

    def _aliases(self, text: str, source: int) -> frozenset[str]:
        if (text, source) not in self._known_names:
            index = self._sources[source].names
            known = [name.word for name in named_words(text) if name.strong and name.word in index]
            self._known_names[text, source] = frozenset(stem(word) for word in known)
        return self._known_names[text, source]


# Logistic regression (L2 penalty 0.5, rounded) on 823 labelled pairs of a sentence and the abstracts it cites, from
# half of the papers: gold answers, retold abstracts and two retold sentences joined are positives; the same sentences
# under abstracts most like theirs, and joined with sentences of other papers, negatives. docs/checking.md has the rest.
_BIAS: Final = -8.7
_WEIGHTS: Final = Features(cosine=1.4, coverage=2.5, clause_cosine=3.1, clause_coverage=7.8, abstract_coverage=3.1)
_BIAS_OF_WORDS: Final = -7.2
_WEIGHTS_OF_WORDS: Final = Features(
    cosine=0.0, coverage=3.5, clause_cosine=0.0, clause_coverage=8.5, abstract_coverage=3.2
)


def probability(features: Features, *, with_cosine: bool) -> float:
    """Return the probability (0 to 1) that a sentence with these features is supported."""
    weights = _WEIGHTS if with_cosine else _WEIGHTS_OF_WORDS
    logit = _BIAS if with_cosine else _BIAS_OF_WORDS
    logit += sum(getattr(weights, f.name) * getattr(features, f.name) for f in fields(Features))
    return 1 / (1 + math.exp(-logit))
