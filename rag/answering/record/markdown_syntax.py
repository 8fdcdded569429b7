"""The Markdown that answers may use, as rules for markdown-it: CommonMark, tables, and ``[n]`` as a citation.

Left out is what would act or hide text: HTML, links, images, entities, rules, indented code. A code span ends within
its line, as it does for those who look for citations. Every rule takes linear time, whatever the text.

Tables follow GitHub Flavored Markdown 0.29, section "Tables (extension)", with three deliberate differences, because a
model's text is drawn here and nothing of it may go missing: lines that open and close with a pipe are a table without a
delimiter row too; cells beyond the last head are kept; and a line that does not go on as the table began ends it.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, blockquote, fence, list_block
from markdown_it.rules_inline import StateInline, emphasis, escape

from rag.language.sentences import Span

Align = Literal["", "left", "center", "right"]

#: The signs of a table's delimiter row.
TABLE_SIGNS = frozenset("|:- \t")
# Lists and quotations within each other, two levels a list; what is deeper is text.
_DEEPEST = 24
_LONGEST_CODE_SPAN = 2_000
_LONGEST_EMPHASIS = 3
_TEXT = re.compile(r"(?:[^\n\\`*_\[]+|\[+(?!\d{1,3}\]))+")
_CITATION = re.compile(r"\[(\d{1,3})\]")
_TICKS = re.compile(r"`+")
_EMPHASIS = re.compile(r"\*+|_+")
# Other backslashes are part of the text: answers hold LaTeX.
_ESCAPABLE = frozenset("\\`*_|#>+-.")
# A comparison that opens a line is no quotation.
_COMPARISON = re.compile(r">[ \t]*[=≈~$]?[ \t]*\d")
_BAR = re.compile(r"(?<!\\)\|")
_ITEM_OR_HEADING = re.compile(r"(?:[-*+]|\d{1,9}[.)]|#{1,6})[ \t]")
_DELIMITER = re.compile(r"(:?)-+(:?)")
_ALIGNS: dict[tuple[bool, bool], Align] = {
    (False, False): "",
    (True, False): "left",
    (True, True): "center",
    (False, True): "right",
}


@cache
def parser() -> MarkdownIt:
    """The parser. Give it line feeds as line ends; ``env["numbers"]`` may hold the citation numbers there are.

    A cell's ``td_open`` has its alignment in ``meta["align"]``, its ``inline`` token the place in ``meta["place"]``.
    """
    markdown = MarkdownIt("zero", {"maxNesting": 4 * _DEEPEST})
    # What joins pieces of text would take quadratic time, and places in the text would be lost.
    markdown.disable(["normalize", "text_join", "fragments_join"])
    markdown.enable(["heading", "newline", "emphasis"])
    ends_paragraph: RuleOptionsType = {"alt": ["paragraph", "blockquote", "list"]}
    block, inline = markdown.block.ruler, markdown.inline.ruler
    block.at("fence", _fence, ends_paragraph)
    block.at("blockquote", _quotation, ends_paragraph)
    block.at("list", _list, {"alt": ["paragraph", "blockquote"]})
    block.at("table", _table, {"alt": ["paragraph"]})
    inline.at("text", _text)
    inline.at("escape", _escape)
    inline.at("backticks", _code_span)
    inline.at("emphasis", _emphasis)
    inline.before("emphasis", "citation", _citation)
    markdown.enable(["fence", "blockquote", "list", "table", "escape", "backticks", "citation"])
    return markdown


def _fence(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    return state.sCount[line] - state.blkIndent < 4 and fence(state, line, end, silent)


def _quotation(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    opens = _COMPARISON.match(state.src, state.bMarks[line] + state.tShift[line]) is None
    return opens and state.level < _DEEPEST and blockquote(state, line, end, silent)


def _list(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    return state.level < _DEEPEST and list_block(state, line, end, silent)


def _text(state: StateInline, silent: bool) -> bool:
    found = _TEXT.match(state.src, state.pos)
    return found is not None and _literal(state, found.end(), silent)


def _escape(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos + 1 : state.pos + 2] in _ESCAPABLE and escape(state, silent)


def _citation(state: StateInline, silent: bool) -> bool:
    found = _CITATION.match(state.src, state.pos)
    if found is None:
        return False
    numbers = state.env.get("numbers")
    if numbers is not None and int(found[1]) not in numbers:
        return _literal(state, found.end(), silent)
    if not silent:
        state.push("citation", "", 0).content = found.group()
    state.pos = found.end()
    return True


def _code_span(state: StateInline, silent: bool) -> bool:
    opening = _TICKS.match(state.src, state.pos)
    if opening is None:
        return False
    limit = min(len(state.src), opening.end() + _LONGEST_CODE_SPAN)
    line_end = state.src.find("\n", opening.end(), limit)
    limit = limit if line_end < 0 else line_end
    length = len(opening.group())
    # Up to where it is known that no run of this length follows.
    known = max(opening.end(), state.backticks.get(length, 0))
    for closing in _TICKS.finditer(state.src, known, limit):
        if len(closing.group()) == length:
            if not silent:
                token = state.push("code_inline", "code", 0)
                token.content, token.markup = state.src[opening.end() : closing.start()], opening.group()
            state.pos = closing.end()
            return True
    state.backticks[length] = max(known, limit)
    return _literal(state, opening.end(), silent)


def _emphasis(state: StateInline, silent: bool) -> bool:
    signs = _EMPHASIS.match(state.src, state.pos)
    if signs and len(signs.group()) > _LONGEST_EMPHASIS:
        return _literal(state, signs.end(), silent)
    return emphasis.tokenize(state, silent)


def _literal(state: StateInline, end: int, silent: bool) -> bool:
    """Read up to ``end`` as text."""
    if not silent:
        # A token of its own: what is pending grows by copies.
        state.push("text", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _table(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    line = _line(state, first)
    head = _cells(state.src, line)
    if not any(cell.start < cell.end for cell in head) or _aligns(state.src, head) or _opens_other(state.src, line):
        return False
    ruled = (
        _aligns(state.src, _cells(state.src, _line(state, first + 1))) if _is_inside(state, first + 1, end) else None
    )
    outer = state.src.startswith("|", line.start)
    closed = outer and head[-1].end < line.end and state.src[line.end - 1] == "|" and state.src[line.end - 2] != "\\"
    if not closed and (ruled is None or len(ruled) != len(head)):
        return False
    if silent:
        return True
    rows, below = [(first, head)], first + 1
    while _is_inside(state, below, end) and _goes_on(state.src, _line(state, below), outer):
        cells = _cells(state.src, _line(state, below))
        is_rule = (below == first + 1 and ruled is not None) or _is_rule(state.src, cells)
        if not is_rule and any(cell.start < cell.end for cell in cells):
            rows.append((below, cells))
        below += 1
    width = max(len(cells) for _, cells in rows)
    head += [Span(head[-1].end, head[-1].end)] * (width - len(head))
    state.push("table_open", "table", 1)
    for number, cells in rows:
        state.push("tr_open", "tr", 1)
        for column, cell in enumerate(cells):
            state.push("td_open", "td", 1).meta = {"align": ruled[column] if ruled and column < len(ruled) else ""}
            token = state.push("inline", "", 0)
            token.content, token.children = state.src[cell.start : cell.end], []
            token.map, token.meta = [number, number + 1], {"place": cell}
            state.push("td_close", "td", -1)
        state.push("tr_close", "tr", -1)
    state.push("table_close", "table", -1)
    state.line = below
    return True


def _line(state: StateBlock, number: int) -> Span:
    """A line within its list item or quotation, without the blanks around it."""
    start = state.bMarks[number] + state.tShift[number]
    return Span(start, start + len(state.src[start : state.eMarks[number]].rstrip()))


def _is_inside(state: StateBlock, number: int, end: int) -> bool:
    return number < end and state.sCount[number] >= state.blkIndent


def _opens_other(text: str, line: Span) -> bool:
    return _ITEM_OR_HEADING.match(text, line.start, line.end) is not None


def _goes_on(text: str, line: Span, outer: bool) -> bool:
    if outer:
        return text.startswith("|", line.start, line.end)
    return _BAR.search(text, *line) is not None and not _opens_other(text, line)


def _is_rule(text: str, cells: list[Span]) -> bool:
    """Return whether a row rules the table off once more; a single dash in a cell says that there is nothing to say."""
    return all("---" in text[c.start : c.end] and TABLE_SIGNS.issuperset(text[c.start : c.end]) for c in cells)


def _cells(text: str, line: Span) -> list[Span]:
    """The cells of a row, without the blanks around them; none if the line has no pipe."""
    bars = [match.start() for match in _BAR.finditer(text, *line)]
    if not bars:
        return []
    if bars[0] > line.start:
        bars.insert(0, line.start - 1)
    if len(bars) == 1 or bars[-1] < line.end - 1:
        bars.append(line.end)
    return [_stripped(text, left + 1, right) for left, right in pairwise(bars)]


def _stripped(text: str, start: int, end: int) -> Span:
    cell = text[start:end]
    first = start + len(cell) - len(cell.lstrip())
    return Span(first, first + len(cell.strip())) if cell.strip() else Span(start, start)


def _aligns(text: str, cells: list[Span]) -> list[Align] | None:
    """The alignment that a delimiter row gives to its columns; ``None`` if it is no delimiter row."""
    found = [_DELIMITER.fullmatch(text, *cell) for cell in cells]
    if not found or not all(found):
        return None
    return [_ALIGNS[bool(cell[1]), bool(cell[2])] for cell in found if cell]
