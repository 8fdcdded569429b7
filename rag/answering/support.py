"""How well cited abstracts back a sentence: evidence gathered sentence by sentence, weighed by one calibrated formula.

Each sentence of the answer, and each of its clauses, is held against every sentence of the cited abstracts and every
two that follow each other. What counts: the similarity of their embeddings (where the caller has an embedder), how much
of the sentence's weight in rare words the abstract covers, whether its names and figures are there, and whether the
polarity agrees.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.answering.figures import missing_figures
from rag.answering.polarity import conflict
from rag.answering.words import NameIndex, names, stems
from rag.retrieval.evidence import Evidence
from rag.text.sentences import Span, sentences

#: Cosines of n sentences with m sentences of abstracts, shape (n, m).
Similarity: TypeAlias = Callable[[Sequence[str], Sequence[str]], NDArray[np.floating]]

#: A sentence scored so high is called supported, one below the second weak at best, below that unsupported.
SUPPORTED: Final = 0.5
WEAK: Final = 0.2
#: What a pair's cosine is over the mean of its sentences': two sentences of one abstract stand at about 60 degrees.
_PAIR: Final = 2 / math.sqrt(3)
_CLAUSE = re.compile(
    r"[;:](?=\s)|\s[–—-]\s|,\s(?:and|but|while|whereas|which|so|plus|although|though|yet)\s|\.\s", re.IGNORECASE
)
_AND = re.compile(r"\s(?:and|while|whereas|but)\s", re.IGNORECASE)
_SMALLEST_CLAUSE = 2
_SMALLEST_JOINED_CLAUSE = 4


@dataclass(frozen=True, slots=True)
class Source:
    """A source as the checker sees it: its abstract's sentences, their stems, and its names."""

    title: str
    abstract: str
    spans: tuple[Span, ...]
    stems: tuple[frozenset[str], ...]
    title_stems: frozenset[str]
    names: NameIndex
    facts: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """The abstract's sentences."""
        return [self.abstract[start:end] for start, end in self.spans]


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for and against a sentence; shares lie between 0 and 1."""

    cosine: float
    coverage: float
    abstract_coverage: float
    clause_cosine: float
    clause_coverage: float
    missing_names: float
    negations: int
    antonyms: int
    far_figures: float


@dataclass(frozen=True, slots=True)
class Backing:
    """How well sources back a sentence: ``score`` 0 to 1, and where the deciding sentence stands."""

    score: float
    source: int
    start: int
    end: int
    features: Features


def read_source(evidence: Evidence) -> Source:
    """Prepares a source. Authors, year and venue stand in the prompt too and may be repeated without being invented."""
    paper = evidence.paper
    spans = tuple(sentences(paper.abstract))
    about = " ".join([*paper.authors, str(paper.year or ""), paper.venue or "", paper.arxiv_id or "", paper.doi or ""])
    return Source(
        title=paper.title,
        abstract=paper.abstract,
        spans=spans,
        stems=tuple(frozenset(stems(paper.abstract[a:b])) for a, b in spans),
        title_stems=frozenset(stems(paper.title)),
        names=NameIndex([paper.title, paper.abstract, about]),
        facts=(paper.title, paper.abstract, about),
    )


def term_weights(sources: Sequence[Source]) -> Mapping[str, float]:
    """Inverse document frequency of every stem over the sources' sentences: ln(1 + N / n)."""
    documents = [words for source in sources for words in source.stems]
    counts = Counter(word for words in documents for word in words)
    return {word: math.log(1 + len(documents) / count) for word, count in counts.items()}


def clauses(sentence: str) -> list[str]:
    """The parts of a sentence that claim something each; parts too small to stand alone stay with their neighbour."""
    parts: list[str] = []
    for piece in _cut(sentence, _CLAUSE, _SMALLEST_CLAUSE):
        parts += _cut(piece, _AND, _SMALLEST_JOINED_CLAUSE)
    return parts


def _cut(text: str, at: re.Pattern[str], smallest: int) -> list[str]:
    parts: list[str] = []
    start = 0
    for match in at.finditer(text):
        left, rest = text[start : match.start()], text[match.end() :]
        if len(set(stems(left))) >= smallest and len(set(stems(rest))) >= smallest:
            parts.append(left.strip())
            start = match.end()
    return [*parts, text[start:].strip()]


class Bench:
    """Holds sentences against sources; built once for an answer, so that every text is embedded once.

    Args:
        sources: the sources the answer may cite.
        texts: the sentences that will be asked about.
        similarity: see :data:`Similarity`; ``None`` weighs words alone.
    """

    def __init__(self, sources: Sequence[Source], texts: Sequence[str], similarity: Similarity | None = None) -> None:
        self.sources = sources
        self._weights = term_weights(sources)
        self._rarest = math.log(1 + sum(len(s.spans) for s in sources)) if sources else 1.0
        self._similarity = similarity
        self._texts = list(dict.fromkeys([*texts, *(c for text in texts for c in clauses(text))]))
        self._rows = {text: row for row, text in enumerate(self._texts)}
        self._cosines: dict[int, NDArray[np.floating]] = {}

    def embed(self, sources: Sequence[int]) -> None:
        """Compares all texts with the sentences of ``sources`` at once; without it that happens source by source."""
        wanted = [s for s in dict.fromkeys(sources) if s not in self._cosines and self.sources[s].spans]
        if self._similarity is None or not wanted or not self._texts:
            return
        lines = [line for s in wanted for line in self.sources[s].sentences]
        table = np.asarray(self._similarity(self._texts, lines))
        at = 0
        for s in wanted:
            count = len(self.sources[s].spans)
            self._cosines[s] = table[:, at : at + count]
            at += count

    def backing(self, text: str, cited: Sequence[int]) -> Backing | None:
        """How well the sources ``cited`` (indexes) back ``text``, one of the texts given; ``None`` where none of them
        has an abstract."""
        cited = [s for s in cited if self.sources[s].spans]
        if not cited:
            return None
        self.embed(cited)
        best = max((self._best_window(text, s) for s in cited), key=lambda window: window.strength)
        features = self._features(text, cited, best)
        span = self.sources[best.source].spans[best.decides]
        score = score_of(features, with_cosine=self._similarity is not None)
        return Backing(score, best.source, span.start, span.end, features)

    def _features(self, text: str, cited: Sequence[int], best: Window) -> Features:
        parts = clauses(text)
        windows = [best] if len(parts) == 1 else [self._best_over(part, cited) for part in parts]
        near = [self._window_text(window) for window in [best, *windows]]
        contradictions = [conflict(part, self._window_text(w)) for part, w in zip(parts, windows, strict=True)]
        known = [fact for s in cited for fact in self.sources[s].facts]
        wanted = list(dict.fromkeys(names(text)))
        lost = [name for name in wanted if not any(name in self.sources[s].names for s in cited)]
        far = missing_figures(text, near)
        nowhere = missing_figures(text, known)
        return Features(
            cosine=best.cosine,
            coverage=best.coverage,
            abstract_coverage=max(self._coverage(text, self._all_stems(s)) for s in cited),
            clause_cosine=min(window.cosine for window in windows),
            clause_coverage=min(max(self._coverage(part, self._all_stems(s)) for s in cited) for part in parts),
            missing_names=len(lost) / len(wanted) if wanted else 0.0,
            negations=max(c.negated for c in contradictions),
            antonyms=max(c.antonyms for c in contradictions),
            far_figures=float(len(far) - len(nowhere)),
        )

    def _best_over(self, text: str, cited: Sequence[int]) -> Window:
        return max((self._best_window(text, s) for s in cited), key=lambda window: window.strength)

    def _best_window(self, text: str, source: int) -> Window:
        """The sentence, or the two adjacent ones, that back ``text`` best."""
        prepared = self.sources[source]
        cosines = self._cosine_row(text, source)
        single = [self._coverage(text, words | prepared.title_stems) for words in prepared.stems]
        strengths = [max(0.0, float(c)) + v for c, v in zip(cosines, single, strict=True)]
        windows = [
            Window(source, at, at + 1, at, float(cosines[at]), single[at], strengths[at]) for at in range(len(single))
        ]
        for at in range(len(single) - 1):
            cosine = min(1.0, max(cosines[at], cosines[at + 1], (cosines[at] + cosines[at + 1]) / 2 * _PAIR))
            coverage = self._coverage(text, prepared.stems[at] | prepared.stems[at + 1] | prepared.title_stems)
            decides = at if strengths[at] >= strengths[at + 1] else at + 1
            # Two sentences are preferred where they say clearly more than the better one of them.
            strength = max(0.0, float(cosine)) + coverage - 0.1
            windows.append(Window(source, at, at + 2, decides, float(cosine), coverage, strength))
        return max(windows, key=lambda window: window.strength)

    def _cosine_row(self, text: str, source: int) -> NDArray[np.floating]:
        count = len(self.sources[source].spans)
        if self._similarity is None:
            return np.zeros(count)
        self.embed([source])
        row: NDArray[np.floating] = self._cosines[source][self._rows[text]]
        return row

    def _coverage(self, text: str, words: frozenset[str]) -> float:
        """The share of a text's weight that ``words`` cover. A word that no source has weighs as much as the rarest."""
        weights = {word: self._weights.get(word, self._rarest) for word in stems(text)}
        total = sum(weights.values())
        return sum(weight for word, weight in weights.items() if word in words) / total if total else 0.0

    def _all_stems(self, source: int) -> frozenset[str]:
        prepared = self.sources[source]
        return prepared.title_stems.union(*prepared.stems)

    def _window_text(self, window: Window) -> str:
        prepared = self.sources[window.source]
        return prepared.abstract[prepared.spans[window.first].start : prepared.spans[window.last - 1].end]


@dataclass(frozen=True, slots=True)
class Window:
    """One or two adjacent sentences of an abstract, ``spans[first:last]``; ``decides`` is the better one's index."""

    source: int
    first: int
    last: int
    decides: int
    cosine: float
    coverage: float
    strength: float


def score_of(features: Features, *, with_cosine: bool) -> float:
    """The probability that a sentence with these features is backed, by the calibrated formula."""
    logit = -1.5 + 4.0 * features.coverage + 2.0 * features.clause_coverage - 4.0 * features.missing_names
    logit -= 1.5 * features.negations + 1.0 * features.antonyms + 1.0 * features.far_figures
    if with_cosine:
        logit += 4.0 * (features.cosine - 0.4)
    return 1 / (1 + math.exp(-logit))
