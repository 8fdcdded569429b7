"""Locks between processes that share one library directory.

The system releases all of them when a process dies. ``write.lock`` admits one writer for the whole of its run.
``store.lock``, preceded by ``turn.lock``, guards single calls into Chroma: an embedded Chroma directory must not be
read while another process writes to it. Readers share it.

Where the system has ``flock``, it is used directly: an acquisition takes 4 microseconds, and every search needs two.
``filelock`` takes 65, its lock for readers and writers 130, and that one does not wait for threads of its own process.
On other systems ``filelock`` stands in, and readers exclude each other too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import filelock

from rag.errors import LibraryBusyError, LibraryError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # tested before use

#: Seconds that a second writer waits for the first; with the start of a command, its message comes within two seconds.
WRITER_WAIT_S = 0.5
_POLL_S = 0.002


class FileLock:
    """An advisory lock on a file. Not re-entrant; every ``hold`` opens the file anew, which also excludes threads.

    Args:
        path: the lock file; made if absent, never removed.
        clock: seconds, monotonic.
        sleep: waits the given seconds.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._path, self._clock, self._sleep = path, clock, sleep

    @contextmanager
    def hold(self, *, shared: bool = False, timeout_s: float = 30.0, busy: str = "") -> Iterator[None]:
        """Hold the lock for the block.

        Raises:
            LibraryBusyError: not free within ``timeout_s``; ``busy`` is the message.
            LibraryError: the lock file cannot be opened.
        """
        held = ExitStack()
        try:
            if fcntl is None:
                held.enter_context(filelock.FileLock(self._path).acquire(timeout=timeout_s, poll_interval=_POLL_S))
            else:
                self._flock(held, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, self._clock() + timeout_s)
        except filelock.Timeout:
            held.close()
            raise LibraryBusyError(busy or f"{self._path} is held by another process; try again later") from None
        except OSError as error:
            held.close()
            raise LibraryError(
                f"the lock file {self._path} cannot be opened ({error.strerror}); see that you may write there"
            ) from error
        with held:
            yield

    def _flock(self, held: ExitStack, mode: int, deadline: float) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        held.callback(os.close, descriptor)
        while True:
            try:
                fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if self._clock() >= deadline:
                    raise filelock.Timeout(str(self._path)) from None
                self._sleep(_POLL_S)


class FairLock:
    """A lock that readers share, and that a writer gets even if readers come without a pause.

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
        """Hold the lock for the block, shared or exclusive.

        Raises:
            LibraryBusyError: not free within ``timeout_s``.
        """
        with ExitStack() as held:
            with self._turnstile.hold(timeout_s=timeout_s):
                held.enter_context(self._lock.hold(shared=shared, timeout_s=timeout_s))
            yield
