"""Passages and their vectors: a Chroma collection in the library's directory.

Besides what a search needs, each paper's first passage carries the paper's record, so that manifest and lexical index
can be built again from the collection alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import LibraryError
from rag.models.protocols import Vectors
from rag.paper import Paper
from rag.storage.index.passages import CHUNKING_VERSION, Passage, embedding_text
from rag.storage.index.stored import StoredPassage, first_line, stored_passages

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

COLLECTION = "passages"
#: Passages read or written in one request.
_REQUEST = 2_000


class VectorIndex:
    """A collection of passages in a directory. Cosine space; vectors come in ready made, unit length.

    Another place for the same collection, as a server, overrides how it is opened and what is said of its errors.

    Args:
        directory: Chroma's own directory; made when absent.
        facts: what the vectors were made with; written into the collection's metadata when it is made.

    Raises:
        LibraryError: the directory is no Chroma database or is damaged.
    """

    def __init__(self, directory: Path, facts: Mapping[str, str | int]) -> None:
        self._directory, self._facts = directory, dict(facts)
        self._client: ClientAPI | None = None
        self._collection: Collection | None = None

    def close(self) -> None:
        """Release the database; the next call opens it anew and sees what other processes wrote."""
        if self._client is not None:
            self._client.close()  # type: ignore[attr-defined]  # Client has it, the abstract ClientAPI does not
        self._client = self._collection = None

    def __len__(self) -> int:
        with self._errors() as collection:
            return collection.count()

    @property
    def facts(self) -> dict[str, Any]:
        """The collection's metadata: embedding model, its dimension, the chunking version."""
        with self._errors() as collection:
            return dict(collection.metadata or {})

    def upsert(
        self, papers: Sequence[Paper], passages: Sequence[Sequence[Passage]], vectors: Vectors, revision: int = 0
    ) -> None:
        """Write the passages of papers, in requests of whole papers if the collection takes that much at once.

        Args:
            papers: the papers.
            passages: their passages, a list a paper.
            vectors: a row a passage, papers in order, shape ``(n, dimension)``.
            revision: the change of a library on a server that this is.
        """
        with self._errors() as collection:
            assert self._client is not None  # noqa: S101 - opened by the line above
            step = min(self._client.get_max_batch_size(), _REQUEST)
            start = 0
            for rows in _requests(papers, passages, step):
                collection.upsert(
                    ids=[passage.id for _, passage, _ in rows],
                    embeddings=vectors[start : start + len(rows)],
                    documents=[passage.text for _, passage, _ in rows],
                    metadatas=[_metadata(paper, passage, count, revision) for paper, passage, count in rows],
                )
                start += len(rows)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove passages; unknown ids are ignored."""
        with self._errors() as collection:
            for i in range(0, len(ids), _REQUEST):
                collection.delete(ids=list(ids[i : i + _REQUEST]))

    def query(self, vector: Vectors, limit: int, allowed: Sequence[str] | None = None) -> list[tuple[str, float]]:
        """Passage ids with cosine similarities, best first.

        Args:
            vector: shape ``(dimension,)``, unit length.
            limit: number of passages at most.
            allowed: only these passage ids; all when ``None``.
        """
        if limit < 1 or (allowed is not None and not allowed):
            return []
        with self._errors() as collection:
            # Asking for more than there is gives what there is; counting first would cost as much as the search.
            found = collection.query(
                query_embeddings=vector[None, :],
                n_results=limit,
                ids=list(allowed) if allowed is not None else None,
                include=["distances"],
            )
        distances = (found["distances"] or [[]])[0]
        return [(i, 1.0 - float(d)) for i, d in zip(found["ids"][0], distances, strict=True)]

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the stored vectors of these passages, shape ``(dimension,)`` each, for the ids that are known."""
        if not ids:
            return {}
        with self._errors() as collection:
            found = collection.get(ids=list(ids), include=["embeddings"])
        rows: Any = found["embeddings"]
        return {i: np.asarray(v, dtype=np.float32) for i, v in zip(found["ids"], rows, strict=True)}

    def get(self, ids: Sequence[str]) -> list[StoredPassage]:
        """These passages, for the ids that are known."""
        with self._errors() as collection:
            return stored_passages(collection.get(ids=list(ids), include=["documents", "metadatas"])) if ids else []

    def ids(self) -> set[str]:
        """Return ids of all passages."""
        with self._errors() as collection:
            return set(collection.get(include=[])["ids"])

    def scan(self, step: int = _REQUEST) -> Iterator[list[StoredPassage]]:
        """Yield all passages, in pages."""
        offset = 0
        while True:
            with self._errors() as collection:
                page = stored_passages(collection.get(limit=step, offset=offset, include=["documents", "metadatas"]))
            if not page:
                return
            yield page
            offset += len(page)

    def open(self) -> None:
        """Open the database now rather than at the first call."""
        with self._errors():
            pass

    @contextmanager
    def _errors(self) -> Iterator[Collection]:
        """Yield the open collection; Chroma's errors become one clear sentence."""
        try:
            yield self._collection or self._connect()
        except LibraryError:
            raise
        except Exception as error:  # Chroma's Rust core raises bare and foreign classes
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> LibraryError:
        return LibraryError(
            f"the Chroma database in {self._directory} cannot be used ({first_line(error)}); "
            "look closer with: citewell doctor"
        )

    def _connect(self) -> Collection:
        import chromadb
        from chromadb.api.shared_system_client import SharedSystemClient

        self._directory.mkdir(parents=True, exist_ok=True)
        settings = chromadb.config.Settings(anonymized_telemetry=False)
        try:
            self._client = chromadb.PersistentClient(str(self._directory), settings=settings)
        except BaseException:
            # Chroma keeps what it could not start, and would give that to the next who asks.
            SharedSystemClient._identifier_to_system.pop(str(self._directory), None)
            raise
        self._collection = self._client.get_or_create_collection(
            COLLECTION,
            embedding_function=None,
            metadata=dict(self._facts) or None,
            configuration={"hnsw": {"space": "cosine"}},
        )
        return self._collection


def library_facts(embedding: str, dimension: int) -> dict[str, str | int]:
    """Return the properties that vectors depend on; stored in the collection's metadata and in the manifest."""
    return {"embedding": embedding, "dimension": dimension, "chunking": CHUNKING_VERSION}


def digest(paper: Paper, passage: Passage) -> str:
    """Return a digest of the text to embed: equal digests need no new embedding."""
    return hashlib.sha256(embedding_text(paper, passage).encode()).hexdigest()[:20]


def _requests(
    papers: Sequence[Paper], passages: Sequence[Sequence[Passage]], step: int
) -> Iterator[list[tuple[Paper, Passage, int]]]:
    """Rows of paper, passage and the paper's number of passages; a paper is divided only when it alone is too long."""
    request: list[tuple[Paper, Passage, int]] = []
    for paper, own in zip(papers, passages, strict=True):
        rows = [(paper, passage, len(own)) for passage in own]
        if request and len(request) + len(rows) > step:
            yield request
            request = []
        for i in range(0, len(rows), step):
            if request and i:
                yield request
                request = []
            request += rows[i : i + step]
    if request:
        yield request


def _metadata(paper: Paper, passage: Passage, count: int, revision: int) -> dict[str, str | int]:
    metadata: dict[str, str | int] = {
        "paper_id": paper.id,
        "start": passage.start,
        "end": passage.end,
        "digest": digest(paper, passage),
    }
    if revision:
        metadata["revision"] = revision
    if passage.index == 0:
        record = {k: v for k, v in paper.to_record().items() if k != "abstract" and v} | {"passages": count}
        metadata["record"] = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return metadata
