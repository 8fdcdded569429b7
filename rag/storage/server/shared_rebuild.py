"""Rebuild of a library on a server: a new collection beside the one in use, to which one change switches all users.

It is filled from the local replica, so that it also puts a library back on a server that has lost it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.errors import LibraryError
from rag.models.protocols import Embedder
from rag.storage.index.vectors import library_facts
from rag.storage.ingest.filling import RebuildReport, fill
from rag.storage.locks import FileLock
from rag.storage.manifest import Manifest
from rag.storage.server.lease import Lease
from rag.storage.server.replica import Replica
from rag.storage.server.server import Server, ServerAddress, TakenError
from rag.storage.server.server_passages import ServerPassages
from rag.storage.server.state import SharedState, passages_name


def rebuild_shared(
    directory: Path,
    address: ServerAddress,
    embedder: Embedder,
    report: RebuildReport,
    tell: Callable[[RebuildReport], None],
) -> None:
    """Embed a library on a server anew.

    Raises:
        ServerError: the server cannot be used; the library stays as it was.
        LibraryError: there is no library.
        LibraryBusyError: another process writes.
        ModelError: the embedder failed; the library stays as it was.
    """
    facts = library_facts(embedder.name, embedder.dimension)
    _put_back(directory, address, facts)
    with closing(Replica(directory, address)) as replica:
        busy = f"another process is writing to the library {address}; wait until it is done and try again"
        lease = Lease(replica.server, address.name, replica.name)
        with FileLock(directory / "write.lock").hold(timeout_s=0.5, busy=busy), lease.hold(1.0):
            state = replica.settle()
            old, new = (passages_name(address.name, state.generation + n) for n in (0, 1))
            index = _collection_to_fill(replica.server, new, facts)
            known: set[str] = set()
            pages = 0
            for _, passages_by_paper in fill(index, embedder, replica.manifest, report, state.revision + 1):
                lease.check()
                known |= {passage.id for own in passages_by_paper for passage in own}
                pages += 1
                tell(report)
            # What a rebuild that broke off wrote of papers removed since.
            index.delete(sorted(index.ids() - known))
            facts_then: dict[str, Any] = dict(facts)
            state = replace(
                state, revision=state.revision + max(pages, 1), generation=state.generation + 1, **facts_then
            )
            lease.check()
            replica.shared.write(state)
            replica.server.drop(old)
            replica.follow()


def _put_back(directory: Path, address: ServerAddress, facts: dict[str, str | int]) -> None:
    """Make an empty library on a server that has lost the one of this replica; the rebuild then fills it."""
    with closing(Server(address)) as server:
        shared = SharedState(server, address.name)
        if shared.read() is not None or not (directory / "manifest.sqlite").exists():
            return
        with closing(Manifest(directory / "manifest.sqlite")) as manifest:
            if manifest.meta("server") is None:
                raise LibraryError(
                    f"{directory} is a library of its own, and CITEWELL_CHROMA_URL asks for {address}; "
                    "choose another directory with --library, or unset CITEWELL_CHROMA_URL"
                )
            state = shared.make(facts)
            manifest.set_meta(server=state.id, followed="0", generation=str(state.generation))


def _collection_to_fill(server: Server, name: str, facts: dict[str, str | int]) -> ServerPassages:
    """Return the new collection: that of a broken rebuild with the same model, or an empty one."""
    with suppress(TakenError):
        server.create(name, dict(facts), space="cosine")
    index = ServerPassages(server, name)
    if {k: index.facts.get(k) for k in facts} != facts:
        server.drop(name)
        server.create(name, dict(facts), space="cosine")
        index.close()
    return index
