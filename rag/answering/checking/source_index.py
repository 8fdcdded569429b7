"""A source as the checker reads it: its sentences, words, figures, names and polarities, each worked out once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from rag.answering.checking.rules.figures import FigureIndex, figures
from rag.answering.checking.rules.polarity import Reading, read_polarity
from rag.answering.checking.rules.verbatim import repeated, whole_sentences
from rag.answering.checking.words import stems
from rag.injection import sorted_out
from rag.language.names import NameIndex
from rag.retrieval.evidence import Evidence

#: Share of what a sentence says from which it comes from the orders that hold it.
_MOST = 0.6


class SourceText:
    """Reads one source of an answer. Authors, year and venue stand in the prompt beside the abstract, so an answer may
    repeat them. Sentences that give orders to whoever answers are no evidence for what they order to say."""

    def __init__(self, evidence: Evidence) -> None:
        paper = evidence.paper
        self.title = paper.title
        self.abstract = paper.abstract
        told, orders = sorted_out(paper.abstract)
        #: Half-open ranges of the abstract's sentences that tell findings.
        self.spans = told
        #: Its sentences that are orders, see :func:`rag.injection.is_order`.
        self.orders = tuple(paper.abstract[start:end] for start, end in orders)
        self._about = " ".join([*paper.authors, str(paper.year or ""), paper.venue or "", paper.doi or ""])

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The abstract's sentences, orders left out."""
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

    def orders_say(self, text: str) -> bool:
        """Whether most of what ``text`` says stands in the abstract's orders."""
        said = terms(text)
        return bool(said and self.orders) and len(said & self._order_terms) >= _MOST * len(said)

    @cached_property
    def _order_terms(self) -> frozenset[str]:
        return terms(" ".join(self.orders))

    @property
    def _told(self) -> str:
        return " ".join(self.sentences) if self.orders else self.abstract

    def repeats(self, text: str) -> int | None:
        """The place of the sentence that ``text`` is, word for word."""
        return repeated(text, self.title, self._whole)

    @cached_property
    def _whole(self) -> Mapping[str, int]:
        return whole_sentences(self.sentences)

    @cached_property
    def polarities(self) -> tuple[Reading, ...]:
        """The polarity of every sentence's words."""
        return tuple(read_polarity(sentence) for sentence in self.sentences)


def terms(text: str) -> frozenset[str]:
    """What a text is made of, for comparison: the stems of its content words, and its figures by their value."""
    values = {f"#{figure.value.normalize():f}" for figure in figures(text) if not figure.loose}
    return frozenset(stems(text)) | values


def term_weights(sources: Sequence[SourceText]) -> Mapping[str, float]:
    """Inverse document frequency of every term over the sources' sentences: ln(1 + N / n)."""
    counts = Counter(term for source in sources for found in source.terms for term in found)
    documents = sum(len(source.spans) for source in sources)
    return {term: math.log(1 + documents / count) for term, count in counts.items()}
