"""``citewell rebuild``: both indexes anew, also with another embedding model."""

from __future__ import annotations

import argparse

from rag.cli import options
from rag.cli.terminal import Progress, out, out_json
from rag.language.counting import counted


def add_parser(commands: options.Commands) -> None:
    """Describes the command."""
    parser = options.add_command(commands, "rebuild", "make the indexes anew, with the embedding model of the settings")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Rebuilds beside the indexes in use, then switches."""
    from rag.models.registry import build_embedder
    from rag.storage.health.rebuild import rebuild
    from rag.storage.ingest.filling import RebuildReport
    from rag.storage.server.server import ServerAddress

    chosen = options.settings(arguments)
    with Progress("papers") as progress:

        def show(report: RebuildReport) -> None:
            progress.counted(report.papers, report.total)

        report = rebuild(chosen.library, build_embedder(chosen), ServerAddress.of(chosen), progress=show)
    if arguments.json:
        out_json(report.to_dict())
    else:
        passages = counted(report.passages, "passage")
        out(f"The library {chosen.library} was rebuilt: {counted(report.papers, 'paper')} in {passages}.")
    return 0
