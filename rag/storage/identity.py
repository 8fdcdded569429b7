"""When two records are the same work, and what one paper made of both holds.

Keys, strongest first: DOI, arXiv id, PMID, then normalised title with first author and year. A shared DOI, arXiv id or
PMID is believed only when titles or abstracts agree as well, for exports do carry one wrong DOI on two papers; titles
that differ in a number only (parts I and II) do not. Title alone joins two records only when authors and year are
missing on one side and the abstracts agree. Two DOIs under one title are two works where the abstracts have nothing in
common.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields

from rag.language.tokens import runs
from rag.paper import Paper, surname_key, title_key

#: Share of common words from which two titles or two abstracts count as the same text in two versions.
AGREEMENT = 0.6
#: Below this share, abstracts are of different things.
UNLIKE = 0.3
#: So many times as long an abstract of another source has to be to replace the one that is there.
LONGER = 1.1
_OF_THE_TEXT = frozenset({"title", "abstract", "source", "arxiv_version"})
_SIGNS = re.compile(r"\w[+#*]+")
_NUMBERS = frozenset(
    """ii iii iv vi vii viii ix xi xii one two three four five six seven eight nine ten first second third fourth fifth
    sixth seventh eighth ninth tenth""".split()
)


def keys(paper: Paper) -> list[str]:
    """Return the keys a paper is known by, strongest first."""
    strong = [
        f"{scheme}:{value}"
        for scheme, value in (("doi", paper.doi), ("arxiv", paper.arxiv_id), ("pmid", paper.pmid))
        if value
    ]
    return [*strong, f"title:{title_key(paper.title)}|{surname_key(paper.authors)}|{paper.year or ''}"]


def same_work(a: Paper, b: Paper) -> bool:
    """Return whether two records that share a key, an id or a title are one work."""
    same_title = title_key(a.title) == title_key(b.title)
    similar = agreement(a.title, b.title) >= AGREEMENT
    if a.arxiv_id and a.arxiv_id == b.arxiv_id:
        return same_title or similar or _abstracts_agree(a, b)
    # A file that gives its records ids may correct a title under one of them.
    same_entry = a.id == b.id and a.source == b.source
    if _shared(a.doi, b.doi) or _shared(a.pmid, b.pmid) or (same_entry and not same_title):
        if same_title or _differ_in_number(a.title, b.title):
            return same_title
        # Chapters of a book may carry its DOI and its abstract, each with authors of its own.
        return similar or (_abstracts_agree(a, b) and not _contradict(surname_key(a.authors), surname_key(b.authors)))
    if not same_title or _contradict(a.pmid, b.pmid) or _contradict(a.arxiv_id, b.arxiv_id):
        return False
    if _SIGNS.findall(a.title) != _SIGNS.findall(b.title) and not _abstracts_agree(a, b):
        return False  # titles compare without punctuation, and C++ is not C
    if _contradict(a.doi, b.doi) and _unlike(a.abstract, b.abstract):
        return False  # two editorials of a year; a preprint has another DOI than its article, but not another content
    if surname_key(a.authors) == surname_key(b.authors) and a.year == b.year:
        # Without author and year the title is all there is; a shared boilerplate title needs the abstract as well.
        return bool(a.authors or a.year) or _abstracts_agree(a, b)
    bare = not (a.authors or a.year) or not (b.authors or b.year)
    preprint = (
        surname_key(a.authors) == surname_key(b.authors) and bool(a.authors) and (a.year is None or b.year is None)
    )
    return (bare or preprint) and _abstracts_agree(a, b)


def merge(known: Paper, new: Paper, *, duplicate: bool = False) -> Paper:
    """One paper of both, under the known id. Facts that are there are never emptied, absent ones are filled in.

    The same source speaks again, or arXiv has a later version: the new text and facts replace the old. An earlier
    version changes nothing. Otherwise the text stays, unless the other abstract is longer by more than a tenth.

    Args:
        known: the paper as the library holds it.
        new: another record of the same work.
        duplicate: the same run of an ingest has told of the work before, so that this is no news of the same source.
    """
    step = _version_step(known, new)
    if step < 0:
        return known
    newer = step > 0 or (known.source == new.source and not duplicate)
    takes_text = newer or len(new.abstract) > LONGER * len(known.abstract)
    values = {f.name: getattr(known, f.name) for f in fields(Paper)}
    for name, value in ((f.name, getattr(new, f.name)) for f in fields(Paper)):
        if name not in _OF_THE_TEXT and name != "id" and value and (newer or not values[name]):
            values[name] = value
    if takes_text:
        values |= {name: getattr(new, name) for name in _OF_THE_TEXT}
    return Paper(**values)


def _version_step(known: Paper, new: Paper) -> int:
    """Above 0 when ``new`` is a later version on arXiv, below 0 when an earlier one, 0 when that cannot be told."""
    if not known.arxiv_version or not new.arxiv_version or known.arxiv_id != new.arxiv_id:
        return 0
    return new.arxiv_version - known.arxiv_version


def agreement(a: str, b: str) -> float:
    """Jaccard similarity of the word sets of two texts, 0 to 1."""
    one, other = set(runs(a.casefold())), set(runs(b.casefold()))
    return len(one & other) / len(one | other) if one | other else 1.0


def _unlike(a: str, b: str) -> bool:
    """Return whether two abstracts are about different things. On the sample, unrelated ones agree up to 0.25, and
    one retold in other words 0.37 and more; of one cut short, most words stand in the whole."""
    one, other = set(runs(a.casefold())), set(runs(b.casefold()))
    return agreement(a, b) < UNLIKE and len(one & other) < AGREEMENT * min(len(one), len(other))


def _differ_in_number(a: str, b: str) -> bool:
    """Return whether two titles differ only in numbers: parts I and II, hepatitis B and C, chapters one and two."""
    (words, numbers), (others, other_numbers) = _numbered(a), _numbered(b)
    return words == others and bool(numbers and other_numbers) and numbers != other_numbers


def _numbered(title: str) -> tuple[list[str], list[str]]:
    words = runs(unicodedata.normalize("NFKC", title).casefold())
    numbers = [w for w in words if len(w) == 1 or w in _NUMBERS or any(c.isdigit() for c in w)]
    return [w for w in words if w not in numbers], numbers


def _shared(one: str | None, other: str | None) -> bool:
    return bool(one) and one == other


def _abstracts_agree(a: Paper, b: Paper) -> bool:
    return agreement(a.abstract, b.abstract) >= AGREEMENT


def _contradict(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)
