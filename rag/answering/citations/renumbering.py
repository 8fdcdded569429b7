"""Rewrite a checked answer: renumber its markers, move some to other sources, remove sentences."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rag.answering.citations.stream import Marker, find_markers
from rag.language.sentences import Span

# What a line may have beside a sentence and still be only its frame: bullets, quote signs, table bars.
_BEFORE = re.compile(r"[ \t|>]*(?:(?:[-*+•]|\(?\w{1,3}[.)])[ \t]+)?[*_]*\Z")
_AFTER = re.compile(r"[ \t|*_]*\Z")
_JOINS = re.compile(r"[ \t]*(?:and|&)?[ \t]*\Z")


@dataclass(frozen=True, slots=True)
class Kept:
    """A part of the answer, ``answer[start:end]``, that begins at ``new_start`` and ends at ``new_end`` in the
    new text; its length changes only for a marker that got another number."""

    start: int
    end: int
    new_start: int
    new_end: int


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new text, the sources in order of first use (``order[0]`` is cited as [1]), and what was ``kept`` of the old
    text, in order."""

    text: str
    order: tuple[int, ...]
    kept: tuple[Kept, ...]

    def number(self, source: int) -> int | None:
        """Return the citation number of a source, or ``None`` if the text does not cite it."""
        return self.order.index(source) + 1 if source in self.order else None

    def place(self, start: int, end: int) -> Span:
        """Return where the new text has what the old one had at ``start`` to ``end``, without blanks around it."""
        first = bisect_right(self.kept, start, key=lambda kept: kept.end)
        last = bisect_left(self.kept, end, key=lambda kept: kept.start) - 1
        if last < first:
            return Span(len(self.text), len(self.text))
        left, right = self.kept[first], self.kept[last]
        begin = max(0, left.new_start + max(0, start - left.start))
        part = self.text[begin : right.new_end if end >= right.end else right.new_start + end - right.start]
        begin += len(part) - len(part.lstrip())
        return Span(begin, begin + len(part.strip()))


def rewrite(
    answer: str, order: Sequence[int], moved: Mapping[Marker, int], cut: Sequence[tuple[int, int]]
) -> Rewritten:
    """Renumber the markers of ``answer`` by first use.

    Args:
        answer: a text in normal form.
        order: the source of every citation number; ``order[0]`` is cited as [1].
        moved: markers that are to name another source.
        cut: ranges to remove, with the markers in them and the bullet or blank that belongs to them.
    """
    cut = _widened(answer, cut)
    parts: list[tuple[Span, str]] = []
    used: list[int] = []
    run: list[int] = []
    at = 0
    for marker in find_markers(answer):
        spans = list(_uncut(at, marker.start, cut))
        at = marker.end
        source = moved.get(marker, order[marker.number - 1])
        joined = _JOINS.match("".join(answer[start:end] for start, end in spans)) is not None
        is_dropped = any(start <= marker.start < end for start, end in cut) or (joined and source in run)
        if not (is_dropped and joined and run):
            parts += [(span, answer[span.start : span.end]) for span in spans]
        if is_dropped:
            continue
        run = [*run, source] if joined else [source]
        used += [source] if source not in used else []
        parts.append((Span(marker.start, marker.end), f"[{used.index(source) + 1}]"))
    parts += [(span, answer[span.start : span.end]) for span in _uncut(at, len(answer), cut)]
    text = "".join(part for _, part in parts)
    shift = len(text) - len(text.lstrip()) if cut else 0
    ends = accumulate((len(part) for _, part in parts), initial=-shift)
    kept = [Kept(*span, *place) for (span, _), place in zip(parts, pairwise(ends), strict=True)]
    return Rewritten(text.strip() if cut else text, tuple(used), tuple(kept))


def _uncut(start: int, end: int, cut: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Yield the parts of ``start`` to ``end`` that are not cut."""
    for low, high in cut:
        if high > start and low < end:
            if start < low:
                yield Span(start, low)
            start = min(end, high)
    if start < end:
        yield Span(start, end)


def _widened(answer: str, cut: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the cuts in order, adjacent ones joined, each with the blank after it, or with its line if that is all."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(cut):
        if joined and not answer[joined[-1][1] : start].strip(" \t"):
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return [_with_frame(answer, start, end) for start, end in joined]


def _with_frame(answer: str, start: int, end: int) -> tuple[int, int]:
    line_start = answer.rfind("\n", 0, start) + 1
    line_end = answer.find("\n", end)
    line_end = len(answer) if line_end < 0 else line_end
    if _BEFORE.match(answer[line_start:start]) and _AFTER.match(answer[end:line_end]):
        return line_start, min(len(answer), line_end + 1)
    while end < line_end and answer[end] in " \t":
        end += 1
    while end == line_end and start > line_start and answer[start - 1] in " \t":
        start -= 1
    return start, end
