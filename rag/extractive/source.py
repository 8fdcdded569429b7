"""A source as the extractive answerer reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(
    r"\s?[\[［【〔]\s{0,3}(?:(?:sources?|refs?|citations?|papers?)\W{0,3})?[#^]?\d[\d\s,;–\-]{0,40}[\]］】〕]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SourceText:
    """A numbered paper.

    ``passages`` are runs of whole sentences of its abstract, in order. What lies between two of them was left out to
    keep a prompt short, and so was the beginning of the abstract if ``cut_before``, its end if ``cut_after``. ``about``
    names authors, year and venue, as far as known.
    """

    number: int
    title: str
    passages: tuple[str, ...]
    about: str = ""
    cut_before: bool = False
    cut_after: bool = False


def without_marks(text: str) -> str:
    """Return ``text`` of a source without its own reference marks: in a quotation they would read as our citations."""
    return _MARK.sub("", text)
