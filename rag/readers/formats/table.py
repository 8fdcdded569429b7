"""Tables with a header: CSV, TSV and their kin, exports of Scopus and Web of Science among them.

Columns are recognised by what such exports call them, or named by the user. A field that starts with ``=``, ``+``,
``-`` or ``@`` is text like any other: nothing here is evaluated.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from rag.bibliography.names import initials_first, split_names
from rag.errors import ReadError, UsageError
from rag.readers.base import Options, Record, Skip, build
from rag.readers.markup.markup import from_markup
from rag.readers.source import Source

#: Headers of a field, most telling first; case, blanks and punctuation do not count.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "articletitle", "documenttitle", "papertitle", "ti", "primarytitle"),
    "abstract": ("abstract", "ab", "abstractnote", "abstracttext", "summary", "abstracts", "text"),
    "authors": (
        "authorfullnames", "authorsfullnames", "af", "authors", "author", "au", "authornames", "creator", "creators",
    ),
    "year": ("year", "publicationyear", "pubyear", "py", "yearpublished", "date", "publicationdate", "published"),
    "venue": (
        "sourcetitle", "journal", "journaltitle", "publicationtitle", "so", "venue", "journalbook", "source",
        "containertitle", "conference", "booktitle",
    ),
    "url": ("url", "link", "articleurl", "links", "ur", "pdflink"),
    "doi": ("doi", "di", "doilink", "articledoi"),
    "arxiv_id": ("arxivid", "arxiv", "eprint"),
    "pmid": ("pmid", "pubmedid", "pm"),
}  # fmt: skip
DELIMITERS = "\t,;|"
#: Lines that may precede the header: "sep=;" for Excel, when and with what query Dimensions exported.
_MAX_PREAMBLE = 3
#: Characters of one file gone over a second time after quotes that never close.
_REREAD_BUDGET = 8 * 1024 * 1024
_SCOPUS_NUMBER = re.compile(r"\s*\(\d{5,20}\)")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is written: the lines before its header, its delimiter, whether quotes wrap fields, and the column of
    each field."""

    preamble: int
    delimiter: str
    quoted: bool
    columns: Mapping[str, int]
    width: int


def read(source: Source, options: Options) -> Iterator[Record]:
    """The papers of a table, a row each.

    Raises:
        ReadError: a column named by the user is not in the header, or none is that of the title or the abstract.
        UsageError: a column is named for what is no field of a paper.
    """
    layout = layout_of(source.head, options.columns)
    if layout is None:
        named = " and ".join(f"{field}={name}" for field, name in options.columns.items())
        what = f"no columns {named}" if named else "no columns for title and abstract"
        raise ReadError(
            f"{source.name}: {what} in its header; name those it has with --column title=NAME --column abstract=NAME"
        )
    rows = _rows(source, layout)
    next(rows, None)
    for line, row in rows:
        if isinstance(row, str):
            yield Skip(source.name, f"line {line}", row)
        elif any(field.strip() for field in row):
            yield _paper(source.name, f"line {line}", row, layout.columns)


def layout_of(head: str, named: Mapping[str, str] | None = None) -> Layout | None:
    """The layout of a table from its first lines, or ``None`` if no delimiter gives a title and an abstract.

    Raises:
        UsageError: ``named`` holds an unknown field.
    """
    if unknown := set(named or ()) - set(COLUMNS):
        raise UsageError(f"no field {min(unknown)!r}; columns can be named for {', '.join(COLUMNS)}")
    lines = head.split("\n")
    filled = (number for number, line in enumerate(lines) if line.strip())
    for first in islice(filled, 1 + _MAX_PREAMBLE):
        for delimiter in DELIMITERS:
            header = _split(lines[first : first + 50], delimiter, quoted=True)
            if header is None or len(header) < 2:
                continue
            columns = _columns(header, named or {})
            if "title" in columns and "abstract" in columns:
                quoted = delimiter != "\t" or _wants_quotes(lines[first:-1][:200], len(header))
                return Layout(first, delimiter, quoted, columns, len(header))
    return None


def _split(lines: Sequence[str], delimiter: str, *, quoted: bool) -> list[str] | None:
    try:
        return next(_reader((f"{line}\n" for line in lines), delimiter, quoted), None)
    except csv.Error:
        return None


def _reader(lines: Iterator[str], delimiter: str, quoted: bool) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)


def _columns(header: Sequence[str], named: Mapping[str, str]) -> dict[str, int]:
    keys = [re.sub(r"[^\w]|_", "", name).casefold() for name in header]
    columns: dict[str, int] = {}
    for field, names in COLUMNS.items():
        if field in named:
            wanted = named[field].strip().casefold()
            place = next((at for at, name in enumerate(header) if name.strip().casefold() == wanted), None)
        else:
            place = next((keys.index(name) for name in names if name in keys), None)
        if place is not None:
            columns[field] = place
        elif field in named:
            return {}  # what a user named and is not there must not be read without
    return columns


def _wants_quotes(lines: Sequence[str], width: int) -> bool:
    """Return whether a tab-separated file wraps fields in quotes; Web of Science does not, and its abstracts hold
    quotes."""
    opened = [line for line in lines[1:] if '\t"' in line or line.startswith('"')]
    plain = sum(1 for line in opened if line.count("\t") + 1 in (width, width + 1))
    wrapped = sum(1 for line in opened if '"\t' in line or line.endswith('"'))
    return bool(opened) and (plain < len(opened) or wrapped == len(opened))


def _rows(source: Source, layout: Layout) -> Iterator[tuple[int, list[str] | str]]:
    """Each row with the number of its first line; for one that cannot be read, the reason.

    A quote that never closes takes in what follows up to the limit of a field; the lines after its first are then
    read again.
    """
    lines = _Lines(source.lines())
    for _ in range(layout.preamble):
        next(lines)
    reader = _reader(lines, layout.delimiter, layout.quoted)
    while True:
        line = lines.begin_row()
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield line, f"not a row of the table ({error})"
            lines.go_back()
            continue
        if row is None:
            return
        if lines.in_row > 1 and not (layout.width <= len(row) <= layout.width + 1 and lines.is_strict(layout)):
            yield line, "a quote in this row is never closed, or closed in another row"
            lines.go_back()
            continue
        yield line, row


class _Lines:
    """Lines for the reader of rows, remembered until the row they make is complete."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._row: list[str] = []
        self._again: list[str] = []
        self._number = 0
        self._budget = _REREAD_BUDGET

    def begin_row(self) -> int:
        """Forgets the last row; the number of the line the next one begins with."""
        self._row.clear()
        return self._number + 1

    @property
    def in_row(self) -> int:
        """Lines the row has taken so far."""
        return len(self._row)

    def is_strict(self, layout: Layout) -> bool:
        """Return whether every quote of the row opens or closes a field: one that was never closed ends at a later
        row's."""
        row = (f"{line}\n" for line in self._row)
        try:
            next(csv.reader(row, delimiter=layout.delimiter, strict=True))
        except csv.Error:
            return False
        return True

    def go_back(self) -> None:
        """Puts all lines of the row but its first back."""
        again = self._row[1:]
        size = sum(map(len, again))
        if size <= self._budget:
            self._budget -= size
            self._number -= len(again)
            self._again.extend(reversed(again))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        self._number += 1
        self._row.append(line)
        return line + "\n"


def _paper(source: str, position: str, row: Sequence[str], columns: Mapping[str, int]) -> Record:
    def value(field: str) -> str:
        place = columns.get(field, len(row))
        return row[place] if place < len(row) else ""

    return build(
        source,
        position,
        title=from_markup(value("title")),
        abstract=from_markup(value("abstract")),
        authors=[initials_first(name) for name in split_names(_SCOPUS_NUMBER.sub("", value("authors")))],
        year=value("year"),
        venue=from_markup(value("venue")),
        url=value("url").split(";")[0].split(" ")[0],
        doi=value("doi"),
        arxiv_id=value("arxiv_id"),
        pmid=value("pmid"),
    )
