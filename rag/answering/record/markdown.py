"""The Markdown of an answer as a tree of elements, each with its place in the text.

Checker, page and exports read an answer here and nowhere else. What counts as Markdown is in
:mod:`rag.answering.record.markdown_syntax`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from markdown_it.token import Token

from rag.answering.record.markdown_syntax import TABLE_SIGNS, parser
from rag.language.sentences import Span

Kind = Literal[
    "paragraph", "heading", "bullet_list", "ordered_list", "list_item", "blockquote", "fence", "table", "tr", "td"
]
Style = Literal["", "strong", "em", "code"]
Align = Literal["", "left", "center", "right"]

_BREAKS = dict.fromkeys(map(ord, "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), "\n")
_BULLET = re.compile(r"^([ \t]*)•(?=[ \t])", re.MULTILINE)


class Fragment(NamedTuple):
    """A piece of text in one style, or a citation (then ``text`` is its marker).

    ``text`` equals ``answer[start:end]``, except that a line break is a blank.
    """

    start: int
    text: str
    style: Style = ""
    citation: int | None = None

    @property
    def end(self) -> int:
        """The offset of the character after it."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Element:
    """A node of the tree; ``kind`` is markdown-it's name for it.

    Attributes:
        children: the items of a list, the rows of a table (the first is its head and the longest), the cells of a row,
            the elements of an item or a quotation.
        fragments: the text of a paragraph, a heading or a cell.
        lines: where each line of that text is in the answer, without the signs of lists and quotations before it.
        code: the lines of a code block.
        language: what its fence says about it.
        first_number: the number of an ordered list's first item.
        align: how a cell is aligned.
    """

    kind: Kind
    children: tuple[Element, ...] = ()
    fragments: tuple[Fragment, ...] = ()
    lines: tuple[Span, ...] = ()
    code: str = ""
    language: str = ""
    first_number: int = 1
    align: Align = ""

    @property
    def start(self) -> int:
        """Where its text starts in the answer."""
        return self.lines[0].start if self.lines else self.children[0].start if self.children else 0

    @property
    def end(self) -> int:
        """Where its text ends in the answer."""
        return self.lines[-1].end if self.lines else self.children[-1].end if self.children else 0


def read_markdown(answer: str, numbers: Collection[int] | None = None) -> tuple[Element, ...]:
    """Parse an answer into its elements, in order. Any text is valid, and parsing takes linear time.

    Args:
        answer: the text, in whole or as far as it has arrived.
        numbers: the numbers of the answer's citations; ``[n]`` with another number is text. With ``None``, every number
            from 0 to 999 is a citation.
    """
    source = _BULLET.sub(r"\1-", answer.replace("\r\n", " \n").translate(_BREAKS))
    lines = source.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    stack: list[tuple[Token | None, list[Element]]] = [(None, [])]
    inline: tuple[tuple[Fragment, ...], tuple[Span, ...]] = ((), ())
    for token in parser().parse(source, {"numbers": numbers}):
        if token.type == "inline":
            places = [token.meta["place"]] if token.meta else list(_line_places(token, lines, starts))
            inline = (tuple(_joined(_pieces(answer, token, places))), tuple(places))
        elif token.nesting > 0:
            stack.append((token, []))
            inline = ((), ())
        elif token.nesting < 0:
            opening, children = stack.pop()
            stack[-1][1].append(_element(opening or token, children, *inline))
            inline = ((), ())
        else:
            places = list(_line_places(token, lines, starts, skipped=1))
            written = zip(token.content.split("\n"), places, strict=False)
            code = "\n".join(line[: len(line) - len(line.lstrip())] + answer[p.start : p.end] for line, p in written)
            stack[-1][1].append(Element("fence", code=code.removesuffix("\n"), language=token.info.strip()))
    return tuple(stack[0][1])


def unescaped(code: str) -> str:
    """Return the code of a table cell as it is shown: ``\\|`` is a pipe that does not separate cells."""
    return code.replace("\\|", "|")


def leaves(elements: Iterable[Element]) -> Iterator[Element]:
    """Iterate over the elements that have text of their own: paragraphs, headings and table cells."""
    for element in elements:
        yield from [element] if element.lines else leaves(element.children)


def settled(answer: str) -> str:
    """Return an unfinished answer without its last line while that line may still become a table's head, its delimiter
    row or a row without words. Drawn as a paragraph first, it would flicker."""
    start = answer.rfind("\n") + 1
    last, before = answer[start:].strip(), answer[:start].removesuffix("\n").rpartition("\n")[2].strip()
    is_row = last.startswith("|") and (not before.startswith("|") or len(before) < 2)
    is_delimiter = bool(last) and ("|" in last or "|" in before) and TABLE_SIGNS.issuperset(last)
    return answer[:start] if is_row or is_delimiter else answer


def _element(
    token: Token, children: list[Element], fragments: tuple[Fragment, ...], lines: tuple[Span, ...]
) -> Element:
    kind: Any = token.type.removesuffix("_open")
    first = int(token.attrs.get("start", 1)) if kind == "ordered_list" else 1
    align = token.meta.get("align", "")
    return Element(kind, tuple(children), fragments, lines, first_number=first, align=align)


def _line_places(token: Token, lines: Sequence[str], starts: Sequence[int], skipped: int = 0) -> Iterator[Span]:
    """Locate the lines of a token's content in the answer, without the blanks around them."""
    number = token.map[0] + skipped if token.map else 0
    for line in token.content.split("\n"):
        words = line.strip()
        # The content comes last in a line, after the signs of lists and quotations.
        at = starts[number] + lines[number].rfind(words) if number < len(lines) else starts[-1]
        yield Span(at, at + len(words))
        number += 1


def _pieces(answer: str, token: Token, places: Sequence[Span]) -> Iterator[Fragment]:
    """Locate the text and the citations of an inline token, each within one line.

    markdown-it keeps no offsets of inline tokens, but every character that it left out follows from the tokens.
    """
    content, at = token.content, 0
    lines, number = content.split("\n"), 0
    # The offset in the answer minus that in the content: constant within a line.
    shift = places[0].start
    styles: list[Style] = [""]
    for child in token.children or ():
        if child.type in {"softbreak", "hardbreak"}:
            at = content.index("\n", at)
            yield Fragment(shift + at, " ", styles[-1])
            number += 1
            at += 1 + len(lines[number]) - len(lines[number].lstrip())
            shift = places[number].start - at
        elif child.type == "code_inline":
            code = child.content
            start, end = at + len(child.markup), at + len(child.markup) + len(code)
            at = end + len(child.markup)
            if code[0] == code[-1] == " " and code.strip():
                start, end = start + 1, end - 1
            yield Fragment(shift + start, answer[shift + start : shift + end], "code")
        elif child.nesting:
            styles = [*styles, "strong" if child.tag == "strong" else "em"] if child.nesting > 0 else styles[:-1]
            at += len(child.markup)
        else:
            escapes = len(child.markup) - len(child.content) if child.type == "text_special" else 0
            number_cited = int(child.content[1:-1]) if child.type == "citation" else None
            at += escapes + len(child.content)
            start = shift + at - len(child.content)
            yield Fragment(start, answer[start : shift + at], styles[-1], number_cited)


def _joined(pieces: Iterable[Fragment]) -> Iterator[Fragment]:
    """Join neighbours of one style, and drop empty pieces."""
    run: list[Fragment] = []
    for piece in filter(lambda piece: piece.text, pieces):
        if run and not (piece.start == run[-1].end and piece[2:] == run[-1][2:] == (run[-1].style, None)):
            yield run[0]._replace(text="".join(part.text for part in run))
            run = []
        run.append(piece)
    if run:
        yield run[0]._replace(text="".join(part.text for part in run))
