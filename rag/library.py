"""Library: the facade over storage and retrieval. Every door uses it, and nothing behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
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
from rag.storage.embedded.probe import ChromaProbe
from rag.storage.filters import Filters
from rag.storage.health.check import Check, check_library, model_works, versions
from rag.storage.health.rebuild import rebuild
from rag.storage.health.repair import repair
from rag.storage.ingest.filling import RebuildReport
from rag.storage.ingest.ingest import IngestReport, ingest, plan
from rag.storage.manifest import Manifest
from rag.storage.opening import has_library, open_manifest, open_store
from rag.storage.server.server import ServerAddress
from rag.storage.store import Store

#: What a door may need of a library.
__all__ = [
    "Check",
    "ChromaProbe",
    "Filters",
    "IngestReport",
    "Library",
    "Manifest",
    "RebuildReport",
    "model_works",
    "read_all",
    "versions",
]


class Library:
    """A library of papers in one directory, ready to be searched.

    Thread-safe. Several processes may open the same directory; one at a time may ingest. What has to work on a library
    that cannot be opened, or without a model, takes the directory instead: :meth:`catalogue`, :meth:`check`,
    :meth:`repair`, :meth:`rebuild`.
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
        """Open the library in a directory.

        Args:
            path: the library's directory; for a library on a Chroma server, the directory of its replica.
            settings: name the embedding model, and the server if there is one; by default from the environment.
            create: make an empty library if there is none.
            embedder: an embedding model instead of the one that the settings name.
            following: called with the number of papers read from a server so far.

        Raises:
            LibraryError: no library there, a damaged one, or one built with another embedding model.
            ServerError: the Chroma server cannot be reached or refuses.
            ModelError: the embedding model cannot be loaded.
        """
        settings = settings or Settings.load()
        embedder = embedder or _embedder(settings)
        store = open_store(
            Path(path),
            ServerAddress.of(settings),
            embedding=embedder.name,
            dimension=embedder.dimension,
            create=create,
            following=following,
        )
        return cls(store, embedder)

    @staticmethod
    def exists(path: Path | str, settings: Settings) -> bool:
        """Return whether there is a library."""
        return has_library(Path(path), ServerAddress.of(settings))

    @staticmethod
    def catalogue(path: Path | str, settings: Settings) -> AbstractContextManager[Manifest]:
        """Open the list of papers alone, without loading a model or an index: ``papers(filters)`` and ``get(ids)``.

        Raises:
            LibraryError: no library there, or a damaged one.
        """
        return open_manifest(Path(path), ServerAddress.of(settings))

    @staticmethod
    def plan_new(records: Iterable[Record]) -> IngestReport:
        """Return what :meth:`add` would do to an empty library."""
        return plan(None, records)

    @staticmethod
    def check(
        path: Path | str, settings: Settings, embedder: Embedder | None = None, *, probe: ChromaProbe | None = None
    ) -> Iterator[Check]:
        """Check a library, from cheap to costly: are all its parts there, readable, and in agreement?

        Args:
            path, settings, embedder: as for :meth:`open`.
            probe: what looks into Chroma; by default one of its own.
        """
        return check_library(Path(path), embedder or _embedder(settings), ServerAddress.of(settings), probe=probe)

    @staticmethod
    def repair(
        path: Path | str, settings: Settings, embedder: Embedder | None = None, *, probe: ChromaProbe | None = None
    ) -> Iterator[str]:
        """Repair a library, and yield a sentence for each thing done. Arguments as for :meth:`check`.

        Raises:
            LibraryError: there is nothing left to repair it from.
            LibraryBusyError: another process writes.
        """
        return repair(Path(path), embedder or _embedder(settings), ServerAddress.of(settings), probe=probe)

    @staticmethod
    def rebuild(
        path: Path | str,
        settings: Settings,
        embedder: Embedder | None = None,
        *,
        progress: Callable[[RebuildReport], None] = lambda _: None,
    ) -> RebuildReport:
        """Embed all papers anew and switch to new indexes; readers go on meanwhile.

        Raises:
            LibraryError: there is no library, or its manifest is damaged.
            LibraryBusyError: another process writes.
            ModelError: the embedder failed; the library stays as it was.
        """
        return rebuild(Path(path), embedder or _embedder(settings), ServerAddress.of(settings), progress=progress)

    def close(self) -> None:
        """Close the files."""
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
        """Directory of the library."""
        return self._store.directory

    @property
    def passages(self) -> int:
        """Number of passages of all papers."""
        return self._store.manifest.passages

    @property
    def embedder(self) -> Embedder:
        """Embedding model of the library."""
        return self._embedder

    def ingest(
        self,
        paths: Iterable[Path | str],
        *,
        format: str = "auto",
        options: Options | None = None,
        progress: Callable[[IngestReport], None] = lambda _: None,
    ) -> IngestReport:
        """Read files, directories or references (``arxiv:ID``, ``doi:DOI``, an address) and add their papers; doing so
        again changes nothing.

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
        """Add papers from anywhere; as :meth:`ingest`. Without ``merge`` every id is a paper of its own: records of one
        work are not joined."""
        return ingest(self._store, self._embedder, records, merge=merge, progress=progress)

    def plan(self, records: Iterable[Record]) -> IngestReport:
        """Return what :meth:`add` would do, without doing it."""
        return plan(self._store, records)

    def similarity(self, texts: Sequence[str], others: Sequence[str]) -> Vectors:
        """Return cosine similarities by the library's embedding model, shape ``(len(texts), len(others))``."""
        cosines: Vectors = self._vectors.embed_texts(texts) @ self._vectors.embed_texts(others).T
        return cosines

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """Return the ``k`` best papers for a query, best first; fewer only if the library or the filter holds fewer."""
        self._store.refresh()
        return self._retriever.search(query, k, filters)

    def papers(self, filters: Filters | None = None, *, limit: int = -1, offset: int = 0) -> list[Paper]:
        """Return papers in the order of ingestion."""
        self._store.follow()
        return self._store.manifest.papers(filters, limit, offset)

    def paper(self, paper_id: str) -> Paper | None:
        """Return the paper with this id, or ``None``."""
        self._store.follow()
        return self._store.manifest.get([paper_id]).get(paper_id)

    def remove(self, paper_ids: Sequence[str]) -> int:
        """Remove papers and return how many there were.

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
    """Yield the records of several files, directories or references, in the order given. References share one
    ``remote``, which holds the rate limit.

    Raises:
        ReadError: one of the files cannot be read as papers at all; before the first record if that can be known then.
    """
    paths = list(paths)
    check_paths(paths, format, options)
    with closing(remote or Remote()) as shared:
        for path in paths:
            yield from read_papers(path, format, options, shared)


def _embedder(settings: Settings) -> Embedder:
    from rag.models.registry import build_embedder

    return build_embedder(settings)
