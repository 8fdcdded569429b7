"""Characters that cannot be seen: one definition, for whatever reads, shows or sends text.

They carry no meaning for a reader, yet they steer terminals, turn text around, and can hold a whole message that only
a model reads.
"""

from __future__ import annotations

import unicodedata
from typing import Final

# Ignored by default although Unicode counts them as letters, marks or unassigned: fillers, the grapheme joiner,
# variation selectors and what surrounds the tag characters (Default_Ignorable_Code_Point, Unicode Standard 5.21).
_IGNORABLE: Final = frozenset(
    map(ord, "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\u3164\uffa0")
).union(range(0xFE00, 0xFE10), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))
# Format characters that are drawn: Arabic and Syriac number signs (Prepended_Concatenation_Mark).
_DRAWN: Final = frozenset([*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD])


def is_invisible(character: str) -> bool:
    """Return whether no reader sees ``character``: a control, format or private character, half a surrogate pair, a
    noncharacter, a filler, a variation selector or a tag. Blanks and line breaks other than controls are seen."""
    return _is_control(character) or _is_format(character)


def visible(text: str, *, instead: str = "", controls: str | None = None, keep: str = "\n\t") -> str:
    """``text`` without the characters that cannot be seen.

    Args:
        text: anything.
        instead: what takes the place of each of them.
        controls: what takes the place of control and private characters, half surrogate pairs and noncharacters, which
            often part words; as ``instead`` if it is not given.
        keep: characters that stay whatever they are.
    """
    if text.isascii() and text.isprintable():
        return text
    gap = instead if controls is None else controls
    return "".join(
        c if c in keep else gap if _is_control(c) else instead if not c.isascii() and _is_format(c) else c for c in text
    )


def _is_control(character: str) -> bool:
    code = ord(character)
    return unicodedata.category(character) in {"Cc", "Co", "Cs"} or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _is_format(character: str) -> bool:
    code = ord(character)
    return code in _IGNORABLE or (unicodedata.category(character) == "Cf" and code not in _DRAWN)
