"""One writer at a time on a Chroma server, across machines.

The lease is a collection of a fixed name. The server makes a name only once: one of several who try at once succeeds.
Its metadata name the holder and the end of the lease by the server's clock; the holder renews it while it works. An
expired lease, or one of a dead process of the same directory, is renamed by its id and dropped, so that nobody can hit
a lease that another has taken meanwhile.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.errors import LibraryBusyError, LibraryError
from rag.storage.server.server import NoCollectionError, Server, TakenError

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

#: A writer that died is passed over after so many seconds; a live one renews three times in that time.
LEASE_S = 30.0
_POLL_S = 0.1
#: A server that hangs must not keep a writer from ending.
_JOIN_S = 5.0


class Lease:
    """Exclusive right to write to one library on a server.

    Args:
        server: the server.
        name: the library's name there.
        replica: names the local directory. Who asks for the lease must hold that directory's own write lock: a lease
            under the same name is then one that a dead process left behind.
        lease_s: seconds after which a lease that is not renewed runs out.
        clock: seconds, monotonic.
        sleep: waits the given seconds.
    """

    def __init__(
        self,
        server: Server,
        name: str,
        replica: str,
        *,
        lease_s: float = LEASE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._server, self._name, self._replica = server, f"{name}-writer", replica
        self._lease_s, self._clock, self._sleep = lease_s, clock, sleep
        self._collection: Collection | None = None
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, timeout_s: float) -> Iterator[None]:
        """Hold the lease for the block, renewing it.

        Raises:
            LibraryBusyError: another process holds it.
        """
        self._take(self._clock() + timeout_s)
        done = threading.Event()
        renewer = threading.Thread(target=self._keep_renewing, args=(done,), name="lease", daemon=True)
        renewer.start()
        try:
            yield
        finally:
            done.set()
            renewer.join(_JOIN_S)
            self._release()

    def check(self) -> None:
        """Renew the lease right before a change, or raise if it is lost.

        Raises:
            LibraryBusyError: it ran out, while the server was away or this machine slept, and another writer has it.
        """
        with self._lock:
            self._renew()

    def holder(self) -> str | None:
        """Return the current holder, or ``None``."""
        try:
            facts = self._server.collection(self._name).metadata or {}
        except NoCollectionError:
            return None
        return str(facts.get("holder")) if int(facts.get("until") or 0) > self._server.now() else None

    def _take(self, deadline: float) -> None:
        while True:
            try:
                self._collection = self._server.create(self._name, self._facts())
                return
            except TakenError:
                pass
            try:
                other = self._server.collection(self._name)
            except NoCollectionError:
                continue
            facts = other.metadata or {}
            if facts.get("replica") == self._replica or int(facts.get("until") or 0) <= self._server.now():
                self._drop(other)
            elif self._clock() >= deadline:
                raise LibraryBusyError(
                    f"another process is writing to the library {self._server.address} ({facts.get('holder')}); "
                    "wait until it is done and try again"
                )
            else:
                self._sleep(_POLL_S)

    def _facts(self) -> dict[str, str | int]:
        return {
            "holder": f"{socket.gethostname()}, process {os.getpid()}",
            "replica": self._replica,
            "until": self._server.now() + int(self._lease_s * 1e9),
        }

    def _keep_renewing(self, done: threading.Event) -> None:
        while not done.wait(self._lease_s / 3):
            try:
                with self._lock:
                    self._renew()
            except LibraryError:
                # The server may come back before the lease runs out; the next change looks again and says it.
                continue

    def _renew(self) -> None:
        own = self._collection
        assert own is not None  # noqa: S101 - only called while the lease is held
        if not self._is_ours(own):
            raise LibraryBusyError(
                f"another process has taken over writing to the library {self._server.address}; "
                "what was written is kept, do the same again to finish it"
            )
        facts = self._facts()
        self._server.call(lambda _: own.modify(metadata=facts))

    def _is_ours(self, own: Collection) -> bool:
        try:
            return self._server.collection(self._name).id == own.id
        except NoCollectionError:
            return False

    def _release(self) -> None:
        own, self._collection = self._collection, None
        if own is None:
            return
        try:
            if self._is_ours(own):
                self._drop(own)
        except LibraryError:
            return  # The server is away: the lease runs out by itself.

    def _drop(self, lease: Collection) -> None:
        aside = f"{self._name}-{uuid.uuid4().hex}"
        try:
            self._server.call(lambda _: lease.modify(name=aside))
        except NoCollectionError:
            return
        self._server.drop(aside)
