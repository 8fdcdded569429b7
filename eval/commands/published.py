"""``citewell eval retrieval``, ``pubmedqa`` and ``scholarqa``: published benchmarks."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.commands.common import require
from rag.cli import options
from rag.cli.terminal import Progress, out, out_json, say
from rag.language.counting import counted

_SHOWN_SKIPS = 10


def add_parsers(commands: options.Commands) -> None:
    """Add the commands."""
    parser = options.add_command(commands, "retrieval", "measure retrieval on a folder in BEIR's layout")
    parser.add_argument("directory", metavar="DIR", type=Path, help="holds corpus.jsonl, queries.jsonl and qrels/")
    parser.add_argument("--qrels", metavar="NAME", default="test", help="judgements, qrels/NAME.tsv (default: test)")
    parser.set_defaults(run=run)
    parser = options.add_command(commands, "pubmedqa", "measure yes/no/maybe answers on PubMedQA, with retrieval")
    parser.add_argument("file", metavar="FILE", type=Path, help="ori_pqal.json of PubMedQA")
    parser.add_argument("--backend", metavar="NAME", choices=options.BACKENDS, help="what answers: %(choices)s")
    parser.add_argument(
        "--with-conclusions", action="store_true", help="leave the authors' conclusions in the abstracts"
    )
    parser.add_argument("--only", metavar="FILE", type=Path, help="the test set's ids, test_ground_truth.json")
    parser.add_argument("--seed", type=int, default=0, help="of the interval (default: %(default)s)")
    parser.set_defaults(run=run_pubmedqa)
    parser = options.add_command(commands, "scholarqa", "make papers and a question set of ScholarQABench records")
    parser.add_argument("file", metavar="FILE", type=Path, help="records of ScholarQABench, JSON or JSON Lines")
    parser.add_argument("directory", metavar="DIR", type=Path, help="gets papers.jsonl and questions.jsonl")
    parser.set_defaults(run=run_scholarqa)


def run(arguments: argparse.Namespace) -> int:
    """Index into a temporary library, search, print the figures."""
    require("ir_measures")
    chosen = options.settings(arguments)
    from eval.benchmarks.retrieval_run import evaluate_retrieval

    with Progress("documents") as progress:
        figures = evaluate_retrieval(arguments.directory, chosen, judgements=arguments.qrels, progress=progress.show)
    return _print(figures, as_json=arguments.json)


def run_pubmedqa(arguments: argparse.Namespace) -> int:
    """Answer every question from a temporary library, print the figures."""
    chosen = options.settings(arguments, llm=arguments.backend)
    from eval.benchmarks.pubmedqa_run import evaluate_pubmedqa

    with Progress("questions") as progress:
        figures = evaluate_pubmedqa(
            arguments.file,
            chosen,
            with_conclusions=arguments.with_conclusions,
            only=arguments.only,
            seed=arguments.seed,
            progress=progress.show,
        )
    return _print(figures, as_json=arguments.json)


def run_scholarqa(arguments: argparse.Namespace) -> int:
    """Convert the records, and say what to do with the result."""
    from eval.benchmarks.scholarqa import convert_scholarqa

    found = convert_scholarqa(arguments.file, arguments.directory)
    for skip in found.skipped[:_SHOWN_SKIPS]:
        say(f"skipped: {skip.source}, {skip.position}: {skip.reason}")
    if len(found.skipped) > _SHOWN_SKIPS:
        say(f"... and {len(found.skipped) - _SHOWN_SKIPS} more; --json lists them all")
    if arguments.json:
        skipped = [skip.to_dict() for skip in found.skipped]
        out_json({"questions": len(found.questions), "papers": len(found.papers), "skipped": skipped})
        return 0
    questions, papers = counted(len(found.questions), "question"), counted(len(found.papers), "paper")
    out(f"{questions} on {papers} are in {arguments.directory}. Next:")
    out(f"  citewell ingest --library LIBRARY {arguments.directory / 'papers.jsonl'}")
    out(f"  citewell eval answers --library LIBRARY {arguments.directory / 'questions.jsonl'}")
    return 0


def _print(figures: Mapping[str, Any], *, as_json: bool) -> int:
    if as_json:
        out_json(figures)
    else:
        for name, value in figures.items():
            out(f"{name:<20}{value}")
    return 0
