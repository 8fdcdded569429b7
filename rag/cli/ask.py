"""``citewell ask``: one question, one cited answer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.cli import options
from rag.cli.batch import run_batch
from rag.cli.history import history_of, read_history
from rag.cli.terminal import out, out_bold, out_json, say, wrapped

if TYPE_CHECKING:
    from rag.answering.answer import Answer


def add_parser(commands: options.Commands) -> None:
    """Describes the command."""
    parser = options.add_command(commands, "ask", "answer a question with citations")
    parser.add_argument("question", metavar="QUESTION", nargs="?", help="the question")
    parser.add_argument(
        "--history", metavar="FILE", type=Path, help='earlier turns: a JSON list of {"role", "content"}'
    )
    parser.add_argument(
        "--backend", metavar="NAME", choices=options.BACKENDS, help="what writes the answer: %(choices)s"
    )
    parser.add_argument("-k", type=options.positive, metavar="N", help="papers to answer from (default: CITEWELL_K, 6)")
    parser.add_argument(
        "--batch", metavar="FILE", type=Path, help='JSON Lines of {"id", "question", "history"}; - is stdin'
    )
    options.add_sample(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answers once, or once for each record of ``--batch``."""
    question = options.one_of(arguments.question, arguments.batch, "QUESTION")
    history = read_history(arguments.history, arguments.batch)
    chosen = options.settings(arguments, llm=arguments.backend, k=arguments.k)
    from rag.answering.assistant import Assistant

    with options.open_library(arguments, chosen) as library:
        assistant = Assistant(library, chosen, similarity=library.similarity)
        if arguments.batch:

            def answer_record(record: dict[str, Any]) -> dict[str, Any]:
                return assistant.ask(record["question"], history_of(record)).to_dict()

            return run_batch(arguments.batch, answer_record)
        answer = assistant.ask(question, history)
    if arguments.json:
        out_json(answer.to_dict())
    else:
        _print(answer)
    return 0


def _print(answer: Answer) -> None:
    out(wrapped(answer.text))
    for citation in answer.citations:
        paper = citation.paper
        out()
        facts = [
            ", ".join(paper.authors[:3]) + (" et al." if len(paper.authors) > 3 else ""),
            paper.venue,
            paper.year,
            paper.url,
        ]
        out_bold(f"[{citation.number}] {paper.title}")
        out(wrapped(" · ".join(str(f) for f in facts if f), "    "))
        out(wrapped(f'"{citation.quote}"', "    "))
    if answer.suggestions:
        out()
        out("The nearest papers:")
        for paper in answer.suggestions:
            out(wrapped(f"- {paper.title}", "  "))
    for entry in answer.ledger:
        say(f"checked: {entry.detail}")
    say(f"answered by {answer.backend} ({answer.model}) in {answer.timings_ms.get('total', 0) / 1000:.1f} s")
