"""The collection of passages on a Chroma server: as in a directory, and what changed since a revision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rag.errors import LibraryError
from rag.storage.index.stored import StoredPassage, stored_passages
from rag.storage.index.vectors import VectorIndex
from rag.storage.server.server import Server
from rag.storage.server.state import revisions

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

#: Papers named in one condition.
_NAMED = 200


class ServerPassages(VectorIndex):
    """A collection on a server, which must be there.

    Args:
        server: the server.
        name: the collection's name there.

    Raises:
        NoCollectionError: from every call, when it is not there.
        ServerError: from every call, when the server cannot be used.
    """

    def __init__(self, server: Server, name: str) -> None:
        self._server, self._name = server, name
        self._client, self._collection = None, None

    def close(self) -> None:
        """Forget the collection; the connection is the server's."""
        self._client = self._collection = None

    def changed(self, after: int, until: int | None = None) -> list[StoredPassage]:
        """Passages written in revisions ``after < revision <= until`` (to the newest when ``None``), in that order."""
        with self._errors() as collection:
            where: Any = revisions(after, until)
            found = stored_passages(collection.get(where=where, include=["documents", "metadatas"]))
        return sorted(found, key=lambda passage: passage.revision)

    def delete_older(self, paper_ids: Sequence[str], *, than: int) -> None:
        """Remove the passages of papers up to revision ``than``."""
        for i in range(0, len(paper_ids), _NAMED):
            own: Any = {"paper_id": {"$in": list(paper_ids[i : i + _NAMED])}}
            where: Any = {"$and": [own, {"revision": {"$lte": than}}]}
            with self._errors() as collection:
                collection.delete(where=where)

    def _failed(self, error: Exception) -> LibraryError:
        return self._server.failure(error)

    def _connect(self) -> Collection:
        self._client = self._server.client()
        self._collection = self._server.collection(self._name)
        return self._collection
