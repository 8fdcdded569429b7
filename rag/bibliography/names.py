"""Author names: read from lists and bylines, in the one form that papers keep, and as bibliographies order them.

A paper keeps names with the given name first (``Jan van der Berg Jr.``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# Behind a comma these are no given name: "King, Martin Luther, Jr.", "Doe, PhD", "Acme, Inc".
_SUFFIXES = frozenset("jr sr ii iii iv v md phd inc ltd llc esq".split())
_GENERATIONS = frozenset("jr sr ii iii iv".split())
# How a list of names says that it leaves some out.
_NOBODY = frozenset({"others", "et al", "and others"})
# A name with one of these is that of an organisation, which has no family name.
_ORGANISATION = frozenset(
    """university institute group team consortium collaboration committee association society network organization
    organisation workshop initiative agency centre center department laboratory lab study project council company
    foundation working investigators authors openai google microsoft meta nvidia""".split()
)
_INITIALS_BEHIND = re.compile(r"([^\W\d_][^\d_.]{1,60}) ((?:[A-Z]\.-?){1,4}|[A-Z]{1,3})")
_NOT_LETTERS = re.compile(r"[.\s-]+")
_AND = re.compile(r",? and | & ")
_MOST_INITIALS = 4
_LONGEST_GIVEN = 3


class Name(NamedTuple):
    """The parts of a person's name; ``suffix`` may be empty."""

    family: str
    given: str
    suffix: str


def parts_of(name: str) -> Name | None:
    """Return the parts of ``Jan van der Berg Jr.``, or ``None`` for what has none or could not be put together again:
    an organisation, one word, a name with a comma."""
    words = name.split()
    if "," in name or _is_organisation(words):
        return None
    suffix = words.pop() if len(words) > 2 and _bare(words[-1]) in _GENERATIONS else ""
    if len(words) < 2 or _is_suffix(words[-1]):
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
    """Return the name with its family name in front; a name without one stays as it is."""
    parts = parts_of(name)
    return inverted(parts) if parts else name


def surname(name: str) -> str:
    """Return the family name of ``Given Family Jr.`` or ``Family, Given``, without particles; empty for no name."""
    words = name.split()
    while len(words) > 2 and _bare(words[-1]) in _GENERATIONS:
        words.pop()
    return name.split(",", 1)[0].strip() if "," in name else words[-1] if words else ""


def given_first(name: str) -> str:
    """Return ``Doe, Jane`` as ``Jane Doe``, and ``Doe, Jr., Jane`` or ``Doe, Jane, Jr.`` as ``Jane Doe Jr.``."""
    parts = [part.strip() for part in name.split(",")]
    if all(parts) and len(parts) == 2 and not _is_suffix(parts[1]):
        return f"{parts[1]} {parts[0]}"
    if all(parts) and len(parts) == 3 and _is_suffix(parts[1]):
        return f"{parts[2]} {parts[0]} {parts[1]}"
    if all(parts) and len(parts) == 3 and _is_suffix(parts[2]):
        return f"{parts[1]} {parts[0]} {parts[2]}"
    return name.strip(" ,") or name


def initials_first(name: str) -> str:
    """Return ``Doe J.A.`` and ``Doe JA``, as PubMed and Scopus write where space is short, as ``J.A. Doe``."""
    found = _INITIALS_BEHIND.fullmatch(name.strip())
    return f"{found.group(2)} {found.group(1)}" if found else name


def is_nobody(name: str) -> bool:
    """Return whether a list's entry only says that it goes on (``et al.``), or is a number and no name."""
    return name.casefold().rstrip(".") in _NOBODY or not any(c.isalpha() for c in name)


def split_names(text: str) -> list[str]:
    """Return the names of one text as they are written there.

    They part at ``;`` or ``|``, else at ``and`` or ``&`` and at those commas that part names, not the family name from
    the given one: ``Doe, Jane`` is one name; ``Jane Doe, John Roe``, ``Doe, J., Roe, J. K.`` and
    ``Doe, Jane and Roe, John`` are two.
    """
    text = " ".join(text.split())
    if ";" in text or "|" in text:
        return re.split(r"[;|]", text)
    return [part for half in _AND.split(text) for part in _at_commas(half)]


def _at_commas(text: str) -> list[str]:
    """The names of a text between commas; the whole text where it cannot be told which commas part names."""
    parts = [part for raw in text.split(",") if (part := raw.strip().lstrip("….").strip())]
    while parts and is_nobody(parts[-1]):
        parts.pop()
    inverted_names = _pairs(parts)
    if inverted_names and all(_is_initials(given) for _, given in inverted_names):
        return [name for name, _ in inverted_names]
    if len(parts) > 1 and all(len(part.split()) >= 2 for part in parts):
        return parts
    return [name for name, _ in inverted_names] if inverted_names else [text]


def _pairs(parts: Sequence[str]) -> list[tuple[str, str]]:
    """Parts taken as ``Family, Given`` and perhaps a suffix, each name with its given name; empty unless that gives
    two people or more."""
    found: list[tuple[str, str]] = []
    rest = list(parts)
    while rest:
        if len(rest) > 2 and (_is_suffix(rest[1]) or _is_suffix(rest[2])):
            taken, given = rest[:3], rest[2] if _is_suffix(rest[1]) else rest[1]
        else:
            taken, given = rest[:2], rest[1] if len(rest) > 1 else ""
        family = taken[0]
        if not given or _is_suffix(given) or _is_initials(family) or len(given.split()) > _LONGEST_GIVEN:
            return []
        if _is_organisation(f"{family} {given}".split()):
            return []
        found.append((", ".join(taken), given))
        rest = rest[len(taken) :]
    return found if len(found) > 1 else []


def _is_initials(part: str) -> bool:
    """Return whether a part of a name is nothing but initials: ``J.``, ``M.-J.``, ``JA``, ``J. R. R.``."""
    letters = _NOT_LETTERS.sub("", part)
    return letters.isalpha() and letters.isupper() and len(letters) <= _MOST_INITIALS and not _is_suffix(part)


def _is_suffix(part: str) -> bool:
    # "Petrov, V." has an initial; the fifth of his name has no full stop.
    return _bare(part) in _SUFFIXES and part != "V."


def _is_organisation(words: Sequence[str]) -> bool:
    return not _ORGANISATION.isdisjoint(word.casefold().strip(".()") for word in words)


def _bare(word: str) -> str:
    return word.casefold().rstrip(".")


def byline(authors: Sequence[str], most: int) -> str:
    """Return the first ``most`` authors, with "et al." for those left out; empty if there are none."""
    return ", ".join(authors[:most]) + (" et al." if len(authors) > most else "")


def short_byline(authors: Sequence[str]) -> str:
    """Return the family names of one or two authors, or the first with "et al."; empty if there are none."""
    names = [surname(name) for name in authors if name.strip()]
    return " and ".join(names) if len(names) <= 2 else f"{names[0]} et al."
