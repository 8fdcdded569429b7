"""The sentences of an answer in normal form, table cells included, and the citations behind each."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rag.answering.citations.stream import Marker
from rag.answering.record.markdown import Element, leaves, read_markdown
from rag.language.sentences import Span, sentences

_ITEM = re.compile(r"(?:[-*+•]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]+")
_RULE = re.compile(r"(?:[-=*_|:][ \t]*){3,}\Z")
# A line shorter than this was not broken because it was full.
_FULL_LINE = 60
_BLANKS = re.compile(r"\s+")
_BLANK_BEFORE_STOP = re.compile(r"\s+(?=[.,;:!?)])")
# In the place of a sign that formats text.
_SIGN = "\0"


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence or a table cell of an answer.

    ``start`` to ``end`` is its place in the answer, its markers included; ``markers`` are those behind it, ``text`` is
    what it says without them and without formatting. ``block`` numbers paragraphs, list items and table rows. ``label``
    is what a table says about a cell elsewhere: the heads of its row and column.
    """

    text: str
    start: int
    end: int
    markers: tuple[Marker, ...]
    block: int
    label: str = ""
    is_heading: bool = False
    is_cell: bool = False

    @property
    def numbers(self) -> tuple[int, ...]:
        """The citation numbers behind it, in order of use."""
        return tuple(dict.fromkeys(marker.number for marker in self.markers))


def segments(answer: str) -> list[Segment]:
    """Return the sentences of ``answer`` in order. Code blocks, rules and the heads of tables have none."""
    elements = read_markdown(answer)
    shown = _shown(answer, elements)
    found: list[Segment] = []
    block = 0
    for element in _blocks(elements):
        if element.kind == "table":
            found += _table(element, shown, block)
            block += len(element.children)
            continue
        markers = _markers(element)
        for lines in _paragraphs(answer, element):
            inside = _within(markers, lines[0].start, lines[-1].end)
            found += _sentences(answer, shown, lines, inside, block, element.kind == "heading")
            block += 1
    return found


def _blocks(elements: Iterable[Element]) -> Iterator[Element]:
    """Iterate over paragraphs, headings and tables, also those in lists and quotations."""
    for element in elements:
        if element.kind in {"paragraph", "heading", "table"}:
            yield element
        else:
            yield from _blocks(element.children)


def _shown(answer: str, elements: Iterable[Element]) -> str:
    """Return ``answer`` with signs that format text replaced by :data:`_SIGN`, and all else that is no text, markers
    too, by blanks; the text keeps its offsets."""
    shown = [" "] * len(answer)
    for element in leaves(elements):
        for line in element.lines:
            shown[line.start : line.end] = _SIGN * (line.end - line.start)
        for fragment in element.fragments:
            is_text = fragment.citation is None
            shown[fragment.start : fragment.end] = fragment.text if is_text else " " * len(fragment.text)
    return "".join(shown)


def _markers(element: Element) -> list[Marker]:
    return [Marker(f.start, f.end, f.citation) for f in element.fragments if f.citation is not None]


def _within(markers: Sequence[Marker], start: int, end: int) -> Sequence[Marker]:
    first, last = (bisect_left(markers, place, key=lambda marker: marker.start) for place in (start, end))
    return markers[first:last]


def _paragraphs(answer: str, element: Element) -> Iterator[list[Span]]:
    """Split the lines of a paragraph before an item that Markdown does not know ("(a) ..."), at a rule, and after a
    line that was broken before it was full."""
    lines: list[Span] = []
    for start, end in element.lines:
        item = _ITEM.match(answer, start, end) if element.kind == "paragraph" else None
        is_rule = _RULE.match(answer[start:end]) is not None
        if lines and (item or is_rule or _ends_block(answer[slice(*lines[-1])])):
            yield lines
            lines = []
        if start < end and not is_rule:
            lines.append(Span(item.end() if item else start, end))
    if lines:
        yield lines


def _ends_block(line: str) -> bool:
    return len(line) < _FULL_LINE or line.endswith((":", "]"))


def _table(table: Element, shown: str, block: int) -> Iterator[Segment]:
    heads: list[str] = []
    for number, row in enumerate(table.children, block):
        cells = [
            Segment(
                _plain(shown, cell.start, cell.end), cell.start, cell.end, tuple(_markers(cell)), number, is_cell=True
            )
            for cell in row.children
        ]
        if not heads and not any(cell.markers for cell in cells):
            heads = [cell.text for cell in cells]
        else:
            yield from _row(cells, heads)


def _row(cells: Sequence[Segment], heads: Sequence[str]) -> Iterator[Segment]:
    """Return a row as one sentence if all its citations are the same, else its cited cells one by one."""
    cited = [cell for cell in cells if cell.markers]
    if len({cell.numbers for cell in cited}) <= 1:
        text = " ".join(cell.text for cell in cells if cell.text)
        markers = tuple(marker for cell in cited for marker in cell.markers)
        if text:
            yield replace(cells[0], text=text, end=cells[-1].end, markers=markers, label=" ".join(heads[1:]))
        return
    row_head = cells[0].text if not cells[0].markers else ""
    for column, cell in enumerate(cells):
        if cell.markers or (cell.text and column > 0):
            yield replace(cell, label=f"{row_head} {heads[column] if column < len(heads) else ''}".strip())


def _sentences(
    answer: str, shown: str, lines: Sequence[Span], markers: Sequence[Marker], block: int, is_heading: bool
) -> Iterator[Segment]:
    """Split a block into sentences. A marker belongs to the sentence it is in; between two sentences it belongs to the
    first one, unless the block opens with a marker: then every marker belongs to the sentence after it."""
    bare, places = _without_markers(answer, lines, markers)
    spans = sentences(bare)
    if not spans:
        return
    owned: list[list[Marker]] = [[] for _ in spans]
    leads = bool(markers) and not answer[lines[0].start : markers[0].start].strip(" \t*_>")
    for marker in markers:
        at = bisect_left(places, marker.start)
        owner = min(bisect_left(spans, at, key=lambda span: span.end), len(spans) - 1)
        between = at >= spans[owner].end or at <= spans[owner].start
        if between and leads and at >= spans[owner].end and owner + 1 < len(spans):
            owner += 1
        elif between and not leads and at <= spans[owner].start and owner > 0:
            owner -= 1
        owned[owner].append(marker)
    for span, own in zip(spans, owned, strict=True):
        first, last = places[span.start], places[span.end - 1] + 1
        first, last = min([first, *(m.start for m in own)]), max([last, *(m.end for m in own)])
        yield Segment(_plain(shown, first, last), first, last, tuple(own), block, is_heading=is_heading)


def _without_markers(answer: str, lines: Sequence[Span], markers: Sequence[Marker]) -> tuple[str, list[int]]:
    """Return lines without their markers and the blanks before those, and each character's offset in the answer."""
    places: list[int] = []
    for line in lines:
        at = line.start
        for marker in _within(markers, *line):
            places += range(at, at + len(answer[at : marker.start].rstrip(" \t")))
            at = marker.end
        # The line break too.
        places += range(at, line.end + 1)
    places = places[:-1]
    return "".join(answer[place] for place in places), places


def _plain(shown: str, start: int, end: int) -> str:
    """Return ``shown[start:end]`` on one line, without formatting."""
    return _BLANK_BEFORE_STOP.sub("", _BLANKS.sub(" ", shown[start:end].replace(_SIGN, ""))).strip()
