"""Text for formats whose readers take known HTML elements and entities for markup."""

from __future__ import annotations

from rag.readers.markup.markup import from_markup

_NUMBERED = str.maketrans({"<": "&#60;", ">": "&#62;", "&": "&#38;"})


def unmarked(text: str) -> str:
    """``text`` on one line; where it would be taken for markup (it names ``<b>`` or ``&amp;``), its signs as numbered
    entities. Other text, ``p < 0.05`` and ``R&D`` too, stays readable as it is."""
    line = " ".join(text.split())
    return line if from_markup(line) == line else line.translate(_NUMBERED)
