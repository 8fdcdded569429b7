"""``citewell ask``: one question, one cited answer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.bibliography.names import byline
from rag.cli import options
from rag.cli.batch import run_batch
from rag.cli.history import history_of, read_history
from rag.cli.terminal import out, out_bold, out_json, say, wrapped
from rag.errors import UsageError

if TYPE_CHECKING:
    from rag.answering.record.answer import Answer


def add_parser(commands: options.Commands) -> None:
    """Describe the command."""
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
    parser.add_argument(
        "--format",
        choices=options.ANSWER_FORMATS,
        help="print the answer as a document, or the papers it cites as a bibliography: %(choices)s",
    )
    options.add_sample(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer once, or once for each record of ``--batch``."""
    question = options.one_of(arguments.question, arguments.batch, "QUESTION")
    if arguments.format and arguments.batch:
        raise UsageError("--format is for one answer and --batch for many; give one of them")
    history = read_history(arguments.history, arguments.batch)
    chosen = options.settings(arguments, llm=arguments.backend, k=arguments.k)
    from rag.answering.assistant import Assistant

    with options.open_library(arguments, chosen) as library:
        assistant = Assistant(library, chosen)
        if arguments.batch:

            def answer_record(record: dict[str, Any]) -> dict[str, Any]:
                return assistant.ask(record["question"], history_of(record)).to_dict()

            return run_batch(arguments.batch, answer_record)
        answer = assistant.ask(question, history)
    if arguments.format:
        _export(answer, arguments.format, as_json=arguments.json)
    elif arguments.json:
        out_json(answer.to_dict())
    else:
        _print(answer)
    return 0


def _export(answer: Answer, format: str, *, as_json: bool) -> None:
    from rag.export.answer import BIBLIOGRAPHIES, export_answer

    text = export_answer(answer, format)
    if as_json:
        out_json({"format": format, "outcome": answer.outcome, "papers": len(answer.citations), "text": text})
    else:
        out(text.rstrip("\n"))
    if format in BIBLIOGRAPHIES and not answer.citations:
        say("nothing is cited: " + " ".join(answer.text.split()))


def _print(answer: Answer) -> None:
    from rag.answering.record.wording import note

    out(wrapped(answer.text))
    for citation in answer.citations:
        paper = citation.paper
        out()
        facts = [
            byline(paper.authors, 3),
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
        say(": ".join(note(entry)))
    model = f" ({answer.model})" if answer.model != answer.backend else ""
    seconds = answer.timings_ms.get("total", 0) / 1000
    say(f"answered by {answer.backend}{model} in {seconds:.1f} s{_spent(answer)}")


def _spent(answer: Answer) -> str:
    """Tokens and money, where a model was called."""
    usage = answer.usage
    if not usage.model_calls:
        return ""
    cost = f"{answer.cost} at list prices" if answer.cost else "price not known"
    return f", {usage.prompt_tokens} + {usage.completion_tokens} tokens, {cost}"
