"""Words of a text: the one tokeniser, and the parts of a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

#: A run of letters and digits; whatever else a pattern counts as a word is built on this.
RUN: Final = r"[^\W_]+"
_RUN = re.compile(RUN)
# A word holds together at inner hyphens, points, apostrophes and the like, a number at commas and colons; "C++", "C#"
# and "5%" keep their sign.
_TOKEN = re.compile(rf"{RUN}(?:(?:[-'’.+&@_]|(?<=\d)[,:](?=\d)){RUN})*(?:\+{{1,2}}|[%#])?")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")


class Token(NamedTuple):
    """A word with its place: ``text[start:end]``."""

    text: str
    start: int
    end: int

    @property
    def bare(self) -> str:
        """The word without a genitive's ending."""
        return without_genitive(self.text)


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of ``text``; hyphens, points and apostrophes hold one together (``bert-base``, ``1.5``)."""
    for match in _TOKEN.finditer(text):
        yield Token(match.group(), match.start(), match.end())


def runs(text: str) -> list[str]:
    """Return the runs of letters and digits in ``text``, as written: words cut at every sign."""
    return _RUN.findall(text)


def pieces(word: str) -> list[str]:
    """Return the parts of a word between its signs, in lower case; a decimal number stays whole, and the plural of an
    acronym is the acronym (``LLMs``)."""
    if word[:1].isdigit() and word.replace(".", "").replace(",", "").rstrip("%").isdigit():
        return [word.lower().rstrip("%").replace(",", "")]
    return [_singular(run).lower() for run in runs(word.replace("'s", "").replace("’s", ""))]


def _singular(run: str) -> str:
    return run[:-1] if len(run) > 2 and run[-1] == "s" and run[:-1].isupper() else run


def without_genitive(word: str) -> str:
    """Return ``model`` for ``model's``."""
    return word.removesuffix("'s").removesuffix("’s")


def plain_figures(text: str) -> frozenset[str]:
    """Return the numbers in digits of ``text``, without commas."""
    return frozenset(match.group().replace(",", "") for match in _FIGURE.finditer(text))
