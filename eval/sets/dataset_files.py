"""JSON and JSON Lines files of question sets and benchmarks, gzipped or not; an error names the place of the damage."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from rag.errors import UsageError
from rag.language.normalise import normalise

#: Characters of one line or one JSON file; more is damage, or no benchmark.
MAX_LINE = 64 * 1024 * 1024
MAX_DOCUMENT = 1024 * 1024 * 1024


class DatasetError(UsageError):
    """A question set or a benchmark's file is missing or broken; the message names file, line and field."""


def open_text(path: Path) -> IO[str]:
    """Open a text file for reading; decompress it if its name ends in ``.gz``.

    Raises:
        DatasetError: it cannot be opened.
    """
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="utf-8-sig", newline="\n")
        return path.open(encoding="utf-8-sig", newline="\n")
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror}); check the path") from error


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file that are not blank, with their numbers from 1.

    Raises:
        DatasetError: the file cannot be read, is no UTF-8 text, or its packing is broken.
    """
    try:
        with open_text(path) as file:
            number = 0
            while line := file.readline(MAX_LINE):
                number += 1
                if len(line) >= MAX_LINE:
                    raise DatasetError(f"{path}, line {number}: longer than {MAX_LINE >> 20} million characters")
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 text (byte {error.start} of a block); save it as UTF-8") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(f"{path} is not a whole gzip file ({error}); copy it again") from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror}); check the path") from error


def objects(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a JSON Lines file, each with its place.

    Raises:
        DatasetError: as :func:`lines`, or a line is not a JSON object.
    """
    for number, line in lines(path):
        where = f"{path}, line {number}"
        yield where, _mapping(_parsed(line, where), where)


def document(path: Path) -> Any:
    """The value of a JSON file.

    Raises:
        DatasetError: the file cannot be read or is not JSON.
    """
    text = "".join(f"{line}\n" for _, line in lines(path))
    if len(text) > MAX_DOCUMENT:
        raise DatasetError(f"{path} is larger than {MAX_DOCUMENT >> 30} GB")
    return _parsed(text, str(path))


def records(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a JSON array or of a JSON Lines file, each with its place.

    Raises:
        DatasetError: as :func:`objects`.
    """
    first = next(lines(path), (0, ""))[1].lstrip()
    if not first.startswith("["):
        yield from objects(path)
        return
    for number, value in enumerate(document(path), 1):
        where = f"{path}, record {number}"
        yield where, _mapping(value, where)


def text(record: Mapping[str, Any], name: str, where: str, *, required: bool = True) -> str:
    """A field's text, normalised; a number gives its digits.

    Raises:
        DatasetError: the field is missing though required, or holds no text.
    """
    value = record.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise DatasetError(f'{where}, field "{name}": {"is missing" if value is None else "is not a text"}')
    found = normalise(value)
    if required and not found:
        raise DatasetError(f'{where}, field "{name}": is empty')
    return found


def reason(error: Exception) -> str:
    """Why a record is refused, in one line; of a validation the first problem: ``field "history", entry 2: ...``."""
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())
    first = error.errors()[0]
    steps = [f"entry {step + 1}" if isinstance(step, int) else f'field "{step}"' for step in first["loc"]]
    return f"{', '.join(steps) or 'record'}: {first['msg'].removeprefix('Value error, ')}"


def _parsed(content: str, where: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{where}: not valid JSON ({error})") from None


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DatasetError(f"{where}: a JSON object is expected")
    return value
