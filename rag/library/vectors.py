"""Passages and their vectors: a Chroma collection in the library's directory.

Besides what a search needs, each paper's first passage carries the paper's record, so that manifest and lexical index
can be built again from the collection alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import LibraryError
from rag.library.passages import CHUNKING_VERSION, Passage, embedding_text
from rag.models.protocols import Vectors
from rag.paper import Paper

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

COLLECTION = "passages"


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as the collection holds it; ``record`` only on a paper's first passage."""

    id: str
    paper_id: str
    start: int
    end: int
    digest: str
    text: str
    record: dict[str, Any] | None = None


class VectorIndex:
    """The collection of one library directory. Cosine space; vectors come in ready made, unit length.

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
        """Releases the database; the next call opens it anew and sees what other processes wrote."""
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

    def upsert(self, papers: Sequence[Paper], passages: Sequence[Sequence[Passage]], vectors: Vectors) -> None:
        """Writes the passages of papers; ``vectors`` has a row a passage, papers in order, shape ``(n, dimension)``."""
        rows = [(paper, passage) for paper, own in zip(papers, passages, strict=True) for passage in own]
        with self._errors() as collection:
            assert self._client is not None  # noqa: S101 - opened by the line above
            step = min(self._client.get_max_batch_size(), 2_000)
            for i in range(0, len(rows), step):
                part = rows[i : i + step]
                collection.upsert(
                    ids=[passage.id for _, passage in part],
                    embeddings=vectors[i : i + step],
                    documents=[passage.text for _, passage in part],
                    metadatas=[_metadata(paper, passage) for paper, passage in part],
                )

    def delete(self, ids: Sequence[str]) -> None:
        """Removes passages; unknown ids are passed over."""
        with self._errors() as collection:
            for i in range(0, len(ids), 2_000):
                collection.delete(ids=list(ids[i : i + 2_000]))

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
        """The stored vectors of these passages, shape ``(dimension,)`` each, for the ids that are known."""
        if not ids:
            return {}
        with self._errors() as collection:
            found = collection.get(ids=list(ids), include=["embeddings"])
        rows: Any = found["embeddings"]
        return {i: np.asarray(v, dtype=np.float32) for i, v in zip(found["ids"], rows, strict=True)}

    def get(self, ids: Sequence[str]) -> list[StoredPassage]:
        """These passages, for the ids that are known."""
        with self._errors() as collection:
            return _stored(collection.get(ids=list(ids), include=["documents", "metadatas"])) if ids else []

    def ids(self) -> set[str]:
        """Ids of all passages."""
        with self._errors() as collection:
            return set(collection.get(include=[])["ids"])

    def scan(self, step: int = 2_000) -> Iterator[list[StoredPassage]]:
        """All passages, in pages."""
        offset = 0
        while True:
            with self._errors() as collection:
                page = _stored(collection.get(limit=step, offset=offset, include=["documents", "metadatas"]))
            if not page:
                return
            yield page
            offset += len(page)

    def open(self) -> None:
        """Opens the database now rather than at the first call."""
        with self._errors():
            pass

    @contextmanager
    def _errors(self) -> Iterator[Collection]:
        """The open collection; what Chroma raises becomes one clear sentence."""
        try:
            yield self._collection or self._connect()
        except LibraryError:
            raise
        except Exception as error:  # Chroma's Rust core raises bare and foreign classes
            raise LibraryError(
                f"the Chroma database in {self._directory} cannot be used ({_first_line(error)}); "
                "look closer with: citewell doctor"
            ) from error

    def _connect(self) -> Collection:
        import chromadb

        self._directory.mkdir(parents=True, exist_ok=True)
        settings = chromadb.config.Settings(anonymized_telemetry=False)
        self._client = chromadb.PersistentClient(str(self._directory), settings=settings)
        self._collection = self._client.get_or_create_collection(
            COLLECTION,
            embedding_function=None,
            metadata=dict(self._facts),
            configuration={"hnsw": {"space": "cosine"}},
        )
        return self._collection


def library_facts(embedding: str, dimension: int) -> dict[str, str | int]:
    """What vectors depend on; written into the collection's metadata, and into the manifest."""
    return {"embedding": embedding, "dimension": dimension, "chunking": CHUNKING_VERSION}


def digest(paper: Paper, passage: Passage) -> str:
    """Names the very text that was embedded: equal digests need no new embedding."""
    return hashlib.sha256(embedding_text(paper, passage).encode()).hexdigest()[:20]


def _metadata(paper: Paper, passage: Passage) -> dict[str, str | int]:
    metadata: dict[str, str | int] = {
        "paper_id": paper.id,
        "start": passage.start,
        "end": passage.end,
        "digest": digest(paper, passage),
    }
    if passage.index == 0:
        record = {k: v for k, v in paper.to_dict().items() if k != "abstract" and v} | {"source": paper.source}
        metadata["record"] = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return metadata


def _stored(found: Any) -> list[StoredPassage]:
    return [
        StoredPassage(
            id=i,
            paper_id=str(m["paper_id"]),
            start=int(m["start"]),
            end=int(m["end"]),
            digest=str(m["digest"]),
            text=str(text),
            record=json.loads(m["record"]) if "record" in m else None,
        )
        for i, text, m in zip(found["ids"], found["documents"], found["metadatas"], strict=True)
    ]


def _first_line(error: Exception) -> str:
    return (str(error).partition("\n")[0] or type(error).__name__)[:200]
