"""``citewell papers``: what the library holds."""

from __future__ import annotations

import argparse

from rag.cli import options
from rag.cli.terminal import out, out_bold, out_json, say, wrapped
from rag.errors import LibraryError
from rag.language.counting import counted


def add_parser(commands: options.Commands) -> None:
    """Describe the command and its parts."""
    summary = "list, show or remove papers"
    parser = commands.add_parser("papers", help=summary, description=summary)
    parts = parser.add_subparsers(metavar="list|show|remove", required=True)
    listing = options.add_command(parts, "list", "list the papers")
    listing.add_argument("--limit", type=options.positive, metavar="N", help="papers at most")
    options.add_filters(listing)
    listing.set_defaults(run=_list)
    show = options.add_command(parts, "show", "show one paper")
    show.add_argument("id", metavar="ID", help="the paper's id, as listed")
    show.set_defaults(run=_show)
    remove = options.add_command(parts, "remove", "remove papers")
    remove.add_argument("ids", metavar="ID", nargs="+", help="ids of papers, as listed")
    remove.set_defaults(run=_remove)


def _list(arguments: argparse.Namespace) -> int:
    with options.open_catalogue(arguments) as catalogue:
        papers = catalogue.papers(options.filters(arguments), arguments.limit or -1)
    if arguments.json:
        out_json([paper.to_dict() for paper in papers])
        return 0
    for paper in papers:
        out(f"{paper.id}\t{paper.year or ''}\t{paper.title}")
    say(counted(len(papers), "paper"))
    return 0


def _show(arguments: argparse.Namespace) -> int:
    with options.open_catalogue(arguments) as catalogue:
        paper = catalogue.get([arguments.id]).get(arguments.id)
    if paper is None:
        raise LibraryError(f"the library holds no paper {arguments.id!r}; see them with: citewell papers list")
    if arguments.json:
        out_json(paper.to_dict())
        return 0
    out_bold(paper.title)
    for name in ("authors", "year", "venue", "doi", "arxiv_id", "pmid", "url", "id", "source"):
        value = getattr(paper, name)
        if value:
            out(wrapped(f"{name.replace('_', ' ')}: {', '.join(value) if isinstance(value, tuple) else value}"))
    out()
    out(wrapped(paper.abstract))
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    chosen = options.settings(arguments)
    with options.open_library(arguments, chosen) as library:
        unknown = [i for i in arguments.ids if library.paper(i) is None]
        if unknown:
            raise LibraryError(f"the library holds no paper {unknown[0]!r}; nothing was removed")
        removed = library.remove(arguments.ids)
        left = len(library)
    if arguments.json:
        out_json({"removed": removed, "papers": left})
    else:
        out(f"{counted(removed, 'paper')} removed; the library holds {left}.")
    return 0
