"""``citewell export``: papers of the library as a bibliography."""

from __future__ import annotations

import argparse

from rag.cli import options
from rag.cli.terminal import out, out_json
from rag.errors import LibraryError
from rag.export import FORMATS, export


def add_parser(commands: options.Commands) -> None:
    """Describe the command."""
    parser = options.add_command(commands, "export", "print papers as a bibliography")
    parser.add_argument("--format", required=True, choices=FORMATS, help="the bibliography's format")
    parser.add_argument("--papers", metavar="ID", nargs="+", help="ids of papers, as listed (default: all)")
    options.add_filters(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the bibliography; with ``--json`` as one JSON string beside the number of papers."""
    with options.open_catalogue(arguments) as catalogue:
        if arguments.papers:
            known = catalogue.get(arguments.papers)
            unknown = [i for i in arguments.papers if i not in known]
            if unknown:
                raise LibraryError(f"the library holds no paper {unknown[0]!r}; see them with: citewell papers list")
            papers = [known[i] for i in dict.fromkeys(arguments.papers)]
        else:
            papers = catalogue.papers(options.filters(arguments))
    text = export(papers, arguments.format)
    if arguments.json:
        out_json({"format": arguments.format, "papers": len(papers), "text": text})
    else:
        out(text.rstrip("\n"))
    return 0
