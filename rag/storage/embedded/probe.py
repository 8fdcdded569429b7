"""Looks into a Chroma directory from a process of its own: a damaged index can crash or hang whoever reads it.

That process reads what a search reads, and prints one line, empty when all is well.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

DATABASE = "chroma.sqlite3"
#: Seconds for a library of a million passages; a hang is told from work by it.
_PATIENCE_S = 300
#: The other process finds modules where this one does.
_PROGRAM = """
import json, logging, pathlib, sys
given = json.load(sys.stdin)
sys.path[:] = given["path"]
from rag.storage.embedded.probe import look
logging.disable(logging.CRITICAL)
sys.stdout.write(look(pathlib.Path(given["directory"]), given["passage_ids"]))
"""
#: Passages whose vectors are read.
_SAMPLE = 64


def chroma_damage(directory: Path, passage_ids: Sequence[str]) -> str | None:
    """What is wrong with a Chroma directory, in a few words, or ``None``.

    Args:
        directory: Chroma's own directory.
        passage_ids: what the manifest says it holds, in any order; vectors of a few are read.
    """
    database = directory / DATABASE
    if not database.exists() or not database.stat().st_size:
        return "its database is gone" if passage_ids else None
    sample = list(passage_ids[:: max(1, len(passage_ids) // _SAMPLE)])
    given = json.dumps({"path": sys.path, "directory": str(directory), "passage_ids": sample})
    try:
        done = subprocess.run(  # noqa: S603 - this very module
            [sys.executable, "-c", _PROGRAM],
            input=given,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"reading it takes more than {_PATIENCE_S} seconds"
    if done.returncode < 0:
        return "reading it crashes"
    if done.returncode:
        return "reading it fails"
    return done.stdout.strip() or None


def look(directory: Path, passage_ids: Sequence[str]) -> str:
    """What :func:`chroma_damage` gives, but looked for in this process, which may not survive it; empty for nothing."""
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
