"""``citewell search``: the papers for a query."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.bibliography.names import byline
from rag.cli import options
from rag.cli.batch import run_batch
from rag.cli.history import Turns, history_of, read_history
from rag.cli.terminal import out, out_bold, out_json, say, wrapped

if TYPE_CHECKING:
    from rag.retrieval.evidence import SearchResult


def add_parser(commands: options.Commands) -> None:
    """Describe the command."""
    parser = options.add_command(commands, "search", "find papers for a query")
    parser.add_argument("query", metavar="QUERY", nargs="?", help="a question or some words")
    parser.add_argument("-k", type=options.positive, default=10, metavar="N", help="papers to show (default: 10)")
    parser.add_argument(
        "--history", metavar="FILE", type=Path, help='earlier turns: a JSON list of {"role", "content"}'
    )
    parser.add_argument(
        "--batch", metavar="FILE", type=Path, help='JSON Lines of {"id", "question", "history"}; - is stdin'
    )
    options.add_filters(parser)
    options.add_sample(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Search once, or once for each record of ``--batch``."""
    query = options.one_of(arguments.query, arguments.batch, "QUERY")
    history = read_history(arguments.history, arguments.batch)
    chosen = options.settings(arguments)
    wanted = options.filters(arguments)
    with options.open_library(arguments, chosen) as library:

        def search(question: str, turns: Turns) -> tuple[SearchResult, str | None]:
            asked = _standalone(question, turns) if turns else None
            return library.search(asked or question, arguments.k, wanted), asked

        if arguments.batch:
            return run_batch(
                arguments.batch,
                lambda record: _record(record["question"], *search(record["question"], history_of(record))),
            )
        result, asked = search(query, history)
    if arguments.json:
        out_json(_record(query, result, asked))
        return 0
    if asked and asked != query:
        say(f"searched for: {asked}")
    for rank, evidence in enumerate(result.evidence, 1):
        if rank == result.relevant + 1:
            say("The nearest papers; none of them seems to be about this:" if rank == 1 else "Less related:")
        paper = evidence.paper
        out_bold(f"{rank}. {paper.title}")
        facts = [
            byline(paper.authors, 3),
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


def _record(question: str, result: SearchResult, asked: str | None) -> dict[str, Any]:
    """Return the contract's record; after a conversation with the standalone question that was searched."""
    record = result.to_dict()
    if asked is None:
        return record
    return {"query": question, "standalone_question": asked, **{k: v for k, v in record.items() if k != "query"}}


def _standalone(question: str, turns: Turns) -> str:
    """Return a follow-up made to stand on its own by rules: a search calls no model."""
    from rag.answering.followup.condense import as_turns
    from rag.answering.followup.standalone import standalone

    return standalone(question, as_turns(turns))
