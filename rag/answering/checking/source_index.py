"""Index one source for the checker: its sentences, terms, figures, names and polarities, each computed once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from rag.answering.checking.rules.figures import FigureIndex, figures
from rag.answering.checking.rules.polarity import Polarity, read_polarity
from rag.answering.checking.rules.verbatim import find_verbatim, index_sentences
from rag.answering.checking.words import stems
from rag.injection import split_injections
from rag.language.names import NameIndex
from rag.retrieval.evidence import Evidence

#: A sentence comes from an injection if that has so much of its terms.
_MOST = 0.6


class SourceText:
    """One source of an answer. The prompt gives authors, year and venue beside the abstract, so an answer may repeat
    them. Injections (:mod:`rag.injection`) are no evidence for what they say."""

    def __init__(self, evidence: Evidence) -> None:
        paper = evidence.paper
        self.title = paper.title
        self.abstract = paper.abstract
        told, injections = split_injections(paper.abstract)
        #: Half-open ranges of the abstract's sentences, injections left out.
        self.spans = told
        #: Its sentences that are injections.
        self.injections = tuple(paper.abstract[start:end] for start, end in injections)
        self._about = " ".join([*paper.authors, str(paper.year or ""), paper.venue or "", paper.doi or ""])

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The abstract's sentences, injections left out."""
        return tuple(self.abstract[start:end] for start, end in self.spans)

    @cached_property
    def terms(self) -> tuple[frozenset[str], ...]:
        """The terms of every sentence."""
        return tuple(terms(sentence) for sentence in self.sentences)

    @cached_property
    def title_terms(self) -> frozenset[str]:
        """The terms of the title."""
        return terms(self.title)

    @cached_property
    def all_terms(self) -> frozenset[str]:
        """The terms of title and abstract."""
        return self.title_terms.union(*self.terms)

    @cached_property
    def names(self) -> NameIndex:
        """The names of title, abstract, authors and venue."""
        return NameIndex([self.title, self._told, self._about])

    @cached_property
    def figures(self) -> FigureIndex:
        """The figures of title, abstract and bibliographic facts."""
        return FigureIndex([self.title, self._told, self._about])

    def is_only_injected(self, text: str) -> bool:
        """Return whether the abstract's injections have most of the terms of ``text``."""
        said = terms(text)
        return bool(said and self.injections) and len(said & self._injected_terms) >= _MOST * len(said)

    @cached_property
    def _injected_terms(self) -> frozenset[str]:
        return terms(" ".join(self.injections))

    @property
    def _told(self) -> str:
        return " ".join(self.sentences) if self.injections else self.abstract

    def verbatim_place(self, text: str) -> int | None:
        """Return the index of the sentence that ``text`` repeats word for word, or ``None``."""
        return find_verbatim(text, self.title, self._whole)

    @cached_property
    def _whole(self) -> Mapping[str, int]:
        return index_sentences(self.sentences)

    @cached_property
    def polarities(self) -> tuple[Polarity, ...]:
        """The polarity of every sentence."""
        return tuple(read_polarity(sentence) for sentence in self.sentences)


def terms(text: str) -> frozenset[str]:
    """Return the terms of a text: the stems of its content words, and its figures by value."""
    values = {f"#{figure.value.normalize():f}" for figure in figures(text) if not figure.loose}
    return frozenset(stems(text)) | values


def term_weights(sources: Sequence[SourceText]) -> Mapping[str, float]:
    """Return the inverse document frequency of every term over the sources' sentences: ln(1 + N / n)."""
    counts = Counter(term for source in sources for found in source.terms for term in found)
    documents = sum(len(source.spans) for source in sources)
    return {term: math.log(1 + documents / count) for term, count in counts.items()}
