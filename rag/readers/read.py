"""The one way in: a path to papers and skips."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rag.errors import ReadError
from rag.readers.base import Options, Record, Skip
from rag.readers.detect import detect
from rag.readers.formats import FORMATS, check_format
from rag.readers.records import records_of
from rag.readers.remote import Reference, Remote, reference_in
from rag.readers.source import Source


def read_papers(
    path: Path | str, format: str = "auto", options: Options | None = None, remote: Remote | None = None
) -> Iterator[Record]:
    """Papers and skips of a file, or of every file of a directory, in order and lazily; or of what ``arxiv:ID``,
    ``doi:DOI`` or an http(s) address names, fetched at the call.

    ``format`` is one of ``FORMATS``, or ``auto`` to tell it by content. A directory is walked in the order of names;
    hidden files and links that lead out of it are left out; a file that cannot be read or is of no known format
    becomes a skip. ``remote`` keeps the distance between requests of several calls; without it each call has its own.

    Raises:
        UsageError: there is no such format.
        ReadError: the source as a whole cannot be read: it is missing, empty, binary, of no known format, or a
            directory without a single readable file. Raised at the call for a file, while reading for a directory.
    """
    check_format(format)
    options = options or Options()
    if (reference := reference_in(str(path))) and not Path(path).exists():
        return _of_network(reference, format, options, remote)
    path = Path(path)
    if path.is_dir():
        return _of_directory(path, format, options)
    return records_of(*_recognised(path, format), options)


def _of_network(reference: Reference, name: str, options: Options, remote: Remote | None) -> Iterator[Record]:
    if remote is not None:
        return remote.read(reference, name, options)
    own = Remote()
    try:
        return own.read(reference, name, options)
    finally:
        own.close()


def _recognised(path: Path, name: str) -> tuple[Source, str]:
    source = Source.open(path)
    known = detect(source) if name == "auto" else name
    if known is None:
        raise ReadError(f"{source.name}: no known format; name one with --format ({', '.join(FORMATS)})")
    return source, known


def _of_directory(top: Path, name: str, options: Options) -> Iterator[Record]:
    readable = False
    waiting: list[Record] = []
    for path in _files(top):
        try:
            records = records_of(*_recognised(path, name), options)
            first = next(records)
        except ReadError as error:
            waiting.append(Skip(str(path), "file", str(error).removeprefix(f"{path}: ")))
            continue
        finally:
            if readable:
                yield from waiting
                waiting.clear()
        readable = True
        yield from waiting
        waiting.clear()
        yield first
        yield from records
    if not readable:
        raise ReadError(f"{top}: a directory without a readable file; citewell reads {', '.join(FORMATS)}")


def _files(top: Path) -> Iterator[Path]:
    """Files below ``top``, by name; hidden ones and links that lead out of it left out, no directory twice."""
    home = top.resolve()
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for file in sorted(files):
            path = Path(folder, file)
            if not file.startswith(".") and path.is_file() and path.resolve().is_relative_to(home):
                yield path
