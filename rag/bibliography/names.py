"""Author names as bibliographies order them: family name first, particles with it."""

from __future__ import annotations

from typing import NamedTuple

from rag.readers.base import given_first

_SUFFIXES = frozenset("jr. jr sr. sr ii iii iv".split())
# A name with one of these is that of an organisation, which has no family name.
_ORGANISATION = frozenset(
    """university institute group team consortium collaboration committee association society network organization
    organisation workshop initiative agency centre center department laboratory lab study project council company
    foundation working investigators authors openai google microsoft meta nvidia""".split()
)


class Name(NamedTuple):
    """The parts of a person's name; ``suffix`` may be empty."""

    family: str
    given: str
    suffix: str


def parts_of(name: str) -> Name | None:
    """The parts of ``Jan van der Berg Jr.``, or ``None`` where the name has none or cannot be put together again:
    an organisation, one word, a name that holds a comma."""
    words = name.split()
    if "," in name or _ORGANISATION & {word.casefold().strip(".()") for word in words}:
        return None
    suffix = words.pop() if len(words) > 2 and words[-1].casefold() in _SUFFIXES else ""
    if len(words) < 2 or words[-1].casefold().rstrip(".") in {"jr", "sr", "ii", "iii", "iv", "v", "md", "phd"}:
        return None
    # Particles ("van der") are small and belong to the family name that follows them.
    start = len(words) - 1
    while start > 1 and words[start - 1].islower():
        start -= 1
    parts = Name(" ".join(words[start:]), " ".join(words[:start]), suffix)
    return parts if given_first(inverted(parts)) == name else None


def inverted(parts: Name) -> str:
    """``van der Berg, Jan, Jr.``"""
    return f"{parts.family}, {parts.given}" + (f", {parts.suffix}" if parts.suffix else "")


def family_first(name: str) -> str:
    """The name with its family name in front, or as it is where it has none."""
    parts = parts_of(name)
    return inverted(parts) if parts else name
