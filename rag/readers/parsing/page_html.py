"""A saved page as a stream of what readers need of it: meta tags, JSON in attributes, links, blocks of text.

Parsed by lxml (libxml2), as events and not as a tree: linear in time and depth on any input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from rag.readers.parsing.page_text import Block

_SILENT = frozenset("script style noscript template svg head nav select option button textarea".split())
_INLINE = frozenset(
    """a abbr acronym b bdi bdo big br cite code del dfn em font i img ins kbd mark math mi mn mo mrow msub msup q s
    samp small span strike strong sub sup time tt u var wbr""".split()
)
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())


@dataclass(slots=True)
class Page:
    """What a saved page holds. ``blocks`` are its visible lines and paragraphs; ``headings``, ``links`` and ``classes``
    tell, by a block's place, whether it is a heading, where its first link leads, and the classes it was given."""

    blocks: list[Block] = field(default_factory=list)
    headings: set[int] = field(default_factory=set)
    links: dict[int, str] = field(default_factory=dict)
    classes: dict[int, frozenset[str]] = field(default_factory=dict)
    props: list[str] = field(default_factory=list)
    meta: dict[str, list[str]] = field(default_factory=dict)


class _Collector:
    """The target lxml drives: one call a tag or run of text."""

    def __init__(self) -> None:
        self.page = Page()
        self._text: list[str] = []
        self._silent: list[str] = []
        self._heading = False
        self._link: str | None = None
        self._classes = ""
        self._spans: list[bool] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if props := attributes.get("data-props"):
            self.page.props.append(props)
        if tag == "meta":
            name = (attributes.get("name") or attributes.get("property") or "").lower()
            self.page.meta.setdefault(name, []).append(attributes.get("content") or "")
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "br":
            self._text.append("\n")
        elif tag not in _INLINE or self._is_part(tag, attributes):
            self._end_block()
            self._heading = tag in _HEADINGS
            self._classes = attributes.get("class") or ""
        if tag == "a" and self._link is None:
            self._link = attributes.get("href")

    def end(self, tag: str) -> None:
        if tag in _SILENT:
            if tag in self._silent:
                del self._silent[self._silent.index(tag) :]
        elif tag not in _INLINE or (tag == "span" and self._spans and self._spans.pop()):
            self._end_block()
            self._heading = False
            self._classes = ""

    def _is_part(self, tag: str, attributes: Mapping[str, str]) -> bool:
        """Return whether a span is a part of its own: arXiv keeps a short and a full abstract in one paragraph."""
        if tag != "span":
            return False
        part = (attributes.get("class") or "").startswith("abstract-")
        self._spans.append(part)
        return part

    def data(self, text: str) -> None:
        if not self._silent:
            self._text.append(text)

    def comment(self, text: str) -> None:
        """Comments say nothing."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Nor do processing instructions."""

    def close(self) -> Page:
        self._end_block()
        return self.page

    def _end_block(self) -> None:
        text = " ".join("".join(self._text).split())
        self._text.clear()
        if text:
            place = len(self.page.blocks)
            self.page.blocks.append(Block(place + 1, text))
            if self._heading:
                self.page.headings.add(place)
            if self._link:
                self.page.links[place] = self._link
            if self._classes:
                self.page.classes[place] = frozenset(self._classes.split())
        self._link = None


def parse(html: str) -> Page:
    """The content of an HTML page, however broken its markup is."""
    collector: Any = _Collector()
    parser = etree.HTMLParser(target=collector, encoding="utf-8", no_network=True, recover=True)
    try:
        parser.feed(html.encode("utf-8", "replace"))
        page: Page = parser.close()
    except etree.LxmlError:
        # What was read before the parser gave up (no element at all, say) stands.
        page = collector.close()
    return page
