"""Writes a checked answer anew: markers that name another source now, sentences that were taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answering.citations.stream import Marker, find_markers

# What may stand on a line beside a sentence without being more than its frame: bullets, quote signs, table bars.
_BEFORE = re.compile(r"[ \t|>]*(?:(?:[-*+•]|\(?\w{1,3}[.)])[ \t]+)?[*_]*\Z")
_AFTER = re.compile(r"[ \t|*_]*\Z")
_JOINS = re.compile(r"\s*(?:and|&)?\s*\Z")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new text, and the sources in order of first use: ``order[0]`` is cited as [1]."""

    text: str
    order: tuple[int, ...]

    def number(self, source: int) -> int | None:
        """The citation number of a source, or ``None`` where the text does not cite it."""
        return self.order.index(source) + 1 if source in self.order else None


def rewrite(
    answer: str, order: Sequence[int], moved: Mapping[Marker, int], cut: Sequence[tuple[int, int]]
) -> Rewritten:
    """``answer`` with markers renumbered by first use.

    Args:
        answer: a text in normal form.
        order: the source of every citation number; ``order[0]`` is cited as [1].
        moved: markers that are to name another source.
        cut: stretches to take out, with the markers in them and the bullet or blank that belongs to them.
    """
    cut = _widened(answer, cut)
    out: list[str] = []
    used: list[int] = []
    run: list[int] = []
    at = 0
    for marker in find_markers(answer):
        between = _kept(answer, at, marker.start, cut)
        at = marker.end
        source = moved.get(marker, order[marker.number - 1])
        joined = _JOINS.match(between) is not None
        if any(start <= marker.start < end for start, end in cut) or (joined and source in run):
            out.append("" if joined and run else between)
            continue
        run = [*run, source] if joined else [source]
        used += [source] if source not in used else []
        out.append(f"{between}[{used.index(source) + 1}]")
    out.append(_kept(answer, at, len(answer), cut))
    text = "".join(out)
    return Rewritten(text.strip() if cut else text, tuple(used))


def _kept(answer: str, start: int, end: int, cut: Sequence[tuple[int, int]]) -> str:
    kept: list[str] = []
    for low, high in cut:
        if high > start and low < end:
            kept.append(answer[start : max(start, low)])
            start = min(end, high)
    return "".join([*kept, answer[start:end]])


def _widened(answer: str, cut: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Cuts in order, neighbours joined, each with the blank behind it or, where nothing else is on it, its line."""
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
