"""State of a library on a Chroma server, kept there for all its users.

The collection of the library's name holds no passages. Its metadata are the state: a revision that counts the changes,
the generation of the passages' collection in use, and what the vectors were made with. Its records are tombstones: ids
of papers that were removed, with the revision of the removal.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rag.errors import LibraryError
from rag.storage.server.server import NoCollectionError, Server, TakenError
from rag.storage.store import check_facts

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class State:
    """State of a library on a server: ``id`` never changes, ``revision`` rises with every change."""

    id: str
    revision: int
    generation: int
    embedding: str
    dimension: int
    chunking: str

    def check(self, what: str, facts: dict[str, str | int]) -> None:
        """Compare with the properties that the settings ask for.

        Raises:
            LibraryError: the vectors were made with something else.
        """
        check_facts(what, asdict(self), facts)


class SharedState:
    """Access to the state of one library.

    Args:
        server: the server.
        name: the library's name there.
    """

    def __init__(self, server: Server, name: str) -> None:
        self._server, self._name = server, name

    def read(self) -> State | None:
        """Return the state, or ``None`` if the server has no such library. One request, answered from metadata.

        Raises:
            LibraryError: the collection of that name is something else, or of another version.
        """
        try:
            collection = self._server.collection(self._name)
        except NoCollectionError:
            return None
        facts: dict[str, Any] = dict(collection.metadata or {})
        if facts.pop("citewell", None) != _FORMAT:
            raise LibraryError(
                f"the collection {self._server.address} is no library of this version of Citewell; "
                "choose another name with CITEWELL_CHROMA_COLLECTION"
            )
        return State(id=str(collection.id), **facts)

    def make(self, facts: dict[str, str | int]) -> State:
        """Make the library, unless another process was faster, and return its state."""
        with suppress(TakenError):
            self._server.create(passages_name(self._name, 0), dict(facts), space="cosine")
        with suppress(TakenError):
            self._server.create(self._name, {"citewell": _FORMAT, "revision": 0, "generation": 0, **facts})
        made = self.read()
        if made is None:
            raise LibraryError(f"the library {self._server.address} was removed while it was made; try again")
        return made

    def write(self, state: State) -> None:
        """Replace the state by a new one, as one change."""
        facts = {k: v for k, v in asdict(state).items() if k != "id"}
        collection = self._server.collection(self._name)
        self._server.call(lambda _: collection.modify(metadata={"citewell": _FORMAT, **facts}))

    def add_tombstones(self, paper_ids: Sequence[str], revision: int) -> None:
        """Record that papers were removed in ``revision``."""
        collection = self._server.collection(self._name)
        for i in range(0, len(paper_ids), 2_000):
            ids = list(paper_ids[i : i + 2_000])
            # A collection has vectors; these mean nothing.
            nothing = np.zeros((len(ids), 1), dtype=np.float32)
            marks: list[Any] = [{"revision": revision}] * len(ids)
            self._server.call(
                lambda _, ids=ids, nothing=nothing, marks=marks: collection.upsert(  # type: ignore[misc]  # no types of defaults
                    ids=ids, embeddings=nothing, metadatas=marks
                )
            )

    def tombstones(self, after: int, until: int | None = None) -> dict[str, int]:
        """Return papers removed after one revision and up to another (the newest if ``None``), with their revisions."""
        collection = self._server.collection(self._name)
        found = self._server.call(lambda _: collection.get(where=revisions(after, until), include=["metadatas"]))
        return {i: int(m["revision"]) for i, m in zip(found["ids"], found["metadatas"] or [], strict=True)}  # type: ignore[arg-type]  # we wrote it as int


def passages_name(name: str, generation: int) -> str:
    """Return the name of the collection with the passages of a generation."""
    return f"{name}-passages-{generation}"


def revisions(after: int, until: int | None) -> Any:
    """Return Chroma's condition for ``after < revision <= until``."""
    later = {"revision": {"$gt": after}}
    return later if until is None else {"$and": [later, {"revision": {"$lte": until}}]}
