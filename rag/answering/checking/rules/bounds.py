"""Find figures with a reversed bound: "at least 50%" for the source's "up to 50%"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rag.answering.checking.rules.figures import Figure, figures, same_figure

Bound = Literal["lower", "upper", "exact", "none"]

# Between a bound and its figure there may be a word of measure or a sign.
_BETWEEN = r"\s?(?:an?\s|the\s|its\s|about\s|around\s|~\s?|\+|\$)?\Z"
_MORE = "(?<!no )(?<!not )(?<!never )(?:more|greater|higher|larger|longer|better) than"
_LESS = "(?<!no )(?<!not )(?<!never )(?:less|fewer|lower|smaller|shorter) than"
_LOWER = re.compile(
    rf"(?:\b(?:at least|{_MORE}|(?:no|not|never) (?:less|fewer|lower) than|over|above|beyond|exceed(?:s|ed|ing)"
    rf"|upwards? of|minimum of)|[>≥]=?){_BETWEEN}",
    re.IGNORECASE,
)
_UPPER = re.compile(
    rf"(?:\b(?:up to|at most|{_LESS}|(?:no|not|never) (?:more|greater|higher|longer) than|under|below|within|maximum of"
    rf"|as (?:much|high|many|large|long|far) as)|[<≤]=?){_BETWEEN}",
    re.IGNORECASE,
)
_EXACT = re.compile(r"\b(?:exactly|precisely|always)" + _BETWEEN, re.IGNORECASE)
_ABOUT = re.compile(
    r"(?:\b(?:about|around|approximately|roughly|nearly|almost|some|circa|ca\.)|[~≈])\s?\Z", re.IGNORECASE
)
_LOWER_BEHIND = re.compile(r"\s?(?:or (?:more|above|higher|longer|better)\b|and (?:more|above)\b|\+)", re.IGNORECASE)
_UPPER_BEHIND = re.compile(r"\s?(?:or (?:less|fewer|below|lower|under)\b|and below\b|at most\b)", re.IGNORECASE)
_OPPOSITE: dict[Bound, Bound] = {"lower": "upper", "upper": "lower"}
_LOOK_BACK = 30


def bound_of(text: str, figure: Figure) -> Bound:
    """Return how ``text`` bounds one of its figures; ``lower`` means that much or more."""
    before = text[max(0, figure.start - _LOOK_BACK) : figure.start]
    if _LOWER.search(before) or _LOWER_BEHIND.match(text, figure.end):
        return "lower"
    if _UPPER.search(before) or _UPPER_BEHIND.match(text, figure.end):
        return "upper"
    return "exact" if _EXACT.search(before) else "none"


def reversed_bounds(sentence: str, abstracts: Sequence[str]) -> list[Figure]:
    """Return the figures of ``sentence`` that the ``abstracts`` bound the other way wherever they have them, or that
    the sentence calls exact and they call a bound or an approximation."""
    return [figure for figure in figures(sentence) if not figure.loose and _is_reversed(sentence, figure, abstracts)]


def _is_reversed(sentence: str, figure: Figure, abstracts: Sequence[str]) -> bool:
    said = bound_of(sentence, figure)
    if said == "none":
        return False
    stated = [(text, other) for text in abstracts for other in figures(text) if same_figure(figure, other)]
    if said == "exact":
        return bool(stated) and all(bound_of(text, other) != "none" or _is_about(text, other) for text, other in stated)
    return bool(stated) and all(bound_of(text, other) == _OPPOSITE[said] for text, other in stated)


def _is_about(text: str, figure: Figure) -> bool:
    return _ABOUT.search(text[max(0, figure.start - _LOOK_BACK) : figure.start]) is not None
