"""Options that several commands share, and what they open."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.cli.terminal import Progress, say
from rag.errors import UsageError
from rag.language.counting import counted

if TYPE_CHECKING:
    from rag.library import Filters, Library, Manifest
    from rag.readers import Record
    from rag.settings import Settings

#: What ``add_subparsers`` gives; argparse keeps the class to itself.
Commands = Any
#: Names for ``--backend``; settings hold the same set, but importing them would cost every ``--help``.
BACKENDS = ("auto", "extractive", "openai", "llamacpp")
#: Names for ``ask --format``, as in :mod:`rag.export.answer`.
ANSWER_FORMATS = ("markdown", "html", "bibtex", "ris", "csl-json")


def add_command(commands: Commands, name: str, summary: str, **kwargs: Any) -> argparse.ArgumentParser:
    """Return a command's parser with the options every command takes."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary, **kwargs)
    parser.add_argument(
        "--library", metavar="DIR", type=Path, help="the library (default: CITEWELL_LIBRARY, else ./library)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--debug", action="store_true", help="show logs and tracebacks")
    return parser


def add_sample(parser: argparse.ArgumentParser) -> None:
    """The option that fills an empty library with the sample."""
    parser.add_argument("--sample", action="store_true", help="fill an empty library with the sample papers first")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Options that narrow a search or listing."""
    parser.add_argument("--year", metavar="YEARS", type=years, help="2020, 2020-2024, 2020- or -2024")
    parser.add_argument(
        "--author", metavar="NAME", action="append", default=[], help="part of an author's name; repeatable"
    )
    parser.add_argument(
        "--venue", metavar="NAME", action="append", default=[], help="part of the venue's name; repeatable"
    )


def years(text: str) -> tuple[int | None, int | None]:
    """Return a year or a range of years, either end open."""
    found = re.fullmatch(r"(\d{4})?(-)?(\d{4})?", text.strip())
    if found is None or not (found.group(1) or found.group(3)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a year or a range as 2020-2024")
    first, dash, last = (int(found.group(1)) if found.group(1) else None), found.group(2), found.group(3)
    until = int(last) if last else (None if dash else first)
    if first is not None and until is not None and until < first:
        raise argparse.ArgumentTypeError(f"{text!r} ends before it begins")
    return first, until


def filters(arguments: argparse.Namespace) -> Filters | None:
    """Return the filter the options describe, or ``None`` when they describe none."""
    from rag.library import Filters

    first, last = arguments.year or (None, None)
    return Filters(first, last, tuple(arguments.author), tuple(arguments.venue)) or None


def settings(arguments: argparse.Namespace, **overrides: Any) -> Settings:
    """Settings with the command's own options on top."""
    from rag.settings import Settings

    return Settings.load(library=arguments.library, **overrides)


def open_library(arguments: argparse.Namespace, chosen: Settings, *, create: bool = False) -> Library:
    """Open the library of a command. With ``--sample`` an empty or half-filled one is filled with the sample first."""
    from rag.library import Library

    sample = getattr(arguments, "sample", False)
    with Progress("papers") as progress:
        library = Library.open(chosen.library, chosen, create=create or sample, following=progress.following)
    if sample:
        from rag.sample import fill_with_sample, lacks_sample

        if lacks_sample(library):
            state = "holds a part of the sample only" if len(library) else "is empty"
            say(f"The library {chosen.library} {state}: filling it with the sample papers (once, half a minute or so).")
            with Progress("papers") as progress:
                report = fill_with_sample(library, progress.ingest)
            say(f"{counted(report.papers, 'paper')}, {counted(report.passages, 'passage')}, {report.seconds:.0f} s.")
    return library


def open_catalogue(arguments: argparse.Namespace) -> AbstractContextManager[Manifest]:
    """Open the list of papers alone, without loading a model or an index."""
    from rag.library import Library

    chosen = settings(arguments)
    return Library.catalogue(chosen.library, chosen)


def positive(text: str) -> int:
    """Return a whole number from 1."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return value


def one_of(text: str | None, batch: Path | None, name: str) -> str:
    """Return the question or query of a command that also takes ``--batch``: exactly one of the two is given."""
    if batch is not None:
        if text is not None:
            raise UsageError(f"{name} and --batch exclude each other; give one")
        return ""
    if text is None or not text.strip():
        raise UsageError(f'{name} is missing or empty; for example: "Which optimizer trains BERT in 76 minutes?"')
    return text.strip()


def peeked(records: Iterator[Record]) -> Iterator[Record]:
    """Yield the same records; the first is read at once, so that an unreadable file fails before anything is made."""
    first = next(records, None)
    return iter(()) if first is None else chain([first], records)
