"""Sources on the network: ``arxiv:2404.07999``, ``doi:10.1000/x``, and http(s) addresses of files and pages.

arXiv is asked by its API, one request in three seconds as its terms want
(https://info.arxiv.org/help/api/tou.html); a DOI is resolved to CSL-JSON by content negotiation
(https://www.crosscite.org/docs.html), which serves those of Crossref and DataCite alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from rag.bibliography.identifiers import normal_arxiv_id, normal_doi
from rag.errors import ReadError
from rag.readers.base import Options, Record, Skip
from rag.readers.detect import detect
from rag.readers.network.fetch import Fetcher, Pace
from rag.readers.records import records_of
from rag.readers.registry import reader_of
from rag.readers.source import Source

ARXIV_API = "https://export.arxiv.org/api/query"
DOI_RESOLVER = "https://doi.org"
#: Seconds between requests, by host.
PACES = {"export.arxiv.org": 3.0}
_CSL = "application/vnd.citationstyles.csl+json"
# A path that went through pathlib has lost one of its slashes.
_WEB = re.compile(r"(https?):/{1,2}(?=[^/])", re.I)
_SCHEME = re.compile(r"(arxiv|doi):\s*", re.I)
_OF_ARXIV = re.compile(r"https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf)/(.{4,40})", re.I)
_OF_DOI = re.compile(r"https?://(?:dx\.)?doi\.org/(10\..+)", re.I)
_VERSION = re.compile(r"v\d{1,3}$")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a user named: ``kind`` is ``arxiv``, ``doi`` or ``web``; ``value`` the identifier or address."""

    kind: str
    value: str


def reference_in(text: str) -> Reference | None:
    """Return the reference that ``text`` is, or ``None`` if it is something else, such as a path."""
    web = _WEB.match(text)
    if web:
        address = f"{web.group(1).lower()}://{text[web.end() :]}"
        for shape, kind in ((_OF_ARXIV, "arxiv"), (_OF_DOI, "doi")):
            if found := shape.fullmatch(address):
                return Reference(kind, found.group(1).removesuffix(".pdf"))
        return Reference("web", address)
    scheme = _SCHEME.match(text)
    return Reference(scheme.group(1).lower(), text[scheme.end() :].strip()) if scheme else None


class Remote:
    """Reads references; one object for a run, so that requests keep their distance. Close it when done."""

    def __init__(
        self, fetcher: Fetcher | None = None, *, arxiv_api: str = ARXIV_API, doi_resolver: str = DOI_RESOLVER
    ) -> None:
        self._fetcher = fetcher
        self._arxiv_api = arxiv_api
        self._doi_resolver = doi_resolver

    def close(self) -> None:
        """Closes the connections, if any were made."""
        if self._fetcher is not None:
            self._fetcher.close()

    def read(self, reference: Reference, name: str = "auto", options: Options | None = None) -> Iterator[Record]:
        """The records of what ``reference`` names; ``name`` and ``options`` count for web addresses only.

        Raises:
            ReadError: the identifier is none, nothing is found under it, or it cannot be fetched.
        """
        options = options or Options()
        if reference.kind == "arxiv":
            return iter(self._of_arxiv(reference.value, options))
        if reference.kind == "doi":
            return iter(self._of_doi(reference.value, options))
        source = Source.of_bytes(reference.value, self._get(reference.value, "*/*"))
        known = detect(source, options.columns) if name == "auto" else name
        if known is None:
            raise ReadError(f"{reference.value}: no known format; download it and name one with --format")
        return records_of(source, known, options)

    def _of_arxiv(self, value: str, options: Options) -> list[Record]:
        shown = f"arxiv:{value[:60]}"
        arxiv_id = normal_arxiv_id(value)
        if arxiv_id is None:
            raise ReadError(f"{shown}: not an arXiv identifier; write it as arxiv:2404.07999")
        version = _VERSION.search(value)
        asked = arxiv_id + (version.group() if version else "")
        data = self._get(f"{self._arxiv_api}?id_list={quote(asked, safe='/')}&max_results=1", "application/atom+xml")
        records = list(reader_of("arxiv-atom")(Source.of_bytes(shown, data), options))
        return _found(records, shown, "arXiv")

    def _of_doi(self, value: str, options: Options) -> list[Record]:
        shown = f"doi:{value[:120]}"
        doi = normal_doi(value)
        if doi is None:
            raise ReadError(f"{shown}: not a DOI; write it as doi:10.1000/example")
        data = self._get(f"{self._doi_resolver}/{quote(doi, safe='/:;()')}", _CSL)
        if not data.lstrip().startswith(b"{"):
            raise ReadError(f"{shown}: its registry gives no metadata for it; export the record from the publisher")
        records = list(reader_of("csl-json")(Source.of_bytes(shown, data), options))
        return _found(records, shown, "the registry")

    def _get(self, url: str, accept: str) -> bytes:
        if self._fetcher is None:
            self._fetcher = Fetcher(pace=Pace(by_host=PACES))
        return self._fetcher.get(url, accept)


def _found(records: list[Record], shown: str, who: str) -> list[Record]:
    """Return the records, unless there is none or the reply was an error of the whole source."""
    if not records:
        raise ReadError(f"{shown}: {who} knows no such paper; check the identifier")
    first = records[0]
    if isinstance(first, Skip) and first.reason.startswith("arXiv answered"):
        raise ReadError(f"{shown}: {first.reason}; check the identifier")
    return records
