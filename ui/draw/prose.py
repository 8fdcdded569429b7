"""The text of an answer as safe markup: its Markdown, citations as links, and marks on the sentences in doubt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from markupsafe import Markup

from rag.answering.record import wording as says
from rag.answering.record.answer import Sentence
from rag.answering.record.markdown import Element, Fragment, read_markdown, settled, unescaped
from ui.draw.html import el, join

# A line feed would end the block for the Markdown parser behind the chat.
_LINE_FEED = Markup("&#10;")

Cite = Callable[[int, Sentence | None], Markup]


@dataclass(frozen=True, slots=True)
class Doubt:
    """How a sentence in doubt is shown: the class of its span and the words behind it."""

    css: str
    note: str


def render(
    text: str, cite: Cite, sentences: Sequence[Sentence] = (), *, ended: bool = True
) -> tuple[Markup, tuple[Sentence, ...]]:
    """The markup of ``text``, and the sentences in doubt that have no place in it, to be shown apart.

    ``cite`` gives the markup of a citation number and of the sentence it belongs to, if that is known. A text that has
    not ``ended`` is drawn as far as it is clear what its last line becomes.
    """
    elements = read_markdown(text if ended else settled(text))
    drawing = _Drawing(text, elements, cite, sentences)
    return join(drawing.blocks(elements)), drawing.lost


def doubt(sentence: Sentence) -> Doubt | None:
    """What the reader is told about a sentence, or ``None`` if the checker has nothing against it."""
    note = says.doubt(sentence)
    return Doubt("unsupported" if sentence.support == "unsupported" else "weak", note) if note else None


class _Drawing:
    """An answer's text cut at the ends of its sentences. ``lost`` are those in doubt that have no place in it."""

    def __init__(self, text: str, elements: Sequence[Element], cite: Cite, sentences: Sequence[Sentence]) -> None:
        self._cite = cite
        self._starts, self._sentences = [0], list[Sentence | None]([None])
        for sentence in sentences:
            if self._starts[-1] <= sentence.start < sentence.end <= len(text):
                self._starts += [sentence.start, sentence.end]
                self._sentences += [sentence, None]
        # The last element that holds words of a sentence: that is where its note belongs.
        self._last = {
            index: element.start
            for element in _with_text(elements)
            for index, fragment in self._cut(element)
            if fragment.citation is None and _has_words(fragment)
        }
        drawn = {id(self._sentences[index]) for index in self._last}
        self.lost = tuple(s for s in sentences if doubt(s) and id(s) not in drawn)

    def blocks(self, elements: Iterable[Element], *, in_item: bool = False) -> Iterator[Markup]:
        """The markup of each element; the text that opens an item is no paragraph of its own."""
        for place, element in enumerate(elements):
            if element.kind == "paragraph" and in_item and place == 0:
                yield self._text(element)
            elif element.kind == "paragraph":
                yield el("p", self._text(element), class_="cw-aside" if self._is_aside(element) else None)
            elif element.kind == "heading":
                yield el("p", el("strong", self._text(element))) if element.fragments else Markup("")
            elif element.kind == "code":
                yield _code(element)
            elif element.kind == "quote":
                yield el("blockquote", self.blocks(element.children))
            elif element.kind == "table":
                yield self._table(element)
            else:
                items = [el("li", self.blocks(item.children, in_item=True)) for item in element.children]
                first = element.first_number if element.first_number != 1 else None
                yield el("ol" if element.kind == "numbers" else "ul", items, start=first)

    def _table(self, table: Element) -> Markup:
        """A table in a frame of its own, which scrolls if the page is narrower. Rows may be shorter than the head:
        what they lack stays empty."""
        head, *rest = [
            [
                # A head without a word names nothing.
                el("th" if scope else "td", self._text(cell, self._behind(row)), class_=_css(cell.align), scope=scope)
                for cell in row.children
                for scope in ["col" if number == 0 and cell.fragments else None]
            ]
            for number, row in enumerate(table.children)
        ]
        body = el("tbody", [el("tr", row) for row in rest]) if rest else None
        return el("div", el("table", el("thead", el("tr", head)), body), class_="cw-table")

    def _behind(self, row: Element) -> list[Sentence]:
        first, last = bisect_right(self._starts, row.start) - 1, bisect_right(self._starts, row.end)
        return [sentence for sentence in self._sentences[first:last] if sentence]

    def _is_aside(self, paragraph: Element) -> bool:
        """Return whether no sentence of a paragraph claims anything: it is ours about the answer, or a model's about
        what follows."""
        said = [self._sentences[index] for index, fragment in self._cut(paragraph) if _has_words(fragment)]
        return bool(said) and all(s is not None and s.support == "none" and not s.citations for s in said)

    def _text(self, element: Element, behind: Sequence[Sentence] = ()) -> Markup:
        """The text of an element, sentences in doubt marked. A citation apart from any sentence belongs to the last one
        of ``behind`` that has its number."""
        parts: list[Markup] = []
        for index, group in groupby(self._cut(element), key=lambda cut: cut[0]):
            fragments = [fragment for _, fragment in group]
            sentence = self._sentences[index]
            body = join(self._fragment(fragment, sentence, behind, element.kind) for fragment in fragments)
            verdict = doubt(sentence) if sentence else None
            if verdict is None or not any(f.citation is None and _has_words(f) for f in fragments):
                parts.append(body)
                continue
            parts.append(el("span", body, class_=f"cw-sentence cw-{verdict.css}"))
            if self._last[index] == element.start:
                note = el("span", verdict.note, class_=f"cw-flag cw-{verdict.css}", role="note")
                parts += [Markup(" "), note, Markup(" ")]
        return join(parts)

    def _cut(self, element: Element) -> Iterator[tuple[int, Fragment]]:
        """The fragments of an element in pieces that belong to one sentence each, with its index."""
        for fragment in element.fragments:
            first, last = bisect_right(self._starts, fragment.start), bisect_right(self._starts, fragment.end - 1)
            edges = [fragment.start, *self._starts[first:last], fragment.end]
            if fragment.citation is not None:
                edges = [fragment.start, fragment.end]
            for index, (start, end) in enumerate(pairwise(edges), first - 1):
                if start < end:
                    text = fragment.text[start - fragment.start : end - fragment.start]
                    yield index, fragment._replace(start=start, text=text)

    def _fragment(self, fragment: Fragment, sentence: Sentence | None, behind: Sequence[Sentence], kind: str) -> Markup:
        number = fragment.citation
        if number is not None:
            own = sentence if sentence and any(map(str.isalnum, sentence.text)) else None
            return self._cite(number, own or next((s for s in reversed(behind) if number in s.citations), None))
        text = unescaped(fragment.text) if kind == "cell" and fragment.style == "code" else fragment.text
        return el(fragment.style, text) if fragment.style else join([text])


def _with_text(elements: Iterable[Element]) -> Iterator[Element]:
    for element in elements:
        yield from [element] if element.lines else _with_text(element.children)


def _has_words(fragment: Fragment) -> bool:
    return any(map(str.isalnum, fragment.text))


def _code(element: Element) -> Markup:
    lines = [line.expandtabs(4) for line in element.code.split("\n")]
    language = [el("em", element.language), _LINE_FEED] if element.language else []
    return el("pre", language, el("code", join(lines, _LINE_FEED)))


def _css(align: str) -> str | None:
    return f"cw-{align}" if align in {"center", "right"} else None
