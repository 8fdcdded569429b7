"""Opening a library where the settings say it is: in its directory, or behind a Chroma server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rag.errors import LibraryError
from rag.storage.embedded.store import EmbeddedStore, refuse_replica
from rag.storage.manifest import Manifest
from rag.storage.server.server import Server, ServerAddress
from rag.storage.store import Store


def open_store(
    directory: Path,
    address: ServerAddress | None,
    *,
    embedding: str,
    dimension: int,
    create: bool = False,
    following: Callable[[int], None] = lambda _: None,
) -> Store:
    """Open the library of a directory, or the one on a server that the directory follows.

    Raises:
        LibraryError: no library there, a damaged one, or one of another embedding model.
    """
    if address is None:
        return EmbeddedStore(directory, embedding=embedding, dimension=dimension, create=create)
    from rag.storage.server.shared import SharedStore

    return SharedStore(directory, address, embedding=embedding, dimension=dimension, create=create, progress=following)


@contextmanager
def open_manifest(directory: Path, address: ServerAddress | None) -> Iterator[Manifest]:
    """Open the manifest alone: the list of papers, without loading a model or opening an index.

    Raises:
        LibraryError: no library there, or a damaged one.
    """
    if address is not None:
        from rag.storage.server.replica import Replica

        with closing(Replica(directory, address)) as replica:
            yield replica.manifest
        return
    if not (directory / "manifest.sqlite").exists():
        raise LibraryError(f"there is no library at {directory}; make one with: citewell ingest FILE")
    with closing(Manifest(directory / "manifest.sqlite")) as manifest:
        refuse_replica(manifest, directory)
        yield manifest


def has_library(directory: Path, address: ServerAddress | None) -> bool:
    """Return whether there is a library."""
    if address is None:
        return (directory / "manifest.sqlite").exists()
    from rag.storage.server.state import SharedState

    with closing(Server(address)) as server:
        return SharedState(server, address.name).read() is not None
