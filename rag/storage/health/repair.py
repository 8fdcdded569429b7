"""Repair of a library: a lost lexical index, a lost manifest, passages that are missing or belong to no paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from rag.errors import LibraryError
from rag.language.counting import counted
from rag.models.protocols import Embedder
from rag.storage.embedded.probe import ChromaProbe
from rag.storage.embedded.store import index_directories, refuse_replica
from rag.storage.health.rebuild import rebuild
from rag.storage.index.lexical import LexicalIndex
from rag.storage.index.passages import embedding_text, passage_id, passages
from rag.storage.index.stored import papers_of
from rag.storage.index.vectors import VectorIndex, library_facts
from rag.storage.locks import WRITER_WAIT_S, FileLock
from rag.storage.manifest import Manifest
from rag.storage.opening import open_store
from rag.storage.server.server import ServerAddress
from rag.storage.store import Store, passage_ids

_PAGE = 500


def repair(
    directory: Path, embedder: Embedder, address: ServerAddress | None = None, *, probe: ChromaProbe | None = None
) -> Iterator[str]:
    """Repair a library, and yield a sentence for each thing done.

    Args:
        directory: the library's directory.
        embedder: the embedding model of the settings.
        address: the library on a server that the directory follows; server and replica are both mended.
        probe: the probe to look into Chroma with; its own by default.

    Raises:
        LibraryError: there is nothing left to mend from.
        LibraryBusyError: another process writes.
    """
    if address is None:
        with ChromaProbe() as own:
            yield from _repair_directory(directory, embedder, probe or own)
    else:
        if (directory / "write.lock").exists():
            yield from _repair_replica(directory)
        yield from _repair_indexes(directory, embedder, address)


def _repair_directory(directory: Path, embedder: Embedder, probe: ChromaProbe) -> Iterator[str]:
    if not (directory / "write.lock").exists():
        raise LibraryError(f"there is no library at {directory}; make one with: citewell ingest FILE")
    busy = f"another process is writing to the library {directory}; wait until it is done and try again"
    with FileLock(directory / "write.lock").hold(timeout_s=WRITER_WAIT_S, busy=busy):
        if _manifest_is_lost(directory):
            yield from _manifest_from_chroma(directory, embedder)
        with closing(Manifest(directory / "manifest.sqlite")) as manifest:
            refuse_replica(manifest, directory)
            chroma, lexical = index_directories(directory, manifest.generation)
            damage = probe.damage(chroma, passage_ids(manifest, manifest.ids()))
        if _lexical_is_lost(lexical):
            LexicalIndex.erase(lexical)
            yield "The lexical index could not be read and was set aside."
    if damage:
        report = rebuild(directory, embedder)
        yield f"Chroma: {damage}. Both indexes were rebuilt from the manifest: {counted(report.papers, 'paper')}."
        return
    yield from _repair_indexes(directory, embedder, None)


def _repair_replica(directory: Path) -> Iterator[str]:
    """Set unreadable parts of a replica aside; they are read from the server again when it is next opened."""
    busy = f"another process is writing to the library {directory}; wait until it is done and try again"
    with FileLock(directory / "write.lock").hold(timeout_s=WRITER_WAIT_S, busy=busy):
        if (directory / "manifest.sqlite").exists() and _manifest_is_lost(directory):
            _set_manifest_aside(directory)
            yield "The manifest could not be read; it is made again from the server. The damaged one stays beside it."
        if _lexical_is_lost(directory / "lexical"):
            LexicalIndex.erase(directory / "lexical")
            yield "The lexical index could not be read and was set aside."


def _repair_indexes(directory: Path, embedder: Embedder, address: ServerAddress | None) -> Iterator[str]:
    store = open_store(directory, address, embedding=embedder.name, dimension=embedder.dimension)
    with closing(store), store.writing() as writer:
        yield from _lexical_from_manifest(store)
        yield from _passages_from_manifest(store, writer.put, embedder)
        yield from _without_orphans(store)
        yield from _rows_from_chroma(store)


def _manifest_is_lost(directory: Path) -> bool:
    path = directory / "manifest.sqlite"
    if not path.exists():
        return True
    try:
        manifest = Manifest(path)
    except LibraryError:
        return True
    try:
        return manifest.damage() is not None
    finally:
        manifest.close()


def _manifest_from_chroma(directory: Path, embedder: Embedder) -> Iterator[str]:
    """Yield what was done. Every paper's first passage carries its record, and its passages together its abstract."""
    generations = sorted(
        int(path.name.partition("-")[2] or 0)
        for path in directory.glob("chroma*")
        if (path / "chroma.sqlite3").exists()
    )
    if not generations:
        raise LibraryError(f"neither manifest nor Chroma database in {directory} can be read; ingest the papers again")
    chroma, _ = index_directories(directory, generations[-1])
    index = VectorIndex(chroma, library_facts(embedder.name, embedder.dimension))
    try:
        papers = papers_of(passage for page in index.scan() for passage in page)
    finally:
        index.close()
    _set_manifest_aside(directory)
    manifest = Manifest(directory / "manifest.sqlite", anew=True)
    for i in range(0, len(papers), _PAGE):
        page = papers[i : i + _PAGE]
        manifest.put([found.paper for found in page], [found.passages for found in page], None)
    manifest.set_meta(generation=str(generations[-1]), writing="0")
    manifest.close()
    rebuilt = f"The manifest was built again from Chroma: {counted(len(papers), 'paper')}."
    yield f"{rebuilt} The damaged one was kept beside it."


def _set_manifest_aside(directory: Path) -> None:
    for path in directory.glob("manifest.sqlite*"):
        path.replace(path.with_name(path.name.replace("manifest", "manifest-damaged")))


def _lexical_is_lost(directory: Path) -> bool:
    try:
        LexicalIndex(directory).check()
    except LibraryError:
        return True
    return False


def _lexical_from_manifest(store: Store) -> Iterator[str]:
    known, indexed = set(store.manifest.ids()), store.lexical.ids()
    missing, orphans = sorted(known - indexed), sorted(indexed - known)
    for i in range(0, len(missing), _PAGE):
        store.lexical.replace(list(store.manifest.get(missing[i : i + _PAGE]).values()))
    if orphans:
        store.lexical.replace((), removed=orphans)
    if missing:
        yield f"{counted(len(missing), 'paper was', 'papers were')} put back into the lexical index."
    if orphans:
        unknown = "that the library does not hold"
        words = counted(len(orphans), f"paper {unknown} was", f"papers {unknown} were")
        yield f"{words} taken out of the lexical index."


def _passages_from_manifest(store: Store, put: Callable[..., None], embedder: Embedder) -> Iterator[str]:
    """Embed again what Chroma has lost."""
    there = store.all_passage_ids()
    wanted = store.manifest.passage_counts(store.manifest.ids())
    broken = [i for i, count in wanted.items() if any(passage_id(i, n) not in there for n in range(count))]
    for i in range(0, len(broken), 32):
        papers = list(store.manifest.get(broken[i : i + 32]).values())
        passages_by_paper = [passages(paper) for paper in papers]
        texts = [embedding_text(paper, p) for paper, own in zip(papers, passages_by_paper, strict=True) for p in own]
        put(papers, passages_by_paper, embedder.embed_texts(texts))
    if broken:
        yield f"{counted(len(broken), 'paper was', 'papers were')} embedded again: Chroma had lost passages of theirs."


def _rows_from_chroma(store: Store) -> Iterator[str]:
    missing = store.unplaced()
    for i in range(0, len(missing), _PAGE):
        store.place(missing[i : i + _PAGE])
    if missing:
        yield f"The vectors of {counted(len(missing), 'paper')} were copied from Chroma into the row file again."


def _without_orphans(store: Store) -> Iterator[str]:
    orphans = store.all_passage_ids() - set(store.passage_ids(store.manifest.ids()))
    if orphans:
        store.discard(sorted(orphans))
        words = counted(len(orphans), "passage of no known paper was", "passages of no known paper were")
        yield f"{words} removed from Chroma."
