"""What an answer lists, so that a reader can speak of "the second one"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.language.names import names

MARKER = re.compile(r"\[(\d{1,3})\]")
_ENUMERATOR = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
QUOTED = re.compile(r"[“\"]([^”\"]{3,300})[”\"]")
_TITLE_ENDS = re.compile(r"\s*(?:[(\[–—]|\.\s|:\s|$)")
_SENTENCE = re.compile(r"(?<=[.;])\s+|,\s+(?:and\s+)?|\s+and\s+")
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Item:
    """A thing that an answer names, and the citation number after it (0 if there is none)."""

    name: str
    number: int = 0


def items(answer: str) -> list[Item]:
    """Return the things that ``answer`` names, in order: one for each citation number, or else for each line of a list,
    or else for each sentence or part of one. Parts that name nothing count for none."""
    markers = list(MARKER.finditer(answer))
    if markers:
        starts = [0, *(marker.end() for marker in markers[:-1])]
        parts = [
            (answer[start : marker.start()], int(marker[1])) for start, marker in zip(starts, markers, strict=True)
        ]
    else:
        lines = [line for line in answer.splitlines() if line.strip()]
        parts = [(part, 0) for part in (lines if len(lines) > 1 else _SENTENCE.split(answer))]
    found: dict[str, Item] = {}
    for part, number in parts:
        name = _name(part)
        if name and not any(number and item.number == number for item in found.values()):
            found.setdefault(name, Item(name, number))
    return list(found.values())


def _name(part: str) -> str:
    """What a part of an answer is about: a title in quotes, a list line up to its first break, or its first name."""
    part = part.strip(" .,;\n")
    quoted = QUOTED.search(part)
    if quoted:
        return quoted.group(1)
    line = part.splitlines()[-1] if part else ""
    if _ENUMERATOR.match(line):
        title = _ENUMERATOR.sub("", line).strip("*_ ")
        end = _TITLE_ENDS.search(title)
        return title[: end.start() if end else None][:_LONGEST].strip("*_ ")
    return next(iter(names(part)), "")
