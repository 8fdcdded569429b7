"""Split a streamed answer into code and text: code is data and holds no citations.

Follows CommonMark where it matters here: a fence is a line of its own, indented by at most three blanks or as deep as
the list item it is in, and runs to a fence of the same kind or to the end; a code span closes with a run of
backticks as long as the one that opened it. Two deliberate differences, both towards less code: a span ends within its
line, and a run that closes nowhere is text. What we call code a renderer calls code too: nothing active hides in it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_LONGEST_SPAN = 2_000
_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)")
_MAY_BE_FENCE = re.compile(r"[ \t]*(?:`*|~*)\Z")
_FENCE_OPENS = re.compile(r"[ \t]*(?:`{3}|~{3})")
_LIST_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+")
_RUN = re.compile(r"`+|~{3,}|\\[\\`]?")
_HOLD = re.compile(r"(?:`+|~+|\\)\Z")


class StreamPiece(NamedTuple):
    """A piece of an answer; adjacent pieces of one kind mean the same as their concatenation."""

    text: str
    is_code: bool


class CodeSplitter:
    """Splits a stream into text and code; the result does not depend on how the input is chunked."""

    def __init__(self) -> None:
        self._pending = ""
        self._line_start = True
        self._fence: str | None = None
        self._list_indent = 0

    def feed(self, text: str) -> list[StreamPiece]:
        """Return the pieces that are final once ``text`` is known too."""
        self._pending += text
        return self._settle(final=False)

    def finish(self) -> list[StreamPiece]:
        """Return the rest; a code span that is still open is text, an open fence is code."""
        return self._settle(final=True)

    def _settle(self, *, final: bool) -> list[StreamPiece]:
        pieces: list[StreamPiece] = []
        while self._pending:
            if self._fence is not None:
                step = self._inside_fence(final)
            elif self._line_start:
                step = self._at_line_start(final)
            else:
                step = self._within_line(final)
            if step is None:
                break
            pieces += step
        return pieces

    def _take(self, length: int) -> str:
        taken, self._pending = self._pending[:length], self._pending[length:]
        self._line_start = taken.endswith("\n") if taken else self._line_start
        return taken

    def _inside_fence(self, final: bool) -> list[StreamPiece] | None:
        assert self._fence is not None  # noqa: S101 - narrows the type
        newline = self._pending.find("\n")
        if self._line_start and newline < 0 and not final and _MAY_BE_FENCE.match(self._pending.rstrip(" \t")):
            return None
        line_end = newline + 1 if newline >= 0 else len(self._pending)
        line = self._pending[:line_end]
        found = _FENCE.match(line) if self._line_start else None
        closes = found is not None and found["fence"].startswith(self._fence) and not found["info"].strip()
        if closes and newline < 0 and not final:
            return None
        if closes:
            self._fence = None
        return [StreamPiece(self._take(line_end), True)]

    def _at_line_start(self, final: bool) -> list[StreamPiece] | None:
        newline = self._pending.find("\n")
        line = self._pending if newline < 0 else self._pending[:newline]
        if newline < 0 and not final and (_MAY_BE_FENCE.match(line) or _FENCE_OPENS.match(line)):
            return None
        if not line.strip():
            return (
                [StreamPiece(self._take(len(line) + 1 if newline >= 0 else len(line)), False)]
                if line or newline >= 0
                else []
            )
        found = _FENCE.match(line)
        if found and self._is_fence(found):
            self._fence = found["fence"]
            return [StreamPiece(self._take(len(line) + (newline >= 0)), True)]
        if newline < 0 and not final and re.fullmatch(r"[ \t]*(?:[-*+]|\d{1,9}[.)]?)?[ \t]*", line):
            return None
        item = _LIST_ITEM.match(line)
        if item:
            self._list_indent = item.end()
        elif not line[0].isspace():
            self._list_indent = 0
        self._line_start = False
        return []

    def _is_fence(self, found: re.Match[str]) -> bool:
        depth = len(found["indent"].expandtabs(4))
        fits = depth <= 3 or self._list_indent <= depth <= self._list_indent + 3
        return fits and not (found["fence"][0] == "`" and "`" in found["info"])

    def _within_line(self, final: bool) -> list[StreamPiece] | None:
        newline = self._pending.find("\n")
        line_end = newline + 1 if newline >= 0 else len(self._pending)
        run = _RUN.search(self._pending, 0, line_end)
        if run is None:
            hold = None if final or newline >= 0 else _HOLD.search(self._pending)
            return self._text(hold.start() if hold else line_end)
        if run.start() > 0:
            return self._text(run.start())
        if run.end() == len(self._pending) and not final:
            return None
        if run.group()[0] != "`":
            return [StreamPiece(self._literal(run.end()), False)]
        return self._code_span(run, newline, final)

    def _code_span(self, run: re.Match[str], newline: int, final: bool) -> list[StreamPiece] | None:
        limit = min(len(self._pending) if newline < 0 else newline, _LONGEST_SPAN)
        for closing in re.finditer("`+", self._pending[run.end() : limit]):
            at_end = run.end() + closing.end() == len(self._pending)
            if at_end and not final:
                return None
            if len(closing.group()) == len(run.group()):
                return [StreamPiece(self._take(run.end() + closing.end()), True)]
        if newline < 0 and len(self._pending) <= _LONGEST_SPAN and not final:
            return None
        return [StreamPiece(self._literal(run.end()), False)]

    def _literal(self, length: int) -> str:
        """Return a run of backticks or tildes that opens nothing, changed so that it cannot open a fence when text
        before it is removed."""
        run = self._take(length)
        return run if len(run) < 3 else "'" * len(run) if run[0] == "`" else "~~"

    def _text(self, length: int) -> list[StreamPiece] | None:
        return [StreamPiece(self._take(length), False)] if length else None


def split_code(text: str) -> list[StreamPiece]:
    """Return a whole answer as text and code, adjacent pieces of one kind joined. Their texts add up to ``text`` if
    it is in normal form."""
    splitter = CodeSplitter()
    joined: list[StreamPiece] = []
    for piece in splitter.feed(text) + splitter.finish():
        if joined and joined[-1].is_code == piece.is_code:
            joined[-1] = StreamPiece(joined[-1].text + piece.text, piece.is_code)
        else:
            joined.append(piece)
    return joined
