"""A library in one directory: embedded Chroma, the lexical index and the manifest side by side.

Order of every change: Chroma, lexical index, row file, manifest. The manifest comes last and decides what is there, so
a crash at any point leaves a library that opens, and doing the same again finishes it. Removal goes in reverse order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rag.errors import LibraryError
from rag.models.protocols import Vectors
from rag.paper import Paper
from rag.storage.embedded.probe import DATABASE
from rag.storage.index.lexical import LexicalIndex
from rag.storage.index.passages import Passage
from rag.storage.index.rows import RowFile, row_file
from rag.storage.index.vectors import VectorIndex, library_facts
from rag.storage.locks import WRITER_WAIT_S, FairLock, FileLock
from rag.storage.manifest import Manifest
from rag.storage.store import Store, Writer, check_facts, prepare_directory, stale_passages

T = TypeVar("T")

#: While another process writes, the page looks at its changes this often at most: opening a large index takes time.
_REFRESH_S = 2.0


class EmbeddedStore(Store):
    """A library directory.

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
        prepare_directory(directory, create=create)
        self._write_lock = FileLock(directory / "write.lock")
        self._store_lock = FairLock(directory / "store.lock", directory / "turn.lock")
        self._vectors_lock = threading.RLock()
        self.manifest = Manifest(directory / "manifest.sqlite")
        self._vectors: VectorIndex
        self._seen: int
        self._seen_at: float
        self._open_indexes()

    def close(self) -> None:
        """Close the files."""
        with self._vectors_lock:
            self._vectors.close()
        self.manifest.close()

    def refresh(self) -> None:
        """Pick up changes of other processes; cheap if there are none."""
        revision = self.manifest.revision
        if revision == self._seen or self._clock() - self._seen_at < _REFRESH_S:
            return
        with self._vectors_lock:
            self._reopen()

    def discard(self, passage_ids: Sequence[str]) -> None:
        """As the base class."""
        with self._chroma(exclusive=True) as vectors:
            vectors.delete(passage_ids)

    @contextmanager
    def writing(self, timeout_s: float = WRITER_WAIT_S) -> Iterator[Writer]:
        """As the base class."""
        busy = f"another process is writing to the library {self.directory}; wait until it is done and try again"
        with self._write_lock.hold(timeout_s=timeout_s, busy=busy):
            with self._vectors_lock:
                if self.generation != self.manifest.generation:
                    # Another process has rebuilt the library: the indexes open here are deleted.
                    self._reopen()
            interrupted = self.manifest.meta("writing") == "1"
            self.manifest.set_meta(writing="1", **{k: str(v) for k, v in self._facts.items()})
            yield EmbeddedWriter(self, interrupted=interrupted)
            # Not in a finally: what breaks off here is to be looked at by the next writer.
            self.manifest.set_meta(writing="0")

    @contextmanager
    def _chroma(self, *, exclusive: bool = False) -> Iterator[VectorIndex]:
        # Threads take turns as well: a refresh closes the client under whoever would be using it.
        with self._vectors_lock, self._store_lock.hold(shared=not exclusive):
            yield self._vectors

    def _ask(self, call: Callable[[VectorIndex], T]) -> T:
        """Read from Chroma.

        Its client keeps vectors in memory but looks records up in the file. While another process writes, the two may
        disagree; opening the database anew resolves that."""
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
        refuse_replica(self.manifest, self.directory)
        stored = {name: self.manifest.meta(name) for name in self._facts}
        check_facts(str(self.directory), {k: v for k, v in stored.items() if v is not None}, self._facts)
        self._seen, self._seen_at = self.manifest.revision, self._clock()
        generation = self.manifest.generation
        chroma, lexical = index_directories(self.directory, generation)
        database = chroma / DATABASE
        if self.manifest.passages and not (database.exists() and database.stat().st_size):
            # Chroma would make an empty one and find nothing in it.
            raise LibraryError(f"the Chroma database in {chroma} is gone; mend it with: citewell doctor --repair")
        self._vectors = VectorIndex(chroma, self._facts)
        self._rows = RowFile(row_file(self.directory, generation), int(self._facts["dimension"]))
        self.lexical = LexicalIndex(lexical)
        self.generation = generation


class EmbeddedWriter(Writer):
    """Writer of a library directory."""

    def __init__(self, store: EmbeddedStore, *, interrupted: bool) -> None:
        self._store = store
        self.interrupted = interrupted

    def put(self, papers: Sequence[Paper], passages_by_paper: Sequence[Sequence[Passage]], vectors: Vectors) -> None:
        """As the base class."""
        store = self._store
        stale = stale_passages(store.passage_ids([p.id for p in papers]), passages_by_paper)
        with store._chroma(exclusive=True) as index:
            index.upsert(papers, passages_by_paper, vectors)
            if stale:
                index.delete(stale)
        store.lexical.replace(papers)
        store.manifest.put(papers, passages_by_paper, store._rows.append(vectors))
        store._seen = store.manifest.revision

    def remove(self, paper_ids: Sequence[str]) -> None:
        """As the base class."""
        store = self._store
        gone = store.passage_ids(paper_ids)
        store.manifest.remove(paper_ids)
        store.lexical.replace((), removed=paper_ids)
        with store._chroma(exclusive=True) as index:
            index.delete(gone)
        store._seen = store.manifest.revision

    def leftovers(self, passage_ids: Sequence[str]) -> dict[str, str]:
        """As the base class."""
        with self._store._chroma() as index:
            return {p.id: p.digest for p in index.get(passage_ids)}


def index_directories(directory: Path, generation: int) -> tuple[Path, Path]:
    """Return the directories of Chroma and the lexical index of a generation. A rebuild writes the next ones beside."""
    suffix = f"-{generation}" if generation else ""
    return directory / f"chroma{suffix}", directory / f"lexical{suffix}"


def refuse_replica(manifest: Manifest, directory: Path) -> None:
    """Raise if a directory is a replica, whose papers are changed on a server.

    Raises:
        LibraryError: the directory follows a library on a Chroma server.
    """
    if manifest.meta("server") is not None:
        raise LibraryError(
            f"{directory} follows a library on a Chroma server; "
            "set CITEWELL_CHROMA_URL to the server's address, or choose another directory with --library"
        )
