"""The library on disk as one thing: manifest, Chroma collection and lexical index, searched and changed together.

Order of every change: Chroma, lexical index, row file, manifest. The manifest comes last and decides what is there, so
a crash at any point leaves a library that opens, and doing the same again finishes it. Removal goes the other way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.errors import LibraryError
from rag.library.lexical import LexicalIndex
from rag.library.locks import FairLock, FileLock
from rag.library.manifest import Manifest
from rag.library.passages import Passage
from rag.library.rows import Block, Place, RowFile, numbers_of
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
        self._rows: RowFile
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

    def block(self, paper_ids: Sequence[str]) -> Block:
        """The vectors of all passages of these papers, in the order of the papers; from Chroma where they lie nowhere
        else. A paper that is not there any more has no rows."""
        known = self.manifest.places(paper_ids)
        places = [known.get(i, Place(None, 0)) for i in paper_ids]
        owners, numbers = numbers_of(places)
        if all(place.row is not None or not place.count for place in places):
            first = np.array([place.row or 0 for place in places], dtype=np.int64)
            vectors = self._rows.read(first[owners] + numbers)
            if vectors is not None:
                return Block(vectors, owners, numbers)
        ids = [f"{paper_ids[owner]}#{n}" for owner, n in zip(owners, numbers, strict=True)]
        found = self.vectors(ids)
        there = [at for at, i in enumerate(ids) if i in found]
        rows = np.stack([found[ids[at]] for at in there]) if there else np.empty((0, int(self._facts["dimension"])))
        return Block(rows.astype(np.float32), owners[there], numbers[there])

    def unplaced(self) -> list[str]:
        """Ids of the papers whose vectors the row file lacks: they are read from Chroma, which takes longer."""
        places = self.manifest.places(self.manifest.ids())
        return [i for i, place in places.items() if place.count and self._rows.read(_all_rows(place)) is None]

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
        self._rows = RowFile(row_file(self.directory, self.generation), int(self._facts["dimension"]))
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
        store.manifest.put(papers, cut, store._rows.append(vectors), aliases)
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

    def place(self, paper_ids: Sequence[str]) -> None:
        """Writes the vectors of these papers into the row file once more, from Chroma."""
        store = self._store
        places = {}
        for i in paper_ids:
            ids = store.passage_ids([i])
            found = store.vectors(ids)
            if len(found) == len(ids) > 0:
                places[i] = store._rows.append(np.stack([found[passage_id] for passage_id in ids]))
        store.manifest.place(places)
        store._seen = store.manifest.revision

    def leftovers(self, passage_ids: Sequence[str]) -> dict[str, str]:
        """Digests of passages that an interrupted run already stored, by id."""
        with self._store._chroma() as index:
            return {p.id: p.digest for p in index.get(passage_ids)}


def _all_rows(place: Place) -> NDArray[np.int64]:
    return np.arange(place.count, dtype=np.int64) + (-1 if place.row is None else place.row)


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


def row_file(directory: Path, generation: int) -> Path:
    """Where the vectors of a generation lie by row number."""
    return directory / (f"vectors-{generation}.f2" if generation else "vectors.f2")


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
