"""Reads what stands within a paragraph or a cell of an answer: emphasis, code and citations, as places in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Style = Literal["", "strong", "em", "code"]

# Every alternative stops at its own closing sign, so that a scan never runs twice over the same text.
_INLINE = re.compile(
    r"\[(?P<cite>\d{1,3})\]"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|\*(?P<em>[^*\s](?:[^*]*[^*\s])?)\*"
    r"|`(?P<code>[^`\n]+)`"
)


class Atom(NamedTuple):
    """A run of text in one style, or the number of a citation (then ``content`` is its marker, as written).

    ``content`` is ``text[start : start + len(content)]``: the signs of emphasis stand outside it.
    """

    start: int
    content: str
    style: Style = ""
    citation: int | None = None


def atoms(text: str, start: int, end: int) -> Iterator[Atom]:
    """The atoms of ``text[start:end]`` in order; none is empty."""
    yield from _atoms(text, start, end, "")


def _atoms(text: str, start: int, end: int, style: Style) -> Iterator[Atom]:
    at = start
    for match in _INLINE.finditer(text, start, end):
        if match.start() > at:
            yield Atom(at, text[at : match.start()], style)
        if match["cite"]:
            yield Atom(match.start(), match.group(), style, int(match["cite"]))
        elif match["code"]:
            yield Atom(match.start("code"), match["code"], "code")
        elif match["strong"]:
            yield from _atoms(text, match.start("strong"), match.end("strong"), "strong")
        else:
            yield from _atoms(text, match.start("em"), match.end("em"), "em")
        at = match.end()
    if at < end:
        yield Atom(at, text[at:end], style)
