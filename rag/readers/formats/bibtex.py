"""BibTeX and BibLaTeX: LaTeX in values, string macros, crossref, and both dialects' names of fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.bibliography.names import given_first
from rag.readers.base import MAX_AUTHORS, Options, Record, Skip, build
from rag.readers.markup.latex import from_latex
from rag.readers.parsing.bibtex_entries import BrokenEntry, Entry, entries
from rag.readers.source import Source

_ARXIV_IN_TEXT = re.compile(r"arXiv[: ]\s?(\d{4}\.\d{4,5}|[a-z\-]{2,10}(?:\.[A-Z]{2})?/\d{7})", re.I)
_AND = re.compile(r"\s+and\s+", re.I)
#: What an entry takes over from the one its ``crossref`` or ``xdata`` names; titles and abstracts are never shared.
_SHARED = ("year", "date", "journal", "journaltitle", "booktitle", "publisher", "eventtitle", "url")
_LINKS = ("url", "link", "bdskurl1", "howpublished")
_MAX_PARENTS = 50_000


def read(source: Source, options: Options) -> Iterator[Record]:
    """The papers of a BibTeX or BibLaTeX file."""
    del options
    parents: dict[str, Entry] | None = None
    for entry in entries(source):
        if isinstance(entry, BrokenEntry):
            yield Skip(source.name, f"line {entry.line}", entry.reason)
            continue
        if "crossref" in entry.fields or "xdata" in entry.fields:
            # BibTeX wants parents after their children, so they have to be looked for ahead, once.
            parents = _parents(source) if parents is None else parents
            _inherit(entry, parents)
        yield _paper(source.name, entry)


def _parents(source: Source) -> dict[str, Entry]:
    """What entries without an abstract have to hand down, by key."""
    found: dict[str, Entry] = {}
    for entry in entries(source):
        if isinstance(entry, Entry) and "abstract" not in entry.fields and entry.key and len(found) < _MAX_PARENTS:
            kept = {name: value[:2_000] for name, value in entry.fields.items() if name in (*_SHARED, "title")}
            found.setdefault(entry.key.casefold(), Entry(entry.line, entry.kind, entry.key, kept))
    return found


def _inherit(entry: Entry, parents: dict[str, Entry]) -> None:
    for name in ("crossref", "xdata"):
        for key in entry.fields.get(name, "").split(",")[:10]:
            parent = parents.get(key.strip().casefold())
            if parent is None:
                continue
            for shared in _SHARED:
                if shared in parent.fields:
                    entry.fields.setdefault(shared, parent.fields[shared])
            if "title" in parent.fields:
                entry.fields.setdefault("booktitle", parent.fields["title"])


def _paper(source: str, entry: Entry) -> Record:
    def value(*names: str) -> str:
        return next((text for name in names if (text := from_latex(entry.fields.get(name, ""))).strip()), "")

    title, subtitle = value("title"), value("subtitle")
    if title and subtitle and subtitle.casefold() not in title.casefold():
        title = f"{title}{'' if title.rstrip()[-1] in '?!:.' else ':'} {subtitle}"
    return build(
        source,
        f"line {entry.line}",
        title=title,
        abstract=value("abstract", "abstractnote", "summary"),
        authors=_authors(entry.fields.get("author", "") or entry.fields.get("authors", "")),
        year=value("year", "date", "issued", "urldate" if entry.kind == "online" else "year"),
        venue=value("journal", "journaltitle", "booktitle", "eventtitle", "series", "school", "institution"),
        url=next((link for name in _LINKS if (link := _address(entry.fields.get(name, "")))), ""),
        doi=_bare(entry.fields.get("doi", "")),
        arxiv_id=_arxiv_id(entry),
        pmid=value("pmid") or (value("eprint") if value("eprinttype").casefold() == "pubmed" else ""),
    )


def _authors(raw: str) -> list[str]:
    """Names at ``and`` outside braces; a part wholly in braces is a name as it is."""
    parts: list[str] = []
    held = ""
    for piece in _AND.split(raw)[:MAX_AUTHORS]:
        held = f"{held} and {piece}" if held else piece
        if held.count("{") <= held.count("}") or len(held) > 1_000:
            parts.append(held)
            held = ""
    names: list[str] = []
    for part in [*parts, held]:
        name = part.strip()
        whole = name.startswith("{") and name.find("}") == len(name) - 1 and name.count("{") == 1
        names.append(from_latex(name) if whole else given_first(" ".join(from_latex(name).split())))
    return names


def _address(text: str) -> str:
    found = re.search(r"https?://[^\s\\]+", _bare(text[:4_000]))
    return found.group() if found else ""


def _bare(text: str) -> str:
    """An address or identifier without LaTeX around its signs; a dash or tilde in it is what it is."""
    text = text.replace("\\url", "").replace("{\\textasciitilde}", "~").replace("\\textasciitilde", "~")
    return re.sub(r"\\([%&$#_~^])", r"\1", text).replace("{", "").replace("}", "").strip()


def _arxiv_id(entry: Entry) -> str | None:
    kind = (entry.fields.get("eprinttype") or entry.fields.get("archiveprefix") or "").casefold()
    if "eprint" in entry.fields and kind in ("arxiv", ""):
        return entry.fields["eprint"].strip("{} ")
    for name in ("journal", "note", "howpublished", "number", "publisher"):
        if found := _ARXIV_IN_TEXT.search(entry.fields.get(name, "")[:1_000]):
            return found.group(1)
    return None
