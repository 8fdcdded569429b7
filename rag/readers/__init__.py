"""File formats to papers, one module a format; :func:`read_papers` is the way in."""

from rag.readers.base import Options, Record, Skip
from rag.readers.network.remote import Remote
from rag.readers.read import check_paths, read_papers
from rag.readers.registry import FORMATS

__all__ = ["FORMATS", "Options", "Record", "Remote", "Skip", "check_paths", "read_papers"]
