"""Find runs of citation markers in text: adjacent ones, those in parentheses, and bare ``(1)``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from rag.answering.citations.markers import CLOSING, MORE, OPENING, Content, More, read_bracket, read_content

#: What may separate two markers of one run. A dash makes them a range; "and" stays if both markers stay.
BETWEEN = re.compile(r"[ \t]{0,3}(?:[,;/&+]|and(?![^\W\d_])|[-–—]|)[ \t]{0,3}")
_MAY_BE_BETWEEN = re.compile(r"[ \t]{0,3}(?:[,;/&+]|a(?:nd?)?|[-–—]|)[ \t]{0,3}\Z")
_LONGEST_RUN = 64
_LONGEST_WRAP = 8
_LABELLED = re.compile(r"\((?=[A-Za-z])([A-Za-z][^()\[\]\n]{0,60})\)")
_MAY_BE_LABELLED = re.compile(r"\((?:[A-Za-z][^()\[\]\n]{0,60})?\Z")
_BARE = re.compile(r"\((\d{1,4}(?:, ?\d{1,4}){0,8})\)")
_MAY_BE_BARE = re.compile(r"\((?:\d{1,4}(?:, ?\d{1,4}){0,8}(?:, ?)?)?\Z")
_NEXT_BARE = re.compile(r"[ \t]?[,;]?[ \t]?(?=\()")
_LAST_WORD = re.compile(r"([^\W_]+)\.? \Z")
# "in Eq. (1)", "step (2)", "three (3)": here the number belongs to the word.
_NUMBERED_THINGS = frozenset(
    """eq eqs eqn equation equations fig figs figure figures table tables tab section sections sec step steps phase
    phases stage stages group groups case cases class classes type types level levels grade appendix algorithm
    alg line lines version part parts option options layer layers task tasks item items example examples chapter
    theorem lemma
    definition proposition property condition point points row column rank round question rule zero one two three four
    five six seven eight nine ten""".split()
)


class WrittenMarker(NamedTuple):
    """One marker as the model wrote it, the ranges of numbers it names, and the word or sign before it in its run."""

    ranges: tuple[tuple[int, int], ...]
    raw: str
    between: str


class MarkerRun(NamedTuple):
    """Markers next to each other, the position behind them, whether they stood in brackets, and the word before
    them if they are named in prose (:mod:`rag.answering.citations.prose_citations`)."""

    marks: tuple[WrittenMarker, ...]
    end: int
    in_brackets: bool
    prose_word: str = ""


def read_markers(text: str, at: int, final: bool) -> MarkerRun | More | None:
    """Read the run of markers that starts at ``text[at]``; ``([1])`` and ``[[1]]`` are read as ``[1]``.

    ``MORE`` if the text ends before that is clear, unless it is ``final``; ``None`` if none starts here.
    """
    return _read_row(text, at, final, _read_wrapped)


def _read_row(
    text: str, at: int, final: bool, read: Callable[[str, int, bool], MarkerRun | More | None]
) -> MarkerRun | More | None:
    """Read what ``read`` finds one after the other, with what may separate markers between them."""
    marks: list[WrittenMarker] = []
    end, start, between = at, at, ""
    while len(marks) < _LONGEST_RUN:
        part = read(text, start, final)
        if isinstance(part, More):
            return MORE
        if part is None:
            break
        marks += [part.marks[0]._replace(between=between), *part.marks[1:]]
        end = part.end
        if between in {"-", "–", "—"} and len(part.marks) == 1:
            marks = _as_range(marks)
        found = BETWEEN.match(text, end)
        start, between = (found.end(), found.group().strip()) if found else (end, "")
    if marks and not final and _MAY_BE_BETWEEN.match(text, end):
        return MORE
    return MarkerRun(tuple(marks), end, in_brackets=True) if marks else None


def _read_wrapped(text: str, at: int, final: bool) -> MarkerRun | More | None:
    for depth in range(_LONGEST_WRAP):
        start = at + depth
        run = _read_row(text, start, final, _read_mark)
        if isinstance(run, More):
            return MORE
        if run is not None:
            return _unwrap(text, run, depth, final)
        if start >= len(text) or text[start] not in OPENING + "(":
            return None
    return None


def _unwrap(text: str, run: MarkerRun, depth: int, final: bool) -> MarkerRun | More | None:
    closed = 0
    while closed < depth and text[run.end + closed : run.end + closed + 1] in tuple(CLOSING + ")"):
        closed += 1
    if closed < depth:
        # The outermost bracket closes elsewhere: it is text.
        return None if final or run.end + closed < len(text) else MORE
    return run._replace(end=run.end + closed)


def _read_mark(text: str, at: int, final: bool) -> MarkerRun | More | None:
    # A caret and an escaping backslash count as part of the bracket, however many there are: what is left of them would
    # be read as part of the citation that takes their place.
    start = at
    while start < len(text) and text[start] in "^\\" and start - at < _LONGEST_RUN:
        start += 1
    if start >= len(text):
        return None if final or start == at else MORE
    if text[start] == "(":
        labelled = _LABELLED.match(text, start)
        content = read_content(labelled[1].removesuffix("\\")) if labelled else None
        if labelled and content and content.labelled:
            return _one(text, at, labelled.end(), content)
        return MORE if not final and labelled is None and _MAY_BE_LABELLED.match(text, start) else None
    bracket = read_bracket(text, start)
    if isinstance(bracket, More):
        return None if final else MORE
    return None if bracket is None else _one(text, at, bracket[1], bracket[0])


def _one(text: str, at: int, end: int, content: Content) -> MarkerRun:
    return MarkerRun((WrittenMarker(content.ranges, text[at:end], ""),), end, in_brackets=True)


def _as_range(marks: list[WrittenMarker]) -> list[WrittenMarker]:
    """Join ``[1]-[3]`` into one marker that names a range, if both sides name one number."""
    *before, low, high = marks
    if len(low.ranges) != 1 or len(high.ranges) != 1 or low.ranges[0][1] > high.ranges[0][0]:
        return marks
    joined = WrittenMarker(((low.ranges[0][0], high.ranges[0][1]),), f"{low.raw}{high.between}{high.raw}", low.between)
    return [*before, joined]


def read_parentheses(text: str, at: int, context: str, sources: int, final: bool) -> MarkerRun | More | None:
    """Read a run of bare ``(1)`` or ``(1, 2)`` if it can only be a citation: it follows a word, a stop or the line's
    end follows it, every number names a source, and it is no number of an equation, a step or an enumeration.

    ``context`` is the line before it. A bracketed citation after it makes it text, as one before it does.
    """
    if not text.startswith("(", at):
        return None
    behind_stop = context[-2:-1] in tuple(".!?") and context.endswith(" ")
    if not (behind_stop or _can_be_cited(context)):
        return None
    marks: list[WrittenMarker] = []
    end = start = at
    while len(marks) < _LONGEST_RUN and (found := _BARE.match(text, start)):
        numbers = [int(n) for n in found[1].split(",")]
        if not all(1 <= n <= sources for n in numbers):
            return None
        marks.append(WrittenMarker(tuple((n, n) for n in numbers), found.group(), ""))
        end = found.end()
        following = _NEXT_BARE.match(text, end)
        start = following.end() if following else end
        if following is None:
            break
    if not final and _MAY_BE_BARE.match(text, start):
        return MORE
    if not marks:
        return None
    ends = _ends_claim(text, end, sources, final, line_only=behind_stop)
    if isinstance(ends, More):
        return MORE
    return MarkerRun(tuple(marks), end, in_brackets=False) if ends else None


def _can_be_cited(context: str) -> bool:
    if not context.endswith(" "):
        return context[-1:] in tuple(".!?")
    word = _LAST_WORD.search(context[-40:])
    if word is None:
        return context[-2:-1] in tuple(")%\"'”’")
    return word[1].lower() not in _NUMBERED_THINGS


def _ends_claim(text: str, at: int, sources: int, final: bool, *, line_only: bool) -> bool | More:
    while True:
        end = at
        while end < len(text) and text[end] in " \t":
            end += 1
        if end == len(text):
            return True if final else MORE
        if text[end] in "\n|":
            return True
        between = BETWEEN.match(text, at)
        following = read_markers(text, between.end() if between else at, final)
        if isinstance(following, More) or (not final and _MAY_BE_BETWEEN.match(text, at)):
            return MORE
        if following is None:
            return not line_only and end == at and text[at] in ".,;!?…"
        if any(1 <= n <= sources for mark in following.marks for pair in mark.ranges for n in pair):
            return False
        # Markers that name no source will be gone; what matters is what comes after them.
        at = following.end
