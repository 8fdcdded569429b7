"""OpenAlex works: API responses and the JSON Lines of the snapshot.

https://docs.openalex.org/api-entities/works/work-object. Abstracts come as an inverted index (word to places).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rag.readers.base import MAX_ABSTRACT, Options, Record, build, text_of
from rag.readers.markup.markup import from_markup
from rag.readers.parsing.json_records import json_records
from rag.readers.source import Source


def read(source: Source, options: Options) -> Iterator[Record]:
    """Yield the papers of a response or of a snapshot file."""
    del options
    return json_records(source, _record)


def _record(source: str, position: str, record: Mapping[str, Any]) -> Record:
    ids = record.get("ids")
    ids = ids if isinstance(ids, Mapping) else {}
    places = [record.get("primary_location"), *_items(record.get("locations"))]
    addresses = [text_of(place.get("landing_page_url")) for place in places if isinstance(place, Mapping)]
    return build(
        source,
        position,
        title=from_markup(text_of(record.get("title") or record.get("display_name"))),
        abstract=from_markup(inverted(record.get("abstract_inverted_index")) or text_of(record.get("abstract"))),
        authors=[_author(one) for one in _items(record.get("authorships")) if isinstance(one, Mapping)],
        year=record.get("publication_year") or record.get("publication_date"),
        venue=_venue(places),
        url=next(filter(None, addresses), None) or record.get("doi") or record.get("id"),
        doi=record.get("doi") or ids.get("doi"),
        arxiv_id=next((a.rpartition("/abs/")[2] for a in addresses if "arxiv.org/abs/" in a), None),
        pmid=text_of(ids.get("pmid")).rpartition("/")[2],
    )


def inverted(index: object) -> str:
    """Return the text of an inverted index ``{"word": [0, 7], ...}``; positions may be missing, repeated or out of
    bounds.
    """
    if not isinstance(index, Mapping):
        return ""
    words: dict[int, str] = {}
    for word, places in index.items():
        for place in _items(places):
            if isinstance(place, int) and 0 <= place < MAX_ABSTRACT:
                words.setdefault(place, str(word))
    return " ".join(words[place] for place in sorted(words))


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _author(authorship: Mapping[str, Any]) -> str:
    author = authorship.get("author")
    name = author.get("display_name") if isinstance(author, Mapping) else None
    return text_of(name) or text_of(authorship.get("raw_author_name"))


def _venue(places: list[Any]) -> str:
    for place in places:
        source = place.get("source") if isinstance(place, Mapping) else None
        if isinstance(source, Mapping) and (name := text_of(source.get("display_name"))):
            return name
    return ""
