"""The text of an answer as blocks (paragraphs, lists, tables) of pieces, for formats that have marks of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

Kind = Literal["p", "ul", "ol", "table"]
Style = Literal["", "strong", "em", "code"]

# Every alternative stops at its own closing sign, so that a scan never runs twice over the same text.
_INLINE = re.compile(
    r"\[(?P<cite>\d{1,3})\]|\*\*(?P<strong>[^*\n]+)\*\*|\*(?P<em>[^*\s](?:[^*\n]*[^*\s])?)\*|`(?P<code>[^`\n]+)`"
)
_ITEM = re.compile(r"[ \t]{0,8}(?:(?P<bullet>[-*•])|\d{1,3}[.)])[ \t]+")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+")
_ROW = re.compile(r"[ \t]{0,8}\|.*\|[ \t]*\Z")
_RULE = re.compile(r"[ \t|:\-]+\Z")


class Piece(NamedTuple):
    """A run of text in one style, or the number of a citation."""

    text: str
    style: Style = ""
    citation: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph (``rows`` holds one row of one cell), list (a row an item) or table (its first row is its head)."""

    kind: Kind
    rows: tuple[tuple[tuple[Piece, ...], ...], ...]


def blocks(text: str, numbers: frozenset[int]) -> list[Block]:
    """The blocks of ``text``. A marker whose number is not in ``numbers`` is plain text."""
    lines: list[tuple[Kind, str]] = []
    for part in re.split(r"\n[ \t]*\n", text):
        lines += _lines(part.splitlines())
    found: list[Block] = []
    for kind, group in groupby(lines, key=lambda line: line[0]):
        bodies = [body for _, body in group]
        if kind == "p":
            found += [Block("p", ((_pieces(body, numbers),),)) for body in bodies]
        elif kind == "table":
            rows = [body.strip().strip("|").split("|") for body in bodies if not _RULE.match(body)]
            found += [Block("table", tuple(tuple(_pieces(c.strip(), numbers) for c in row) for row in rows))]
        else:
            found.append(Block(kind, tuple((_pieces(body, numbers),) for body in bodies)))
    return [block for block in found if any(piece.text or piece.citation for r in block.rows for c in r for piece in c)]


def _lines(lines: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    """The lines of a run without blank ones, those that go on with the line before joined to it."""
    open_kind: Kind = "p"
    body = ""
    for line in lines:
        item, heading, row = _ITEM.match(line), _HEADING.match(line), _ROW.match(line)
        if item or heading or row:
            if body:
                yield open_kind, body
            open_kind, body = "p", ""
        if row:
            yield "table", line
        elif heading:
            yield "p", f"**{line[heading.end() :].strip().replace('*', '')}**"
        elif item:
            open_kind, body = ("ul" if item["bullet"] else "ol"), line[item.end() :].strip()
        elif line.strip():
            body = f"{body} {line.strip()}".strip()
    if body:
        yield open_kind, body


def _pieces(text: str, numbers: frozenset[int]) -> tuple[Piece, ...]:
    return tuple(piece for piece in _runs(text, numbers, "") if piece.text or piece.citation)


def _runs(text: str, numbers: frozenset[int], style: Style) -> Iterator[Piece]:
    at = 0
    for match in _INLINE.finditer(text):
        if match["cite"] and int(match["cite"]) not in numbers:
            continue
        yield Piece(text[at : match.start()], style)
        at = match.end()
        if match["cite"]:
            yield Piece("", citation=int(match["cite"]))
        elif match["code"]:
            yield Piece(match["code"], "code")
        elif match["strong"]:
            yield from _runs(match["strong"], numbers, "strong")
        else:
            yield from _runs(match["em"], numbers, "em")
    yield Piece(text[at:], style)
