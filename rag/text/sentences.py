"""Splits a text into whole sentences with character offsets."""

from __future__ import annotations

import re
from typing import NamedTuple

# A stop behind one of these does not end a sentence.
_ABBREVIATIONS = frozenset(
    """e.g i.e cf vs al etc fig figs eq eqs sec secs tab no nos vol ref refs approx resp dr prof mr mrs ms st jr sr
    inc ltd co dept univ ca viz est max min avg spp sp var subsp wt u.s u.k ph.d""".split()
)
# "et al. We": these may end a sentence when what follows opens one with a function word.
_MAY_END = frozenset({"al", "etc", "inc", "co", "ltd", "no", "max", "min", "u.s", "u.k", "ph.d", "resp"})
_OPENERS = frozenset(
    """The This These We Our In It They However Moreover Furthermore Additionally Finally Here To For On A An As
    Although Results Conclusions Conclusion Methods Background Objective While When Despite Thus Therefore Such By With
    From Experiments Extensive Specifically Based Using Both All Recent Existing There Two Three Code
    Experimental""".split()
)
_END = frozenset("al etc inc co ltd no max min u.s u.k ph.d resp".split())
_OPENERS = frozenset(
    [
        "The",
        "This",
        "These",
        "We",
        "Our",
        "In",
        "It",
        "They",
        "However",
        "Moreover",
        "Furthermore",
        "Additionally",
        "Finally",
        "Here",
        "To",
        "For",
        "On",
        "A",
        "An",
        "As",
        "Although",
        "Results",
        "Conclusions",
        "Conclusion",
        "Methods",
        "Background",
        "Objective",
        "While",
        "When",
        "Despite",
        "Thus",
        "Therefore",
        "Such",
        "By",
        "With",
        "From",
        "Experiments",
        "Extensive",
        "Specifically",
        "Based",
        "Using",
        "Both",
        "All",
        "Recent",
        "Existing",
        "There",
        "Two",
        "Three",
        "Code",
        "Experimental",
    ]
)
_END = frozenset({"al", "etc", "inc", "co", "ltd", "no", "max", "min", "u.s", "u.k", "ph.d", "resp"})
_OPENERS = frozenset(
    [
        "The",
        "This",
        "These",
        "We",
        "Our",
        "In",
        "It",
        "They",
        "However",
        "Moreover",
        "Furthermore",
        "Additionally",
        "Finally",
        "Here",
        "To",
        "For",
        "On",
        "A",
        "An",
        "As",
        "Although",
        "Results",
        "Conclusions",
        "Conclusion",
        "Methods",
        "Background",
        "Objective",
        "While",
        "When",
        "Despite",
        "Thus",
        "Therefore",
        "Such",
        "By",
        "With",
        "From",
        "Experiments",
        "Extensive",
        "Specifically",
        "Based",
        "Using",
        "Both",
        "All",
        "Recent",
        "Existing",
        "There",
        "Two",
        "Three",
        "Code",
        "Experimental",
    ]
)
_END = re.compile(r"""[.!?…]+["'”’)\]]*(?=\s)|[。！？]["'”’)\]]*""")
_LAST_WORD = re.compile(r"([A-Za-z](?:[A-Za-z]|\.(?=[A-Za-z]))*)$")
_NEXT_WORD = re.compile(r"""\s+["'“‘(\[]*(\S+)""")


class Span(NamedTuple):
    """A half-open range of characters: ``text[start:end]``."""

    start: int
    end: int


def sentences(text: str) -> list[Span]:
    """The sentences of ``text``, in order, each from its first to its last non-blank character.

    Blanks between sentences belong to none; every other character belongs to exactly one sentence. A text without
    a final stop (one that ends in an address, say) ends with its last sentence all the same.
    """
    spans: list[Span] = []
    start = _skip_blanks(text, 0)
    for end in (match.end() for match in _END.finditer(text) if _ends_sentence(text, match)):
        if end > start:
            spans.append(Span(start, end))
            start = _skip_blanks(text, end)
    rest = len(text.rstrip())
    if rest > start:
        spans.append(Span(start, rest))
    return spans


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    following = _NEXT_WORD.match(text, match.end())
    if following is None or match.group()[0] in "。！？":
        return True
    next_word = following.group(1)
    if next_word[0].islower() and match.group() != "?" and not _starts_with_name(next_word):
        return False
    if match.group()[0] != ".":
        return True
    before = _LAST_WORD.search(text, 0, match.start())
    if before is None:
        return True
    word = before.group(1)
    if word.lower() in _ABBREVIATIONS:
        return word.lower() in _MAY_END and next_word.strip(",;:") in _OPENERS
    # One capital letter is an initial ("J. Smith") unless a sentence plainly opens behind it.
    return not (len(word) == 1 and word.isupper()) or next_word.strip(",;:") in _OPENERS


def _starts_with_name(word: str) -> bool:
    """Whether a word that starts small is a name all the same: ``bert2BERT``, ``oBERT``, ``mBERT``."""
    return any(c.isupper() or c.isdigit() for c in word[1:])
