"""``citewell rebuild``: both indexes anew, also with another embedding model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rag.cli import options
from rag.cli.terminal import Progress, out, out_json
from rag.language.counting import counted

if TYPE_CHECKING:
    from rag.library import RebuildReport


def add_parser(commands: options.Commands) -> None:
    """Describe the command."""
    parser = options.add_command(commands, "rebuild", "make the indexes anew, with the embedding model of the settings")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Rebuild beside the indexes in use, then switch."""
    from rag.library import Library

    chosen = options.settings(arguments)
    with Progress("papers") as progress:

        def show(report: RebuildReport) -> None:
            progress.counted(report.papers, report.total)

        report = Library.rebuild(chosen.library, chosen, progress=show)
    if arguments.json:
        out_json(report.to_dict())
    else:
        passages = counted(report.passages, "passage")
        out(f"The library {chosen.library} was rebuilt: {counted(report.papers, 'paper')} in {passages}.")
    return 0
