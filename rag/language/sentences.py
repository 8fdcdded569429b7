"""Splits a text into whole sentences with character offsets.

Rules, not a model: what ends a sentence is decided from the words before and after the stop. In doubt two
sentences stay one, because half a sentence quoted as evidence misleads and a double one does not.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# A stop after one of these never ends a sentence.
_NEVER = frozenset(
    """e.g i.e cf vs viz fig figs eq eqs eqn sec secs sect tab ch vol nos ref refs approx dr prof mr mrs ms st jr sr
    dept univ ca est spp sp var subsp ssp cv pv gen nov wt avg a.k.a w.r.t s.t c.f resp thm thms lem""".split()
)
# After these it ends one only if the next word opens a sentence; the same holds for all words like ``u.s``, ``i.p``.
_MAY_END = frozenset("al etc inc co ltd corp no max min ph.d ed eds repr".split())
# After these it ends one unless a number follows: "Jan. 2020", "Ex. 3", "p. 12", "Def. (4)".
_BEFORE_NUMBERS = frozenset(
    """jan feb mar apr jun jul aug sep sept oct nov dec p pp no nos def prop cor rem ex art app tbl alg obs lat lon ver
    v""".split()
)
_OPENERS = frozenset(
    """The This These Those That We Our In It Its They Their However Moreover Furthermore Additionally Finally Here To
    For On A An As At Although Results Result Conclusions Conclusion Methods Method Background Objective Objectives
    Aim Aims Purpose Introduction Findings Discussion While When Where Which Despite Thus Therefore Hence Then Such By
    With From Of Experiments Extensive Specifically Based Using Both All Recent Existing There Two Three Code
    Experimental Unlike Since After Before During Under Through Because If Not No Each Many Most Some Several Further
    Overall Instead Importantly Notably Surprisingly Interestingly I He She You One Compared Given""".split()
)
# Words before a person's name: a capital letter after them is an initial.
_BEFORE_NAMES = frozenset("by and with from of to for after in dr prof mr mrs ms professor author".split())
_NAMES_WITH_MARKS = frozenset({"yahoo!", "jeopardy!"})
_PREPOSITIONS = frozenset("of to and from at is was by about than or between with for in on =".split())

_CLOSERS = r"[\"'”’»)\]]*+"
_END = re.compile(rf"(?<![.!?…])[.!?…]++{_CLOSERS}(?:\[\d{{1,4}}(?:[,–-] ?\d{{1,4}})*\])?(?=\s)|[。！？؟।॥]{_CLOSERS}")
_OPEN = "\"'“‘«([{"
_ITEM = re.compile(r"(?:[ivx]{1,4}|[a-h])\)")
_ENUMERATOR = re.compile(r"\(?\d{1,2}")
# No word of a language is longer; what is further away does not matter.
_WINDOW = 60


class Span(NamedTuple):
    """A half-open range of characters: ``text[start:end]``."""

    start: int
    end: int


def sentences(text: str) -> list[Span]:
    """Return the sentences of ``text``, in order, each from its first to its last non-blank character.

    Blanks between sentences belong to none; every other character belongs to exactly one sentence. A text without
    a final stop (one that ends in an address, say) ends with its last sentence all the same. Text without a single
    capital, as old test collections have it, is split at its stops whatever follows.
    """
    small = text == text.lower()
    spans: list[Span] = []
    start = _skip_blanks(text, 0)
    for match in _END.finditer(text):
        if match.end() > start and _ends_sentence(text, match, start, small):
            spans.append(Span(start, match.end()))
            start = _skip_blanks(text, match.end())
    rest = len(text.rstrip())
    if rest > start:
        spans.append(Span(start, rest))
    return spans


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _ends_sentence(text: str, match: re.Match[str], start: int, small: bool) -> bool:
    mark = match.group()[0]
    behind = text[match.end() : match.end() + _WINDOW].split(maxsplit=1)
    if not behind or mark in "。！？؟।॥":
        return True
    following = behind[0].lstrip(_OPEN)
    if mark == "!" and _word_before(text, match.start() + 1).lower() in _NAMES_WITH_MARKS:
        return following in _OPENERS
    if not following:
        return True
    if match.start() > start and text[match.start() - 1].isspace():
        return _free_stop_ends(text, match.start(), following)
    if following[0].islower() and mark != "?" and not small and not _starts_with_name(following):
        return _ITEM.match(following) is not None
    return mark != "." or _stop_ends(text, match.start(), start, following)


def _free_stop_ends(text: str, stop: int, following: str) -> bool:
    """A stop between blanks, as tokenised text has it, ends a sentence; ``of . 5`` is a number."""
    return not following[0].isdigit() or _word_before(text, stop) not in _PREPOSITIONS


def _stop_ends(text: str, stop: int, start: int, following: str) -> bool:
    """Return whether the full stop at ``stop``, right after a word, ends the sentence that began at ``start``."""
    word = _word_before(text, stop)
    lower = word.lower()
    opens = following.rstrip(",;:") in _OPENERS
    if lower in _NEVER:
        return False
    if lower in _BEFORE_NUMBERS and following[0].isdigit():
        return False
    if lower in _MAY_END or _is_dotted(lower):
        return opens
    if len(word) == 1 and word.isupper():
        return opens or not _is_initial(text, stop, start, following)
    if _ENUMERATOR.fullmatch(word):
        # "1. A method": a number that opens a sentence, or follows a colon, counts items.
        before = text[start : stop - len(word)].rstrip()
        return bool(before) and before[-1] not in ":;,"
    return True


def _word_before(text: str, end: int) -> str:
    """The run of non-blanks that ends at ``end``, without what opens it and what closes it."""
    words = text[max(0, end - _WINDOW) : end].split()
    return words[-1].lstrip(_OPEN).rstrip(")]}\"'”’") if words else ""


def _is_dotted(word: str) -> bool:
    """Return whether a word is letters parted by stops: ``u.s``, ``i.i.d``, ``d.c``."""
    parts = word.split(".")
    return len(parts) > 1 and all(len(part) == 1 and part.isalpha() for part in parts)


def _is_initial(text: str, stop: int, start: int, following: str) -> bool:
    """Return whether one capital letter abbreviates a name: "J. Smith", "Donald E. Knuth", but "vitamin C. Mice"."""
    before = text[max(start, stop - _WINDOW) : stop - 1].split()
    if not before:
        return True
    if len(following.rstrip(",;")) == 2 and following[1] == "." and following[0].isupper():
        return True
    last = before[-1].lstrip(_OPEN)
    return last.lower().rstrip(".") in _BEFORE_NAMES or last[:1].isupper() or last.endswith((",", ".", ";", "&"))


def _starts_with_name(word: str) -> bool:
    """Return whether a word that starts small is a name all the same: ``bert2BERT``, ``mTOR``, ``p53``,
    ``α-synuclein``."""
    return any(c.isupper() or c.isdigit() for c in word[1:]) or "α" <= word[0] <= "ω"
