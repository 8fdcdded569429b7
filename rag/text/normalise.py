"""Normalises titles and abstracts for reading and search. Figures are never changed."""

from __future__ import annotations

import re
import unicodedata

# Zero-width and bidirectional controls carry no meaning in an abstract and can hide text from a reader.
_INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x034F,
        0x061C,
        0x180E,
        0xFEFF,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
    ]
)
_SPACES = re.compile(r"\s+")
_ESCAPED = re.compile(r"\\([%&$#_{}])")
# A LaTeX tie stands right behind a word ("quantization~(PTQ)", "Table~1"); behind a blank or a bracket
# a tilde means "about".
_TIE = re.compile(r"(?<=[^\s(\[<>=≈~/:])~(?=\S)")
_QUOTES = re.compile(r"``(.+?)''")
# What a page makes of "$5\times$" once the mathematics is stripped.
_TIMES = re.compile(r"(?<=\d)(?:\\times\b|times\b)")
_SET_SIGNS = {"(cap)": "(∩)", "(cup)": "(∪)"}


def normalise(text: str) -> str:
    """Text in Unicode NFC, with single spaces, without control and zero-width characters, and with LaTeX remains
    resolved: ``15.5\\%`` to ``15.5%``, ``quantization~(PTQ)`` to ``quantization (PTQ)``, doubled backticks and
    apostrophes to plain quotation marks,
    ``5times`` to ``5 times``. Digits and signs stay as they are, ``~50%`` stays "about 50%", and ``<EOS>`` or ``< 1%``
    stay text: what comes in is not markup.

    Idempotent: ``normalise(normalise(t)) == normalise(t)``.
    """
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE)
    text = "".join(c if c in "\t\n\r" or unicodedata.category(c) not in {"Cc", "Cs", "Co"} else " " for c in text)
    text = _SPACES.sub(" ", text).strip()
    text = _ESCAPED.sub(r"\1", text)
    text = _QUOTES.sub(r'"\1"', text)
    text = _TIMES.sub(" times", text)
    text = _TIE.sub(" ", text)
    if "(cap)" in text and "(cup)" in text:
        for word, sign in _SET_SIGNS.items():
            text = text.replace(word, sign)
    return text
