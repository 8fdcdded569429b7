"""The library a question set is asked on: as it is, or as a copy in which the set's attacks are planted."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eval.runs.runner import library_digest
from eval.sets.attacks import poison_library
from eval.sets.questions import Question
from rag.errors import LibraryBusyError, LibraryError, UsageError
from rag.library import Library
from rag.models.protocols import Embedder
from rag.paper import Paper
from rag.settings import Settings
from rag.storage.index.passages import CHUNKING_VERSION
from rag.storage.ingest.ingest import IngestReport

#: Papers of a library that may be copied to plant attacks in it: embedding anew takes some 50 ms a paper.
MOST_COPIED = 2_000
_NAME_CHARACTERS = 16


@contextmanager
def library_with(
    papers: Sequence[Paper],
    questions: Sequence[Question],
    settings: Settings,
    cache: Path,
    *,
    embedder: Embedder | None = None,
    progress: Callable[[IngestReport], None] = lambda _: None,
) -> Iterator[Library]:
    """A library of these papers with the attacks of these questions in their abstracts.

    It is kept in a directory of ``cache`` named after its contents and not built again when it is asked for again; a
    build that broke off goes on.

    Raises:
        QuestionSetError: an attack names a paper that is not there.
        UsageError: there are more papers than are copied.
    """
    if len(papers) > MOST_COPIED:
        raise UsageError(
            f"the question set plants attacks in the papers, for which the library is copied, and this one has "
            f"{len(papers)} papers, more than the {MOST_COPIED} that are; ask it on a smaller library"
        )
    planted = poison_library(papers, questions)
    name = library_digest(planted, settings.embedding, CHUNKING_VERSION)
    directory = cache / f"library-{hashlib.sha256(name.encode()).hexdigest()[:_NAME_CHARACTERS]}"
    with _opened(directory, settings, embedder) as library:
        if len(library) < len(planted):
            library.add(planted, progress=progress)
        yield library


def _opened(directory: Path, settings: Settings, embedder: Embedder | None) -> Library:
    """The library in a directory of the cache; one that cannot be opened any more (another version made it, or it is
    damaged) is made anew."""
    try:
        return Library.open(directory, settings.local(), create=True, embedder=embedder)
    except LibraryBusyError:
        raise
    except LibraryError:
        shutil.rmtree(directory)
        return Library.open(directory, settings.local(), create=True, embedder=embedder)
