"""Store: manifest, Chroma collection and lexical index of a library, searched and changed together.

The two kinds differ in where the collection is: in a directory (:mod:`rag.storage.embedded.store`) or behind a Chroma
server (:mod:`rag.storage.server.shared`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import numpy as np

from rag.errors import LibraryError
from rag.models.protocols import Vectors
from rag.paper import Paper
from rag.storage.index.lexical import LexicalIndex
from rag.storage.index.passages import Passage, paper_of, passage_id
from rag.storage.index.rows import PassageVectors, RowFile, RowRange, passage_numbers
from rag.storage.index.vectors import VectorIndex
from rag.storage.locks import WRITER_WAIT_S
from rag.storage.manifest import Manifest, beside_chroma

T = TypeVar("T")

#: Up to this many passages Chroma is given the allowed ids; beyond, a free search is widened until it holds enough.
_RESTRICT_UP_TO = 4_000


class Store(ABC):
    """An open library. Any number of threads and processes may read; one process at a time writes.

    Attributes:
        directory: the library's own directory.
        manifest: which papers there are.
        lexical: the lexical index.
        generation: number of the rebuild whose indexes are open; assigned after them.
    """

    directory: Path
    manifest: Manifest
    lexical: LexicalIndex
    generation: int
    _facts: dict[str, str | int]
    _rows: RowFile
    #: The revision at which the lexical index was seen to hold every paper.
    _whole: int = -1

    def __len__(self) -> int:
        return len(self.manifest)

    @property
    def facts(self) -> Mapping[str, str | int]:
        """Properties of the vectors: ``embedding``, ``dimension``, ``chunking``."""
        return self._facts

    @abstractmethod
    def close(self) -> None:
        """Close all files and connections."""

    def indexed(self) -> int:
        """Return the number of papers in the lexical index.

        Raises:
            LibraryError: it lacks papers, which no search would find.
        """
        found, revision = len(self.lexical), self.manifest.revision
        if revision != self._whole:
            expected = len(self.manifest)
            if found < expected:
                self.lexical.refresh()
                found = len(self.lexical)
            # Asked once more: another process may just have removed papers, which it takes from the manifest first.
            if found < min(expected, len(self.manifest)):
                raise LibraryError(
                    f"the lexical index of the library {self.directory} holds {found} of {expected} papers; "
                    "mend it with: citewell doctor --repair"
                )
            self._whole = revision
        return found

    @abstractmethod
    def refresh(self) -> None:
        """Pick up changes of other processes before a search; cheap if there are none."""

    def follow(self) -> None:
        """Sync the local manifest with the server. No-op for a library in a directory."""
        return

    @abstractmethod
    def writing(self, timeout_s: float = WRITER_WAIT_S) -> AbstractContextManager[Writer]:
        """Make this process the one writer for the block.

        Raises:
            LibraryBusyError: another process writes.
        """

    @abstractmethod
    def discard(self, passage_ids: Sequence[str]) -> None:
        """Remove passages without a paper from Chroma; for repairs."""

    @abstractmethod
    def _ask(self, call: Callable[[VectorIndex], T]) -> T:
        """Read from the collection."""

    def dense(self, vector: Vectors, limit: int, allowed: Collection[str] | None = None) -> list[tuple[str, float]]:
        """Return passage ids with cosine similarities, best first.

        Args:
            vector: shape ``(dimension,)``, unit length.
            limit: number of passages at most.
            allowed: only passages of these papers; all when ``None``.
        """
        if allowed is None:
            return self._ask(lambda index: self._complete(index.query(vector, limit), limit))
        ids = self.passage_ids(allowed)
        if len(ids) <= _RESTRICT_UP_TO:
            return self._ask(lambda index: index.query(vector, limit, ids))
        return self._ask(lambda index: _widened(index, vector, limit, frozenset(allowed)))

    def vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """Return stored vectors of passages, by id."""
        return self._ask(lambda index: index.vectors(passage_ids))

    def block(self, paper_ids: Sequence[str]) -> PassageVectors:
        """Return the vectors of all passages of these papers, in the order of the papers.

        They come from the row file, or from Chroma if that lacks them. A paper removed meanwhile has no rows.
        """
        generation, row_file = self.generation, self._rows
        known = self.manifest.places(paper_ids)
        # After a rebuild by another process, the manifest's rows are those of a file that is not open here yet.
        current = self.manifest.generation == generation
        places = [known.get(i, RowRange(None, 0)) for i in paper_ids]
        owners, numbers = passage_numbers(places)
        first = np.array([-1 if place.row is None else place.row for place in places], dtype=np.int64)
        rows, placed = first[owners] + numbers, (first >= 0)[owners] & current
        vectors = np.zeros((len(owners), int(self._facts["dimension"])), dtype=np.float32)
        read = row_file.read(rows[placed])
        if read is None:
            placed[:] = False
        else:
            vectors[placed] = read
        if placed.all():
            return PassageVectors(vectors, owners, numbers)
        ids = [passage_id(paper_ids[owners[at]], numbers[at]) for at in np.flatnonzero(~placed)]
        found = self._fetch(ids)
        for at, i in zip(np.flatnonzero(~placed), ids, strict=True):
            if i in found:
                vectors[at], placed[at] = found[i], True
        return PassageVectors(vectors[placed], owners[placed], numbers[placed])

    def unplaced(self) -> list[str]:
        """Return ids of the papers whose vectors the row file lacks: they are read from Chroma, which takes longer."""
        places = self.manifest.places(self.manifest.ids())
        return [i for i, place in places.items() if place.count and not self._rows.holds(place)]

    def place(self, paper_ids: Sequence[str]) -> None:
        """Copy the vectors of these papers from Chroma into the row file; only for the process that may write to it."""
        self._place(self.vectors(self.passage_ids(paper_ids)))

    def _complete(self, hits: list[tuple[str, float]], limit: int) -> list[tuple[str, float]]:
        """Raise if there are too few hits: Chroma whose vectors are damaged answers from those left."""
        if len(hits) < limit:
            expected = min(limit, self.manifest.passages)
            if 2 * len(hits) < expected:
                raise LibraryError(
                    f"Chroma finds {len(hits)} passages of the library {self.directory} where there are {expected}; "
                    "look closer with: citewell doctor"
                )
        return hits

    def _fetch(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """Return vectors that the row file lacks."""
        return self.vectors(passage_ids)

    def _place(self, vectors: Mapping[str, Vectors]) -> None:
        """Write vectors, by passage id, into the row file, for those papers whose vectors are complete."""
        places = {}
        for i, count in self.manifest.passage_counts({paper_of(i) for i in vectors}).items():
            ids = [passage_id(i, n) for n in range(count)]
            if ids and all(own in vectors for own in ids):
                places[i] = self._rows.append(np.stack([vectors[own] for own in ids]))
        self.manifest.place(places)

    def passage_ids(self, paper_ids: Collection[str]) -> list[str]:
        """Return ids of all passages of these papers."""
        return passage_ids(self.manifest, paper_ids)

    def vector_facts(self) -> Mapping[str, str | int]:
        """Return the properties of the vectors as recorded in the collection."""
        return self._ask(lambda index: index.facts)

    def all_passage_ids(self) -> set[str]:
        """Return ids of all passages in Chroma, including those of no known paper."""
        return self._ask(lambda index: index.ids())


class Writer(ABC):
    """Writer of a library, one whole batch of papers at a time. Made by :meth:`Store.writing`.

    ``interrupted`` is true if an earlier run broke off: Chroma may hold passages that the manifest does not know.
    """

    interrupted: bool = False

    @abstractmethod
    def put(self, papers: Sequence[Paper], passages_by_paper: Sequence[Sequence[Passage]], vectors: Vectors) -> None:
        """Write papers with all their passages (``vectors``: one row a passage), replacing earlier ones."""

    @abstractmethod
    def remove(self, paper_ids: Sequence[str]) -> None:
        """Remove papers with all their passages."""

    @abstractmethod
    def leftovers(self, passage_ids: Sequence[str]) -> dict[str, str]:
        """Return digests of passages that an interrupted run already stored, by id."""


def passage_ids(manifest: Manifest, paper_ids: Collection[str]) -> list[str]:
    """Return ids of all passages of these papers."""
    return [passage_id(i, n) for i, count in manifest.passage_counts(paper_ids).items() for n in range(count)]


def check_facts(what: str, stored: Mapping[str, object], facts: Mapping[str, str | int]) -> None:
    """Compare the properties of a library's vectors with those that the settings ask for.

    Raises:
        LibraryError: they differ; the message names the command that mends it.
    """
    for name in ("embedding", "dimension", "chunking"):
        if name in stored and str(stored[name]) != str(facts[name]):
            raise LibraryError(
                f"the library {what} was built with {name} {stored[name]}, the settings ask for {facts[name]}; "
                "set CITEWELL_EMBEDDING back, or re-embed it with: citewell rebuild"
            )


def stale_passages(before: Sequence[str], passages_by_paper: Sequence[Sequence[Passage]]) -> list[str]:
    """Return the ids of old passages that no new passage replaces."""
    return sorted(set(before) - {passage.id for own in passages_by_paper for passage in own})


def prepare_directory(directory: Path, *, create: bool) -> None:
    """Make a library's directory if there is none.

    Raises:
        LibraryError: there is none and ``create`` is false, or the directory is no library.
    """
    if (directory / "manifest.sqlite").exists() or beside_chroma(directory / "manifest.sqlite"):
        return
    if directory.exists() and not directory.is_dir():
        raise LibraryError(f"{directory} is a file, a library is a directory; choose another with --library")
    if directory.is_dir() and any(directory.iterdir()) and not (directory / "write.lock").exists():
        raise LibraryError(f"the directory {directory} is not empty and not a library; choose another with --library")
    if not create:
        raise LibraryError(f"there is no library at {directory}; make one with: citewell ingest FILE")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "write.lock").touch()
    except OSError as error:
        raise LibraryError(
            f"the library {directory} cannot be made ({error.strerror}); choose another place"
        ) from error


def _widened(index: VectorIndex, vector: Vectors, limit: int, allowed: frozenset[str]) -> list[tuple[str, float]]:
    total, width = len(index), limit * 4
    while True:
        found = index.query(vector, width)
        kept = [hit for hit in found if paper_of(hit[0]) in allowed]
        if len(kept) >= limit or width >= total:
            return kept[:limit]
        width *= 4
