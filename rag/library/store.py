"""The library on disk as one thing: manifest, Chroma collection and lexical index, searched and changed together.

Order of every change: Chroma, lexical index, manifest. The manifest comes last and decides what is there, so a crash at
any point leaves a library that opens, and doing the same again finishes it. Removal goes the other way round.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rag.errors import LibraryError
from rag.library.lexical import LexicalIndex
from rag.library.locks import FairLock, FileLock
from rag.library.manifest import Manifest
from rag.library.passages import Passage, passages
from rag.library.vectors import VectorIndex, library_facts
from rag.models.protocols import Vectors
from rag.paper import Paper

T = TypeVar("T")

#: Up to this many passages Chroma is given the allowed ids; beyond, a free search is widened until it holds enough.
_RESTRICT_UP_TO = 4_000
#: While another process writes, the page looks at its changes this often at most: opening a large index takes time.
_REFRESH_S = 2.0


class Store:
    """A library directory. Any number of threads and processes may read; one process at a time writes.

    Args:
        directory: the library's own directory.
        embedding: name of the embedding model.
        dimension: length of its vectors.
        create: make an empty library where there is none.

    Raises:
        LibraryError: no library there, a damaged one, or one of another embedding model.
    """

    def __init__(
        self,
        directory: Path,
        *,
        embedding: str,
        dimension: int,
        create: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory = directory
        self._facts = library_facts(embedding, dimension)
        self._clock = clock
        _prepare(directory, create=create)
        self._write_lock = FileLock(directory / "write.lock")
        self._store_lock = FairLock(directory / "store.lock", directory / "turn.lock")
        self._vectors_lock = threading.RLock()
        self.manifest = Manifest(directory / "manifest.sqlite")
        self.generation: int
        self.lexical: LexicalIndex
        self._vectors: VectorIndex
        self._seen: int
        self._seen_at: float
        self._open_indexes()

    def close(self) -> None:
        """Releases the files."""
        with self._vectors_lock:
            self._vectors.close()
        self.manifest.close()

    def __len__(self) -> int:
        return len(self.manifest)

    @property
    def facts(self) -> Mapping[str, str | int]:
        """What the vectors are made with: ``embedding``, ``dimension``, ``chunking``."""
        return self._facts

    # Reading

    def refresh(self) -> None:
        """Takes in what other processes changed; cheap when nothing did."""
        revision = self.manifest.revision
        if revision == self._seen or self._clock() - self._seen_at < _REFRESH_S:
            return
        with self._vectors_lock:
            self._reopen()

    def dense(self, vector: Vectors, limit: int, allowed: Collection[str] | None = None) -> list[tuple[str, float]]:
        """Passage ids with cosine similarities, best first.

        Args:
            vector: shape ``(dimension,)``, unit length.
            limit: number of passages at most.
            allowed: only passages of these papers; all when ``None``.
        """
        if allowed is None:
            return self._ask(lambda index: index.query(vector, limit))
        ids = self.passage_ids(allowed)
        if len(ids) <= _RESTRICT_UP_TO:
            return self._ask(lambda index: index.query(vector, limit, ids))
        return self._ask(lambda index: _widened(index, vector, limit, frozenset(allowed)))

    def vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """Stored vectors of passages, by id."""
        return self._ask(lambda index: index.vectors(passage_ids))

    def passage_ids(self, paper_ids: Collection[str]) -> list[str]:
        """Ids of all passages of these papers."""
        return [f"{i}#{n}" for i, count in self.manifest.passage_counts(paper_ids).items() for n in range(count)]

    def vector_facts(self) -> Mapping[str, str | int]:
        """What the collection says its vectors were made with."""
        return self._ask(lambda index: index.facts)

    def all_passage_ids(self) -> set[str]:
        """Ids of all passages in Chroma, those of no known paper included."""
        return self._ask(lambda index: index.ids())

    def discard(self, passage_ids: Sequence[str]) -> None:
        """Removes passages from Chroma that belong to no paper; for repairs."""
        with self._chroma(exclusive=True) as vectors:
            vectors.delete(passage_ids)

    def passage(self, paper: Paper, passage_id: str) -> Passage | None:
        """The passage of this id, or ``None`` when the paper has changed since."""
        own = passages(paper)
        index = int(passage_id.rpartition("#")[2])
        return own[index] if index < len(own) else None

    # Writing

    @contextmanager
    def writing(self, timeout_s: float = 1.5) -> Iterator[Writer]:
        """Admits this process as the one writer for the block.

        Raises:
            LibraryBusyError: another process writes.
        """
        busy = f"another process is writing to the library {self.directory}; wait until it is done and try again"
        with self._write_lock.hold(timeout_s=timeout_s, busy=busy):
            interrupted = self.manifest.meta("writing") == "1"
            self.manifest.set_meta(writing="1", **{k: str(v) for k, v in self._facts.items()})
            yield Writer(self, interrupted=interrupted)
            # Not in a finally: what breaks off here is to be looked at by the next writer.
            self.manifest.set_meta(writing="0")

    @contextmanager
    def _chroma(self, *, exclusive: bool = False) -> Iterator[VectorIndex]:
        # Threads take turns as well: a refresh closes the client under whoever would be using it.
        with self._vectors_lock, self._store_lock.hold(shared=not exclusive):
            yield self._vectors

    def _ask(self, call: Callable[[VectorIndex], T]) -> T:
        """Reads from Chroma. Its client keeps vectors in memory but looks records up in the file: while another process
        writes, the two may disagree, and opening the database anew mends that."""
        with self._vectors_lock:
            try:
                with self._chroma() as index:
                    return call(index)
            except LibraryError:
                if self.manifest.revision == self._seen and self.manifest.meta("writing") != "1":
                    raise
                self._reopen()
                with self._chroma() as index:
                    return call(index)

    def _reopen(self) -> None:
        self._vectors.close()
        if self.generation == self.manifest.generation:
            self._seen, self._seen_at = self.manifest.revision, self._clock()
            self.lexical.refresh()
        else:
            self._open_indexes()

    def _open_indexes(self) -> None:
        self._check_facts()
        self._seen, self._seen_at = self.manifest.revision, self._clock()
        self.generation = self.manifest.generation
        chroma, lexical = index_directories(self.directory, self.generation)
        self._vectors = VectorIndex(chroma, self._facts)
        self.lexical = LexicalIndex(lexical)

    def _check_facts(self) -> None:
        for name in ("embedding", "dimension", "chunking"):
            stored = self.manifest.meta(name)
            if stored is not None and stored != str(self._facts[name]):
                raise LibraryError(
                    f"the library {self.directory} was built with {name} {stored}, the settings ask for "
                    f"{self._facts[name]}; set CITEWELL_EMBEDDING back, or re-embed it with: citewell rebuild"
                )


class Writer:
    """Changes a library, one whole batch of papers at a time. Made by :meth:`Store.writing`.

    ``interrupted`` tells that an earlier run broke off: Chroma may hold passages that the manifest does not know.
    """

    def __init__(self, store: Store, *, interrupted: bool) -> None:
        self._store = store
        self.interrupted = interrupted

    def put(
        self,
        papers: Sequence[Paper],
        cut: Sequence[Sequence[Passage]],
        vectors: Vectors,
        aliases: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Writes papers with all their passages (``vectors``: one row a passage) in place of what stood there."""
        store = self._store
        old = store.passage_ids([p.id for p in papers])
        stale = sorted(set(old) - {passage.id for own in cut for passage in own})
        with store._chroma(exclusive=True) as index:
            index.upsert(papers, cut, vectors)
            if stale:
                index.delete(stale)
        store.lexical.replace(papers)
        store.manifest.put(papers, [len(own) for own in cut], aliases)
        store._seen = store.manifest.revision

    def remove(self, paper_ids: Sequence[str]) -> None:
        """Takes papers out, with all their passages."""
        store = self._store
        gone = store.passage_ids(paper_ids)
        store.manifest.remove(paper_ids)
        store.lexical.replace((), removed=paper_ids)
        with store._chroma(exclusive=True) as index:
            index.delete(gone)
        store._seen = store.manifest.revision

    def leftovers(self, passage_ids: Sequence[str]) -> dict[str, str]:
        """Digests of passages that an interrupted run already stored, by id."""
        with self._store._chroma() as index:
            return {p.id: p.digest for p in index.get(passage_ids)}


def _widened(index: VectorIndex, vector: Vectors, limit: int, allowed: frozenset[str]) -> list[tuple[str, float]]:
    total, width = len(index), limit * 4
    while True:
        found = index.query(vector, width)
        kept = [hit for hit in found if hit[0].rpartition("#")[0] in allowed]
        if len(kept) >= limit or width >= total:
            return kept[:limit]
        width *= 4


def index_directories(directory: Path, generation: int) -> tuple[Path, Path]:
    """Where Chroma and the lexical index of a generation lie. A rebuild writes the next generation beside this one."""
    suffix = f"-{generation}" if generation else ""
    return directory / f"chroma{suffix}", directory / f"lexical{suffix}"


def _prepare(directory: Path, *, create: bool) -> None:
    if (directory / "manifest.sqlite").exists():
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
