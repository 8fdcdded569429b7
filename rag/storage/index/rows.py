"""The passages' vectors once more, by row number in one file: what a search reads of its candidates without Chroma.

Chroma finds the nearest passages; what follows (exact cosines of papers that only words found, feedback) needs the
vectors of some forty papers, and asking Chroma for them costs as much as the search. The file is a copy that may lag
or be lost: a paper whose rows are not known, or not there, is read from Chroma instead.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.models.protocols import Vectors

#: Half precision moves a cosine by some 1e-5, far below what separates two papers.
_STORED = np.dtype("<f2")
#: A row whose first so many numbers are zero was never written: vectors have no such runs.
_LOOKED_AT = 16


@dataclass(frozen=True, slots=True)
class RowRange:
    """Where a paper's passages lie: ``count`` rows from ``row`` on; no row where the file does not hold them."""

    row: int | None
    count: int


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """The vectors of all passages of some papers.

    Args:
        vectors: shape ``(n, dimension)``.
        owners: which paper each row belongs to, as its place among the papers asked for, rising; shape ``(n,)``.
        numbers: the passage's number within its paper, shape ``(n,)``.
    """

    vectors: Vectors
    owners: NDArray[np.int64]
    numbers: NDArray[np.int64]


class RowFile:
    """Rows of one length, appended by the one writer of a library, read by any number of threads and processes.

    Args:
        path: the file; made at the first append.
        dimension: length of a row.
    """

    def __init__(self, path: Path, dimension: int) -> None:
        self._path, self._dimension = path, dimension
        self._lock = threading.Lock()
        self._mapped: NDArray[np.float16] | None = None

    def append(self, vectors: Vectors) -> int:
        """Append rows and return the number of the first. The remains of a broken append are overwritten."""
        width = self._dimension * _STORED.itemsize
        with self._path.open("ab") as file:
            first = file.tell() // width
            file.truncate(first * width)
            file.write(np.ascontiguousarray(vectors, dtype=_STORED).tobytes())
        return first

    def read(self, numbers: NDArray[np.int64]) -> Vectors | None:
        """These rows, shape ``(n, dimension)``; ``None`` where the file does not hold them all."""
        if not numbers.size:
            return np.empty((0, self._dimension), dtype=np.float32)
        mapped = self._rows_up_to(int(numbers.max()))
        if mapped is None or numbers.min() < 0:
            return None
        rows: Vectors = mapped[numbers].astype(np.float32)
        # A machine that lost power may have kept the file's length and not its last pages.
        return rows if rows[:, :_LOOKED_AT].any(axis=1).all() else None

    def holds(self, place: RowRange) -> bool:
        """Return whether all rows of a range are there."""
        if place.row is None:
            return False
        return self.read(np.arange(place.row, place.row + place.count, dtype=np.int64)) is not None

    def _rows_up_to(self, last: int) -> NDArray[np.float16] | None:
        mapped = self._mapped
        if mapped is None or len(mapped) <= last:
            with self._lock:
                mapped = self._mapped = self._map()
        return mapped if mapped is not None and len(mapped) > last else None

    def _map(self) -> NDArray[np.float16] | None:
        width = self._dimension * _STORED.itemsize
        try:
            count = self._path.stat().st_size // width
            return np.memmap(self._path, _STORED, "r", shape=(count, self._dimension)) if count else None
        except OSError:
            return None


def passage_numbers(places: Sequence[RowRange]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For every passage of papers at these places its paper's index and its number within the paper."""
    counts = np.array([place.count for place in places], dtype=np.int64)
    owners = np.repeat(np.arange(len(places), dtype=np.int64), counts)
    starts = np.cumsum(counts) - counts
    return owners, np.arange(len(owners), dtype=np.int64) - starts[owners]


def row_file(directory: Path, generation: int) -> Path:
    """Return where the vectors of a generation lie by row number."""
    return directory / (f"vectors-{generation}.f2" if generation > 0 else "vectors.f2")
