"""Web of Science, "plain text file": two-letter tags, further lines indented, ``ER`` at the end of each record.

https://images.webofknowledge.com/images/help/WOS/hs_wos_fieldtags.html. The same export as tab-separated text is a
table, see :mod:`rag.readers.formats.table`; both have the same tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.readers.base import Options, Record, build
from rag.readers.markup.markup import from_markup
from rag.readers.parsing.tagged import Tagged, tagged_records
from rag.readers.source import Source

_LINE = re.compile(r"([A-Z][A-Z0-9])(?: (.*)|$)")
_FIRST = frozenset({"PT"})
_NAMES = frozenset({"AU", "AF", "BA", "BF", "CA"})


def read(source: Source, options: Options) -> Iterator[Record]:
    """Yield the papers of a file; its head (``FN``, ``VR``) and end (``EF``) are no records."""
    del options
    for record in tagged_records(source, _LINE, _FIRST, "ER", listed=_NAMES):
        if record.values.keys() - {"FN", "VR", "EF"}:
            yield _paper(source.name, record)


def _paper(source: str, record: Tagged) -> Record:
    return build(
        source,
        f"line {record.line}",
        title=from_markup(record.first("TI")),
        abstract=from_markup(" ".join(record.every("AB"))),
        authors=record.every("AF", "AU", "BF", "BA") + record.values.get("CA", []),
        year=record.first("PY", "EA"),
        venue=from_markup(record.first("SO", "J9", "SE")),
        doi=record.first("DI"),
        pmid=record.first("PM"),
    )
