"""Health check of a library: are all its parts there, readable, and in agreement?"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rag.errors import CitewellError, LibraryBusyError, LibraryError
from rag.language.counting import counted
from rag.models.protocols import Embedder
from rag.storage.embedded.probe import ChromaProbe
from rag.storage.embedded.store import EmbeddedStore, index_directories, refuse_replica
from rag.storage.locks import FileLock
from rag.storage.manifest import Manifest, beside_chroma
from rag.storage.server.server import ServerAddress
from rag.storage.store import Store, passage_ids

#: A library of 100,000 papers takes about a gigabyte; with less than this left, writing it again cannot succeed.
_FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its result."""

    name: str
    ok: bool
    detail: str

    def to_dict(self) -> dict[str, object]:
        """Return the contract's record."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail}


def check_library(
    directory: Path, embedder: Embedder, address: ServerAddress | None = None, *, probe: ChromaProbe | None = None
) -> Iterator[Check]:
    """Check a library, from cheap to costly; end early if nothing more can be checked.

    Args:
        directory: the library's directory.
        embedder: the embedding model of the settings.
        address: the library on a server that the directory follows.
        probe: the probe to look into Chroma with; its own by default.
    """
    if address is None:
        with ChromaProbe() as own:
            yield from _check_directory(directory, embedder, probe or own)
    else:
        yield from _check_shared(directory, embedder, address)


def _check_directory(directory: Path, embedder: Embedder, probe: ChromaProbe) -> Iterator[Check]:
    if not (directory / "manifest.sqlite").exists() and not beside_chroma(directory / "manifest.sqlite"):
        yield Check("library", False, f"there is no library at {directory}; make one with: citewell ingest FILE")
        return
    yield _free_disk(directory)
    try:
        manifest = Manifest(directory / "manifest.sqlite")
    except LibraryError as error:
        yield Check("manifest", False, str(error))
        return
    try:
        refuse_replica(manifest, directory)
    except LibraryError as error:
        manifest.close()
        yield Check("library", False, str(error))
        return
    damage = manifest.damage()
    found = f"{damage}; mend it with: citewell doctor --repair" if damage else ""
    detail = f"{counted(len(manifest), 'paper')}, {counted(manifest.passages, 'passage')}"
    yield Check("manifest", damage is None, found or detail)
    interrupted = manifest.meta("writing") == "1"
    yield Check(
        "last ingest",
        not interrupted,
        "broke off; run the same ingest again to finish it" if interrupted else "finished",
    )
    lost = None if damage else _chroma_damage(directory, manifest, probe)
    manifest.close()
    if lost:
        yield Check("chroma", False, f"{lost}; mend it with: citewell doctor --repair")
    if damage or lost:
        return
    try:
        store = EmbeddedStore(directory, embedding=embedder.name, dimension=embedder.dimension)
    except LibraryError as error:
        yield Check("indexes", False, str(error))
        return
    try:
        yield from _agreement(store)
    finally:
        store.close()


def _chroma_damage(directory: Path, manifest: Manifest, probe: ChromaProbe) -> str | None:
    try:
        # No second process may read an embedded Chroma while one writes; then only what a reader sees is looked at.
        with FileLock(directory / "write.lock").hold(timeout_s=0.2):
            return probe.damage(
                index_directories(directory, manifest.generation)[0], passage_ids(manifest, manifest.ids())
            )
    except LibraryBusyError:
        return None


def _check_shared(directory: Path, embedder: Embedder, address: ServerAddress) -> Iterator[Check]:
    from rag.storage.server.lease import Lease
    from rag.storage.server.server import Server
    from rag.storage.server.shared import SharedStore
    from rag.storage.server.state import SharedState

    with closing(Server(address)) as server:
        try:
            version = server.client().get_version()
            state = SharedState(server, address.name).read()
            writer = Lease(server, address.name, "").holder()
        except LibraryError as error:
            yield Check("chroma server", False, str(error))
            return
    yield Check(
        "chroma server", True, f"{address.url}, version {version}" + (f"; {writer} is writing" if writer else "")
    )
    if state is None:
        yield Check("library", False, f"there is no library {address}; make one with: citewell ingest FILE")
        return
    try:
        store = SharedStore(directory, address, embedding=embedder.name, dimension=embedder.dimension)
    except LibraryError as error:
        yield Check("library", False, str(error))
        return
    with closing(store):
        yield _free_disk(directory)
        damage, followed = store.manifest.damage(), store.replica.followed
        detail = f"{counted(len(store), 'paper')}, {counted(store.manifest.passages, 'passage')}, "
        detail += f"revision {followed} of the server's"
        yield Check("manifest", damage is None, damage or detail)
        if damage is None:
            yield from _agreement(store)


def _agreement(store: Store) -> Iterator[Check]:
    facts = ", ".join(f"{k} {v}" for k, v in store.facts.items())
    try:
        stored = store.vector_facts()
        fits = {k: stored.get(k) for k in store.facts} == dict(store.facts)
        yield Check("embedding", fits, facts if fits else f"the collection was made with {stored}, expected {facts}")
        expected = set(store.passage_ids(store.manifest.ids()))
        found = store.all_passage_ids()
    except LibraryError as error:
        yield Check("chroma", False, str(error))
        return
    missing, orphans = expected - found, found - expected
    detail = counted(len(found), "passage")
    if missing:
        detail += f", {len(missing)} missing; mend it with: citewell doctor --repair"
    if orphans:
        detail += f", {len(orphans)} of no known paper (left by a run that broke off; they are never shown)"
    yield Check("chroma", not missing, detail)
    try:
        store.lexical.check()
        papers, indexed = set(store.manifest.ids()), store.lexical.ids()
    except LibraryError as error:
        yield Check("lexical index", False, str(error))
        return
    lost = papers - indexed
    detail = counted(len(indexed), "paper") + (
        f", {len(lost)} missing; mend it with: citewell doctor --repair" if lost else ""
    )
    yield Check("lexical index", not lost, detail)
    yield _rows(store)


def _rows(store: Store) -> Check:
    slow = len(store.unplaced())
    mend = "; searches read them from Chroma, which takes longer; mend it with: citewell doctor --repair"
    return Check("row file", not slow, f"vectors of {counted(slow, 'paper')} are missing{mend}" if slow else "complete")


def _free_disk(directory: Path) -> Check:
    free = shutil.disk_usage(directory).free
    return Check("free disk", free >= _FREE_BYTES, f"{free / 1e9:.1f} GB free")


def versions() -> Check:
    """Versions of what reads and writes the library's files."""
    from importlib.metadata import version

    parts = [f"{name} {version(name)}" for name in ("citewell", "chromadb", "tantivy", "onnxruntime")]
    return Check("versions", True, ", ".join([*parts, f"sqlite {sqlite3.sqlite_version}"]))


def model_works(embedder: Embedder) -> Check:
    """Return whether the embedding model embeds."""
    try:
        vector = embedder.embed_query("a question")
    except CitewellError as error:
        return Check("embedding model", False, str(error))
    return Check(
        "embedding model", vector.shape == (embedder.dimension,), f"{embedder.name}, {embedder.dimension} dimensions"
    )
