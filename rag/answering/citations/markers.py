"""The grammar of one citation marker as models write it: ``[1]``, ``【1†source】``, ``[1, 2]``, ``[1-3]``,
``[Source 2]``.

:mod:`rag.answering.citations.stream` finds markers in an answer.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: Brackets that a reader takes for square ones, whatever script they are borrowed from.
OPENING: Final = "[［【〔❲⟦⁅〚"
CLOSING: Final = "]］】〕❳⟧⁆〛"
#: A marker is never longer; a longer bracket is text.
LONGEST: Final = 120
_LABELS = frozenset(
    """source sources src ref refs reference references citation citations cite cit paper papers document documents doc
    docs abstract abstracts evidence passage passages context contexts""".split()
)
_LABEL_NUMBERS = frozenset({"number", "no", "nr", "num", "id"})
_WORDS_BETWEEN = frozenset({"and", "und", "et", "or"})
_BETWEEN = frozenset(",;&/")
_DASHES = frozenset("-–—‑−")
_AROUND_LABEL = frozenset(".:=\"'“”’_-")
# What says where in a source: "[1, p. 3]", "[2, abstract]"; a quotation does too.
_LOCATORS = frozenset(
    """p pp page pages sec sect section sections abstract title sentence sentences line lines para paragraph paragraphs
    fig figure table""".split()
)
_QUOTES = frozenset("\"'“‘")
_WORD = re.compile(r"\d+|[^\W\d_]+|\s+|.", re.DOTALL)


class Content(NamedTuple):
    """What a marker says: ranges of source numbers (a single number is a range of itself), and whether it was
    labelled, as in ``[Source 1]``."""

    ranges: tuple[tuple[int, int], ...]
    labelled: bool


class More:
    """The type of :data:`MORE`: the text ends before it is clear whether there is a marker."""


MORE: Final = More()


def read_content(text: str) -> Content | None:
    """Parse what is between the brackets of a marker; ``None`` if it is no marker.

    ``[0, 1]`` is an interval and ``[2+2]`` a reaction, not citations: sources are numbered from one, and no sums. What
    else is none depends on the text around it (:mod:`rag.answering.citations.mathematics`).
    """
    reading = _ContentReader()
    for word in _WORD.findall(text):
        if not reading.accept(word):
            return None
    return reading.result()


def may_become_content(text: str) -> bool:
    """Return whether ``text`` is the beginning of something that :func:`read_content` accepts."""
    if len(text) > LONGEST:
        return False
    words = _WORD.findall(text)
    reading = _ContentReader()
    for word in words[:-1]:
        if not reading.accept(word):
            return False
    # The last word may still grow: "so" may become "source", "1" may become "12".
    return not words or reading.may_accept(words[-1])


class _ContentReader:
    """Parser of one marker, word by word; every state is final or can still become so."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.labelled = False
        self._expects_number = True
        self._range_from: int | None = None
        self._comment_ends = ""
        self._colon = False

    def accept(self, word: str) -> bool:
        """Return whether the marker goes on with ``word``."""
        if self._comment_ends:
            if word in self._comment_ends:
                self._comment_ends, self._expects_number = "", True
            return True
        if self._colon:
            return self._after_colon(word)
        if word.isspace():
            return word != "\n"
        if word.isdecimal():
            return self._number(word)
        return self._before_number(word) if self._expects_number else self._after_number(word)

    def may_accept(self, word: str) -> bool:
        """As :meth:`accept` for a last word that may be the beginning of a longer one."""
        if word[0].isalpha() and not self._comment_ends and not self._colon:
            known = _LABELS | _LABEL_NUMBERS | _LOCATORS if self._expects_number else _WORDS_BETWEEN
            return any(whole.startswith(word.lower()) for whole in known)
        return self.accept(word)

    def result(self) -> Content | None:
        """Return the marker, now that nothing follows."""
        if self._colon or self._range_from is not None or not self.ranges:
            return None
        if self.ranges[0][0] == 0 and (len(self.ranges) > 1 or self.ranges[0][1] > 0):
            return None
        return Content(tuple(self.ranges), self.labelled)

    def _number(self, word: str) -> bool:
        number = int(word[:9])
        if self._range_from is not None:
            low, self._range_from = self._range_from, None
            # "[3-1]" names both ends; a descending range names nothing between them.
            self.ranges[-1:] = [(low, number)] if low <= number else [(low, low), (number, number)]
        else:
            self.ranges.append((number, number))
        self._expects_number = False
        return True

    def _before_number(self, word: str) -> bool:
        if self._range_from is not None:
            return False
        if self.ranges and (word.lower() in _LOCATORS or word in _QUOTES):
            self._comment_ends = ";"
            return True
        if word.lower() in _LABELS:
            self.labelled = True
            return True
        return word in "#^" or (self.labelled and (word in _AROUND_LABEL or word.lower() in _LABEL_NUMBERS))

    def _after_number(self, word: str) -> bool:
        if word in _BETWEEN or word.lower() in _WORDS_BETWEEN or (word == "+" and self.labelled):
            self._expects_number = True
        elif word in _DASHES:
            self._expects_number, self._range_from = True, self.ranges[-1][1]
        elif word == "†":
            self._comment_ends = ",;"
        elif word == ":":
            self._colon = True
        else:
            return word in "\"'”’"
        return True

    def _after_colon(self, word: str) -> bool:
        """``[1:0†source]`` names a place, ``[Source 1: Title]`` a title; ``[3:1]`` is neither."""
        if word.isdecimal():
            return True
        self._colon = False
        # A title may hold commas.
        self._comment_ends = ",;" if word == "†" else ";" if word.isspace() else ""
        return bool(self._comment_ends)


def read_bracket(text: str, at: int) -> tuple[Content, int] | More | None:
    """Parse the marker whose bracket opens at ``text[at]``; return it with the position after it, or ``None``.

    A backslash before a bracket counts as part of it. Cost is bounded by :data:`LONGEST`.
    """
    start = at + 1 if text.startswith("\\", at) else at
    if start >= len(text):
        return MORE
    if text[start] not in OPENING:
        return None
    for position in range(start + 1, min(len(text), start + 1 + LONGEST)):
        character = text[position]
        if character in CLOSING:
            content = read_content(text[start + 1 : position].removesuffix("\\"))
            return None if content is None else (content, position + 1)
        if character == "\n" or character in OPENING:
            return None
    return MORE if may_become_content(text[start + 1 :].removesuffix("\\")) else None
