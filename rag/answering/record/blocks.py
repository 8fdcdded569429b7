"""Reads the Markdown that answers are written in (paragraphs, headings, lists, tables) as places in the text.

Tables follow GitHub Flavored Markdown 0.29, section "Tables (extension)", with three deliberate differences, because a
model's text is drawn here and nothing of it may go missing: lines that open and close with a pipe are a table without a
delimiter row too; cells beyond the last head are kept; and a line that does not go on as the table began ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from rag.language.sentences import Span

Kind = Literal["p", "h", "ul", "ol", "table"]
Align = Literal["", "left", "center", "right"]

_ITEM = re.compile(r"[ \t]{0,8}(?:(?P<bullet>[-*•])|(?P<number>\d{1,3})[.)])[ \t]+")
#: The signs that open a heading.
HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+")
_BAR = re.compile(r"(?<!\\)\|")
_DELIMITER = re.compile(r"(:?)-+(:?)")
_SIGNS = frozenset("|:- \t")
_ALIGNS: dict[tuple[bool, bool], Align] = {
    (False, False): "",
    (True, False): "left",
    (True, True): "center",
    (False, True): "right",
}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading, one list item or a whole table: ``text[start:end]`` without the signs that open it.

    A table has ``rows`` of cells (places in the text, empty ones too, blanks around them left out). The first row is
    its head and is as long as the longest; other rows may be shorter. ``aligns`` has one entry a column.
    """

    kind: Kind
    start: int
    end: int
    rows: tuple[tuple[Span, ...], ...] = ()
    aligns: tuple[Align, ...] = ()


def blocks(text: str, *, ended: bool = True) -> Iterator[Block]:
    """The blocks of ``text`` in order. Where the text has not ``ended``, its last line is left out as long as it may
    still turn into part of a table that cannot be told yet: a head, a delimiter row, a row without a word."""
    lines = list(_lines(text))
    grows = len(lines) - 1 if lines and not ended and text[-1] not in "\r\n" else len(lines)
    open_block: Block | None = None
    at = 0
    while at < len(lines):
        start, end = lines[at]
        if at == grows and _may_be_of_table(text, lines):
            break
        item, heading = _ITEM.match(text, start, end), HEADING.match(text, start, end)
        table = None if item or heading else _table(text, lines, at, grows)
        if open_block and (table or item or heading or start == end):
            yield open_block
            open_block = None
        if table:
            yield table
            at += _height(lines, at, table)
            continue
        if item:
            open_block = Block("ul" if item["bullet"] else "ol", item.end(), end)
        elif heading:
            yield Block("h", heading.end(), end)
        elif start < end:
            open_block = Block(open_block.kind, open_block.start, end) if open_block else Block("p", start, end)
        at += 1
    if open_block:
        yield open_block


def bars(text: str, start: int, end: int) -> list[int]:
    """Where pipes that part cells stand in ``text[start:end]``: those without a backslash before them."""
    return [match.start() for match in _BAR.finditer(text, start, end)]


def unescaped(cell: str) -> str:
    """What a piece of a cell shows: a pipe that its backslash keeps from parting cells, in code as well."""
    return cell.replace("\\|", "|")


def _lines(text: str) -> Iterator[Span]:
    """The lines without the blanks at their ends; a line of blanks is empty."""
    at = 0
    for line in text.splitlines(keepends=True):
        yield Span(at, at + len(line.rstrip()))
        at += len(line)


def _table(text: str, lines: Sequence[Span], at: int, grows: int) -> Block | None:
    """The table whose head is the line ``at``, if it is one."""
    head, outer = _cells(text, lines[at]), _is_outer(text, lines[at])
    if not any(cell.start < cell.end for cell in head) or _aligns(text, lines[at]):
        return None
    ruled = _aligns(text, lines[at + 1]) if at + 1 < min(len(lines), grows) else None
    closed = outer and bars(text, *lines[at])[-1] == lines[at].end - 1
    if not closed and (ruled is None or len(ruled) != len(head)):
        return None
    rows, end = [head], lines[at].end
    for below in range(at + 1, len(lines)):
        line = lines[below]
        if not _goes_on(text, line, outer=outer) or (below == grows and _is_signs(text, line)):
            break
        end = line.end
        cells = _cells(text, line)
        is_rule = below == at + 1 and ruled is not None
        if not is_rule and not _is_rule(text, line, cells) and any(cell.start < cell.end for cell in cells):
            rows.append(cells)
    width = max(map(len, rows))
    rows[0] = [*head, *[Span(head[-1].end, head[-1].end)] * (width - len(head))]
    aligns: list[Align] = [*(ruled or ()), *[_ALIGNS[False, False]] * width]
    return Block("table", head[0].start, end, tuple(map(tuple, rows)), tuple(aligns[:width]))


def _height(lines: Sequence[Span], at: int, table: Block) -> int:
    """How many lines a table takes."""
    height = 1
    while at + height < len(lines) and lines[at + height].end <= table.end:
        height += 1
    return height


def _goes_on(text: str, line: Span, *, outer: bool) -> bool:
    if outer:
        return _is_outer(text, line)
    return bool(bars(text, *line)) and not _ITEM.match(text, *line) and not HEADING.match(text, *line)


def _is_outer(text: str, line: Span) -> bool:
    return text[line.start : line.end].lstrip()[:1] == "|"


def _is_signs(text: str, line: Span) -> bool:
    return _SIGNS.issuperset(text[line.start : line.end])


def _is_rule(text: str, line: Span, cells: Sequence[Span]) -> bool:
    """Whether a row rules the table off once more; a single dash in a cell says that there is nothing to say."""
    return _is_signs(text, line) and all("---" in text[cell.start : cell.end] for cell in cells)


def _may_be_of_table(text: str, lines: Sequence[Span]) -> bool:
    """Whether the last line, which still grows, may become part of a table though it is not one yet."""
    last = lines[-1]
    after_row = len(lines) > 1 and bool(bars(text, *lines[-2]))
    return _is_outer(text, last) or (after_row and last.start < last.end and _is_signs(text, last))


def _cells(text: str, line: Span) -> list[Span]:
    """The cells of a row, without the blanks around them; none where the line has no pipe."""
    edges = bars(text, *line)
    if not edges:
        return []
    start = line.end - len(text[line.start : line.end].lstrip())
    if edges[0] > start:
        edges.insert(0, start - 1)
    if len(edges) == 1 or edges[-1] < line.end - 1:
        edges.append(line.end)
    return [_stripped(text, left + 1, right) for left, right in pairwise(edges)]


def _stripped(text: str, start: int, end: int) -> Span:
    cell = text[start:end]
    first = start + len(cell) - len(cell.lstrip())
    return Span(first, first + len(cell.strip())) if cell.strip() else Span(start, start)


def _aligns(text: str, line: Span) -> list[Align] | None:
    """What a delimiter row says about its columns; ``None`` where the line is none."""
    cells = [_DELIMITER.fullmatch(text, *cell) for cell in _cells(text, line)]
    if not cells or not all(cells):
        return None
    return [_ALIGNS[bool(cell[1]), bool(cell[2])] for cell in cells if cell]
