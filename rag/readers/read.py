"""The one way in: a path to papers and skips."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from rag.errors import ReadError
from rag.readers.base import Options, Record, Skip
from rag.readers.detect import detect
from rag.readers.network.remote import Reference, Remote, reference_in
from rag.readers.records import records_of
from rag.readers.registry import FORMATS, check_format
from rag.readers.source import Source, shown_path


def read_papers(
    path: Path | str, format: str = "auto", options: Options | None = None, remote: Remote | None = None
) -> Iterator[Record]:
    """Papers and skips of a file, or of every file of a directory, in order and lazily; or of what ``arxiv:ID``,
    ``doi:DOI`` or an http(s) address names, fetched at the call.

    ``format`` is one of ``FORMATS``, or ``auto`` to detect it from the content. A directory is walked in the order of
    names; hidden files and links that lead out of it are left out; a file that cannot be read or is of no known format
    becomes a skip. ``remote`` keeps the distance between requests of several calls; without it each call has its own.

    Raises:
        UsageError: there is no such format.
        ReadError: the source as a whole cannot be read: it is missing, empty, binary, of no known format, or a
            directory without a single readable file. Raised at the call for a file, while reading for a directory.
    """
    check_format(format)
    options = options or Options()
    if (reference := reference_in(str(path))) and not _is_there(path):
        return _of_network(reference, format, options, remote)
    path = Path(path)
    if path.is_dir():
        return _of_directory(path, format, options)
    return records_of(*_recognised(path, format, options), options)


def check_paths(paths: Iterable[Path | str], format: str = "auto", options: Options | None = None) -> None:
    """Looks at every file before the first is read, so that a wrong name among many costs nothing. References are left
    to be fetched, directories to be walked, and pipes can be read only once.

    Raises:
        UsageError: there is no such format.
        ReadError: a file cannot be read as papers at all, or there is nothing under that name.
    """
    check_format(format)
    for path in paths:
        waits = not Path(path).is_file() if _is_there(path) else reference_in(str(path))
        if not waits:
            _recognised(Path(path), format, options or Options())


def _is_there(path: Path | str) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # an address may be longer than any name of a file
        return False


def _of_network(reference: Reference, name: str, options: Options, remote: Remote | None) -> Iterator[Record]:
    if remote is not None:
        return remote.read(reference, name, options)
    own = Remote()
    try:
        return own.read(reference, name, options)
    finally:
        own.close()


def _recognised(path: Path, name: str, options: Options) -> tuple[Source, str]:
    source = Source.open(path)
    known = detect(source, options.columns) if name == "auto" else name
    if known is None:
        raise ReadError(f"{source.name}: no known format; name one with --format ({', '.join(FORMATS)})")
    return source, known


def _of_directory(top: Path, name: str, options: Options) -> Iterator[Record]:
    readable = False
    waiting: list[Record] = []
    for path in _files(top):
        if isinstance(path, Skip):
            waiting.append(path)
            if readable:
                yield waiting.pop()
            continue
        try:
            records = records_of(*_recognised(path, name, options), options)
            first = next(records)
        except ReadError as error:
            where = shown_path(path)
            waiting.append(Skip(where, "file", str(error).removeprefix(f"{where}: ")))
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


def _files(top: Path) -> Iterator[Path | Skip]:
    """Files below ``top``, by name; hidden ones and links that lead out of it left out, no directory twice. A
    directory that cannot be looked into is a skip."""
    home = os.path.realpath(top)
    # Not os.walk, which recurses: directories may be nested deeper than Python's stack.
    waiting = [str(top)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda e: e.name)
        except OSError as error:
            yield Skip(shown_path(Path(folder)), "directory", f"cannot be read ({error.strerror or error})")
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                continue
            path = Path(entry.path)
            if path.is_file() and _inside(entry, home):
                yield path
        waiting.extend(entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False))


def _inside(entry: os.DirEntry[str], home: str) -> bool:
    """Return whether an entry is a file of the directory ``home``, and no link that leads out of it."""
    return not entry.is_symlink() or Path(os.path.realpath(entry.path)).is_relative_to(home)
