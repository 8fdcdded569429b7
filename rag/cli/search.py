"""``citewell search``: the papers for a query."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rag.cli import options
from rag.cli.batch import run_batch
from rag.cli.terminal import out, out_bold, out_json, say, wrapped


def add_parser(commands: options.Commands) -> None:
    """Describes the command."""
    parser = options.add_command(commands, "search", "find papers for a query")
    parser.add_argument("query", metavar="QUERY", nargs="?", help="a question or some words")
    parser.add_argument("-k", type=options.positive, default=10, metavar="N", help="papers to show (default: 10)")
    parser.add_argument("--batch", metavar="FILE", type=Path, help='JSON Lines of {"id", "question"}; - is stdin')
    options.add_filters(parser)
    options.add_sample(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Searches once, or once for each record of ``--batch``."""
    query = options.one_of(arguments.query, arguments.batch, "QUERY")
    chosen = options.settings(arguments)
    wanted = options.filters(arguments)
    with options.open_library(arguments, chosen) as library:
        if arguments.batch:

            def search(record: dict[str, Any]) -> dict[str, Any]:
                return library.search(record["question"], arguments.k, wanted).to_dict()

            return run_batch(arguments.batch, search)
        result = library.search(query, arguments.k, wanted)
    if arguments.json:
        out_json(result.to_dict())
        return 0
    for rank, evidence in enumerate(result.evidence, 1):
        if rank == result.relevant + 1:
            say("The nearest papers; none of them seems to be about this:" if rank == 1 else "Less related:")
        paper = evidence.paper
        out_bold(f"{rank}. {paper.title}")
        facts = [
            ", ".join(paper.authors[:3]) + (" et al." if len(paper.authors) > 3 else ""),
            paper.venue,
            paper.year,
            paper.id,
        ]
        out(wrapped(" · ".join(str(f) for f in facts if f), "   "))
        out(wrapped(evidence.passages[0].passage.text, "   "))
    if not result.evidence:
        say(
            "No paper in the library matches the filter."
            if wanted
            else "The library is empty; fill it with: citewell ingest FILE"
        )
    return 0
