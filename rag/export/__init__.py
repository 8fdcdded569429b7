"""Papers to bibliographies: BibTeX, RIS, CSL-JSON and Markdown; :func:`export` is the way in."""

from rag.export.export import FORMATS, export

__all__ = ["FORMATS", "export"]
