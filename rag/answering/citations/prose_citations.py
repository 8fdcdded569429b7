"""Find citations in prose, by the number a source has in the prompt: "Source 2 reports ...".

The reader does not know those numbers, so they are read as citations. A small word before a small letter, a capital
elsewhere, keeps "open source 2 million lines" and "the data source 1 of 3" what they are.
"""

from __future__ import annotations

import re

from rag.answering.citations.markers import MORE, More
from rag.answering.citations.runs import BETWEEN, MarkerRun, WrittenMarker, read_markers

#: What replaces a number that names no source.
UNKNOWN_SOURCE = "an unknown source"
#: Letters that open such a phrase.
INITIALS = "SsAPD"
_LEADS = frozenset("to in from by per see and of with as while whereas but both".split())
_WORDS = ("source", "sources", *(word + s for word in ("Source", "Abstract", "Passage", "Document") for s in ("", "s")))
_WORD = re.compile(rf"[{INITIALS}][A-Za-z]*")
_ONE = re.compile(r"[ ]\d{1,3}")
_MANY = re.compile(r"[ ]\d{1,3}(?:(?:,[ ](?:and[ ])?|[ ]?&[ ]?|[ ]and[ ]|[ ]or[ ])\d{1,3}){0,9}")
_MAY_BE_NUMBERS = re.compile(r"(?:[ ](?:\d[\d, &andor]*)?)?\Z")
# A number that goes on is a quantity, not a source.
_GOES_ON = re.compile(
    r"[\w%‰°/\-]|[.,:]\d|[ ](?:million|billion|thousand|hundred|percent|per[ ]cent|times|orders?|of[ ]\d|x\b|%)"
)
_LOOK_AHEAD = 12


def read_prose_citation(text: str, at: int, before: str, final: bool) -> MarkerRun | More | None:
    """Read the sources named in prose at ``text[at]``, and the markers right after; ``before`` is the line so far.

    ``MORE`` if the text ends before that is clear, unless it is ``final``; ``None`` if none is named here.
    """
    word = _WORD.match(text, at)
    if word is None or before[-1:].isalnum() or before[-1:] in tuple("_-/"):
        return None
    if word.group()[0] == "s" and not _is_led(before):
        return None
    if not final and word.end() == len(text):
        return MORE if any(known.startswith(word.group()) for known in _WORDS) else None
    if word.group() not in _WORDS:
        return None
    if not final and _MAY_BE_NUMBERS.match(text, word.end()):
        return MORE
    found = (_MANY if word.group().endswith("s") else _ONE).match(text, word.end())
    if found is None:
        return None
    end = found.end()
    if not final and len(text) - end < _LOOK_AHEAD and "\n" not in text[end:]:
        return MORE
    if _GOES_ON.match(text, end):
        return None
    numbers = [int(digits) for digits in re.findall(r"\d+", found.group())]
    marks: tuple[WrittenMarker, ...] = (WrittenMarker(tuple((n, n) for n in numbers), text[at:end], ""),)
    between = BETWEEN.match(text, end)
    following = read_markers(text, between.end() if between else end, final)
    if isinstance(following, More):
        return MORE
    if following is not None:
        first_behind = following.marks[0]._replace(between=between.group().strip() if between else "")
        marks, end = (*marks, first_behind, *following.marks[1:]), following.end
    return MarkerRun(marks, end, in_brackets=False, prose_word=word.group())


def names_sources(before: str) -> bool:
    """Return whether a line ends with a word after which a number would be a source's."""
    return before.endswith(_WORDS)


def _is_led(before: str) -> bool:
    words = before.split()
    return not words or (words[-1].lower() in _LEADS) or words[-1][-1] in ",;:.("
