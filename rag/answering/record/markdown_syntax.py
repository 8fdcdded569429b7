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

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, blockquote, fence, list_block
from markdown_it.rules_inline import StateInline, escape

from rag.language.sentences import Span

#: The signs of a table's delimiter row.
TABLE_SIGNS = frozenset("|:- \t")
# Lists and quotations within each other, two levels a list; what is deeper is text.
_DEEPEST = 24
_LONGEST_CODE_SPAN = 2_000
# A longer run of emphasis signs means nothing to a reader.
_TEXT = re.compile(r"(?:[^\n\\`*_\[]+|\[+(?!\d{1,3}\])|\*{4,}|_{4,})+")
_CITATION = re.compile(r"\[(\d{1,3})\]")
_TICKS = re.compile(r"`+")
# Other backslashes are part of the text: answers hold LaTeX.
_ESCAPABLE = frozenset("\\`*_|#>+-.")
# A comparison that opens a line is no quotation.
_COMPARISON = re.compile(r">[ \t]*[=≈~$]?[ \t]*\d")
_BAR = re.compile(r"(?<!\\)\|")
_ITEM_OR_HEADING = re.compile(r"(?:[-*+]|\d{1,9}[.)]|#{1,6})[ \t]")
_DELIMITER = re.compile(r"(:?)-+(:?)")


@cache
def parser() -> MarkdownIt:
    """Return the parser. Its source has line feeds as line ends; ``env["numbers"]``, if there, limits the citations.

    The ``td_open`` token of a cell has ``meta["align"]``, and the ``inline`` token in it has ``meta["place"]``.
    """
    markdown = MarkdownIt("zero", {"maxNesting": 4 * _DEEPEST})
    # Joining pieces of text takes quadratic time here, and offsets would be lost.
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
    # It is known that no run of this length begins before this offset.
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


def _literal(state: StateInline, end: int, silent: bool) -> bool:
    """Take everything up to ``end`` as text."""
    if not silent:
        # A token of its own: appending to the pending text would copy it.
        state.push("text", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _table(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    head, ruled = _row(state, first, end), _aligns(state.src, _row(state, first + 1, end))
    if not any(cell.start < cell.end for cell in head) or _aligns(state.src, head):
        return False
    has_bar = _opens_with_bar(state, first)
    is_closed = has_bar and "|" in state.src[head[-1].end : state.eMarks[first]]
    if not is_closed and (ruled is None or len(ruled) != len(head)):
        return False
    if silent:
        return True
    rows, below = [head], first + 1
    while (cells := _row(state, below, end)) and (not has_bar or _opens_with_bar(state, below)):
        texts = [state.src[cell.start : cell.end] for cell in cells]
        # A further delimiter row has no content; a single dash in a cell has: there is no value.
        is_rule = all("---" in text and TABLE_SIGNS.issuperset(text) for text in texts)
        if any(texts) and not is_rule and not (ruled and below == first + 1):
            rows.append(cells)
        below += 1
    width = max(map(len, rows))
    head += [Span(head[-1].end, head[-1].end)] * (width - len(head))
    aligns = [*(ruled or ()), *[""] * width]
    state.push("table_open", "table", 1)
    for cells in rows:
        state.push("tr_open", "tr", 1)
        for cell, align in zip(cells, aligns, strict=False):
            state.push("td_open", "td", 1).meta = {"align": align}
            token = state.push("inline", "", 0)
            token.content, token.children, token.meta = state.src[cell.start : cell.end], [], {"place": cell}
            state.push("td_close", "td", -1)
        state.push("tr_close", "tr", -1)
    state.push("table_close", "table", -1)
    state.line = below
    return True


def _opens_with_bar(state: StateBlock, number: int) -> bool:
    return state.src.startswith("|", state.bMarks[number] + state.tShift[number])


def _row(state: StateBlock, number: int, end: int) -> list[Span]:
    """Return the cells of a line, without the blanks around them; none if it has no pipe or opens another block."""
    if number >= end or state.sCount[number] < state.blkIndent:
        return []
    start = state.bMarks[number] + state.tShift[number]
    line = state.src[start : state.eMarks[number]].rstrip()
    bars = [match.start() for match in _BAR.finditer(line)]
    if not bars or _ITEM_OR_HEADING.match(line):
        return []
    edges = [-1, *bars] if bars[0] else bars
    edges = [*edges, len(line)] if len(edges) == 1 or edges[-1] < len(line) - 1 else edges
    cells = [(left + 1, line[left + 1 : right]) for left, right in pairwise(edges)]
    firsts = [start + at + len(cell) - len(cell.lstrip()) for at, cell in cells]
    return [Span(first, first + len(cell.strip())) for first, (_, cell) in zip(firsts, cells, strict=True)]


def _aligns(text: str, cells: list[Span]) -> list[str] | None:
    """Return the alignment of each column if the cells are those of a delimiter row, else ``None``."""
    found = [_DELIMITER.fullmatch(text, *cell) for cell in cells]
    if not found or not all(found):
        return None
    return [("", "right", "left", "center")[2 * bool(cell[1]) + bool(cell[2])] for cell in found if cell]
