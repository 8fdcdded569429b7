"""Locks between processes, also where the system has no ``flock``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag.errors import LibraryBusyError, LibraryError
from rag.storage import locks
from rag.storage.locks import FairLock, FileLock


@pytest.fixture(params=["with flock", "without flock"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    if request.param == "without flock":
        monkeypatch.setattr(locks, "fcntl", None)
    return tmp_path / "some.lock"


def test_a_second_holder_is_told_that_the_lock_is_taken(path: Path) -> None:
    second = FileLock(path).hold(timeout_s=0.01, busy="taken")
    with FileLock(path).hold(), pytest.raises(LibraryBusyError, match="taken"), second:
        pass


def test_a_lock_is_free_again_after_an_error_inside(path: Path) -> None:
    with pytest.raises(OSError, match="inside"), FileLock(path).hold():
        raise OSError("inside")
    with FileLock(path).hold(timeout_s=0):
        assert path.exists()


def test_a_lock_file_that_cannot_be_opened_is_one_clear_error(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LibraryError, match="lock file"), FileLock(path).hold(timeout_s=0.01):
        pass


def test_readers_share_where_the_system_can_and_a_writer_waits_for_them(tmp_path: Path) -> None:
    lock = FairLock(tmp_path / "store.lock", tmp_path / "turn.lock")
    readers = lock.hold(shared=True), lock.hold(shared=True, timeout_s=0.01)
    with readers[0], readers[1], pytest.raises(LibraryBusyError), lock.hold(shared=False, timeout_s=0.01):
        pass


def test_the_engine_can_be_imported_where_there_is_no_flock() -> None:
    program = "import sys; sys.modules['fcntl'] = None; import rag.library, rag.storage.locks as l; assert not l.fcntl"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
