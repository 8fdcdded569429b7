"""Normalise the citation markers of an answer while it streams.

Normal form: ``[n]`` with n the order of first use, one number a paper, no number twice in a row, a marker for every
citation and no marker that names no source. The text around the markers stays as it is, but for markup
(:mod:`rag.answering.citations.inert_markup`) and the blank before a marker that was removed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rag.answering.citations.code import CodeSplitter, StreamPiece, split_code
from rag.answering.citations.inert_markup import MarkupGuard
from rag.answering.citations.markers import CLOSING, LONGEST, OPENING, More, read_content
from rag.answering.citations.mathematics import is_mathematics
from rag.answering.citations.prose_citations import INITIALS, UNKNOWN_SOURCE, names_sources, read_prose_citation
from rag.answering.citations.runs import MarkerRun, WrittenMarker, read_markers, read_parentheses
from rag.language.invisible import visible

_MARKER = re.compile(r"\[(\d{1,4})\]")
_STARTS = re.compile(r"[ \t\\(^" + re.escape(OPENING) + rf"]|(?<![^\W_])(?=[{INITIALS}])")
# Not a bracket: what closes something must not end up after what opened it.
_STOPS = re.compile(r"[.,;:!?…]{1,3}")
# Unicode's separators of lines and paragraphs.
_SEPARATORS = {0x2028: "\n", 0x2029: "\n"}
_LINE_KEPT = 400
#: Put into brackets that are no marker, as those of ``x[1]``, so that nothing that reads markers takes them for one.
THIN_BLANK = "\u200a"
_DEFINITION = re.compile(r"[ \t]*(?:(?:[>\-*+]|\d{1,9}[.)])[ \t]*){0,8}\[[^\]\n]{0,300}\]\Z")


class Marker(NamedTuple):
    """A marker in a text of normal form: ``text[start:end] == f"[{number}]"``."""

    start: int
    end: int
    number: int


def find_markers(text: str) -> list[Marker]:
    """Return the markers of a text in normal form, in order; code has none."""
    markers: list[Marker] = []
    offset = 0
    for piece in split_code(text):
        if not piece.is_code:
            markers += [Marker(offset + m.start(), offset + m.end(), int(m[1])) for m in _MARKER.finditer(piece.text)]
        offset += len(piece.text)
    return markers


class CitationStream:
    """Turns a streamed answer into text that is ready for the reader. Pure: no I/O, no clock.

    However the answer is cut, the pieces given out add up to the same text. Held back is only what may still become
    a marker, a tag, an address or code.

    Args:
        sources: how many sources the prompt numbered, from 1.
        same: source numbers that are the same paper as an earlier one, with that one's number.
        links: addresses that the answer may have, as the sources spell them; others are removed.
    """

    def __init__(self, sources: int, *, same: dict[int, int] | None = None, links: Collection[str] = ()) -> None:
        self._sources = sources
        self._same = dict(same or {})
        self._splitter = CodeSplitter()
        self._guard = MarkupGuard(links)
        self._pending = ""
        self._tail = ""
        self._opened: str | None = None
        self._brackets_seen = False
        self._skip_blanks = False
        #: Source numbers by first use: ``order[0]`` is the source that the reader knows as [1].
        self.order: list[int] = []
        #: Markers that name no source, as the model wrote them.
        self.removed: list[str] = []

    @property
    def removed_markup(self) -> Sequence[str]:
        """Tags and addresses that were removed, as the model wrote them."""
        return tuple(self._guard.removed)

    def feed(self, text: str) -> str:
        """Return what the reader may see once ``text`` has come in too."""
        return self._read(self._guard.feed(self._splitter.feed(visible(text.translate(_SEPARATORS)))))

    def finish(self) -> str:
        """Return the rest of the answer."""
        rest = self._guard.feed(self._splitter.finish()) + self._guard.finish()
        return self._read(rest) + self._settle(final=True)

    def _read(self, pieces: Iterable[StreamPiece]) -> str:
        out: list[str] = []
        for piece in pieces:
            if piece.is_code:
                out += [self._settle(final=True), piece.text]
                self._tail = piece.text.rpartition("\n")[2][-_LINE_KEPT:]
                self._opened, self._skip_blanks = None, False
            else:
                self._pending += piece.text
                out.append(self._settle(final=False))
        return "".join(out)

    def _settle(self, *, final: bool) -> str:
        out: list[str] = []
        while self._pending:
            step = self._step(final)
            if step is None:
                break
            out.append(step)
        return "".join(out)

    # A step reads from the start of what is pending and returns text for the reader, or None if it needs more.

    def _step(self, final: bool) -> str | None:
        blanks = len(self._pending) - len(self._pending.lstrip(" \t"))
        if blanks == len(self._pending) and not final:
            # Blanks are kept back: they go with a marker that is removed.
            return None
        if self._skip_blanks and blanks:
            self._pending = self._pending[blanks:]
            return ""
        before = self._tail + " " * (blanks > 0)
        run = read_markers(self._pending, blanks, final)
        if run is None and not self._brackets_seen:
            run = read_parentheses(self._pending, blanks, before, self._sources, final)
        if run is None:
            run = read_prose_citation(self._pending, blanks, before, final)
        if run is None:
            following = _STARTS.search(self._pending, blanks + 1)
            return self._text(following.start() if following else len(self._pending))
        if isinstance(run, More):
            return None
        is_cited = run.prose_word or names_sources(before.rstrip())
        is_text = not is_cited and is_mathematics(self._pending, run, before, final)
        if isinstance(is_text, More):
            return None
        return self._keep(run, blanks) if is_text else self._cite(run, blanks, final)

    def _text(self, length: int) -> str:
        taken, self._pending = self._pending[:length], self._pending[length:]
        self._skip_blanks = False
        return "".join(map(self._emit, taken))

    def _emit(self, character: str) -> str:
        """Return one character, changed if it would complete a marker or a link that was not one in the input."""
        previous = self._tail[-1:]
        text = character
        if character in CLOSING and self._opened is not None and read_content(self._opened):
            text = ")"
        elif (previous == "]" and character == "(") or (previous == "!" and character == "["):
            text = " " + character
        elif previous == "]" and character == ":" and _DEFINITION.match(self._tail):
            text = " :"
        self._tail = "" if character == "\n" else (self._tail + text)[-_LINE_KEPT:]
        if character in OPENING:
            self._opened = ""
        elif self._opened is not None:
            self._opened = None if character in CLOSING or len(self._opened) > LONGEST else self._opened + character
        return text

    def _keep(self, run: MarkerRun, blanks: int) -> str:
        """Return the brackets of a run as text; a thin blank keeps a number alone from reading as a marker."""
        out = self._pending[:blanks] + _MARKER.sub(rf"[\1{THIN_BLANK}]", self._pending[blanks : run.end])
        out = f" {out}" if self._tail.endswith("!") and not blanks else out
        self._pending = self._pending[run.end :]
        self._tail = (self._tail + out)[-_LINE_KEPT:]
        self._opened, self._skip_blanks = None, False
        return out

    def _cite(self, run: MarkerRun, blanks: int, final: bool) -> str | None:
        """Return a run of markers in normal form, or what is left of it."""
        kept = self._kept(run)
        if run.prose_word and not any(numbers for numbers, _ in kept):
            self.removed += [mark.raw for mark in run.marks]
            out = self._pending[:blanks] + UNKNOWN_SOURCE
        elif not any(numbers for numbers, _ in kept):
            joint = self._joint(run.end, blanks, final)
            if joint is None:
                return None
            self.removed += [mark.raw for mark in run.marks]
            self._skip_blanks = not self._tail
            out = joint
        else:
            self.removed += [unknown for mark in run.marks if (unknown := self._unknown(mark))]
            self._brackets_seen |= run.in_brackets
            word = f"{run.prose_word} " if run.prose_word else ""
            out = self._pending[:blanks] + word + self._renumbered(kept)
            out = f" {out}" if self._tail.endswith("!") and not blanks else out
            self._skip_blanks = False
        self._pending = self._pending[run.end :]
        self._tail = (self._tail + out)[-_LINE_KEPT:]
        self._opened = None if out.strip() else self._opened
        return out

    def _kept(self, run: MarkerRun) -> list[tuple[list[int], str]]:
        """Return for every marker of a run the sources it adds, with what separates it from the one before."""
        seen: set[int] = set()
        kept: list[tuple[list[int], str]] = []
        for mark in run.marks:
            numbers: list[int] = []
            for low, high in mark.ranges:
                # A range that leaves the sources names its ends, not everything between them.
                whole = range(low, high + 1) if self._known(low) and self._known(high) else (low, high)
                numbers += [self._same.get(n, n) for n in whole if self._known(n)]
            kept.append(([n for n in dict.fromkeys(numbers) if n not in seen], mark.between))
            seen.update(numbers)
        return kept

    def _renumbered(self, kept: list[tuple[list[int], str]]) -> str:
        out = ""
        for numbers, between in kept:
            if not numbers:
                continue
            out += f" {between} " if out and between in {"and", "&"} else ""
            for source in numbers:
                if source not in self.order:
                    self.order.append(source)
                out += f"[{self.order.index(source) + 1}]"
        return out

    def _unknown(self, mark: WrittenMarker) -> str:
        numbers = [n for n in dict.fromkeys(itertools.chain(*mark.ranges)) if not self._known(n)]
        named = len(set(itertools.chain(*mark.ranges)))
        return mark.raw if len(numbers) == named else f"[{', '.join(map(str, numbers))}]" if numbers else ""

    def _known(self, number: int) -> bool:
        return 1 <= number <= self._sources

    def _joint(self, end: int, blanks: int, final: bool) -> str | None:
        """Return what replaces a run that is removed: nothing before a blank or a stop that ends a word, else a blank,
        so that the text around it cannot grow together; ``None`` if more text is needed to decide."""
        if not self._tail:
            return self._pending[:blanks]
        stops = _STOPS.match(self._pending, end)
        behind = stops.end() if stops else end
        if behind == len(self._pending):
            return "" if final else None
        if self._pending[behind].isspace():
            return ""
        if self._pending[behind].isdecimal() and names_sources(self._tail):
            # What is left must not speak of a source.
            return ", "
        closes = self._pending[end] in ")]" and self._tail[-1].isalpha()
        return "" if closes else " "
