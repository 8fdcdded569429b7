"""The text of an answer as blocks (paragraphs, lists, tables) of pieces, for formats that have marks of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

from rag.answering.record import blocks as layout
from rag.answering.record.blocks import Align, unescaped
from rag.answering.record.inline import Style, atoms
from rag.language.sentences import Span

Kind = Literal["p", "ul", "ol", "table"]

_BREAK = re.compile(r"[ \t]*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")


class Piece(NamedTuple):
    """A run of text in one style, or the number of a citation."""

    text: str
    style: Style = ""
    citation: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph (``rows`` holds one row of one cell), list (a row an item) or table (its first row is its head and
    the longest; ``aligns`` has one entry a column)."""

    kind: Kind
    rows: tuple[tuple[tuple[Piece, ...], ...], ...]
    aligns: tuple[Align, ...] = ()


def blocks(text: str, numbers: frozenset[int]) -> list[Block]:
    """The blocks of ``text``. A marker whose number is not in ``numbers`` is plain text."""
    found: list[Block] = []
    for kind, group in groupby(layout.blocks(text), key=lambda block: block.kind):
        if kind == "table":
            found += [_table(text, block, numbers) for block in group]
        elif kind == "ul" or kind == "ol":
            found.append(Block(kind, tuple((_pieces(text, block, numbers),) for block in group)))
        else:
            pieces = [_pieces(text, block, numbers, "strong" if kind == "h" else "") for block in group]
            found += [Block("p", ((own,),)) for own in pieces]
    return [block for block in found if any(piece.text or piece.citation for r in block.rows for c in r for piece in c)]


def _table(text: str, block: layout.Block, numbers: frozenset[int]) -> Block:
    rows = tuple(
        tuple(
            tuple(piece._replace(text=unescaped(piece.text)) for piece in _pieces(text, cell, numbers)) for cell in row
        )
        for row in block.rows
    )
    return Block("table", rows, block.aligns)


def _pieces(text: str, place: layout.Block | Span, numbers: frozenset[int], style: Style = "") -> tuple[Piece, ...]:
    return tuple(_runs(text, place, numbers, style))


def _runs(text: str, place: layout.Block | Span, numbers: frozenset[int], style: Style) -> Iterator[Piece]:
    for atom in atoms(text, place.start, place.end):
        if atom.citation in numbers:
            yield Piece("", citation=atom.citation or 0)
        else:
            own = atom.style if atom.style == "code" or not style else style
            yield Piece(_BREAK.sub(" ", atom.content), own)
