"""The text of an answer as safe markup: its Markdown, citations as links, and marks on the sentences in doubt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from markupsafe import Markup

from rag.answering.record import wording as says
from rag.answering.record.answer import Sentence
from rag.answering.record.markdown import Element, Fragment, leaves, read_markdown, settled
from rag.export.html import Drawing, blocks, styled
from ui.draw.html import el, join

Cite = Callable[[int, Sentence | None], Markup]


@dataclass(frozen=True, slots=True)
class Doubt:
    """How a sentence in doubt is shown: the class of its span and the words behind it."""

    css: str
    note: str


def render(
    text: str, cite: Cite, sentences: Sequence[Sentence] = (), *, ended: bool = True
) -> tuple[Markup, tuple[Sentence, ...]]:
    """Return the markup of ``text``, and the sentences in doubt that are not in it, to be shown apart.

    Args:
        text: an answer.
        cite: gives the markup of a citation number and of the sentence it belongs to, if that is known.
        sentences: those of the answer, in order, with their places.
        ended: if not, the last line is left out while it may become part of a table.
    """
    elements = read_markdown(text if ended else settled(text))
    drawing = _Drawing(text, elements, cite, sentences)
    return blocks(elements, drawing), drawing.lost


def doubt(sentence: Sentence) -> Doubt | None:
    """Return the mark on a sentence, or ``None`` if the checker has nothing against it."""
    note = says.doubt(sentence)
    return Doubt("unsupported" if sentence.support == "unsupported" else "weak", note) if note else None


class _Drawing(Drawing):
    """Draws text with marks on the sentences in doubt. ``lost`` are those that it does not have."""

    prefix = "cw-"

    def __init__(self, text: str, elements: Sequence[Element], cite: Cite, sentences: Sequence[Sentence]) -> None:
        self._cite = cite
        self._starts, self._sentences = [0], list[Sentence | None]([None])
        for sentence in sentences:
            if self._starts[-1] <= sentence.start < sentence.end <= len(text):
                self._starts += [sentence.start, sentence.end]
                self._sentences += [sentence, None]
        # Where the last element begins that has words of a sentence: its note belongs there.
        self._last = {
            index: element.start
            for element in leaves(elements)
            for index, fragment in self._cut(element)
            if fragment.citation is None and _has_words(fragment)
        }
        drawn = {id(self._sentences[index]) for index in self._last}
        self.lost = tuple(s for s in sentences if doubt(s) and id(s) not in drawn)

    def is_aside(self, paragraph: Element) -> bool:
        """Return whether no sentence of a paragraph claims anything: it is ours about the answer, or a model's about
        what follows."""
        said = [self._sentences[index] for index, fragment in self._cut(paragraph) if _has_words(fragment)]
        return bool(said) and all(s is not None and s.support == "none" and not s.citations for s in said)

    def inline(self, element: Element, row: Element | None = None) -> Markup:
        """Return the text of an element with its marks. A citation outside of every sentence belongs to the last one of
        its row that has its number."""
        behind = self._sentences_of(row) if row else []
        parts: list[Markup] = []
        for index, group in groupby(self._cut(element), key=lambda cut: cut[0]):
            fragments = [fragment for _, fragment in group]
            sentence = self._sentences[index]
            body = join(self._fragment(fragment, sentence, behind, in_cell=row is not None) for fragment in fragments)
            verdict = doubt(sentence) if sentence else None
            if verdict is None or not any(f.citation is None and _has_words(f) for f in fragments):
                parts.append(body)
                continue
            parts.append(el("span", body, class_=f"cw-sentence cw-{verdict.css}"))
            if self._last[index] == element.start:
                note = el("span", verdict.note, class_=f"cw-flag cw-{verdict.css}", role="note")
                parts += [Markup(" "), note, Markup(" ")]
        return join(parts)

    def _sentences_of(self, row: Element) -> list[Sentence]:
        first, last = bisect_right(self._starts, row.start) - 1, bisect_right(self._starts, row.end)
        return [sentence for sentence in self._sentences[first:last] if sentence]

    def _cut(self, element: Element) -> Iterator[tuple[int, Fragment]]:
        """Split the fragments of an element at the ends of sentences; yield each part with its sentence's index."""
        for fragment in element.fragments:
            first, last = bisect_right(self._starts, fragment.start), bisect_right(self._starts, fragment.end - 1)
            edges = [fragment.start, *self._starts[first:last], fragment.end]
            if fragment.citation is not None:
                edges = [fragment.start, fragment.end]
            for index, (start, end) in enumerate(pairwise(edges), first - 1):
                if start < end:
                    text = fragment.text[start - fragment.start : end - fragment.start]
                    yield index, fragment._replace(start=start, text=text)

    def _fragment(
        self, fragment: Fragment, sentence: Sentence | None, behind: Sequence[Sentence], *, in_cell: bool
    ) -> Markup:
        number = fragment.citation
        if number is not None:
            own = sentence if sentence and any(map(str.isalnum, sentence.text)) else None
            return self._cite(number, own or next((s for s in reversed(behind) if number in s.citations), None))
        return styled(fragment, in_cell=in_cell)


def _has_words(fragment: Fragment) -> bool:
    return any(map(str.isalnum, fragment.text))
