"""``citewell ingest``: files into the library."""

from __future__ import annotations

import argparse

from rag.cli import options
from rag.cli.terminal import Progress, out, out_json, say
from rag.language.counting import counted
from rag.readers import FORMATS, Options

_SHOWN_SKIPS = 10


def add_parser(commands: options.Commands) -> None:
    """Describe the command."""
    parser = options.add_command(commands, "ingest", "read files of papers into the library")
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", help="files, directories, arxiv:ID, doi:DOI or web addresses"
    )
    parser.add_argument(
        "--format", choices=("auto", *FORMATS), default="auto", help="file format (default: by content)"
    )
    parser.add_argument(
        "--column",
        metavar="FIELD=NAME",
        type=_column,
        action="append",
        default=[],
        help="the header of a table's column: title=NAME, abstract=NAME, authors, year, ...; repeatable",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
    parser.set_defaults(run=run)


def _column(text: str) -> tuple[str, str]:
    field, equals, name = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form FIELD=NAME, as in title=Titel")
    return field.strip(), name.strip()


def run(arguments: argparse.Namespace) -> int:
    """Ingests, reports, and exits with 0 also when single records were skipped."""
    from rag.library import Library, read_all

    chosen = options.settings(arguments)
    said = Options(columns=dict(arguments.column))
    if arguments.dry_run and not Library.exists(chosen.library, chosen):
        report = Library.plan_new(read_all(arguments.paths, arguments.format, said))
    else:
        # Read ahead to the first record: a path that cannot be read must not leave an empty library behind.
        records = options.peeked(read_all(arguments.paths, arguments.format, said))
        with options.open_library(arguments, chosen, create=not arguments.dry_run) as library:
            if arguments.dry_run:
                report = library.plan(records)
            else:
                with Progress("papers") as progress:
                    report = library.add(records, progress=progress.ingest)
    if arguments.json:
        out_json(report.to_dict())
        return 0
    counts = f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, {report.merged} merged"
    out(f"{counted(report.read, 'paper')} read: {counts}, {len(report.skipped)} skipped.")
    for skip in report.skipped[:_SHOWN_SKIPS]:
        say(f"skipped: {skip.source}, {skip.position}: {skip.reason}")
    if len(report.skipped) > _SHOWN_SKIPS:
        say(f"... and {len(report.skipped) - _SHOWN_SKIPS} more; --json lists them all")
    if arguments.dry_run:
        out("Dry run: nothing was changed.")
    else:
        passages = counted(report.passages, "passage")
        out(f"The library {chosen.library} holds {counted(report.papers, 'paper')} in {passages}.")
    return 0
