"""Plain text out of the markup that bibliographic fields carry: HTML as text, JATS, MathML.

Only elements known to bibliographies are taken for markup; ``<EOS>`` and ``p < 0.05`` are text and stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

_BLOCKS = frozenset("p div br li ul ol sec h1 h2 h3 h4 h5 h6 tr td th table list list-item disp-formula".split())
_TITLES = frozenset({"title", "label"})
_OTHERS = frozenset(
    """i b em strong sub sup u s tt code a span small strike font italic bold sc monospace underline ext-link xref
    inline-formula alternatives named-content styled-content abstract math mrow mi mn mo msub msup mfrac mtext mspace
    mover munder munderover msubsup msqrt mroot mtable mtr mtd mstyle mfenced semantics annotation tex-math inf
    inline-graphic mathml""".split()
)
_NAMES = "|".join(sorted(_BLOCKS | _TITLES | _OTHERS, key=len, reverse=True))
_TAG = re.compile(rf"</?(?:jats:|mml:|m:)?(?:{_NAMES})(?:\s[^<>]{{0,1000}})?/?>", re.I)
_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_POWER = re.compile(r"[+\-−–]?\d+(?:[.,]\d+)?")


def from_markup(text: str) -> str:
    """``text`` without known elements and with entities resolved; exponents keep their meaning (``10^-3``)."""
    if "&lt;" in text and _TAG.search(inner := text.replace("&lt;", "<").replace("&gt;", ">")):
        text = inner
    if not _TAG.search(text) and not _ENTITY.search(text):
        return text
    collector: Any = _Plain()
    parser = etree.HTMLParser(target=collector, encoding="utf-8", no_network=True, recover=True)
    try:
        parser.feed(("<div>" + _escaped(text) + "</div>").encode("utf-8", "replace"))
        result: str = parser.close()
    except etree.LxmlError:
        result = collector.close()
    return result


def _escaped(text: str) -> str:
    """The text with every ``<`` and ``&`` that is no markup written as an entity."""
    parts: list[str] = []
    at = 0
    for tag in _TAG.finditer(text):
        parts += [text[at : tag.start()].replace("<", "&lt;"), tag.group()]
        at = tag.end()
    parts.append(text[at:].replace("<", "&lt;"))
    marked = "".join(parts)
    pieces: list[str] = []
    at = 0
    for entity in _ENTITY.finditer(marked):
        pieces += [marked[at : entity.start()].replace("&", "&amp;"), entity.group()]
        at = entity.end()
    pieces.append(marked[at:].replace("&", "&amp;"))
    return "".join(pieces)


def raised(before: str, exponent: str) -> str:
    """Return a superscript as plain text: a power after a figure or letter keeps a sign for it, a mark does not."""
    last = before[-1:]
    return f"^{exponent}" if (last.isalnum() or last in ")]") and _POWER.fullmatch(exponent.strip()) else exponent


class _Plain:
    """The target lxml drives."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._marks: list[int] = []
        self._silent = 0
        self._unmarked = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        del attributes
        name = tag.rpartition(":")[2]
        if name in _BLOCKS:
            self._parts.append(" ")
        elif name in ("sup", "tex-math", *_TITLES):
            # Deeper than any formula goes, the nesting is an attack on the joins below.
            if len(self._marks) < 8:
                self._marks.append(len(self._parts))
            else:
                self._unmarked += 1
        elif name == "annotation":
            self._silent += 1

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name in _BLOCKS:
            self._parts.append(" ")
        elif name == "annotation":
            self._silent = max(0, self._silent - 1)
        elif name in ("sup", "tex-math", *_TITLES) and self._unmarked:
            self._unmarked -= 1
        elif name in ("sup", "tex-math", *_TITLES) and self._marks:
            mark = self._marks.pop()
            inside = "".join(self._parts[mark:])
            del self._parts[mark:]
            self._parts.append(self._rendered(name, inside))

    def _rendered(self, name: str, inside: str) -> str:
        if name == "sup":
            return raised("".join(self._parts[-3:]), inside)
        if name == "tex-math":
            # A whole document is here beside the same formula in MathML.
            return "" if "documentclass" in inside else inside
        heading = inside.strip()
        if not heading or heading.casefold().rstrip(".:") in {"abstract", "summary"}:
            return " "
        return f" {heading} " if heading[-1] in ".:?!" else f" {heading}: "

    def data(self, text: str) -> None:
        if not self._silent:
            self._parts.append(text)

    def comment(self, text: str) -> None:
        """Comments say nothing."""

    def close(self) -> str:
        return " ".join("".join(self._parts).split())
