"""When two records are the same work, and what one paper made of both holds.

Keys, strongest first: DOI, arXiv id, PMID, then normalised title with first author and year. A shared DOI, arXiv id or
PMID is believed only when titles or abstracts agree as well, for exports do carry one wrong DOI on two papers. Title
alone joins two records only when authors and year are missing on one side and the abstracts agree.
"""

from __future__ import annotations

import re
from dataclasses import fields

from rag.paper import Paper, surname_key, title_key

#: Share of common words from which two titles or two abstracts count as the same text in two versions.
AGREEMENT = 0.6
#: So many times as long an abstract of another source has to be to replace the one that is there.
LONGER = 1.1
_OF_THE_TEXT = frozenset({"title", "abstract", "source", "arxiv_version"})
_WORD = re.compile(r"\w+")


def keys(paper: Paper) -> list[str]:
    """The keys a paper is known by, strongest first."""
    strong = [
        f"{scheme}:{value}"
        for scheme, value in (("doi", paper.doi), ("arxiv", paper.arxiv_id), ("pmid", paper.pmid))
        if value
    ]
    return [*strong, f"title:{title_key(paper.title)}|{surname_key(paper.authors)}|{paper.year or ''}"]


def same_work(a: Paper, b: Paper) -> bool:
    """Whether two records that share a key or a title are one work."""
    same_title = title_key(a.title) == title_key(b.title)
    for one, other in ((a.doi, b.doi), (a.arxiv_id, b.arxiv_id), (a.pmid, b.pmid)):
        if one and one == other:
            return same_title or agreement(a.title, b.title) >= AGREEMENT or _abstracts_agree(a, b)
    if not same_title or _contradict(a.pmid, b.pmid) or _contradict(a.arxiv_id, b.arxiv_id):
        return False
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
    one, other = set(_WORD.findall(a.casefold())), set(_WORD.findall(b.casefold()))
    return len(one & other) / len(one | other) if one | other else 1.0


def _abstracts_agree(a: Paper, b: Paper) -> bool:
    return agreement(a.abstract, b.abstract) >= AGREEMENT


def _contradict(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)
