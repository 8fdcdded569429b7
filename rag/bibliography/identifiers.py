"""DOIs, arXiv ids and PubMed ids in their normal forms."""

from __future__ import annotations

import re
from urllib.parse import unquote

from rag.language.invisible import visible

_ARXIV = re.compile(r"(?:arxiv[:./\s]*|abs/|pdf/)?(\d{4}\.\d{4,5}|[a-z\-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.I)
_ARXIV_VERSION = re.compile(r"\dv(\d{1,3})(?:\.pdf)?$", re.I)
_DOI = re.compile(r"10\.\d{4,9}/\S{1,2000}")
# The number of a PubMed Central article (PMC1234567, PMCID: PMC1234567) is another number than the PubMed id.
_PMID = re.compile(r"\bPMC(?:ID)?\W{0,3}(?:PMC)?\d+|(?:(?<!\w)|(?<=pmid))(\d{1,9})(?!\w)", re.I)
_CLOSING = {")": "(", "]": "[", "}": "{", ">": "<"}


def normal_doi(text: str | None) -> str | None:
    """Return the DOI in ``text`` without resolver and in lower case (DOIs ignore case), or ``None`` if it holds none.

    Percent escapes of an address are resolved; characters that cannot be seen go; brackets that the DOI itself opened
    stay.
    """
    text = text or ""
    if "%" in text and text.lstrip().startswith(("http://", "https://")):
        text = unquote(text)
    found = _DOI.search(visible(text, controls=" ", keep=""))
    return _without_closing(found.group()).lower() if found else None


def _without_closing(doi: str) -> str:
    """A DOI without the punctuation of the sentence or field around it; ``10.1061/(asce)1084(2000)5(115)`` is whole."""
    while doi:
        opening = _CLOSING.get(doi[-1])
        if doi[-1] not in ".,;:\"'" and (opening is None or doi.count(opening) >= doi.count(doi[-1])):
            break
        doi = doi[:-1]
    return doi


def normal_arxiv_id(text: str | None) -> str | None:
    """Return the arXiv id that ``text`` is, without its version, or ``None`` if it is not one."""
    found = _ARXIV.fullmatch((text or "").strip().removeprefix("https://arxiv.org/").removeprefix("http://arxiv.org/"))
    return found.group(1) if found else None


def arxiv_version_of(text: str | None) -> int | None:
    """Return the version that an arXiv id or address ends with (``2004.12832v2``), or ``None``."""
    found = _ARXIV_VERSION.search((text or "").strip())
    return int(found.group(1)) if found else None


def normal_pmid(text: str | int | None) -> str | None:
    """Return the PubMed id in ``text`` as digits, or ``None``; the number of a PubMed Central article is not one."""
    return next((match.group(1) for match in _PMID.finditer(str(text or "")) if match.group(1)), None)
