"""Cuts an answer in normal form into sentences, table cells included, and tells which citations stand behind each."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.answering.citations.code import without_fences
from rag.answering.citations.stream import Marker, find_markers
from rag.answering.record.blocks import HEADING, bars
from rag.language.sentences import sentences

_BULLET = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*(?:(?:[-*+•]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]+)?")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*\Z")
_RULE = re.compile(r"[ \t]*(?:[-=*_|:][ \t]*){3,}\Z")
# A line shorter than this was not broken because it was full.
_FULL_LINE = 60
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|`+")
_BLANKS = re.compile(r"\s+")
_BLANK_BEFORE_STOP = re.compile(r"\s+(?=[.,;:!?)])")
_STOPS = (".", "!", "?", "…", "。")


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence or a table cell of an answer.

    ``start`` to ``end`` is its place in the answer, its markers included; ``markers`` are those behind it, ``text`` is
    what it says without them. ``block`` numbers paragraphs, list items and table rows. ``label`` is what a table says
    about a cell elsewhere: the heads of its row and column.
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
    """The sentences of ``answer`` in order; code blocks, rules and table heads hold none."""
    markers = find_markers(answer)
    visible = without_fences(answer)
    found: list[Segment] = []
    heads: list[str] = []
    for number, (start, end) in enumerate(_blocks(visible)):
        inside = [m for m in markers if start <= m.start < end]
        if _ROW.match(visible, start, end):
            cells = _cells(answer, start, end, inside)
            if not heads and not inside:
                heads = [cell.text for cell in cells]
            else:
                found += _row(cells, heads, number)
            continue
        heads = []
        heading = HEADING.match(visible, start, end)
        found += _sentences(answer, heading.end() if heading else start, end, inside, number, heading is not None)
    return found


def _blocks(visible: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, list items without their bullets, table rows."""
    start = end = -1
    at = 0
    for line in visible.split("\n"):
        line_start, line_end = at, at + len(line)
        at = line_end + 1
        bullet = _BULLET.match(line)
        prefix = bullet.end() if bullet else 0
        indent = len(line) - len(line.lstrip())
        whole = _ROW.match(line) is not None or HEADING.match(line) is not None
        empty = not line.strip() or _RULE.match(line) is not None
        if start >= 0 and (empty or whole or prefix > indent or _ends_block(visible[start:end])):
            yield start, end
            start = -1
        if empty:
            continue
        start = (line_start + (0 if whole else prefix)) if start < 0 else start
        end = line_end
        if whole:
            yield start, end
            start = -1
    if start >= 0:
        yield start, end


def _ends_block(block: str) -> bool:
    """Whether what follows on the next line is another block: the last line was left, not full."""
    line = block.rpartition("\n")[2].rstrip()
    return len(line) < _FULL_LINE or line.endswith((":", "]"))


def _cells(answer: str, start: int, end: int, markers: Sequence[Marker]) -> list[Segment]:
    cells: list[Segment] = []
    for left, right in pairwise(bars(answer, start, end)):
        inside = tuple(m for m in markers if left < m.start < right)
        text = _plain(answer, left + 1, right, inside)
        cells.append(Segment(text, left + 1, right, inside, 0, is_cell=True))
    return cells


def _row(cells: Sequence[Segment], heads: Sequence[str], block: int) -> list[Segment]:
    """A row as one sentence where one set of citations stands behind it, else its cited cells one by one."""
    cited = [cell for cell in cells if cell.markers]
    if len({cell.numbers for cell in cited}) <= 1:
        text = " ".join(cell.text for cell in cells if cell.text)
        markers = tuple(marker for cell in cited for marker in cell.markers)
        label = " ".join(heads[1:])
        return [Segment(text, cells[0].start, cells[-1].end, markers, block, label, is_cell=True)] if text else []
    row_head = cells[0].text if not cells[0].markers else ""
    found = []
    for column, cell in enumerate(cells):
        if cell.markers or (cell.text and column > 0):
            label = f"{row_head} {heads[column] if column < len(heads) else ''}".strip()
            found.append(Segment(cell.text, cell.start, cell.end, cell.markers, block, label, is_cell=True))
    return found


def _sentences(
    answer: str, start: int, end: int, markers: Sequence[Marker], block: int, is_heading: bool
) -> list[Segment]:
    """The sentences of one block. A marker belongs to the sentence it stands in; between two sentences it belongs to
    the one before it, unless the block opens with a marker: then every marker leads its sentence."""
    bare, places = _without_markers(answer, start, end, markers)
    spans = sentences(bare)
    if not spans:
        return []
    owned: list[list[Marker]] = [[] for _ in spans]
    leads = bool(markers) and not answer[start : markers[0].start].strip(" \t*_>")
    for marker in markers:
        at = bisect_left(places, marker.start)
        owner = next((i for i, span in enumerate(spans) if at <= span.end), len(spans) - 1)
        between = at >= spans[owner].end or at <= spans[owner].start
        if between and leads and at >= spans[owner].end and owner + 1 < len(spans):
            owner += 1
        elif between and not leads and at <= spans[owner].start and owner > 0:
            owner -= 1
        owned[owner].append(marker)
    found: list[Segment] = []
    for span, own in zip(spans, owned, strict=True):
        first, last = places[span.start], places[span.end - 1] + 1
        first, last = min([first, *(m.start for m in own)]), max([last, *(m.end for m in own)])
        text = _plain(answer, first, last, markers)
        found.append(Segment(text, first, last, tuple(own), block, is_heading=is_heading))
    return found


def _without_markers(answer: str, start: int, end: int, markers: Sequence[Marker]) -> tuple[str, list[int]]:
    """A stretch without its markers and the blanks before them, and where each character stands in the answer."""
    places: list[int] = []
    at = start
    for marker in [*markers, None]:
        stop = marker.start if marker else end
        part = answer[at:stop]
        places += range(at, at + len(part.rstrip(" \t") if marker else part))
        at = marker.end if marker else end
    return "".join(answer[place] for place in places), places


def _plain(answer: str, start: int, end: int, markers: Sequence[Marker]) -> str:
    """A stretch as it reads: without markers, emphasis and line breaks."""
    out, at = [], start
    for marker in (m for m in markers if start <= m.start < end):
        out.append(answer[at : marker.start])
        at = marker.end
    text = _EMPHASIS.sub("", " ".join([*out, answer[at:end]]))
    return _BLANK_BEFORE_STOP.sub("", _BLANKS.sub(" ", text)).strip()
