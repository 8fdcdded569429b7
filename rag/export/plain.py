"""Text for formats whose readers take known HTML elements and entities for markup."""

from __future__ import annotations

from rag.readers.markup.markup import from_markup

_NUMBERED = str.maketrans({"<": "&#60;", ">": "&#62;", "&": "&#38;"})


def unmarked(text: str) -> str:
    """Return ``text`` on one line. If a reader would take it for markup (it has ``<b>`` or ``&amp;``), its signs become
    numbered entities; other text, also ``p < 0.05`` and ``R&D``, stays as it is."""
    line = " ".join(text.split())
    return line if from_markup(line) == line else line.translate(_NUMBERED)
