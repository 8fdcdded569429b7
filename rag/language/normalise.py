"""Normalises titles and abstracts for reading and search. Figures are never changed."""

from __future__ import annotations

import re
import unicodedata

from rag.language.invisible import visible

# What copying from a PDF makes of two letters; a search for "efficient" must find "eﬃcient".
_LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
_ESCAPED = re.compile(r"\\+([%&$#_{}])")
_TILDE = re.compile(r"([^\W_]|[.)\]}'\"”+])~(?=[^\s~])")
_QUOTES = re.compile(r"``|''")
# What a page makes of "$5\times$" once the mathematics is stripped; between figures a blank goes on either side.
_TIMES_BETWEEN = re.compile(r"(?<=\d)(?: ?\\)?times ?(?=\d)")
_TIMES_BEHIND = re.compile(r"(?<=\d)(?: ?\\)?times(?![A-Za-z])")
_SET_SIGNS = {"(cap)": "(∩)", "(cup)": "(∪)"}


def normalise(text: str) -> str:
    """Return the text in Unicode NFC, with single spaces, without control and zero-width characters, and with LaTeX
    remains resolved: ``15.5\\%`` to ``15.5%``, ``quantization~(PTQ)`` to ``quantization (PTQ)``, doubled backticks and
    apostrophes to plain quotation marks, ``5times`` to ``5 times``. Digits and signs stay as they are, ``~50%`` stays
    "about 50%", ``5~10`` stays a range, and ``<EOS>`` or ``< 1%`` stay text: what comes in is not markup.

    Idempotent: ``normalise(normalise(t)) == normalise(t)``.
    """
    text = visible(text, controls=" ", keep="\t\n\r").translate(_LIGATURES)
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if "\\" in text:
        text = _ESCAPED.sub(r"\1", text)
    text = _quoted(text)
    if "times" in text:
        text = _TIMES_BEHIND.sub(" times", _TIMES_BETWEEN.sub(" times ", text))
    if "~" in text:
        text = _TILDE.sub(_tie, text)
    if "(cap)" in text and "(cup)" in text:
        for word, sign in _SET_SIGNS.items():
            text = text.replace(word, sign)
    return text


def _tie(match: re.Match[str]) -> str:
    """A LaTeX tie ("quantization~(PTQ)", "Table~1") is a blank; between figures, and behind a lone letter, a tilde
    means something ("5~10 days", "x~N(0,1)") and stays."""
    before, place = match.group(1), match.start()
    following = match.string[match.end()]
    if before.isdigit() and following.isdigit():
        return match.group()
    alone = place == 0 or not match.string[place - 1].isalnum()
    if before.isalpha() and alone and before not in "aAI":
        return match.group()
    return f"{before} "


def _quoted(text: str) -> str:
    """Doubled backticks with the doubled apostrophes that close them, as plain quotation marks; others stay."""
    if "``" not in text:
        return text
    marks = list(_QUOTES.finditer(text))
    opened: list[int] = []
    paired: set[int] = set()
    for mark in marks:
        if mark.group() == "``":
            opened.append(mark.start())
        elif opened:
            paired |= {opened.pop(), mark.start()}
    return _QUOTES.sub(lambda mark: '"' if mark.start() in paired else mark.group(), text)
