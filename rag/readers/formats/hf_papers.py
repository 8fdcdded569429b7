"""A saved Hugging Face Papers page (trending, daily, search, one paper), as text or as HTML.

The HTML may hold abstracts only in the JSON of a ``data-props`` attribute (the page draws them by script), or only in
the visible cards, or in both. A page saved as text is told apart by the shape of its paragraphs
(:mod:`rag.readers.parsing.page_text`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rag.bibliography.addresses import arxiv_address
from rag.bibliography.identifiers import normal_arxiv_id
from rag.paper import Paper, title_key
from rag.readers.base import Options, Record, Skip, build, text_of
from rag.readers.parsing.page_html import Page, parse
from rag.readers.parsing.page_text import MIN_SHORT_ABSTRACT, blocks_of, is_prose, looks_like_a_list, papers_of
from rag.readers.source import Source

_LINK = re.compile(r"(?:https?://[\w.\-]+)?/papers/(\d{4}\.\d{4,5})(?:v\d+)?/?(?:[?#].*)?")


def read(source: Source, options: Options) -> Iterator[Record]:
    """The papers of the page, each once."""
    del options
    if source.head.lstrip().startswith("<"):
        yield from _once(_of_html(source))
    else:
        lines = source.text().replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for found in papers_of(blocks_of(lines)):
            yield _paper(source.name, f"line {found.line}", found.title, found.abstract)


def _once(records: Iterator[Record]) -> Iterator[Record]:
    """A page names a paper in several places; the first record of each counts."""
    seen: set[str] = set()
    for record in records:
        if isinstance(record, Paper):
            if record.id in seen:
                continue
            seen.add(record.id)
        yield record


def _of_html(source: Source) -> Iterator[Record]:
    page = parse(source.text())
    titles: set[str] = set()
    for number, entry in enumerate(_entries(page), 1):
        record = _of_props(source.name, f"record {number}", entry)
        titles.add(title_key(text_of(entry.get("title"))))
        yield record
    cards = list(_cards(page))
    if not cards and not titles and looks_like_a_list(page.blocks):
        cards = [_Card(found.title, found.abstract, None, found.line) for found in papers_of(page.blocks)]
    for card in cards:
        if title_key(card.title or "") not in titles:
            yield _paper(source.name, f"block {card.line}", card.title, card.abstract, card.arxiv_id)


def _entries(page: Page) -> Iterator[Mapping[str, Any]]:
    """The objects with a title and a summary anywhere in the page's JSON, in order."""
    for props in page.props:
        try:
            queue: list[Any] = [json.loads(props, strict=False)]
        except (ValueError, RecursionError):
            continue
        while queue:
            value = queue.pop()
            if isinstance(value, dict):
                if isinstance(value.get("title"), str) and any(isinstance(value.get(k), str) for k in _SUMMARY):
                    inner = value.get("paper")
                    yield {**value, **inner} if isinstance(inner, dict) else value
                else:
                    queue.extend(reversed(value.values()))
            elif isinstance(value, list):
                queue.extend(reversed(value))


_SUMMARY = ("summary", "abstract")


def _of_props(source: str, position: str, entry: Mapping[str, Any]) -> Record:
    authors = entry.get("authors")
    names = [a for a in authors if not (isinstance(a, dict) and a.get("hidden"))] if isinstance(authors, list) else ()
    arxiv_id = normal_arxiv_id(text_of(entry.get("id")))
    return build(
        source,
        position,
        title=entry.get("title"),
        abstract=entry.get("summary") or entry.get("abstract"),
        authors=names,
        year=entry.get("publishedAt"),
        url=arxiv_address(arxiv_id) if arxiv_id else None,
        arxiv_id=arxiv_id,
    )


class _Card(NamedTuple):
    title: str | None
    abstract: str
    arxiv_id: str | None
    line: int


def _cards(page: Page) -> Iterator[_Card]:
    """Each heading that links to a paper, with the longest text before the next that could be its abstract."""
    card: _Card | None = None
    for place, block in enumerate(page.blocks):
        link = _LINK.fullmatch(page.links.get(place, ""))
        if place in page.headings and link:
            if card:
                yield card
            card = _Card(block.text, "", link.group(1), block.line)
        elif card and len(block.text) > len(card.abstract) and _may_be_abstract(block.text):
            card = card._replace(abstract=block.text)
    if card:
        yield card


def _may_be_abstract(text: str) -> bool:
    return is_prose(text) or (len(text) >= MIN_SHORT_ABSTRACT and text.endswith((".", "!", "?", "…")))


def _paper(source: str, position: str, title: str | None, abstract: str, arxiv_id: str | None = None) -> Record:
    if title is None:
        return Skip(source, position, "no title stands before this paragraph")
    url = arxiv_address(arxiv_id) if arxiv_id else None
    return build(source, position, title=title, abstract=abstract, arxiv_id=arxiv_id, url=url)
