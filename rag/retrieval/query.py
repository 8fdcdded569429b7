"""What a query says outright: the words that carry its subject, the papers it names by identifier or by title."""

from __future__ import annotations

import re

from rag.bibliography.identifiers import normal_arxiv_id, normal_doi
from rag.language.stopwords import ASKING_WORDS
from rag.language.tokens import runs
from rag.paper import title_key

#: A question is read this far; what follows adds cost, not meaning.
MAX_CHARACTERS = 20_000
#: Shorter runs of words are titles only where the query sets them in quotes or consists of nothing else.
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
    """A query as it is searched: single spaces, bounded length, ``?`` for half a surrogate pair, which is no text."""
    return " ".join(query[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8").split())


def keywords(query: str) -> list[str]:
    """The distinct words of a query in lower case, in order, without those that only tell how it is asked; none where
    there are no others."""
    return [word for word in dict.fromkeys(runs(query.lower())) if word not in ASKING_WORDS]


def identifier_keys(query: str) -> list[str]:
    """Keys, as the manifest keeps them, of the DOIs, arXiv ids and PMIDs in a query, in order of standing.

    A number that merely looks like an arXiv id makes a key that no paper has.
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
    """Keys (see :func:`rag.paper.title_key`) of every run of words in a query that may be a title, longest first.

    Those are the whole query, what it quotes, and all runs of three words and more in its first 64 words.
    """
    words = query.split()
    # Keys hold no blanks: the key of a run is the keys of its words in a row, and each word's is made once.
    parts = [title_key(word) for word in words[:_WORDS_READ]]
    keys = [title_key(query)] if len(words) <= _LONGEST_TITLE else []
    keys += [title_key(match.group(1) or match.group(2)) for match in _QUOTED.finditer(query)]
    for length in range(min(len(parts), _LONGEST_TITLE), _SHORTEST_TITLE - 1, -1):
        keys += ["".join(parts[at : at + length]) for at in range(len(parts) - length + 1)]
    return list(dict.fromkeys(filter(None, keys)))
