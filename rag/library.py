"""The programming interface's library: open, ingest, search, list. Answers: :mod:`rag.answering.assistant`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from rag.models.embedders.vector_cache import VectorCache
from rag.models.protocols import Embedder, Vectors
from rag.paper import Paper
from rag.readers import Options, Record, Remote, check_paths, read_papers
from rag.retrieval.evidence import SearchResult
from rag.retrieval.retriever import Retriever
from rag.settings import Settings
from rag.storage.filters import Filters
from rag.storage.ingest.ingest import IngestReport, ingest, plan
from rag.storage.opening import open_store
from rag.storage.server.server import ServerAddress
from rag.storage.store import Store


class Library:
    """A library of papers: what was ingested into one directory, ready to be searched.

    Safe to share between threads. Several processes may open the same directory; one at a time may ingest.
    """

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store, self._embedder = store, embedder
        self._retriever = Retriever(store, embedder)
        self._vectors = VectorCache(embedder)

    @classmethod
    def open(
        cls,
        path: Path | str,
        settings: Settings | None = None,
        *,
        create: bool = False,
        embedder: Embedder | None = None,
        following: Callable[[int], None] = lambda _: None,
    ) -> Self:
        """The library in a directory.

        Args:
            path: the library's directory; of a library on a Chroma server, the one that follows it here.
            settings: name the embedding model, and the server if there is one; from the environment when absent.
            create: make an empty library where there is none.
            embedder: an embedding model to use in place of the one the settings name.
            following: told how many papers were read from a server so far, where the directory follows one.

        Raises:
            LibraryError: no library there, a damaged one, or one built with another embedding model.
            ServerError: the Chroma server cannot be reached or refuses.
            ModelError: the embedding model cannot be loaded.
        """
        settings = settings or Settings.load()
        if embedder is None:
            from rag.models.registry import build_embedder

            embedder = build_embedder(settings)
        address = ServerAddress.of(settings)
        store = open_store(
            Path(path),
            address,
            embedding=embedder.name,
            dimension=embedder.dimension,
            create=create,
            following=following,
        )
        return cls(store, embedder)

    def close(self) -> None:
        """Releases the files."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._store)

    @property
    def path(self) -> Path:
        """The library's directory."""
        return self._store.directory

    @property
    def passages(self) -> int:
        """Number of passages of all papers."""
        return self._store.manifest.passages

    @property
    def embedder(self) -> Embedder:
        """The embedding model the library is searched with."""
        return self._embedder

    def ingest(
        self,
        paths: Iterable[Path | str],
        *,
        format: str = "auto",
        options: Options | None = None,
        progress: Callable[[IngestReport], None] = lambda _: None,
    ) -> IngestReport:
        """Reads files, directories or references (``arxiv:ID``, ``doi:DOI``, an address) and brings their papers in;
        repeating it changes nothing.

        Raises:
            ReadError: a path cannot be read as papers at all; nothing of it was written.
            LibraryBusyError: another process writes.
        """
        return self.add(read_all(paths, format, options), progress=progress)

    def add(
        self,
        records: Iterable[Record],
        *,
        merge: bool = True,
        progress: Callable[[IngestReport], None] = lambda _: None,
    ) -> IngestReport:
        """Brings in papers from anywhere; as :meth:`ingest`. Without ``merge`` records of one work are not joined:
        every id is a paper of its own."""
        return ingest(self._store, self._embedder, records, merge=merge, progress=progress)

    def plan(self, records: Iterable[Record]) -> IngestReport:
        """What :meth:`add` would do, without doing it."""
        return plan(self._store, records)

    def similarity(self, texts: Sequence[str], others: Sequence[str]) -> Vectors:
        """Cosine similarities by the library's embedding model, shape ``(len(texts), len(others))``."""
        cosines: Vectors = self._vectors.embed_texts(texts) @ self._vectors.embed_texts(others).T
        return cosines

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """The ``k`` best papers for a query, best first; fewer only when the library (or the filter) holds fewer."""
        self._store.refresh()
        return self._retriever.search(query, k, filters)

    def papers(self, filters: Filters | None = None, *, limit: int = -1, offset: int = 0) -> list[Paper]:
        """Papers in the order they came in."""
        self._store.follow()
        return self._store.manifest.papers(filters, limit, offset)

    def paper(self, paper_id: str) -> Paper | None:
        """The paper of this id, or ``None``."""
        self._store.follow()
        return self._store.manifest.get([paper_id]).get(paper_id)

    def remove(self, paper_ids: Sequence[str]) -> int:
        """Takes papers out; gives how many there were.

        Raises:
            LibraryBusyError: another process writes.
        """
        self._store.follow()
        known = list(self._store.manifest.get(paper_ids))
        if known:
            with self._store.writing() as writer:
                writer.remove(known)
        return len(known)


def read_all(
    paths: Iterable[Path | str],
    format: str = "auto",
    options: Options | None = None,
    remote: Remote | None = None,
) -> Iterator[Record]:
    """The records of several files, directories or references, lazily, in the order given. References share one
    ``remote``, which keeps the distance between requests.

    Raises:
        ReadError: before the first record, when one of the files cannot be read as papers at all; later where that
            shows only then.
    """
    paths = list(paths)
    check_paths(paths, format, options)
    with closing(remote or Remote()) as shared:
        for path in paths:
            yield from read_papers(path, format, options, shared)
