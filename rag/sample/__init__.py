"""Where does a library without papers get some? The shipped sample, and the one way to fill a library with it.

Way in: :func:`fill_with_sample`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from rag.library import IngestReport, Library
from rag.paper import Paper
from rag.readers import read_papers

#: Lies in a library for as long as the sample is on its way into it.
_UNFINISHED = "sample.unfinished"


def sample_path() -> Path:
    """Return the file of the sample, JSON Lines."""
    return Path(str(files("rag.sample") / "papers.jsonl"))


def sample_papers() -> list[Paper]:
    """Return the papers of the sample."""
    return [record for record in read_papers(sample_path()) if isinstance(record, Paper)]


def lacks_sample(library: Library) -> bool:
    """Return whether a library is empty, or was left half-filled with the sample."""
    return (library.path / _UNFINISHED).exists() or not len(library)


def fill_with_sample(library: Library, progress: Callable[[IngestReport], None] = lambda _: None) -> IngestReport:
    """Ingest the sample. If that breaks off, :func:`lacks_sample` is true until it is done again."""
    unfinished = library.path / _UNFINISHED
    unfinished.touch()
    report = library.ingest([sample_path()], progress=progress)
    unfinished.unlink(missing_ok=True)
    return report
