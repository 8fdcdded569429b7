"""Turns the text of an answer into safe markup: paragraphs, lists, tables, emphasis and code, citations as links, and
the sentences the checker doubts marked. No other formatting exists, and no HTML passes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from markupsafe import Markup

from rag.answering.record import wording as says
from rag.answering.record.answer import Sentence
from rag.answering.record.blocks import Block, blocks, unescaped
from rag.answering.record.inline import Atom, atoms
from rag.language.sentences import Span
from ui.draw.html import el, join

_MARKER = re.compile(r"\s?\[\d{1,3}\]")
_OPENING = "\"'“‘«([*`"

Cite = Callable[[int, Sentence | None], Markup]


@dataclass(frozen=True, slots=True)
class Doubt:
    """How a doubted sentence is shown: the class of its span and the words behind it."""

    css: str
    note: str


def render(
    text: str, cite: Cite, sentences: Sequence[Sentence] = (), *, ended: bool = True
) -> tuple[Markup, tuple[Sentence, ...]]:
    """The markup of ``text``, and those doubted sentences that could not be found in it (to be shown apart).

    ``cite`` gives the markup of a citation number and the sentence it stands behind, where that is known. A text that
    has not ``ended`` is drawn as far as it can be told what its last line becomes.
    """
    laid = list(blocks(text, ended=ended))
    drawing = _Drawing(text, laid, cite, sentences)
    parts: list[Markup] = []
    for kind, group in groupby(laid, key=lambda block: "aside" if drawing.is_aside(block) else block.kind):
        if kind in {"ul", "ol"}:
            parts.append(el(kind, [el("li", drawing.run(block)) for block in group]))
        elif kind == "table":
            parts.extend(drawing.table(block) for block in group)
        elif kind == "h":
            parts.extend(el("p", el("strong", drawing.run(block))) for block in group)
        else:
            css = "cw-aside" if kind == "aside" else None
            parts.extend(el("p", drawing.run(block), class_=css) for block in group)
    return join(parts), drawing.lost


def inline(text: str) -> Markup:
    """The markup of a sentence that stands alone: emphasis and code, no citations."""
    return join(_atom(atom, lambda number, _: join([f"[{number}]"]), None) for atom in atoms(text, 0, len(text)))


def doubt(sentence: Sentence) -> Doubt | None:
    """What the reader is told about a sentence, or ``None`` where the checker has nothing against it."""
    note = says.doubt(sentence)
    return Doubt("unsupported" if sentence.support == "unsupported" else "weak", note) if note else None


class _Drawing:
    """An answer's text with the places of its sentences. ``lost`` are the doubted ones that it does not hold."""

    def __init__(self, text: str, laid: Sequence[Block], cite: Cite, sentences: Sequence[Sentence]) -> None:
        self._text, self._cite = text, cite
        rows = [row for block in laid for row in block.rows]
        # A sentence ends in the last of these that holds some of it: that is where its note belongs.
        self._opens = sorted(
            [*(block.start for block in laid if not block.rows), *(cell.start for row in rows for cell in row)]
        )
        self._starts, self._found, self.lost = _locate(text, sentences, [cell for row in rows for cell in row])

    def is_aside(self, block: Block) -> bool:
        """Whether all a paragraph says claims nothing: ours about the answer, or a model's about what follows."""
        if block.kind != "p":
            return False
        first = bisect_right(self._starts, block.start) - 1
        last = bisect_right(self._starts, block.end - 1)
        edges = [block.start, *self._starts[first + 1 : last], block.end]
        said = [
            self._found[first + i]
            for i, (a, b) in enumerate(pairwise(edges))
            if any(c.isalnum() for c in self._text[a:b])
        ]
        return bool(said) and all(s is not None and s.support == "none" and not s.citations for s in said)

    def table(self, block: Block) -> Markup:
        """A table in a frame of its own, which scrolls where the page is narrower. Rows may be shorter than the head:
        what they lack stays empty."""
        head, *rest = [
            [
                # A head without a word names nothing.
                el("th" if at == 0 and markup else "td", markup, class_=_css(align), scope=_scope(at, markup))
                for markup, align in zip(self._cells(row), block.aligns, strict=False)
            ]
            for at, row in enumerate(block.rows)
        ]
        body = el("tbody", [el("tr", row) for row in rest]) if rest else None
        return el("div", el("table", el("thead", el("tr", head)), body), class_="cw-table")

    def run(self, place: Block | Span, behind: Sequence[Sentence] = (), *, is_cell: bool = False) -> Markup:
        """The markup of a stretch: its sentences, those in doubt marked. A citation that stands apart from any
        sentence belongs to the last one of ``behind`` that has its number."""
        pieces = [piece for atom in atoms(self._text, place.start, place.end) for piece in _cut(atom, self._starts)]
        opened = bisect_right(self._opens, place.start)
        following = self._opens[opened] if opened < len(self._opens) else len(self._text)
        parts: list[Markup] = []
        for index, group in groupby(pieces, key=lambda atom: bisect_right(self._starts, atom.start) - 1):
            sentence = self._found[index]
            body = join(_atom(atom, self._cite, sentence, behind, is_cell=is_cell) for atom in group)
            verdict = doubt(sentence) if sentence else None
            if verdict is None:
                parts.append(body)
                continue
            parts.append(el("span", body, class_=f"cw-sentence cw-{verdict.css}"))
            if index + 1 >= len(self._starts) or self._starts[index + 1] <= following:
                note = el("span", verdict.note, class_=f"cw-flag cw-{verdict.css}", role="note")
                parts += [Markup(" "), note, Markup(" ")]
        return join(parts)

    def _cells(self, row: Sequence[Span]) -> Iterator[Markup]:
        first, last = bisect_right(self._starts, row[0].start) - 1, bisect_right(self._starts, row[-1].end)
        behind = [sentence for sentence in self._found[first:last] if sentence]
        return (self.run(cell, behind, is_cell=True) for cell in row)


def _css(align: str) -> str | None:
    return f"cw-{align}" if align in {"center", "right"} else None


def _scope(row: int, markup: Markup) -> str | None:
    return "col" if row == 0 and markup else None


def _locate(
    text: str, sentences: Sequence[Sentence], cells: Sequence[Span]
) -> tuple[list[int], list[Sentence | None], tuple[Sentence, ...]]:
    """Where the stretches of ``text`` start, which sentence each is (``None``: none), and what was not found.

    Letters and digits alone are compared: sentences come without markers, and blanks and emphasis may differ.
    """
    offsets: list[int] = []
    at = 0
    for marker in _MARKER.finditer(text):
        offsets += [i for i in range(at, marker.start()) if text[i].isalnum()]
        at = marker.end()
    offsets += [i for i in range(at, len(text)) if text[i].isalnum()]
    bare = "".join(text[i] for i in offsets)
    starts, found, lost = [0], list[Sentence | None]([None]), []
    cursor = 0
    for sentence in sentences:
        letters = "".join(c for c in sentence.text if c.isalnum())
        begin = bare.find(letters, cursor) if letters else -1
        if begin < 0:
            if doubt(sentence):
                lost.append(sentence)
            continue
        cursor = begin + len(letters)
        start = offsets[begin]
        while start > starts[-1] and text[start - 1] in _OPENING:
            start -= 1
        last = offsets[cursor - 1]
        within = bisect_right(cells, last, key=lambda cell: cell.start) - 1
        in_cell = within >= 0 and last < cells[within].end
        starts += [start, _end(text, last + 1, cells[within].end if in_cell else len(text))]
        found += [sentence, None]
    return starts, found, tuple(lost)


def _end(text: str, at: int, limit: int) -> int:
    """Where a sentence ends whose last letter stands before ``at``: behind its stop and its citations."""
    while at < limit:
        if marker := _MARKER.match(text, at, limit):
            at = marker.end()
        elif text[at].isalnum() or text[at] == "\n" or (text[at] in _OPENING and text[at - 1].isspace()):
            break
        else:
            at += 1
    return at


def _cut(atom: Atom, starts: list[int]) -> Iterator[Atom]:
    """The atom in pieces, so that none belongs to two sentences."""
    if atom.citation is not None:
        yield atom
        return
    end = atom.start + len(atom.content)
    inner = [s for s in starts[bisect_right(starts, atom.start) :] if s < end]
    edges = [atom.start, *inner, end]
    for begin, stop in pairwise(edges):
        yield Atom(begin, atom.content[begin - atom.start : stop - atom.start], atom.style)


def _atom(
    atom: Atom, cite: Cite, sentence: Sentence | None, behind: Sequence[Sentence] = (), *, is_cell: bool = False
) -> Markup:
    if atom.citation is not None:
        return cite(atom.citation, sentence or _last_citing(atom.citation, behind))
    content = unescaped(atom.content) if is_cell else atom.content
    return el(atom.style, content) if atom.style else join([content])


def _last_citing(number: int, sentences: Iterable[Sentence]) -> Sentence | None:
    return next((s for s in reversed(list(sentences)) if number in s.citations), None)
