"""A library behind a Chroma server: its passages there, for several machines, and a replica here that follows.

Order of every change: passages (of a removal: tombstones, then passages); the state, with the next revision; the
replica. Nothing counts until the state names its revision; a writer that finds more finishes that first
(:meth:`Replica.settle`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from rag.errors import LibraryError
from rag.models.protocols import Vectors
from rag.paper import Paper
from rag.storage.index.passages import Passage
from rag.storage.index.rows import RowFile, row_file
from rag.storage.index.vectors import VectorIndex, library_facts
from rag.storage.locks import WRITER_WAIT_S, FileLock
from rag.storage.server.lease import Lease
from rag.storage.server.replica import Progress, Replica
from rag.storage.server.server import NoCollectionError, ServerAddress
from rag.storage.server.server_passages import ServerPassages
from rag.storage.server.state import State
from rag.storage.store import Store, Writer, stale_passages

T = TypeVar("T")


class SharedStore(Store):
    """A library on a server, and the local directory that follows it.

    Args:
        directory: where the replica lies; made when absent.
        address: the library on the server.
        embedding: name of the embedding model.
        dimension: length of its vectors.
        create: make an empty library on the server where there is none.
        progress: told how many papers were read, while following.

    Raises:
        ServerError: the server cannot be reached or refuses.
        LibraryError: no such library there, one of another embedding model, or another one than the directory follows.
    """

    def __init__(
        self,
        directory: Path,
        address: ServerAddress,
        *,
        embedding: str,
        dimension: int,
        create: bool = False,
        progress: Progress = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory, self._address, self._clock = directory, address, clock
        self._facts = library_facts(embedding, dimension)
        self.replica = Replica(directory, address, create_with=self._facts if create else None, progress=progress)
        self.manifest, self.lexical = self.replica.manifest, self.replica.lexical
        self._write_lock = FileLock(directory / "write.lock")
        self.generation = -1
        self._passages: ServerPassages
        try:
            self._use(self.replica.state)
        except LibraryError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection and the replica."""
        self.replica.close()

    def refresh(self) -> None:
        """As the base class; one short request if nothing was changed."""
        self.follow()

    def follow(self) -> None:
        """Sync the replica with the server."""
        self._use(self.replica.follow())

    def discard(self, passage_ids: Sequence[str]) -> None:
        """As the base class."""
        self._passages.delete(passage_ids)

    @contextmanager
    def writing(self, timeout_s: float = WRITER_WAIT_S) -> Iterator[Writer]:
        """As the base class, across machines; what another writer left half done is finished first."""
        busy = f"another process is writing to the library {self._address}; wait until it is done and try again"
        start = self._clock()
        with self._write_lock.hold(timeout_s=timeout_s, busy=busy):
            lease = Lease(self.replica.server, self._address.name, self.replica.name)
            with lease.hold(max(0.0, timeout_s - (self._clock() - start))):
                self._use(self.replica.settle())
                yield SharedWriter(self, lease)

    def _ask(self, call: Callable[[VectorIndex], T]) -> T:
        try:
            return call(self._passages)
        except NoCollectionError:
            # Another process has rebuilt the library; the state names the new collection.
            self.follow()
            return call(self._passages)

    def unplaced(self) -> list[str]:
        """Return nothing: the row file of a replica fills on demand."""
        return []

    def _fetch(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """Read vectors from the server and keep them in the row file for later questions."""
        revision = self.manifest.revision
        found = self.vectors(passage_ids)
        with self.replica.try_lock() as may_keep:
            if may_keep and self.manifest.revision == revision:
                self._place(found)
        return found

    def _use(self, state: State) -> None:
        if state.generation != self.generation:
            state.check(str(self._address), self._facts)
            self._passages = self.replica.passages(state.generation)
            self._rows = RowFile(row_file(self.directory, state.generation), int(self._facts["dimension"]))
            self.generation = state.generation


class SharedWriter(Writer):
    """Writer of a library on a server; made only while its lease is held."""

    def __init__(self, store: SharedStore, lease: Lease) -> None:
        self._store, self._lease = store, lease

    def put(self, papers: Sequence[Paper], passages_by_paper: Sequence[Sequence[Passage]], vectors: Vectors) -> None:
        """As the base class."""
        store, replica = self._store, self._store.replica
        stale = stale_passages(store.passage_ids([p.id for p in papers]), passages_by_paper)
        self._lease.check()
        state = replace(replica.state, revision=replica.state.revision + 1)
        store._passages.upsert(papers, passages_by_paper, vectors, state.revision)
        if stale:
            store._passages.delete(stale)
        self._tell(state, papers, passages_by_paper, ())

    def remove(self, paper_ids: Sequence[str]) -> None:
        """As the base class."""
        store, replica = self._store, self._store.replica
        self._lease.check()
        state = replace(replica.state, revision=replica.state.revision + 1)
        replica.shared.add_tombstones(paper_ids, state.revision)
        store._passages.delete(store.passage_ids(paper_ids))
        self._tell(state, (), (), paper_ids)

    def leftovers(self, passage_ids: Sequence[str]) -> dict[str, str]:  # noqa: ARG002 - the base class's
        """Return nothing: a writer begins by finishing what another left."""
        return {}

    def _tell(
        self,
        state: State,
        papers: Sequence[Paper],
        passages_by_paper: Sequence[Sequence[Passage]],
        removed: Sequence[str],
    ) -> None:
        replica = self._store.replica
        replica.shared.write(state)
        replica.apply(papers, passages_by_paper, removed, before=state.revision - 1, after=state.revision)
        replica.state = state
