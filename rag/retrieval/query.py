"""Explicit content of a query: its keywords, and the papers it names by identifier or title."""

from __future__ import annotations

import re

from rag.bibliography.identifiers import normal_arxiv_id, normal_doi
from rag.language.stopwords import ASKING_WORDS
from rag.language.tokens import runs
from rag.paper import title_key

#: Characters of a query that are read; more adds cost, not meaning.
MAX_CHARACTERS = 20_000
#: Shorter runs of words are titles only in quotes, or if the query consists of nothing else.
_SHORTEST_TITLE = 3
_LONGEST_TITLE = 40
_WORDS_READ = 64
_ARXIV = re.compile(
    r"\b\d{4}\.\d{4,5}(?:v\d{1,3})?\b|\b[a-z]{2,12}(?:-[a-z]{2,4})?(?:\.[A-Z]{2})?/\d{7}(?:v\d{1,3})?\b"
)
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"'<>]{1,200}")
_PMID = re.compile(r"\bpm(?:id|\s?id|:)[\s:]{0,3}(\d{1,9})\b", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{2,400})[\"”»]|(?<!\w)['‘]([^'‘’]{2,400})['’](?!\w)")


def clean(query: str) -> str:
    """Return a query with single spaces and bounded length, and ``?`` for lone surrogates, which no encoder takes."""
    return " ".join(query[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8").split())


def keywords(query: str) -> list[str]:
    """Return the distinct words of a query in lower case and in order, without words of asking; perhaps none."""
    return [word for word in dict.fromkeys(runs(query.lower())) if word not in ASKING_WORDS]


def identifier_keys(query: str) -> list[str]:
    """Return the manifest's keys of the DOIs, arXiv ids and PMIDs in a query, in order of appearance.

    A number that merely looks like an arXiv id gives a key that no paper has.
    """
    found: list[tuple[int, str]] = []
    for match in _DOI.finditer(query):
        doi = normal_doi(match.group())
        if doi:
            found.append((match.start(), f"doi:{doi}"))
            if doi.endswith((")", "]", "?")):
                found.append((match.start(), f"doi:{doi.rstrip(')]?')}"))
    found += [
        (match.start(), f"arxiv:{arxiv}")
        for match in _ARXIV.finditer(query)
        if (arxiv := normal_arxiv_id(match.group())) is not None
    ]
    found += [(match.start(), f"pmid:{match.group(1)}") for match in _PMID.finditer(query)]
    return list(dict.fromkeys(key for _, key in sorted(found)))


def title_keys(query: str) -> list[str]:
    """Return the keys (:func:`rag.paper.title_key`) of all word runs of a query that may be titles, longest first.

    These are the whole query, its quoted parts, and all runs of three and more words within the first 64.
    """
    words = query.split()
    # Keys hold no blanks: the key of a run is the keys of its words in a row, and each word's is made once.
    parts = [title_key(word) for word in words[:_WORDS_READ]]
    keys = [title_key(query)] if len(words) <= _LONGEST_TITLE else []
    keys += [title_key(match.group(1) or match.group(2)) for match in _QUOTED.finditer(query)]
    for length in range(min(len(parts), _LONGEST_TITLE), _SHORTEST_TITLE - 1, -1):
        keys += ["".join(parts[at : at + length]) for at in range(len(parts) - length + 1)]
    return list(dict.fromkeys(filter(None, keys)))
