"""Read a source of a known format into records; what goes wrong after its start becomes a skip."""

from __future__ import annotations

from collections.abc import Iterator

from rag.errors import ReadError
from rag.readers.base import Options, Record, Skip
from rag.readers.registry import reader_of
from rag.readers.source import CutError, Source


def records_of(source: Source, name: str, options: Options) -> Iterator[Record]:
    """The records of ``source``, read as format ``name``.

    Raises:
        ReadError: there is no record in it, or it cannot be read from its very start.
    """
    count = 0
    try:
        for record in reader_of(name)(source, options):
            count += 1
            yield record
    except CutError as error:
        if not count:
            raise
        yield Skip(source.name, f"after record {count}", str(error).removeprefix(f"{source.name}: "))
    if not count:
        raise ReadError(f"{source.name}: no record of format {name} in it; check the file or name another --format")
