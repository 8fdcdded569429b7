"""Replica: the local copy of manifest and lexical index of a library on a Chroma server.

Both are made from the server's collection and follow it: every passage there carries the revision that wrote it, and
every removed paper a tombstone, so that a follower reads only what came after the revision it knows. Nothing is lost
with a replica; processes of one machine may share one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from rag.errors import LibraryBusyError, LibraryError
from rag.paper import Paper
from rag.storage.index.lexical import LexicalIndex
from rag.storage.index.passages import Passage
from rag.storage.index.stored import papers_of
from rag.storage.locks import FileLock
from rag.storage.manifest import Manifest
from rag.storage.server.server import Server, ServerAddress
from rag.storage.server.server_passages import ServerPassages
from rag.storage.server.state import SharedState, State, passages_name
from rag.storage.store import prepare_directory

#: About so many passages are read at a time while following.
_READ = 4_000

Progress = Callable[[int], None]


class Replica:
    """A directory that follows a library on a server.

    Args:
        directory: the local directory; made when absent.
        address: the library on the server.
        create_with: what vectors are made with; makes the library on the server when it is not there.
        progress: told how many papers were read so far, while following.

    Raises:
        ServerError: the server cannot be reached or refuses.
        LibraryError: the server holds no such library, or the directory belongs to another one.
    """

    def __init__(
        self,
        directory: Path,
        address: ServerAddress,
        *,
        create_with: dict[str, str | int] | None = None,
        progress: Progress = lambda _: None,
    ) -> None:
        self.directory, self.address, self._progress = directory, address, progress
        self.server = Server(address)
        self.shared = SharedState(self.server, address.name)
        with ExitStack() as opened:
            opened.callback(self.server.close)
            state = self.shared.read()
            if state is None and create_with is None and not (directory / "manifest.sqlite").exists():
                raise LibraryError(f"there is no library {address}; make one with: citewell ingest FILE")
            prepare_directory(directory, create=True)
            self._lock = FileLock(directory / "replica.lock")
            self.manifest = Manifest(directory / "manifest.sqlite")
            opened.callback(self.manifest.close)
            self._refuse_a_library_of_its_own()
            self._refuse_an_emptied_server(state)
            if state is None and create_with is not None:
                self.shared.make(create_with)
            self.lexical = LexicalIndex(directory / "lexical")
            self._indexed = self.manifest.revision
            self.state = self.follow()
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the files and the connection."""
        self._opened.close()

    @property
    def name(self) -> str:
        """Unique name of this directory among all replicas."""
        return str(self.manifest.meta("replica"))

    @property
    def followed(self) -> int:
        """The revision up to which the replica holds everything."""
        return int(self.manifest.meta("followed") or 0)

    def passages(self, generation: int) -> ServerPassages:
        """Return the collection of passages of a generation."""
        return ServerPassages(self.server, passages_name(self.address.name, generation))

    def follow(self) -> State:
        """Pick up changes from the server and return its state; one short request if there are none."""
        state = self.shared.read()
        self._refuse_an_emptied_server(state)
        if state is None:
            raise LibraryError(f"there is no library {self.address}; make one with: citewell ingest FILE")
        if not self._holds(state):
            with self._applying():
                if not self._holds(state):
                    self._take_in(state)
        if self.manifest.revision != self._indexed:
            self._indexed = self.manifest.revision
            self.lexical.refresh()
        self.state = state
        return state

    def settle(self) -> State:
        """Finish the changes that another writer left half done; called by a writer before its first change.

        Passages are written before the state names their revision. Those beyond the state's revision are whole papers,
        because a request is written whole or not at all. They are adopted, and the passages that the broken run still
        had to delete are deleted.
        """
        state = self.follow()
        passages = self.passages(state.generation)
        changed = passages.changed(state.revision)
        tombstones = self.shared.tombstones(state.revision)
        newest = max([state.revision, *(p.revision for p in changed), *tombstones.values()])
        if newest == state.revision:
            return state
        whole = [found.paper.id for found in papers_of(changed)]
        passages.delete_older([*whole, *tombstones], than=state.revision)
        self.shared.write(replace(state, revision=newest))
        return self.follow()

    def apply(
        self,
        papers: Sequence[Paper],
        passages_by_paper: Sequence[Sequence[Passage]],
        removed: Collection[str],
        *,
        before: int,
        after: int,
    ) -> None:
        """Apply an own change, from revision ``before`` to ``after``, to the replica."""
        with self._applying():
            self._write(papers, passages_by_paper, removed, after if self.followed == before else self.followed)

    @contextmanager
    def try_lock(self) -> Iterator[bool]:
        """Try to become the one process that writes to this directory; yield whether that succeeded."""
        with ExitStack() as held:
            try:
                held.enter_context(self._lock.hold(timeout_s=0))
            except LibraryBusyError:
                yield False
            else:
                yield True

    # Taking in

    def _holds(self, state: State) -> bool:
        return self.manifest.meta("server") == state.id and (self.manifest.generation, self.followed) == (
            state.generation,
            state.revision,
        )

    def _take_in(self, state: State) -> None:
        if self.manifest.meta("server") != state.id:
            self.manifest.set_meta(server=state.id, followed="0", replica=uuid.uuid4().hex, generation="-1")
        if self.manifest.generation != state.generation:
            self.manifest.set_meta(followed="0", generation=str(state.generation))
        passages, read, width = self.passages(state.generation), 0, 8
        after = self.followed
        while after < state.revision:
            # Papers beyond the state's revision are whole as well; without them, one that is being changed at this
            # very moment would be missing here until the change is told of.
            until = after + width if after + width < state.revision else None
            changed = passages.changed(after, until)
            tombstones = self.shared.tombstones(after, until)
            found = [f for f in papers_of(changed) if f.revision > tombstones.get(f.paper.id, 0)]
            papers = [f.paper for f in found]
            removed = set(tombstones) - {paper.id for paper in papers}
            after = state.revision if until is None else until
            self._write(papers, [f.passages for f in found], removed, after)
            read += len(papers)
            self._progress(read)
            width = max(1, width * 2 if len(changed) < _READ // 2 else width // 2 if len(changed) > _READ else width)

    def _write(
        self,
        papers: Sequence[Paper],
        passages_by_paper: Sequence[Sequence[Passage]],
        removed: Collection[str],
        followed: int,
    ) -> None:
        if papers or removed:
            self.lexical.replace(papers, removed)
            if removed:
                self.manifest.remove(removed)
            if papers:
                self.manifest.put(papers, passages_by_paper, None)
        self.manifest.set_meta(followed=str(followed))
        self._indexed = self.manifest.revision

    def _refuse_a_library_of_its_own(self) -> None:
        if self.manifest.meta("server") is None and (len(self.manifest) or self.manifest.meta("embedding")):
            raise LibraryError(
                f"{self.directory} is a library of its own, and CITEWELL_CHROMA_URL asks for {self.address}; "
                "choose another directory with --library, or unset CITEWELL_CHROMA_URL"
            )

    def _refuse_an_emptied_server(self, state: State | None) -> None:
        """Raise if the server lost the library: its replicas must not forget it too."""
        known = self.manifest.meta("server")
        if state is not None and (known in {None, state.id} or not len(self.manifest)):
            return
        if state is None:
            if not len(self.manifest):
                return
            raise LibraryError(
                f"the Chroma server no longer holds the library {self.address} that {self.directory} follows; "
                "put its papers there again with: citewell rebuild"
            )
        raise LibraryError(
            f"the library {self.address} is another one than {self.directory} follows; "
            "choose another directory with --library, or another name with CITEWELL_CHROMA_COLLECTION"
        )

    @contextmanager
    def _applying(self) -> Iterator[None]:
        busy = f"another process is reading the library {self.address} into {self.directory}; try again later"
        with self._lock.hold(timeout_s=60, busy=busy):
            yield
