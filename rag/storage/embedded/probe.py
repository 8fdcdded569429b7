"""Probe of a Chroma directory in a process of its own: a damaged index can crash or hang whoever reads it.

The process reads what a search reads. One process serves several probes: loading Chroma takes longer than a probe.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

DATABASE = "chroma.sqlite3"
#: Seconds before a probe counts as hanging; enough for a library of a million passages.
_PATIENCE_S = 300
#: The child process finds modules in the same places as this one.
_PROGRAM = """
import json, logging, sys
sys.path[:] = json.loads(sys.stdin.readline())
from rag.storage.embedded.probe import serve
logging.disable(logging.CRITICAL)
serve()
"""
#: Passages whose vectors are read.
_SAMPLE = 64


class ChromaProbe:
    """Probe for damage in Chroma directories. Close it, or use it as a context, to end its process."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def damage(self, directory: Path, passage_ids: Sequence[str]) -> str | None:
        """Return what is wrong with a Chroma directory, in a few words, or ``None``.

        Args:
            directory: Chroma's own directory.
            passage_ids: ids of its passages by the manifest, in any order; vectors of a few are read.
        """
        database = directory / DATABASE
        if not database.exists() or not database.stat().st_size:
            return "its database is gone" if passage_ids else None
        sample = list(passage_ids[:: max(1, len(passage_ids) // _SAMPLE)])
        child = self._child = self._child or self._start()
        reply: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_ask, args=(child, [str(directory), sample], reply), daemon=True).start()
        try:
            line = reply.get(timeout=_PATIENCE_S)
        except queue.Empty:
            self.close()
            return f"reading it takes more than {_PATIENCE_S} seconds"
        if line:
            return str(json.loads(line)) or None
        code = child.wait()
        self.close()
        return "reading it crashes" if code < 0 else "reading it fails"

    def _start(self) -> subprocess.Popen[str]:
        child = subprocess.Popen(  # noqa: S603 - this very module
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert child.stdin is not None  # noqa: S101 - a pipe was asked for
        child.stdin.write(json.dumps(sys.path) + "\n")
        return child


def _ask(child: subprocess.Popen[str], request: object, reply: queue.Queue[str]) -> None:
    """Put the child's reply, one line, into a queue; an empty line if the child is gone."""
    assert child.stdin is not None  # noqa: S101 - pipes were asked for
    assert child.stdout is not None  # noqa: S101
    try:
        child.stdin.write(json.dumps(request) + "\n")
        child.stdin.flush()
        reply.put(child.stdout.readline())
    except OSError:
        reply.put("")


def serve() -> None:
    """Answer the probes on standard input, one line each, until it ends. Run by the child process."""
    # Whatever libraries print must not pass for an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        directory, passage_ids = json.loads(line)
        answers.write(json.dumps(look(Path(directory), passage_ids)) + "\n")
        answers.flush()


def look(directory: Path, passage_ids: Sequence[str]) -> str:
    """Look for damage in this process, which may not survive it. Return as :meth:`ChromaProbe.damage`, or ``""``."""
    import sqlite3
    from contextlib import closing

    import numpy as np

    from rag.errors import LibraryError
    from rag.storage.index.vectors import VectorIndex

    try:
        with closing(sqlite3.connect(f"{(directory / DATABASE).absolute().as_uri()}?mode=ro", uri=True)) as database:
            (found,) = database.execute("pragma quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return f"its database is damaged: {error}"
    if found != "ok":
        return f"its database is damaged: {found}"
    with closing(VectorIndex(directory, {})) as index:
        try:
            known = {passage.id for passage in index.get(passage_ids)}
            vectors = index.vectors([i for i in passage_ids if i in known])
            for vector in vectors.values():
                index.query(vector, 1)
        except LibraryError as error:
            return f"its vectors cannot be searched: {error.__cause__ or error}".partition("\n")[0][:200]
    lost = len(known) - len(vectors)
    if lost or not all(np.isfinite(v).all() and abs(float(v @ v) - 1) < 0.01 for v in vectors.values()):
        return "its vectors are damaged"
    return ""
