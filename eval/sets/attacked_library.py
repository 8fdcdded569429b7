"""A copy of a library with the prompt injections of a question set in its abstracts."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from eval.sets.dataset_files import DatasetError
from eval.sets.digests import library_digest
from eval.sets.questions import Attack, Question
from rag.errors import LibraryBusyError, LibraryError, UsageError
from rag.language.normalise import normalise
from rag.language.sentences import sentences
from rag.library import IngestReport, Library
from rag.models.protocols import Embedder
from rag.paper import Paper, title_key
from rag.settings import Settings

#: The largest library that is copied to put attacks into it: embedding takes some 50 ms a paper.
MOST_COPIED = 2_000
_NAME_CHARACTERS = 16


@contextmanager
def attacked_library(
    papers: Sequence[Paper],
    questions: Sequence[Question],
    settings: Settings,
    cache: Path,
    *,
    embedder: Embedder | None = None,
    progress: Callable[[IngestReport], None] = lambda _: None,
) -> Iterator[Library]:
    """A library of these papers with the attacks of these questions in their abstracts.

    It is kept in a directory of ``cache`` that is named after its contents, and built once; an interrupted build is
    continued.

    Raises:
        DatasetError: an attack names a paper that is not in the library.
        UsageError: there are more papers than are copied.
    """
    if len(papers) > MOST_COPIED:
        raise UsageError(
            f"the question set plants attacks in the papers, for which the library is copied, and this one has "
            f"{len(papers)} papers, more than the {MOST_COPIED} that are; ask it on a smaller library"
        )
    attacked = inject_attacks(papers, questions)
    name = library_digest(attacked, settings.embedding)
    directory = cache / f"library-{hashlib.sha256(name.encode()).hexdigest()[:_NAME_CHARACTERS]}"
    with _opened(directory, settings, embedder) as library:
        if len(library) < len(attacked):
            library.add(attacked, progress=progress)
        yield library


def _opened(directory: Path, settings: Settings, embedder: Embedder | None) -> Library:
    """The library in a directory of the cache; one that cannot be opened (made by another version, or damaged) is built
    again."""
    try:
        return Library.open(directory, settings.local(), create=True, embedder=embedder)
    except LibraryBusyError:
        raise
    except LibraryError:
        shutil.rmtree(directory)
        return Library.open(directory, settings.local(), create=True, embedder=embedder)


def inject_attack(paper: Paper, attack: Attack) -> Paper:
    """The paper with the attack's text between two sentences of its abstract, normalised like a file that is read."""
    spans = sentences(paper.abstract)
    places = {"start": 0, "middle": spans[(len(spans) + 1) // 2 - 1].end, "end": len(paper.abstract)}
    at = places[attack.place]
    abstract = f"{paper.abstract[:at]} {attack.text} {paper.abstract[at:]}"
    return replace(paper, abstract=normalise(abstract))


def inject_attacks(papers: Sequence[Paper], questions: Iterable[Question]) -> list[Paper]:
    """All papers, with the attacks of the questions in their abstracts.

    Raises:
        DatasetError: an attack names a paper that is not there.
    """
    known = {title_key(paper.title): paper for paper in papers}
    for question in questions:
        if question.attack is None:
            continue
        key = title_key(question.attack.title)
        if key not in known:
            raise DatasetError(
                f'question {question.id}, field "attack": no paper in the library has the title '
                f"{question.attack.title!r}"
            )
        known[key] = inject_attack(known[key], question.attack)
    return [known[title_key(paper.title)] for paper in papers]
