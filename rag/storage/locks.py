"""Locks between processes that share one library directory.

All are released by the kernel when a process dies. ``write.lock`` admits one writer for the whole of its run.
``store.lock``, with ``turn.lock`` before it, guards single calls into Chroma, shared by readers, exclusive for the
writer, because an embedded Chroma directory must not be read while another process writes to it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rag.errors import LibraryBusyError, LibraryError

#: A second writer waits so long for the first: with the start of a command, its message comes within two seconds.
WRITER_WAIT_S = 0.5
_POLL_S = 0.002


class FileLock:
    """An advisory lock on a file. Not re-entrant; every ``hold`` opens the file anew, so that
    threads exclude each other too.

    Args:
        path: the lock file; made when absent, never removed.
        clock: seconds, monotonic.
        sleep: waits the given seconds.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._path, self._clock, self._sleep = path, clock, sleep

    @contextmanager
    def hold(self, *, shared: bool = False, timeout_s: float = 30.0, busy: str = "") -> Iterator[None]:
        """Holds the lock for the block.

        Raises:
            LibraryBusyError: not free within ``timeout_s``; ``busy`` is the message.
            LibraryError: the lock file cannot be opened.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LibraryError(
                f"the lock file {self._path} cannot be opened ({error.strerror}); see that you may write there"
            ) from error
        try:
            deadline = self._clock() + timeout_s
            while not _try(descriptor, shared=shared):
                if self._clock() >= deadline:
                    raise LibraryBusyError(busy or f"{self._path} is held by another process; try again later")
                self._sleep(_POLL_S)
            yield
        finally:
            os.close(descriptor)


class FairLock:
    """A lock that readers share and that a writer still gets while readers come without a pause.

    Everyone passes a turnstile first. A reader holds it only until it has the lock; a writer holds it while it waits,
    so that no new reader comes in between.

    Args:
        path: the lock file.
        turnstile: the turnstile's file.
    """

    def __init__(self, path: Path, turnstile: Path) -> None:
        self._lock, self._turnstile = FileLock(path), FileLock(turnstile)

    @contextmanager
    def hold(self, *, shared: bool, timeout_s: float = 30.0) -> Iterator[None]:
        """Holds the lock for the block, shared or alone.

        Raises:
            LibraryBusyError: not free within ``timeout_s``.
        """
        with ExitStack() as held:
            with self._turnstile.hold(timeout_s=timeout_s):
                held.enter_context(self._lock.hold(shared=shared, timeout_s=timeout_s))
            yield


def _try(descriptor: int, *, shared: bool) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
